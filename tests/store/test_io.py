"""Datasets to files and back: everything equal, and one sentence where it cannot be."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from stored import configured, made

from pymts.data.dataset import to_dataframe
from pymts.errors import DamagedEntryError, InvalidParameterError, PymtsError, StoreError, TooLargeError
from pymts.store.disk import digest
from pymts.store.entries import entry
from pymts.store.files import load_parquet, open_values, save_csv, save_parquet

SUFFIXES = (".parquet", ".truth.npz", ".metadata.json")


def assert_equal(found: xr.Dataset, expected: xr.Dataset) -> None:
    xr.testing.assert_identical(found, expected)
    for name, variable in expected.variables.items():
        assert found[name].dtype == variable.dtype, name
        assert found[name].dims == variable.dims
        assert (name in found.coords) == (name in expected.coords)
    assert list(found.attrs) == list(expected.attrs)


CHANGES: dict[str, Callable[[xr.Dataset], xr.Dataset]] = {
    "as it was made": lambda ds: ds,
    "sliced": lambda ds: ds.isel(time=slice(2, None, 3), channel=[2, 0], realization=[3, 1]),
    "one of each": lambda ds: ds.isel(time=[0], channel=[0], realization=[0]),
    "transposed": lambda ds: ds.transpose("realization", "channel", "time", ...),
    "float32": lambda ds: ds.assign(data=ds.data.astype(np.float32)),
    "big-endian truth": lambda ds: ds.assign(extra=("channel", np.arange(3, dtype=">i4"))),
    "without coordinates": lambda ds: ds.drop_vars(["time", "channel", "realization"]),
    "without truth": lambda ds: ds[["data"]],
    "without attributes": lambda ds: ds.drop_attrs(),
    "named channels": lambda ds: ds.assign_coords(channel=["left", "right", "über"]),
    "channels as objects": lambda ds: ds.assign_coords(channel=np.array(["left", "right", "über"], dtype=object)),
    "boolean channels": lambda ds: ds.isel(channel=[0, 1]).assign_coords(channel=[True, False]),
    "dates": lambda ds: ds.assign_coords(time=pd.date_range("2024-01-01", periods=6, freq="h")),
    "other variables": lambda ds: ds.assign(
        scalar=3.5, flag=True, text="hello", empty=(("nothing",), np.empty(0)), z=("channel", np.arange(3) * 1j),
        counts=("channel", np.arange(3, dtype=np.uint8)), half=("channel", np.ones(3, np.float16)),
        when=np.datetime64("2024-05-06T07:08:09", "ns"),
    ),
    "other coordinates": lambda ds: ds.assign_coords(group=("realization", [0, 0, 1, 1]), label="run"),
    "attributes of every plain kind": lambda ds: ds.assign_attrs(
        number=1.5, big=2**70, none=None, yes=True, text="ü\n", items=[1, 2.5, "x"], nested={"a": {"b": [1]}},
        scalar=np.float64(0.1),
    ),
    "not finite": lambda ds: ds.assign(data=ds.data.where(ds.realization != 1, np.nan)),
    "no realization": lambda ds: ds.isel(realization=[]),
    "no time": lambda ds: ds.isel(time=[]),
}  # fmt: skip


@pytest.mark.parametrize("lazy", [False, True], ids=["eager", "lazy"])
@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_what_is_saved_loads_back_equal(
    tmp_path: Path, dataset: xr.Dataset, change: Callable[[xr.Dataset], xr.Dataset], lazy: bool
) -> None:
    dataset["data"].attrs["note"] = "of the series"
    changed = change(dataset)
    path = save_parquet(changed, tmp_path / "a.parquet")
    assert_equal(load_parquet(path, lazy=lazy), changed)
    assert sorted(file.name for file in tmp_path.iterdir()) == sorted(f"a{suffix}" for suffix in SUFFIXES)
    read = pd.read_parquet(path)
    expected = to_dataframe(changed)
    np.testing.assert_array_equal(read["value"], expected["value"])
    for column in ("time", "channel", "realization"):
        assert list(read[column]) == list(expected[column])


def test_a_dataset_loaded_lazily_can_be_saved_again(
    tmp_path: Path, dataset: xr.Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(entry, "BLOCK_BYTES", 8 * 6 * 3 * 2)
    first = save_parquet(dataset, tmp_path / "a.parquet")
    second = save_parquet(load_parquet(first, lazy=True), tmp_path / "b.parquet")
    assert_equal(load_parquet(second), dataset)
    assert first.read_bytes() == second.read_bytes()


def test_the_npz_file_is_one_that_numpy_reads(tmp_path: Path, dataset: xr.Dataset) -> None:
    save_parquet(dataset, tmp_path / "a.parquet")
    metadata = json.loads((tmp_path / "a.metadata.json").read_text())
    with np.load(tmp_path / "a.truth.npz", allow_pickle=False) as arrays:
        for index, variable in enumerate(metadata["variables"]):
            found = arrays[f"arr_{index}"]
            assert (list(found.shape), found.dtype.str) == (variable["shape"], variable["dtype"])
            np.testing.assert_array_equal(found, dataset[variable["name"]])


def test_the_metadata_say_what_the_dataset_is(tmp_path: Path, dataset: xr.Dataset) -> None:
    path = save_parquet(dataset, tmp_path / "a.parquet")
    metadata = json.loads((tmp_path / "a.metadata.json").read_text())
    assert metadata["format"] == 1
    assert metadata["digest"] == dataset.attrs["digest"]
    assert metadata["configuration"] == json.loads(dataset.attrs["config"])
    assert metadata["configuration"]["model"] == "kuramoto"
    assert metadata["data"]["shape"] == [4, 6, 3]
    for suffix, key in ((".parquet", "parquet"), (".truth.npz", "truth")):
        raw = (tmp_path / f"a{suffix}").read_bytes()
        assert metadata[key] == {"size": len(raw), "xxh3_128": digest(raw)}
    environment = metadata["environment"]
    assert environment["numpy"] == np.__version__
    assert {"python", "scipy", "pymts", "machine", "libc", "blas", "simd"} <= set(environment)
    assert metadata["data"]["row_groups"][0]["xxh3_128"] == digest(open_values(path).read().tobytes())


def test_files_that_are_renamed_together_load(tmp_path: Path, dataset: xr.Dataset) -> None:
    save_parquet(dataset, tmp_path / "a.parquet")
    for suffix in SUFFIXES:
        (tmp_path / f"a{suffix}").rename(tmp_path / f"b.c{suffix}")
    assert_equal(load_parquet(tmp_path / "b.c.parquet"), dataset)


REFUSED: dict[str, tuple[Callable[[xr.Dataset], Any], str]] = {
    "no series": (lambda ds: ds.drop_vars("data"), "must have 'data' with the dims"),
    "a dim less": (lambda ds: ds.isel(realization=0), "keep a dim by selecting with a list"),
    "another dim": (lambda ds: ds.assign(data=ds.data.expand_dims("more")), "must have 'data' with the dims"),
    "integers": (lambda ds: ds.assign(data=ds.data.astype(int)), "must be float64 or float32, got int64; convert"),
    "objects": (
        lambda ds: ds.assign(extra=("channel", np.array([1, "a", None], dtype=object))),
        "'extra' cannot be stored",
    ),
    "an object attribute": (
        lambda ds: ds.assign_attrs(bad={1, 2}),
        "the attribute 'bad' of the dataset cannot be stored",
    ),
    "a NaN attribute": (lambda ds: ds.assign_attrs(bad=float("nan")), "'bad' of the dataset cannot be stored: nan"),
    "an attribute's name": (lambda ds: ds.assign_attrs({3: "x"}), "the attribute 3 of the dataset"),
    "an attribute of a variable": (lambda ds: ds.assign(e=((), 1.0, {"f": print})), "the attribute 'f' of e cannot be"),
    "several levels": (lambda ds: ds.stack(both=("target", "source")), "cannot be stored"),
    "a variable's name": (lambda ds: ds.assign({7: 1.0}), "the variable 7 cannot be stored"),
}


@pytest.mark.parametrize(("change", "complaint"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_stored_is_refused_and_leaves_nothing(
    tmp_path: Path, dataset: xr.Dataset, change: Callable[[xr.Dataset], xr.Dataset], complaint: str
) -> None:
    with pytest.raises(InvalidParameterError) as failure:
        save_parquet(change(dataset), tmp_path / "a.parquet")
    assert complaint in str(failure.value)
    assert "\n" not in str(failure.value)
    assert list(tmp_path.iterdir()) == []


def test_wrong_paths_are_refused_in_one_sentence(tmp_path: Path, dataset: xr.Dataset) -> None:
    (tmp_path / "d.parquet").mkdir()
    cases: list[tuple[Callable[[], Any], type[PymtsError], str]] = [
        (lambda: save_parquet(dataset, tmp_path / "a.txt"), InvalidParameterError, "path must end in .parquet"),
        (lambda: save_parquet(dataset, tmp_path / "d.parquet"), StoreError, "is a directory; give the name of a file"),
        (
            lambda: save_parquet(dataset, tmp_path / "no" / "a.parquet"),
            StoreError,
            "is not a directory, so a.parquet cannot",
        ),
        (lambda: load_parquet(tmp_path / "a.parquet"), StoreError, "does not exist"),
        (lambda: load_parquet(tmp_path), StoreError, "is a directory"),
        (lambda: open_values(tmp_path / "a.parquet"), StoreError, "does not exist"),
        (lambda: save_csv(dataset, tmp_path / "no" / "a.csv"), StoreError, "is not a directory"),
        (lambda: save_csv(dataset, tmp_path), StoreError, "is a directory"),
        (lambda: save_csv(dataset.drop_vars("data"), tmp_path / "a.csv"), InvalidParameterError, "must have 'data'"),
    ]
    for call, kind, complaint in cases:
        with pytest.raises(kind) as failure:
            call()
        assert complaint in str(failure.value)
    assert [file.name for file in tmp_path.iterdir()] == ["d.parquet"]


@pytest.mark.parametrize("suffix", [".truth.npz", ".metadata.json"])
def test_a_missing_file_of_the_three_is_named(tmp_path: Path, dataset: xr.Dataset, suffix: str) -> None:
    path = save_parquet(dataset, tmp_path / "a.parquet")
    (tmp_path / f"a{suffix}").unlink()
    for lazy in (False, True):
        with pytest.raises(DamagedEntryError, match=rf"a\{suffix} is missing"):
            load_parquet(path, lazy=lazy)


def test_a_parquet_file_of_others_is_refused(tmp_path: Path) -> None:
    pd.DataFrame({"value": [1.0]}).to_parquet(tmp_path / "a.parquet")
    with pytest.raises(DamagedEntryError, match=r"a\.metadata\.json is missing"):
        load_parquet(tmp_path / "a.parquet")


def test_replacing_gives_the_new_dataset(tmp_path: Path, dataset: xr.Dataset) -> None:
    path = save_parquet(dataset, tmp_path / "a.parquet")
    kept = load_parquet(path, lazy=True)
    other = made(configured(seed=2))
    save_parquet(other, path)
    assert_equal(load_parquet(path), other)
    assert_equal(kept, dataset)  # the old file lives as long as it is mapped
    assert len(list(tmp_path.iterdir())) == 3


@pytest.mark.parametrize("rows", [2**18, 5, 40])
def test_csv_is_the_long_form(tmp_path: Path, dataset: xr.Dataset, monkeypatch: pytest.MonkeyPatch, rows: int) -> None:
    monkeypatch.setattr("pymts.store.files.CSV_ROWS", rows)
    path = save_csv(dataset, tmp_path / "a.csv")
    text = path.read_text()
    assert text.splitlines()[0] == "time,channel,realization,value,config_id"
    read = pd.read_csv(path).assign(value=[float(line.split(",")[3]) for line in text.splitlines()[1:]])
    expected = to_dataframe(dataset)
    expected["config_id"] = expected["config_id"].astype(str)
    pd.testing.assert_frame_equal(read, expected, check_dtype=False)
    np.testing.assert_array_equal(read["value"], expected["value"])
    assert len(list(tmp_path.iterdir())) == 1
    save_csv(dataset.isel(realization=[]), path)
    assert path.read_text() == "time,channel,realization,value,config_id\n"


@pytest.mark.parametrize("mask", [0o022, 0o002, 0o077, 0o027])
def test_permissions_follow_the_umask(tmp_path: Path, dataset: xr.Dataset, mask: int) -> None:
    old = os.umask(mask)
    try:
        save_parquet(dataset, tmp_path / "a.parquet")
        save_csv(dataset, tmp_path / "a.csv")
    finally:
        os.umask(old)
    assert {stat.S_IMODE(file.stat().st_mode) for file in tmp_path.iterdir()} == {0o666 & ~mask}


def test_a_series_that_does_not_fit_is_refused_before_it_is_read(
    tmp_path: Path, dataset: xr.Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = save_parquet(dataset, tmp_path / "a.parquet")
    monkeypatch.setattr(entry, "BLOCK_BYTES", 100)
    monkeypatch.setattr(entry, "available_memory", lambda: 500)
    with pytest.raises(TooLargeError, match=r"a\.parquet needs .* at most 500 B fit; load it with lazy=True"):
        load_parquet(path)
    assert_equal(load_parquet(path, lazy=True), dataset)


def large() -> xr.Dataset:
    values = np.random.default_rng(0).standard_normal((400, 1000, 10))  # 32 MB
    labels = {"time": np.arange(1000) * 0.05, "channel": np.arange(10), "realization": np.arange(400)}
    return xr.Dataset({"data": (("time", "channel", "realization"), values.transpose(1, 2, 0))}, coords=labels)


def test_reading_takes_no_more_than_the_array(tmp_path: Path) -> None:
    path = save_parquet(large(), tmp_path / "a.parquet")
    tracemalloc.start()
    try:
        read = load_parquet(path)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 1.1 * read.data.nbytes


def test_writing_takes_a_fixed_amount_of_memory_on_top(tmp_path: Path) -> None:
    code = f"""
import resource, sys, numpy as np, pyarrow.parquet
sys.path[:0] = {[str(Path(__file__).parent), str(Path(__file__).parents[1])]!r}
from test_io import large
from pymts.store.files import save_parquet
dataset = large()
save_parquet(dataset.isel(realization=[0]), {str(tmp_path / "warm.parquet")!r})
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
save_parquet(dataset, {str(tmp_path / "a.parquet")!r})
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert float(done.stdout) < 45  # MiB; some 33 are usual, for any size of array: what one row group takes
