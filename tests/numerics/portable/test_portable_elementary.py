"""The elementary functions against arithmetic of many digits, over the whole range of float64."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from typing import Any

import mpmath
import numpy as np
import pytest
from portable_ulps import SMALLEST, sizes, ulps, worst

from pymts.numerics.portable import elementary

N = 500
HALF_PI_BITS = 1300  # enough for the sine of the largest float
SPECIAL = [0.0, -0.0, 1.0, -1.0, 2.0, -2.0, 0.5, -0.5, 3.0, -3.0, 709.0, -745.0, math.inf, -math.inf, math.nan]
SPECIAL += [5e-324, -5e-324, 1e-310, 1.7e308, -1.7e308, 1.0000000000000002, 0.9999999999999999, 1e19]

Function = Callable[[float], float]


def sin(x: float) -> float:
    return elementary.sincos(x)[0]


def cos(x: float) -> float:
    return elementary.sincos(x)[1]


def rng(seed: int) -> np.random.Generator:
    return np.random.default_rng(seed)


def log1p_of_mp(x: Any) -> Any:
    return mpmath.log(1 + x)


def expm1_of_mp(x: Any) -> Any:
    return mpmath.expm1(x)


NEAR_ONE = 1.0 + sizes(rng(0), 1e-15, 0.4, N)
BOUNDS: list[tuple[str, Function, Callable[[Any], Any], float, list[np.ndarray]]] = [
    (
        *("exp", elementary.exp, mpmath.exp, 0.85),
        [rng(1).uniform(-1, 1, N), rng(2).uniform(-708, 709.78, N), sizes(rng(3), 5e-324, 1, N)],
    ),
    ("exp_subnormal", elementary.exp, mpmath.exp, 1.1, [rng(1).uniform(-746, -708.3, N)]),
    (
        *("expm1", elementary.expm1, expm1_of_mp, 0.7),
        [
            rng(1).uniform(-1, 1, N),
            rng(2).uniform(-60, 709.78, N),
            rng(4).uniform(36, 39, N),
            sizes(rng(3), 5e-324, 700, N),
        ],
    ),
    (
        *("log", elementary.log, mpmath.log, 0.9),
        [NEAR_ONE, rng(1).uniform(0.3, 3, N), abs(sizes(rng(2), 5e-324, 1e308, N))],
    ),
    (
        *("log1p", elementary.log1p, log1p_of_mp, 0.9),
        [
            *(rng(1).uniform(-1, 2, N), sizes(rng(2), 5e-324, 0.99, N), abs(sizes(rng(3), 1e-3, 1e308, N))),
            abs(sizes(rng(4), 1e-16, 0.4, N)) - 1.0,
        ],
    ),
    ("tanh", elementary.tanh, mpmath.tanh, 0.7, [rng(1).uniform(-3, 3, N), sizes(rng(2), 5e-324, 40, N)]),
    ("cosh", elementary.cosh, mpmath.cosh, 1.5, [rng(1).uniform(-3, 3, N), sizes(rng(2), 5e-324, 710.4, N)]),
    (
        *("sinh", elementary.sinh, mpmath.sinh, 2.0),
        [rng(1).uniform(-3, 3, N), sizes(rng(2), 5e-324, 710.4, N), rng(3).uniform(700, 710.4, N)],
    ),
]


@pytest.mark.parametrize(
    ("function", "exact", "bound", "points"), [row[1:] for row in BOUNDS], ids=[row[0] for row in BOUNDS]
)
def test_errors_stay_below_the_bound(
    function: Function, exact: Callable[[Any], Any], bound: float, points: list[np.ndarray]
) -> None:
    # 1200 bits keep 1 + x exact for the smallest x
    assert worst(function, exact, np.concatenate(points), 1200) < bound


@pytest.mark.parametrize("scale", [1.0, 10.0, 1e3, 1e5])
def test_sine_and_cosine_of_uniform_numbers(scale: float) -> None:
    points = rng(4).uniform(-scale, scale, 2 * N)
    assert worst(sin, mpmath.sin, points, 200) < 0.8
    assert worst(cos, mpmath.cos, points, 200) < 0.8


@pytest.mark.parametrize(("low", "high"), [(5e-324, 1.0), (1.0, 1e5), (1e5, 1e20), (1e20, 1.79e308)])
def test_sine_and_cosine_of_all_sizes(low: float, high: float) -> None:
    points = sizes(rng(5), low, high, N)
    assert worst(sin, mpmath.sin, points, HALF_PI_BITS) < 0.8
    assert worst(cos, mpmath.cos, points, HALF_PI_BITS) < 0.8


def test_sine_and_cosine_beside_their_zeros() -> None:
    with mpmath.workprec(HALF_PI_BITS):
        counts = [*range(1, 300), *rng(6).integers(300, 63000, 300).tolist(), *(2**k + 1 for k in range(16, 52))]
        points = [float(k * mpmath.pi / 2) for k in counts]
    # Two floats that are as close to a multiple of pi/2 as floats are, and their doubles and halves, which are close.
    for closest in (6381956970095103.0 * 2.0**797, 5.319372648326541416707296656673541083813475031793921822105998e255):
        points += [closest * 2.0**k for k in range(-30, 31)]
    # Found by search: near a zero, where the sum of the middle words carries, as one in two thousand does.
    points += [float.fromhex(x) for x in ("0x1.857c1a189463dp+874", "0x1.dcfe8e461e41ap+563", "0x1.3c9e06ef6ecedp+860")]
    points += [1e5, float(np.nextafter(1e5, 2e5)), -1e5, float(np.finfo(float).max)]
    assert worst(sin, mpmath.sin, points, HALF_PI_BITS) < 0.8
    assert worst(cos, mpmath.cos, points, HALF_PI_BITS) < 0.8


def test_sine_of_special_numbers() -> None:
    assert math.copysign(1.0, sin(-0.0)) == -1.0
    assert (sin(0.0), cos(0.0), sin(5e-324), sin(-5e-324)) == (0.0, 1.0, 5e-324, -5e-324)
    assert np.isnan([elementary.sincos(x) for x in (math.inf, -math.inf, math.nan)]).all()


@pytest.mark.parametrize("name", ["exp", "expm1", "tanh", "cosh", "sinh", "log", "log1p"])
@pytest.mark.parametrize("x", SPECIAL)
def test_special_numbers(name: str, x: float) -> None:
    with np.errstate(all="ignore"):
        expected = float(getattr(np, name)(x))
    got = float(getattr(elementary, name)(x))
    if np.isnan(expected):
        assert np.isnan(got)
    else:
        assert got == pytest.approx(expected, rel=1e-15, abs=0)
        assert math.copysign(1.0, got) == math.copysign(1.0, expected)


def power(x: float, y: float) -> float:
    """Return what C's pow gives, which Python turns into errors and complex numbers in places."""
    try:
        return math.pow(x, y)
    except ValueError:
        negative = math.copysign(1.0, x) < 0 and y % 2 == 1
        return (-math.inf if negative else math.inf) if x == 0.0 else math.nan
    except OverflowError:
        return -math.inf if x < 0 and y % 2 == 1 else math.inf


