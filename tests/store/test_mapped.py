"""Values read in place: equal to the ordinary read, without a copy, compared when first touched."""

from __future__ import annotations

import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr
from stored import configured, made

from pymts.errors import DamagedEntryError, StoreError
from pymts.store.entries import entry
from pymts.store.files import load_parquet, open_values, save_parquet
from pymts.store.format import mapped, parquet
from pymts.store.format.layout import Layout
from pymts.store.format.mapped import MappedValues
from pymts.store.format.parquet import RowGroup, read_ordinarily

CASES = [
    (2**20, {}),
    (7, {}),
    (1, {}),
    (18, {}),
    (40, {"n_realizations": 9}),
    (2**20, {"T": 1, "M": 1, "n_realizations": 1}),
]


@pytest.fixture(params=CASES, ids=str)
def stored(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, xr.Dataset]:
    group_values, params = request.param
    monkeypatch.setattr(parquet, "GROUP_VALUES", group_values)
    dataset = made(configured(**params))
    return save_parquet(dataset, tmp_path / "a.parquet"), dataset


def truth_of(dataset: xr.Dataset) -> Any:
    return dataset["data"].transpose("realization", "time", "channel").values


def test_mapped_and_ordinary_reads_are_equal_bit_for_bit(stored: tuple[Path, xr.Dataset]) -> None:
    path, dataset = stored
    expected = truth_of(dataset)
    values = open_values(path)
    assert values.shape == expected.shape == np.asarray(values).shape
    reads = [
        values.read(),
        np.asarray(values),
        np.stack([values[i] for i in range(len(values))]),
        read_ordinarily(path, values.shape, values.dtype),
        mapped.read_whole(path, values.layout),
        truth_of(load_parquet(path)),
        truth_of(load_parquet(path, lazy=True)),
    ]
    for read in reads:
        assert read.dtype == expected.dtype
        np.testing.assert_array_equal(read.view(np.uint64), expected.view(np.uint64))
    np.testing.assert_array_equal(values.read([len(values) - 1, 0, 0]), expected[[-1, 0, 0]])
    np.testing.assert_array_equal(values.read(slice(1, None, 2)), expected[1::2])
    np.testing.assert_array_equal(values[-1], expected[-1])
    for index in (len(values), -len(values) - 1):
        with pytest.raises(IndexError, match=f"realization {index} of {len(values)}"):
            values[index]


INDEXERS: list[dict[str, Any]] = [
    {"realization": 1},
    {"realization": [3, 0, 0]},
    {"realization": slice(None, None, -1)},
    {"time": slice(1, 4), "channel": 2},
    {"time": [4, 1], "channel": [2, 0], "realization": [1, 3]},
    {"time": 0, "channel": 1, "realization": 2},
    {"time": slice(None, None, 2), "realization": slice(1, 3)},
    {"realization": []},
    {"time": [], "realization": 1},
    {"time": xr.DataArray([0, 1, 2], dims="p"), "realization": xr.DataArray([3, 2, 1], dims="p")},
]


@pytest.mark.parametrize("indexer", INDEXERS, ids=",".join)
@pytest.mark.parametrize("group_values", [2**20, 7])
def test_lazy_selections_are_those_of_the_whole(
    tmp_path: Path, dataset: xr.Dataset, monkeypatch: pytest.MonkeyPatch, indexer: dict[str, Any], group_values: int
) -> None:
    monkeypatch.setattr(parquet, "GROUP_VALUES", group_values)
    save_parquet(dataset, tmp_path / "a.parquet")
    lazy = load_parquet(tmp_path / "a.parquet", lazy=True)
    xr.testing.assert_identical(lazy.isel(indexer), dataset.isel(indexer))
    twice = load_parquet(tmp_path / "a.parquet", lazy=True).isel(time=slice(1, None)).isel(realization=[0, 2])
    xr.testing.assert_identical(twice, dataset.isel(time=slice(1, None)).isel(realization=[0, 2]))


def test_a_realization_is_a_read_only_view_of_the_file(tmp_path: Path, dataset: xr.Dataset) -> None:
    values = open_values(save_parquet(dataset, tmp_path / "a.parquet"))
    one = values[1]
    assert np.shares_memory(one, np.asarray(values))
    assert not one.flags.owndata
    with pytest.raises(ValueError, match="read-only"):
        one[0, 0] = 1.0
    assert np.asarray(values, dtype=np.float32).dtype == np.float32
    np.array(values, copy=True)[0] = 1.0
    with pytest.raises(ValueError, match="without a copy"):
        np.asarray(values, dtype=np.float32, copy=False)


def test_a_realization_in_several_row_groups_is_a_read_only_copy(
    tmp_path: Path, dataset: xr.Dataset, small_groups: None
) -> None:
    values = open_values(save_parquet(dataset, tmp_path / "a.parquet"))
    assert len(values.layout.groups) == 3 * 4
    assert not values[1].flags.writeable
    with pytest.raises(ValueError, match="several row groups"):
        np.asarray(values, copy=False)


