"""Lattices of maps: every unit is mapped, then the images are mixed over a graph."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pymts.numerics.coupling import Graph, arrive
from pymts.numerics.flow import STEP_VALUES, packed, show
from pymts.numerics.groups import each_group, lanes_of
from pymts.numerics.lyapunov import Step
from pymts.numerics.portable.compiled import specialised
from pymts.numerics.portable.lanes import load, store
from pymts.numerics.sampling import Sampling

Array = NDArray[np.float64]
Index = NDArray[np.int64]

MAP: Callable[..., Any] = load  # each lattice has its own, see Lattice.run


def _run(
    state: Array,
    images: Array,
    param: float,
    pointers: Index,
    sources: Index,
    weights: Array,
    units: int,
    lanes: int,
    first: int,
    steps: int,
    burn_in: int,
    every: int,
    shown: Index,
    out: Array,
) -> None:
    """Take steps from state number ``first``; samples go to ``out``."""
    for n in range(steps):
        for b in range(len(state)):
            store(images[b, 0], 0, MAP(load(state[b, 0], 0), param))
        arrive(images, pointers, sources, weights, units, lanes, state)
        after = first + n + 1 - burn_in
        if after >= 0 and after % every == 0:
            show(state, units, lanes, shown, out[:, after // every])


@dataclass(frozen=True)
class Lattice:
    """Units with one variable each, x_i(t + 1) = sum_j W_ij f(x_j(t)).

    Attributes
    ----------
    name : str
    f : ``inlined`` kernel of (x, parameter)
    """

    name: str
    f: Callable[..., Any]

    @cached_property
    def run(self) -> Callable[..., Any]:
        """The compiled steps."""
        return specialised(_run, f"run_{self.name}", MAP=self.f)

    def trajectories(
        self, graphs: Sequence[Graph], params: Sequence[float], initial: Array, sampling: Sampling
    ) -> Array:
        """Return the samples from initial states (B, R, unit), (B, R, T, unit)."""
        batch, realizations, units = initial.shape
        out = np.empty((batch, realizations, sampling.T, units))
        lanes, shown, run = lanes_of(realizations), np.zeros(1, dtype=np.int64), self.run
        most = max(1, STEP_VALUES // (units * lanes))

        def work(b: int, rows: slice) -> Iterator[None]:
            state = packed(initial[None, b, rows], lanes)  # (blocks, 1, 8)
            images = np.empty_like(state)
            if sampling.burn_in == 0:
                show(state, units, lanes, shown, out[b, rows, 0])
            for first in range(0, sampling.n_steps, most):
                count = min(most, sampling.n_steps - first)
                run(
                    *(state, images, params[b], *graphs[b], units, lanes, first, count),
                    *(sampling.burn_in, sampling.every, shown, out[b, rows]),
                )
                yield

        each_group(work, batch, realizations, sampling.n_steps * units)
        return out

    def step(self, graphs: Sequence[Graph], params: Sequence[float]) -> Step:
        """Return the step of states (rows, unit) of one configuration."""
        once = Sampling(burn_in=1, every=1, T=1)
        return lambda states: self.trajectories(graphs, params, states[None], once)[0, :, 0]
