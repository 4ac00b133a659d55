"""Delay differential equations dx/dt = g(x(t - tau)) + f(x(t)), by steps of a fixed length that divides the delay."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pymts.numerics.sampling import Sampling

Array = NDArray[np.float64]
Elementwise = Callable[[Array], Array]
Blocks = Iterable[tuple[int, Array]]


def _each_step(blocks: Blocks) -> Iterator[Array]:
    for _, block in blocks:
        for offset in range(block.shape[2]):
            yield block[:, :, offset]


def rk4_driven(f: Elementwise, x: Array, drive: tuple[Array, Array, Array], dt: float) -> Array:
    """Return the state after one classical Runge-Kutta step of dx/dt = drive + f(x).

    ``drive`` holds its values at the step's beginning, middle and end.
    """
    begin, middle, end = drive
    k1 = f(x) + begin
    k2 = f(x + 0.5 * dt * k1) + middle
    k3 = f(x + 0.5 * dt * k2) + middle
    k4 = f(x + dt * k3) + end
    k2 += k3
    k2 *= 2.0
    k1 += k4
    k1 += k2
    k1 *= dt / 6.0
    k1 += x
    return k1


@dataclass(frozen=True)
class Delay:
    """The equation, and how one delay is split into steps.

    Attributes
    ----------
    g : what the delayed state adds to the derivative, element by element
    f : what the present state adds, (B, R, M) to (B, R, M); it may reuse what it returns
    steps : tau / dt
    dt : time of one step
    """

    g: Elementwise
    f: Elementwise
    steps: int
    dt: float

    def history(self, past: Array) -> tuple[Array, Array]:
        """Return values and slopes at all steps of a delay in which the state was constant, (step, B, R, M)."""
        values = np.broadcast_to(past, (self.steps + 1, *past.shape)).copy()
        return values, np.zeros_like(values)

    def advance(self, values: Array, slopes: Array, count: int, kicks: Iterator[Array] | None = None) -> None:
        """Put the values and slopes of the next ``count`` steps, at most a delay, in the place of the last delay's.

        What acts within one delay is known at its beginning: g is taken of all its steps at once. Half-way through a
        step the delayed value is read off the cubic that has the values and the slopes at both ends: with the mean of
        the two values alone the method would be of second order.
        """
        f, dt = self.f, self.dt
        drive = self.g(values)
        halfway = self.g(0.5 * (values[:-1] + values[1:]) + 0.125 * dt * (slopes[:-1] - slopes[1:]))
        x = values[-1].copy()
        for step in range(count):
            values[step] = x
            slopes[step] = f(x) + drive[step]
            x = rk4_driven(f, x, (drive[step], halfway[step], drive[step + 1]), dt)
            kick = next(kicks, None) if kicks is not None else None
            if kick is not None:
                x += kick
        values[count] = x
        slopes[count] = f(x) + drive[count]


@dataclass(frozen=True)
class HistoryMap:
    """The noise-free map of one delay, whose state is the history over it: values and slopes at all its steps.

    A state is a row, (rows, 2 (steps + 1) M).
    """

    delay: Delay

    @property
    def time(self) -> float:
        """The time that the map takes."""
        return self.delay.steps * self.delay.dt

    def __call__(self, x: Array) -> Array:
        """Return the histories one delay later."""
        both = x.reshape(len(x), 2, self.delay.steps + 1, -1).transpose(1, 2, 0, 3)[:, :, None].copy()
        self.delay.advance(both[0], both[1], self.delay.steps)
        return both[:, :, 0].transpose(2, 0, 1, 3).reshape(x.shape)

    def at_rest(self, states: Array) -> Array:
        """Return histories in which states (rows, M) did not change."""
        both = np.stack(self.delay.history(states[None]))[:, :, 0]  # (2, step, rows, M)
        return both.transpose(2, 0, 1, 3).reshape(len(states), -1)


def delayed_trajectory(delay: Delay, past: Array, sampling: Sampling, noise: Blocks = ()) -> Array:
    """Return the samples of the solution that is constant before time 0, (B, R, T, M); fourth order in dt.

    The slope jumps at time 0 and nowhere else.

    Parameters
    ----------
    delay : the equation
    past : array of shape (B, R, M), the state up to time 0
    sampling : which states are kept
    noise : pairs of the first step and what is added after each step, (B, R, steps, M)
    """
    kicks = _each_step(noise)
    out = np.empty((*past.shape[:2], sampling.T, past.shape[2]))
    states, samples = sampling.kept(0, 1)
    out[:, :, samples] = past[:, :, None][:, :, states]
    values, slopes = delay.history(past)
    for first in range(0, sampling.n_steps, delay.steps):
        count = min(delay.steps, sampling.n_steps - first)
        delay.advance(values, slopes, count, kicks)
        states, samples = sampling.kept(first + 1, count)
        out[:, :, samples] = np.moveaxis(values[1 : count + 1], 0, 2)[:, :, states]
    return out
