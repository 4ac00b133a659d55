"""Matrix products whose bits do not depend on how many rows are multiplied at once."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

# BLAS picks its kernel by the number of rows, and kernels differ in the last bit. So every product has this many.
ROWS = 8


def rows_times(x: NDArray[np.float64], matrix: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return ``x @ matrix.T`` row by row: out[b, r, i] = sum_j matrix[b, i, j] x[b, r, j].

    Parameters
    ----------
    x : array of shape (B, R, n)
    matrix : array of shape (B, m, n) or (1, m, n)

    Returns
    -------
    array of shape (B, R, m)
        The same bits for a row whatever B and R are.
    """
    batch, rows, n = x.shape
    slices = -(-rows // ROWS)
    if rows % ROWS:
        padded = np.zeros((batch, slices * ROWS, n))  # (B, R padded, n)
        padded[:, :rows] = x
        x = padded
    stacked = np.ascontiguousarray(x).reshape(batch, slices, ROWS, n)
    product = stacked @ matrix.swapaxes(-1, -2)[:, None]  # (B, slices, ROWS, m)
    return product.reshape(batch, slices * ROWS, matrix.shape[-2])[:, :rows]
