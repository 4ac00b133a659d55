from __future__ import annotations

import numpy as np
import pytest

from pymts.numerics.covariance import cholesky


def _covariance(n: int, rank: int, seed: int) -> np.ndarray:
    root = np.random.default_rng(seed).standard_normal((n, rank))
    return root @ root.T


@pytest.mark.parametrize("n", [1, 2, 5, 30])
def test_the_factor_is_lower_triangular_and_gives_the_matrix_back(n: int) -> None:
    covariance = _covariance(n, n + 2, n)
    factor = cholesky(covariance)
    np.testing.assert_allclose(factor @ factor.T, covariance, rtol=0, atol=1e-12 * covariance.max())
    np.testing.assert_array_equal(factor, np.tril(factor))
    assert (np.diagonal(factor) > 0).all()
    np.testing.assert_allclose(factor, np.linalg.cholesky(covariance), rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("rank", [0, 1, 3])
def test_a_singular_matrix_is_allowed(rank: int) -> None:
    covariance = _covariance(6, rank, 1)
    factor = cholesky(covariance)
    np.testing.assert_allclose(factor @ factor.T, covariance, rtol=0, atol=1e-10)
    assert (np.abs(factor).max(axis=0) > 0).sum() == rank


def test_small_variances_beside_large_ones_are_kept() -> None:
    deviations = np.array([1.0, 1e-9, 1e6])
    correlation = np.array([[1.0, 0.5, 0.2], [0.5, 1.0, -0.3], [0.2, -0.3, 1.0]])
    factor = cholesky(correlation * np.outer(deviations, deviations))
    np.testing.assert_allclose(factor, cholesky(correlation) * deviations[:, None], rtol=1e-12)


def test_a_stack_gives_what_each_gives_alone_bit_for_bit() -> None:
    stack = np.stack([_covariance(5, rank, rank) for rank in (5, 2, 9)])
    for factor, covariance in zip(cholesky(stack), stack, strict=True):
        np.testing.assert_array_equal(factor, cholesky(covariance))


def test_what_is_no_covariance_is_refused() -> None:
    with pytest.raises(ValueError, match="symmetric"):
        cholesky(np.array([[1.0, 0.2], [0.3, 1.0]]))
    for matrix in ([[1.0, 2.0], [2.0, 1.0]], [[1.0, 0.0], [0.0, -1e-9]], [[0.0, 1.0], [1.0, 0.0]]):
        with pytest.raises(ValueError, match="positive semidefinite"):
            cholesky(np.array(matrix))
    with pytest.raises(ValueError, match="positive semidefinite"):
        cholesky(np.stack([np.eye(2), -np.eye(2)]))