def test_values_are_compared_when_they_are_first_touched(
    tmp_path: Path, dataset: xr.Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parquet, "GROUP_VALUES", 18)
    path = save_parquet(dataset, tmp_path / "a.parquet")
    offset = open_values(path).layout.groups[2].offset
    assert offset is not None
    raw = bytearray(path.read_bytes())
    raw[offset + 3] ^= 16
    path.write_bytes(raw)
    values = open_values(path)
    np.testing.assert_array_equal(values[1], truth_of(dataset)[1])
    for touch in (
        lambda: values[2],
        values.read,
        lambda: np.asarray(values),
        values.check,
        lambda: values.read([3, 2]),
    ):
        with pytest.raises(DamagedEntryError, match=r"a\.parquet: the values of row group 2 are not those"):
            touch()
    lazy = load_parquet(path, lazy=True)
    xr.testing.assert_identical(lazy.isel(realization=[0, 3]), dataset.isel(realization=[0, 3]))
    with pytest.raises(DamagedEntryError, match="row group 2"):
        lazy.load()
    unchecked = open_values(path, verify=False)
    assert not np.array_equal(unchecked[2], truth_of(dataset)[2])


def test_it_pickles_by_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    dataset = made(configured(n_realizations=2000))
    monkeypatch.chdir(tmp_path)
    values = open_values(save_parquet(dataset, "a.parquet"))
    text = pickle.dumps(values)
    lazy = pickle.dumps(load_parquet("a.parquet", lazy=True).drop_vars("order_parameter"))
    assert len(text) < 2000
    assert len(lazy) < dataset["data"].nbytes / 5
    monkeypatch.chdir("/")
    np.testing.assert_array_equal(pickle.loads(text).read(), truth_of(dataset))
    np.testing.assert_array_equal(pickle.loads(lazy)["data"], dataset["data"])
    (tmp_path / "a.parquet").unlink()
    with pytest.raises(DamagedEntryError, match="is missing"):
        pickle.loads(text)


def test_no_file_stays_open_and_a_removed_file_stays_readable(tmp_path: Path, dataset: xr.Dataset) -> None:
    path = save_parquet(dataset, tmp_path / "a.parquet")
    before = len(list(Path("/proc/self/fd").iterdir()))
    kept = [load_parquet(path, lazy=True) for _ in range(20)]
    assert len(list(Path("/proc/self/fd").iterdir())) == before
    for file in tmp_path.iterdir():
        file.unlink()
    xr.testing.assert_identical(kept[7], dataset)


def test_a_file_that_cannot_be_mapped_is_read_ordinarily(
    tmp_path: Path, dataset: xr.Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = parquet.options()
    other = real | {"use_dictionary": True, "compression": "ZSTD", "data_page_size": 64, "write_batch_size": 4}
    monkeypatch.setattr(parquet, "options", lambda: other)
    path = save_parquet(dataset, tmp_path / "a.parquet")
    assert not entry.read_metadata(tmp_path, "a").layout.can_be_mapped
    for lazy in (False, True):
        xr.testing.assert_identical(load_parquet(path, lazy=lazy), dataset)
    with pytest.raises(StoreError, match="cannot be mapped; use load_parquet"):
        open_values(path)
    raw = bytearray(path.read_bytes())
    raw[len(raw) // 3] ^= 1
    path.write_bytes(raw)
    with pytest.raises(DamagedEntryError):
        load_parquet(path)


def layout(shape: tuple[int, int, int], groups: list[tuple[int, int | None]], size: int = 1000) -> Layout:
    rows = [RowGroup(count, "", offset) for count, offset in groups]
    return Layout(shape, np.dtype(np.float64), rows, size, "", "", "")


@pytest.mark.parametrize(
    ("found", "problem"),
    [
        (layout((2, 3, 4), [(24, 100)]), None),
        (layout((2, 3, 4), [(24, None)]), None),
        (layout((2, 3, 4), [(12, 100), (12, 196)]), None),
        (layout((2, 3, 4), [(12, 100), (12, 195)]), "overlap or lie outside"),
        (layout((2, 3, 4), [(12, 196), (12, 100)]), "overlap or lie outside"),
        (layout((2, 3, 4), [(24, 809)]), "overlap or lie outside"),
        (layout((2, 3, 4), [(23, 100)]), "do not make up 24 values"),
        (layout((2**40, 2**40, 2**40), [(24, 100)]), "do not make up"),
        (layout((0, 3, 4), []), None),
    ],
)
def test_a_layout_that_contradicts_itself_is_found(found: Layout, problem: str | None) -> None:
    said = found.problem()
    assert said is None if problem is None else said is not None and problem in said


def test_nothing_heavy_is_loaded_to_read(tmp_path: Path, dataset: xr.Dataset) -> None:
    path = save_parquet(dataset, tmp_path / "a.parquet")
    code = (
        f"import sys; from pymts.store.files import load_parquet\nload_parquet({str(path)!r})\n"
        f"load_parquet({str(path)!r}, lazy=True).load()\n"
        "assert 'pyarrow.parquet' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_empty_selection_of_a_mapped_file(tmp_path: Path, dataset: xr.Dataset) -> None:
    values = open_values(save_parquet(dataset, tmp_path / "a.parquet"))
    assert values.read([]).shape == (0, 6, 3)
    assert isinstance(values, MappedValues)
