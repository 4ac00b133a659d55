"""Graph families: what defines each, in which direction its edges point, and what is refused."""

from __future__ import annotations

from collections import Counter
from typing import Any, get_args

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from pydantic import ValidationError
from support import numbers, run

from pymts.models.shared.network import DIRECTED, UNDIRECTED, NetworkParams, Topology
from pymts.numerics import networks

Array = NDArray[np.float64]
TOPOLOGIES = get_args(Topology)


def edges(graph: Array) -> set[tuple[int, int]]:
    """Return (source, target) of every edge."""
    return {(int(source), int(target)) for target, source in np.argwhere(graph)}


def is_connected(graph: Array) -> bool:
    reach = np.linalg.matrix_power((graph + graph.T > 0) + np.eye(len(graph)), len(graph))
    return bool((reach > 0).all())


def draw(seed: int = 0, **params: Any) -> Array:
    return NetworkParams(**params).draw_graph(numbers(seed))


def message(**params: Any) -> str:
    with pytest.raises(ValidationError) as refusal:
        NetworkParams(**params)
    return str(refusal.value.errors()[0]["msg"]).removeprefix("Value error, ")


def test_complete_ring_chain_star_and_lattice_have_the_edges_of_their_definitions() -> None:
    assert edges(networks.complete(3)) == {(i, j) for i in range(3) for j in range(3) if i != j}
    assert edges(networks.chain(4)) == {(0, 1), (1, 2), (2, 3)}
    assert edges(networks.ring_unidirectional(4)) == {(0, 1), (1, 2), (2, 3), (3, 0)}
    assert edges(networks.ring_unidirectional(4, 2)) == {(0, 1), (1, 2), (2, 3), (3, 0), (0, 2), (1, 3), (2, 0), (3, 1)}
    around = {(0, 1), (1, 2), (2, 3), (3, 4), (4, 0)}
    assert edges(networks.ring(5)) == around | {(j, i) for i, j in around}
    assert edges(networks.star(3)) == {(0, 1), (1, 0), (0, 2), (2, 0)}
    grid = {(0, 1), (1, 2), (3, 4), (4, 5), (0, 3), (1, 4), (2, 5)}  # two rows of three
    assert edges(networks.lattice_2d(6)) == grid | {(j, i) for i, j in grid}


@pytest.mark.parametrize(("n", "k"), [(7, 1), (7, 2), (7, 3), (8, 3)])
def test_a_ring_joins_each_node_to_k_neighbours_a_side(n: int, k: int) -> None:
    for i in range(n):
        both = {(i + step) % n for step in range(-k, k + 1)} - {i}
        assert set(np.flatnonzero(networks.ring(n, k)[i])) == both
        assert set(np.flatnonzero(networks.ring_unidirectional(n, k)[i])) == {
            (i - step) % n for step in range(1, k + 1)
        }


@pytest.mark.parametrize("n", [1, 2, 4, 7, 9, 12])
def test_a_lattice_is_as_square_as_its_number_of_nodes_allows(n: int) -> None:
    rows, columns = {1: (1, 1), 2: (1, 2), 4: (2, 2), 7: (1, 7), 9: (3, 3), 12: (3, 4)}[n]
    graph = networks.lattice_2d(n)
    assert graph.sum() == 2 * (rows * (columns - 1) + columns * (rows - 1))
    assert is_connected(graph)
    np.testing.assert_array_equal(graph, graph.T)


@pytest.mark.parametrize("topology", TOPOLOGIES)
@pytest.mark.parametrize("m", [1, 2, 3, 4, 9])
@pytest.mark.parametrize("weights", ["binary", "uniform", "normal", "signed"])
def test_every_family_has_its_shape_and_direction_from_one_node_on(topology: str, m: int, weights: str) -> None:
    graph = draw(M=m, topology=topology, weights=weights)
    assert graph.shape == (m, m)
    assert graph.dtype == np.float64
    assert np.isfinite(graph).all()
    assert not np.diag(graph).any()
    if topology in UNDIRECTED:
        np.testing.assert_array_equal(graph, graph.T)
    if m == 9 and topology in DIRECTED | {"erdos_renyi", "sbm"}:
        assert (graph != graph.T).any()
    for name in ("erdos_renyi", "sbm"):
        undirected = draw(M=m, topology=name, weights=weights, directed=False)
        np.testing.assert_array_equal(undirected, undirected.T)


def test_every_family_is_either_directed_undirected_or_both() -> None:
    assert {"erdos_renyi", "sbm"} == set(TOPOLOGIES) - DIRECTED - UNDIRECTED
    assert not DIRECTED & UNDIRECTED


@settings(max_examples=40, deadline=None)
@given(st.integers(3, 30), st.data())
def test_rewiring_keeps_the_number_of_edges(n: int, data: st.DataObject) -> None:
    k = data.draw(st.integers(1, n - 1))
    beta, seed = data.draw(st.floats(0, 1)), data.draw(st.integers(0, 999))
    graph = networks.watts_strogatz(n, k, beta, numbers(seed))
    assert graph.sum() == networks.ring(n, k).sum() == min(2 * n * k, n * (n - 1))
    np.testing.assert_array_equal(graph, graph.T)
    assert not np.diag(graph).any()