@pytest.mark.parametrize(("x", "y"), list(itertools.product(SPECIAL, SPECIAL)))
def test_special_powers(x: float, y: float) -> None:
    expected, got = power(x, y), elementary.pow(x, y)
    if math.isnan(expected):
        assert math.isnan(got)
    else:
        assert got == pytest.approx(expected, rel=1e-15, abs=SMALLEST)
        assert math.copysign(1.0, got) == math.copysign(1.0, expected)


@pytest.mark.parametrize("kind", ["any base", "base near one", "base near the root of two", "usual"])
def test_errors_of_powers(kind: str) -> None:
    random = rng(7)
    x = {
        "any base": abs(sizes(random, 5e-324, 1e308, 2 * N)),
        "base near one": NEAR_ONE,
        "usual": random.uniform(0, 9, N),
    }
    x["base near the root of two"] = np.sqrt(2.0) ** random.choice([-1, 1], N) * random.uniform(0.99, 1.01, N)
    base = x[kind][x[kind] != 1.0]
    exponents = random.uniform(-5, 5, base.size) if kind == "usual" else random.uniform(-744, 709, base.size)
    exponents = exponents if kind == "usual" else exponents / np.log(base)
    pairs = list(zip(base.tolist(), exponents.tolist(), strict=True))
    with mpmath.workprec(300):
        errors = [ulps(elementary.pow(a, b), mpmath.mpf(a) ** mpmath.mpf(b)) for a, b in pairs]
    normal = [error for error, (a, b) in zip(errors, pairs, strict=True) if abs(b * np.log(a)) < 708.0]
    assert max(normal) < 0.9
    assert max(errors) < 1.1
    fast = [elementary.pow_positive(a, b) for a, b in pairs]
    np.testing.assert_array_equal(fast, [elementary.pow(a, b) for a, b in pairs])


