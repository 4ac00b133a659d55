"""Laws of noise: quantiles at a normal's probability, moments, and the covariance that a Gaussian copula gives.

A standard normal z with F^-1(Phi(z)) becomes any law F, and correlated normals become correlated channels of that law.
Far tails are computed from the smaller of the two tail probabilities, so that none is lost to rounding near 1.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from pymts.numerics.functions import cotangent, dot, exp, log, log1p, normal_cdf, power

Array = NDArray[np.float64]
LawName = Literal["normal", "student_t", "laplace", "uniform", "exponential", "gamma", "weibull", "cauchy"]
LAWS: tuple[LawName, ...] = get_args(LawName)

# The integrals over z run to where the density of z^2 times any quantile has vanished, in steps that resolve the
# highest Hermite function.
REACH, STEP, ORDERS = 30.0, 0.01, 400


def _odd(z: Array, tail: Callable[[Array], Array]) -> Array:
    """Return a symmetric law's quantile from ``tail(p)``, the size exceeded on one side with probability p."""
    return np.asarray(np.copysign(tail(normal_cdf(-np.abs(z))), z))


def quantile(law: LawName, z: Array, shape: float) -> Array:
    """Return F^-1(Phi(z)) of the standard form of a law, elementwise.

    Parameters
    ----------
    law : str
        "normal" N(0, 1), "student_t" (shape: degrees of freedom), "laplace" (scale 1), "uniform" on [0, 1],
        "exponential" (mean 1), "gamma" (shape k, scale 1), "weibull" (shape c, scale 1), "cauchy" (half width 1).
    z : array
        Standard normals.
    shape : float
        Of the laws that have one; others ignore it.
    """
    from scipy import special  # noqa: PLC0415  (slow to import)

    if law == "normal":
        return z
    if law == "student_t":
        return _odd(z, lambda p: np.asarray(-special.stdtrit(shape, p), dtype=np.float64))
    if law == "laplace":
        return _odd(z, lambda p: -log(2.0 * p))
    if law == "cauchy":
        return _odd(z, lambda p: cotangent(math.pi * p))
    if law == "uniform":
        return normal_cdf(z)
    if law == "gamma":
        upper = special.gammainccinv(shape, normal_cdf(-np.maximum(z, 0.0)))
        lower = special.gammaincinv(shape, normal_cdf(np.minimum(z, 0.0)))
        return np.asarray(np.where(z > 0, upper, lower), dtype=np.float64)
    tail = normal_cdf(-np.abs(z))
    exponential = -np.where(z > 0, log(tail), log1p(-tail))  # the log of what lies beyond
    return exponential if law == "exponential" else power(exponential, 1.0 / shape)


def moments(law: LawName, shape: float) -> tuple[float, float]:
    """Return mean and variance of the standard form; nan or inf where they do not exist."""
    if law == "student_t":
        variance = shape / (shape - 2.0) if shape > 2 else math.inf
        return (0.0 if shape > 1 else math.nan), variance
    if law == "weibull":
        mean = math.gamma(1.0 + 1.0 / shape)
        return mean, math.gamma(1.0 + 2.0 / shape) - mean**2
    if law == "gamma":
        return shape, shape
    return {
        "normal": (0.0, 1.0),
        "laplace": (0.0, 2.0),
        "uniform": (0.5, 1.0 / 12.0),
        "exponential": (1.0, 1.0),
        "cauchy": (math.nan, math.inf),
    }[law]


@cache
def _powers(law: LawName, shape: float) -> Array:
    """Return a_k, k = 1, 2, ..., of Cov(rho) = sum_k a_k rho^k: squared Hermite coefficients of the quantile (Mehler).

    What lies beyond the last order is put there, so that rho = 1 gives the variance.
    """
    z = np.arange(-REACH, REACH + STEP / 2, STEP)
    root = exp(-np.square(z) / 4.0) / math.sqrt(math.sqrt(2.0 * math.pi))  # of the normal density
    weighted = quantile(law, z, shape) * root * STEP
    before, now = np.zeros_like(z), root  # Hermite functions, orthonormal
    found = np.empty(ORDERS + 1)
    for order in range(ORDERS + 1):
        found[order] = dot(weighted, now) ** 2
        before, now = now, (z * now - math.sqrt(order) * before) / math.sqrt(order + 1)
    powers = found[1:]
    powers[-1] += moments(law, shape)[1] - dot(powers, np.ones_like(powers))
    return powers


def copula_covariance(law: LawName, shape: float, correlation: Array) -> Array:
    """Return the covariance of two standard variables of a law whose normals have the given correlation, elementwise.

    The variance must exist.
    """
    powers = _powers(law, float(shape))
    total = np.zeros_like(correlation)
    for weight in powers[::-1]:  # Horner
        total = (total + weight) * correlation
    return total
