"""Lyapunov exponents where they are known: linear and one-dimensional maps, constant and zero traces."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from pymts.numerics.lyapunov import local_exponents, mean_and_error, tangent_flow, tangent_map

Array = NDArray[np.float64]
EPS = np.finfo(float).eps


def starts(n: int, dimension: int, scale: float = 1.0) -> Array:
    return scale * np.random.default_rng(5).standard_normal((n, dimension))


def constant(matrix: Array) -> tuple[object, object]:
    return (lambda x: x @ matrix.T), (lambda x: np.broadcast_to(matrix, (len(x), *matrix.shape)))


MATRIX = np.array([[0.5, 2.0, 0.0], [0.0, 3.0, 1.0], [0.0, 0.0, -0.2]])


def test_of_a_linear_map_they_are_the_logarithms_of_its_eigenvalues_largest_first() -> None:
    steps = 400
    local = local_exponents(tangent_map(*constant(MATRIX)), np.zeros((2, 3)), 3, n_steps=steps, transient=200)
    # Tangents turn at the ratio of the eigenvalues, 1/6 a step; 200 steps of it are below rounding.
    np.testing.assert_allclose(local, [np.log([3.0, 0.5, 0.2])] * 2, atol=10 * EPS * steps)


def test_of_a_linear_flow_they_are_the_real_parts_of_its_eigenvalues() -> None:
    matrix = np.array([[-0.3, -2.0, 0.0], [2.0, -0.3, 1.0], [0.0, 0.0, 0.4]])
    dt = 0.01
    local = local_exponents(
        tangent_flow(*constant(matrix), dt), np.zeros((1, 3)), 3, n_steps=10_000, transient=3000, dt=dt
    )
    mean = local[0]
    # The rotation makes the two equal exponents wobble within one turn: their mean is what is exact.
    np.testing.assert_allclose([mean[0], mean[1:].mean()], [0.4, -0.3], atol=1e-9)
    np.testing.assert_allclose(mean[1:], -0.3, atol=2.0 / 100)


def test_fewer_exponents_are_the_largest_of_all() -> None:
    step = tangent_map(*constant(MATRIX))
    all_three, one = (local_exponents(step, np.zeros((1, 3)), k, n_steps=300, transient=100) for k in (3, 1))
    np.testing.assert_array_equal(one, all_three[:, :1])


def test_of_the_logistic_map_it_is_the_logarithm_of_two() -> None:
    angles = np.random.default_rng(3).random((400, 1))
    step = tangent_map(lambda x: 4 * x * (1 - x), lambda x: (4 * (1 - 2 * x))[..., None])
    mean, error = mean_and_error(local_exponents(step, np.sin(np.pi * angles / 2) ** 2, 1, n_steps=1000, transient=100))
    # ln|f'| of the conjugate tent map's orbit is a coboundary apart from ln 2, so the error falls as 1 / steps.
    assert error[0] < 3e-4
    assert abs(mean[0] - np.log(2)) < 5 * error[0]


def test_of_the_henon_map_they_sum_to_the_logarithm_of_its_determinant() -> None:
    a, b = 1.4, 0.3

    def jacobian(x: Array) -> Array:
        out = np.zeros((len(x), 2, 2))
        out[:, 0, 0], out[:, 0, 1], out[:, 1, 0] = -2 * a * x[:, 0], 1.0, b
        return out

    step = tangent_map(lambda x: np.stack([1 - a * x[:, 0] ** 2 + x[:, 1], b * x[:, 0]], axis=1), jacobian)
    local = local_exponents(step, starts(100, 2, 0.1), 2, n_steps=2000, transient=100)
    np.testing.assert_allclose(local.sum(axis=1), np.log(b), atol=100 * EPS)
    mean, error = mean_and_error(local)
    # 0.41922 is the accepted value (Sprott 2003); the error is over the initial conditions.
    assert error[0] < 1e-3
    assert abs(mean[0] - 0.41922) < 5 * error[0]


def lorenz(s: Array) -> Array:
    x, y, z = s.T
    return np.stack([10 * (y - x), x * (28 - z) - y, x * y - 8 / 3 * z], axis=1)


def lorenz_jacobian(x: Array) -> Array:
    out = np.zeros((len(x), 3, 3))
    out[:, 0, 0], out[:, 0, 1] = -10.0, 10.0
    out[:, 1, 0], out[:, 1, 1], out[:, 1, 2] = 28 - x[:, 2], -1.0, -x[:, 0]
    out[:, 2, 0], out[:, 2, 1], out[:, 2, 2] = x[:, 1], x[:, 0], -8 / 3
    return out


def test_of_a_flow_they_sum_to_its_divergence_and_one_is_zero() -> None:
    dt = 0.01
    local = local_exponents(
        tangent_flow(lorenz, lorenz_jacobian, dt), starts(20, 3), 3, n_steps=10_000, transient=2000, dt=dt, every=5
    )
    mean, error = mean_and_error(local)
    # RK4 keeps the volume to (rate dt)^5 / 120 a step, with rates up to 20: 1e-4 of the sum.
    np.testing.assert_allclose(local.sum(axis=1), -(10 + 1 + 8 / 3), atol=2e-3)
    # Along the flow the exponent falls as 1 / time: (ln of a ratio of speeds) / 50.
    assert abs(mean[1]) < 5 / 50
    assert abs(mean[0] - 0.9057) < 5 * error[0] + 1e-3


def test_of_a_hamiltonian_flow_they_come_in_pairs_of_opposite_sign() -> None:
    """Henon and Heiles at an energy where most orbits are chaotic."""

    def field(s: Array) -> Array:
        x, y, u, v = s.T
        return np.stack([u, v, -x - 2 * x * y, -y - x * x + y * y], axis=1)

    def jacobian(s: Array) -> Array:
        x, y = s[:, 0], s[:, 1]
        out = np.zeros((len(s), 4, 4))
        out[:, 0, 2] = out[:, 1, 3] = 1.0
        out[:, 2, 0], out[:, 2, 1] = -1 - 2 * y, -2 * x
        out[:, 3, 0], out[:, 3, 1] = -2 * x, -1 + 2 * y
        return out

    dt, steps = 0.1, 5000
    x = np.array([[0.0, -0.1, 0.49, 0.0], [0.0, 0.1, 0.45, 0.1]])
    local = local_exponents(tangent_flow(field, jacobian, dt), x, 4, n_steps=steps, transient=200, dt=dt, every=5)
    np.testing.assert_allclose(local.sum(axis=1), 0.0, atol=1e-4)  # the divergence is 0: only RK4's error is left
    np.testing.assert_allclose(local[:, 0], -local[:, 3], atol=5 * np.log(steps * dt) / (steps * dt))


def test_of_an_area_preserving_map_they_sum_to_zero() -> None:
    k = 7.0

    def step(x: Array) -> Array:
        p = x[:, 1] + k * np.sin(x[:, 0])
        return np.stack([np.mod(x[:, 0] + p, 2 * np.pi), np.mod(p, 2 * np.pi)], axis=1)

    def jacobian(x: Array) -> Array:
        kick = k * np.cos(x[:, 0])
        return np.stack([np.stack([1 + kick, np.ones_like(kick)], 1), np.stack([kick, np.ones_like(kick)], 1)], 1)

    local = local_exponents(
        tangent_map(step, jacobian), 2 * np.pi * np.random.default_rng(1).random((200, 2)), 2, n_steps=500, transient=50
    )
    np.testing.assert_allclose(local.sum(axis=1), 0.0, atol=1e-12)
    mean, error = mean_and_error(local)
    assert abs(mean[0] - np.log(k / 2)) < 5 * error[0] + 1 / k**2  # Chirikov: ln(k / 2), up to terms of order 1 / k^2


def test_steps_must_fill_whole_intervals() -> None:
    with pytest.raises(ValueError, match="multiples of every = 3, got 10 and 0"):
        local_exponents(tangent_map(*constant(MATRIX)), np.zeros((1, 3)), 3, n_steps=10, transient=0, every=3)
