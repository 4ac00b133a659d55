"""Graphs of models of causes: never empty at the defaults, with twice as many links as channels."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.random import default_rng
from support import run

from pymts.numerics import networks


@pytest.mark.parametrize("m", [2, 3, 5, 12, 50])
@pytest.mark.parametrize("model", ["scm", "var"])
def test_the_default_graph_has_two_links_a_channel_or_all_that_there_are(model: str, m: int) -> None:
    most = m * (m - 1) // (2 if model == "scm" else 1)
    different = set()
    for seed in range(20):
        _, truth = run(model, M=m, T=2, seed=seed)
        links = truth["adjacency"].values * (1 - np.eye(m)) != 0
        assert links.sum() == min(2 * m, most)
        different.add(links.tobytes())
    assert len(different) > (1 if links.sum() < most or model == "scm" else 0)


@pytest.mark.parametrize("n", [2, 5, 11])
def test_no_seed_gives_an_empty_graph(n: int) -> None:
    for seed in range(500):
        dag = networks.random_dag(n, None, default_rng(seed))
        assert dag.any()
        assert not np.trace(np.linalg.matrix_power(dag, n)), "it has no cycles"
        assert networks.erdos_renyi(n, None, default_rng(seed), True).sum() == min(2 * n, n * (n - 1))
        both = networks.erdos_renyi(n, None, default_rng(seed), False)
        assert (both == both.T).all()
        assert both.sum() == 2 * min(n, n * (n - 1) // 2)


def test_every_pair_is_drawn_as_often() -> None:
    n, draws = 6, 4000
    counts = sum(networks.erdos_renyi(n, None, default_rng(seed), True) for seed in range(draws))
    share = 12 / 30
    off = counts[~np.eye(n, dtype=bool)] / draws - share
    assert np.abs(off).max() < 5 * np.sqrt(share * (1 - share) / draws)
    assert not np.diagonal(counts).any()
