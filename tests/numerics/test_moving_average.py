from __future__ import annotations

import numpy as np
import pytest
from scipy.linalg import solve_discrete_lyapunov

from pymts.numerics import linear
from pymts.numerics.moving_average import state_space


@pytest.mark.parametrize(("p", "q"), [(1, 0), (1, 2), (3, 1)])
def test_the_state_advances_as_the_equation_does(p: int, q: int) -> None:
    rng, m = np.random.default_rng(3), 2
    phi = linear.scale_to_radius(rng.standard_normal((1, p, m, m)), np.array([0.8]))
    theta = rng.standard_normal((1, q + 1, m, m))
    transition, incoming = state_space(phi, theta)
    x, z = rng.standard_normal((p, m)), rng.standard_normal((q, m))  # newest first
    after = transition[0] @ np.concatenate([x.ravel(), z.ravel()])
    newest = sum(phi[0, k] @ x[k] for k in range(p)) + sum((theta[0, k + 1] @ z[k] for k in range(q)), start=0)
    expected = [newest, *x[:-1], *([np.zeros(m), *z[:-1]] if q else [])]
    np.testing.assert_allclose(after, np.concatenate(expected), rtol=0, atol=1e-14)
    enters = np.concatenate([theta[0, 0], np.zeros(((p - 1) * m, m)), np.eye(q * m, m)])
    np.testing.assert_array_equal(incoming[0], enters @ enters.T)
    covariance = linear.stationary_covariance(transition, incoming)[0]
    np.testing.assert_allclose(covariance, solve_discrete_lyapunov(transition[0], incoming[0]), rtol=0, atol=1e-11)
    np.testing.assert_allclose(covariance[p * m :, p * m :], np.eye(q * m), rtol=0, atol=1e-14)  # the noise is white
