"""Sums and products of two floats with what rounding took away."""

from __future__ import annotations

from pymts.numerics.portable.compiled import inlined

_SPLIT = 134217729.0  # 2^27 + 1


@inlined
def total(a: float, b: float) -> tuple[float, float]:
    """Return a + b and its error; the two are together exact (Knuth)."""
    s = a + b
    part = s - a
    return s, (a - (s - part)) + (b - part)


@inlined
def ordered(a: float, b: float) -> tuple[float, float]:
    """Return a + b and its error, for |a| of at least |b| (Dekker)."""
    s = a + b
    return s, b - (s - a)


@inlined
def product(a: float, b: float) -> tuple[float, float]:
    """Return a b and its error, for factors below 2^996 whose product is above 2^-968 (Veltkamp and Dekker)."""
    p = a * b
    t = _SPLIT * a
    a1 = t - (t - a)
    a2 = a - a1
    t = _SPLIT * b
    b1 = t - (t - b)
    b2 = b - b1
    return p, ((a1 * b1 - p) + a1 * b2 + a2 * b1) + a2 * b2
