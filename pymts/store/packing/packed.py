"""Entries that lie packed in shards, ``<root>/<model>/packed/<shard>/``: found by digest, read in place."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
import xxhash
from numpy.typing import NDArray

from pymts.data.limits import BLOCK_BYTES, available_memory, check_fits
from pymts.errors import DamagedEntryError
from pymts.store import disk
from pymts.store.entries.entry import assemble, unpack_truth
from pymts.store.entries.housekeeping import EntryInfo
from pymts.store.format.layout import Layout
from pymts.store.format.mapped import LazyValues, MappedValues, map_bytes, read_into
from pymts.store.format.parquet import RowGroup
from pymts.store.format.sidecar import Metadata
from pymts.store.packing.manifest import (
    MANIFEST,
    SEAL,
    SERIES,
    SIDECARS,
    Manifest,
    read_bytes,
)


class PackedValues(MappedValues):
    """The values of a packed entry; all entries of a shard share one map of its file.

    What is no entry's in the file is compared by ``verify`` alone.
    """

    has_own_map = False

    def _check_rest(self) -> None:
        """Leave the rest: it belongs to the shard, not to this entry."""

    def _map(self) -> NDArray[np.uint8]:
        try:
            status = self.path.stat()
        except OSError as error:
            raise disk.cannot_read(self.path, error) from None
        raw = _shared_map(self.path, status.st_ino, status.st_size, status.st_mtime_ns)
        if self.layout.places and self.layout.places[-1][1] > raw.size:
            raise DamagedEntryError(f"{self.path} ends before byte {self.layout.places[-1][1]}")
        return raw


@lru_cache(maxsize=1024)
def _shared_map(path: Path, *_status: int) -> NDArray[np.uint8]:
    return map_bytes(path)


@dataclass(frozen=True)
class Shard:
    """A directory of packed entries and its manifest."""

    path: Path
    model: str  # of all its entries
    manifest: Manifest
    modified: float  # seconds since 1970

    def file(self, suffix: str) -> Path:
        """Return one of its files."""
        return self._files[suffix]

    @cached_property
    def _files(self) -> dict[str, Path]:
        return {suffix: self.path / f"{self.path.name}{suffix}" for suffix in (SERIES, SIDECARS, MANIFEST, SEAL)}

    def entries(self) -> Iterator[PackedEntry]:
        """Yield what is in it."""
        return (PackedEntry(self, row) for row in range(len(self.manifest)))


@dataclass(frozen=True)
class PackedEntry:
    """One entry of a shard; every byte that it gives has been compared with its digest."""

    shard: Shard
    row: int

    @property
    def name(self) -> str:
        """The config_id, as the directory of the entry was named."""
        name: bytes = self.shard.manifest.names[self.row]
        return name.decode()

    @property
    def digest(self) -> str:
        """The digest of the configuration, as the manifest says."""
        digest: bytes = self.shard.manifest.digests[self.row]
        return digest.decode()

    @property
    def path(self) -> Path:
        """The Parquet file that holds the series."""
        return self.shard.file(SERIES)

    def metadata(self) -> Metadata:
        """Return the entry's own metadata, if they are those of its name and digest."""
        _, _, start, size, _ = self.shard.manifest.numbers[self.row].tolist()
        where = f"{self.name} in {self.shard.file(SIDECARS)}"
        found = Metadata.from_bytes(read_bytes(self.shard.file(SIDECARS), start, size), where)
        found.check_identity(self.shard.model, self.name, where)
        if found.digest != self.digest:
            raise DamagedEntryError(f"{where} is another configuration than the manifest says")
        return found

    def layout(self, metadata: Metadata) -> Layout:
        """Return where the values are in the file of the shard."""
        own, offsets = metadata.layout, self.shard.manifest.offsets_of(self.row)
        if len(own.groups) != len(offsets):
            raise DamagedEntryError(f"{self.name} has {len(own.groups)} row groups, not {len(offsets)}")
        groups = [
            RowGroup(group.rows, group.xxh3_128, offset) for group, offset in zip(own.groups, offsets, strict=True)
        ]
        found = replace(own, groups=groups, size=_size(self.path))
        problem = found.problem()
        if problem is not None:
            raise DamagedEntryError(f"{self.name} in {self.path}: {problem}")
        return found

    def values(self, *, verify: bool = True) -> PackedValues:
        """Return the series as views of the shard's file."""
        return PackedValues(self.path, self.layout(self.metadata()), verify)

    def read(self, *, lazy: bool = False) -> xr.Dataset:
        """Return the dataset; errors are those of ``read_entry``."""
        found = self.metadata()
        layout = self.layout(found)
        variables, coordinates = self._truth(found)
        if lazy:
            from xarray.core.indexing import LazilyIndexedArray  # noqa: PLC0415  (where xarray keeps it may change)

            array: Any = LazilyIndexedArray(LazyValues(PackedValues(self.path, layout)))
        else:
            size = sum(end - start for start, end in layout.places)
            if size > BLOCK_BYTES:
                check_fits(self.name, size, "load it with lazy=True", available_memory())
            array = _read_values(self.path, layout, self.name).transpose(1, 2, 0)
        return assemble(found, array, variables, coordinates, f"{self.name} in {self.shard.path}")

    def _truth(self, metadata: Metadata) -> tuple[dict[str, xr.Variable], dict[str, xr.Variable]]:
        start, size, _, _, _ = self.shard.manifest.numbers[self.row].tolist()
        path = self.shard.file(SIDECARS)
        return unpack_truth(read_bytes(path, start, size), metadata, f"the truth of {self.name} in {path}")

    def check(self) -> Metadata:
        """Raise DamagedEntryError unless every byte of the entry is as it was written."""
        metadata = self.metadata()
        self._truth(metadata)
        layout = self.layout(metadata)
        for place, group in zip(layout.places, layout.groups, strict=True):
            if disk.file_digest(self.path, *place) != group.xxh3_128:
                raise _changed(self.path, self.name)
        return metadata

    def is_whole(self) -> bool:
        """Tell whether every byte of the entry is as it was written."""
        try:
            self.check()
        except DamagedEntryError:
            return False
        return True

    def info(self) -> EntryInfo:
        """Return it as a listing shows it; ``size`` counts its values, its truth and its metadata."""
        _, truth, _, metadata, values = self.shard.manifest.numbers[self.row].tolist()
        return EntryInfo(self.name, self.shard.model, self.shard.path, truth + metadata + values, self.shard.modified)


def _changed(path: Path, name: str) -> DamagedEntryError:
    return DamagedEntryError(f"{path}: the values of {name} are not those that were written")


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError as error:
        raise disk.cannot_read(path, error) from None


def _read_values(path: Path, layout: Layout, name: str) -> NDArray[Any]:
    """Return the values as a new array; read, not mapped, so that a file cut short meanwhile is an error."""
    values = np.empty(layout.shape, dtype=layout.dtype)
    target, filled = values.reshape(-1).view(np.uint8).data, 0
    try:
        with path.open("rb", buffering=0) as file:
            for group, (start, end) in zip(layout.groups, layout.places, strict=True):
                hasher = xxhash.xxh3_128()
                file.seek(start)
                read_into(file, target[filled : filled + end - start], hasher)
                if hasher.hexdigest() != group.xxh3_128:
                    raise _changed(path, name)
                filled += end - start
    except OSError as error:
        raise disk.cannot_read(path, error) from None
    return values
