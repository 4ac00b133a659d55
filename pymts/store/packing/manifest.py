"""The files of a shard, and the manifest of what is in it, which is derived and can be made again.

A shard is a directory of four files. ``.parquet`` holds the series of many entries in long form, a row group or more
for each. ``.sidecars`` holds their truth and metadata files as they were written, one behind another; before each
stands where its values are. ``.manifest.parquet`` lists the entries, and ``.metadata.json`` has a digest of each file.

Nothing is served on the word of the manifest: what it leads to is compared with the entry's own digests.
"""

from __future__ import annotations

import mmap
import struct
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError

from pymts.errors import DamagedEntryError
from pymts.store import disk
from pymts.store.entries.housekeeping import is_name
from pymts.store.format.sidecar import FORMAT, File, Part, sealed, unsealed

SERIES, SIDECARS, MANIFEST, SEAL = ".parquet", ".sidecars", ".manifest.parquet", ".metadata.json"
MAGIC = b"PyMTSent"
_HEAD = struct.Struct("<8sQQQ")  # magic, row groups, bytes of the truth, bytes of the metadata
_NUMBERS = ("truth_offset", "truth_bytes", "metadata_offset", "metadata_bytes", "value_bytes")


class Seal(Part):
    """The content of a shard's ``.metadata.json``."""

    format: Literal[1]
    model: str
    entries: int
    series: File
    sidecars: File
    manifest: File

    def to_bytes(self) -> bytes:
        """Return the file, with a digest of itself."""
        return sealed(self.model_dump())

    @classmethod
    def read(cls, path: Path) -> Seal:
        """Read the file, or raise DamagedEntryError if a single byte of it is not as it was written."""
        return cls.from_bytes(read_bytes(path), path)

    @classmethod
    def from_bytes(cls, raw: bytes, where: object) -> Seal:
        """Read the content of the file, or raise DamagedEntryError."""
        content = unsealed(raw, where)
        try:
            return cls.model_validate(content)
        except ValidationError as error:
            raise DamagedEntryError(f"{where} is not the metadata of a shard: {error.errors()[0]['msg']}") from None


@dataclass(frozen=True)
class Manifest:
    """What is in a shard, in arrays: a store may have millions of entries, and every process that reads it has this.

    ``groups`` (entries + 1,) counts the row groups before each entry; ``offsets`` are the first bytes of their values;
    ``numbers`` (entries, 5) the places and sizes of its truth and its metadata among the sidecars, and the size of its
    values; ``parameters`` the configuration as JSON, for people and other programs. ``problems`` are about entries that
    are there and cannot be listed.
    """

    names: NDArray[np.bytes_]
    digests: NDArray[np.bytes_]
    groups: NDArray[np.int64]
    offsets: NDArray[np.int64]
    numbers: NDArray[np.int64]
    parameters: Sequence[str] = ()
    problems: Sequence[str] = ()

    def __len__(self) -> int:
        """Count the entries."""
        return len(self.names)

    def offsets_of(self, row: int) -> list[int]:
        """Return the first byte of the values of each row group of an entry."""
        found: list[int] = self.offsets[self.groups[row] : self.groups[row + 1]].tolist()
        return found

    def row_of_digest(self, digest: str) -> int | None:
        """Return the row of a configuration, or None."""
        return _position(self.digests, self._by_digest, digest)

    def row_of_name(self, name: str) -> int | None:
        """Return the row of a config_id, or None."""
        return _position(self.names, self._by_name, name)

    @cached_property
    def _by_digest(self) -> NDArray[np.intp]:
        return np.argsort(self.digests)

    @cached_property
    def _by_name(self) -> NDArray[np.intp]:
        return np.argsort(self.names)


def _position(values: NDArray[np.bytes_], order: NDArray[np.intp], wanted: str) -> int | None:
    key = wanted.encode()
    if not len(values) or len(key) > values.itemsize:  # a longer key would have all values widened
        return None
    place = int(values.searchsorted(np.bytes_(key), sorter=order))
    row = int(order[min(place, len(values) - 1)])
    return row if values[row] == key else None


@dataclass
class _Rows:
    """A manifest that is being made."""

    names: list[str] = field(default_factory=list)
    digests: list[str] = field(default_factory=list)
    offsets: list[list[int]] = field(default_factory=list)
    numbers: list[tuple[int, ...]] = field(default_factory=list)
    parameters: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    def manifest(self) -> Manifest:
        """Return what has been put together."""
        return Manifest(
            np.array(self.names, dtype=np.bytes_),
            np.array(self.digests, dtype=np.bytes_),
            np.cumsum([0, *map(len, self.offsets)], dtype=np.int64),
            np.array([offset for one in self.offsets for offset in one], dtype=np.int64),
            np.array(self.numbers, dtype=np.int64).reshape(-1, len(_NUMBERS)),
            self.parameters,
            self.problems,
        )


def empty() -> Manifest:
    """Return the manifest of a shard of which nothing can be read."""
    return _Rows().manifest()


def record(offsets: list[int], truth: bytes, metadata: bytes) -> bytes:
    """Return an entry as the sidecars hold it."""
    head = _HEAD.pack(MAGIC, len(offsets), len(truth), len(metadata))
    return head + np.asarray(offsets, dtype="<u8").tobytes() + truth + metadata


