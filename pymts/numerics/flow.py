"""Flows of coupled units, d state / dt = velocity(state, what arrives): fourth order Runge-Kutta steps, or Euler's.

A flow is two functions of one unit, in the notation of its paper. They are compiled into one kernel, for eight
realizations side by side (see ``portable.lanes``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pymts.numerics.coupling import Graph, arrive
from pymts.numerics.groups import each_group, lanes_of
from pymts.numerics.lyapunov import Step
from pymts.numerics.portable.columns import gather, scatter
from pymts.numerics.portable.compiled import kernel, specialised
from pymts.numerics.portable.lanes import LANES, load, store
from pymts.numerics.sampling import Sampling

Array = NDArray[np.float64]
Index = NDArray[np.int64]
Numbers = tuple[float, ...]

# Values of noise that are drawn at once: they stay in cache.
NOISE_VALUES = 2**15
# Variables of all units times steps between two looks at the clock, some tens of milliseconds.
STEP_VALUES = 2**20


# What each flow has of its own, see Flow.run.
SEND: Callable[..., Any] = gather
VELOCITY: Callable[..., Any] = gather
SLOPE: Callable[..., Any] = gather
VARIABLES = SIGNALS = FIELDS = 0


def _slope(
    state: Array,
    own: Array,
    params: Numbers,
    pointers: Index,
    sources: Index,
    weights: Array,
    units: int,
    lanes: int,
    sent: Array,
    arrived: Array,
    out: Array,
) -> None:
    """Write the derivatives of a state (blocks, variable, 8)."""
    for b in range(len(state)):
        scatter(sent[b], SEND(gather(state[b], VARIABLES), params))
    arrive(sent, pointers, sources, weights, units, lanes, arrived)
    for b in range(len(state)):
        scatter(
            out[b],
            VELOCITY(
                gather(state[b], VARIABLES),
                gather(sent[b], SIGNALS),
                gather(arrived[b], SIGNALS),
                gather(own[b], FIELDS),
                params,
            ),
        )


@kernel
def moved(x: Array, h: float, slope: Array, out: Array) -> None:
    """Write x + h slope, all flat."""
    for i in range(0, x.size, LANES):
        store(out, i, load(x, i) + h * load(slope, i))


@kernel
def copied(x: Array, out: Array) -> None:
    """Write x, both flat."""
    for i in range(0, x.size, LANES):
        store(out, i, load(x, i))


@kernel
def combined(x: Array, sixth: float, k1: Array, k2: Array, k3: Array, k4: Array) -> None:
    """Add the weighted mean of the four slopes of Runge and Kutta to x, all flat; ``sixth`` is a sixth of the step."""
    for i in range(0, x.size, LANES):
        outer, inner = load(k1, i) + load(k4, i), load(k2, i) + load(k3, i)
        store(x, i, load(x, i) + sixth * (outer + 2.0 * inner))


@kernel
def show(state: Array, units: int, lanes: int, shown: Index, out: Array) -> None:
    """Write the shown variables of a state (blocks, variable, 8): all units of the first one, then the second one's."""
    for row in range(out.shape[0]):
        for c in range(shown.size):
            for i in range(units):
                k = i * lanes + row
                out[row, c * units + i] = state[k // LANES, shown[c], k % LANES]


@kernel
def kick(state: Array, amplitude: float, noise: Array, units: int, lanes: int) -> None:
    """Add noise (unit variable, lanes) to a state."""
    variables = state.shape[1]
    if lanes == LANES:
        x, z = state.reshape(-1), noise.reshape(-1)
        for i in range(0, x.size, LANES):
            store(x, i, load(x, i) + amplitude * load(z, i))
    else:
        for k in range(units):
            for v in range(variables):
                state[k // LANES, v, k % LANES] += amplitude * noise[k * variables + v, 0]


def _run(
    state: Array,
    own: Array,
    params: Numbers,
    pointers: Index,
    sources: Index,
    weights: Array,
    units: int,
    lanes: int,
    dt: float,
    euler: bool,
    noise: Array,
    amplitude: float,
    first: int,
    steps: int,
    burn_in: int,
    every: int,
    work: Array,
    sent: Array,
    arrived: Array,
    shown: Index,
    out: Array,
) -> None:
    """Take steps from state number ``first``; noise (steps, unit variable, lanes) or none; samples go to ``out``."""
    x, y = state.reshape(-1), work[0].reshape(-1)
    a, b, c, d = work[1].reshape(-1), work[2].reshape(-1), work[3].reshape(-1), work[4].reshape(-1)
    half, sixth = 0.5 * dt, dt / 6.0
    for n in range(steps):
        SLOPE(state, own, params, pointers, sources, weights, units, lanes, sent, arrived, work[1])
        if euler:
            moved(x, dt, a, x)
        else:
            moved(x, half, a, y)
            SLOPE(work[0], own, params, pointers, sources, weights, units, lanes, sent, arrived, work[2])
            moved(x, half, b, y)
            SLOPE(work[0], own, params, pointers, sources, weights, units, lanes, sent, arrived, work[3])
            moved(x, dt, c, y)
            SLOPE(work[0], own, params, pointers, sources, weights, units, lanes, sent, arrived, work[4])
            combined(x, sixth, a, b, c, d)
        if noise.size:
            kick(state, amplitude, noise[n], units, lanes)
        after = first + n + 1 - burn_in
        if after >= 0 and after % every == 0:
            show(state, units, lanes, shown, out[:, after // every])


@dataclass(frozen=True)
class Problem:
    """What the configurations of a batch put into a flow.

    Attributes
    ----------
    graphs : one Graph for each configuration
    params : one tuple of floats each, as the flow's functions take it
    own : array of shape (B, field, unit), constants of the units
    dt : float
    amplitude : array of shape (B,), what the normals of a step are multiplied by
    euler : whether the steps are Euler's
    """

    graphs: Sequence[Graph]
    params: Sequence[Numbers]
    own: Array
    dt: float
    amplitude: Array
    euler: bool = False


@dataclass(frozen=True)
class Flow:
    """The equations of a unit.

    Attributes
    ----------
    name : str
    variables, signals, fields : int
        The numbers of state variables of a unit, of signals that it sends, and of constants of its own.
    send : function of (state, params) that returns the signals
    velocity : function of (state, sent, arrived, own, params) that returns the derivatives
        All are tuples: of lanes, and of floats for the parameters. Both are ``inlined`` kernels.
    """

    name: str
    variables: int
    signals: int
    fields: int
    send: Callable[..., Any]
    velocity: Callable[..., Any]

    @cached_property
    def slope(self) -> Callable[..., Any]:
        """The compiled derivatives."""
        sizes = {"VARIABLES": self.variables, "SIGNALS": self.signals, "FIELDS": self.fields}
        return specialised(_slope, f"slope_{self.name}", SEND=self.send, VELOCITY=self.velocity, **sizes)

    @cached_property
    def run(self) -> Callable[..., Any]:
        """The compiled steps."""
        return specialised(_run, f"run_{self.name}", SLOPE=self.slope)

    def trajectories(
        self,
        problem: Problem,
        initial: Array,
        sampling: Sampling,
        shown: Sequence[int],
        draws: Any = None,
    ) -> Array:
        """Return the samples of the shown variables, (B, R, T, shown unit).

        Parameters
        ----------
        problem : Problem
        initial : array of shape (variable, B, R, unit)
        sampling : which states are kept
        shown : variables, by number
        draws : the streams of the noise, or None; each step takes them unit by unit
        """
        _, batch, realizations, units = initial.shape
        out = np.empty((batch, realizations, sampling.T, len(shown) * units))
        lanes, which, steps = lanes_of(realizations), np.array(shown, dtype=np.int64), sampling.n_steps
        size = units * self.variables * lanes
        most = max(1, (STEP_VALUES if draws is None else NOISE_VALUES) // size)
        run = self.run

        def work(b: int, rows: slice) -> Iterator[None]:
            state = packed(initial[:, b, rows], lanes)
            blocks = len(state)
            own = packed(np.repeat(problem.own[b, :, None], rows.stop - rows.start, axis=1), lanes)
            area = np.zeros((5, *state.shape))
            sent, arrived = np.zeros((2, blocks, self.signals, LANES))
            graph, params = problem.graphs[b], problem.params[b]
            target = out[b, rows]
            stream = None if draws is None else draws.lanes(b, rows)
            noise = np.zeros((0 if stream is None else min(most, steps), units * self.variables, lanes))
            if sampling.burn_in == 0:
                show(state, units, lanes, which, target[:, 0])
            for first in range(0, steps, most):
                count = min(most, steps - first)
                if stream is not None:
                    stream.normal(noise[:count])
                run(
                    *(state, own, params, *graph, units, lanes, problem.dt, problem.euler),
                    *(noise[:count], problem.amplitude[b], first, count, sampling.burn_in, sampling.every),
                    *(area, sent, arrived, which, target),
                )
                yield

        each_group(work, batch, realizations, steps * units * self.variables)
        return out

    def step(self, problem: Problem) -> Step:
        """Return the noise-free step of states (rows, variable unit), all units of the first variable first."""
        once, every = Sampling(burn_in=1, every=1, T=1), range(self.variables)

        def step(states: Array) -> Array:
            initial = states.reshape(len(states), self.variables, 1, -1).transpose(1, 2, 0, 3)
            return self.trajectories(problem, initial, once, every)[0, :, 0]

        return step


def packed(values: Array, lanes: int) -> Array:
    """Return values (variable, row, unit) as blocks (blocks, variable, 8); what is left over repeats the last one."""
    variables, rows, units = values.shape
    if lanes == 1:
        flat, count = values[:, 0], -(-units // LANES) * LANES
    else:
        padded = np.concatenate([values, np.repeat(values[:, -1:], LANES - rows, axis=1)], axis=1)
        flat, count = padded.transpose(0, 2, 1).reshape(variables, units * LANES), units * LANES
    flat = np.concatenate([flat, np.repeat(flat[:, -1:], count - flat.shape[1], axis=1)], axis=1)
    return np.ascontiguousarray(flat.reshape(variables, count // LANES, LANES).swapaxes(0, 1))
