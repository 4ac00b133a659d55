"""Generators made together are the ones NumPy makes one by one."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.random import SeedSequence, default_rng

from pymts.numerics import seeds
from pymts.params.base import MAX_SEED


@given(
    pairs=st.lists(st.tuples(st.integers(0, MAX_SEED), st.integers(0, 2**32 - 1)), min_size=1, max_size=2 * seeds.MANY),
    role=st.integers(0, 2**32 - 1),
)
def test_generators_are_those_of_numpy(pairs: list[tuple[int, int]], role: int) -> None:
    own, children = np.array([a for a, _ in pairs], np.uint64), np.array([b for _, b in pairs], np.uint32)
    made = seeds.generators(own, role, children)
    for rng, (seed, child) in zip(made, pairs, strict=True):
        expected = default_rng(SeedSequence(seed, spawn_key=(role, child)))
        assert rng.bit_generator.state == expected.bit_generator.state


@pytest.mark.parametrize("seed", [0, 1, 2**32 - 1, 2**32, 2**53, MAX_SEED])
@pytest.mark.parametrize("n", [1, seeds.MANY - 1, seeds.MANY, 100])
def test_every_child_of_a_seed_draws_what_numpy_draws(seed: int, n: int) -> None:
    made = seeds.generators(np.full(n, seed, np.uint64), 2, np.arange(n, dtype=np.uint32))
    drawn = [rng.standard_normal(3).tolist() for rng in made]
    assert drawn == [default_rng(SeedSequence(seed, spawn_key=(2, r))).standard_normal(3).tolist() for r in range(n)]
