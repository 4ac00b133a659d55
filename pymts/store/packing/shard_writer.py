"""Writing a shard: the series of many entries in one Parquet file, their truth and metadata in another."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from pymts.errors import DamagedEntryError, StoreError
from pymts.store import disk
from pymts.store.entries.entry import METADATA, ORDER, PARQUET, TRUTH, unpack_truth
from pymts.store.format.mapped import MappedValues
from pymts.store.format.parquet import COLUMNS, DICTIONARY_KINDS, RowGroup, locate, options
from pymts.store.format.sidecar import File, Metadata
from pymts.store.packing.inspection import check_shard
from pymts.store.packing.manifest import (
    MANIFEST,
    SEAL,
    SERIES,
    SIDECARS,
    derive,
    read_bytes,
    record,
    seal_of,
    write_manifest,
)

if TYPE_CHECKING:
    import pyarrow as pa

Labels = Mapping[str, NDArray[Any]]


class ShardWriter:
    """Writes the files of a shard into a directory that nobody reads yet, and reads them back.

    Parameters
    ----------
    folder : Path
        It bears the name of the shard.
    model : str
        Of all entries.
    """

    def __init__(self, folder: Path, model: str) -> None:
        self.folder, self.model = folder, model
        self._groups: list[RowGroup] = []
        self._parts: list[tuple[int, bytes, bytes]] = []  # row groups, truth, metadata
        self._dtype = np.dtype(np.float64)

    def _path(self, suffix: str) -> Path:
        return self.folder / f"{self.folder.name}{suffix}"

    def write(self, entries: list[Path]) -> dict[Path, str]:
        """Write entries of one kind, and return what is wrong with those that are damaged, which are left out.

        Raises
        ------
        StoreError, OSError
            If a file cannot be written, or is not on the disk as it was written.
        """
        damaged: dict[Path, str] = {}
        with disk.new_file(self._path(SERIES), sync=True) as file:
            writer = None
            try:
                for entry in entries:
                    try:
                        values, metadata, truth, raw = _read(entry)
                    except DamagedEntryError as error:
                        damaged[entry] = str(error)
                        continue
                    labels = _labels(metadata, truth, entry)
                    if writer is None:
                        writer, self._dtype = _parquet_writer(file, labels, values.dtype), values.dtype
                    self._append(writer, values, labels, metadata.name)
                    self._parts.append((len(values.layout.groups), truth, raw))
            except BaseException:
                file.broken = True  # nothing more is written on the way out
                raise
            finally:
                if writer is not None:
                    writer.close()
        if self._parts:
            self._finish(File(size=file.size, xxh3_128=file.hexdigest()))
        return damaged

    def _append(self, writer: Any, values: MappedValues, labels: Labels, name: str) -> None:
        first = 0
        for index, group in enumerate(values.layout.groups):
            part = values.group(index)
            writer.write_table(_table(labels, name, values.shape, first, part), row_group_size=max(1, group.rows))
            self._groups.append(RowGroup(group.rows, group.xxh3_128))
            first += group.rows

    def _finish(self, series: File) -> None:
        """Write what stands beside the series, and read everything back."""
        try:
            places = [group.offset for group in locate(self._path(SERIES), self._groups, self._dtype)]
            if None in places:
                raise StoreError("this Parquet library writes files that cannot be mapped, so nothing can be packed")
            with disk.new_file(self._path(SIDECARS), sync=True) as file:
                start = 0
                for count, truth, metadata in self._parts:
                    file.write(record([place or 0 for place in places[start : start + count]], truth, metadata))
                    start += count
            sidecars = File(size=file.size, xxh3_128=file.hexdigest())
            write_index(self.folder, self._path(MANIFEST), self._path(SEAL), self.model, (series, sidecars))
            check_shard(self.folder, self.model)
        except DamagedEntryError as error:
            raise StoreError(f"{error}; what was read back is not what was written, so nothing of it is kept") from None
        disk.sync_directory(self.folder)


def write_index(shard: Path, manifest: Path, seal: Path, model: str, files: tuple[File, File]) -> None:
    """Write the manifest of a shard, derived from its sidecars, and the metadata that seal it, as new files."""
    content = derive(shard / f"{shard.name}{SIDECARS}")
    if content.problems:
        raise DamagedEntryError("; ".join(content.problems[:3]))
    with disk.new_file(manifest, sync=True) as file:
        write_manifest(file, content, model)
    series, sidecars = files
    sealed = seal_of(model, len(content), (series, sidecars, File(size=file.size, xxh3_128=file.hexdigest())))
    with disk.new_file(seal, sync=True) as file:
        file.write(sealed.to_bytes())


def _read(folder: Path) -> tuple[MappedValues, Metadata, bytes, bytes]:
    """Return an entry, every byte of it that is packed compared with its digest."""
    path = folder / folder.name
    raw = read_bytes(path.with_name(f"{path.name}{METADATA}"))
    truth = read_bytes(path.with_name(f"{path.name}{TRUTH}"))
    metadata = Metadata.from_bytes(raw, folder)
    if disk.digest(truth) != metadata.truth.xxh3_128:
        raise DamagedEntryError(f"the truth of {folder} is not what was written")
    values = MappedValues(path.with_name(f"{path.name}{PARQUET}"), metadata.layout)
    values.check()
    return values, metadata, truth, raw


def _labels(metadata: Metadata, truth: bytes, where: Path) -> Labels:
    _, coordinates = unpack_truth(truth, metadata, where)
    sizes = zip(ORDER, metadata.data.shape, strict=True)
    return {dim: coordinates[dim].values if dim in coordinates else np.arange(size) for dim, size in sizes}


def _parquet_writer(file: disk.HashingFile, labels: Labels, dtype: np.dtype[Any]) -> Any:
    import pyarrow as pa  # noqa: PLC0415
    from pyarrow import parquet as pq  # noqa: PLC0415

    empty = _table(labels, "", (0, 1, 1), 0, np.empty(0, dtype))
    schema = pa.schema([pa.field(one.name, one.type, nullable=False) for one in empty.schema])
    return pq.ParquetWriter(file, schema, **options())


def _table(labels: Labels, name: str, shape: tuple[int, ...], first: int, values: NDArray[Any]) -> pa.Table:
    """Return consecutive values of an entry in long form; ``first`` is the place of the first in (R, T, M)."""
    import pyarrow as pa  # noqa: PLC0415

    _, times, channels = shape
    rows = np.arange(first, first + len(values))
    places = {
        "realization": rows // (times * channels),
        "time": rows // channels % times,
        "channel": rows % channels,
    }
    columns = {dim: _column(labels[dim], index) for dim, index in places.items()}
    columns["config_id"] = pa.DictionaryArray.from_arrays(np.zeros(len(rows), np.int32), pa.array([name]))
    columns["value"] = pa.array(values)
    fields = [pa.field(column, columns[column].type, nullable=False) for column in COLUMNS]
    return pa.table([columns[column] for column in COLUMNS], schema=pa.schema(fields))


def _column(labels: NDArray[Any], places: NDArray[np.int64]) -> pa.Array:
    import pyarrow as pa  # noqa: PLC0415

    values = pa.array(labels)
    if labels.dtype.kind in DICTIONARY_KINDS:
        return pa.DictionaryArray.from_arrays(places.astype(np.int32), values, safe=False)  # in range by construction
    return values.take(pa.array(places))
