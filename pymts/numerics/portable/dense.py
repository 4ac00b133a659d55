"""Dense matrices: products, factors and solutions, with one order of operations on every machine.

Every sum runs over its terms in ascending order, whatever is computed beside it. Functions take stacks of matrices.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from pymts.numerics.portable.bits import square_root
from pymts.numerics.portable.compiled import kernel

Array = NDArray[np.float64]
Index = NDArray[np.int64]

# Rows of the second factor that stay in cache while they meet all rows of the first.
_BLOCK = 64
# A pivot this small against its own variance is rounding: the matrix is singular there, which is allowed.
RELATIVE_PIVOT = 1e-12


@kernel
def _add_product(a: Array, b: Array, out: Array) -> None:
    """Add a @ b to out: (n, k), (k, m) and (n, m); terms come in the order of k."""
    for first in range(0, a.shape[1], _BLOCK):
        last = min(first + _BLOCK, a.shape[1])
        for i in range(a.shape[0]):
            line = out[i]
            for k in range(first, last):
                factor, terms = a[i, k], b[k]
                for j in range(line.size):
                    line[j] += factor * terms[j]


@kernel
def _products(a: Array, b: Array, out: Array) -> None:
    for index in range(out.shape[0]):
        _add_product(a[index if a.shape[0] > 1 else 0], b[index if b.shape[0] > 1 else 0], out[index])


def product(a: Array, b: Array) -> Array:
    """Return a @ b for stacks (..., n, k) and (..., k, m), whose leading axes broadcast against each other."""
    leading = np.broadcast_shapes(a.shape[:-2], b.shape[:-2])
    out = np.zeros((*leading, a.shape[-2], b.shape[-1]))
    count = math.prod(leading)
    if a.ndim == 2 and b.ndim == 2:
        _add_product(_contiguous(a), _contiguous(b), out)
        return out
    stacks = [np.broadcast_to(x, (*leading, *x.shape[-2:])) if x.ndim > 2 else x for x in (a, b)]
    left, right = (_contiguous(x.reshape(count if x.ndim > 2 else 1, *x.shape[-2:])) for x in stacks)
    _products(left, right, out.reshape(count, *out.shape[-2:]))
    return out


def _contiguous(x: Array) -> Array:
    return np.ascontiguousarray(x, dtype=np.float64)


def times(matrix: Array, vector: Array) -> Array:
    """Return matrix @ vector for stacks (..., n, k) and (..., k)."""
    return product(matrix, vector[..., None])[..., 0]


def power(matrix: Array, n: int) -> Array:
    """Return the n-th power of matrices (..., n, n), n at least 0, by squaring."""
    result = np.broadcast_to(np.eye(matrix.shape[-1]), matrix.shape)
    while n:
        if n & 1:
            result = product(result, matrix)
        n >>= 1
        if n:
            matrix = product(matrix, matrix)
    return result


@kernel
def _solve(a: Array, b: Array) -> bool:
    """Put the x with a x = b in the place of b (n, m), and its triangles in that of a; false if a is singular."""
    n = a.shape[0]
    for k in range(n):
        best = k
        for i in range(k + 1, n):
            if abs(a[i, k]) > abs(a[best, k]):
                best = i
        if a[best, k] == 0.0:
            return False
        if best != k:
            for j in range(n):
                a[k, j], a[best, j] = a[best, j], a[k, j]
            for j in range(b.shape[1]):
                b[k, j], b[best, j] = b[best, j], b[k, j]
        for i in range(k + 1, n):
            factor = a[i, k] / a[k, k]
            a[i, k] = factor
            if factor != 0.0:
                for j in range(k + 1, n):
                    a[i, j] -= factor * a[k, j]
                for j in range(b.shape[1]):
                    b[i, j] -= factor * b[k, j]
    for i in range(n - 1, -1, -1):
        for k in range(i + 1, n):
            factor = a[i, k]
            for j in range(b.shape[1]):
                b[i, j] -= factor * b[k, j]
        for j in range(b.shape[1]):
            b[i, j] /= a[i, i]
    return True


def solve(a: Array, b: Array) -> Array:
    """Return the x with a x = b for stacks (..., n, n) and (..., n, m), by elimination with partial pivoting.

    Raises
    ------
    numpy.linalg.LinAlgError
        If a matrix is singular.
    """
    leading = np.broadcast_shapes(a.shape[:-2], b.shape[:-2])
    left = np.array(np.broadcast_to(a, (*leading, *a.shape[-2:])), dtype=np.float64)
    x = np.array(np.broadcast_to(b, (*leading, *b.shape[-2:])), dtype=np.float64)
    count = math.prod(leading)
    pairs = zip(left.reshape(count, *left.shape[-2:]), x.reshape(count, *x.shape[-2:]), strict=True)
    if not all(_solve(one, other) for one, other in pairs):
        raise np.linalg.LinAlgError("a matrix is singular")
    return x


@kernel
def _lower_solve(factor: Array, b: Array) -> None:
    """Put the x with factor x = b in the place of b (n, m), for a lower triangle."""
    for i in range(b.shape[0]):
        for k in range(i):
            weight = factor[i, k]
            for j in range(b.shape[1]):
                b[i, j] -= weight * b[k, j]
        for j in range(b.shape[1]):
            b[i, j] /= factor[i, i]


def lower_solve(factor: Array, b: Array) -> Array:
    """Return the x with factor x = b, (n, m), for a lower triangle (n, n) without zeros on its diagonal."""
    x = np.array(b, dtype=np.float64)
    x = np.ascontiguousarray(x)
    _lower_solve(np.ascontiguousarray(factor), x)
    return x


@kernel
def _cholesky(rest: Array, factor: Array) -> None:
    """Write the lower triangle L with L L' = rest (n, n), which is used up; columns of singular directions are zero."""
    n = rest.shape[0]
    for j in range(n):
        pivot = factor[j, j]  # holds the smallest pivot that counts
        factor[j, j] = 0.0
        if rest[j, j] <= pivot:
            continue
        inverse = 1.0 / square_root(rest[j, j])
        for i in range(j, n):
            factor[i, j] = rest[i, j] * inverse
        for i in range(j + 1, n):
            weight = factor[i, j]
            if weight != 0.0:
                for k in range(j + 1, i + 1):
                    rest[i, k] -= weight * factor[k, j]


