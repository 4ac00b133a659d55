"""Random numbers from the words of PCG64 alone, one stream a row; the numbers of a row do not depend on its neighbours.

A word gives the layer of the ziggurat (8 bits) and the place in it (55 bits and, for the normal law, a sign). In 99 of
100 cases that is the number (Marsaglia and Tsang, 2000). A stream goes on where it stopped, so that two short
fills are one long fill.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pymts.numerics.portable.bits import high_product, signed_of
from pymts.numerics.portable.compiled import kernel
from pymts.numerics.portable.exponential import exp
from pymts.numerics.portable.logarithm import log
from pymts.numerics.portable.pcg import Words, advance, inner_unit, next_u64, output, unit
from pymts.numerics.portable.special import cauchy_quantile
from pymts.numerics.portable.tables import (
    EXPONENTIAL_EDGES,
    EXPONENTIAL_HEIGHTS,
    NORMAL_EDGES,
    NORMAL_HEIGHTS,
)

Array = NDArray[np.float64]

_0, _1, _8, _LAYER = (np.uint64(n) for n in (0, 1, 8, 255))
# The place in a layer is an odd integer below 2^55 in size: a float64 once it is multiplied by the step.
_NORMAL_STEP = NORMAL_EDGES[:-1] * 2.0**-55
_NORMAL_INSIDE = np.floor(NORMAL_EDGES[1:] / NORMAL_EDGES[:-1] * 2.0**55).astype(np.int64)
_EXPONENTIAL_STEP = EXPONENTIAL_EDGES[:-1] * 2.0**-56
_EXPONENTIAL_INSIDE = np.floor(EXPONENTIAL_EDGES[1:] / EXPONENTIAL_EDGES[:-1] * 2.0**56).astype(np.int64)
_NORMAL_TAIL, _EXPONENTIAL_TAIL = float(NORMAL_EDGES[1]), float(EXPONENTIAL_EDGES[1])


@kernel
def _normal_edge(
    layer: np.uint64, x: float, high: np.uint64, low: np.uint64, inc_high: np.uint64, inc_low: np.uint64
) -> tuple[bool, float, np.uint64, np.uint64]:
    """Decide on a number that may lie above the curve, or draw one from the tail."""
    if layer != _0:
        high, low = advance(high, low, inc_high, inc_low)
        bottom, top = NORMAL_HEIGHTS[layer], NORMAL_HEIGHTS[layer + _1]
        return bottom + unit(output(high, low)) * (top - bottom) < exp(-0.5 * x * x), x, high, low
    beyond, height = 0.0, 0.0
    while height + height <= beyond * beyond:
        high, low = advance(high, low, inc_high, inc_low)
        beyond = -log(inner_unit(output(high, low))) / _NORMAL_TAIL
        high, low = advance(high, low, inc_high, inc_low)
        height = -log(inner_unit(output(high, low)))
    tail = _NORMAL_TAIL + beyond
    return True, -tail if x < 0.0 else tail, high, low


@kernel
def normal(
    high: np.uint64, low: np.uint64, inc_high: np.uint64, inc_low: np.uint64
) -> tuple[float, np.uint64, np.uint64]:
    """Return a standard normal number and the state after it."""
    while True:
        high, low = advance(high, low, inc_high, inc_low)
        word = output(high, low)
        layer = word & _LAYER
        place = (signed_of(word) >> 8) | 1
        x = place * _NORMAL_STEP[layer]
        if abs(place) < _NORMAL_INSIDE[layer]:
            return x, high, low
        accepted, x, high, low = _normal_edge(layer, x, high, low, inc_high, inc_low)
        if accepted:
            return x, high, low


@kernel
def _exponential_edge(
    layer: np.uint64, x: float, high: np.uint64, low: np.uint64, inc_high: np.uint64, inc_low: np.uint64
) -> tuple[bool, float, np.uint64, np.uint64]:
    """Decide on a number that may lie above the curve, or draw one from the tail."""
    high, low = advance(high, low, inc_high, inc_low)
    word = output(high, low)
    if layer == _0:  # the tail is the law once more, farther out
        return True, _EXPONENTIAL_TAIL - log(inner_unit(word)), high, low
    bottom, top = EXPONENTIAL_HEIGHTS[layer], EXPONENTIAL_HEIGHTS[layer + _1]
    return bottom + unit(word) * (top - bottom) < exp(-x), x, high, low


@kernel
def exponential(
    high: np.uint64, low: np.uint64, inc_high: np.uint64, inc_low: np.uint64
) -> tuple[float, np.uint64, np.uint64]:
    """Return a standard exponential number and the state after it."""
    while True:
        high, low = advance(high, low, inc_high, inc_low)
        word = output(high, low)
        layer = word & _LAYER
        place = signed_of((word >> _8) | _1)
        x = place * _EXPONENTIAL_STEP[layer]
        if place < _EXPONENTIAL_INSIDE[layer]:
            return x, high, low
        accepted, x, high, low = _exponential_edge(layer, x, high, low, inc_high, inc_low)
        if accepted:
            return x, high, low


@kernel
def next_normal(state: Words) -> float:
    """Return the next standard normal number of a stream; the state (4,) moves on."""
    x, state[0], state[1] = normal(state[0], state[1], state[2], state[3])
    return x


@kernel
def next_exponential(state: Words) -> float:
    """Return the next standard exponential number of a stream; the state (4,) moves on."""
    x, state[0], state[1] = exponential(state[0], state[1], state[2], state[3])
    return x


@kernel
def next_cauchy(state: Words) -> float:
    """Return the next standard Cauchy number of a stream: the quantile of one uniform; the state (4,) moves on."""
    return cauchy_quantile(inner_unit(next_u64(state)))


@kernel
def next_below(state: Words, n: int | np.uint64) -> np.uint64:
    """Return an integer from 0 to n - 1, all equally likely, for n of at least 1 (Lemire, 2019)."""
    count = np.uint64(n)
    word = next_u64(state)
    rest = word * count
    if rest < count:
        least = (_0 - count) % count
        while rest < least:
            word = next_u64(state)
            rest = word * count
    return high_product(word, count)


@kernel
def below_into(state: Words, n: int, out: NDArray[np.int64]) -> None:
    """Fill with integers from 0 to n - 1, all equally likely."""
    for i in range(out.size):
        out[i] = signed_of(next_below(state, n))


@kernel
def permutation_into(state: Words, out: NDArray[np.int64]) -> None:
    """Write 0, ..., n - 1 in an order drawn at random (Fisher and Yates)."""
    for i in range(out.size):
        out[i] = i
    for i in range(out.size - 1, 0, -1):
        j = signed_of(next_below(state, i + 1))
        out[i], out[j] = out[j], out[i]


@kernel
def choice_into(state: Words, n: int, out: NDArray[np.int64]) -> None:
    """Write out.size different integers below n, every order of every set equally likely; n is at least out.size."""
    pool = np.arange(n)
    for i in range(out.size):
        j = i + signed_of(next_below(state, n - i))
        out[i], pool[j] = pool[j], pool[i]


@kernel
def fill_uniform(states: Words, out: Array) -> None:
    """Fill each row (rows, n) with numbers on [0, 1) from its stream (rows, 4), which moves on."""
    for row in range(out.shape[0]):
        high, low, inc_high, inc_low = states[row, 0], states[row, 1], states[row, 2], states[row, 3]
        line = out[row]
        for i in range(line.size):
            high, low = advance(high, low, inc_high, inc_low)
            line[i] = unit(output(high, low))
        states[row, 0], states[row, 1] = high, low


@kernel
def fill_normal(states: Words, out: Array) -> None:
    """Fill each row (rows, n) with standard normal numbers from its stream (rows, 4), which moves on."""
    for row in range(out.shape[0]):
        high, low, inc_high, inc_low = states[row, 0], states[row, 1], states[row, 2], states[row, 3]
        line = out[row]
        for i in range(line.size):
            line[i], high, low = normal(high, low, inc_high, inc_low)
        states[row, 0], states[row, 1] = high, low


@kernel
def fill_exponential(states: Words, out: Array) -> None:
    """Fill each row (rows, n) with standard exponential numbers from its stream (rows, 4), which moves on."""
    for row in range(out.shape[0]):
        high, low, inc_high, inc_low = states[row, 0], states[row, 1], states[row, 2], states[row, 3]
        line = out[row]
        for i in range(line.size):
            line[i], high, low = exponential(high, low, inc_high, inc_low)
        states[row, 0], states[row, 1] = high, low


@kernel
def fill_cauchy(states: Words, out: Array) -> None:
    """Fill each row (rows, n) with standard Cauchy numbers from its stream (rows, 4), which moves on."""
    for row in range(out.shape[0]):
        state, line = states[row], out[row]
        for i in range(line.size):
            line[i] = next_cauchy(state)


@kernel
def fill_normal_lanes(states: Words, out: Array) -> None:
    """Fill each column (n, rows or more) with standard normal numbers from its stream (rows, 4), which moves on."""
    for row in range(states.shape[0]):
        high, low, inc_high, inc_low = states[row, 0], states[row, 1], states[row, 2], states[row, 3]
        for i in range(out.shape[0]):
            out[i, row], high, low = normal(high, low, inc_high, inc_low)
        states[row, 0], states[row, 1] = high, low


@kernel
def fill_uniform_lanes(states: Words, out: Array) -> None:
    """Fill each column (n, rows or more) with numbers on [0, 1) from its stream (rows, 4), which moves on."""
    for row in range(states.shape[0]):
        high, low, inc_high, inc_low = states[row, 0], states[row, 1], states[row, 2], states[row, 3]
        for i in range(out.shape[0]):
            high, low = advance(high, low, inc_high, inc_low)
            out[i, row] = unit(output(high, low))
        states[row, 0], states[row, 1] = high, low
