"""Delay equations: a closed form, the order of convergence, and which states are kept."""

from __future__ import annotations

from math import factorial
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from flows import GivenLanes
from numpy.typing import NDArray

from pymts.numerics.coupling import Graph
from pymts.numerics.delay import DelayFlow, DelayProblem, HistoryMap
from pymts.numerics.lyapunov import rk4
from pymts.numerics.portable.compiled import inlined
from pymts.numerics.portable.elementary import sincos_near
from pymts.numerics.sampling import Sampling

Array = NDArray[np.float64]
EPS = np.finfo(float).eps
ONE = np.ones((1, 1, 1))


@inlined
def minus(x: Any, _params: Any) -> Any:
    return -x


@inlined
def nothing(x: Any, _params: Any) -> Any:
    return 0.0 * x


@inlined
def wave(x: Any, _params: Any) -> Any:
    return sincos_near(3.0 * x)[0]


@inlined
def still(_x: Any, arrived: Any, _params: Any) -> Any:
    return arrived


@inlined
def logistic(x: Any, _arrived: Any, _params: Any) -> Any:
    return x * (1.0 - x)


@inlined
def decay(x: Any, arrived: Any, _params: Any) -> Any:
    return arrived - x


LINEAR, GROWTH = DelayFlow("linear", minus, still), DelayFlow("growth", nothing, logistic)
WAVES, REST = DelayFlow("waves", wave, decay), DelayFlow("rest", nothing, still)


def problem(flow: DelayFlow, steps: int, dt: float, units: int = 1, batch: int = 1, noise: float = 0.0) -> DelayProblem:
    """Return an equation on graphs without links."""
    none = Graph.of(np.zeros((units, units)))
    return DelayProblem(flow, [none] * batch, [(0.0,)] * batch, steps, dt, np.full(batch, noise))


def given(normals: Array) -> Any:
    """Return streams of given noise (B, R, steps, unit)."""
    return SimpleNamespace(lanes=lambda b, rows: GivenLanes(normals[b, rows]))


def steps_of_one(t: float) -> float:
    """Return the solution of x' = -x(t - 1) that is 1 up to time 0: a polynomial between whole numbers."""
    return sum((-1) ** k * (t - k + 1) ** k / factorial(k) for k in range(int(np.ceil(t)) + 1))


def linear(steps: int, end: int) -> Array:
    sampling = Sampling(0, 1, end * steps + 1)
    return problem(LINEAR, steps, 1.0 / steps).trajectories(ONE, sampling)[0, 0, :, 0]


def test_cubic_pieces_are_found_exactly() -> None:
    found = linear(5, 4)
    expected = [steps_of_one(t) for t in np.arange(21) / 5]
    np.testing.assert_allclose(found, expected, atol=100 * EPS)


def test_the_error_falls_with_the_fourth_power_of_the_step_across_many_delays() -> None:
    errors = [abs(linear(steps, 12)[-1] - steps_of_one(12.0)) for steps in (4, 8, 16, 32)]
    np.testing.assert_allclose(-np.diff(np.log2(errors)), 4, atol=0.1)


def test_without_delayed_influence_it_is_rk4() -> None:
    found = problem(GROWTH, 7, 0.2).trajectories(0.1 * ONE, Sampling(0, 1, 31))[0, 0, :, 0]
    x = 0.1 * ONE
    for value in found:
        np.testing.assert_allclose(value, x[0, 0, 0], rtol=20 * EPS)
        x = rk4(lambda y: y * (1.0 - y), x, 0.2)


@pytest.mark.parametrize(
    "sampling", [Sampling(0, 1, 20), Sampling(3, 1, 4), Sampling(0, 4, 6), Sampling(11, 3, 4), Sampling(2, 7, 1)]
)
@pytest.mark.parametrize("length", [3, 10**6])
@pytest.mark.parametrize("realizations", [1, 3, 5, 9])
def test_sampling_pieces_and_groups_keep_the_path(
    sampling: Sampling, length: int, realizations: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = np.random.default_rng(0)
    past, noise = rng.random((2, 9, 4)), rng.standard_normal((2, 9, 40, 4))
    equation = problem(WAVES, 5, 0.1, units=4, batch=2, noise=0.1)
    everything = equation.trajectories(past, Sampling(0, 1, 41), given(noise))
    monkeypatch.setattr("pymts.numerics.delay.NOISE_VALUES", length)
    found = equation.trajectories(past[:, :realizations], sampling, given(noise))
    kept = sampling.burn_in + sampling.every * np.arange(sampling.T)
    np.testing.assert_array_equal(found, everything[:, :realizations, kept])


def test_noise_is_added_after_each_step() -> None:
    noise = np.random.default_rng(1).standard_normal((1, 1, 9, 1))
    found = problem(REST, 4, 0.1, noise=2.0).trajectories(ONE, Sampling(0, 1, 10), given(noise))
    np.testing.assert_allclose(found[0, 0, 1:, 0], 1 + 2 * np.cumsum(noise[0, 0, :, 0]), rtol=10 * EPS)


def test_the_map_of_one_delay_follows_the_path() -> None:
    rng = np.random.default_rng(2)
    equation = problem(WAVES, 5, 0.1, units=4)
    states = rng.random((3, 4))
    move, path = HistoryMap(equation), equation.trajectories(states[None], Sampling(0, 1, 16))[0]
    history = move.at_rest(states)
    for window in range(3):
        history = move(history)
        values = history.reshape(3, 2, 6, 4)[:, 0]
        np.testing.assert_array_equal(values, path[:, 5 * window : 5 * window + 6])
    assert move.time == 0.5
