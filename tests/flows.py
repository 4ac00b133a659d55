"""What the tests of flows need: an independent integration, given noise, and derivatives that are moved by hand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.integrate import solve_ivp
from support import MODELS, run

from pymts.numerics.flow import Flow, Problem, packed, show
from pymts.plan.configuration import Configuration
from pymts.streams import Streams

Array = NDArray[np.float64]

# A weighted, asymmetric graph with a unit that receives nothing and one that is driven twice.
GRAPH = np.array([[0.0, 1.5, 0.0], [0.0, 0.0, 0.0], [0.6, 0.9, 0.0]])


def divisors(graph: Array, rule: str) -> list[float]:
    """Return what the input of each unit is divided by, written as the documentation has it."""
    strength = [sum(abs(weight) for weight in row) for row in graph]
    return [{"N": float(len(graph)), "none": 1.0, "degree": total or 1.0}[rule] for total in strength]


def velocity_of(flow: Flow, problem: Problem) -> Callable[[Array], Array]:
    """Return the derivatives of a flow's one configuration as a function of states (rows, variable unit)."""

    def velocity(states: Array) -> Array:
        out = np.empty_like(states)
        units = states.shape[1] // flow.variables
        own = packed(problem.own[0][:, None], 1)
        for row, state in enumerate(states):
            x = packed(state.reshape(flow.variables, 1, units), 1)
            slope = np.empty_like(x)
            area = np.zeros((2, len(x), flow.signals, x.shape[2]))
            flow.slope(x, own, problem.params[0], *problem.graphs[0], units, 1, *area, slope)
            show(slope, units, 1, np.arange(flow.variables), out[row : row + 1])
        return out

    return velocity


def exact(unit: Callable[..., Any], start: Any, times: Array) -> Array:
    """Integrate d state/dt = unit(state) to rounding; return (time, state)."""
    found = solve_ivp(lambda _, s: unit(s), (0, times[-1]), start, "DOP853", times, rtol=1e-13, atol=1e-13)
    return np.asarray(found.y.T)


def final_state(model: str, end: float, steps: int, **params: Any) -> Array:
    """Return the state at ``end``, reached in so many steps, (M,)."""
    values, _ = run(model, dt=end / steps, T=2, sample_every=steps, burn_in=0, **params)
    return values[0, 1]


def orders(errors: list[float]) -> Array:
    """Return the order of convergence between errors of which each was found with half the step of the one before."""
    return -np.diff(np.log2(errors))


def moved_derivatives(model: str, state: Array, dt: float = 1e-7, **params: Any) -> Array:
    """Return whether a push to a component of the state moves a derivative: (derivative, component)."""
    push = 1e-2

    def derivative(start: Array) -> Array:
        values, _ = run(model, x0=start, dt=dt, T=2, sample_every=1, burn_in=0, observable="all", **params)
        return (values[0, 1] - values[0, 0]) / dt

    base = derivative(state)
    moved = np.stack([np.abs(derivative(state + push * unit) - base) for unit in np.eye(len(state))], axis=1)
    # An influence through a third variable is smaller by a rate times dt; rounding is eps / dt.
    return moved > 1e-4 * moved.max()


class GivenLanes:
    """The noise of a group of realizations, (R, steps, width), step after step."""

    def __init__(self, normals: Array) -> None:
        self.normals, self.step = normals, 0

    def normal(self, out: Array) -> None:
        """Fill (steps, width, lanes); lanes beyond the realizations stay."""
        part = self.normals[:, self.step : self.step + len(out)]
        assert part.shape[1:] == out.shape[:2]
        out[..., : len(part)] = np.moveaxis(part, 0, -1)
        self.step += len(out)


@dataclass(frozen=True)
class GivenNoise:
    """Streams whose process noise is given, normals (R, steps, width); everything else is what the seed gives."""

    streams: Streams
    normals: Array

    @property
    def shape(self) -> tuple[int, int]:
        return self.streams.shape

    def structure(self) -> Any:
        return self.streams.structure()

    def initial(self) -> Any:
        return self.streams.initial()

    def process(self) -> Any:
        def lanes(configuration: int, rows: slice) -> GivenLanes:
            assert configuration == 0
            return GivenLanes(self.normals[rows])

        return SimpleNamespace(lanes=lanes)


def driven_end(model: str, end: float, normals: Array, **params: Any) -> Array:
    """Return the last state of paths that are driven by given normals (R, steps, width), (R, M)."""
    steps = normals.shape[1]
    given = {"seed": 1, "dt": end / steps, "T": 2, "sample_every": steps, "burn_in": 0, **params}
    p = Configuration.of(model, {**given, "n_realizations": len(normals)}).params
    streams = GivenNoise(Streams([1], range(len(normals))), normals)
    return np.asarray(MODELS[model].simulate(p, streams).data[0, :, 1])  # type: ignore[arg-type]


def strong_orders(model: str, end: float, width: int, coarse: int = 16, n: int = 200, **params: Any) -> Array:
    """Return the strong orders of convergence over one Brownian path a realization, from steps that are halved."""
    finest = 64 * coarse
    fine = np.random.default_rng(4).standard_normal((n, finest, width))

    def over(steps: int) -> Array:
        together = finest // steps
        summed = fine.reshape(n, steps, together, width).sum(axis=2) / np.sqrt(together)
        return driven_end(model, end, summed, **params)

    truth = over(finest)
    return orders([float(np.abs(over(steps) - truth).mean()) for steps in (coarse, 2 * coarse, 4 * coarse)])


def batch_means(samples: Array) -> tuple[Array, Array]:
    """Return the mean of time averages (R, T, ...) over realizations and its standard error."""
    each = samples.mean(axis=1)
    return each.mean(axis=0), each.std(axis=0, ddof=1) / np.sqrt(len(each))
