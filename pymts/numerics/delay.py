"""Delay differential equations dx/dt = g(x(t - tau)) + f(x, what arrives), by steps of a length that divides the delay.

What acts within one delay is known at its beginning: g is taken of all its steps at once. Half-way through a step the
delayed value is read off the cubic that has the values and the slopes at both ends: with the mean of the two values
alone the method would be of second order.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pymts.numerics.coupling import Graph, arrive
from pymts.numerics.flow import NOISE_VALUES, Numbers, combined, copied, kick, moved, packed, show
from pymts.numerics.groups import each_group, lanes_of
from pymts.numerics.portable.compiled import specialised
from pymts.numerics.portable.lanes import load, store
from pymts.numerics.sampling import Sampling

Array = NDArray[np.float64]
Index = NDArray[np.int64]

# What each equation has of its own, see DelayFlow.
DELAYED: Callable[..., Any] = load
PRESENT: Callable[..., Any] = load
SLOPE: Callable[..., Any] = load


def _drive(values: Array, slopes: Array, params: Numbers, dt: float, begin: Array, middle: Array) -> None:
    """Write g at and half-way between the steps of the last delay, from values and slopes (step, blocks, 1, 8)."""
    steps = len(values) - 1
    for n in range(steps + 1):
        for b in range(values.shape[1]):
            store(begin[n, b, 0], 0, DELAYED(load(values[n, b, 0], 0), params))
    for n in range(steps):
        for b in range(values.shape[1]):
            mean = 0.5 * (load(values[n, b, 0], 0) + load(values[n + 1, b, 0], 0))
            bend = 0.125 * dt * (load(slopes[n, b, 0], 0) - load(slopes[n + 1, b, 0], 0))
            store(middle[n, b, 0], 0, DELAYED(mean + bend, params))


def _slope(
    x: Array,
    drive: Array,
    params: Numbers,
    pointers: Index,
    sources: Index,
    weights: Array,
    units: int,
    lanes: int,
    arrived: Array,
    out: Array,
) -> None:
    arrive(x, pointers, sources, weights, units, lanes, arrived)
    for b in range(len(x)):
        present = PRESENT(load(x[b, 0], 0), load(arrived[b, 0], 0), params)
        store(out[b, 0], 0, present + load(drive[b, 0], 0))


def _run(
    values: Array,
    slopes: Array,
    begin: Array,
    middle: Array,
    params: Numbers,
    pointers: Index,
    sources: Index,
    weights: Array,
    units: int,
    lanes: int,
    dt: float,
    noise: Array,
    amplitude: float,
    start: int,
    stop: int,
    area: Array,
    state: int,
    burn_in: int,
    every: int,
    shown: Index,
    out: Array,
) -> None:
    """Take the steps ``start`` to ``stop`` of a delay, and put values and slopes in the place of the last delay's.

    ``area`` (7, blocks, 1, 8) begins with the state, whose number is ``state``. Noise is (steps, unit, lanes).
    """
    x, y, k1, k2, k3, k4, arrived = area[0], area[1], area[2], area[3], area[4], area[5], area[6]
    half, sixth = 0.5 * dt, dt / 6.0
    for n in range(start, stop):
        SLOPE(x, begin[n], params, pointers, sources, weights, units, lanes, arrived, k1)
        copied(x.reshape(-1), values[n].reshape(-1))
        copied(k1.reshape(-1), slopes[n].reshape(-1))
        moved(x.reshape(-1), half, k1.reshape(-1), y.reshape(-1))
        SLOPE(y, middle[n], params, pointers, sources, weights, units, lanes, arrived, k2)
        moved(x.reshape(-1), half, k2.reshape(-1), y.reshape(-1))
        SLOPE(y, middle[n], params, pointers, sources, weights, units, lanes, arrived, k3)
        moved(x.reshape(-1), dt, k3.reshape(-1), y.reshape(-1))
        SLOPE(y, begin[n + 1], params, pointers, sources, weights, units, lanes, arrived, k4)
        combined(x.reshape(-1), sixth, k1.reshape(-1), k2.reshape(-1), k3.reshape(-1), k4.reshape(-1))
        if noise.size:
            kick(x, amplitude, noise[n - start], units, lanes)
        after = state + n - start + 1 - burn_in
        if after >= 0 and after % every == 0:
            show(x, units, lanes, shown, out[:, after // every])
    if stop == len(values) - 1:
        SLOPE(x, begin[stop], params, pointers, sources, weights, units, lanes, arrived, k1)
        copied(x.reshape(-1), values[stop].reshape(-1))
        copied(k1.reshape(-1), slopes[stop].reshape(-1))


@dataclass(frozen=True)
class DelayFlow:
    """The equation of a unit with one variable.

    Attributes
    ----------
    name : str
    delayed : function of (x, params), what the delayed state adds to the derivative
    present : function of (x, arrived, params), what the present state adds
        Both are ``inlined`` kernels; what arrives is weighted by the graph.
    """

    name: str
    delayed: Callable[..., Any]
    present: Callable[..., Any]

    @cached_property
    def kernels(self) -> tuple[Callable[..., Any], Callable[..., Any]]:
        """The compiled steps, and what drives them."""
        slope = specialised(_slope, f"slope_{self.name}", PRESENT=self.present)
        return specialised(_run, f"run_{self.name}", SLOPE=slope), specialised(
            _drive, f"drive_{self.name}", DELAYED=self.delayed
        )


@dataclass(frozen=True)
class DelayProblem:
    """What the configurations of a batch put into an equation: see ``flow.Problem``; a delay has ``steps``."""

    flow: DelayFlow
    graphs: Sequence[Graph]
    params: Sequence[Numbers]
    steps: int
    dt: float
    amplitude: Array

    def trajectories(self, past: Array, sampling: Sampling, draws: Any = None) -> Array:
        """Return the samples of the solution that is constant before time 0, (B, R, T, M); fourth order in dt.

        The slope jumps at time 0 and nowhere else.

        Parameters
        ----------
        past : array of shape (B, R, M), the state up to time 0
        sampling : which states are kept
        draws : the streams of the noise, or None
        """
        values = np.repeat(past[:, :, None], self.steps + 1, axis=2)
        return self._solved(values, np.zeros_like(values), sampling, draws)

    def _solved(self, values: Array, slopes: Array, sampling: Sampling, draws: Any) -> Array:
        """Do so from values and slopes over one delay, (B, R, step, M), which become those of the last delay."""
        batch, realizations, _, units = values.shape
        out = np.empty((batch, realizations, sampling.T, units))
        lanes, shown = lanes_of(realizations), np.zeros(1, dtype=np.int64)
        run, drive = self.flow.kernels
        most = max(1, NOISE_VALUES // (units * lanes))

        def work(b: int, rows: slice) -> Iterator[None]:
            was = np.stack([packed(values[b, rows, n][None], lanes) for n in range(self.steps + 1)])
            slope = np.stack([packed(slopes[b, rows, n][None], lanes) for n in range(self.steps + 1)])
            begin, middle = np.empty_like(was), np.empty_like(was)
            area = np.zeros((7, *was.shape[1:]))
            area[0] = was[-1]
            stream = None if draws is None else draws.lanes(b, rows)
            noise = np.zeros((0 if stream is None else min(most, self.steps), units, lanes))
            if sampling.burn_in == 0:
                show(area[0], units, lanes, shown, out[b, rows, 0])
            done = 0
            while done < sampling.n_steps:
                drive(was, slope, self.params[b], self.dt, begin, middle)
                count = min(self.steps, sampling.n_steps - done)
                for start in range(0, count, most):
                    stop = min(start + most, count)
                    if stream is not None:
                        stream.normal(noise[: stop - start])
                    run(
                        *(was, slope, begin, middle, self.params[b], *self.graphs[b], units, lanes, self.dt),
                        *(noise[: stop - start], self.amplitude[b], start, stop, area, done + start),
                        *(sampling.burn_in, sampling.every, shown, out[b, rows]),
                    )
                    yield
                done += count
            if sampling.n_steps == self.steps:  # for the map of one delay
                for source, target in ((was, values), (slope, slopes)):
                    for n in range(self.steps + 1):
                        show(source[n], units, lanes, shown, target[b, rows, n])

        each_group(work, batch, realizations, sampling.n_steps * units)
        return out


@dataclass(frozen=True)
class HistoryMap:
    """The noise-free map of one delay, whose state is the history over it: values and slopes at all its steps.

    A state is a row, (rows, 2 (steps + 1) M).
    """

    problem: DelayProblem

    @property
    def time(self) -> float:
        """The time that the map takes."""
        return self.problem.steps * self.problem.dt

    def __call__(self, x: Array) -> Array:
        """Return the histories one delay later."""
        steps = self.problem.steps
        both = x.reshape(len(x), 2, steps + 1, -1).swapaxes(0, 1)[:, None].copy()  # (2, 1, rows, step, M)
        self.problem._solved(both[0], both[1], Sampling(burn_in=steps, every=1, T=1), None)  # noqa: SLF001
        return both[:, 0].swapaxes(0, 1).reshape(x.shape)

    def at_rest(self, states: Array) -> Array:
        """Return histories in which states (rows, M) did not change."""
        values = np.repeat(states[:, None], self.problem.steps + 1, axis=1)
        return np.stack([values, np.zeros_like(values)], axis=1).reshape(len(states), -1)