def cholesky_of(covariance: Array) -> Array:
    """Return the lower-triangular L with L L' = covariance, for positive semidefinite matrices (..., n, n).

    A direction whose remaining variance is rounding has a column of zeros. That the matrix is symmetric and positive
    semidefinite is not checked.
    """
    rest = np.array(covariance, dtype=np.float64)
    factor = np.zeros_like(rest)
    least = RELATIVE_PIVOT * np.diagonal(rest, axis1=-2, axis2=-1)
    np.einsum("...ii->...i", factor)[...] = np.maximum(least, np.finfo(np.float64).tiny)
    count, n = math.prod(rest.shape[:-2]), rest.shape[-1]
    for one, out in zip(rest.reshape(count, n, n), factor.reshape(count, n, n), strict=True):
        _cholesky(one, out)
    return factor


@kernel
def coloured_by(covariances: Array, normals: Array, out: Array) -> None:
    """Write L z for each covariance L L' (rows, n, n), positive definite, and normals z (rows, n)."""
    n = covariances.shape[1]
    rest, factor = np.empty((n, n)), np.empty((n, n))
    for row in range(covariances.shape[0]):
        for i in range(n):
            for j in range(n):
                rest[i, j], factor[i, j] = covariances[row, i, j], 0.0
        _cholesky(rest, factor)
        for i in range(n):
            total = 0.0
            for j in range(i + 1):
                total += factor[i, j] * normals[row, j]
            out[row, i] = total


# The terms of the exponential's series that count for a norm of a half: 0.5^17 / 17! is 2e-20.
_TERMS = 16


def exponential(matrix: Array) -> Array:
    """Return e^A for A (..., n, n): its series for A / 2^s with a norm of at most a half, squared s times."""
    norm = float(np.abs(matrix).sum(axis=-1).max(initial=0.0))
    halvings = max(0, int(np.frexp(norm)[1]) + 1)
    small = matrix * 2.0**-halvings
    identity = np.broadcast_to(np.eye(matrix.shape[-1]), matrix.shape)
    total = identity
    for k in range(_TERMS, 0, -1):  # Horner: 1 + A (1 + A / 2 (1 + A / 3 ...))
        total = identity + product(small, total) / k
    for _ in range(halvings):
        total = product(total, total)
    return total
