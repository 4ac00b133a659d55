"""Eigenvalues: of matrices that have known ones, and as well as LAPACK finds them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from pymts.numerics.portable.eigen import eigenvalues, largest_modulus

Array = NDArray[np.float64]
EPS = np.finfo(float).eps


def distance(found: Array, expected: Array) -> float:
    """Return the largest distance after each found value has met the nearest one that is left."""
    left, worst = list(expected), 0.0
    for value in found:
        nearest = int(np.argmin([abs(value - other) for other in left]))
        worst = max(worst, abs(value - left.pop(nearest)))
    assert not left
    return worst


@pytest.mark.parametrize("n", [1, 2, 3, 4, 5, 8, 20, 60, 150])
def test_random_matrices(n: int) -> None:
    matrices = np.random.default_rng(n).standard_normal((4, n, n))
    for matrix, values in zip(matrices, eigenvalues(matrices), strict=True):
        # Both are exact for a matrix nearby; Gaussian matrices have eigenvalues with a condition of order n.
        assert distance(values, np.linalg.eigvals(matrix)) <= 100 * n * EPS * np.linalg.norm(matrix)
        np.testing.assert_allclose(values.sum(), np.trace(matrix), rtol=0, atol=10 * n * EPS * np.linalg.norm(matrix))
        assert distance(values, values.conj()) == 0  # pairs


@pytest.mark.parametrize("n", [2, 5, 20, 100])
def test_symmetric_and_orthogonal_matrices_are_exact_to_rounding(n: int) -> None:
    raw = np.random.default_rng(n).standard_normal((n, n))
    symmetric, orthogonal = raw + raw.T, np.linalg.qr(raw)[0]
    found = eigenvalues(symmetric)
    assert not found.imag.any()
    scale = np.abs(np.linalg.eigvalsh(symmetric)).max()
    assert np.abs(np.sort(found.real) - np.linalg.eigvalsh(symmetric)).max() <= 10 * n * EPS * scale
    np.testing.assert_allclose(np.abs(eigenvalues(orthogonal)), 1, rtol=0, atol=20 * n * EPS)
    np.testing.assert_allclose(largest_modulus(3 * orthogonal), 3, rtol=20 * n * EPS)


def test_matrices_with_known_eigenvalues() -> None:
    turn = np.eye(6, k=-1) + np.eye(6, k=5)  # roots of unity: QR steps without a special shift go round in circles
    assert distance(eigenvalues(turn), np.exp(2j * np.pi * np.arange(6) / 6)) < 1e-14
    companion = np.eye(5, k=-1)
    companion[0] = -np.poly([0.9, -0.5, 0.3, 0.1 + 0.2j, 0.1 - 0.2j]).real[1:]
    assert distance(eigenvalues(companion), [0.9, -0.5, 0.3, 0.1 + 0.2j, 0.1 - 0.2j]) < 1e-13
    for triangular in (np.triu(np.ones((4, 4))), np.diag([1.0, -2.0, 0.0, 5.0]), np.eye(4, k=1), np.zeros((3, 3))):
        assert distance(eigenvalues(triangular), np.diag(triangular)) == 0
    scaled = np.array([[1.0, 1e12, 0.0], [1e-12, 2.0, 1e9], [0.0, 1e-9, 3.0]])  # balanced: [[1, 1, 0], [1, 2, 1], ...
    plain = np.array([[1.0, 1.0, 0.0], [1.0, 2.0, 1.0], [0.0, 1.0, 3.0]])
    np.testing.assert_allclose(np.sort(eigenvalues(scaled).real), np.linalg.eigvalsh(plain), rtol=1e-13)
    # Of a defective pair the error is the root of a rounding error.
    assert np.abs(eigenvalues(np.array([[2.0, 1.0], [0.0, 2.0]])) - 2).max() == 0
    assert eigenvalues(np.zeros((2, 0, 0))).shape == (2, 0)


@given(arrays(float, (4, 4), elements=st.sampled_from([-2.0, -1.0, 0.0, 1.0, 2.0])))
def test_small_whole_matrices(matrix: Array) -> None:
    found = eigenvalues(matrix)
    # The characteristic polynomial at each is as small as perturbations of the matrix make it.
    values = [abs(np.linalg.det(matrix - value * np.eye(4))) for value in found]
    assert max(values) < 1e-10
    assert distance(found, np.linalg.eigvals(matrix)) < 5e-3  # a fourfold root is as exact as eps^(1/4)


def test_what_is_not_finite_is_told() -> None:
    with pytest.raises(np.linalg.LinAlgError, match="not finite"):
        eigenvalues(np.array([[np.nan, 0.0], [0.0, 1.0]]))
