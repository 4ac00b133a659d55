"""The words of NumPy's PCG64, whose stream NumPy keeps as it is for ever: PCG XSL RR 128/64 of M. E. O'Neill.

A state is four words: the upper and the lower half of the state, then of the increment. Kernels keep them in locals
and write them back at the end.
"""

from __future__ import annotations

import numpy as np
from numpy.random import PCG64
from numpy.typing import NDArray

from pymts.numerics.portable.bits import high_product, signed_of
from pymts.numerics.portable.compiled import inlined, kernel

Words = NDArray[np.uint64]

_MULTIPLIER_HIGH, _MULTIPLIER_LOW = np.uint64(0x2360ED051FC65DA4), np.uint64(0x4385DF649FCCF645)
_0, _1, _11, _58, _63 = (np.uint64(n) for n in (0, 1, 11, 58, 63))


@inlined
def advance(high: np.uint64, low: np.uint64, inc_high: np.uint64, inc_low: np.uint64) -> tuple[np.uint64, np.uint64]:
    """Return the next state: the product with the multiplier, plus the increment."""
    new_low = low * _MULTIPLIER_LOW + inc_low
    carry = _1 if new_low < inc_low else _0
    new_high = high_product(low, _MULTIPLIER_LOW) + high * _MULTIPLIER_LOW + low * _MULTIPLIER_HIGH + inc_high + carry
    return new_high, new_low


@inlined
def output(high: np.uint64, low: np.uint64) -> np.uint64:
    """Return the word of a state: its halves' exclusive or, rotated by the six highest bits."""
    word = high ^ low
    turn = high >> _58
    return (word >> turn) | (word << ((_0 - turn) & _63))


@kernel
def next_u64(state: Words) -> np.uint64:
    """Return the next word of a stream, the one that ``PCG64.random_raw`` gives; the state (4,) moves on."""
    high, low = advance(state[0], state[1], state[2], state[3])
    state[0], state[1] = high, low
    return output(high, low)


@inlined
def unit(word: np.uint64) -> float:
    """Return the upper 53 bits of a word as a number on [0, 1), as ``Generator.random`` does."""
    return signed_of(word >> _11) * 2.0**-53


@inlined
def inner_unit(word: np.uint64) -> float:
    """Return the upper 52 bits of a word as a number on (0, 1), at the middles of 2^52 steps."""
    return (signed_of((word >> _11) >> _1) + 0.5) * 2.0**-52


@kernel
def next_uniform(state: Words) -> float:
    """Return the number on [0, 1) that ``Generator.random`` gives; the state (4,) moves on."""
    return unit(next_u64(state))


@kernel
def seed_into(words: Words, states: Words) -> None:
    """Write the states (rows, 4) that ``PCG64`` makes of the words (rows, 4) of its seed sequences."""
    for row in range(words.shape[0]):
        inc_high = (words[row, 2] << _1) | (words[row, 3] >> _63)
        inc_low = (words[row, 3] << _1) | _1
        low = inc_low + words[row, 1]
        high = inc_high + words[row, 0] + (_1 if low < inc_low else _0)
        states[row, 0], states[row, 1] = advance(high, low, inc_high, inc_low)
        states[row, 2], states[row, 3] = inc_high, inc_low


def state_of(generator: PCG64) -> Words:
    """Return the state of a bit generator as four words."""
    state = generator.state["state"]
    words = [state["state"] >> 64, state["state"], state["inc"] >> 64, state["inc"]]
    return np.array([word & (1 << 64) - 1 for word in words], dtype=np.uint64)
