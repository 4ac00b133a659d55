"""Rows and labels: every value compared with the dataset it comes from, by a plain loop."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from pymts import Store
from pymts.adapters.sklearn import to_xy
from pymts.datasets import load_grid, make_ar, make_kuramoto, make_var
from pymts.errors import InvalidParameterError, TooLargeError
from pymts.store.files import save_parquet


@pytest.fixture(scope="module")
def mixed() -> list[xr.Dataset]:
    return [
        make_var(M=3, T=17, n_realizations=2, seed=1),
        make_kuramoto(M=3, T=12, n_realizations=3, seed=2, K=2.0),
        make_var(M=3, T=9, n_realizations=1, seed=3),
    ]


@pytest.mark.parametrize(("context", "horizon", "stride"), [(4, 2, 1), (1, 1, 3), (5, 4, 2), (3, 1, 20)])
def test_windows_are_those_of_a_plain_loop(mixed: list[xr.Dataset], context: int, horizon: int, stride: int) -> None:
    data = to_xy(mixed, context_length=context, horizon=horizon, stride=stride, flatten=False)
    row, series = 0, 0
    for ds in mixed:
        for r in range(ds.sizes["realization"]):
            for start in range(0, ds.sizes["time"] - context - horizon + 1, stride):
                stop = start + context
                np.testing.assert_array_equal(data.X[row], ds.data.values[start:stop, :, r])
                np.testing.assert_array_equal(data.y[row], ds.data.values[stop : stop + horizon, :, r])
                assert data.groups[row] == series
                assert data.time[row].tolist() == [start, stop + horizon - 1]
                assert data.config_ids[data.configuration[row]] == ds.attrs["config_id"]
                row += 1
            series += 1
    assert row == len(data.X) == len(data.y) == len(data.groups) == len(data.time) == len(data.configuration)


def test_a_flat_row_is_called_by_channel_and_lag(mixed: list[xr.Dataset]) -> None:
    flat = to_xy(mixed, context_length=2, horizon=2)
    assert flat.feature_names == ["x0[t-2]", "x1[t-2]", "x2[t-2]", "x0[t-1]", "x1[t-1]", "x2[t-1]"]
    assert flat.target_names == ["x0[t]", "x1[t]", "x2[t]", "x0[t+1]", "x1[t+1]", "x2[t+1]"]
    first = mixed[0].data.isel(realization=0)
    for column, name in zip(flat.X[0], flat.feature_names, strict=True):
        assert column == first.sel(channel=int(name[1])).isel(time=2 + int(name[4:-1]))
    for column, name in zip(flat.y[0], flat.target_names, strict=True):
        assert column == first.sel(channel=int(name[1])).isel(time=2 + int(name[4:-1] or 0))


def test_one_channel_and_one_step_make_a_vector_of_labels() -> None:
    X, y = to_xy(make_ar(M=1, T=20, seed=1), context_length=3, return_X_y=True)
    assert X.shape == (17, 3)
    assert y.shape == (17,)


def test_frames_carry_names_series_and_time(mixed: list[xr.Dataset]) -> None:
    plain = to_xy(mixed, context_length=4, horizon=1)
    data = to_xy(mixed, context_length=4, horizon=1, as_frame=True)
    assert list(data.X.columns) == data.feature_names
    assert list(data.y.columns) == data.target_names
    assert list(data.frame.columns) == [*data.feature_names, *data.target_names]
    np.testing.assert_array_equal(data.X, plain.X)
    np.testing.assert_array_equal(data.y, plain.y)
    for part in (data.X, data.y, data.frame):
        assert list(part.index.names) == ["series", "first", "last"]
        np.testing.assert_array_equal(part.index.get_level_values("series"), plain.groups)
        np.testing.assert_array_equal(part.index.to_frame()[["first", "last"]], plain.time)
    label = to_xy(mixed, target="model", context_length=4, as_frame=True).y
    assert isinstance(label, pd.Series)
    assert label.name == "model"
    assert to_xy(mixed[1], target="K", as_frame=True).y.name == "K"


def test_the_model_is_a_class_of_whole_series_or_windows(mixed: list[xr.Dataset]) -> None:
    windows = to_xy(mixed, target="model", context_length=5, stride=2)
    assert windows.target_names == ["kuramoto", "var"]
    assert windows.y.dtype == np.int64
    expected = [mixed[i].attrs["model"] for i in windows.configuration]
    assert [windows.target_names[code] for code in windows.y] == expected
    assert {tuple(row) for row in windows.time[windows.groups == 0]} == {(s, s + 4) for s in range(0, 13, 2)}
    whole = to_xy([mixed[0].isel(time=slice(9)), mixed[2]], target="model", flatten=False)
    assert whole.X.shape == (3, 9, 3)
    np.testing.assert_array_equal(whole.X[2], mixed[2].data.values[:, :, 0])
    assert whole.time.tolist() == [[0, 8]] * 3


@pytest.mark.parametrize(
    ("target", "names"), [("K", ["K"]), ("M", ["M"]), ("topology", ["complete", "ring"]), ("zscore", ["False"])]
)
def test_parameters_are_labels(target: str, names: list[str]) -> None:
    sweep = [
        make_kuramoto(M=3, T=8, n_realizations=2, seed=1, K=k, topology=t) for k, t in ((0.5, "ring"), (2, "complete"))
    ]
    data = to_xy(sweep, target=target)
    assert data.target_names == names
    expected = {"K": [0.5, 0.5, 2, 2], "M": [3] * 4, "topology": [1, 1, 0, 0], "zscore": [0] * 4}[target]
    assert data.y.tolist() == expected


def test_a_vector_parameter_is_a_label_of_many_columns() -> None:
    data = to_xy(make_kuramoto(M=2, T=8, seed=1, omega=[0.5, 2.0], n_realizations=2).drop_vars("omega"), target="omega")
    assert data.y.tolist() == [[0.5, 2.0]] * 2
    assert data.target_names == ["omega[0]", "omega[1]"]


def test_truth_is_a_label_with_its_own_direction() -> None:
    sweep = [make_var(M=3, T=30, n_realizations=2, seed=s, topology="chain") for s in (1, 2)]
    flat = to_xy(sweep, target="adjacency", context_length=10, stride=10)
    assert flat.target_names[:4] == ["adjacency[0,0]", "adjacency[0,1]", "adjacency[0,2]", "adjacency[1,0]"]
    for row, config in enumerate(flat.configuration):
        truth = sweep[config].adjacency
        assert truth.values[1, 0] != truth.values[0, 1]
        for value, name in zip(flat.y[row], flat.target_names, strict=True):
            target, source = map(int, name[len("adjacency[") : -1].split(","))
            assert value == truth.sel(target=target, source=source)
    shaped = to_xy(sweep, target="adjacency", flatten=False)
    np.testing.assert_array_equal(shaped.y[2], sweep[1].adjacency.values)
    lagged = to_xy(sweep[0], target="coefficients")
    assert lagged.target_names[0] == "coefficients[1,0,0]"
    assert lagged.y.shape == (2, 2 * 9)


def test_truth_that_changes_in_time_is_taken_where_the_window_ends() -> None:
    ds = make_kuramoto(M=4, T=30, n_realizations=3, seed=1)
    truth = ds.order_parameter.values  # (time, realization)
    now = to_xy(ds, target="order_parameter", context_length=5)
    ahead = to_xy(ds, target="order_parameter", context_length=5, horizon=2)
    whole = to_xy(ds, target="order_parameter")
    assert now.target_names == ["order_parameter[t-1]"]
    assert ahead.target_names == ["order_parameter[t]", "order_parameter[t+1]"]
    assert whole.target_names[-1] == "order_parameter[29]"
    for label, time, series in zip(now.y, now.time, now.groups, strict=True):
        assert label == truth[time[1], series]
    for label, time, series in zip(ahead.y, ahead.time, ahead.groups, strict=True):
        np.testing.assert_array_equal(label, truth[time[0] + 5 : time[1] + 1, series])
    np.testing.assert_array_equal(whole.y, truth.T)


def test_truth_of_a_realization_is_its_own() -> None:
    ds = make_var(M=3, T=20, n_realizations=4, seed=1, zscore=True)
    data = to_xy(ds, target="zscore_std", context_length=6, stride=4)
    np.testing.assert_array_equal(data.y, ds.zscore_std.values.T[data.groups])


def test_the_same_random_path_is_one_group_however_much_of_it_is_shown() -> None:
    short, long = make_var(M=2, T=20, n_realizations=2, seed=5), make_var(M=2, T=40, n_realizations=3, seed=5)
    np.testing.assert_array_equal(short.data, long.data[:20, :, :2])
    scaled = make_var(M=2, T=20, n_realizations=2, seed=5, zscore=True)
    other = make_var(M=2, T=20, n_realizations=2, seed=6)
    data = to_xy([short, long, scaled, other], context_length=5, stride=100)
    assert data.groups.tolist() == [0, 1, 0, 1, 2, 0, 1, 3, 4]
    late = to_xy([short, long.isel(time=slice(25, None), realization=[2, 0])], context_length=5, stride=100)
    assert late.groups.tolist() == [0, 1, 2, 0]
    assert late.time.tolist() == [[0, 5], [0, 5], [25, 30], [25, 30]]
    continuous = make_kuramoto(T=50, seed=1, dt=0.01, sample_every=3).isel(time=slice(7, None, 2))
    assert to_xy(continuous, context_length=2).time[1].tolist() == [9, 13]


def test_without_a_configuration_every_dataset_is_on_its_own() -> None:
    bare = make_var(M=2, T=20, n_realizations=2, seed=5).drop_attrs().drop_vars(["time", "realization"])
    data = to_xy([bare, bare.isel(time=slice(5, None))], context_length=5, stride=100)
    assert data.groups.tolist() == [0, 1, 2, 3]
    assert data.config_ids == ["dataset0", "dataset1"]


def test_every_kind_of_source_gives_the_same_rows(tmp_path: Path) -> None:
    records = [{"model": "ar", "M": 2, "T": 15, "rho": [0.2, 0.8], "n_realizations": 2}]
    grid = load_grid({"configs": records, "seed": 3}, outdir=tmp_path / "store")
    expected = to_xy(grid, context_length=4, horizon=1)
    assert expected.X.shape == (4 * 11, 8)
    by_id = [grid[config_id] for config_id in sorted(grid.config_ids)]
    for source, same in [
        (list(grid), list(grid)),
        (grid[1:], [grid[1]]),
        (Store(tmp_path / "store"), by_id),
        (tmp_path / "store", by_id),
        (str(tmp_path / "store"), by_id),
        (grid[0], [grid[0]]),
        (save_parquet(grid[1], tmp_path / "one.parquet"), [grid[1]]),
    ]:
        found, rows = to_xy(source, context_length=4, horizon=1), to_xy(same, context_length=4, horizon=1)
        np.testing.assert_array_equal(found.X, rows.X)
        np.testing.assert_array_equal(found.y, rows.y)
        assert found.config_ids == rows.config_ids


def test_a_yaml_grid_is_a_source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYMTS_DATA_HOME", str(tmp_path / "home"))
    path = tmp_path / "grid.yaml"
    path.write_text("configs: [{model: ar, M: 2, T: 12, rho: [0.1, 0.5]}]\n")
    assert to_xy(path, context_length=2).X.shape == (20, 4)


def test_the_description_says_what_it_is(mixed: list[xr.Dataset]) -> None:
    text = to_xy(mixed, context_length=4, horizon=2).DESCR
    assert "windows of 4 samples, 2 after them" in text
    assert "x(t) = c + sum_{k=1..p} Phi_k x(t-k) + B u(t) + e(t)" in text
    assert "doi:10.1007/978-3-540-27752-1" in text
    assert text.count("Reference:") == 2
    assert "Standardised" not in text
    assert "Standardised" in to_xy(make_ar(T=10, zscore=True, seed=1), context_length=2).DESCR


def test_the_accessor_gives_the_same(mixed: list[xr.Dataset]) -> None:
    ds = mixed[0]
    np.testing.assert_array_equal(ds.pymts.to_xy(context_length=3).X, to_xy(ds, context_length=3).X)
    X, _ = ds.pymts.to_xy(target="adjacency", return_X_y=True)
    assert X.shape == (2, 17 * 3)


BAD: dict[str, tuple[dict[str, Any], str]] = {
    "long window": (
        {"context_length": 10, "horizon": 8},
        "context_length + horizon = 10 + 8 = 18 is longer than var_M3_T17_R2_seed1__",
    ),
    "no context": ({}, "context_length is missing; give the number of samples to forecast from"),
    "no context to label": ({"target": "model", "horizon": 1}, "context_length is missing; give the number of samples"),
    "typo": ({"target": "adjacncy"}, "there is no target 'adjacncy' in the source; did you mean 'adjacency'?"),
    "nothing like it": ({"target": "qqqq"}, "there is no target 'qqqq' in the source (valid: future, model, coeff"),
    "not there": ({"target": "K"}, "did you mean"),
    "drawn": ({"target": "Phi"}, "'Phi' is None in var_M3_T17_R2_seed1__"),
    "zero horizon": ({"context_length": 2, "horizon": 0}, "horizon must be an integer of at least 1, got 0"),
    "negative horizon": ({"target": "model", "context_length": 2, "horizon": -1}, "horizon must be an integer of at"),
    "context": ({"context_length": 2.5}, "context_length must be an integer of at least 1, got 2.5"),
    "stride": ({"context_length": 2, "stride": 0}, "stride must be an integer of at least 1, got 0"),
    "a frame of three dims": ({"context_length": 2, "flatten": False, "as_frame": True}, "needs flatten=True"),
}


@pytest.mark.parametrize(("options", "message"), BAD.values(), ids=BAD)
def test_bad_options_are_refused_in_one_sentence(mixed: list[xr.Dataset], options: Any, message: str) -> None:
    with pytest.raises(InvalidParameterError) as refusal:
        to_xy(mixed[0], **options)
    assert message in str(refusal.value)
    assert "\n" not in str(refusal.value)


def test_datasets_that_do_not_fit_each_other_are_refused(mixed: list[xr.Dataset]) -> None:
    var, kuramoto, short = mixed
    bare = var.drop_attrs()
    for source, options, message in [
        (
            [var, make_ar(M=2, T=20, seed=1)],
            {"context_length": 2},
            "differ in the number of channels: var_.* M=3 ",
        ),
        ([var, short], {"target": "model"}, "whole series differ in length: var_.* has T=17 and .* has T=9; give cont"),
        ([var, short], {"context_length": 9}, r"9 \+ 1 = 10 is longer than var_M3_T9_seed3__.*, which has T=9"),
        ([kuramoto, var], {"target": "omega", "context_length": 2}, "var_.* has no variable 'omega'; leave it out"),
        ([kuramoto, var], {"target": "K", "context_length": 2}, "var_.* has no parameter 'K'; leave it out"),
        ([bare], {"target": "model"}, "dataset0 has no known model"),
        (
            [var, make_var(M=3, T=17, p=1, seed=1)],
            {"target": "coefficients"},
            r"shape \(2, 3, 3\) in .* and \(1, 3, 3\) in",
        ),
        ([var.assign(note=("channel", ["a", "b", "c"]))], {"target": "note"}, "target 'note' holds <U1 in var_"),
        (
            [make_ar(M=2, T=9, seed=1, sigma=2.0), make_ar(M=2, T=9, seed=1, sigma=[1.0, 2.0])],
            {"target": "sigma"},
            r"target 'sigma' has shape \(\) in .* and \(2,\) in",
        ),
        (
            [kuramoto, kuramoto.assign_coords(time=pd.date_range("2024", periods=12))],
            {"context_length": 2},
            "appears twice in the source with different times",
        ),
    ]:
        with pytest.raises(InvalidParameterError, match=message):
            to_xy(source, **options)


def test_what_is_no_source_is_refused(tmp_path: Path) -> None:
    ds = make_ar(T=5, seed=1)
    (tmp_path / "empty").mkdir()
    for source, message in [
        ([], "the source a list is empty; give at least one dataset"),
        (tmp_path / "empty", "the source .*empty'.* is empty"),
        (Store(tmp_path / "nowhere"), r"the source Store\(.*nowhere'\) is empty"),
        (ds.isel(realization=[]), r"is empty: \(realization, time, channel\) = \(0, 5, 5\)"),
        (3, "source must be a dataset, a list of datasets.*; got a int"),
        ([ds, ds.data], "item 1 is a DataArray"),
        (ds[["adjacency"]], "item 0 of the source has no variable 'data'"),
        (tmp_path / "nope.yaml", "nope.yaml does not exist"),
    ]:
        with pytest.raises(InvalidParameterError, match=message):
            to_xy(source, context_length=2)  # type: ignore[arg-type]


def test_rows_that_do_not_fit_in_memory_are_refused_before_they_are_made() -> None:
    ds = make_ar(M=1, T=2, seed=1)
    data = xr.DataArray(np.broadcast_to(0.0, (10**6, 100, 1000)), dims=("time", "channel", "realization"))
    huge = ds.drop_attrs().drop_vars([*ds.data_vars, *ds.coords]).assign(data=data)
    with pytest.raises(TooLargeError, match=r"the rows of X needs .*; raise stride, shorten context_length"):
        to_xy(huge, context_length=500)
    wide = huge.isel(channel=[0], realization=[0]).assign(image=(("row", "column"), np.zeros((2000, 2000))))
    with pytest.raises(TooLargeError, match=r"target 'image' needs .*; raise stride or give fewer datasets"):
        to_xy(wide, target="image", context_length=5)
