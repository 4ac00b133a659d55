"""Truth follows what is selected, for every model; what does not fit is refused by whoever would use it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import networkx as nx
import numpy as np
import pytest
import xarray as xr
from support import models

from pymts import io, plotting
from pymts.adapters import graphs, panel
from pymts.adapters.sklearn import to_xy
from pymts.adapters.torch import SeriesDataset, WindowDataset
from pymts.data.truth import CHANNEL_DIMS, TRUTH
from pymts.datasets import load_grid, make, make_kuramoto, make_lorenz, make_scm, make_var, make_vecm
from pymts.errors import InvalidParameterError
from pymts.models.registry import Model
from pymts.store.cache import Store

# 1 drives 0 at lag 1, 2 drives 0 and 1 at lag 2, with a negative sign.
PHI = [
    [[0.5, 0.3, 0.0], [0.0, 0.4, 0.0], [0.0, 0.0, 0.3]],
    [[0.0, 0.0, -0.2], [0.0, 0.0, 0.25], [0.0, 0.0, 0.0]],
]


def by_hand(dataset: xr.Dataset, name: str, channels: list[int], times: slice, realizations: list[int]) -> Any:
    """Index a variable axis by axis with NumPy."""
    values = dataset[name].values
    for axis, dim in enumerate(dataset[name].dims):
        if dim == "channel" or dim in CHANNEL_DIMS:
            values = np.take(values, channels, axis)
        elif dim == "time":
            values = np.take(values, np.arange(values.shape[axis])[times], axis)
        elif dim == "realization":
            values = np.take(values, realizations, axis)
    return values


@pytest.mark.parametrize("model", models())
def test_every_truth_is_cut_with_the_series(model: Model[...], tmp_path: Path) -> None:
    ds = make(model)(T=40, n_realizations=3, seed=1, cache=False)
    channels = [ds.sizes["channel"] - 1, 0]
    part = ds.pymts.select(channel=channels, time=slice(ds.time[10].item(), ds.time[29].item()), realization=[2, 0])
    assert dict(part.sizes) | {"time": 20, "channel": 2, "realization": 2} == dict(part.sizes)
    for name in ds.data_vars:
        expected = by_hand(ds, str(name), channels, slice(10, 30), [2, 0])
        np.testing.assert_array_equal(part[name].values, expected)
    for dim in CHANNEL_DIMS & set(part.dims):
        np.testing.assert_array_equal(part[dim], part["channel"])
    assert part.attrs["hidden_channels"] == [c for c in range(ds.sizes["channel"]) if c not in channels]
    for name in set(part.data_vars) & set(TRUTH):
        assert ("scope" in part[name].attrs) == TRUTH[str(name)].whole
    xr.testing.assert_identical(ds.pymts.select(), ds)
    whole = ds.pymts.select(channel=slice(None), realization=np.ones(3, dtype=bool))
    xr.testing.assert_identical(whole, ds)
    io.save_parquet(part, tmp_path / "part.parquet")
    xr.testing.assert_identical(io.load_parquet(tmp_path / "part.parquet"), part)


def test_what_became_hidden_is_named_with_what_it_drives() -> None:
    ds = make_var(Phi=PHI, T=20, seed=1)
    part = ds.pymts.select(channel=[0, 1])
    assert part.attrs["hidden_channels"] == [2]
    assert part.adjacency.attrs["hidden_causes"] == "2 -> 0; 2 -> 1"
    np.testing.assert_array_equal(part.coefficients, np.array(PHI)[:, :2, :2])
    assert ds.pymts.select(channel=[2]).adjacency.attrs["hidden_causes"] == "none"
    assert part.pymts.select(channel=[1]).attrs["hidden_channels"] == [2, 0]
    assert "whole system" in make_vecm(T=20, seed=1).pymts.select(channel=[0])["rank"].attrs["scope"]


def test_labels_slices_and_masks() -> None:
    ds = make_kuramoto(M=4, T=50, dt=0.1, sample_every=1, seed=1)
    assert ds.pymts.select(channel=2).channel.values.tolist() == [2]
    assert ds.pymts.select(channel=slice(1, 2)).channel.values.tolist() == [1, 2]
    assert ds.pymts.select(channel=ds.omega.values > np.sort(ds.omega)[1]).sizes["channel"] == 2
    stretch = ds.pymts.select(time=slice(1.0, 2.0))
    np.testing.assert_allclose(stretch.time, np.arange(10, 21) * 0.1)
    np.testing.assert_array_equal(stretch.order_parameter, ds.order_parameter[10:21])
    assert np.shares_memory(stretch.data.values, ds.data.values), "a stretch of time is a view"
    named = ds.pymts.rename(["a", "b", "c", "d"])
    assert named.pymts.select(channel=["c", "a"]).adjacency.source.values.tolist() == ["c", "a"]
    np.testing.assert_array_equal(named.adjacency.values, ds.adjacency.values)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ({"channel": [0, 9]}, "channel must be among 0, 1, 2, 3, 4, got 9"),
        ({"channel": [0, 0]}, r"channel must name each channel once, got \[0, 0\]"),
        ({"channel": []}, "selects none of 0, 1"),
        ({"channel": [True, False]}, "selects none"),
        ({"realization": 3}, "realization must be among 0, got 3"),
        ({"time": 3}, "time must be a slice without a step"),
        ({"time": slice(0, 9, 2)}, "time must be a slice without a step"),
        ({"time": slice(1000, 2000)}, "selects none of 0, 1, 2, ... 19"),
    ],
)
def test_what_cannot_be_selected_is_said(arguments: dict[str, Any], told: str) -> None:
    with pytest.raises(InvalidParameterError, match=told):
        make_var(T=20, seed=1).pymts.select(**arguments)


USES: dict[str, Callable[[xr.Dataset], Any]] = {
    "to_xy": lambda ds: to_xy(ds, context_length=2),
    "WindowDataset": lambda ds: WindowDataset(ds, 3),
    "SeriesDataset": lambda ds: SeriesDataset(ds, target="model"),
    "to_numpy3d": panel.to_numpy3d,
    "to_long": panel.to_long,
    "to_statsmodels": panel.to_statsmodels,
    "graph": graphs.graph,
    "edges": graphs.edges,
    "to_networkx": graphs.to_networkx,
    "to_links": graphs.to_links,
    "to_marks": graphs.to_marks,
    **{f"plot_{kind}": draw for kind, draw in plotting.KINDS.items()},
}


@pytest.mark.parametrize("use", USES)
@pytest.mark.parametrize("wrong", ["isel", "names"])
def test_a_series_and_a_truth_that_disagree_are_refused(use: str, wrong: str) -> None:
    ds = make_var(M=3, T=30, seed=1)
    bad = ds.isel(channel=[0, 1]) if wrong == "isel" else ds.assign_coords(channel=["a", "b", "c"])
    with pytest.raises(InvalidParameterError, match=r"the series has the channels .* ds\.pymts\.select\(channel="):
        USES[use](bad)


def test_variables_of_units_are_labelled_and_kept(tmp_path: Path) -> None:
    grid = load_grid([{"model": "lorenz", "M": 6, "observable": "all", "T": 10, "seed": 1}], outdir=tmp_path)
    ds = grid[0]
    assert ds.variable.values.tolist() == ["x", "x", "y", "y", "z", "z"]
    assert ds.unit.values.tolist() == [0, 1] * 3
    alone = make_lorenz(M=2, observable="y", T=10, seed=1, cache=False)
    np.testing.assert_allclose(ds.data.values[:, ds.variable.values == "y"], alone.data.values)
    store = Store(tmp_path)
    store.pack(remove=True)
    for read in (load_grid(grid.grid, outdir=tmp_path)[0], store.load(grid.configuration(0), lazy=True)):
        assert read is not None
        xr.testing.assert_identical(read.load(), ds)
    first = ds.pymts.select(channel=ds.unit.values == 0)
    assert first.variable.values.tolist() == ["x", "y", "z"]


def test_graphs_go_out_with_sign_and_lag() -> None:
    ds = make_var(Phi=PHI, T=20, seed=1)
    signed = ds.pymts.graph(diagonal=False, signed=True)
    np.testing.assert_array_equal(signed, [[0, 0.3, -0.2], [0, 0, 0.25], [0, 0, 0]])
    assert float(ds.pymts.graph()[0, 0]) == 0.5
    frame = ds.pymts.edges(diagonal=False)
    assert frame.values.tolist() == [[1, 0, 1, 0.3, 1], [2, 0, 2, -0.2, -1], [2, 1, 2, 0.25, 1]]
    network = ds.pymts.to_networkx(diagonal=False)
    assert set(network.edges(data="weight")) == {(1, 0, 0.3), (2, 0, -0.2), (2, 1, 0.25)}
    back = nx.to_numpy_array(network, nodelist=[0, 1, 2])
    np.testing.assert_array_equal(back.T, signed)
    assert graphs.to_links(ds)[1] == [((1, -1), 0.4), ((2, -2), 0.25)]
    marks = graphs.to_marks(ds)
    assert marks.shape == (3, 3, 3)
    assert marks[2, 0, 2] == "-->"
    assert marks[0, 2, 2] == ""
    assert np.count_nonzero(marks) == 6


def test_immediate_links_have_two_ends() -> None:
    ds = make_scm(M=4, T=20, seed=3)
    marks, lag0 = graphs.to_marks(ds), ds.coefficients.sel(lag=0).values
    np.testing.assert_array_equal(marks[:, :, 0] == "-->", lag0.T != 0)
    np.testing.assert_array_equal(marks[:, :, 0] == "<--", lag0 != 0)
    assert make_kuramoto(M=3, T=5, seed=1).pymts.edges().lag.isna().all()


def test_a_model_without_a_graph_says_so() -> None:
    ds = make_lorenz(M=3, T=5, seed=1)
    with pytest.raises(InvalidParameterError, match="no variable 'coefficients'"):
        graphs.to_links(ds)
    with pytest.raises(InvalidParameterError, match="no variable 'adjacency': its model has no graph"):
        graphs.edges(ds.drop_vars("adjacency"))
