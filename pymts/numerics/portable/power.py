"""Powers: of a real exponent through the logarithm in two floats, of an integer one by multiplication."""

from __future__ import annotations

import numpy as np

from pymts.numerics.portable.compiled import inlined, kernel
from pymts.numerics.portable.double import product
from pymts.numerics.portable.exponential import exp_with
from pymts.numerics.portable.lanes import real, where
from pymts.numerics.portable.logarithm import log_pair

_NOTHING = np.uint64(0)
_LARGE = 1e20  # with such an exponent all is zero or infinite, since a logarithm is 0 or at least 1e-16
_ALL_EVEN = 2.0**53  # from here on every float is an even integer


@inlined
def pow_positive(x: float, y: float) -> float:
    """Return x^y for a positive finite x, without a branch; the error is below 0.9 ulp (1.1 of the smallest number)."""
    high, low = log_pair(real(x))
    held = where(y < -_LARGE, -_LARGE, where(y > _LARGE, _LARGE, real(y)))  # NaN passes
    p, error = product(high, held)
    return exp_with(p, where(abs(p) > 800.0, 0.0, error + low * held), _NOTHING)


@kernel
def pow(x: float, y: float) -> float:  # noqa: A001  (it is the power, and imported by name)
    """Return x^y with the special cases of IEEE 754; the error is below 0.9 ulp (1.1 of the smallest number)."""
    x, y = np.float64(x), np.float64(y)
    if y == 0.0 or x == 1.0:
        return 1.0
    if x != x or y != y:  # noqa: PLR0124  (NaN)
        return x + y
    size = abs(x)
    n = np.int64(y if abs(y) < _ALL_EVEN else 0.0)
    whole = abs(y) >= _ALL_EVEN or n == y
    odd = whole and n & 1 == 1
    if x == -1.0 and abs(y) == np.inf:
        return 1.0
    if -np.inf < x < 0.0 and not whole:
        return np.nan
    if size == 1.0:
        result = 1.0
    elif size == 0.0 or size == np.inf or abs(y) > _LARGE:  # noqa: PLR1714
        result = np.inf if (size > 1.0) == (y > 0.0) else 0.0
    else:
        result = pow_positive(size, y)
    # Odd powers keep the sign, that of a zero too.
    negative = x < 0.0 or (x == 0.0 and 1.0 / x < 0.0)
    return -result if negative and odd else result


@kernel
def integer_power(x: float, n: int) -> float:
    """Return x^n by repeated squaring; each of the some 2 log2 |n| products rounds once."""
    base = np.float64(x)
    left = abs(n)
    result = 1.0
    while left > 0:
        if left & 1:
            result *= base
        base *= base
        left >>= 1
    return 1.0 / result if n < 0 else result
