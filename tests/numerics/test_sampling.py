"""Which states of a simulation are kept, against brute force."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from pymts.numerics.sampling import Sampling

SAMPLINGS = st.builds(Sampling, st.integers(0, 12), st.integers(1, 7), st.integers(1, 9))


def brute_force(sampling: Sampling) -> dict[int, int]:
    """Return state -> sample."""
    return {sampling.burn_in + k * sampling.every: k for k in range(sampling.T)}


@given(SAMPLINGS)
def test_the_last_sample_is_the_last_state(sampling: Sampling) -> None:
    assert sampling.n_steps == max(brute_force(sampling))


@given(SAMPLINGS)
def test_a_state_knows_its_sample(sampling: Sampling) -> None:
    samples = brute_force(sampling)
    for state in range(sampling.n_steps + 1):
        assert sampling.index(state) == samples.get(state)


@given(SAMPLINGS, st.integers(0, 90), st.integers(0, 40))
def test_a_block_of_states_knows_its_samples(sampling: Sampling, first: int, count: int) -> None:
    states, samples = sampling.kept(first, count)
    wanted = {s: k for s, k in brute_force(sampling).items() if first <= s < first + count}
    found = list(range(first, first + count))[states]
    assert found == list(wanted)
    assert list(range(sampling.T))[samples] == list(wanted.values())


@given(SAMPLINGS, st.lists(st.integers(1, 9), min_size=1, max_size=60))
def test_blocks_keep_each_sample_once(sampling: Sampling, lengths: list[int]) -> None:
    first, kept = 0, []
    for length in lengths:
        _, samples = sampling.kept(first, length)
        kept += list(range(sampling.T))[samples]
        first += length
    covered = [k for state, k in brute_force(sampling).items() if state < first]
    assert kept == covered
