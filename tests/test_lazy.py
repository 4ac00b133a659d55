"""A grid as one dask-backed dataset."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import dask
import numpy as np
import pytest
import xarray as xr

from pymts.datasets import load_grid
from pymts.errors import DivergenceError, InvalidParameterError, MissingLibraryError
from pymts.run import lazy

GRID = [
    {"model": "var", "T": 30, "M": 3, "n_realizations": 2, "rho": [0.1, 0.5, 0.9]},
    {"model": "ar", "T": 30, "M": 3, "n_realizations": 2, "sigma": [1.0, 2.0]},
]


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Count the configurations that are read or simulated."""
    counted: list[int] = []
    run = lazy.run

    def counting(configurations: Any, *arguments: Any, **options: Any) -> Any:
        some = list(configurations)
        counted.append(len(some))
        return run(some, *arguments, **options)

    monkeypatch.setattr(lazy, "run", counting)
    return counted


def test_it_is_the_datasets_side_by_side_and_nothing_is_made_before_it_is_asked_for(
    tmp_path: Path, asked: list[int]
) -> None:
    grid = load_grid(GRID, outdir=tmp_path)
    view = grid.to_xarray(chunks=1)
    assert isinstance(view, xr.Dataset)
    assert view.data.dims == ("configuration", "time", "channel", "realization")
    assert view.data.chunks is not None
    assert not asked
    assert not list(tmp_path.iterdir())
    one = view.data.sel(configuration=grid.config_ids[3]).isel(realization=1).values
    assert asked == [1]
    np.testing.assert_array_equal(one, grid[3].data.isel(realization=1))
    with dask.config.set(scheduler="synchronous"):
        whole = view.compute()
    for position, config_id in enumerate(grid.config_ids):
        np.testing.assert_array_equal(whole.data[position], grid[config_id].data)
    assert view.model.values.tolist() == ["var"] * 3 + ["ar"] * 2
    np.testing.assert_array_equal(view.rho, [0.1, 0.5, 0.9, 0.9, 0.9])  # ar has a rho of its own, its default
    strong = view.data.where(view.rho > 0.4, drop=True)
    assert strong.sizes["configuration"] == 4
    assert view.time.attrs["units"] == "step"


def test_a_chunk_is_made_together(tmp_path: Path, asked: list[int]) -> None:
    view = load_grid(GRID, outdir=tmp_path).to_xarray(chunks=3)
    view.data[1].compute(scheduler="synchronous")
    assert asked == [3]
    view.data[4].compute(scheduler="synchronous")
    assert asked == [3, 2]
    pickle.loads(pickle.dumps(view))


def test_ragged_grids_give_a_tree(tmp_path: Path) -> None:
    grid = load_grid([{"model": "ou", "T": 20, "M": [2, 3], "dt": [0.1, 0.2]}], outdir=tmp_path)
    tree = grid.to_xarray()
    assert isinstance(tree, xr.DataTree)
    assert set(tree.children) == {f"M{m}_T20_R1_step{step}" for m in (2, 3) for step in (0.1, 0.2)}
    node = tree["M3_T20_R1_step0.2"]
    np.testing.assert_array_equal(node.data[0], grid[3].data)
    np.testing.assert_array_equal(node.time, grid[3].time)


def test_a_slice_a_text_parameter_and_an_array_parameter_are_labels_too(tmp_path: Path) -> None:
    grid = load_grid([{"model": "noise", "T": 5, "law": ["normal", "laplace", "cauchy"]}], outdir=tmp_path)
    view = grid[1:].to_xarray()
    assert view.law.values.tolist() == ["laplace", "cauchy"]
    grid = load_grid([{"model": "ar", "T": 5, "phi": {"sweep": [[0.5], [0.2, 0.1]]}}], outdir=tmp_path)
    assert grid.to_xarray().phi.values.tolist() == ["[0.5]", "[0.2, 0.1]"]


