"""Time stepping of states of shape (configuration, realization, unit)."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np
from numpy.typing import NDArray

from pymts.numerics.sampling import Sampling

State = NDArray[np.float64]
Field = Callable[[State], State]


def rk4(f: Field, x: State, dt: float) -> State:
    """Return the state after one classical Runge-Kutta step of dx/dt = f(x); fourth order.

    ``f`` returns a new array at each call and keeps no view of its argument: both are worked on in place.
    """
    half = 0.5 * dt
    k1 = f(x)
    y = half * k1
    y += x
    k2 = f(y)
    np.multiply(half, k2, out=y)
    y += x
    k3 = f(y)
    np.multiply(dt, k3, out=y)
    y += x
    k4 = f(y)
    k2 += k3
    k2 *= 2.0
    k1 += k4
    k1 += k2
    k1 *= dt / 6.0
    k1 += x
    return k1


def euler(f: Field, x: State, dt: float) -> State:
    """Return the state after one explicit Euler step; first order."""
    return x + dt * f(x)


METHODS: dict[str, Callable[[Field, State, float], State]] = {"rk4": rk4, "euler": euler}


def _all(state: State) -> State:
    return state


def _empty(observed: State, sampling: Sampling) -> State:
    return np.empty((*observed.shape[:2], sampling.T, observed.shape[2]))


def trajectory(
    step: Callable[[State], State], state: State, sampling: Sampling, observe: Callable[[State], State] = _all
) -> State:
    """Iterate an autonomous step and return the samples, (B, R, T, unit).

    ``observe`` turns a state of any shape into what is kept of it, (B, R, unit).
    """
    out = _empty(observe(state), sampling)
    index = sampling.index(0)
    if index is not None:
        out[:, :, index] = observe(state)
    for n in range(1, sampling.n_steps + 1):
        state = step(state)
        index = sampling.index(n)
        if index is not None:
            out[:, :, index] = observe(state)
    return out


def driven_trajectory(
    step: Callable[[State, State], State],
    state: State,
    sampling: Sampling,
    blocks: Iterable[tuple[int, State]],
    observe: Callable[[State], State] = _all,
) -> State:
    """Iterate ``state = step(state, noise)`` over blocks of noise (B, R, steps, unit); return (B, R, T, unit)."""
    out = _empty(observe(state), sampling)
    index = sampling.index(0)
    if index is not None:
        out[:, :, index] = observe(state)
    for start, block in blocks:
        for offset in range(block.shape[2]):
            state = step(state, block[:, :, offset])
            index = sampling.index(start + offset + 1)
            if index is not None:
                out[:, :, index] = observe(state)
    return out
