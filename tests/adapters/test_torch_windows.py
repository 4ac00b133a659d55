"""Windows for PyTorch are the slices of the series that they name, from memory and from the store alike."""

from __future__ import annotations

import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

from pymts import io
from pymts.adapters.torch import SeriesDataset, WindowDataset
from pymts.datasets import load_grid, make_ar, make_brownian, make_cml, make_kuramoto, make_var
from pymts.errors import InvalidParameterError, StoreError, TooLargeError
from pymts.store.cache import Store


@pytest.fixture(scope="module")
def grid(tmp_path_factory: pytest.TempPathFactory) -> Any:
    root = tmp_path_factory.mktemp("store")
    records = [
        {"model": "var", "M": 3, "T": [30, 41], "n_realizations": 2, "seed": [1, 2]},
        {"model": "cml", "M": 3, "T": 25},
    ]
    return load_grid(records, outdir=root)


def expected(datasets: list[xr.Dataset], length: int, stride: int) -> list[np.ndarray]:
    """Every window, by the plainest loop there is."""
    found = []
    for dataset in datasets:
        for realization in range(dataset.sizes["realization"]):
            path = dataset.data.isel(realization=realization).values
            starts = range(0, len(path) - length + 1, stride)
            found += [path[start : start + length].astype(np.float32) for start in starts]
    return found


@given(
    context=st.integers(1, 12),
    horizon=st.integers(1, 6),
    stride=st.integers(1, 9),
    mapped=st.booleans(),
    data=st.data(),
)
@settings(max_examples=40, deadline=None)
def test_every_window_is_the_slice_it_names(
    grid: Any, context: int, horizon: int, stride: int, mapped: bool, data: st.DataObject
) -> None:
    windows = WindowDataset(grid, context, horizon, stride, mapped=mapped)
    plain = expected(list(grid), context + horizon, stride)
    assert len(windows) == len(plain)
    x, y = windows[:]
    assert isinstance(x, torch.Tensor)
    assert x.dtype == torch.float32
    np.testing.assert_array_equal(torch.cat([x, y], 1).numpy(), np.stack(plain))
    chosen = data.draw(st.lists(st.integers(-len(plain), len(plain) - 1), min_size=1, max_size=20))
    np.testing.assert_array_equal(windows[chosen][0].numpy(), np.stack([plain[i][:context] for i in chosen]))
    for i in chosen[:3]:
        np.testing.assert_array_equal(windows[i][1].numpy(), plain[i][context:])


def test_a_row_group_may_end_anywhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pymts.store.format.parquet.GROUP_VALUES", 17)  # so that windows span two groups, or three
    grid = load_grid([{"model": "ar", "M": 2, "T": 20, "n_realizations": 3, "seed": [1, 2]}], outdir=tmp_path)
    mapped, whole = WindowDataset(grid, 13, 2, mapped=True), WindowDataset(list(grid), 13, 2)
    for one, other in zip(mapped[:], whole[:], strict=True):
        assert torch.equal(one, other)


def test_the_layout_and_the_type(grid: Any) -> None:
    across = WindowDataset(grid, 5, 2, layout="CT", dtype=torch.float64)
    along = WindowDataset(grid, 5, 2, dtype=torch.float64)
    assert across[3][0].shape == (3, 5)
    assert across[3][1].shape == (3, 2)
    assert torch.equal(across[:][0], along[:][0].transpose(1, 2))
    np.testing.assert_array_equal(along[0][0].numpy(), grid[0].data[:5, :, 0].values)


def test_without_a_horizon_an_item_is_the_window_alone(grid: Any) -> None:
    windows = WindowDataset(grid, 5)
    assert isinstance(windows[0], torch.Tensor)
    assert windows[0].shape == (5, 3)
    assert windows[:7].shape == (7, 5, 3)
    assert [tuple(item.shape) for item in windows.__getitems__([0, 4])] == [(5, 3), (5, 3)]


def test_a_loader_that_collates_by_itself_gets_pairs(grid: Any) -> None:
    windows = WindowDataset(grid, 4, 4)  # x and y of one shape, which a collated pair would mix up
    x, y = next(iter(torch.utils.data.DataLoader(windows, batch_size=2)))
    assert torch.equal(x[1], windows[1][0])
    assert torch.equal(y[1], windows[1][1])


def test_labels_of_models_parameters_and_truth(grid: Any) -> None:
    models = WindowDataset(grid, 20, target="model", mapped=True)
    assert models.classes == ["cml", "var"]
    counts = models[:][1].bincount()
    assert counts.tolist() == [25 - 19, 2 * 2 * (30 - 19 + 41 - 19)]
    assert models.classes[models[0][1]] == "var"
    assert models.classes[models[-1][1]] == "cml"
    seeds = WindowDataset(grid, 20, target="T")
    assert seeds[0][1].dtype == torch.int64
    assert sorted(set(seeds[:][1].tolist())) == [25, 30, 41]
    graphs = SeriesDataset(list(grid)[:2], target="adjacency")
    for index, dataset in ((0, grid[0]), (3, grid[1])):
        np.testing.assert_array_equal(graphs[index][1].numpy(), dataset.adjacency.values.astype(np.float32))
    assert not torch.equal(graphs[0][1], graphs[0][1].T)  # a transposed graph would show


