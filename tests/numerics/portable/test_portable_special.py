"""Quantiles and the normal distribution function against arithmetic of many digits."""

from __future__ import annotations

import math
from typing import Any

import mpmath
import numpy as np
import pytest
from portable_ulps import relative, sizes

from pymts.numerics.portable import special

N = 250


def probabilities(seed: int) -> np.ndarray:
    """Return numbers of (0, 1): uniform, near 0 down to 1e-300, near 1, and near 1/2."""
    rng = np.random.default_rng(seed)
    low, high = abs(sizes(rng, 1e-300, 0.5, N)), 1.0 - abs(sizes(rng, 1.2e-16, 0.5, N))
    edges = [0.075, 0.925, math.exp(-25.0), 1e-300, 0.25, 0.75]  # where one approximation follows another
    return np.concatenate([rng.uniform(0, 1, N), low, high, 0.5 + sizes(rng, 1e-16, 0.4, N), edges])


def normal_cdf(x: Any) -> Any:
    return mpmath.erfc(-x / mpmath.sqrt(2)) / 2


def test_normal_quantile() -> None:
    """The error in x is the error in p over p's slope there, to first order."""
    points = probabilities(1)
    points = points[points != 0.5]
    with mpmath.workprec(400):
        errors = []
        for p in points:
            x = mpmath.mpf(float(special.normal_quantile(p)))
            step = (normal_cdf(x) - mpmath.mpf(float(p))) / mpmath.npdf(x)
            errors.append(float(abs(step / x)))
    assert max(errors) < 1e-15


@pytest.mark.parametrize("ends", [(-3.0, 3.0), (-37.5, -1.0), (1.0, 8.0)])
def test_normal_cdf(ends: tuple[float, float]) -> None:
    points = np.random.default_rng(2).uniform(*ends, N)
    assert relative(special.normal_cdf, normal_cdf, points) < 1e-15


def test_normal_cdf_of_all_sizes_and_special_numbers() -> None:
    assert relative(special.normal_cdf, normal_cdf, sizes(np.random.default_rng(3), 5e-324, 37.0, N)) < 1e-15
    assert [special.normal_cdf(x) for x in (-math.inf, -40.0, 0.0, 40.0, math.inf)] == [0.0, 0.0, 0.5, 1.0, 1.0]
    assert math.isnan(special.normal_cdf(math.nan))
    assert special.normal_cdf(-38.3) == pytest.approx(float(normal_cdf(mpmath.mpf("-38.3"))), rel=0, abs=1.5e-323)


def test_quantile_undoes_the_distribution_function() -> None:
    x = np.random.default_rng(4).uniform(-30, 0, N)
    back = np.array([special.normal_quantile(special.normal_cdf(a)) for a in x])
    np.testing.assert_allclose(back, x, rtol=4e-15, atol=1e-15)


def test_cauchy_quantile() -> None:
    points = probabilities(5)
    points = points[points != 0.5]

    def exact(p: Any) -> Any:
        return mpmath.tan(mpmath.pi * (p - mpmath.mpf(0.5)))

    assert relative(special.cauchy_quantile, exact, points) < 6e-16


def test_laplace_quantile() -> None:
    points = probabilities(6)
    points = points[points != 0.5]

    def exact(p: Any) -> Any:
        return mpmath.log(2 * p) if p < 0.5 else -mpmath.log(2 * (1 - p))

    assert relative(special.laplace_quantile, exact, points) < 4e-16


@pytest.mark.parametrize("name", ["normal_quantile", "cauchy_quantile", "laplace_quantile"])
def test_ends_of_the_quantiles(name: str) -> None:
    quantile = getattr(special, name)
    assert [quantile(p) for p in (0.0, 0.5, 1.0)] == [-math.inf, 0.0, math.inf]
    assert np.isnan([quantile(p) for p in (-0.1, 1.1, math.nan)]).all()
