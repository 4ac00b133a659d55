"""Sine and cosine together, for every finite argument.

Up to 1e5 the nearest multiple of pi/2 is taken away in three parts, of which the products of the first two are exact
(Cody and Waite). Beyond, the argument is an integer times a power of two, and its product with the bits of 2/pi that
matter is an exact integer of 192 bits (Payne and Hanek). The polynomials are those of fdlibm.
"""

from __future__ import annotations

import numpy as np

from pymts.numerics.portable.bits import bits_of, float_of, high_product
from pymts.numerics.portable.compiled import inlined, kernel
from pymts.numerics.portable.double import product, total
from pymts.numerics.portable.lanes import where

#: Up to here three parts of pi/2 are enough.
NEAR = 1e5
_TWO_OVER_PI = float.fromhex("0x1.45f306dc9c883p-1")
_PART1 = float.fromhex("0x1.921fb54440000p+0")  # 37 bits
_PART2 = float.fromhex("0x1.68c234c4c0000p-39")  # 37 bits
_PART3 = float.fromhex("0x1.98a2e03707345p-77")
_HALF_PI, _HALF_PI_LOW = float.fromhex("0x1.921fb54442d18p+0"), float.fromhex("0x1.1a62633145c07p-54")
# Added and taken away again, this rounds to an integer, and its last bits are the integer's.
_ROUND = 6755399441055744.0  # 1.5 * 2^52

_S1, _S2, _S3 = -1.66666666666666324348e-01, 8.33333333332248946124e-03, -1.98412698298579493134e-04
_S4, _S5, _S6 = 2.75573137070700676789e-06, -2.50507602534068634195e-08, 1.58969099521155010221e-10
_C1, _C2, _C3 = 4.16666666666666019037e-02, -1.38888888888741095749e-03, 2.48015872894767294178e-05
_C4, _C5, _C6 = -2.75573143513906633035e-07, 2.08757232129817482790e-09, -1.13596475577881948265e-11

# The first word is zero, for arguments whose integer part is short; then come the bits of 2/pi behind the point.
_BITS_OF_TWO_OVER_PI = np.array(
    [
        *(0x0, 0xA2F9836E4E441529, 0xFC2757D1F534DDC0, 0xDB6295993C439041, 0xFE5163ABDEBBC561, 0xB7246E3A424DD2E0),
        *(0x06492EEA09D1921C, 0xFE1DEB1CB129A73E, 0xE88235F52EBB4484, 0xE99C7026B45F7E41, 0x3991D639835339F4),
        *(0x9C845F8BBDF9283B, 0x1FF897FFDE05980F, 0xEF2F118B5A0A6D1F, 0x6D367ECF27CB09B7, 0x4F463F669E5FEA2D),
        *(0x7527BAC7EBE5F17B, 0x3D0739F78A5292EA, 0x6BFB5FB11F8D5D08, 0x56033046FC7B6BAB, 0xF0CFBC209AF4361D),
    ],
    dtype=np.uint64,
)
_0, _1, _2, _6, _11, _32, _52, _62, _63, _64 = (np.uint64(n) for n in (0, 1, 2, 6, 11, 32, 52, 62, 63, 64))
_LOW_SIX, _LOW_HALF = np.uint64(63), np.uint64(0xFFFFFFFF)
_EXPONENT, _FRACTION = np.uint64(0x7FF), np.uint64(0xFFFFFFFFFFFFF)
# A biased exponent of 1075 is a factor 1 of the integer mantissa; 62 bits stand before the window for an argument of 1.
_BIAS = np.uint64(1075 - 62)
_ALL = np.uint64(0xFFFFFFFFFFFFFFFF)
_BLOCK = 1024  # arguments that are looked at before they are worked on


@inlined
def _near(x: float) -> tuple[np.uint64, float, float]:
    """Return the quadrant (its last two bits), and what is left of x as a sum of two floats."""
    shifted = x * _TWO_OVER_PI + _ROUND
    n = shifted - _ROUND
    high, low = total(x - n * _PART1, -(n * _PART2))
    rest = low - n * _PART3
    y = high + rest
    return bits_of(shifted), y, (high - y) + rest


