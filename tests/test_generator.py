"""The generator: batches, the store, memory bounds, failures."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr
from support import models

from pymts import Generator
from pymts.data import limits
from pymts.datasets import load_grid, make, make_ar, make_gbm, make_kuramoto
from pymts.errors import DivergenceError, GridError, InvalidParameterError, TooLargeError
from pymts.models.registry import Model
from pymts.plan.grid import Grid
from pymts.run import generator, simulate
from pymts.store.cache import Store

GRID: dict[str, Any] = {
    "seed": 5,
    "configs": [
        {"model": "ar", "T": 20, "rho": [0.1, 0.5, 0.9]},
        {"model": "kuramoto", "T": 20, "K": [0.5, 1.0], "M": [2, 3]},
        {"model": "gbm", "T": 20},
    ],
}


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PYMTS_DATA_HOME", str(tmp_path / "store"))
    return tmp_path / "store"


def parquet_files(root: Path) -> list[Path]:
    return sorted(root.glob("*/*/*.parquet"))


@pytest.mark.parametrize("model", models())
def test_a_grid_gives_what_each_call_gives(model: Model, home: Path) -> None:
    records = [
        {"model": model.name, "T": 30, "seed": [1, 2, 3]},
        {"model": "ar", "T": 10},
        {"model": model.name, "T": 9},
    ]
    for made in load_grid(records, cache=False):
        call = make_ar if made.attrs["model"] == "ar" else make(model)
        xr.testing.assert_identical(made, call(**made.pymts.config["params"], cache=False))
    assert not home.exists()


def test_the_store_serves_what_was_generated_and_nothing_else(home: Path) -> None:
    first = list(load_grid(GRID))
    assert len(parquet_files(home)) == len(first) == 8
    stamps = {path: path.stat().st_mtime_ns for path in parquet_files(home)}
    for before, after in zip(first, load_grid(GRID), strict=True):
        xr.testing.assert_identical(before, after)
    for before, after in zip(first, load_grid(GRID, cache=False), strict=True):
        xr.testing.assert_identical(before, after)
    assert {path: path.stat().st_mtime_ns for path in parquet_files(home)} == stamps


def test_make_reads_by_default_writes_when_told_and_never_looks_when_told(home: Path) -> None:
    made = make_ar(T=20, seed=1)
    assert not home.exists()
    xr.testing.assert_identical(make_ar(T=20, seed=1, cache=True), made)
    assert len(parquet_files(home)) == 1
    parquet = parquet_files(home)[0]
    assert parquet == Store().path(Grid([{"model": "ar", "T": 20, "seed": 1}])[0])
    stamp = parquet.stat().st_atime_ns, parquet.stat().st_mtime_ns
    xr.testing.assert_identical(make_ar(T=20, seed=1), made)
    # A file that is not what was written is seen when it is looked at, and only then.
    damaged = bytearray(parquet.read_bytes())
    damaged[len(damaged) // 2] ^= 1
    parquet.write_bytes(damaged)
    xr.testing.assert_identical(make_ar(T=20, seed=1, cache=False), made)
    with pytest.warns(UserWarning, match=parquet.stem):
        xr.testing.assert_identical(make_ar(T=20, seed=1), made)
    assert parquet.read_bytes() == bytes(damaged), "reading must not write"
    with pytest.warns(UserWarning, match=parquet.stem):
        xr.testing.assert_identical(make_ar(T=20, seed=1, cache=True), made)
    xr.testing.assert_identical(make_ar(T=20, seed=1), made)
    assert stamp is not None


def test_outdir_comes_before_the_variable_and_the_variable_before_data(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_ar(T=9, seed=1, cache=True, outdir=tmp_path / "mine")
    assert len(parquet_files(tmp_path / "mine")) == 1
    assert not home.exists()
    make_ar(T=9, seed=1, cache=True)
    assert len(parquet_files(home)) == 1
    monkeypatch.delenv("PYMTS_DATA_HOME")
    monkeypatch.chdir(tmp_path)
    make_ar(T=9, seed=1, cache=True)
    assert len(parquet_files(tmp_path / "data")) == 1


def test_two_seeds_are_two_entries(home: Path) -> None:
    one, two = make_ar(T=9, seed=1, cache=True), make_ar(T=9, seed=2, cache=True)
    assert len(parquet_files(home)) == 2
    assert not one.data.equals(two.data)


def test_the_sequence_indexes_slices_and_names(home: Path) -> None:
    grid = load_grid(GRID)
    assert len(grid) == 8
    assert not home.exists(), "nothing is generated before it is asked for"
    assert grid.config_ids == [configuration.config_id for configuration in Grid.read(GRID)]
    xr.testing.assert_identical(grid[1], grid[grid.config_ids[1]])
    xr.testing.assert_identical(grid[-1], grid[7])
    part = grid[1:7:2]
    assert part.config_ids == grid.config_ids[1:7:2]
    xr.testing.assert_identical(part[1:][0], grid[3])
    assert grid.config_ids[0] in grid
    assert grid.config_ids[0] not in part
    with pytest.raises(KeyError, match="is not in this grid; did you mean"):
        grid[grid.config_ids[0][:-1] + "x"]
    with pytest.raises(IndexError):
        grid[8]
    table = grid.table
    assert list(table.index) == grid.config_ids
    assert list(table["K"].dropna()) == [0.5, 0.5, 1.0, 1.0]
    assert set(table["seed"]) == {ds.attrs["seed"] for ds in grid}
    assert "8 configurations (ar, kuramoto, gbm)" in repr(grid)


def test_generate_takes_the_users_arguments(home: Path, tmp_path: Path) -> None:
    records = [{"model": "ar", "T": 20}, {"model": "gbm", "T": 20, "sigma": [0.1, 0.2], "zscore": False}]
    made = Generator().generate(records, seed=3, save=True, outdir=tmp_path / "out", zscore=True)
    assert [ds.attrs["model"] for ds in made] == ["ar", "gbm", "gbm"]
    assert "zscore_mean" in made[0]
    assert "zscore_mean" not in made[1]
    assert len(parquet_files(tmp_path / "out")) == 3
    again = Generator().generate(records, seed=3, zscore=True)
    for one, other in zip(made, again, strict=True):
        xr.testing.assert_identical(one, other)
    fresh = Generator().generate([{"model": "ar", "T": 5}])[0]
    assert fresh.attrs["seed"] != Generator().generate([{"model": "ar", "T": 5}])[0].attrs["seed"]
    assert not home.exists()


def test_nothing_runs_if_a_record_is_invalid(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*args: object) -> None:
        raise AssertionError("simulated")

    monkeypatch.setattr(generator, "run", fail)
    with pytest.raises(GridError, match="record 2"):
        Generator().generate([{"model": "ar"}, {"model": "ar", "M": 0}])


def test_a_dataset_that_does_not_fit_is_refused_before_anything_is_allocated(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(simulate, "simulate", None)
    with pytest.raises(TooLargeError, match=r"T=1000000000000.* needs .* TiB, but at most .* fit; lower"):
        make_kuramoto(T=10**12, seed=1, cache=False)
    with pytest.raises(TooLargeError, match=r"n_realizations=1000000000"):
        make_ar(n_realizations=10**9, seed=1, cache=False)
    with pytest.raises(TooLargeError, match=r"M=1000000"):
        make_kuramoto(M=10**6, T=2, seed=1, cache=False)
    with pytest.raises(TooLargeError):
        Generator().generate([{"model": "ar"}, {"model": "ar", "T": 10**12}])


def test_a_diverging_run_says_where_and_is_never_stored(home: Path) -> None:
    with pytest.raises(DivergenceError) as failure:
        make_gbm(mu=1e4, T=2000, n_realizations=2, seed=1, cache=True)
    message = str(failure.value)
    assert "gbm_M5_T2000" in message
    assert "realization 0" in message
    assert "from time" in message
    assert not home.exists() or not parquet_files(home)
    outcomes = list(
        generator.run(enumerate(Grid([{"model": "gbm", "T": 2000, "mu": [0.1, 1e4, 0.2]}])), Store(), keep=False)
    )
    assert [outcome.status for outcome in outcomes] == ["generated", "failed", "generated"]
    assert len(parquet_files(home)) == 2


def test_batches_respect_the_memory_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    sizes = []
    real = simulate.simulate

    def spy(configurations: Any, realizations: Any = None) -> Any:
        sizes.append(len(configurations))
        return real(configurations, realizations)

    monkeypatch.setattr(generator, "simulate", spy)
    monkeypatch.setattr(simulate, "BLOCK_BYTES", 8 * 100 * 5 * 4)
    list(generator.run(enumerate(Grid([{"model": "ar", "T": 100, "seed": list(range(10))}])), Store(), cache=False))
    assert sizes == [4, 4, 2]
    sizes.clear()
    monkeypatch.undo()
    monkeypatch.setattr(generator, "simulate", spy)
    list(generator.run(enumerate(Grid([{"model": "ar", "T": 100, "seed": list(range(10))}])), Store(), cache=False))
    assert sizes == [10]


def test_realizations_in_blocks_are_the_whole(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    at_once = make_kuramoto(T=50, n_realizations=7, seed=1, noise_std=0.1, cache=False)
    monkeypatch.setattr(simulate, "BLOCK_BYTES", 8 * 50 * 5 * 2)
    xr.testing.assert_identical(make_kuramoto(T=50, n_realizations=7, seed=1, noise_std=0.1, cache=False), at_once)
    monkeypatch.setattr(generator, "BLOCK_BYTES", 8 * 50 * 5 * 2)
    grid = Grid([{"model": "kuramoto", "T": 50, "n_realizations": 7, "seed": 1, "noise_std": 0.1}])
    (outcome,) = generator.run(enumerate(grid), Store(tmp_path), keep=False)
    assert outcome.error is None
    xr.testing.assert_identical(Store(tmp_path).load(grid[0]), at_once)


@pytest.mark.slow
def test_a_configuration_larger_than_the_memory_bound_streams(tmp_path: Path) -> None:
    """400 MiB are written, and read lazily, by a process whose memory grows by far less."""
    code = f"""
