"""Sine and cosine against arithmetic of 60 digits."""

from __future__ import annotations

import mpmath
import numpy as np
import pytest

from pymts.numerics.trigonometry import sincos

BOUND = 4e-16


def worst(x: np.ndarray) -> float:
    """Return the largest error of either function."""
    sin, cos = sincos(x)
    with mpmath.workdps(60):
        errors = [
            max(abs(mpmath.sin(mpmath.mpf(a)) - s), abs(mpmath.cos(mpmath.mpf(a)) - c))
            for a, s, c in zip(x.tolist(), sin.tolist(), cos.tolist(), strict=True)
        ]
    return float(max(errors))


@pytest.mark.parametrize("scale", [1e-9, 1.0, 10.0, 1e4, 1e9])
def test_errors_stay_below_the_bound(scale: float) -> None:
    assert worst(np.random.default_rng(0).uniform(-scale, scale, 2000)) < BOUND


def test_errors_stay_below_the_bound_where_the_tangent_is_zero_or_huge() -> None:
    multiples = np.arange(-40, 41) * (np.pi / 4)
    points = np.concatenate([multiples, np.nextafter(multiples, 1e3), np.nextafter(multiples, -1e3), multiples * 1e6])
    assert worst(points) < BOUND


def test_zero_infinity_and_nan() -> None:
    with np.errstate(invalid="ignore"):
        sin, cos = sincos(np.array([0.0, np.inf, np.nan]))
    assert (sin[0], cos[0]) == (0.0, 1.0)
    assert np.isnan([sin[1:], cos[1:]]).all()


def test_bits_do_not_depend_on_size_or_place() -> None:
    x = np.random.default_rng(1).uniform(-50, 50, 4099)
    sin, cos = sincos(x)
    for start, stop in ((0, 1), (1, 4), (3, 12), (1000, 4099)):
        part = sincos(x[start:stop])
        np.testing.assert_array_equal(part[0], sin[start:stop])
        np.testing.assert_array_equal(part[1], cos[start:stop])
    strided = sincos(x[::3])
    np.testing.assert_array_equal(strided[0], sin[::3])
    np.testing.assert_array_equal(strided[1], cos[::3])


def test_results_go_where_they_are_wanted_and_the_argument_stays_as_it_is() -> None:
    x = np.random.default_rng(2).uniform(-9, 9, (2, 7, 3))
    before, space = x.copy(), np.zeros((2, 20, 3))
    expected = sincos(x)
    returned = sincos(x, out=(space[:, :7], space[:, 10:17]))
    np.testing.assert_array_equal(space[:, :7], expected[0])
    np.testing.assert_array_equal(space[:, 10:17], expected[1])
    np.testing.assert_array_equal(returned, expected)
    np.testing.assert_array_equal(x, before)
    assert not space[:, 7:10].any()
