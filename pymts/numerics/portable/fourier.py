"""Fourier transforms of real series whose length is a power of two (Cooley and Tukey 1965)."""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from pymts.numerics.portable.compiled import kernel
from pymts.numerics.portable.elementary import sincos_into

Array = NDArray[np.float64]
Complex = NDArray[np.complex128]


@lru_cache(maxsize=8)
def _roots(n: int) -> tuple[Array, Array]:
    """Return cosines and sines of -2 pi k / n, k = 0 ... n / 2 - 1, from angles of at most pi / 4."""
    k = np.arange(max(n // 2, 1))
    eighth = max(n // 8, 1)
    angle = 2.0 * np.pi * np.arange(eighth + 1) / n
    sin, cos = np.empty_like(angle), np.empty_like(angle)
    sincos_into(angle, sin, cos)
    quadrant, rest = np.divmod(k, max(n // 4, 1))
    mirrored = rest > eighth
    place = np.where(mirrored, n // 4 - rest, rest)
    c, s = np.where(mirrored, sin[place], cos[place]), np.where(mirrored, cos[place], sin[place])
    real, imaginary = np.where(quadrant == 0, c, -s), np.where(quadrant == 0, s, c)
    return np.ascontiguousarray(real), np.ascontiguousarray(-imaginary)


@kernel
def _transform(real: Array, imaginary: Array, cosines: Array, sines: Array, sign: float) -> None:
    """Transform one series in place; ``sign`` is 1 for the transform and -1 for its inverse without the 1 / n."""
    n = real.size
    j = 0
    for i in range(1, n):  # the order of reversed bits
        bit = n >> 1
        while j & bit:
            j ^= bit
            bit >>= 1
        j |= bit
        if i < j:
            real[i], real[j] = real[j], real[i]
            imaginary[i], imaginary[j] = imaginary[j], imaginary[i]
    half = 1
    while half < n:
        stride = n // (2 * half)
        for first in range(0, n, 2 * half):
            for k in range(half):
                c, s = cosines[k * stride], sign * sines[k * stride]
                a, b = first + k, first + k + half
                x = c * real[b] - s * imaginary[b]
                y = c * imaginary[b] + s * real[b]
                real[b], imaginary[b] = real[a] - x, imaginary[a] - y
                real[a], imaginary[a] = real[a] + x, imaginary[a] + y
        half *= 2


def _both(real: Array, imaginary: Array, sign: float) -> None:
    n = real.shape[-1]
    if n & (n - 1):
        raise ValueError(f"the length of a series must be a power of two, got {n}")
    count = math.prod(real.shape[:-1])
    for one, other in zip(real.reshape(count, n), imaginary.reshape(count, n), strict=True):
        _transform(one, other, *_roots(n), sign)


def rfft(series: Array) -> Complex:
    """Return the transforms sum_t x_t exp(-2 pi i k t / n), k = 0 ... n / 2, of series (..., n)."""
    real = np.array(series, dtype=np.float64)
    imaginary = np.zeros_like(real)
    _both(real, imaginary, 1.0)
    half = real.shape[-1] // 2 + 1
    out = np.empty((*real.shape[:-1], half), dtype=np.complex128)
    out.real, out.imag = real[..., :half], imaginary[..., :half]
    return out


def irfft(transforms: Complex) -> Array:
    """Return the real series (..., n) of transforms (..., n / 2 + 1); the inverse of ``rfft``."""
    half = transforms.shape[-1] - 1
    n = max(2 * half, 1)
    real, imaginary = np.empty((2, *transforms.shape[:-1], n))
    real[..., : half + 1], imaginary[..., : half + 1] = transforms.real, transforms.imag
    real[..., half + 1 :] = transforms.real[..., half - 1 : 0 : -1]
    imaginary[..., half + 1 :] = -transforms.imag[..., half - 1 : 0 : -1]
    _both(real, imaginary, -1.0)
    real *= 1.0 / n
    return real


def convolved(one: Complex, other: Complex) -> Complex:
    """Return the products of transforms, elementwise, in plain multiplications."""
    out = np.empty(np.broadcast_shapes(one.shape, other.shape), dtype=np.complex128)
    out.real = one.real * other.real - one.imag * other.imag
    out.imag = one.real * other.imag + one.imag * other.real
    return out