import resource, sys
from pymts.run import generator
from pymts.plan.grid import Grid
from pymts.store.cache import Store
import pyarrow.parquet
grid = Grid([{{"model": "noise_gaussian", "M": 5, "T": 20000, "n_realizations": 525, "seed": 1}}])
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
(outcome,) = generator.run(enumerate(grid), Store({str(tmp_path)!r}), keep=False)
assert outcome.error is None, outcome.error
after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
lazy = Store({str(tmp_path)!r}).load(grid[0], lazy=True)
print((after - before) // 1024, lazy.data.nbytes // 2**20, float(lazy.data[-1, -1, -1]))
"""
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment)
    grown, size, last = done.stdout.split()
    assert int(size) == 400
    assert int(grown) < 300
    alone = Grid([{"model": "noise_gaussian", "M": 5, "T": 20000, "n_realizations": 525, "seed": 1}])[0]
    assert float(last) == simulate.simulate([alone], range(524, 525))[0].values[0, -1, -1]  # type: ignore[union-attr]


def test_memory_that_is_available_is_what_the_system_says() -> None:
    assert 2**20 < limits.available_memory() < 2**50


def test_wrong_cache_and_outdir_are_refused_by_name() -> None:
    with pytest.raises(InvalidParameterError, match="ar: cache must be True or False or 'read', got 'yes'"):
        make_ar(cache="yes")  # type: ignore[arg-type]
    with pytest.raises(InvalidParameterError, match="ar: store must be a string or a path or None, got 3"):
        make_ar(outdir=3)  # type: ignore[arg-type]


def test_the_config_attribute_is_the_identity() -> None:
    made = make_ar(T=5, seed=1, cache=False)
    assert json.loads(made.attrs["config"]) == made.pymts.config
    assert made.pymts.config["params"]["T"] == 5
    assert np.isfinite(made.data).all()
