"""Covariances and their factors."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

# A pivot this small against its own variance is rounding: the matrix is singular there, which is allowed.
RELATIVE_PIVOT = 1e-12
TINY = np.finfo(np.float64).tiny


def cholesky(covariance: Array) -> Array:
    """Return the lower-triangular L with L L' = covariance, for positive semidefinite matrices (..., n, n).

    Column by column with NumPy alone: the sign and the order of the columns are then the same on every machine,
    which LAPACK's decompositions and ``multivariate_normal`` do not promise, and a singular covariance is allowed.

    Raises
    ------
    ValueError
        If a matrix is not symmetric or not positive semidefinite.
    """
    scale = np.abs(covariance).max(axis=(-2, -1), keepdims=True, initial=0.0)
    if np.any(np.abs(covariance - covariance.swapaxes(-1, -2)) > 1e-10 * scale):
        raise ValueError("a covariance must be symmetric; give (S + S.T) / 2")
    variance = np.diagonal(covariance, axis1=-2, axis2=-1)  # (..., n)
    least = RELATIVE_PIVOT * variance
    factor = np.zeros_like(covariance, dtype=np.float64)
    rest = np.array(covariance, dtype=np.float64)  # what is left to explain
    for j in range(covariance.shape[-1]):
        pivot = rest[..., j, j]
        inverse = (pivot > least[..., j]) / np.sqrt(np.maximum(pivot, TINY))
        column = np.multiply(rest[..., j:, j], inverse[..., None], out=factor[..., j:, j])[..., 1:]
        tail = rest[..., j + 1 :, j + 1 :]
        tail -= column[..., :, None] * column[..., None, :]
    deviation = np.sqrt(np.abs(variance))
    tolerance = 1e-8 * deviation[..., :, None] * deviation[..., None, :] + 1e-12 * scale
    if np.any(np.abs(factor @ factor.swapaxes(-1, -2) - covariance) > tolerance):
        raise ValueError("a covariance must be positive semidefinite; this one has a negative eigenvalue")
    return factor
