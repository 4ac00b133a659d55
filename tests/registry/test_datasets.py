"""What every dataset is: dims, coordinates, truth, attributes, and files that give it back. Every model."""

from __future__ import annotations

import itertools
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr
from support import cases, models

from pymts.data.truth import CHANNEL_DIMS, TRUTH
from pymts.datasets import make
from pymts.models.registry import Model


@pytest.fixture(autouse=True)
def _no_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYMTS_DATA_HOME", str(tmp_path / "nothing-here"))


@pytest.mark.parametrize(("model", "params"), cases())
def test_the_dataset_has_its_dims_coordinates_and_truth(model: Model, params: dict[str, Any]) -> None:
    made = make(model)(T=50, n_realizations=3, seed=1, **params)
    assert made.data.dims == ("time", "channel", "realization")
    assert made.data.shape == (50, made.attrs["config"] and json.loads(made.attrs["config"])["params"]["M"], 3)
    assert made.data.dtype == np.float64
    assert np.isfinite(made.data).all()
    assert made.time[0] == 0
    config = json.loads(made.attrs["config"])["params"]
    np.testing.assert_allclose(np.diff(made.time), config.get("dt", 1) * config["sample_every"])
    assert made.time.attrs["units"] == ("s" if "dt" in config else "step")
    truth = set(made.data_vars) - {"data"}
    extra = {"zscore_mean", "zscore_std"} if config["zscore"] else set()
    always = {name for name in model.truth if not TRUTH[name].optional}
    assert truth <= set(model.truth) | extra
    assert params or truth >= always
    for name in truth:
        assert made[name].dims == TRUTH[str(name)].dims
        assert made[name].attrs["description"]
        assert np.isfinite(made[name]).all()
        for dim in made[name].dims:
            if dim in CHANNEL_DIMS:
                np.testing.assert_array_equal(made[dim], made.channel)
    if "adjacency" in made:
        assert made.adjacency.attrs["graph_kind"] in {"structural", "summary", "window", "after_sampling"}
    assert set(made.pymts.truth.data_vars) == truth


@pytest.mark.parametrize("model", models())
def test_the_default_call_works_and_can_be_replayed(model: Model) -> None:
    made = make(model)()
    assert made.sizes["time"] == 1000
    assert np.isfinite(made.data).all()
    assert (made.data.std("time") > 0).all()
    again = make(model)(**made.pymts.config["params"])
    xr.testing.assert_identical(made, again)
    assert make(model)().attrs["seed"] != made.attrs["seed"]


@pytest.mark.parametrize("model", models())
def test_two_datasets_share_no_memory_but_read_only_labels(model: Model) -> None:
    from pymts import Generator

    sets = Generator().generate([{"model": model.name, "T": 20, "seed": [1, 2, 3]}])
    arrays = [made[name].values for made in sets for name in made.variables if name not in made.xindexes]
    for one, other in itertools.combinations(arrays, 2):
        assert not np.shares_memory(one, other)
    first, second = sets[0], sets[1]
    for name in first.xindexes:
        assert first.xindexes[name] is second.xindexes[name], "indexes are built once for all datasets of a shape"
        assert not first[name].values.flags.writeable
        first[name].attrs["note"] = "mine"
        assert "note" not in second[name].attrs
    assert "note" not in Generator().generate([{"model": model.name, "T": 20, "seed": 4}])[0].time.attrs
    moved = first.assign_coords(time=first.time + 1)
    assert moved.time[0] == 1
    assert second.time[0] == 0


@pytest.mark.parametrize("model", models())
def test_zscore_standardises_and_keeps_what_it_took_out(model: Model) -> None:
    raw = make(model)(T=80, n_realizations=2, seed=4)
    scored = make(model)(T=80, n_realizations=2, seed=4, zscore=True)
    np.testing.assert_allclose(scored.data.mean("time"), 0, atol=1e-12)
    np.testing.assert_allclose(scored.data.std("time"), 1, rtol=1e-12)
    back = scored.data * scored.zscore_std + scored.zscore_mean
    np.testing.assert_allclose(back, raw.data, rtol=1e-9, atol=1e-9 * float(abs(raw.data).max()))


@pytest.mark.parametrize("model", models())
def test_every_file_format_gives_the_dataset_back(model: Model, tmp_path: Path) -> None:
    from pymts import io

    made = make(model)(T=30, n_realizations=2, seed=2)
    io.save_parquet(made, tmp_path / "made.parquet")
    xr.testing.assert_identical(io.load_parquet(tmp_path / "made.parquet"), made)
    made.to_netcdf(tmp_path / "made.nc", engine="netcdf4")
    with xr.open_dataset(tmp_path / "made.nc", engine="netcdf4") as found:
        xr.testing.assert_identical(found.load(), made)
    made.to_zarr(tmp_path / "made.zarr", zarr_format=2)
    with xr.open_zarr(tmp_path / "made.zarr", chunks=None) as found:
        xr.testing.assert_identical(found.load(), made)


@pytest.mark.parametrize("model", models())
def test_the_long_form_and_the_array_say_the_same(model: Model) -> None:
    made = make(model)(T=7, n_realizations=3, seed=2)
    frame = made.pymts.to_dataframe()
    assert list(frame.columns) == ["time", "channel", "realization", "value", "config_id"]
    assert set(frame.config_id) == {made.pymts.config_id}
    indexed = frame.set_index(["time", "channel", "realization"])["value"].to_xarray()
    np.testing.assert_array_equal(indexed.transpose(*made.data.dims).values, made.pymts.to_numpy())
    np.testing.assert_array_equal(made.data.values, made.pymts.to_numpy())
