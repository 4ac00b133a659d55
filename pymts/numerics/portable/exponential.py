"""The exponential function and its relatives.

x is k ln 2 + r with |r| below 0.347; e^r - 1 = r + r^2 q(r) with a polynomial q of degree 10, fitted at Chebyshev's
points to a relative error of 2^-60, and kept as a sum of two floats. Powers of two are put in by their bits.
"""

from __future__ import annotations

import numpy as np

from pymts.numerics.portable.bits import bits_of, float_of
from pymts.numerics.portable.compiled import kernel
from pymts.numerics.portable.double import ordered, total

_ONE_OVER_LN2 = float.fromhex("0x1.71547652b82fep+0")
# 42 bits, so that a product with k is exact; and what is left.
LN2_HIGH, LN2_LOW = float.fromhex("0x1.62e42fefa3800p-1"), float.fromhex("0x1.ef35793c76730p-45")
_ROUND = 6755399441055744.0  # 1.5 * 2^52: see the sine
_Q0, _Q1, _Q2 = 0.5, float.fromhex("0x1.5555555555557p-3"), float.fromhex("0x1.5555555555556p-5")
_Q3, _Q4 = float.fromhex("0x1.11111111100d3p-7"), float.fromhex("0x1.6c16c16c162cfp-10")
_Q5, _Q6 = float.fromhex("0x1.a01a01abeccc3p-13"), float.fromhex("0x1.a01a01a6db488p-16")
_Q7, _Q8 = float.fromhex("0x1.71de02225a2f3p-19"), float.fromhex("0x1.27e4db5bb725ap-22")
_Q9, _Q10 = float.fromhex("0x1.af4e092e1705bp-26"), float.fromhex("0x1.1f7315649f2d7p-29")

_1, _52, _BIAS = np.uint64(1), np.uint64(52), np.uint64(1023)
_EVEN_BIAS = np.uint64(2048)
_LOW = np.uint64(0xFFFFF)
#: Beyond these the exponential is zero, or infinite.
_LEAST, _MOST = -746.0, 711.0


@kernel
def _reduced(x: float, tail: float) -> tuple[np.uint64, float, float]:
    """Return k (modulo 2^64) and e^(x + tail - k ln 2) - 1 as a sum of two floats, for |x| below 2000."""
    shifted = x * _ONE_OVER_LN2 + _ROUND
    n = shifted - _ROUND
    high = x - n * LN2_HIGH
    low = n * LN2_LOW - tail
    r = high - low
    rest = (high - r) - low
    z = r * r
    q01, q23, q45 = _Q0 + r * _Q1, _Q2 + r * _Q3, _Q4 + r * _Q5
    q67, q89 = _Q6 + r * _Q7, _Q8 + r * _Q9 + z * _Q10
    q = q01 + z * (q23 + z * (q45 + z * (q67 + z * q89)))
    e, error = ordered(r, z * q + (rest + rest * r))
    return bits_of(shifted), e, error


@kernel
def _power_of_two(k: np.uint64) -> float:
    """Return 2^k for -1022 <= k <= 1023, modulo 2^12."""
    return float_of((k + _BIAS) << _52)


@kernel
def _scaled(y: float, k: np.uint64) -> float:
    """Return y 2^k for |k| below 1100, whose last 20 bits are given; one rounding, if the result is subnormal."""
    biased = (k + _EVEN_BIAS) & _LOW
    half = biased >> _1
    return y * float_of((half - _1) << _52) * float_of((biased - half - _1) << _52)


@kernel
def exp_with(x: float, tail: float, shift: np.uint64) -> float:
    """Return 2^shift e^(x + tail) for a small tail."""
    x = np.float64(x)
    held = _LEAST if x < _LEAST else (_MOST if x > _MOST else x)  # noqa: FURB136  (NaN passes)
    k, e, error = _reduced(held, tail)
    return _scaled(1.0 + (e + error), k + shift)


@kernel
def exp(x: float) -> float:
    """Return e^x; the error is below 1 ulp, and below 1.1 of the smallest number where the result is subnormal."""
    return exp_with(x, 0.0, _1 - _1)


@kernel
def expm1(x: float) -> float:
    """Return e^x - 1; the error is below 1 ulp."""
    x = np.float64(x)
    held = -40.0 if x < -40.0 else (_MOST if x > _MOST else x)  # noqa: FURB136  (NaN passes)
    k, e, error = _reduced(held, 0.0)
    # 2^k ((1 - 2^-k) + e), or (2^k - 1) + 2^k e: no power is large.
    grows = held > 0.0
    negated = (_1 - _1) - k
    one = 0.0 if held > 600.0 else _power_of_two(negated if grows else k)
    base, lost = ordered(1.0, -one)
    base, lost = (base, lost) if grows else (-base, -lost)
    factor = 1.0 if grows else one
    s, rest = total(base, factor * e)
    y = s + (rest + (lost + factor * error))
    result = _scaled(y, k) if grows else y
    return x if abs(x) < 1e-300 else result


@kernel
def tanh(x: float) -> float:
    """Return the hyperbolic tangent; the error is below 2 ulp."""
    x = np.float64(x)
    size = abs(x)
    t = expm1(2.0 * (22.0 if size > 22.0 else size))  # noqa: FURB136  (NaN passes)
    y = t / (t + 2.0)
    return -y if x < 0.0 else (x if x == 0.0 else y)


@kernel
def cosh(x: float) -> float:
    """Return the hyperbolic cosine; the error is below 2 ulp."""
    half = exp_with(abs(np.float64(x)), 0.0, (_1 - _1) - _1)
    return half + 0.25 / half


@kernel
def sinh(x: float) -> float:
    """Return the hyperbolic sine; the error is below 2 ulp."""
    x = np.float64(x)
    size = abs(x)
    if size < 22.0:
        t = expm1(size)
        y = 0.5 * (t + t / (t + 1.0))
    else:
        y = exp_with(size, 0.0, (_1 - _1) - _1)
    return -y if x < 0.0 else (x if x == 0.0 else y)


@kernel
def exp_into(x: np.ndarray, out: np.ndarray) -> None:
    """Write e^x for each element, both flat and contiguous; they may be the same array."""
    for i in range(x.size):
        out[i] = exp(x[i])