def test_powers_of_negative_bases() -> None:
    assert [elementary.pow(-2.0, y) for y in (1.0, 2.0, 3.0, -1.0, -2.0)] == [-2.0, 4.0, -8.0, -0.5, 0.25]
    assert math.isnan(elementary.pow(-2.0, 0.5))
    assert elementary.pow(-1.0, 2.0**53 - 1) == -1.0
    assert elementary.pow(-1.0, 2.0**53) == 1.0


@pytest.mark.parametrize("n", [0, 1, 2, 3, 7, 30, -1, -5])
def test_integer_powers(n: int) -> None:
    bound = 2.0 * max(abs(n), 1)  # n - 1 products of half an ulp, twice that in ulps of the result at worst
    points = rng(8).uniform(-3, 3, N)
    assert worst(lambda x: elementary.integer_power(x, n), lambda x: x**n, points, 200) < bound
    assert elementary.integer_power(3.0, abs(n)) == 3.0 ** abs(n)


@pytest.mark.parametrize("n", [0, 1, 7, 1023, 1024, 1025, 5000])
def test_arrays_have_the_bits_of_their_elements(n: int) -> None:
    x = sizes(rng(9), 1e-5, 1e3, n)
    s, c, e, ln = (np.empty(n) for _ in range(4))
    elementary.sincos_into(x, s, c)
    elementary.exp_into(x, e)
    elementary.log_into(abs(x), ln)
    np.testing.assert_array_equal(s, [sin(a) for a in x])
    np.testing.assert_array_equal(c, [cos(a) for a in x])
    np.testing.assert_array_equal(e, [elementary.exp(a) for a in x])
    np.testing.assert_array_equal(ln, [elementary.log(abs(a)) for a in x])


@pytest.mark.parametrize("odd_one", [1e6, -1e300, math.inf, math.nan, 0.0, -0.0])
def test_one_far_argument_changes_no_other(odd_one: float) -> None:
    x = rng(10).uniform(-50, 50, 3000)
    s, c, with_s = (np.empty_like(x) for _ in range(3))
    elementary.sincos_into(x, s, c)
    x[1500] = odd_one
    elementary.sincos_into(x, with_s, x)  # in place
    np.testing.assert_array_equal(np.delete(with_s, 1500), np.delete(s, 1500))
    np.testing.assert_array_equal(np.delete(x, 1500), np.delete(c, 1500))
    np.testing.assert_array_equal([with_s[1500], x[1500]], elementary.sincos(odd_one))
    assert np.signbit(with_s[1500]) == np.signbit(sin(odd_one)) or math.isnan(with_s[1500])
