"""Matrix products whose bits do not depend on how many rows are multiplied at once."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

# BLAS picks its kernel by the number of rows, and kernels differ in the last bit. So every product has this many.
ROWS = 8


def rows_times(x: NDArray[np.float64], matrix: NDArray[np.float64], rows: int = ROWS) -> NDArray[np.float64]:
    """Return ``x @ matrix.T`` row by row: out[b, r, i] = sum_j matrix[b, i, j] x[b, r, j].

    Parameters
    ----------
    x : array of shape (B, R, n)
    matrix : array of shape (B, m, n) or (1, m, n)
    rows : rows of one product; more of them suit many short rows

    Returns
    -------
    array of shape (B, R, m)
        The same bits for a row whatever B and R are.
    """
    batch, total, n = x.shape
    slices = -(-total // rows)
    if total % rows:
        padded = np.zeros((batch, slices * rows, n))  # (B, R padded, n)
        padded[:, :total] = x
        x = padded
    stacked = np.ascontiguousarray(x).reshape(batch, slices, rows, n)
    product = stacked @ matrix.swapaxes(-1, -2)[:, None]  # (B, slices, rows, m)
    return product.reshape(batch, slices * rows, matrix.shape[-2])[:, :total]
