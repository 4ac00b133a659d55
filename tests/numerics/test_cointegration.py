from __future__ import annotations

import numpy as np
import pytest

from pymts.numerics import cointegration, linear


@pytest.mark.parametrize(("m", "r", "p"), [(2, 1, 1), (5, 2, 2), (4, 3, 4), (3, 0, 2), (3, 0, 1)])
def test_the_triangular_system_is_its_error_correction(m: int, r: int, p: int) -> None:
    rng = np.random.default_rng(m)
    weights, response = rng.standard_normal((1, r, m - r)), rng.standard_normal((1, p, m, m))
    response[:, -1, :, r:] = 0.0
    from_levels = np.eye(m)
    from_levels[:r, r:] = -weights[0]
    own = linear.spectral_radius(from_levels @ response)  # so nothing is scaled
    alpha, beta, gamma = cointegration.triangular_system(weights, response, own)
    np.testing.assert_array_equal(beta[0], from_levels[:r].T)
    x = rng.standard_normal((p + 1, m))  # newest first
    u, dx = x @ beta[0], x[:-1] - x[1:]
    follows = np.concatenate([weights[0] @ x[0, r:], x[0, r:]])
    for k in range(p):
        follows += response[0, k] @ np.concatenate([u[k], dx[k, r:]])
    corrected = x[0] + alpha[0] @ u[0] + sum((gamma[0, k] @ dx[k] for k in range(p - 1)), start=np.zeros(m))
    np.testing.assert_allclose(corrected, follows, rtol=0, atol=1e-12)
    in_levels = sum(phi @ past for phi, past in zip(cointegration.levels(alpha, beta, gamma)[0], x[:p], strict=True))
    np.testing.assert_allclose(in_levels, follows, rtol=0, atol=1e-12)


def test_lag_k_is_scaled_by_the_power_k() -> None:
    rng = np.random.default_rng(0)
    weights, response = rng.standard_normal((2, 2, 3)), rng.standard_normal((2, 3, 5, 5))
    for rho in (0.4, 0.9):
        system = cointegration.triangular_system(weights, response, np.full(2, rho))
        transition, _ = cointegration.stationary_part(*system)
        assert transition.shape == (2, 12, 12)
        np.testing.assert_allclose(np.abs(np.linalg.eigvals(transition)).max(axis=1), rho, rtol=0, atol=1e-12)


def test_the_stationary_part_advances_as_the_equation_does() -> None:
    rng = np.random.default_rng(1)
    (alpha, beta), gamma = rng.standard_normal((2, 1, 4, 2)), rng.standard_normal((1, 3, 4, 4))
    transition, enters = cointegration.stationary_part(alpha, beta, gamma)
    x, noise = rng.standard_normal((4, 4)), rng.standard_normal(4)
    dx = x[:-1] - x[1:]
    new = alpha[0] @ beta[0].T @ x[0] + sum(gamma[0, k] @ dx[k] for k in range(3)) + noise
    state = np.concatenate([beta[0].T @ x[0], dx.ravel()])
    expected = np.concatenate([beta[0].T @ (x[0] + new), new, dx[:2].ravel()])
    np.testing.assert_allclose(transition[0] @ state + enters[0] @ noise, expected, rtol=0, atol=1e-12)
