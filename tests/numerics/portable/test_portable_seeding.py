"""Streams made together are the ones NumPy makes one by one."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.random import PCG64, SeedSequence

from pymts.numerics.portable.pcg import state_of
from pymts.numerics.portable.seeding import seed_words, states
from pymts.params.base import MAX_SEED

KEY = st.integers(0, 2**32 - 1)


@given(
    rows=st.integers(1, 5).flatmap(
        lambda k: st.lists(st.tuples(st.integers(0, MAX_SEED), st.lists(KEY, min_size=k, max_size=k)), min_size=1)
    )
)
def test_states_are_those_of_numpy(rows: list[tuple[int, list[int]]]) -> None:
    seeds, keys = np.array([a for a, _ in rows], np.uint64), np.array([b for _, b in rows], np.uint64)
    for words, state, (seed, key) in zip(seed_words(seeds, keys), states(seeds, keys), rows, strict=True):
        expected = SeedSequence(seed, spawn_key=tuple(key))
        np.testing.assert_array_equal(words, expected.generate_state(4, np.uint64))
        np.testing.assert_array_equal(state, state_of(PCG64(expected)))


@pytest.mark.parametrize("seed", [0, 1, 2**32 - 1, 2**32, 2**53, MAX_SEED])
def test_every_child_of_a_seed_is_numpys(seed: int) -> None:
    keys = np.stack([np.full(100, 2), np.arange(100)], axis=1).astype(np.uint64)
    expected = [state_of(PCG64(SeedSequence(seed, spawn_key=(2, r)))) for r in range(100)]
    np.testing.assert_array_equal(states(np.full(100, seed, np.uint64), keys), expected)
