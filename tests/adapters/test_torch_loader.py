"""Loaders: every window once, an order that a seed decides, the same with workers, and a place to go on from."""

from __future__ import annotations

import itertools
import pickle
from pathlib import Path
from typing import Any

import pytest
import torch

from pymts.adapters.torch import StreamDataset, WindowDataset, make_dataloader
from pymts.datasets import load_grid, make_ar
from pymts.errors import InvalidParameterError

STREAM = [{"model": "ar", "M": 2, "T": 8, "rho": {"uniform": [0.1, 0.9]}}, {"model": "cml", "M": 2, "T": 8}]


def windows() -> WindowDataset:
    return WindowDataset(make_ar(M=2, T=40, n_realizations=3, seed=1), 5, 1)


def epoch(loader: Any, batches: int | None = None) -> list[tuple[torch.Tensor, torch.Tensor]]:
    return [(x.clone(), y.clone()) for x, y in itertools.islice(loader, batches)]


def same(one: Any, other: Any) -> bool:
    return len(one) == len(other) and all(
        torch.equal(a, b) for first, second in zip(one, other, strict=True) for a, b in zip(first, second, strict=True)
    )


@pytest.mark.parametrize("shuffle", [False, True])
def test_an_epoch_has_every_window_once(shuffle: bool) -> None:
    data = windows()
    found = torch.cat([x for x, _ in epoch(make_dataloader(data, 16, shuffle))])
    assert found.shape == data[:][0].shape
    rows = {tuple(x.flatten().tolist()) for x in found}
    assert rows == {tuple(x.flatten().tolist()) for x in data[:][0]}
    assert torch.equal(found, data[:][0]) != shuffle


def test_the_order_is_decided_by_seed_and_epoch() -> None:
    data = windows()
    one, other = make_dataloader(data, 16, True, seed=3), make_dataloader(data, 16, True, seed=3)
    first, second = epoch(one), epoch(one)
    assert not same(first, second)
    assert same(first, epoch(other))
    assert same(second, epoch(other))
    other.set_epoch(1)
    assert same(second, epoch(other))
    assert not same(first, epoch(make_dataloader(data, 16, True, seed=4)))


def test_the_last_batch_and_the_length() -> None:
    data = windows()
    assert len(data) == 105
    assert [len(x) for x, _ in make_dataloader(data, 50)] == [50, 50, 5]
    assert [len(x) for x, _ in make_dataloader(data, 50, drop_last=True)] == [50, 50]
    assert len(make_dataloader(data, 50)) == 3


def test_ranks_share_an_epoch_out() -> None:
    data = windows()
    parts = [torch.cat([x for x, _ in make_dataloader(data, 16, True, rank=r, world_size=4)]) for r in range(4)]
    assert {len(part) for part in parts} == {26}
    rows = [tuple(x.flatten().tolist()) for part in parts for x in part]
    assert len(set(rows)) == len(rows) == 104


@pytest.mark.parametrize("kind", ["windows", "stream"])
def test_a_loader_goes_on_where_another_stopped(kind: str) -> None:
    def loader() -> Any:
        data: Any = windows() if kind == "windows" else StreamDataset(STREAM, seed=1)
        return make_dataloader(data, 16, shuffle=kind == "windows", seed=5)

    whole = loader()
    whole.set_epoch(2)
    expected = epoch(whole, 6)
    first = loader()
    first.set_epoch(2)
    iterator = iter(first)
    begun = [next(iterator) for _ in range(2)]
    state = first.state_dict()
    assert state == {"epoch": 2, "batch": 2}
    second = loader()
    second.load_state_dict(state)
    assert same(begun + epoch(second, 4), expected)


def test_a_finished_epoch_leads_to_the_next() -> None:
    loader = make_dataloader(windows(), 50, True)
    epoch(loader)
    assert loader.state_dict() == {"epoch": 1, "batch": 0}


@pytest.mark.parametrize(("workers", "context"), [(1, "fork"), (2, "fork"), (1, "spawn")])
def test_workers_change_nothing(tmp_path: Path, workers: int, context: str) -> None:
    grid = load_grid([{"model": "ar", "M": 2, "T": 40, "seed": [1, 2, 3]}], outdir=tmp_path)
    data = WindowDataset(grid, 5, 1, mapped=True)
    options = {"num_workers": workers, "multiprocessing_context": context}
    assert same(epoch(make_dataloader(data, 16, True, 7, **options)), epoch(make_dataloader(data, 16, True, 7)))


@pytest.mark.parametrize("workers", [1, 2])
def test_workers_do_not_change_a_stream(workers: int) -> None:
    expected = epoch(make_dataloader(StreamDataset(STREAM, seed=2), 5), 7)
    options = {"num_workers": workers, "multiprocessing_context": "fork"}
    assert same(epoch(make_dataloader(StreamDataset(STREAM, seed=2), 5, **options), 7), expected)


def test_workers_that_stay_hear_of_the_next_epoch() -> None:
    options = {"num_workers": 1, "multiprocessing_context": "fork", "persistent_workers": True}
    loader, plain = (
        make_dataloader(StreamDataset(STREAM, seed=2), 5, **options),
        make_dataloader(StreamDataset(STREAM, seed=2), 5),
    )
    for epoch_number, start in ((0, 0), (3, 0), (3, 2)):
        state = {"epoch": epoch_number, "batch": start}
        loader.load_state_dict(state)
        plain.load_state_dict(state)
        assert same(epoch(loader, 3), epoch(plain, 3))


def test_a_stream_travels_to_spawned_workers() -> None:
    stream = StreamDataset(STREAM, seed=2)
    again = pickle.loads(pickle.dumps(make_dataloader(stream, 5).dataset))
    assert same(epoch(iter(again), 3), epoch(make_dataloader(stream, 5), 3))
    options = {"num_workers": 1, "multiprocessing_context": "spawn"}
    assert same(epoch(make_dataloader(stream, 5, **options), 3), epoch(make_dataloader(stream, 5), 3))


def test_bad_input_is_one_sentence() -> None:
    with pytest.raises(InvalidParameterError, match="batch_size must be an integer of at least 1, got 0"):
        make_dataloader(windows(), 0)
    with pytest.raises(InvalidParameterError, match="rank must be below world_size, got rank 2 of 2"):
        make_dataloader(windows(), rank=2, world_size=2)
    with pytest.raises(InvalidParameterError, match="must be a WindowDataset, SeriesDataset, a Subset of one"):
        make_dataloader([1, 2])  # type: ignore[arg-type]
