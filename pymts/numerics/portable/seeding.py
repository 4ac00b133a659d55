"""Streams from seeds: what ``numpy.random.SeedSequence`` and ``PCG64`` make of them, for many streams at once.

The hash is NumPy's, after M. E. O'Neill's seed_seq_fe; its words have 32 bits, kept in the lower half of 64.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pymts.numerics.portable.compiled import inlined, kernel
from pymts.numerics.portable.pcg import Words, seed_into

_POOL = 4  # words of entropy that are kept
_0, _16, _32, _MASK = (np.uint64(n) for n in (0, 16, 32, 0xFFFFFFFF))
_INIT_A, _MULT_A = np.uint64(0x43B0D7E5), np.uint64(0x931E8875)
_INIT_B, _MULT_B = np.uint64(0x8B51F9DD), np.uint64(0x58F38DED)
_MIX_LEFT, _MIX_RIGHT = np.uint64(0xCA01F9DD), np.uint64(0x4973F715)


@inlined
def _hashed(word: np.uint64, constant: np.uint64, multiplier: np.uint64) -> tuple[np.uint64, np.uint64]:
    """Return the hash of a word, and the constant of the next one."""
    following = constant * multiplier & _MASK
    word = (word ^ constant) * following & _MASK
    return word ^ (word >> _16), following


@inlined
def _mixed(x: np.uint64, y: np.uint64) -> np.uint64:
    word = (x * _MIX_LEFT - y * _MIX_RIGHT) & _MASK
    return word ^ (word >> _16)


@kernel
def _words_into(seeds: Words, keys: Words, words: Words) -> None:
    """Write the four words of each ``SeedSequence(seed, spawn_key=keys)``: (n,) and (n, k) to (n, 4)."""
    pool = np.zeros(_POOL, dtype=np.uint64)
    for row in range(seeds.size):
        constant = _INIT_A
        for i in range(_POOL):
            entropy = _0 if i > 1 else (seeds[row] & _MASK if i == 0 else seeds[row] >> _32)
            pool[i], constant = _hashed(entropy, constant, _MULT_A)
        for source in range(_POOL):
            for target in range(_POOL):
                if source != target:
                    word, constant = _hashed(pool[source], constant, _MULT_A)
                    pool[target] = _mixed(pool[target], word)
        for k in range(keys.shape[1]):
            for target in range(_POOL):
                word, constant = _hashed(keys[row, k], constant, _MULT_A)
                pool[target] = _mixed(pool[target], word)
        constant = _INIT_B
        for i in range(4):
            low, constant = _hashed(pool[2 * i % _POOL], constant, _MULT_B)
            high, constant = _hashed(pool[(2 * i + 1) % _POOL], constant, _MULT_B)
            words[row, i] = low | (high << _32)


def seed_words(seeds: NDArray[np.uint64], keys: NDArray[np.uint64]) -> Words:
    """Return the four words that ``SeedSequence(seed, spawn_key=keys)`` gives PCG64, (n, 4).

    Parameters
    ----------
    seeds : array of shape (n,)
    keys : array of shape (n, k), k of at least 1, each below 2^32
    """
    words = np.empty((len(seeds), 4), dtype=np.uint64)
    _words_into(np.ascontiguousarray(seeds, dtype=np.uint64), np.ascontiguousarray(keys, dtype=np.uint64), words)
    return words


def states(seeds: NDArray[np.uint64], keys: NDArray[np.uint64]) -> Words:
    """Return the states of ``PCG64(SeedSequence(seed, spawn_key=keys))``, (n, 4); see ``pcg``."""
    found = np.empty((len(seeds), 4), dtype=np.uint64)
    seed_into(seed_words(seeds, keys), found)
    return found