def test_what_goes_wrong_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    grid = load_grid([{"model": "rossler", "K": 1e6, "dt": 0.5, "T": 50}], outdir=tmp_path)
    with pytest.raises(DivergenceError):
        grid.to_xarray().data.compute(scheduler="synchronous")
    with pytest.raises(InvalidParameterError, match="chunks must be an integer of at least 1"):
        grid.to_xarray(chunks=0)
    with pytest.raises(InvalidParameterError, match="at least one configuration"):
        grid[:0].to_xarray()
    monkeypatch.setattr(lazy.importlib.util, "find_spec", lambda _: None)
    with pytest.raises(MissingLibraryError, match=r"pip install 'pymts\[dask\]'"):
        grid.to_xarray()


def test_truth_comes_along_lazily(tmp_path: Path, asked: list[int]) -> None:
    couplings = [0.5, 1.5, 3.0]
    grid = load_grid([{"model": "kuramoto", "M": 20, "T": 40, "K": couplings, "n_realizations": 2}], outdir=tmp_path)
    view = grid.to_xarray(["data", "order_parameter", "omega"])
    assert not asked
    assert not list(tmp_path.iterdir())
    assert view.order_parameter.dims == ("configuration", "time", "realization")
    curve = view.order_parameter.mean(("time", "realization")).compute(scheduler="synchronous")
    loop = [float(ds.order_parameter.mean()) for ds in grid]
    np.testing.assert_allclose(curve, loop, rtol=1e-14)
    np.testing.assert_array_equal(curve.K, couplings)
    assert view.order_parameter.attrs["long_name"] == "order parameter"
    np.testing.assert_array_equal(view.omega.values[1], grid[1].omega)
    assert set(view.data_vars) == {"data", "order_parameter", "omega"}
    assert set(grid.to_xarray("all").data_vars) == set(grid[0].data_vars)
    pickle.loads(pickle.dumps(view))


def test_truth_of_other_shapes_or_models_is_told_apart(tmp_path: Path) -> None:
    grid = load_grid(
        [{"model": "var", "T": 30, "M": 3, "p": [1, 2]}, {"model": "gbm", "T": 30, "M": 3}], outdir=tmp_path
    )
    tree = grid.to_xarray(["data", "coefficients"])
    assert isinstance(tree, xr.DataTree)
    lags = sorted(node.sizes.get("lag", 0) for node in tree.children.values())
    assert lags == [0, 1, 2]
    for node in tree.children.values():
        for config_id in node.configuration.values:
            ds = grid[str(config_id)]
            if "coefficients" in node:
                found = node.coefficients.sel(configuration=config_id)
                np.testing.assert_array_equal(found, ds.coefficients)
                np.testing.assert_array_equal(found.lag, ds.lag)
    flat = grid[:1].to_xarray("coefficients")
    assert list(flat.data_vars) == ["coefficients"]


def test_what_some_configurations_lack_is_in_a_node_of_its_own(tmp_path: Path) -> None:
    records = [{"model": "noise", "T": 5, "M": 2, "law": ["normal", "cauchy"]}]
    view = load_grid(records, outdir=tmp_path).to_xarray("all")
    assert isinstance(view, xr.DataTree | xr.Dataset)
    nodes = list(view.children.values()) if isinstance(view, xr.DataTree) else [view]
    assert sum("noise_cov" in node for node in nodes) == 1


def test_an_unknown_variable_is_named_with_those_there_are(tmp_path: Path) -> None:
    grid = load_grid([{"model": "kuramoto", "T": 5}], outdir=tmp_path)
    with pytest.raises(InvalidParameterError, match=r"'order_paramter' is not a variable .* did you mean 'order_param"):
        grid.to_xarray(["order_paramter"])


def test_a_probe_of_a_model_that_speaks_of_later_samples(tmp_path: Path) -> None:
    grid = load_grid([{"model": "piecewise", "T": 50, "change_points": {"value": [20, 30]}, "M": 2}], outdir=tmp_path)
    view = grid.to_xarray(["regime"])
    np.testing.assert_array_equal(view.regime[0], grid[0].regime)
    assert view.regime.dtype == grid[0].regime.dtype
