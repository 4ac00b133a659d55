"""Eigenvalues of real matrices: balancing, Hessenberg form and shifted QR steps, two shifts at a time.

After J. G. F. Francis (1961, 1962), The QR transformation, and the routines of B. T. Smith and others (1976), Matrix
Eigensystem Routines: EISPACK Guide.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from pymts.numerics.portable.bits import square_root
from pymts.numerics.portable.compiled import kernel

Array = NDArray[np.float64]

_EPS = 2.0**-52
_MOST_STEPS = 60  # for one eigenvalue; some 3 are usual
_SPECIAL = 10  # after so many steps without success shifts are taken at random, as it were


@kernel
def _balance(a: Array) -> None:
    """Scale rows and columns by powers of two until their norms are alike."""
    n = a.shape[0]
    changed = True
    while changed:
        changed = False
        for i in range(n):
            column, row = 0.0, 0.0
            for j in range(n):
                if j != i:
                    column += abs(a[j, i])
                    row += abs(a[i, j])
            if column == 0.0 or row == 0.0:
                continue
            factor, before = 1.0, column + row
            while column < 0.5 * row:
                factor *= 2.0
                column *= 4.0
            while column >= 2.0 * row:
                factor *= 0.5
                column *= 0.25
            if (column + row) / factor < 0.95 * before:
                changed = True
                for j in range(n):
                    a[i, j] /= factor
                for j in range(n):
                    a[j, i] *= factor


@kernel
def _to_hessenberg(a: Array) -> None:
    """Bring a matrix to zero below its first subdiagonal by elimination with pivots; eigenvalues stay."""
    n = a.shape[0]
    for m in range(1, n - 1):
        best = m
        for i in range(m + 1, n):
            if abs(a[i, m - 1]) > abs(a[best, m - 1]):
                best = i
        pivot = a[best, m - 1]
        if pivot == 0.0:
            continue
        if best != m:
            for j in range(m - 1, n):
                a[best, j], a[m, j] = a[m, j], a[best, j]
            for i in range(n):
                a[i, best], a[i, m] = a[i, m], a[i, best]
        for i in range(m + 1, n):
            factor = a[i, m - 1] / pivot
            if factor != 0.0:
                for j in range(m, n):
                    a[i, j] -= factor * a[m, j]
                for j in range(n):
                    a[j, m] += factor * a[j, i]
            a[i, m - 1] = 0.0


@kernel
def _reflect(h: Array, k: int, size: int, vector: Array, low: int, high: int) -> None:
    """Apply the reflection 1 - v v' 2 / (v v) of rows and columns k ... k + size - 1 within the active block."""
    length = 0.0
    for i in range(size):
        length += vector[i] * vector[i]
    if length == 0.0:
        return
    twice = 2.0 / length
    for j in range(low, high + 1):
        total = 0.0
        for i in range(size):
            total += vector[i] * h[k + i, j]
        total *= twice
        for i in range(size):
            h[k + i, j] -= total * vector[i]
    for j in range(low, min(high, k + size) + 1):
        total = 0.0
        for i in range(size):
            total += h[j, k + i] * vector[i]
        total *= twice
        for i in range(size):
            h[j, k + i] -= total * vector[i]


@kernel
def _francis(h: Array, low: int, high: int, total: float, det: float) -> None:
    """Take one step with two shifts, of which sum and product are given, on rows and columns low ... high."""
    vector = np.zeros(3)
    x = h[low, low] * (h[low, low] - total) + h[low, low + 1] * h[low + 1, low] + det
    y = h[low + 1, low] * (h[low, low] + h[low + 1, low + 1] - total)
    z = h[low + 1, low] * h[low + 2, low + 1] if low + 2 <= high else 0.0
    for k in range(low, high):
        size = 3 if k + 2 <= high else 2
        scale = abs(x) + abs(y) + (abs(z) if size == 3 else 0.0)
        if scale > 0.0:
            vector[0], vector[1], vector[2] = x / scale, y / scale, (z / scale if size == 3 else 0.0)
            norm = square_root(vector[0] * vector[0] + vector[1] * vector[1] + vector[2] * vector[2])
            vector[0] += norm if vector[0] >= 0.0 else -norm
            _reflect(h, k, size, vector, low, high)
        if k > low:
            for i in range(1, size):
                h[k + i, k - 1] = 0.0
        if k + 1 < high + 1 and k + 1 <= high:
            x = h[k + 1, k]
            y = h[k + 2, k] if k + 2 <= high else 0.0
            z = h[k + 3, k] if k + 3 <= high else 0.0


