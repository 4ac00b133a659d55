"""Elementary functions of arrays, with the same bits on every machine."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pymts.numerics.portable import elementary, special
from pymts.numerics.portable.compiled import kernel, specialised
from pymts.numerics.portable.sine import sincos

Array = NDArray[np.float64]
FUNCTION: Callable[..., Any] = elementary.exp


def _over(x: Array, out: Array) -> None:
    for i in range(x.size):
        out[i] = FUNCTION(x[i])


_tanh = specialised(_over, "tanh_into", FUNCTION=elementary.tanh)
_log1p = specialised(_over, "log1p_into", FUNCTION=elementary.log1p)
_normal_cdf = specialised(_over, "normal_cdf_into", FUNCTION=special.normal_cdf)


@kernel
def _powers(x: Array, y: Array, out: Array) -> None:
    for i in range(x.size):
        out[i] = elementary.pow(x[i], y[i])


@kernel
def _cotangent(x: Array, out: Array) -> None:
    for i in range(x.size):
        sin, cos = sincos(x[i])
        out[i] = cos / sin


@kernel
def _dot(x: Array, y: Array) -> float:
    total = 0.0
    for i in range(x.size):
        total += x[i] * y[i]
    return total


def _applied(into: Callable[[Array, Array], None], x: Any) -> Array:
    given = np.ascontiguousarray(x, dtype=np.float64)
    out = np.empty_like(given)
    into(given.reshape(-1), out.reshape(-1))
    return out


def exp(x: Any) -> Array:
    """Return e^x, elementwise."""
    return _applied(elementary.exp_into, x)


def log(x: Any) -> Array:
    """Return the natural logarithm, elementwise."""
    return _applied(elementary.log_into, x)


def log1p(x: Any) -> Array:
    """Return log(1 + x), elementwise."""
    return _applied(_log1p, x)


def tanh(x: Any) -> Array:
    """Return the hyperbolic tangent, elementwise."""
    return _applied(_tanh, x)


def cotangent(x: Any) -> Array:
    """Return 1 / tan x, elementwise."""
    return _applied(_cotangent, x)


def normal_cdf(x: Any) -> Array:
    """Return the probability of a standard normal number up to x, elementwise."""
    return _applied(_normal_cdf, x)


def sin_cos(x: Any) -> tuple[Array, Array]:
    """Return sine and cosine, elementwise."""
    given = np.ascontiguousarray(x, dtype=np.float64)
    sin, cos = np.empty_like(given), np.empty_like(given)
    elementary.sincos_into(given.reshape(-1), sin.reshape(-1), cos.reshape(-1))
    return sin, cos


def power(x: Any, y: Any) -> Array:
    """Return x^y, elementwise; shapes broadcast."""
    base, exponent = (np.ascontiguousarray(a, dtype=np.float64) for a in np.broadcast_arrays(x, y))
    out = np.empty_like(base)
    _powers(base.reshape(-1), exponent.reshape(-1), out.reshape(-1))
    return out.reshape(np.broadcast_shapes(np.shape(x), np.shape(y)))


def dot(x: Array, y: Array) -> float:
    """Return the sum of products of two vectors, in their order."""
    return float(_dot(np.ascontiguousarray(x), np.ascontiguousarray(y)))