def test_rewiring_moves_the_expected_share_of_edges() -> None:
    n, k, beta = 400, 2, 0.3
    before = networks.ring(n, k)
    np.testing.assert_array_equal(networks.watts_strogatz(n, k, 0.0, numbers(0)), before)
    kept = (networks.watts_strogatz(n, k, beta, numbers(1)) * before).sum() / 2
    # An edge leaves with probability beta; a rewired one lands on a free ring position about once in n times.
    expected, spread = n * k * (1 - beta), np.sqrt(n * k * beta * (1 - beta))
    assert abs(kept - expected) < 5 * spread + k * beta * 4


@settings(max_examples=40, deadline=None)
@given(st.integers(2, 40), st.data())
def test_preferential_attachment_adds_m_edges_a_node_to_a_star(n: int, data: st.DataObject) -> None:
    m = data.draw(st.integers(1, n - 1))
    graph = networks.barabasi_albert(n, m, numbers(data.draw(st.integers(0, 999))))
    assert graph.sum() / 2 == m + m * (n - m - 1)  # the star of m + 1 nodes, then m edges for each later node
    np.testing.assert_array_equal(graph, graph.T)
    assert not np.diag(graph).any()
    assert is_connected(graph)
    for node in range(m + 1, n):
        assert graph[node, :node].sum() == m


def test_preferential_attachment_prefers_degree() -> None:
    # m = 1, n = 4: nodes 0, 1 joined; node 2 takes either; node 3 takes the middle one of the path with 1/2.
    counts: Counter[int] = Counter()
    rng, n = numbers(3), 4000
    for _ in range(n):
        graph = networks.barabasi_albert(4, 1, rng)
        counts[int(graph[:3, :3].sum(axis=1)[np.argmax(graph[3])])] += 1
    assert abs(counts[2] / n - 0.5) < 5 * np.sqrt(0.25 / n)


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 30), st.integers(1, 5), st.integers(0, 999))
def test_a_random_dag_is_acyclic_with_few_parents(n: int, max_parents: int, seed: int) -> None:
    graph = networks.random_dag(n, max_parents, numbers(seed))
    assert set(np.unique(graph)) <= {0.0, 1.0}
    assert graph.sum(axis=1).max(initial=0) <= max_parents  # a row lists the drivers of its node
    assert not np.linalg.matrix_power(graph, n).any()


def test_a_random_dag_reaches_its_most_parents_and_uses_every_order() -> None:
    rng = numbers(0)
    graphs = [networks.random_dag(6, 2, rng) for _ in range(300)]
    assert {int(graph.sum(axis=1).max()) for graph in graphs} >= {1, 2}
    assert np.mean(graphs, axis=0)[~np.eye(6, dtype=bool)].min() > 0  # every ordered pair occurs


@pytest.mark.parametrize("directed", [True, False])
def test_edges_have_the_declared_probability(directed: bool) -> None:
    n, density = 120, 0.23
    pairs = n * (n - 1) // (1 if directed else 2)
    graph = networks.erdos_renyi(n, density, numbers(5), directed)
    count = graph.sum() / (1 if directed else 2)
    assert abs(count - pairs * density) < 5 * np.sqrt(pairs * density * (1 - density))
    if directed:  # an edge says nothing of the one that runs back
        mutual = (graph * graph.T).sum() / 2
        assert abs(mutual - pairs / 2 * density**2) < 5 * np.sqrt(pairs / 2 * density**2)
    blocks = networks.sbm([70, 50], 0.6, 0.15, numbers(6), directed)
    for rows, columns, probability in (
        (slice(70), slice(70), 0.6),
        (slice(70, 120), slice(70, 120), 0.6),
        (slice(70, 120), slice(70), 0.15),
        (slice(70), slice(70, 120), 0.15),
    ):
        part = blocks[rows, columns]
        half = rows == columns and not directed
        size = (part.size - (len(part) if rows == columns else 0)) / (2 if half else 1)
        count = part.sum() / (2 if half else 1)
        assert abs(count - size * probability) < 5 * np.sqrt(size * probability * (1 - probability))


def test_probabilities_of_0_and_1_leave_no_choice() -> None:
    rng = numbers(0)
    for directed in (True, False):
        np.testing.assert_array_equal(networks.erdos_renyi(5, 1.0, rng, directed), networks.complete(5))
        assert not networks.erdos_renyi(5, 0.0, rng, directed).any()
        np.testing.assert_array_equal(
            networks.sbm([2, 3], 1.0, 0.0, rng, directed), np.kron(np.eye(2), np.ones((3, 3)))[1:, 1:] - np.eye(5)
        )


