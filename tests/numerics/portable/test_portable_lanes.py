"""Lanes: each is computed as a single number is, in vector instructions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numba
import numpy as np
import pytest
from numpy.random import PCG64
from numpy.typing import NDArray

from pymts.numerics.portable import elementary
from pymts.numerics.portable.bits import square_root
from pymts.numerics.portable.compiled import inlined, kernel, specialised
from pymts.numerics.portable.lanes import LANES, load, real, spread, store, where

Array = NDArray[np.float64]
FUNCTION: Callable[..., Any] = square_root


def _over(x: Array, out: Array) -> None:
    for i in range(0, x.size, LANES):
        store(out, i, FUNCTION(load(x, i)))


def _single(x: Array, out: Array) -> None:
    for i in range(x.size):
        out[i] = FUNCTION(x[i])


@inlined
def mixed(x: Any) -> Any:
    y = 2 * x - x * 0.5
    y += -abs(x) / 3.0
    y *= x
    y -= real(x)
    return where((x > 0.25) & (x != 1.0) | (x <= -2.0), y, where(x >= 0.0, x, 7))


@inlined
def sine(x: Any) -> Any:
    return elementary.sincos_near(x)[0]


@inlined
def cosine(x: Any) -> Any:
    return elementary.sincos_near(x)[1]


@inlined
def power(x: Any) -> Any:
    return elementary.pow_positive(abs(x) + 1e-300, 1.7)


@inlined
def root(x: Any) -> Any:
    return square_root(abs(x))


NAMES = ("exp", "expm1", "tanh", "cosh", "sinh", "log", "log1p")
FUNCTIONS = {name: getattr(elementary, name) for name in NAMES} | {
    "mixed": mixed,
    "sine": sine,
    "cosine": cosine,
    "power": power,
    "root": root,
}


def numbers(n: int) -> Array:
    """Return n finite numbers of all sizes up to 1e5 for functions that go so far, and the special ones."""
    words = PCG64(3).random_raw(n)
    wide = words.view(np.float64)
    narrow = (words >> np.uint64(11)) * 2.0**-48 - 16.0
    special = [0.0, -0.0, 1.0, -1.0, np.inf, -np.inf, np.nan, 5e-324]
    return np.concatenate([wide[np.isfinite(wide)][: n // 2 // 8 * 8], narrow, special])


@pytest.mark.parametrize("name", FUNCTIONS)
def test_lanes_have_the_bits_of_single_numbers(name: str) -> None:
    x = numbers(4096)
    if name in ("sine", "cosine"):
        x = np.where(np.abs(x) < 1e5, x, 0.5)
    together, alone = np.empty_like(x), np.empty_like(x)
    specialised(_over, f"over_{name}", FUNCTION=FUNCTIONS[name])(x, together)
    specialised(_single, f"single_{name}", FUNCTION=FUNCTIONS[name])(x, alone)
    np.testing.assert_array_equal(together, alone)  # NaN equals NaN
    zero = (together == 0) & (alone == 0)
    np.testing.assert_array_equal(np.signbit(together[zero]), np.signbit(alone[zero]))


@pytest.mark.parametrize("name", FUNCTIONS)
def test_they_are_vectors_in_the_machine_code(name: str) -> None:
    made: Any = specialised(_over, f"code_{name}", FUNCTION=FUNCTIONS[name])
    x = np.zeros(16)
    fresh: Any = numba.njit(error_model="numpy")(made.py_func)  # what comes from the cache cannot be looked at
    fresh(x, x.copy())
    (code,) = fresh.inspect_llvm().values()
    assert "<8 x double>" in code


@kernel
def _spread(x: float, out: Array) -> None:
    store(out, 0, spread(x))
    store(out, LANES, spread(0.0) + x)


def test_one_number_becomes_eight() -> None:
    out = np.zeros(2 * LANES)
    _spread(0.3, out)
    np.testing.assert_array_equal(out, 0.3)