@kernel
def _far(x: float) -> tuple[np.uint64, float, float]:
    """Do the same as ``_near`` for a finite x of at least 1."""
    word = bits_of(x)
    place = ((word >> _52) & _EXPONENT) - _BIAS
    i, up = place >> _6, place & _LOW_SIX
    down = _63 - up  # a shift by 64 is not defined: one by 1 and one by 63 - up
    table = _BITS_OF_TWO_OVER_PI
    a = (table[i] << up) | ((table[i + _1] >> _1) >> down)
    b = (table[i + _1] << up) | ((table[i + _2] >> _1) >> down)
    c = (table[i + _2] << up) | ((table[i + _2 + _1] >> _1) >> down)
    # (a, b, c) times the mantissa, modulo 2^192: two bits of quadrant, then the fraction.
    m = (word & _FRACTION) | (_1 << _52)
    w0 = c * m
    w1 = b * m
    carried = w1 + high_product(c, m)
    w2 = a * m + high_product(b, m) + (_1 if carried < w1 else _0)
    w1 = carried
    quadrant = w2 >> _62
    w2, w1, w0 = (w2 << _2) | (w1 >> _62), (w1 << _2) | (w0 >> _62), w0 << _2
    negative = w2 >> _63  # a fraction of a half or more: the next quadrant, less what is missing
    if negative:
        quadrant += _1
        w2, w1, w0 = w2 ^ _ALL, w1 ^ _ALL, w0 ^ _ALL
    scale = 2.0**-32
    high, low = 0.0, 0.0
    for half in (w2 >> _32, w2 & _LOW_HALF, w1 >> _32, w1 & _LOW_HALF, w0 >> _32):
        high, error = total(high, np.float64(half) * scale)
        low += error
        scale *= 2.0**-32
    y, error = product(high, _HALF_PI)
    rest = error + (high * _HALF_PI_LOW + low * _HALF_PI)
    if bool(negative) != (x < 0.0):
        y, rest = -y, -rest
    high = y + rest
    return (_0 - quadrant if x < 0.0 else quadrant), high, (y - high) + rest


@inlined
def _inside(quadrant: np.uint64, y: float, tail: float) -> tuple[float, float]:
    """Return sine and cosine from the quadrant and the rest, which is at most pi/4."""
    z = y * y
    v = z * y
    r = _S2 + z * (_S3 + z * (_S4 + z * (_S5 + z * _S6)))
    s = y - ((z * (0.5 * tail - v * r) - tail) - v * _S1)
    r = z * (_C1 + z * (_C2 + z * (_C3 + z * (_C4 + z * (_C5 + z * _C6)))))
    half = 0.5 * z
    w = 1.0 - half
    c = w + (((1.0 - w) - half) + (z * r - y * tail))
    odd = (quadrant & _1) != _0
    sin, cos = where(odd, c, s), where(odd, s, c)
    sin = float_of(bits_of(sin) ^ ((quadrant & _2) << _62))
    cos = float_of(bits_of(cos) ^ (((quadrant + _1) & _2) << _62))
    return sin, cos


@inlined
def sincos_near(x: float) -> tuple[float, float]:
    """Return what ``sincos`` gives for |x| up to NEAR, without a branch, so that loops over arrays are vector loops.

    Beyond NEAR the results are wrong.
    """
    quadrant, y, tail = _near(x)
    sin, cos = _inside(quadrant, y, tail)
    return where(x == 0.0, x, sin), cos


@kernel
def sincos(x: float) -> tuple[float, float]:
    """Return (sin x, cos x); the error is below 0.8 ulp for every finite x, and infinities give NaN."""
    x = np.float64(x)
    if abs(x) <= NEAR:
        return sincos_near(x)
    if abs(x) < np.inf:
        quadrant, y, tail = _far(x)
        return _inside(quadrant, y, tail)
    return x - x, x - x


@kernel
def _near_into(x: np.ndarray, sin: np.ndarray, cos: np.ndarray) -> None:
    """Write the sines and cosines of numbers up to NEAR, without a branch."""
    for i in range(x.size):
        sin[i], cos[i] = sincos_near(x[i])


@kernel
def sincos_into(x: np.ndarray, sin: np.ndarray, cos: np.ndarray) -> None:
    """Write what ``sincos`` gives for each element of x, all flat and contiguous; an output may be x itself."""
    for start in range(0, x.size, _BLOCK):
        part, s, c = x[start : start + _BLOCK], sin[start : start + _BLOCK], cos[start : start + _BLOCK]
        far = 0
        for i in range(part.size):
            far |= 0 if abs(part[i]) <= NEAR else 1
        if far:
            for i in range(part.size):
                s[i], c[i] = sincos(part[i])
        else:
            _near_into(part, s, c)