def test_weights_follow_their_laws() -> None:
    graph = networks.complete(150)
    n = graph.sum()
    off = ~np.eye(150, dtype=bool)
    np.testing.assert_array_equal(networks.draw_weights(graph, "binary", numbers(0), True), graph)
    uniform = networks.draw_weights(graph, "uniform", numbers(0), True)[off]
    assert ((uniform >= 0.5) & (uniform < 1.5)).all()
    assert abs(uniform.mean() - 1) < 5 * np.sqrt(1 / 12 / n)
    normal = networks.draw_weights(graph, "normal", numbers(0), True)[off]
    assert abs(normal.mean()) < 5 / np.sqrt(n)
    assert abs(np.mean(normal**2) - 1) < 5 * np.sqrt(2 / n)
    signed = networks.draw_weights(graph, "signed", numbers(0), True)[off]
    assert set(signed) == {-1.0, 1.0}
    assert abs(signed.mean()) < 5 / np.sqrt(n)
    for kind in ("uniform", "normal"):
        both = networks.draw_weights(graph, kind, numbers(0), False)
        np.testing.assert_array_equal(both, both.T)
        assert len(np.unique(both[np.triu_indices(150, 1)])) == n / 2


def test_normalisers_divide_by_nodes_in_strength_or_nothing() -> None:
    graph = np.array([[[0.0, -2.0, 1.0], [0.0, 0.0, 0.0], [0.5, 0.0, 0.0]]])  # (B, target, source)
    np.testing.assert_array_equal(networks.normaliser(graph, "N"), [[3, 3, 3]])
    np.testing.assert_array_equal(networks.normaliser(graph, "degree"), [[3, 1, 0.5]])
    np.testing.assert_array_equal(networks.normaliser(graph, "none"), [[1, 1, 1]])


def test_a_given_matrix_is_used_as_it_is_and_tells_m() -> None:
    given = [[1.0, 2.0, 0.0], [0.0, 0.0, -3.0], [0.0, 0.0, 0.0]]
    for matrix in (given, np.array(given)):
        params = NetworkParams(A=matrix, topology="star", weights="normal")
        assert params.M == 3
        np.testing.assert_array_equal(params.draw_graph(numbers(0)), given)


def test_the_same_stream_draws_the_same_graph() -> None:
    for topology in TOPOLOGIES:
        params = {"M": 12, "topology": topology, "weights": "normal"}
        np.testing.assert_array_equal(draw(4, **params), draw(4, **params))
        assert (draw(4, **params) != draw(5, **params)).any()


@pytest.mark.parametrize(
    ("params", "sentence"),
    [
        ({"M": 3, "A": [[0.0, 1.0], [1.0, 0.0]]}, "A must have shape (M, M) = (3, 3), got shape (2, 2)"),
        ({"A": [[0.0, 1.0], [1.0]]}, "A has rows of different lengths; give all rows the same length"),
        ({"M": 4, "topology": "ring", "k": 4}, "k must be less than M = 4 on a ring, got 4"),
        ({"M": 1, "topology": "ring", "k": 2}, "k must be less than M = 1 on a ring, got 2"),
        (
            {"M": 4, "topology": "ring_unidirectional", "k": 5},
            "k must be less than M = 4 on a ring_unidirectional, got 5",
        ),
        ({"M": 4, "topology": "watts_strogatz", "k": 4}, "k must be less than M = 4 on a watts_strogatz, got 4"),
        ({"M": 4, "topology": "barabasi_albert", "m": 4}, "m must be less than M = 4 in barabasi_albert, got 4"),
        (
            {"M": 4, "topology": "sbm", "block_sizes": [1, 2]},
            "block_sizes must be positive and sum to M = 4, got [1, 2] with sum 3",
        ),
        (
            {"M": 4, "topology": "sbm", "block_sizes": [4, 0]},
            "block_sizes must be positive and sum to M = 4, got [4, 0] with sum 4",
        ),
    ],
)
def test_what_does_not_fit_is_refused_in_a_sentence(params: dict[str, Any], sentence: str) -> None:
    assert message(**params) == sentence


def test_an_empty_list_of_blocks_is_refused_in_a_sentence() -> None:
    assert message(M=4, topology="sbm", block_sizes=[]).startswith("block_sizes must be positive and sum to M = 4")


def test_an_empty_matrix_is_refused_in_a_sentence() -> None:
    assert message(A=[]).startswith("A must have shape (M, M) = (5, 5), got shape (0,)")


@pytest.mark.parametrize("model", ["lorenz", "mackey_glass"])
def test_a_beta_of_the_equation_is_not_the_rewiring_probability(model: str) -> None:
    small_world = {"topology": "watts_strogatz", "k": 2, "M": 12, "T": 2, "burn_in": 0}
    ring = run(model, **{**small_world, "topology": "ring"})[1]["adjacency"]
    for beta in (0.1, 2.0):
        np.testing.assert_array_equal(run(model, beta=beta, p_rewire=0.0, **small_world)[1]["adjacency"], ring)
        assert (run(model, beta=beta, p_rewire=1.0, **small_world)[1]["adjacency"] != ring).any()
