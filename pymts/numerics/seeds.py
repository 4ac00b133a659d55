"""Many random generators at once: what ``numpy.random.SeedSequence`` computes for one child, for all in one array.

A simulation of a hundred realizations needs hundreds of generators, and seeding one by one took as long as the numbers
they draw. The hash is NumPy's, after M. E. O'Neill's seed_seq_fe; its 32-bit words wrap around on purpose.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.random import PCG64, Generator, SeedSequence
from numpy.random.bit_generator import ISeedSequence
from numpy.typing import NDArray

Words = NDArray[np.uint32]

POOL = 4  # words of entropy that are kept
# From so many on the arrays pay.
MANY = 32
_MASK = 0xFFFFFFFF
_INIT_A, _MULT_A = 0x43B0D7E5, 0x931E8875
_INIT_B, _MULT_B = 0x8B51F9DD, 0x58F38DED
_MIX_LEFT, _MIX_RIGHT = np.uint32(0xCA01F9DD), np.uint32(0x4973F715)
_SHIFT = np.uint32(16)


class _Hash:
    """A hash whose constant changes with every word, the same for all generators."""

    def __init__(self, constant: int, multiplier: int) -> None:
        self.constant, self.multiplier = constant, multiplier

    def __call__(self, words: Words) -> Words:
        words = words ^ np.uint32(self.constant)
        self.constant = self.constant * self.multiplier & _MASK
        words = words * np.uint32(self.constant)
        mixed: Words = words ^ (words >> _SHIFT)
        return mixed


def _mix(x: Words, y: Words) -> Words:
    words = x * _MIX_LEFT - y * _MIX_RIGHT
    mixed: Words = words ^ (words >> _SHIFT)
    return mixed


def seed_words(seeds: NDArray[np.uint64], role: int, children: NDArray[np.uint32]) -> NDArray[np.uint64]:
    """Return the four words that ``SeedSequence(seed, spawn_key=(role, child))`` gives PCG64, (n, 4).

    Parameters
    ----------
    seeds : array of shape (n,)
    role : int, below 2^32
    children : array of shape (n,)
    """
    low, high = (seeds & np.uint64(_MASK)).astype(np.uint32), (seeds >> np.uint64(32)).astype(np.uint32)
    nothing = np.zeros_like(low)
    entropy = [low, high, nothing, nothing, nothing + np.uint32(role), children]
    scramble = _Hash(_INIT_A, _MULT_A)
    pool = [scramble(words) for words in entropy[:POOL]]
    for source in range(POOL):
        for target in range(POOL):
            if source != target:
                pool[target] = _mix(pool[target], scramble(pool[source]))
    for words in entropy[POOL:]:
        for target in range(POOL):
            pool[target] = _mix(pool[target], scramble(words))
    scramble = _Hash(_INIT_B, _MULT_B)
    state = np.stack([scramble(pool[i % POOL]) for i in range(2 * POOL)], axis=-1)  # (n, 8)
    return state.astype("<u4").view("<u8").astype(np.uint64)  # the lower half first, on any machine


class _Given(ISeedSequence):
    """Words that have been computed already, for the bit generator that asks for them."""

    def __init__(self, words: NDArray[np.uint64]) -> None:
        self.words = words

    def generate_state(self, n_words: int, dtype: Any = np.uint32) -> NDArray[np.uint64]:
        """Return the words; PCG64 asks once, for four of 64 bits."""
        assert n_words == self.words.size and dtype == np.uint64  # noqa: S101, PT018  (PCG64 asks for nothing else)
        return self.words


def generators(seeds: NDArray[np.uint64], role: int, children: NDArray[np.uint32]) -> list[Generator]:
    """Return ``default_rng(SeedSequence(seed, spawn_key=(role, child)))`` for each pair."""
    if len(seeds) < MANY:
        pairs = zip(seeds.tolist(), children.tolist(), strict=True)
        return [Generator(PCG64(SeedSequence(seed, spawn_key=(role, child)))) for seed, child in pairs]
    given: list[Any] = [_Given(words) for words in seed_words(seeds, role, children)]  # PCG64 takes any ISeedSequence
    return [Generator(PCG64(words)) for words in given]
