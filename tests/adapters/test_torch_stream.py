"""Streams: a series is known by its number, whoever asks for it and with whatever others."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from pymts.adapters.torch import StreamDataset
from pymts.datasets import list_models, load_grid, make
from pymts.errors import DivergenceError, GridError, InvalidParameterError
from pymts.plan.mixture import Mixture

RECORDS = [
    {"model": "kuramoto", "M": 3, "T": 20, "K": {"uniform": [0.5, 3.0]}},
    {"model": "var", "M": 3, "T": 20, "weight": 2, "rho": {"uniform": [0.1, 0.9]}},
]


def test_a_series_is_the_dataset_of_its_configuration() -> None:
    stream = StreamDataset(RECORDS, seed=4, target="adjacency")
    x, graphs = stream.fetch(range(12))
    for number in range(12):
        configuration = stream.mixture[number]
        made = make(configuration.model)(**configuration.values)
        np.testing.assert_array_equal(x[number].numpy(), made.data[:, :, 0].values.astype(np.float32))
        np.testing.assert_array_equal(graphs[number].numpy(), made.adjacency.values.astype(np.float32))


def test_what_is_asked_for_together_changes_nothing() -> None:
    stream = StreamDataset(RECORDS, seed=4)
    x, y = stream.fetch(range(40))
    some = [31, 2, 17]
    again, labels = StreamDataset(RECORDS, seed=4, layout="CT").fetch(some)
    assert torch.equal(again, x[some].transpose(1, 2))
    assert torch.equal(labels, y[some])
    items = list(itertools.islice(stream, 5))
    assert torch.equal(torch.stack([item[0] for item in items]), x[:5])


def test_seeds_and_epochs_are_fresh() -> None:
    stream = StreamDataset(RECORDS, seed=4)
    first = stream.fetch(range(20))[0]
    stream.epoch = 1
    assert not (stream.fetch(range(20))[0] == first).all(dim=(1, 2)).any()
    assert not (StreamDataset(RECORDS, seed=5).fetch(range(20))[0] == first).all(dim=(1, 2)).any()


def test_ranks_take_turns() -> None:
    whole = [x for x, _ in itertools.islice(StreamDataset(RECORDS, seed=1), 12)]
    parts = [StreamDataset(RECORDS, seed=1, rank=rank, world_size=3) for rank in range(3)]
    taken = [[x for x, _ in itertools.islice(part, 4)] for part in parts]
    for number, x in enumerate(whole):
        assert torch.equal(taken[number % 3][number // 3], x)


def test_a_plain_loader_shares_the_numbers_out() -> None:
    loader = torch.utils.data.DataLoader(
        StreamDataset(RECORDS, seed=1), batch_size=4, num_workers=2, multiprocessing_context="fork"
    )
    found = torch.cat([x for x, _ in itertools.islice(loader, 4)])
    whole = StreamDataset(RECORDS, seed=1).fetch(range(16))[0]
    assert torch.equal(found, whole[[0, 2, 4, 6, 1, 3, 5, 7, 8, 10, 12, 14, 9, 11, 13, 15]])


def test_labels() -> None:
    stream = StreamDataset(RECORDS, seed=1)
    y = stream.fetch(range(300))[1]
    assert stream.classes == ["kuramoto", "var"]
    share = float((y == 1).float().mean())
    assert abs(share - 2 / 3) < 4 * (2 / 9 / 300) ** 0.5  # a weight of 2 against 1
    strength = StreamDataset([RECORDS[0]], seed=1, target="K").fetch(range(50))[1]
    assert strength.dtype == torch.float32
    assert 0.5 <= strength.min() < strength.max() <= 3.0
    assert isinstance(StreamDataset(RECORDS, target=None).fetch([0, 1]), torch.Tensor)


def test_every_model_streams() -> None:
    records = [{"model": name, "M": 4, "T": 12} for name in list_models()]
    x, y = StreamDataset(records, seed=1).fetch(range(120))
    assert x.isfinite().all()
    assert len(set(y.tolist())) == len(records)


def test_a_draw_that_diverges_is_replaced() -> None:
    records = [{"model": "gbm", "M": 2, "T": 2000, "mu": {"choice": [0.1, 1e4]}}]
    stream = StreamDataset(records, seed=1)
    x, _ = stream.fetch(range(30))
    assert x.isfinite().all()
    assert stream.replaced > 5
    assert torch.equal(StreamDataset(records, seed=1).fetch([29])[0][0], x[29])
    with pytest.raises(DivergenceError):
        StreamDataset([{"model": "gbm", "M": 2, "T": 2000, "mu": 1e4}], seed=1).fetch([0])


def test_sources(tmp_path: Path) -> None:
    path = tmp_path / "mixture.yaml"
    path.write_text("seed: 4\nmixture:\n  - {model: var, M: 3, T: 20, rho: {uniform: [0.1, 0.9]}}\n")
    expected = StreamDataset(Mixture.read(path)).fetch(range(3))[0]
    assert torch.equal(StreamDataset(path).fetch(range(3))[0], expected)
    assert torch.equal(StreamDataset(str(path), seed=4).fetch(range(3))[0], expected)
    assert not torch.equal(StreamDataset(path, seed=5).fetch(range(3))[0], expected)
    grid = load_grid([{"model": "var", "M": 3, "T": 20, "rho": [0.1, 0.9], "n_realizations": 5}], cache=False)
    cells = StreamDataset(grid, seed=1, target="rho")
    assert cells.fetch(range(40))[1].unique().tolist() == pytest.approx([0.1, 0.9])
    assert torch.equal(StreamDataset(grid.grid, seed=1).fetch([7])[0], cells.fetch([7])[0])
    assert StreamDataset("ou").fetch([0])[0].shape == (1, 1000, 5)
    assert StreamDataset({"model": "ou", "T": 9}).fetch([0])[0].shape == (1, 9, 5)


@pytest.mark.parametrize(
    ("source", "options", "problem"),
    [
        ("kuramotto", {}, "there is no model 'kuramotto'; did you mean 'kuramoto'"),
        (
            [{"model": "ar", "T": {"choice": [10, 20]}}],
            {},
            "all series of a stream must have one shape and one realization",
        ),
        ([{"model": "ar", "n_realizations": 2}], {}, "has T=1000, M=5, n_realizations=2"),
        (RECORDS, {"target": "K"}, "var has no truth or parameter 'K'"),
        ([{"model": "kuramoto"}], {"target": "method"}, "'method' is 'rk4' in .*, which is not a number"),
        (RECORDS, {"rank": 1}, "rank and world_size belong together"),
        (RECORDS, {"rank": 2, "world_size": 2}, "rank must be below world_size, got rank 2 of 2"),
        (RECORDS, {"layout": "x"}, "layout must be 'TC' or 'CT', got 'x'"),
    ],
)
def test_bad_input_is_one_sentence(source: Any, options: dict[str, Any], problem: str) -> None:
    with pytest.raises((InvalidParameterError, GridError), match=problem) as refusal:
        StreamDataset(source, **options).fetch(range(20))
    assert "\n" not in str(refusal.value)
