"""Covariances and their factors."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pymts.numerics.portable.dense import cholesky_of, product

Array = NDArray[np.float64]


def cholesky(covariance: Array) -> Array:
    """Return the lower-triangular L with L L' = covariance, for positive semidefinite matrices (..., n, n).

    The sign and the order of the columns are the same on every machine, and a singular covariance is allowed.

    Raises
    ------
    ValueError
        If a matrix is not symmetric or not positive semidefinite.
    """
    scale = np.abs(covariance).max(axis=(-2, -1), keepdims=True, initial=0.0)
    if np.any(np.abs(covariance - covariance.swapaxes(-1, -2)) > 1e-10 * scale):
        raise ValueError("a covariance must be symmetric; give (S + S.T) / 2")
    variance = np.diagonal(covariance, axis1=-2, axis2=-1)  # (..., n)
    factor = cholesky_of(covariance)
    deviation = np.sqrt(np.abs(variance))
    tolerance = 1e-8 * deviation[..., :, None] * deviation[..., None, :] + 1e-12 * scale
    if np.any(np.abs(product(factor, factor.swapaxes(-1, -2)) - covariance) > tolerance):
        raise ValueError("a covariance must be positive semidefinite; this one has a negative eigenvalue")
    return factor
