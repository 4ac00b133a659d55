"""The logarithm and its relatives, after fdlibm.

x is 2^k m with m between sqrt(1/2) and sqrt(2), and log m = 2 atanh(f / (2 + f)) for f = m - 1.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from pymts.numerics.portable.bits import bits_of, float_of
from pymts.numerics.portable.compiled import inlined, kernel
from pymts.numerics.portable.double import ordered, product, total
from pymts.numerics.portable.exponential import LN2_HIGH, LN2_LOW
from pymts.numerics.portable.lanes import real, where

_L1, _L2, _L3 = 6.666666666666735130e-01, 3.999999999940941908e-01, 2.857142874366239149e-01
_L4, _L5, _L6 = 2.222219843214978396e-01, 1.818357216161805012e-01, 1.531383769920937332e-01
_L7 = 1.479819860511658591e-01
# 2 atanh(s) / s = 2 + 2 z / 3 + ..., z = s^2 below 0.0295
_E3, _E4, _E5, _E6, _E7 = 2.0 / 7.0, 2.0 / 9.0, 2.0 / 11.0, 2.0 / 13.0, 2.0 / 15.0
_E8, _E9, _E10, _E11, _E12, _E13 = 2.0 / 17.0, 2.0 / 19.0, 2.0 / 21.0, 2.0 / 23.0, 2.0 / 25.0, 2.0 / 27.0
_THIRD, _THIRD_LOW = float.fromhex("0x1.5555555555555p-1"), float.fromhex("0x1.5555555555555p-55")  # of 2
_FIFTH, _FIFTH_LOW = float.fromhex("0x1.999999999999ap-2"), float.fromhex("-0x1.999999999999ap-56")

_52 = np.uint64(52)
_OFFSET = np.uint64(0x3FF0000000000000 - 0x3FE6A09E00000000)
_LEAST_M, _FRACTION = np.uint64(0x3FE6A09E00000000), np.uint64(0xFFFFFFFFFFFFF)
_COUNT = np.uint64(0x4330000000000000)  # 2^52, whose last bits count ones
_TINY, _UP = 2.2250738585072014e-308, 2.0**54


@inlined
def _split(x: float) -> tuple[float, float]:
    """Return k and m for x = 2^k m > 0."""
    small = x < _TINY
    word = bits_of(where(small, x * _UP, x)) + _OFFSET
    k = float_of((word >> _52) | _COUNT) - (4503599627370496.0 + 1023.0)
    return where(small, k - 54.0, k), float_of((word & _FRACTION) + _LEAST_M)


@inlined
def _series(f: float) -> tuple[float, float]:
    """Return f^2 / 2, and log(1 + f) - f + f^2 / 2."""
    s = f / (2.0 + f)
    z = s * s
    w = z * z
    r = z * (_L1 + w * (_L3 + w * (_L5 + w * _L7))) + w * (_L2 + w * (_L4 + w * _L6))
    half = 0.5 * f * f
    return half, s * (half + r)


@inlined
def _outside(x: float, y: float) -> float:
    """Return the logarithm y of x, or what stands for it where x is not a positive finite number."""
    y = where(x == 0.0, -np.inf, y)
    return where((x >= 0.0) & (x < np.inf), y, where(x > 0.0, x, np.nan))


@inlined
def log(x: Any) -> Any:
    """Return the natural logarithm; the error is below 0.9 ulp, -inf at 0 and NaN below."""
    x = real(x)
    k, m = _split(x)
    f = m - 1.0
    half, rest = _series(f)
    return _outside(x, k * LN2_HIGH - ((half - (rest + k * LN2_LOW)) - f))


@inlined
def log1p(x: Any) -> Any:
    """Return log(1 + x); the error is below 0.9 ulp, -inf at -1 and NaN below."""
    x = real(x)
    u, lost = total(1.0, x)
    k, m = _split(u)
    near = k == 0.0
    f = where(near, x, m - 1.0)
    correction = where(near, 0.0, lost / u)
    half, rest = _series(f)
    y = k * LN2_HIGH - ((half - (rest + (k * LN2_LOW + correction))) - f)
    return where(abs(x) < 1e-20, x, _outside(u, y))


@inlined
def log_pair(x: float) -> tuple[float, float]:
    """Return log x, of a positive finite x, as a sum of two floats with a relative error of some 2^-66."""
    k, m = _split(x)
    f = m - 1.0
    d, d_low = total(m, 1.0)
    s = f / d
    p, p_low = product(s, d)
    s_low = (((f - p) - p_low) - s * d_low) / d
    # 2 s + 2 s^3 / 3 + 2 s^5 / 5 in two floats, and the rest of the series in one.
    z, z_low = product(s, s)
    z_low += 2.0 * s * s_low
    w = z * z
    v = w * w
    r = (_E3 + z * _E4) + w * (_E5 + z * _E6) + v * ((_E7 + z * _E8) + w * (_E9 + z * _E10))
    r += v * v * ((_E11 + z * _E12) + w * _E13)
    u, u_low = product(z, _FIFTH)
    c, c_low = ordered(_THIRD, u)
    c_low += u_low + (_THIRD_LOW + z * _FIFTH_LOW + z_low * _FIFTH + w * r)
    third, third_low = product(z, c)
    third_low += z * c_low + z_low * c
    cubic, cubic_low = product(s, third)
    cubic_low += s * third_low + s_low * third
    y, error = ordered(2.0 * s, cubic)
    error += cubic_low + 2.0 * s_low
    y, error = ordered(y, error)
    high, low = total(k * LN2_HIGH, y)
    low += error + k * LN2_LOW
    return ordered(high, low)


@kernel
def log_into(x: np.ndarray, out: np.ndarray) -> None:
    """Write log x for each element, both flat and contiguous; they may be the same array."""
    for i in range(x.size):
        out[i] = log(x[i])
