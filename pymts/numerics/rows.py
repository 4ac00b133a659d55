"""Products of many rows with a matrix, each sum in the order of its terms."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from pymts.numerics.groups import each_group
from pymts.numerics.portable.compiled import kernel

Array = NDArray[np.float64]

# Rows that are worked on at once.
PIECE = 2**16


@kernel
def _times_into(x: Array, transposed: Array, out: Array) -> None:
    """Write x @ transposed, (rows, n) and (n, m) to (rows, m); every sum begins with its first product."""
    rows, n = x.shape
    for r in range(rows):
        line = out[r]
        line[:] = 0.0
        for j in range(n):
            factor, terms = x[r, j], transposed[j]
            for i in range(line.size):
                line[i] += factor * terms[i]


@kernel
def _coloured(x: Array, factor: Array, centre: Array) -> None:
    """Put centre + factor x in the place of each row of x (rows, n); the factor is lower triangular, or a diagonal."""
    rows, n = x.shape
    for r in range(rows):
        line = x[r]
        if factor.shape[0] == 1:
            for i in range(n):
                line[i] = centre[i] + factor[0, i] * line[i]
        else:
            for i in range(n - 1, -1, -1):
                total = centre[i]
                for j in range(i + 1):
                    total += factor[i, j] * line[j]
                line[i] = total


def coloured(noise: Array, factor: Array, centre: Array) -> Array:
    """Put centre + factor z in the place of each step z of noise, on all cores; return it.

    Parameters
    ----------
    noise : array of shape (B, R, steps, M)
    factor : array of shape (B, M, M), lower triangular
    centre : array of shape (B, M)
    """
    diagonal = not np.tril(factor, -1).any()
    each = np.diagonal(factor, axis1=1, axis2=2)[:, None].copy() if diagonal else factor

    def work(b: int, rows: slice) -> Iterator[None]:
        for r in range(rows.start, rows.stop):
            for first in range(0, noise.shape[2], PIECE):
                _coloured(noise[b, r, first : first + PIECE], each[b], centre[b])
                yield

    each_group(work, noise.shape[0], noise.shape[1], noise[0, 0].size if noise.size else 0)
    return noise


def rows_times(x: Array, matrix: Array) -> Array:
    """Return ``x @ matrix.T`` row by row: out[b, r, i] = sum_j matrix[b, i, j] x[b, r, j], in ascending order of j.

    Parameters
    ----------
    x : array of shape (B, R, n)
    matrix : array of shape (B, m, n) or (1, m, n)

    Returns
    -------
    array of shape (B, R, m)
    """
    out = np.empty((*x.shape[:2], matrix.shape[-2]))
    for b in range(len(x)):
        transposed = np.ascontiguousarray(matrix[b if len(matrix) > 1 else 0].T)
        _times_into(np.ascontiguousarray(x[b]), transposed, out[b])
    return out
