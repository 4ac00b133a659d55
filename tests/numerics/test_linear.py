from __future__ import annotations

import numpy as np
import pytest
from scipy.linalg import expm, solve_discrete_lyapunov

from pymts.numerics import linear, networks


def _companion(phi: np.ndarray) -> np.ndarray:
    """Build the companion matrix of (p, M, M) by blocks, independently of the library."""
    p, m, _ = phi.shape
    return np.block([[*phi], *([[np.eye(m) if j == i else np.zeros((m, m)) for j in range(p)] for i in range(p - 1)])])


def _radius(phi: np.ndarray) -> float:
    return float(np.abs(np.linalg.eigvals(_companion(phi))).max())


def _draw(p: int, m: int, seed: int, density: float = 1.0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return rng.standard_normal((1, p, m, m)) * (rng.random((1, 1, m, m)) < density)


@pytest.mark.parametrize("p", [1, 2, 4])
def test_the_companion_matrix(p: int) -> None:
    phi = _draw(p, 3, p)
    np.testing.assert_array_equal(linear.companion(phi)[0], _companion(phi[0]))


def test_the_radius_of_an_ar2_is_the_largest_inverse_root() -> None:
    roots = 0.8 * np.exp([1j, -1j])
    phi = np.array([roots.sum(), -roots.prod()]).real.reshape(1, 2, 1, 1)
    np.testing.assert_allclose(linear.spectral_radius(phi), [0.8], rtol=1e-14)


@pytest.mark.parametrize("density", [1.0, 0.3, 0.12])
@pytest.mark.parametrize("p", [1, 3])
def test_what_lies_on_no_cycle_does_not_change_the_radius(p: int, density: float) -> None:
    for seed in range(5):
        phi = _draw(p, 12, seed, density)
        assert abs(linear.spectral_radius(phi)[0] - _radius(phi[0])) < 1e-6 * max(1.0, _radius(phi[0]))


def test_a_graph_without_cycles_has_radius_exactly_zero() -> None:
    rng = np.random.default_rng(0)
    graphs = [networks.random_dag(40, 3, rng), networks.chain(40), np.zeros((40, 40))]
    phi = np.stack(graphs)[:, None] * rng.normal(scale=50.0, size=(3, 3, 40, 40))
    np.testing.assert_array_equal(linear.spectral_radius(phi), 0.0)
    np.testing.assert_array_equal(linear.scale_to_radius(phi, np.full(3, 0.9)), phi)


def test_a_long_cycle_is_feedback() -> None:
    cycle = networks.ring_unidirectional(30, 1) * 0.5
    np.testing.assert_allclose(linear.spectral_radius(cycle[None, None]), 0.5, rtol=1e-12)


@pytest.mark.parametrize("p", [1, 2, 3, 4, 5])
def test_scaling_reaches_the_radius_in_one_step(p: int) -> None:
    rhos = np.array([0.05, 0.5, 0.9, 0.999])
    phi = np.concatenate([_draw(p, 6, seed, 0.5) for seed in range(4)])
    for scaled, raw, rho in zip(linear.scale_to_radius(phi, rhos), phi, rhos, strict=True):
        assert abs(_radius(scaled) - rho) < 1e-10
        ratio = scaled[0][raw[0] != 0] / raw[0][raw[0] != 0]
        for lag in range(p):
            np.testing.assert_allclose(scaled[lag], raw[lag] * ratio[0] ** (lag + 1), rtol=1e-12)


@pytest.mark.parametrize("radius", [0.3, 0.9, 0.9999])
@pytest.mark.parametrize("p", [1, 3])
def test_the_stationary_covariance_solves_the_lyapunov_equation(p: int, radius: float) -> None:
    phi = linear.scale_to_radius(_draw(p, 4, 7), np.array([radius]))
    root = np.random.default_rng(1).standard_normal((4, 4))
    noise = linear.innovation_covariance((root @ root.T)[None], p)
    transition = linear.companion(phi)
    covariance = linear.stationary_covariance(transition, noise)[0]
    scale = covariance.max()
    residual = transition[0] @ covariance @ transition[0].T + noise[0] - covariance
    assert np.abs(residual).max() < 1e-12 * scale
    np.testing.assert_array_equal(covariance, covariance.T)
    np.testing.assert_allclose(covariance, solve_discrete_lyapunov(transition[0], noise[0]), atol=1e-8 * scale)


def test_a_stack_gives_what_each_gives_alone_bit_for_bit() -> None:
    raw = np.concatenate([_draw(2, 5, seed, 0.4) for seed in range(6)])
    rho = np.array([0.1, 0.999, 0.5, 0.9, 0.0, 0.7])
    phi = linear.scale_to_radius(raw, rho)
    transition = linear.companion(phi)
    noise = linear.innovation_covariance(np.repeat(np.eye(5)[None], 6, axis=0), 2)
    covariance = linear.stationary_covariance(transition, noise)
    acov = linear.autocovariances(transition, covariance, 5, 3)
    for b in range(6):
        one = slice(b, b + 1)
        np.testing.assert_array_equal(linear.scale_to_radius(raw[one], rho[one]), phi[one])
        np.testing.assert_array_equal(linear.stationary_covariance(transition[one], noise[one]), covariance[one])
        np.testing.assert_array_equal(linear.autocovariances(transition[one], covariance[one], 5, 3), acov[one])


def test_autocovariances_are_of_the_later_with_the_earlier() -> None:
    transition = np.array([[[0.5, 0.0], [0.4, 0.3]]])  # channel 0 drives channel 1
    covariance = linear.stationary_covariance(transition, np.eye(2)[None])
    acov = linear.autocovariances(transition, covariance, 2, 2)[0]
    for lag in range(6):
        expected = np.linalg.matrix_power(transition[0], 2 * lag) @ covariance[0]
        np.testing.assert_allclose(acov[lag], expected, rtol=1e-13)
    assert acov[1, 1, 0] > acov[1, 0, 1]


THETA = np.array([[1.0, -0.8, 0.0], [0.3, 2.0, 0.0], [-1.5, 0.0, 0.5]])
SIGMA = np.array([[1.0, 0.3, 0.0], [0.3, 2.0, -0.2], [0.0, -0.2, 0.5]])


@pytest.mark.parametrize("dt", [1e-3, 0.1, 1.0, 20.0])
def test_the_exact_step_agrees_with_the_lyapunov_form(dt: float) -> None:
    step, noise = linear.ou_step(THETA, SIGMA, dt)
    covariance = linear.ou_covariance(THETA, SIGMA)
    np.testing.assert_allclose(step, expm(-THETA * dt), rtol=0, atol=1e-13)
    np.testing.assert_allclose(noise, covariance - step @ covariance @ step.T, rtol=0, atol=1e-13)


def test_the_noise_of_a_tiny_step_keeps_its_digits() -> None:
    noise = linear.ou_step(THETA, SIGMA, 1e-12)[1]
    np.testing.assert_allclose(noise, SIGMA * 1e-12, rtol=1e-10, atol=1e-23)


def test_one_step_of_1_is_ten_of_a_tenth() -> None:
    step, noise = linear.ou_step(THETA, SIGMA, 1.0)
    small, small_noise = linear.ou_step(THETA, SIGMA, 0.1)
    total = np.zeros((3, 3))
    for _ in range(10):
        total = small @ total @ small.T + small_noise
    np.testing.assert_allclose(np.linalg.matrix_power(small, 10), step, rtol=0, atol=1e-12)
    np.testing.assert_allclose(total, noise, rtol=0, atol=1e-12)


def test_the_continuous_lyapunov_equation() -> None:
    covariance = linear.ou_covariance(THETA, SIGMA)
    np.testing.assert_allclose(THETA @ covariance + covariance @ THETA.T, SIGMA, rtol=0, atol=1e-13)
    assert np.abs(THETA.T @ covariance + covariance @ THETA - SIGMA).max() > 0.1
