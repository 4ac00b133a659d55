"""Damage in every region of a file, met by every way of reading it.

A read compares each row group that it touches with its digest and, with the last of them, every other byte of the
file; in a shard, what belongs to no dataset is compared by ``verify`` alone.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
import torch
import xarray as xr
from stored import configured, made

from pymts.adapters.torch import WindowDataset
from pymts.errors import DamagedEntryError, DamagedEntryWarning
from pymts.store.cache import Store
from pymts.store.format import parquet
from pymts.store.packing.manifest import MANIFEST
from pymts.store.packing.shards import shards

pytestmark = pytest.mark.filterwarnings("ignore::pymts.errors.DamagedEntryWarning")

T, M, R = 6, 3, 4
CONFIGURATION = configured(T=T, M=M, n_realizations=R)
OTHER = configured(T=T, M=M, n_realizations=R, seed=2)
DATASET = made(CONFIGURATION)
COLUMNS = ("time", "channel", "realization", "config_id")
REGIONS = [
    "magic",
    *(f"{column} of group {group}" for column in COLUMNS for group in (0, R - 1)),
    *(f"values of group {group}" for group in (0, R - 1)),
    "footer",
    "last magic",
]


def regions(path: Path, first: int = 0) -> dict[str, int]:
    """Return a byte in every region of a file; ``first`` is the row group with which the dataset begins."""
    with pq.ParquetFile(path) as file:
        content, size = file.metadata, path.stat().st_size
        found = {"magic": 1, "last magic": size - 1, "footer": size - content.serialized_size // 2}
        for group in (0, R - 1):
            row_group = content.row_group(first + group)
            for index in range(row_group.num_columns):
                column = row_group.column(index)
                start = column.dictionary_page_offset or column.data_page_offset
                name = "values" if column.path_in_schema == "value" else column.path_in_schema
                end = start + column.total_compressed_size
                found[f"{name} of group {group}"] = end - 5 if name == "values" else (start + end) // 2
    assert sorted(found) == sorted(REGIONS)
    return found


def flip(path: Path, at: int) -> None:
    raw = bytearray(path.read_bytes())
    raw[at] ^= 4
    path.write_bytes(raw)


Touch = Callable[[Store, Path], Any]


def lazily(store: Store) -> xr.Dataset:
    found = store.load(CONFIGURATION, lazy=True, heal=False)
    if found is None:
        raise DamagedEntryError("it is not served")
    return found


def whole(store: Store, path: Path) -> Any:
    found = store.load(CONFIGURATION, heal=False)
    if found is None:
        raise DamagedEntryError("it is not served")
    return found.data.values


def lazy_whole(store: Store, path: Path) -> Any:
    return lazily(store).data.values


def lazy_in_parts(store: Store, path: Path) -> Any:
    found = lazily(store)
    return np.stack([found.data.isel(realization=i).values for i in (2, 0, 3, 1)])[[1, 3, 0, 2]].transpose(1, 2, 0)


def mapped(store: Store, path: Path) -> Any:
    return store.place(CONFIGURATION).values().read().transpose(1, 2, 0)


def windows(store: Store, path: Path) -> Any:
    dataset = WindowDataset(store, T, mapped=True, dtype=torch.float64)
    return np.stack([dataset[i].numpy() for i in range(R)]).transpose(1, 2, 0)


WHOLE: list[Touch] = [whole, lazy_whole, lazy_in_parts, mapped, windows]


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    monkeypatch.setattr(parquet, "GROUP_VALUES", T * M)
    store = Store(tmp_path / "store")
    store.save(CONFIGURATION, DATASET)
    return store


@pytest.mark.parametrize("read", WHOLE)
def test_every_way_reads_the_values(store: Store, read: Touch) -> None:
    np.testing.assert_array_equal(read(store, store.path(CONFIGURATION)), DATASET.data.values)


@pytest.mark.parametrize("region", REGIONS)
@pytest.mark.parametrize("read", WHOLE)
def test_damage_anywhere_is_found_by_whoever_reads_everything(store: Store, read: Touch, region: str) -> None:
    path = store.path(CONFIGURATION)
    flip(path, regions(path)[region])
    with pytest.raises(DamagedEntryError):
        read(store, path)
    assert [finding.status for finding in store.verify()] == ["damaged"]


@pytest.mark.parametrize("region", REGIONS)
def test_a_part_is_served_if_its_own_values_are_whole(store: Store, region: str) -> None:
    path = store.path(CONFIGURATION)
    tail = max(end for _, end in store.place(CONFIGURATION).values().layout.places)
    at = regions(path)[region]
    flip(path, at)
    if at >= tail:  # compared when the file is opened
        assert store.load(CONFIGURATION, lazy=True, heal=False) is None
        return
    part = lazily(store).data.isel(realization=0)
    if region == "values of group 0":
        with pytest.raises(DamagedEntryError):
            part.load()
    else:
        np.testing.assert_array_equal(part.values, DATASET.data.values[:, :, 0])


@pytest.mark.parametrize("region", REGIONS)
@pytest.mark.parametrize("read", WHOLE[:-1])
def test_in_a_shard_an_entry_answers_for_its_values_and_verify_for_all(
    store: Store, read: Touch, region: str, tmp_path: Path
) -> None:
    store.save(OTHER, made(OTHER))
    assert store.pack(remove=True).packed == 2
    path = store.path(CONFIGURATION)
    assert path == store.path(OTHER)
    first = [entry.digest for shard in shards(path.parents[2]) for entry in shard.entries()].index(CONFIGURATION.digest)
    flip(path, regions(path, first * R)[region])
    if region.startswith("values"):
        with pytest.raises(DamagedEntryError):
            read(store, path)
    else:
        np.testing.assert_array_equal(read(store, path), DATASET.data.values)
    kept = store.load(OTHER)
    assert kept is not None
    np.testing.assert_array_equal(kept.data.values, made(OTHER).data.values)
    assert any(finding.status == "damaged" for finding in store.verify())


@pytest.mark.filterwarnings("default::pymts.errors.DamagedEntryWarning")
def test_a_shard_that_was_mended_within_a_tick_of_the_clock_is_looked_at_again(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.pack(remove=True)
    folder = store.path(CONFIGURATION).parent
    manifest = folder / f"{folder.name}{MANIFEST}"
    whole_file, stamp = manifest.read_bytes(), folder.stat()

    def put(raw: bytes) -> None:
        manifest.write_bytes(raw)
        os.utime(folder, ns=(stamp.st_atime_ns, stamp.st_mtime_ns))  # as if the clock had not moved

    put(b"x" + whole_file[1:])
    with pytest.warns(DamagedEntryWarning, match="is not what was written"):
        assert next(shards(folder.parents[1])).manifest.problems == []
    put(whole_file)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert len(next(shards(folder.parents[1])).manifest) == 1
