"""Errors in units of the last place, against mpmath."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import mpmath
import numpy as np

SMALLEST = 5e-324
MOST = mpmath.mpf(np.finfo(float).max)


def ulps(got: float, exact: Any) -> float:
    """Return the error of a float in units of the last place of the exact value."""
    got, nearest = float(got), float(exact)
    if np.isinf(got) or np.isinf(nearest):
        return 0.0 if got == nearest or abs(exact) > MOST else np.inf
    if np.isnan(got):
        return np.inf
    return float(abs(mpmath.mpf(got) - exact) / mpmath.mpf(max(np.spacing(abs(nearest)), SMALLEST)))


def worst(function: Callable[[float], float], exact: Callable[[Any], Any], points: Iterable[float], bits: int) -> float:
    """Return the largest error over the points, exact values in so many bits."""
    with mpmath.workprec(bits):
        return max(ulps(function(x), exact(mpmath.mpf(float(x)))) for x in points)


def relative(function: Callable[[float], float], exact: Callable[[Any], Any], points: Iterable[float]) -> float:
    """Return the largest relative error over the points."""
    with mpmath.workprec(1200):
        pairs = [(mpmath.mpf(float(function(x))), exact(mpmath.mpf(float(x)))) for x in points]
        return float(max(abs((got - value) / value) for got, value in pairs))


def sizes(rng: np.random.Generator, low: float, high: float, n: int) -> np.ndarray:
    """Return n numbers of either sign whose logarithms are uniform between those of low and high."""
    return np.exp(rng.uniform(np.log(low), np.log(high), n)) * rng.choice([-1.0, 1.0], n)
