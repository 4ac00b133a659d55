"""Large graphs as lists of edges: the graphs, the products and the datasets of the dense form."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support import numbers, run

from pymts import Generator
from pymts.datasets import load_grid, make_cml, make_kuramoto
from pymts.models.shared import network
from pymts.models.shared.network import SPARSE, NetworkParams
from pymts.numerics import networks, sparse


class Large(NetworkParams):
    takes_sparse = True


def drawn(monkeypatch: pytest.MonkeyPatch, n: int, seed: int = 0, **params: Any) -> np.ndarray:
    """Return a sparse graph of few nodes as a matrix."""
    monkeypatch.setattr(network, "SPARSE_NODES", 0)
    p = Large(M=n, **params)
    assert p.is_sparse
    return np.asarray(p.draw_graph(numbers(seed)).toarray())


@pytest.mark.parametrize("n", [2, 3, 7, 12, 30])
def test_fixed_families_are_those_of_the_dense_form(n: int, monkeypatch: pytest.MonkeyPatch) -> None:
    for k in [k for k in (1, 2, 3) if k < max(n, 2) and (k == 1 or k < n)]:
        for name in ("ring", "ring_unidirectional"):
            np.testing.assert_array_equal(drawn(monkeypatch, n, topology=name, k=k), getattr(networks, name)(n, k))
    for name in ("chain", "star", "lattice_2d"):
        np.testing.assert_array_equal(drawn(monkeypatch, n, topology=name), getattr(networks, name)(n))


def test_random_families_have_what_defines_them(monkeypatch: pytest.MonkeyPatch) -> None:
    n = 400
    ring = drawn(monkeypatch, n, topology="watts_strogatz", k=2, beta=0.0)
    np.testing.assert_array_equal(ring, networks.ring(n, 2))
    rewired = drawn(monkeypatch, n, topology="watts_strogatz", k=2, beta=0.3)
    assert (rewired == rewired.T).all()
    assert rewired.sum() == 4 * n
    moved = (ring * (1 - rewired)).sum() / 2
    assert abs(moved - 0.3 * 2 * n) < 5 * np.sqrt(2 * n * 0.3 * 0.7) + 5
    scale_free = drawn(monkeypatch, n, topology="barabasi_albert", m=2)
    assert (scale_free == scale_free.T).all()
    assert scale_free.sum() == 2 * (2 + 2 * (n - 3))
    assert scale_free.sum(axis=0).max() > 20
    both = drawn(monkeypatch, n, topology="erdos_renyi", density=0.02, directed=False)
    assert (both == both.T).all()
    for directed, density, expected in ((True, 0.02, 0.02 * n * (n - 1)), (True, None, 2 * n), (False, None, 2 * n)):
        graph = drawn(monkeypatch, n, topology="erdos_renyi", density=density, directed=directed)
        assert not np.trace(graph)
        assert abs(graph.sum() - expected) <= (5 * np.sqrt(expected) if density else 0)


@pytest.mark.parametrize("kind", ["uniform", "normal", "signed"])
def test_weights_are_shared_by_both_directions_of_an_undirected_edge(
    kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    graph = drawn(monkeypatch, 50, topology="lattice_2d", weights=kind)
    np.testing.assert_array_equal(graph, graph.T)
    one_way = drawn(monkeypatch, 50, topology="ring_unidirectional", weights=kind)
    assert not (one_way == one_way.T).all()
    values = one_way[one_way != 0]
    assert {"uniform": (values >= 0.5).all(), "normal": (values < 0).any(), "signed": set(values) == {1.0, -1.0}}[kind]


def test_the_laplacian_is_that_of_the_matrix() -> None:
    graph = sparse.weighed(sparse.random_pairs(60, 300, numbers(1), True), 60, "normal", numbers(2), True)
    dense = graph.toarray()
    np.testing.assert_allclose(sparse.laplacian(graph).toarray(), dense - np.diag(dense.sum(axis=1)), atol=1e-13)


@pytest.mark.parametrize("directed", [True, False])
@pytest.mark.parametrize(("n", "density"), [(7, 0.5), (40, 0.03), (2, 1.0), (30, 1.0), (5, 0.0)])
def test_every_pair_is_as_likely_as_the_density(n: int, density: float, directed: bool) -> None:
    counts, draws = np.zeros((n, n)), 400
    for seed in range(draws):
        pairs = sparse.thinned(n, density, numbers(seed), directed)
        assert len(np.unique(pairs, axis=0)) == len(pairs)
        counts[pairs[:, 0], pairs[:, 1]] += 1
    possible = ~np.eye(n, dtype=bool) if directed else np.triu(np.ones((n, n), dtype=bool), 1)
    assert not counts[~possible].any()
    error = np.sqrt(draws * density * (1 - density))
    assert np.abs(counts[possible] - draws * density).max() <= 5 * error
    total = draws * density * possible.sum()
    assert abs(counts.sum() - total) <= 5 * error * np.sqrt(possible.sum())


MODELS = {
    "cml": {"topology": "lattice_2d", "burn_in": 3},
    "kuramoto": {"topology": "ring_unidirectional", "k": 2, "normalization": "degree"},
    "lorenz": {"topology": "lattice_2d", "burn_in": 3},
    "rossler": {"topology": "ring", "burn_in": 3},
    "stuart_landau": {"topology": "star"},
    "wilson_cowan": {"topology": "ring_unidirectional", "burn_in": 3},
}


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("observable", ["default", "all"])
def test_the_series_and_the_graph_are_those_of_the_dense_form(
    model: str, observable: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    extra = {"observable": "all"} if observable == "all" and model not in ("cml", "kuramoto") else {}
    given = {**MODELS[model], **extra, "M": 12, "T": 6, "n_realizations": 3, "seed": 4}
    values, truth = run(model, **given)
    monkeypatch.setattr(network, "SPARSE_NODES", 0)
    thin, edges = run(model, **given)
    np.testing.assert_allclose(thin, values, rtol=1e-9, atol=1e-9)
    assert "adjacency" not in edges
    matrix = np.zeros_like(truth["adjacency"].values)
    matrix[edges["edge_target"].values, edges["edge_source"].values] = edges["edge_weight"].values
    np.testing.assert_allclose(matrix, truth["adjacency"].values, atol=1e-12)


def test_a_large_lattice_takes_no_matrix_and_its_edges_travel(tmp_path: Path) -> None:
    grid = load_grid([{"model": "cml", "topology": "lattice_2d", "M": 2500, "T": 5, "seed": [1, 2]}], store=tmp_path)
    ds = grid[0]
    assert "adjacency" not in ds
    assert ds.sizes["edge"] == 2 * 2 * 50 * 49
    assert ds.nbytes < 2**20
    assert load_grid(grid.grid, store=tmp_path)[0].identical(ds)
    grid[1]
    grid.store.pack(remove=True)
    assert load_grid(grid.grid, store=tmp_path)[0].identical(ds)
    few = ds.pymts.select(channel=[0, 1, 50])
    assert few.pymts.edges(diagonal=False)[["source", "target"]].values.tolist() == [[1, 0], [50, 0], [0, 1], [0, 50]]
    assert few.edge_weight.attrs["hidden_causes"] == "2 -> 1; 51 -> 1; 51 -> 50; 100 -> 50"
    np.testing.assert_array_equal(few.pymts.graph(), [[0, 1, 1], [1, 0, 0], [1, 0, 0]])
    few.pymts.plot.graph()
    renamed = few.pymts.rename(["a", "b", "c"])
    assert set(renamed.pymts.to_networkx().edges) == {("a", "b"), ("b", "a"), ("a", "c"), ("c", "a")}
    small = make_kuramoto(M=1000, topology="ring", T=2, seed=1)
    assert "adjacency" in small


def test_alone_and_in_a_grid_a_random_sparse_graph_is_the_same() -> None:
    record = {"model": "kuramoto", "topology": "barabasi_albert", "M": 1200, "T": 3, "seed": [1, 2]}
    for ds in Generator().generate([record]):
        alone = make_kuramoto(M=1200, topology="barabasi_albert", T=3, seed=ds.attrs["seed"])
        assert ds.identical(alone)
    assert set(SPARSE) < set(network._FAMILIES)
    assert make_cml(M=1001, topology="complete", T=1, seed=1).adjacency.shape == (1001, 1001)
