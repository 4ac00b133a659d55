"""Cholesky factor of a covariance over time in tiles, whose bits do not depend on how long the time is.

A longer time has the rows of a shorter one and more below them.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from pymts.numerics.portable.dense import cholesky_of, lower_solve, product

Array = NDArray[np.float64]

TILE = 64


def factor_rows(covariance: Callable[[Array, Array], Array], tiles: int, jitter: float) -> list[Array]:
    """Return the rows of L, L L' = K + jitter diag K, a tile high each: row i has the shape (TILE, (i + 1) TILE).

    Parameters
    ----------
    covariance : the values between times (n,) and times (m,), (n, m)
    tiles : how many tiles of times 0, 1, 2 ... there are
    jitter : relative to the variance; keeps smooth covariances positive definite in rounded numbers

    Raises
    ------
    numpy.linalg.LinAlgError
        If the covariance is not positive definite.
    """
    rows: list[Array] = []
    for i in range(tiles):
        here = TILE * i + np.arange(TILE, dtype=np.float64)
        row = covariance(here, np.arange(TILE * (i + 1), dtype=np.float64))
        own = row[:, TILE * i :]
        own[np.arange(TILE), np.arange(TILE)] *= 1.0 + jitter
        for j in range(i):
            before, tile = slice(0, TILE * j), slice(TILE * j, TILE * (j + 1))
            rest = row[:, tile] - product(row[:, before], rows[j][:, before].T)
            row[:, tile] = lower_solve(rows[j][:, tile], rest.T).T
        before = slice(0, TILE * i)
        own -= product(row[:, before], row[:, before].T)
        factor = cholesky_of(own)
        if not (np.diagonal(factor) > 0).all():
            raise np.linalg.LinAlgError("a covariance is not positive definite")
        row[:, TILE * i :] = factor
        rows.append(row)
    return rows


def times_columns(rows: list[Array], z: Array) -> Array:
    """Return L z, (n, columns), for z (n, columns) with n the size of L; the same bits however many columns."""
    out = np.empty_like(z)
    for i, row in enumerate(rows):
        out[TILE * i : TILE * (i + 1)] = product(row, z[: row.shape[1]])
    return out
