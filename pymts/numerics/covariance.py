"""Covariances and their factors."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

# A pivot this small against the diagonal is rounding: the matrix is singular there, which is allowed.
RELATIVE_PIVOT = 1e-12


def cholesky(covariance: Array) -> Array:
    """Return the lower-triangular L with L L' = covariance, for a positive semidefinite matrix (n, n).

    Column by column with NumPy alone: the sign and the order of the columns are then the same on every machine,
    which LAPACK's decompositions and ``multivariate_normal`` do not promise, and a singular covariance is allowed.

    Raises
    ------
    ValueError
        If the matrix is not symmetric or not positive semidefinite.
    """
    if not np.allclose(covariance, covariance.T, rtol=1e-10, atol=1e-12 * np.abs(covariance).max(initial=0.0)):
        raise ValueError("a covariance must be symmetric; give (S + S.T) / 2")
    n = covariance.shape[0]
    factor = np.zeros((n, n))
    threshold = RELATIVE_PIVOT * np.abs(np.diag(covariance)).max(initial=0.0)
    rest = np.array(covariance, dtype=np.float64)  # what is left to explain
    for j in range(n):
        pivot = rest[j, j]
        if pivot < -threshold or (pivot <= threshold and np.abs(rest[j + 1 :, j]).max(initial=0.0) > 1e-5 * max(
            np.sqrt(threshold * np.abs(np.diag(covariance)).max(initial=0.0)), threshold
        )):
            raise ValueError("a covariance must be positive semidefinite; it has a negative eigenvalue")
        if pivot <= threshold:
            continue
        factor[j:, j] = rest[j:, j] / np.sqrt(pivot)
        rest[j:, j:] -= np.outer(factor[j:, j], factor[j:, j])
    return factor