def derive(path: Path) -> Manifest:
    """Return the manifest from the sidecars alone; what is damaged is left out, and the next entry is looked for."""
    made = _Rows()
    try:
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as raw:
            position = 0
            while position < len(raw):
                start = raw.find(MAGIC, position)
                if start != position:
                    end = len(raw) if start < 0 else start
                    made.problems.append(f"{path} is damaged from byte {position} to byte {end}")
                    position = end
                    continue
                position = _read_record(raw, start, path, made)
    except ValueError:  # an empty file cannot be mapped
        made.problems.append(f"{path} is empty")
    except OSError as error:
        raise disk.cannot_read(path, error) from None
    return made.manifest()


def _read_record(raw: mmap.mmap, start: int, path: Path, made: _Rows) -> int:
    """Add the entry at a byte and return where the next begins; if it is damaged, where to go on looking."""
    onward = start + len(MAGIC)
    if start + _HEAD.size > len(raw):
        return _skip(made, path, start, onward)
    _, groups, truth, metadata = _HEAD.unpack_from(raw, start)
    first: int = start + _HEAD.size + 8 * groups
    end: int = first + truth + metadata
    if end > len(raw):
        return _skip(made, path, start, onward)
    try:
        content = unsealed(raw[first + truth : end], path)
        name, digest, parameters = content["name"], content["digest"], content["attrs"]["config"]
        data = content["data"]
        values = np.dtype(data["dtype"]).itemsize * sum(group["rows"] for group in data["row_groups"])
        if len(data["row_groups"]) != groups or not is_name(name) or not is_name(digest):
            return _skip(made, path, start, onward)
    except (DamagedEntryError, KeyError, TypeError):
        return _skip(made, path, start, onward)
    made.names.append(name)
    made.digests.append(digest)
    made.parameters.append(parameters)
    made.offsets.append(np.frombuffer(raw[start + _HEAD.size : first], dtype="<u8").tolist())
    made.numbers.append((first, truth, first + truth, metadata, values))
    return end


def _skip(made: _Rows, path: Path, start: int, onward: int) -> int:
    made.problems.append(f"{path} holds no whole entry at byte {start}")
    return onward


def read_bytes(path: Path, start: int = 0, size: int | None = None) -> bytes:
    """Return some bytes of a file, or raise DamagedEntryError if it has not that many."""
    try:
        with path.open("rb", buffering=0) as file:
            file.seek(start)
            raw = file.read() if size is None else file.read(size)
    except OSError as error:
        raise disk.cannot_read(path, error) from None
    if size is not None and len(raw) != size:
        raise DamagedEntryError(f"{path} ends before byte {start + size}")
    return raw


def write_manifest(sink: disk.HashingFile, manifest: Manifest, model: str) -> None:
    """Write the manifest as Parquet, one row for each entry."""
    import pyarrow as pa  # noqa: PLC0415
    from pyarrow import parquet as pq  # noqa: PLC0415

    columns: dict[str, Any] = {
        "config_id": pa.array(manifest.names.astype(str), pa.string()),
        "model": pa.array([model] * len(manifest), pa.string()),
        "digest": pa.array(manifest.digests.astype(str), pa.string()),
        "parameters": pa.array(manifest.parameters, pa.string()),
        "row_group": manifest.groups[:-1],
        "offsets": pa.ListArray.from_arrays(pa.array(manifest.groups, pa.int32()), pa.array(manifest.offsets)),
    }
    columns |= {name: manifest.numbers[:, index] for index, name in enumerate(_NUMBERS)}
    pq.write_table(pa.table(columns), sink, compression="zstd", write_page_checksum=True, store_schema=False)


def read_manifest(path: Path, expected: File) -> Manifest:
    """Read a manifest, or raise DamagedEntryError if it is not what was written."""
    return parse_manifest(read_bytes(path), expected, path)


def parse_manifest(raw: bytes, expected: File, where: object) -> Manifest:
    """Return the manifest that a file holds, or raise DamagedEntryError if it is not what was written."""
    import pyarrow as pa  # noqa: PLC0415
    from pyarrow import parquet as pq  # noqa: PLC0415

    if len(raw) != expected.size or disk.digest(raw) != expected.xxh3_128:
        raise DamagedEntryError(f"{where} is not what was written")
    try:
        with pq.ParquetFile(pa.BufferReader(raw)) as file:
            table = file.read(columns=["config_id", "digest", "offsets", *_NUMBERS], use_threads=False).combine_chunks()
        names, digests = (np.array(table[name].to_pylist(), dtype=np.bytes_) for name in ("config_id", "digest"))
        offsets = table["offsets"].combine_chunks()
        return Manifest(
            names,
            digests,
            np.append(0, np.cumsum(offsets.value_lengths().to_numpy(zero_copy_only=False))).astype(np.int64),
            offsets.flatten().to_numpy(zero_copy_only=False).astype(np.int64),
            np.stack([table[name].to_numpy() for name in _NUMBERS], axis=1),
        )
    except MemoryError:  # Arrow's is one of its exceptions too, and no damage
        raise
    except (pa.ArrowException, ValueError, KeyError) as error:
        raise DamagedEntryError(f"{where} cannot be read: {' '.join(str(error).split())}") from None


def seal_of(model: str, entries: int, files: tuple[File, File, File]) -> Seal:
    """Return the metadata of a shard: of its series, its sidecars and its manifest."""
    series, sidecars, manifest = files
    return Seal(format=FORMAT, model=model, entries=entries, series=series, sidecars=sidecars, manifest=manifest)
