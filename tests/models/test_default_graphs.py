"""Drawn graphs at the defaults: never empty nor complete, with about two links a channel."""

from __future__ import annotations

import numpy as np
import pytest
from support import MODELS, numbers, run

from pymts.models.shared.network import NetworkParams
from pymts.numerics import networks
from pymts.plan.configuration import Configuration

RANDOM = ("erdos_renyi", "random_dag", "sbm", "watts_strogatz", "barabasi_albert")


def networked() -> list[str]:
    """Return the models whose graph is drawn at the defaults, as the registry tells."""
    fields = {name: model.params.model_fields.get("topology") for name, model in MODELS.items()}
    return sorted(name for name, field in fields.items() if field is not None and field.default in RANDOM)


@pytest.mark.parametrize("m", [2, 3, 5, 12, 50])
@pytest.mark.parametrize("model", networked())
def test_the_default_graph_has_two_links_a_channel_or_half_of_all(model: str, m: int) -> None:
    params = Configuration.of(model, {"M": m, "seed": 1}).params
    assert isinstance(params, NetworkParams)
    room = m * (m - 1) // (2 if params.topology == "random_dag" else 1)
    different = set()
    for seed in range(20):
        links = params.draw_graph(numbers(seed)) != 0
        assert links.sum() == min(2 * m, (room + 1) // 2)
        assert not np.trace(links)
        different.add(links.tobytes())
    assert len(different) > 1


@pytest.mark.parametrize("model", ["scm", "var"])
def test_the_truth_at_the_defaults_has_two_links_a_channel(model: str) -> None:
    for seed in range(10):
        values = run(model, T=2, seed=seed, **({} if model == "scm" else {"M": 8}))[1]["adjacency"].values
        m = len(values)
        assert (values * (1 - np.eye(m)) != 0).sum() == 2 * m
        assert m * (m - 1) // 2 > 2 * m, "some pairs have no link"


@pytest.mark.parametrize("n", [2, 5, 11])
def test_no_seed_gives_an_empty_graph(n: int) -> None:
    for seed in range(500):
        dag = networks.random_dag(n, None, numbers(seed))
        assert dag.any()
        assert not np.trace(np.linalg.matrix_power(dag, n)), "it has no cycles"
        assert networks.erdos_renyi(n, None, numbers(seed), True).sum() == min(2 * n, n * (n - 1) // 2)
        both = networks.erdos_renyi(n, None, numbers(seed), False)
        assert (both == both.T).all()
        assert both.sum() == 2 * min(n, (n * (n - 1) // 2 + 1) // 2)


def test_every_pair_is_drawn_as_often() -> None:
    n, draws = 6, 4000
    counts = sum(networks.erdos_renyi(n, None, numbers(seed), True) for seed in range(draws))
    share = min(12, 15) / 30
    off = counts[~np.eye(n, dtype=bool)] / draws - share
    assert np.abs(off).max() < 5 * np.sqrt(share * (1 - share) / draws)
    assert not np.diagonal(counts).any()
