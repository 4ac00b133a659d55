"""Linear recursions against a loop over the equation, for any share of zeros, and their bits."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from flows import GivenLanes
from numpy.typing import NDArray

from pymts.numerics import linear
from pymts.numerics.recursion import Recursion, Terms, matrices
from pymts.numerics.sampling import Sampling

Array = NDArray[np.float64]
SIZES = [(1, 1), (1, 3), (2, 2), (5, 1), (5, 20), (7, 3), (10, 2), (16, 5), (30, 1)]  # channels, lags


def given(normals: Array) -> Any:
    """Return streams of given noise (B, R, steps, M)."""
    return SimpleNamespace(lanes=lambda b, rows: GivenLanes(normals[b, rows]))


def coefficients(batch: int, p: int, m: int, density: float) -> Array:
    rng = np.random.default_rng(p * 100 + m)
    raw = rng.standard_normal((batch, p, m, m)) * (rng.random((batch, p, m, m)) < density)
    return linear.scale_to_radius(raw, np.linspace(0.6, 0.98, batch))


def in_order(matrix: Array, start: Array, values: list[Array]) -> Array:
    """Return start + sum over lags and sources of nonzero coefficients, term by term."""
    total = start.copy()
    for k, value in enumerate(values):
        for j in range(len(start)):
            total = np.where(matrix[k, :, j] != 0, total + matrix[k, :, j] * value[j], total)
    return total


def loop(phi: Array, theta: Array, drift: Array, past: Array, past_noise: Array, noise: Array) -> Array:
    """Return the states after the initial one, step by step, configuration by configuration."""
    out = np.empty_like(noise)
    for b, r in np.ndindex(noise.shape[:2]):
        states, shocks = list(past[b, r]), list(past_noise[b, r])
        for t in range(noise.shape[2]):
            shocks.append(noise[b, r, t])
            shock = in_order(theta[b], drift[b], shocks[: -theta.shape[1] - 1 : -1])
            states.append(in_order(phi[b], np.zeros(len(shock)), states[: -phi.shape[1] - 1 : -1]) + shock)
            out[b, r, t] = states[-1]
    return out


@pytest.mark.parametrize(("m", "p"), SIZES)
@pytest.mark.parametrize("density", [1.0, 0.15])
@pytest.mark.parametrize("q", [0, 2])
@pytest.mark.parametrize("realizations", [3, 11])
def test_it_is_the_loop_bit_for_bit(m: int, p: int, density: float, q: int, realizations: int) -> None:
    rng = np.random.default_rng(1)
    phi, noise = coefficients(2, p, m, density), rng.standard_normal((2, realizations, 60, m))
    past, past_noise = rng.standard_normal((2, realizations, p, m)), rng.standard_normal((2, realizations, q, m))
    drift = rng.standard_normal((2, m))
    for factor in (np.tril(rng.standard_normal((2, m, m))), rng.random((2, m)), np.array([0.5, 3.0])[:, None, None]):
        later = 0.3 * rng.standard_normal((2, q, m, m))
        theta = np.concatenate([matrices(factor, m)[:, None], later], axis=1)
        found = Recursion.of(phi, theta, drift).trajectories(past, Sampling(0, 1, 61), given(noise), past_noise)
        np.testing.assert_array_equal(found[:, :, 0], past[:, :, -1])
        np.testing.assert_array_equal(found[:, :, 1:], loop(phi, theta, drift, past, past_noise, noise))


def test_coefficients_are_kept_in_the_form_that_suits_them() -> None:
    own = Terms.of(np.stack([np.diag([1.0, 0.0]), np.diag([0.0, 2.0])]), 1)
    np.testing.assert_array_equal(own.own, [[1.0, 0.0], [0.0, 2.0]])
    few = Terms.of(np.eye(6, k=-1)[None], 1)
    np.testing.assert_array_equal(few.pointers, [0, 0, 1, 2, 3, 4, 5])
    np.testing.assert_array_equal(few.places, np.arange(5) - 6)
    many = Terms.of(np.tril(np.ones((9, 9)))[None], 0)
    assert many.turned.shape == (1, 9, 16)
    assert not own.pointers.size + own.turned.size + few.own.size + few.turned.size + many.own.size + many.pointers.size


@pytest.mark.parametrize("density", [1.0, 0.15])
@pytest.mark.parametrize("sampling", [Sampling(3, 1, 4), Sampling(0, 4, 6), Sampling(11, 3, 4), Sampling(2, 7, 1)])
@pytest.mark.parametrize("realizations", [1, 3, 4, 8, 13, 20])
def test_no_bit_depends_on_what_is_beside(
    density: float, sampling: Sampling, realizations: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = np.random.default_rng(2)
    m, p, q = 7, 2, 1
    recursion = Recursion.of(coefficients(3, p, m, density), 0.5 * rng.standard_normal((3, q + 1, m, m)), 0.1)
    past, before = rng.standard_normal((3, 20, p, m)), rng.standard_normal((3, 20, q, m))
    noise = rng.standard_normal((3, 20, 40, m))
    everything = recursion.trajectories(past, Sampling(0, 1, 41), given(noise), before)
    monkeypatch.setattr("pymts.numerics.groups.SMALL", 0)
    monkeypatch.setattr("pymts.numerics.recursion.VALUES", 300)
    for threads in ("1", "3"):
        monkeypatch.setenv("PYMTS_NUM_THREADS", threads)
        found = recursion.trajectories(past[:, :realizations], sampling, given(noise), before[:, :realizations])
        kept = sampling.burn_in + sampling.every * np.arange(sampling.T)
        np.testing.assert_array_equal(found, everything[:, :realizations, kept])


def test_without_past_states_every_state_is_its_noise() -> None:
    noise = np.random.default_rng(0).standard_normal((1, 9, 40, 3))
    recursion = Recursion.of(np.zeros((1, 1, 3, 3)), np.eye(3)[None, None], 0.0)
    found = recursion.trajectories(np.ones((1, 9, 1, 3)), Sampling(0, 1, 41), given(noise))
    np.testing.assert_array_equal(found[:, :, 1:], noise)