def test_truth_over_time_follows_the_window() -> None:
    dataset = make_kuramoto(M=4, T=50, n_realizations=2, seed=1)
    r = dataset.order_parameter.transpose("realization", "time").values.astype(np.float32)
    ahead = WindowDataset(dataset, 10, 3, target="order_parameter")
    last = WindowDataset(dataset, 10, target="order_parameter")
    whole = SeriesDataset(dataset, target="order_parameter")
    np.testing.assert_array_equal(ahead[38 + 5][1].numpy(), r[1, 15:18])
    np.testing.assert_array_equal(last[41 + 5][1].numpy(), r[1, 14])
    np.testing.assert_array_equal(whole[:][1].numpy(), r)
    means = WindowDataset(make_brownian(M=2, T=9, seed=1, mu=3.0), 4, 2, target="theory_mean")
    assert means[:][1].shape == (4, 2, 2)


def test_whole_series() -> None:
    source = [make_ar(T=30, n_realizations=2, seed=1), make_cml(T=30, seed=1)]
    series = SeriesDataset(source, layout="CT")
    assert len(series) == 3
    assert series.classes == ["ar", "cml"]
    x, label = series[:]
    assert label.tolist() == [0, 0, 1]
    np.testing.assert_array_equal(x[1].numpy(), source[0].data[:, :, 1].values.T.astype(np.float32))


def test_what_is_mapped_travels_by_name(grid: Any, tmp_path: Path) -> None:
    for source in (grid, grid.store, grid[1:3]):
        windows = WindowDataset(source, 7, 2, 3, target="future", layout="CT", mapped=True)
        raw = pickle.dumps(windows)
        assert len(raw) < 10_000
        again = pickle.loads(raw)
        assert len(again) == len(windows)
        assert again.layout == "CT"
        assert all(torch.equal(one, other) for one, other in zip(windows[:], again[:], strict=True))
    series = SeriesDataset(grid[:1], mapped=True)
    assert torch.equal(pickle.loads(pickle.dumps(series))[:][0], series[:][0])


def test_a_store_that_has_changed_is_noticed(tmp_path: Path) -> None:
    load = {"outdir": tmp_path}
    grid = load_grid([{"model": "ar", "M": 2, "T": 20, "seed": [1, 2]}], **load)
    raw = pickle.dumps(WindowDataset(Store(tmp_path) if list(grid) else grid, 5, mapped=True))
    list(load_grid([{"model": "ar", "M": 2, "T": 20, "seed": 3}], **load))
    with pytest.raises(StoreError, match="has 3 datasets, not the 2 it had"):
        pickle.loads(raw)


def test_the_accessor_is_sugar() -> None:
    dataset = make_var(M=2, T=20, seed=1)
    sugar, plain = dataset.pymts.to_torch(5, horizon=2), WindowDataset(dataset, 5, 2)
    assert all(torch.equal(one, other) for one, other in zip(sugar[:], plain[:], strict=True))


def test_without_torch_one_sentence_says_so() -> None:
    code = "import sys; sys.modules['torch'] = None\nimport pymts.adapters.torch"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    last = done.stderr.strip().splitlines()[-1]
    assert last.endswith(
        "pymts.adapters.torch needs torch, which is not installed; install it with pip install 'pymts[torch]'"
    )


def test_files_and_paths_are_sources(grid: Any, tmp_path: Path) -> None:
    path = io.save_parquet(grid[0], tmp_path / "one.parquet")
    assert torch.equal(WindowDataset(path, 5, 1)[:][0], WindowDataset(grid[0], 5, 1)[:][0])
    whole = len(WindowDataset(grid, 5))  # which stores it
    assert len(WindowDataset(str(grid.store.root), 5)) == whole


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({"context_length": 20, "horizon": 6}, r"context_length \+ horizon = 20 \+ 6 = 26 is longer than cml_M3_T25"),
        ({"context_length": 0}, "context_length must be an integer of at least 1, got 0"),
        ({"context_length": 5, "stride": 0}, "stride must be an integer of at least 1"),
        ({"context_length": 5, "target": "omeg"}, "there is no target 'omeg' in the source"),
        ({"context_length": 5, "target": "eps"}, "has no parameter 'eps'"),
        ({"context_length": 5, "layout": "NCT"}, "layout must be 'TC' or 'CT', got 'NCT'"),
        ({"context_length": 5, "dtype": torch.int32}, "dtype must be a floating type of torch, got torch.int32"),
    ],
)
def test_bad_input_is_one_sentence(grid: Any, options: dict[str, Any], problem: str) -> None:
    with pytest.raises(InvalidParameterError, match=problem) as refusal:
        WindowDataset(grid, **options)
    assert "\n" not in str(refusal.value)


def test_sources_that_cannot_be_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    one, other = make_var(M=2, T=20, seed=1), make_var(M=3, T=20, seed=1)
    with pytest.raises(InvalidParameterError, match="differ in the number of channels"):
        WindowDataset([one, other], 5)
    with pytest.raises(InvalidParameterError, match="is empty"):
        WindowDataset([], 5)
    with pytest.raises(InvalidParameterError, match="mapped=True needs a stored source"):
        WindowDataset(one, 5, mapped=True)
    with pytest.raises(InvalidParameterError, match="whole series differ in length"):
        SeriesDataset([one, make_ar(M=2, T=21, seed=1)])
    with pytest.raises(InvalidParameterError, match="has no future"):
        SeriesDataset(one, target="future")
    with pytest.raises(IndexError, match="window 16 of 16"):
        WindowDataset(one, 5)[16]
    with pytest.raises(InvalidParameterError, match="selected by a number, a slice or a list"):
        WindowDataset(one, 5)[[0.5]]
    monkeypatch.setattr("pymts.data.limits.available_memory", lambda: 100)
    with pytest.raises(TooLargeError, match="store them and pass mapped=True"):
        WindowDataset(one, 5)
