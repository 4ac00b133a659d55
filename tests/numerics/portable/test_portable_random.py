"""Random numbers: NumPy's words bit for bit, the laws within what the sample size allows, and streams that go on."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import mpmath
import numpy as np
import pytest
from numpy.random import PCG64, Generator, SeedSequence
from scipy import stats

from pymts.numerics.portable import pcg, random, tables

FILLS = {"uniform": random.fill_uniform, "normal": random.fill_normal, "exponential": random.fill_exponential}
FILLS["cauchy"] = random.fill_cauchy
LAWS = {"uniform": stats.uniform(), "normal": stats.norm(), "exponential": stats.expon(), "cauchy": stats.cauchy()}
SIGMAS = 5.0  # 6e-7 of all correct generators fail one bound of so many standard errors


def states(rows: int, first: int = 0) -> np.ndarray:
    return np.stack([pcg.state_of(PCG64(seed)) for seed in range(first, first + rows)])


def sample(law: str, n: int, first: int = 0) -> np.ndarray:
    out = np.empty((10, n // 10))
    FILLS[law](states(10, first), out)
    return out.ravel()


def assert_mean(values: np.ndarray, expected: float) -> None:
    """Assert that the mean is within SIGMAS standard errors, which come from the sample."""
    assert abs(values.mean() - expected) < SIGMAS * values.std() / np.sqrt(values.size)


def test_words_are_those_of_numpy() -> None:
    generator = PCG64(5)
    state = pcg.state_of(generator)
    assert [pcg.next_u64(state) for _ in range(100_000)] == generator.random_raw(100_000).tolist()
    np.testing.assert_array_equal(state, pcg.state_of(generator))


def test_words_of_many_seeds() -> None:
    for seed in range(300):
        generator = PCG64(SeedSequence(seed, spawn_key=(seed % 7,)))
        state = pcg.state_of(generator)
        assert [pcg.next_u64(state) for _ in range(20)] == generator.random_raw(20).tolist()


def test_states_are_made_of_seeds_as_numpy_makes_them() -> None:
    sequences = [SeedSequence(7, spawn_key=(child,)) for child in range(200)]
    made = np.empty((200, 4), np.uint64)
    pcg.seed_into(np.stack([sequence.generate_state(4, np.uint64) for sequence in sequences]), made)
    np.testing.assert_array_equal(made, [pcg.state_of(PCG64(sequence)) for sequence in sequences])


def test_uniform_numbers_are_those_of_numpy() -> None:
    out = np.empty((3, 20_000))
    random.fill_uniform(states(3), out)
    for seed in range(3):
        np.testing.assert_array_equal(out[seed], Generator(PCG64(seed)).random(20_000))
    state = pcg.state_of(PCG64(0))
    assert pcg.next_uniform(state) == out[0, 0]


@pytest.mark.parametrize("law", FILLS)
def test_a_stream_goes_on_where_it_stopped(law: str) -> None:
    """Blocks of any length, rows alone and single draws give the numbers of one long fill, whatever was rejected."""
    whole, of_whole = np.empty((3, 3000)), states(3)
    FILLS[law](of_whole, whole)
    parts, of_parts = np.empty_like(whole), states(3)
    for start, stop in pairwise([0, 1, 1, 8, 700, 701, 2999, 3000]):
        FILLS[law](of_parts, parts[:, start:stop])
    np.testing.assert_array_equal(parts, whole)
    np.testing.assert_array_equal(of_parts, of_whole)
    alone, of_alone = np.empty((1, 3000)), states(1, first=2)
    FILLS[law](of_alone, alone)
    np.testing.assert_array_equal(alone[0], whole[2])
    state, one = pcg.state_of(PCG64(1)), getattr(pcg if law == "uniform" else random, f"next_{law}")
    np.testing.assert_array_equal([one(state) for _ in range(3000)], whole[1])
    np.testing.assert_array_equal(state, of_whole[1])


@pytest.mark.parametrize("law", FILLS)
def test_law_as_a_whole(law: str) -> None:
    x = sample(law, 1_000_000)
    assert stats.kstest(x, LAWS[law].cdf).pvalue > 1e-5
    # A thousand classes of one probability see a layer of the ziggurat that is a few per cent too thick.
    counts = np.bincount((LAWS[law].cdf(x) * 1000).astype(int).clip(0, 999), minlength=1000)
    assert stats.chisquare(counts).pvalue > 1e-5


@pytest.mark.parametrize("order", range(1, 9))
def test_moments(order: int) -> None:
    expected = stats.norm.moment(order)
    assert_mean(sample("normal", 2_000_000) ** order, expected)
    assert_mean(sample("exponential", 2_000_000) ** min(order, 4), stats.expon.moment(min(order, 4)))


@pytest.mark.parametrize("law", FILLS)
def test_independence_of_successive_numbers(law: str) -> None:
    x = sample(law, 1_000_000)
    centred = LAWS[law].cdf(x) - 0.5  # has a second moment under every law
    for values in (centred, centred**2 - 1.0 / 12.0, np.sign(centred)):
        for lag in (1, 2, 3, 7, 64):
            assert_mean(values[lag:] * values[:-lag], 0.0)
    assert_mean(centred[1:] * (centred[:-1] ** 2 - 1.0 / 12.0), 0.0)


def test_streams_are_independent() -> None:
    out = np.empty((20, 50_000))
    random.fill_normal(states(20), out)
    correlations = np.corrcoef(out)[np.triu_indices(20, 1)] * np.sqrt(50_000)
    assert abs(correlations).max() < SIGMAS


def edge_counts(x: np.ndarray, edges: np.ndarray, law: stats.rv_frozen, width: float) -> np.ndarray:
    """Return how far the counts beside the edges of the layers are from what the law says, in standard deviations."""
    result = []
    for low, high in (((edges - width).clip(0), edges), (edges, edges + width)):
        expected = x.size * (law.cdf(high) - law.cdf(low))
        counts = np.searchsorted(x, high) - np.searchsorted(x, low)
        result.append((counts - expected) / np.sqrt(expected))
    return np.concatenate(result)


@pytest.mark.slow
@pytest.mark.parametrize("law", ["normal", "exponential"])
def test_density_on_both_sides_of_every_edge(law: str) -> None:
    edges = (tables.NORMAL_EDGES if law == "normal" else tables.EXPONENTIAL_EDGES)[1:-1]
    x = np.sort(abs(sample(law, 20_000_000)))
    half = stats.halfnorm() if law == "normal" else stats.expon()
    distances = edge_counts(x, edges, half, 0.002)
    assert abs(distances).max() < SIGMAS
    # 508 squares of standard normal numbers: mean 1, standard deviation sqrt(2 / 508); neighbours overlap a little.
    assert abs((distances**2).mean() - 1.0) < 8 * np.sqrt(2.0 / distances.size)


def edge(law: str, layer: int, x: float, n: int) -> tuple[np.ndarray, np.ndarray]:
    """Return n decisions and numbers of what the ziggurat does outside the certain part of a layer."""
    decide = getattr(random, f"_{law}_edge")
    high, low, *increment = pcg.state_of(PCG64(layer))
    decisions, numbers = [], []
    for _ in range(n):
        accepted, number, high, low = decide(np.uint64(layer), x, np.uint64(high), np.uint64(low), *increment)
        decisions.append(accepted)
        numbers.append(number)
    return np.array(decisions), np.array(numbers)


@pytest.mark.parametrize("law", ["normal", "exponential"])
def test_tail_of_the_ziggurat_alone(law: str) -> None:
    start = (tables.NORMAL_EDGES if law == "normal" else tables.EXPONENTIAL_EDGES)[1]
    accepted, x = edge(law, 0, start + 0.01, 30_000)
    assert accepted.all()
    assert x.min() > start
    assert stats.kstest(LAWS[law].sf(x) / LAWS[law].sf(start), "uniform").pvalue > 1e-5
    if law == "normal":
        np.testing.assert_array_equal(edge(law, 0, -start - 0.01, 1000)[1], -x[:1000])


@pytest.mark.parametrize("law", ["normal", "exponential"])
@pytest.mark.parametrize("layer", [1, 2, 60, 128, 200, 254, 255])
def test_wedges_of_the_ziggurat_alone(law: str, layer: int) -> None:
    """A point of a layer is kept as often as the curve is above it there."""
    edges = tables.NORMAL_EDGES if law == "normal" else tables.EXPONENTIAL_EDGES
    for part in (0.1, 0.5, 0.8):
        x = edges[layer + 1] + part * (edges[layer] - edges[layer + 1])
        curve = np.exp(-0.5 * np.array([x, edges[layer], edges[layer + 1]]) ** 2)
        curve = curve if law == "normal" else np.exp(-np.array([x, edges[layer], edges[layer + 1]]))
        expected = (curve[0] - curve[1]) / (curve[2] - curve[1])
        accepted, numbers = edge(law, layer, x, 4000)
        assert (numbers == x).all()
        assert abs(accepted.mean() - expected) < SIGMAS * np.sqrt(expected * (1 - expected) / 4000)


def tail_counts(law: str, n: int, bounds: list[float]) -> None:
    x = np.concatenate([sample(law, n // 10, 10 * part) for part in range(10)])
    for bound in bounds:
        for side, probability in ((x > bound, LAWS[law].sf(bound)), (x < -bound, LAWS[law].cdf(-bound))):
            expected = n * probability
            count = int(side.sum())
            assert stats.poisson.cdf(count, expected) > 1e-5 if expected else count == 0
            assert stats.poisson.sf(count - 1, expected) > 1e-5 if expected else count == 0


def test_tails() -> None:
    tail_counts("normal", 2_000_000, [2.0, 3.0, 3.6, 3.7, 4.0, 4.5])
    tail_counts("exponential", 2_000_000, [5.0, 7.5, 7.8, 9.0, 11.0])
    tail_counts("cauchy", 2_000_000, [10.0, 1e3, 1e5])


@pytest.mark.slow
def test_tails_beyond_five_sigma() -> None:
    x = np.concatenate([sample("normal", 20_000_000, 1000 + 10 * part) for part in range(10)])
    for bound in (4.0, 4.5, 5.0, 5.3):
        for count in (int((x > bound).sum()), int((x < -bound).sum())):
            expected = x.size * stats.norm.sf(bound)  # 57 beyond 5
            assert stats.poisson.cdf(count, expected) > 1e-5
            assert stats.poisson.sf(count - 1, expected) > 1e-5
    beyond = abs(x[abs(x) > tables.NORMAL_EDGES[1]])  # all of these are from the tail's own method
    start = stats.norm.sf(tables.NORMAL_EDGES[1])
    assert stats.kstest(stats.norm.sf(beyond) / start, "uniform").pvalue > 1e-5


@pytest.mark.parametrize(
    ("edges", "heights", "curve", "inverse", "tail"),
    [
        (
            *(tables.NORMAL_EDGES, tables.NORMAL_HEIGHTS, lambda x: mpmath.exp(-x * x / 2)),
            *(
                lambda y: mpmath.sqrt(-2 * mpmath.log(y)),
                lambda r: mpmath.sqrt(mpmath.pi / 2) * mpmath.erfc(r / mpmath.sqrt(2)),
            ),
        ),
        (
            *(tables.EXPONENTIAL_EDGES, tables.EXPONENTIAL_HEIGHTS, lambda x: mpmath.exp(-x)),
            *(lambda y: -mpmath.log(y), lambda r: mpmath.exp(-r)),
        ),
    ],
    ids=["normal", "exponential"],
)
def test_tables_are_the_nearest_floats_to_layers_of_one_area(
    edges: np.ndarray,
    heights: np.ndarray,
    curve: Callable[[mpmath.mpf], mpmath.mpf],
    inverse: Callable[[mpmath.mpf], mpmath.mpf],
    tail: Callable[[mpmath.mpf], mpmath.mpf],
) -> None:
    """The recurrence from the edge r: the last layer must close at the top, so r solves one equation."""

    def layers(r: mpmath.mpf) -> tuple[list[mpmath.mpf], mpmath.mpf]:
        area = r * curve(r) + tail(r)
        x = [area / curve(r), r]
        for _ in range(254):
            x.append(inverse(min(area / x[-1] + curve(x[-1]), mpmath.mpf(1) - mpmath.mpf(10) ** -80)))
        return x, 1 - (area / x[-1] + curve(x[-1]))

    with mpmath.workprec(220):
        r, width = mpmath.mpf(float(edges[1])), mpmath.mpf(2) ** -45
        low, high = r - width, r + width  # the gap at the top grows with r
        assert layers(low)[1] < 0 < layers(high)[1]
        for _ in range(150):
            middle = (low + high) / 2
            low, high = (middle, high) if layers(middle)[1] < 0 else (low, middle)
        exact = [*layers(high)[0], mpmath.mpf(0)]
        assert [float(x) for x in exact] == edges.tolist()
        assert [float(curve(x)) for x in exact] == heights.tolist()


def test_integers_below_a_bound_are_equally_likely() -> None:
    state = pcg.state_of(PCG64(3))
    for n in (1, 2, 7, 100):
        counts = np.bincount([int(random.next_below(state, n)) for _ in range(20_000)], minlength=n)
        assert counts.size == n
        assert n == 1 or stats.chisquare(counts).pvalue > 1e-5
    # 2^64 words on 3 * 2^62 integers: unless every fourth word is refused, each third integer comes twice as often.
    n = np.uint64(3 << 62)
    thirds = np.bincount([int(random.next_below(state, n)) % 3 for _ in range(20_000)], minlength=3)
    assert stats.chisquare(thirds).pvalue > 1e-5


def test_permutations_and_choices() -> None:
    state, counts, chosen = pcg.state_of(PCG64(4)), np.zeros((5, 5)), np.zeros((5, 5))
    for _ in range(20_000):
        order, pair = np.empty(5, np.int64), np.empty(2, np.int64)
        random.permutation_into(state, order)
        assert sorted(order.tolist()) == [0, 1, 2, 3, 4]
        counts[np.arange(5), order] += 1
        random.choice_into(state, 5, pair)
        chosen[pair[0], pair[1]] += 1
    assert stats.chisquare(counts, axis=1).pvalue.min() > 1e-5
    assert np.diag(chosen).sum() == 0
    assert stats.chisquare(chosen[~np.eye(5, dtype=bool)]).pvalue > 1e-5
