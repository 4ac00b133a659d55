"""Dense matrices: sums in one order, and what each routine is defined by."""

from __future__ import annotations

import mpmath
import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.linalg import expm

from pymts.numerics.portable.dense import cholesky_of, exponential, power, product, solve, times

Array = NDArray[np.float64]
EPS = np.finfo(float).eps
SIZES = [1, 2, 3, 8, 17, 65, 130]


def in_order(a: Array, b: Array) -> Array:
    """Return a @ b, term by term."""
    out = np.zeros((*np.broadcast_shapes(a.shape[:-2], b.shape[:-2]), a.shape[-2], b.shape[-1]))
    for k in range(a.shape[-1]):
        out += a[..., :, k, None] * b[..., None, k, :]
    return out


@pytest.mark.parametrize("n", SIZES)
def test_products_add_their_terms_in_order(n: int) -> None:
    rng = np.random.default_rng(n)
    a, b = rng.standard_normal((3, 4, n)), rng.standard_normal((3, n, 5))
    np.testing.assert_array_equal(product(a, b), in_order(a, b))
    np.testing.assert_array_equal(product(a[0], b[0]), in_order(a[0], b[0]))
    np.testing.assert_array_equal(product(a[0], b), in_order(a[:1], b))
    np.testing.assert_array_equal(product(a[:, None], b[None]), in_order(a[:, None], b[None]))
    np.testing.assert_array_equal(product(b.swapaxes(1, 2), a.swapaxes(1, 2)), in_order(a, b).swapaxes(1, 2))
    np.testing.assert_array_equal(times(a, b[..., 0]), in_order(a, b[..., :1])[..., 0])


def test_products_of_nothing_are_zero() -> None:
    assert product(np.ones((2, 3, 0)), np.ones((2, 0, 4))).tolist() == np.zeros((2, 3, 4)).tolist()
    assert product(np.ones((2, 0, 3)), np.ones((2, 3, 4))).shape == (2, 0, 4)


def test_powers_are_products() -> None:
    a = np.random.default_rng(0).standard_normal((2, 3, 3))
    np.testing.assert_array_equal(power(a, 0), np.broadcast_to(np.eye(3), (2, 3, 3)))
    expected = np.eye(3)
    for n in range(1, 12):
        expected = expected @ a
        np.testing.assert_allclose(power(a, n), expected, rtol=0, atol=1e-13 * np.abs(expected).max())


@pytest.mark.parametrize("n", SIZES)
def test_solutions_solve(n: int) -> None:
    rng = np.random.default_rng(n)
    a, b = rng.standard_normal((2, n, n)), rng.standard_normal((2, n, 3))
    before = a.copy(), b.copy()
    x = solve(a, b)
    np.testing.assert_array_equal(a, before[0])
    np.testing.assert_array_equal(b, before[1])
    # The residual of elimination with pivots, whatever the condition: a growth of 8 is more than these matrices have.
    size = np.abs(a).sum(axis=2).max() * np.abs(x).max()
    assert np.abs(a @ x - b).max() <= 8 * n * EPS * size
    np.testing.assert_array_equal(solve(a, np.eye(n))[1], solve(a[1], np.eye(n)))


def test_pivots_are_looked_for_and_a_singular_matrix_is_told() -> None:
    turned = np.array([[0.0, 2.0], [1.0, 0.0]])
    np.testing.assert_array_equal(solve(turned, np.eye(2)), [[0.0, 1.0], [0.5, 0.0]])
    tiny = np.array([[1e-20, 1.0], [1.0, 1.0]])
    np.testing.assert_allclose(solve(tiny, np.array([[1.0], [2.0]])), [[1.0], [1.0]], rtol=EPS)
    with pytest.raises(np.linalg.LinAlgError, match="singular"):
        solve(np.ones((2, 2)), np.eye(2))


@pytest.mark.parametrize("n", SIZES)
@pytest.mark.parametrize("rank", ["full", "half"])
def test_factors_give_the_covariance_back(n: int, rank: str) -> None:
    root = np.random.default_rng(n).standard_normal((2, n, n if rank == "full" else -(-n // 2)))
    covariance = root @ root.swapaxes(1, 2)
    factor = cholesky_of(covariance)
    assert not np.triu(factor, 1).any()
    assert (np.diagonal(factor, axis1=1, axis2=2) >= 0).all()
    np.testing.assert_allclose(factor @ factor.swapaxes(1, 2), covariance, rtol=0, atol=1e-9 * np.abs(covariance).max())
    if rank == "full":
        np.testing.assert_allclose(factor, np.linalg.cholesky(covariance), rtol=0, atol=1e-10 * n)


@pytest.mark.parametrize("n", [1, 2, 5, 20])
@pytest.mark.parametrize("size", [1e-3, 1.0, 30.0])
def test_exponentials_are_those_of_scipy_and_of_many_digits(n: int, size: float) -> None:
    a = np.random.default_rng(n).standard_normal((n, n))
    a *= size / np.abs(a).sum(axis=1).max()
    found = exponential(a)
    np.testing.assert_allclose(found, expm(a), rtol=0, atol=1e-12 * np.abs(found).max())
    if n <= 5:
        with mpmath.workdps(50):
            exact = np.array(mpmath.expm(mpmath.matrix(a.tolist())).tolist(), dtype=float)
        assert np.abs(found - exact).max() <= 20 * max(size, 1.0) * EPS * np.abs(exact).max()
    np.testing.assert_array_equal(exponential(np.stack([a, a])), np.stack([found, found]))


def test_the_exponential_of_a_rotation_is_its_angle() -> None:
    for angle in (0.0, 0.3, 2.0, 20.0):
        found = exponential(np.array([[0.0, -angle], [angle, 0.0]]))
        expected = [[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]
        np.testing.assert_allclose(found, expected, rtol=0, atol=1e-14 * max(1.0, angle))
