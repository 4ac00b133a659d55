"""The exponential function and its relatives.

x is k ln 2 + r with |r| below 0.347; e^r - 1 = r + r^2 / 2 + r^3 q(r) with a polynomial q of degree 9, fitted at
Chebyshev's points to a relative error of 2^-60 of the whole, which is kept as a sum of two floats. Powers of two are
put in by their bits.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from pymts.numerics.portable.bits import bits_of, float_of
from pymts.numerics.portable.compiled import inlined, kernel
from pymts.numerics.portable.double import ordered, product, total
from pymts.numerics.portable.lanes import real, where

_ONE_OVER_LN2 = float.fromhex("0x1.71547652b82fep+0")
# 42 bits, so that a product with k is exact; and what is left.
LN2_HIGH, LN2_LOW = float.fromhex("0x1.62e42fefa3800p-1"), float.fromhex("0x1.ef35793c76730p-45")
_ROUND = 6755399441055744.0  # 1.5 * 2^52: see the sine
_SHORT = 100663296.0  # 1.5 * 2^26: this leaves 26 bits behind the point
_Q1, _Q2 = float.fromhex("0x1.5555555555557p-3"), float.fromhex("0x1.5555555555556p-5")
_Q3, _Q4 = float.fromhex("0x1.11111111100d3p-7"), float.fromhex("0x1.6c16c16c162cfp-10")
_Q5, _Q6 = float.fromhex("0x1.a01a01abeccc3p-13"), float.fromhex("0x1.a01a01a6db488p-16")
_Q7, _Q8 = float.fromhex("0x1.71de02225a2f3p-19"), float.fromhex("0x1.27e4db5bb725ap-22")
_Q9, _Q10 = float.fromhex("0x1.af4e092e1705bp-26"), float.fromhex("0x1.1f7315649f2d7p-29")

_1, _52, _BIAS = np.uint64(1), np.uint64(52), np.uint64(1023)
_EVEN_BIAS = np.uint64(2048)
_LOW = np.uint64(0xFFFFF)
#: Beyond these the exponential is zero, or infinite.
_LEAST, _MOST = -746.0, 711.0
_MIDDLE = 22.0  # above, e^-x is nothing beside e^x
_LINEAR = 1e-200  # below, the functions that have a zero at zero are x itself


@inlined
def _reduced(x: float, tail: float) -> tuple[np.uint64, float, float]:
    """Return k (modulo 2^64) and e^(x + tail - k ln 2) - 1 as a sum of two floats, for |x| below 2000."""
    shifted = x * _ONE_OVER_LN2 + _ROUND
    n = shifted - _ROUND
    high = x - n * LN2_HIGH
    low = n * LN2_LOW - tail
    r = high - low
    rest = (high - r) - low
    z = r * r
    q12, q34, q56 = _Q1 + r * _Q2, _Q3 + r * _Q4, _Q5 + r * _Q6
    q78, q9 = _Q7 + r * _Q8, _Q9 + r * _Q10
    cubic = z * r * (q12 + z * (q34 + z * (q56 + z * (q78 + z * q9))))
    # Half the square in two parts, of which the first is exact.
    front = (r + _SHORT) - _SHORT
    e, error = ordered(r, 0.5 * front * front)
    return bits_of(shifted), e, error + (0.5 * (r - front) * (r + front) + cubic + (rest + rest * r))


@inlined
def _power_of_two(k: np.uint64) -> float:
    """Return 2^k for -1022 <= k <= 1023, modulo 2^12."""
    return float_of((k + _BIAS) << _52)


@inlined
def _scaled(y: float, k: np.uint64) -> float:
    """Return y 2^k for |k| below 1100, whose last 20 bits are given; one rounding, if the result is subnormal."""
    biased = (k + _EVEN_BIAS) & _LOW
    half = biased >> _1
    return y * float_of((half - _1) << _52) * float_of((biased - half - _1) << _52)


@inlined
def exp_with(x: float, tail: float, shift: np.uint64) -> float:
    """Return 2^shift e^(x + tail) for a small tail."""
    x = real(x)
    held = where(x < _LEAST, _LEAST, where(x > _MOST, _MOST, x))  # NaN passes
    k, e, error = _reduced(held, tail)
    return _scaled(1.0 + (e + error), k + shift)


@inlined
def exp(x: Any) -> Any:
    """Return e^x; the error is below 0.85 ulp, and below 1.1 of the smallest number where the result is subnormal."""
    return exp_with(x, 0.0, _1 - _1)


@inlined
def _expm1_pair(x: float) -> tuple[np.uint64, bool, float, float]:
    """Return k, whether 2^k is still missing as a factor, and (without it) e^x - 1 as a sum of two floats."""
    held = where(x < -40.0, -40.0, where(x > _MOST, _MOST, x))  # NaN passes
    k, e, error = _reduced(held, 0.0)
    # 2^k ((1 - 2^-k) + e), or (2^k - 1) + 2^k e: no power is large.
    grows = held > 0.0
    negated = (_1 - _1) - k
    one = where(held > 600.0, 0.0, _power_of_two(where(grows, negated, k)))
    base, lost = ordered(1.0, -one)
    base, lost = where(grows, base, -base), where(grows, lost, -lost)
    factor = where(grows, 1.0, one)
    s, rest = total(base, factor * e)
    return k, grows, s, rest + (lost + factor * error)


@inlined
def expm1(x: Any) -> Any:
    """Return e^x - 1; the error is below 0.7 ulp."""
    x = real(x)
    k, grows, s, rest = _expm1_pair(x)
    y = s + rest
    result = where(grows, _scaled(y, k), y)
    return where(abs(x) < _LINEAR, x, result)


@inlined
def tanh(x: Any) -> Any:
    """Return the hyperbolic tangent; the error is below 0.7 ulp."""
    x = real(x)
    size = abs(x)
    # t / (t + 2) for t = e^-2x - 1, with what rounding took from t, from t + 2 and from the quotient.
    _, _, s, rest = _expm1_pair(-2.0 * where(size > 20.0, 20.0, size))  # NaN passes
    t, t_low = ordered(s, rest)
    d, d_low = ordered(2.0, t)
    y = t / d
    p, p_low = product(y, d)
    y += (((t - p) - p_low) + (t_low - y * (d_low + t_low))) / d
    return where(size < _LINEAR, x, where(x < 0.0, y, -y))


@inlined
def cosh(x: Any) -> Any:
    """Return the hyperbolic cosine; the error is below 1.5 ulp."""
    half = exp_with(abs(real(x)), 0.0, (_1 - _1) - _1)
    return half + 0.25 / half


@inlined
def sinh(x: Any) -> Any:
    """Return the hyperbolic sine; the error is below 2 ulp."""
    x = real(x)
    size = abs(x)
    # (t + t / (t + 1)) / 2 for t = e^x - 1, which is t - t^2 / (2 (t + 1)); and e^x / 2.
    k, grows, s, rest = _expm1_pair(where(size > _MIDDLE, _MIDDLE, size))  # NaN passes
    s, rest = ordered(s, rest)
    power = where(grows, _power_of_two(k), 1.0)
    s, rest = s * power, rest * power
    ratio = s / (s + 1.0)
    y = where(size < 1.0, s + (rest - 0.5 * s * ratio), 0.5 * (s + ratio))
    y = where(size > _MIDDLE, exp_with(size, 0.0, (_1 - _1) - _1), y)
    return where(size < _LINEAR, x, where(x < 0.0, -y, y))


@kernel
def exp_into(x: np.ndarray, out: np.ndarray) -> None:
    """Write e^x for each element, both flat and contiguous; they may be the same array."""
    for i in range(x.size):
        out[i] = exp(x[i])


@kernel
def expm1_into(x: np.ndarray, out: np.ndarray) -> None:
    """Write e^x - 1 for each element, both flat and contiguous; they may be the same array."""
    for i in range(x.size):
        out[i] = expm1(x[i])
