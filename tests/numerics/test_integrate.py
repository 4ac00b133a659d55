"""Integrators: order of convergence, and which states are kept."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from numpy.typing import NDArray

from pymts.numerics.integrate import METHODS, driven_trajectory, trajectory
from pymts.numerics.sampling import Sampling

State = NDArray[np.float64]
ORDERS = {"rk4": 4, "euler": 1}
ROTATION = np.array([[0.0, -1.0], [1.0, 0.0]])


def test_every_method_has_a_declared_order() -> None:
    assert set(ORDERS) == set(METHODS)


def logistic(x: State) -> State:
    return x * (1.0 - x)


def oscillator(x: State) -> State:
    return x @ ROTATION.T


PROBLEMS = {
    "logistic": (logistic, np.full((1, 1, 1), 0.1), lambda t: np.full((1, 1, 1), 1 / (1 + 9 * np.exp(-t)))),
    "oscillator": (oscillator, np.array([[[1.0, 0.0]]]), lambda t: np.array([[[np.cos(t), np.sin(t)]]])),
}


@pytest.mark.parametrize("name", sorted(ORDERS))
@pytest.mark.parametrize("problem", sorted(PROBLEMS))
def test_the_error_falls_with_the_declared_order(name: str, problem: str) -> None:
    field, start, solution = PROBLEMS[problem]
    end, errors = 2.0, []
    for steps in (20, 40, 80, 160):
        x = start.copy()
        for _ in range(steps):
            x = METHODS[name](field, x, end / steps)
        errors.append(np.abs(x - solution(end)).max())
    slopes = -np.diff(np.log2(errors))
    # What is left of the next order falls by half each time: 0.1 at the finest step covers it.
    assert abs(slopes[-1] - ORDERS[name]) < 0.1, slopes


@pytest.mark.parametrize("name", sorted(ORDERS))
def test_a_step_leaves_the_state_it_started_from_alone(name: str) -> None:
    x = np.random.default_rng(0).random((2, 3, 4))
    before = x.copy()
    after = METHODS[name](logistic, x, 0.1)
    np.testing.assert_array_equal(x, before)
    assert not np.shares_memory(after, x)


def test_rk4_is_the_classical_scheme() -> None:
    x, h = np.array([[[0.3, 0.7]]]), 0.4
    k1 = logistic(x)
    k2 = logistic(x + h / 2 * k1)
    k3 = logistic(x + h / 2 * k2)
    k4 = logistic(x + h * k3)
    np.testing.assert_allclose(METHODS["rk4"](logistic, x, h), x + h / 6 * (k1 + 2 * k2 + 2 * k3 + k4), rtol=1e-15)


SAMPLINGS = [Sampling(0, 1, 6), Sampling(3, 1, 4), Sampling(0, 4, 3), Sampling(5, 3, 4), Sampling(2, 7, 1)]


@pytest.mark.parametrize("sampling", SAMPLINGS)
def test_a_trajectory_keeps_what_a_plain_loop_keeps(sampling: Sampling) -> None:
    start = np.random.default_rng(1).random((2, 3, 4))
    states = [start]
    while len(states) <= sampling.n_steps:
        states.append(1.7 * states[-1] + 0.1)
    kept = [states[sampling.burn_in + k * sampling.every] for k in range(sampling.T)]
    calls = []

    def step(x: State) -> State:
        calls.append(x)
        return 1.7 * x + 0.1

    out = trajectory(step, start, sampling)
    assert len(calls) == sampling.n_steps
    assert out.flags.c_contiguous
    np.testing.assert_array_equal(out, np.stack(kept, axis=2))


@pytest.mark.parametrize("sampling", SAMPLINGS)
@pytest.mark.parametrize("length", [1, 3, 100])
def test_a_driven_trajectory_gives_each_step_its_noise(sampling: Sampling, length: int) -> None:
    rng = np.random.default_rng(2)
    start, noise = rng.random((2, 3, 4)), rng.random((2, 3, sampling.n_steps, 4))

    def blocks() -> Iterator[tuple[int, State]]:
        for first in range(0, sampling.n_steps, length):
            yield first, noise[:, :, first : first + length]

    states = [start]
    for n in range(sampling.n_steps):
        states.append(0.5 * states[-1] + noise[:, :, n])
    kept = [states[sampling.burn_in + k * sampling.every] for k in range(sampling.T)]
    out = driven_trajectory(lambda x, e: 0.5 * x + e, start, sampling, blocks())
    np.testing.assert_array_equal(out, np.stack(kept, axis=2))


@pytest.mark.parametrize("driven", [False, True])
def test_a_state_of_any_shape_is_kept_as_it_is_observed(driven: bool) -> None:
    start = np.random.default_rng(3).random((2, 4, 3, 5))  # (variable, B, R, unit)
    sampling = Sampling(2, 3, 4)
    if driven:
        noise = np.zeros((4, 3, sampling.n_steps, 5))
        out = driven_trajectory(lambda s, _: 0.9 * s, start, sampling, [(0, noise)], observe=lambda s: s[1])
        whole = driven_trajectory(lambda x, _: 0.9 * x, start[1], sampling, [(0, noise)])
    else:
        out = trajectory(lambda s: 0.9 * s, start, sampling, observe=lambda s: s[1])
        whole = trajectory(lambda x: 0.9 * x, start[1], sampling)
    assert out.shape == (4, 3, 4, 5)
    np.testing.assert_array_equal(out, whole)
