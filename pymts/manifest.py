"""The files of a shard, and the manifest of what is in it, which is derived and can be made again.

A shard is a directory of four files. ``.parquet`` holds the series of many entries in long form, a row group or more
for each. ``.sidecars`` holds their truth and metadata files as they were written, one behind another; before each
stands where its values are. ``.manifest.parquet`` lists the entries, and ``.metadata.json`` has a digest of each file.

Nothing is served on the word of the manifest: what it leads to is compared with the entry's own digests.
"""

from __future__ import annotations

import mmap
import struct
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError

from pymts import disk
from pymts.errors import DamagedEntryError
from pymts.sidecar import FORMAT, File, Part, sealed, unsealed

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
        content = unsealed(read_bytes(path), path)
        try:
            return cls.model_validate(content)
        except ValidationError as error:
            raise DamagedEntryError(f"{path} is not the metadata of a shard: {error.errors()[0]['msg']}") from None


@dataclass(frozen=True)
class Manifest:
    """What is in a shard, a list or an array for each column.

    ``offsets`` are the first bytes of the values of an entry's row groups; ``numbers`` (entry, 5) the places and sizes
    of its truth and its metadata among the sidecars, and the size of its values; ``parameters`` the configuration as
    JSON, for people and other programs. ``problems`` are about entries that are there and cannot be listed.
    """

    names: list[str]
    digests: list[str]
    offsets: list[list[int]]
    numbers: NDArray[np.int64]
    parameters: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    @cached_property
    def by_digest(self) -> dict[str, int]:
        """The row of each configuration."""
        return {digest: row for row, digest in enumerate(self.digests)}

    @cached_property
    def by_name(self) -> dict[str, int]:
        """The row of each config_id."""
        return {name: row for row, name in enumerate(self.names)}


def empty() -> Manifest:
    """Return the manifest of a shard of which nothing can be read."""
    return Manifest([], [], [], np.empty((0, len(_NUMBERS)), dtype=np.int64))


def record(offsets: list[int], truth: bytes, metadata: bytes) -> bytes:
    """Return an entry as the sidecars hold it."""
    head = _HEAD.pack(MAGIC, len(offsets), len(truth), len(metadata))
    return head + np.asarray(offsets, dtype="<u8").tobytes() + truth + metadata


def derive(path: Path) -> Manifest:
    """Return the manifest from the sidecars alone; what is damaged is left out, and the next entry is looked for."""
    made = empty()
    numbers: list[tuple[int, ...]] = []
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
                position = _read_record(raw, start, path, made, numbers)
    except ValueError:  # an empty file cannot be mapped
        made.problems.append(f"{path} is empty")
    except OSError as error:
        raise disk.cannot_read(path, error) from None
    return Manifest(
        made.names,
        made.digests,
        made.offsets,
        np.array(numbers, dtype=np.int64).reshape(-1, len(_NUMBERS)),
        made.parameters,
        made.problems,
    )


def _read_record(raw: mmap.mmap, start: int, path: Path, made: Manifest, numbers: list[tuple[int, ...]]) -> int:
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
        if len(data["row_groups"]) != groups:
            return _skip(made, path, start, onward)
    except (DamagedEntryError, KeyError, TypeError):
        return _skip(made, path, start, onward)
    made.names.append(name)
    made.digests.append(digest)
    made.parameters.append(parameters)
    made.offsets.append(np.frombuffer(raw[start + _HEAD.size : first], dtype="<u8").tolist())
    numbers.append((first, truth, first + truth, metadata, values))
    return end


def _skip(made: Manifest, path: Path, start: int, onward: int) -> int:
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

    groups = np.cumsum([0, *map(len, manifest.offsets)], dtype=np.int64)[:-1]
    columns: dict[str, Any] = {
        "config_id": pa.array(manifest.names, pa.string()),
        "model": pa.array([model] * len(manifest.names), pa.string()),
        "digest": pa.array(manifest.digests, pa.string()),
        "parameters": pa.array(manifest.parameters, pa.string()),
        "row_group": groups,
        "offsets": pa.array(manifest.offsets, pa.list_(pa.int64())),
    }
    columns |= {name: manifest.numbers[:, index] for index, name in enumerate(_NUMBERS)}
    pq.write_table(pa.table(columns), sink, compression="zstd", write_page_checksum=True, store_schema=False)


def read_manifest(path: Path, expected: File) -> Manifest:
    """Read a manifest, or raise DamagedEntryError if it is not what was written."""
    import pyarrow as pa  # noqa: PLC0415
    from pyarrow import parquet as pq  # noqa: PLC0415

    raw = read_bytes(path)
    if len(raw) != expected.size or disk.digest(raw) != expected.xxh3_128:
        raise DamagedEntryError(f"{path} is not what was written")
    try:
        with pq.ParquetFile(pa.BufferReader(raw)) as file:
            table = file.read(columns=["config_id", "digest", "offsets", *_NUMBERS], use_threads=False)
        numbers = np.stack([table[name].to_numpy() for name in _NUMBERS], axis=1)
        names, digests, offsets = (table[name].to_pylist() for name in ("config_id", "digest", "offsets"))
    except (pa.ArrowException, ValueError, KeyError) as error:
        raise DamagedEntryError(f"{path} cannot be read: {' '.join(str(error).split())}") from None
    return Manifest(names, digests, offsets, numbers)


def seal_of(model: str, entries: int, files: tuple[File, File, File]) -> Seal:
    """Return the metadata of a shard: of its series, its sidecars and its manifest."""
    series, sidecars, manifest = files
    return Seal(format=FORMAT, model=model, entries=entries, series=series, sidecars=sidecars, manifest=manifest)
