"""Flows: the steps of Runge and Kutta and of Euler, one by one, whatever is computed beside them."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from flows import GivenLanes, velocity_of
from numpy.typing import NDArray

from pymts.numerics.coupling import Graph
from pymts.numerics.flow import Flow, Problem
from pymts.numerics.lyapunov import rk4
from pymts.numerics.portable.compiled import inlined
from pymts.numerics.sampling import Sampling

Array = NDArray[np.float64]
UNITS, FINEST = 5, Sampling(0, 1, 41)


@inlined
def send(state: Any, _params: Any) -> Any:
    return state[0] * state[1], state[1]


@inlined
def velocity(state: Any, sent: Any, arrived: Any, own: Any, params: Any) -> Any:
    x, y = state
    rate, bend = params
    return own[0] - rate * y + bend * arrived[0], x * own[1] - sent[1] + arrived[1]


FLOW = Flow("test", variables=2, signals=2, fields=2, send=send, velocity=velocity)


def problem(batch: int = 1, noise: float = 0.0, euler: bool = False) -> Problem:
    rng = np.random.default_rng(1)
    graphs = [Graph.of(rng.standard_normal((UNITS, UNITS)) * (rng.random((UNITS, UNITS)) < 0.5)) for _ in range(batch)]
    params = [(0.5 + b, 0.1 * b) for b in range(batch)]
    own = rng.standard_normal((batch, 2, UNITS))
    return Problem(graphs, params, own, 0.02, np.full(batch, noise), euler=euler)


def start(batch: int, realizations: int) -> Array:
    """Return states (variable, B, R, unit), the same for a realization however many there are."""
    return np.random.default_rng(2).standard_normal((2, 3, 20, UNITS))[:, :batch, :realizations]


def noise(realizations: int) -> Any:
    normals = np.random.default_rng(3).standard_normal((3, 20, 40, 2 * UNITS))
    return SimpleNamespace(lanes=lambda b, rows: GivenLanes(normals[b, :realizations][rows]))


def test_a_derivative_is_the_equation() -> None:
    task = problem()
    states = start(1, 7)[:, 0].transpose(1, 0, 2)  # (R, variable, unit)
    found = velocity_of(FLOW, task)(states.reshape(7, -1)).reshape(7, 2, UNITS)
    weights = np.zeros((UNITS, UNITS))
    graph = task.graphs[0]
    for i in range(UNITS):
        for e in range(graph.pointers[0, i], graph.pointers[0, i + 1]):
            weights[i, graph.sources[e]] = graph.weights[e]
    x, y = states[:, 0], states[:, 1]
    own = task.own[0]
    np.testing.assert_allclose(found[:, 0], own[0] - 0.5 * y + 0.0 * (x * y) @ weights.T, atol=1e-14)
    np.testing.assert_allclose(found[:, 1], x * own[1] - y + y @ weights.T, atol=1e-14)


def test_a_step_is_that_of_runge_and_kutta_or_of_euler() -> None:
    f, states = velocity_of(FLOW, problem()), start(1, 7)[:, 0].transpose(1, 0, 2).reshape(7, -1)
    np.testing.assert_allclose(FLOW.step(problem())(states), rk4(f, states, 0.02), rtol=1e-14)
    np.testing.assert_allclose(FLOW.step(problem(euler=True))(states), states + 0.02 * f(states), rtol=1e-14)


def test_noise_comes_after_each_step_unit_by_unit() -> None:
    task, normals = problem(noise=0.3), noise(1).lanes(0, slice(0, 1)).normals[0]
    state = start(1, 1)[:, 0, 0].reshape(1, -1)
    path = FLOW.trajectories(task, start(1, 1), Sampling(0, 1, 4), [0, 1], noise(1))[0, 0]
    for n in range(3):
        state = FLOW.step(task)(state) + 0.3 * normals[n].reshape(UNITS, 2).T.reshape(1, -1)
        np.testing.assert_array_equal(path[n + 1], state[0])


@pytest.mark.parametrize("sampling", [Sampling(3, 1, 4), Sampling(0, 4, 6), Sampling(11, 3, 4), Sampling(2, 7, 1)])
@pytest.mark.parametrize("realizations", [1, 3, 4, 8, 13, 20])
def test_no_bit_depends_on_what_is_beside(
    sampling: Sampling, realizations: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    everything = FLOW.trajectories(problem(3, 0.3), start(3, 20), FINEST, [0, 1], noise(20))
    monkeypatch.setattr("pymts.numerics.groups.SMALL", 0)
    monkeypatch.setattr("pymts.numerics.flow.NOISE_VALUES", 700)
    for threads in ("1", "3"):
        monkeypatch.setenv("PYMTS_NUM_THREADS", threads)
        found = FLOW.trajectories(problem(3, 0.3), start(3, realizations), sampling, [1], noise(20))
        kept = sampling.burn_in + sampling.every * np.arange(sampling.T)
        np.testing.assert_array_equal(found, everything[:, :realizations, kept, UNITS:])