@kernel
def _pair(a: float, b: float, c: float, d: float) -> tuple[float, float, float, float]:
    """Return the two eigenvalues of [[a, b], [c, d]]: real and imaginary parts."""
    half = 0.5 * (a - d)
    inside = half * half + b * c
    middle = 0.5 * (a + d)
    root = square_root(abs(inside))
    if inside < 0.0:
        return middle, root, middle, -root
    far = half + (root if half >= 0.0 else -root)
    if far == 0.0:
        return d, 0.0, d, 0.0
    return d + far, 0.0, d - b * c / far, 0.0


@kernel
def _eigenvalues(h: Array, real: Array, imaginary: Array) -> bool:
    """Write the eigenvalues of a Hessenberg matrix, which is used up; false if they cannot be found."""
    n = h.shape[0]
    norm = 0.0
    for i in range(n):
        for j in range(n):
            norm += h[i, j] * h[i, j]
    norm = square_root(norm)
    high, steps = n - 1, 0
    while high >= 0:
        low = high
        while low > 0:
            # What is rounding against the whole matrix counts as zero: a defective cluster would never get smaller.
            if abs(h[low, low - 1]) <= _EPS * norm:
                h[low, low - 1] = 0.0
                break
            low -= 1
        if low == high:
            real[high], imaginary[high] = h[high, high], 0.0
            high, steps = high - 1, 0
        elif low == high - 1:
            a, b, c, d = h[low, low], h[low, high], h[high, low], h[high, high]
            real[low], imaginary[low], real[high], imaginary[high] = _pair(a, b, c, d)
            high, steps = high - 2, 0
        else:
            if steps == _MOST_STEPS:
                return False
            a, b, c, d = h[high - 1, high - 1], h[high - 1, high], h[high, high - 1], h[high, high]
            total, det = a + d, a * d - b * c
            if steps > 0 and steps % _SPECIAL == 0:
                size = abs(h[high, high - 1]) + abs(h[high - 1, high - 2])
                total, det = 1.5 * size, size * size
            steps += 1
            _francis(h, low, high, total, det)
    return True


def eigenvalues(matrices: Array) -> NDArray[np.complex128]:
    """Return the eigenvalues of real matrices (..., n, n), in no particular order, (..., n).

    Raises
    ------
    numpy.linalg.LinAlgError
        If a matrix has infinite or undefined entries, or its eigenvalues are not found.
    """
    work = np.array(matrices, dtype=np.float64)
    count, n = math.prod(work.shape[:-2]), work.shape[-1]
    found = np.empty((*work.shape[:-1], 2))
    for one, out in zip(work.reshape(count, n, n), found.reshape(count, n, 2), strict=True):
        if not np.isfinite(one).all():
            raise np.linalg.LinAlgError("a matrix has entries that are not finite")
        _balance(one)
        _to_hessenberg(one)
        real, imaginary = np.empty((2, n))
        if not _eigenvalues(one, real, imaginary):
            raise np.linalg.LinAlgError("the eigenvalues of a matrix do not converge")
        out[:, 0], out[:, 1] = real, imaginary
    return found[..., 0] + 1j * found[..., 1]


def largest_modulus(matrices: Array) -> Array:
    """Return the spectral radius of real matrices (..., n, n), (...)."""
    values = eigenvalues(matrices)
    return np.sqrt(values.real * values.real + values.imag * values.imag).max(axis=-1, initial=0.0)
