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
    scale = np.abs(covariance).max(initial=0.0)
    if np.abs(covariance - covariance.T).max(initial=0.0) > 1e-10 * scale:
        raise ValueError("a covariance must be symmetric; give (S + S.T) / 2")
    factor = np.zeros_like(covariance, dtype=np.float64)
    rest = np.array(covariance, dtype=np.float64)  # what is left to explain
    for j in range(covariance.shape[0]):
        pivot = rest[j, j]
        if pivot > RELATIVE_PIVOT * scale:
            factor[j:, j] = rest[j:, j] / np.sqrt(pivot)
            rest[j:, j:] -= np.outer(factor[j:, j], factor[j:, j])
    if np.abs(factor @ factor.T - covariance).max(initial=0.0) > 1e-8 * scale:
        raise ValueError("a covariance must be positive semidefinite; this one has a negative eigenvalue")
    return factor
