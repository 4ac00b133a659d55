"""Packing a store: many small entries into few large shards, published and verified before anything is removed."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

import numpy as np

from pymts.errors import DamagedEntryError, InvalidParameterError
from pymts.store import disk
from pymts.store.entries import housekeeping
from pymts.store.entries.entry import SUFFIXES
from pymts.store.entries.housekeeping import PACKED, EntryInfo, check_real_directory, is_real_directory, shard_folders
from pymts.store.entries.inspection import identify
from pymts.store.format.parquet import RowGroup, locate
from pymts.store.format.sidecar import File
from pymts.store.packing.inspection import check_shard
from pymts.store.packing.manifest import MANIFEST, SEAL, SERIES, SIDECARS, Seal, derive
from pymts.store.packing.packed import Shard
from pymts.store.packing.shard_writer import ShardWriter, write_index
from pymts.store.packing.shards import with_digest

SHARD_BYTES = 2**28
# A row group's number is 16 bits wide in the footer.
MAX_GROUPS = 2**15 - 1
Kind: TypeAlias = tuple[str, ...]


@dataclass
class Packing:
    """What became of a store that was packed."""

    shards: list[Path] = field(default_factory=list)
    packed: int = 0
    already: int = 0
    removed: int = 0
    problems: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class _Loose:
    """An entry that is to be packed: its directory, its digest, and what decides which shard takes it."""

    folder: Path
    digest: str
    kind: Kind
    size: int
    groups: int


@dataclass
class _Batch:
    """Entries that are to make up a shard."""

    entries: list[_Loose] = field(default_factory=list)
    size: int = 0
    groups: int = 0

    def add(self, entry: _Loose) -> None:
        """Take one more."""
        self.entries.append(entry)
        self.size += entry.size
        self.groups += entry.groups


def pack(
    root: Path,
    *,
    shard_bytes: int = SHARD_BYTES,
    remove: bool = False,
    advance: Callable[[], object] = lambda: None,
) -> Packing:
    """Pack the entries of a store that are not packed yet.

    Every shard is written beside the entries, read back and compared, and only then given its name. Interrupted at
    any point, every entry is still there, and the same call goes on.

    Parameters
    ----------
    root : Path
    shard_bytes : int
        A shard is closed when it holds so much.
    remove : bool
        Remove an entry once its packed form has been compared with its digests where it lies.
    advance : callable
        Called once for each entry.

    Raises
    ------
    InvalidParameterError
        If ``shard_bytes`` is not positive.
    StoreError
        If the root is not a store, or a shard cannot be written.
    """
    if shard_bytes < 1:
        raise InvalidParameterError(f"shard_bytes must be at least 1, got {shard_bytes}")
    housekeeping.check_is_ours(root)
    result = Packing()
    for model in sorted(housekeeping.models(root)):
        waiting: dict[Kind, _Batch] = {}
        for entry in sorted(housekeeping.entries_of(model), key=lambda found: found.config_id):
            advance()
            found = _examine(entry, result)
            if found is None:
                continue
            if _is_packed(model, found.digest):
                result.already += 1
                if remove:
                    _remove(model, [found], result)
                continue
            batch = waiting.setdefault(found.kind, _Batch())
            if batch.entries and (batch.size + found.size > shard_bytes or batch.groups + found.groups > MAX_GROUPS):
                _pack_batch(root, model, batch.entries, remove, result)
                batch = waiting[found.kind] = _Batch()
            batch.add(found)
        for batch in waiting.values():
            _pack_batch(root, model, batch.entries, remove, result)
    return result


def _examine(entry: EntryInfo, result: Packing) -> _Loose | None:
    """Return an entry as packing needs it, or None if it cannot be packed, and why."""
    try:
        metadata = identify(entry.path)
    except DamagedEntryError as error:
        result.problems.append(f"{entry.config_id} is not packed: {error}")
        return None
    if metadata is None or metadata.digest is None:
        return None
    if not metadata.layout.can_be_mapped:
        result.problems.append(f"{entry.config_id} is not packed: its Parquet library writes what cannot be mapped")
        return None
    if len(metadata.data.row_groups) > MAX_GROUPS:
        result.problems.append(f"{entry.config_id} is not packed: it has more than {MAX_GROUPS} row groups")
        return None
    # One file has one schema: of the values, and of the labels of each dimension.
    labels = {one.name: one.dtype[1:2] + one.dtype[2:] * (one.dtype[1] != "U") for one in metadata.variables}
    kind = (metadata.data.dtype, *(labels.get(dim, "i8") for dim in ("time", "channel", "realization")))
    return _Loose(entry.path, metadata.digest, kind, entry.size, len(metadata.data.row_groups))


def _is_packed(model: Path, digest: str) -> bool:
    return any(entry.is_whole() for entry in with_digest(model, digest))


def _pack_batch(root: Path, model: Path, batch: Sequence[_Loose], remove: bool, result: Packing) -> None:
    name = hashlib.sha256("".join(one.digest for one in batch).encode()).hexdigest()[:16]
    target = model / PACKED / name
    try:
        with disk.temporary_directory(model) as draft:
            place = draft / name  # its files bear its name
            disk.make_directory(place)
            damaged = ShardWriter(place, model.name).write([one.folder for one in batch])
            result.problems += [f"{folder.name} is not packed: {problem}" for folder, problem in damaged.items()]
            packed = [one for one in batch if one.folder not in damaged]
            if not packed:
                return
            disk.make_directories(target.parent, sync=True)
            check_real_directory(target.parent)
            publish_shard(root, place, target, model.name)
        disk.sync_directory(target.parent)
    except OSError as error:
        raise disk.cannot_write(target, error) from None
    result.shards.append(target)
    result.packed += len(packed)
    if remove:
        _remove(model, packed, result)


def publish_shard(root: Path, draft: Path, target: Path, model: str) -> None:
    """Give a shard its name; an equal one that another process has published meanwhile is as good."""
    ours = draft.lstat().st_ino
    for last in (False, True):
        try:
            disk.rename(draft, target)
        except OSError as error:
            # A network file system may have done it and lost the reply: look before believing the error.
            if is_real_directory(target) and target.lstat().st_ino == ours:
                return
            if not is_real_directory(target):
                raise
            try:
                check_shard(target, model)
            except DamagedEntryError:
                if last:
                    raise error from None
                housekeeping.set_aside(root, target)
                continue
        return


def _remove(model: Path, packed: Sequence[_Loose], result: Packing) -> None:
    """Remove entries whose packed form is whole where it lies."""
    for one in packed:
        names = {f"{one.folder.name}{suffix}" for suffix in SUFFIXES}
        if not {item.name for item in one.folder.iterdir()} <= names:
            result.problems.append(f"{one.folder} is packed and kept: it holds other files too")
        elif not _is_packed(model, one.digest):
            result.problems.append(f"{one.folder} is kept: its packed form cannot be read")
        else:
            housekeeping.remove_entry(one.folder)
            result.removed += 1


def rebuild(root: Path) -> Packing:
    """Make the manifest of every shard again from its sidecars.

    A file that is not what the shard's metadata say is not declared whole; where the metadata themselves are lost,
    every entry is compared with its own digests first.

    Raises
    ------
    StoreError
        If the root is not a store, or a file cannot be written.
    """
    housekeeping.check_is_ours(root)
    result = Packing()
    for folder in (folder for model in housekeeping.models(root) for folder in shard_folders(model)):
        try:
            count = _rebuild(folder)
        except DamagedEntryError as error:
            result.problems.append(f"{folder} is not rebuilt: {error}")
        except OSError as error:
            raise disk.cannot_write(folder, error) from None
        else:
            result.shards.append(folder)
            result.packed += count
    return result


def _rebuild(folder: Path) -> int:
    shard = Shard(folder, folder.parent.parent.name, derive(folder / f"{folder.name}{SIDECARS}"), 0.0)
    try:
        seal = Seal.read(shard.file(SEAL))
        files = (seal.series, seal.sidecars)
    except DamagedEntryError:
        _check_unsealed(shard)
        files = (_file(shard.file(SERIES)), _file(shard.file(SIDECARS)))
    with disk.temporary_directory(folder.parent.parent) as draft:
        suffixes = (MANIFEST, SEAL)
        new = [draft / shard.file(suffix).name for suffix in suffixes]
        write_index(folder, new[0], new[1], shard.model, files)
        for path, suffix in zip(new, suffixes, strict=True):
            disk.replace(path, shard.file(suffix))
    disk.sync_directory(folder)
    return len(shard.manifest)


def _check_unsealed(shard: Shard) -> None:
    """Compare every entry with its own digests, and the places of the values with the Parquet footer."""
    groups: list[RowGroup] = []
    dtype = np.dtype(np.float64)
    for entry in shard.entries():
        layout = entry.layout(entry.check())
        groups += layout.groups
        dtype = layout.dtype
    if locate(shard.file(SERIES), groups, dtype) != groups:
        raise DamagedEntryError(f"the footer of {shard.file(SERIES)} is not that of its entries")


def _file(path: Path) -> File:
    return File(size=path.stat().st_size, xxh3_128=disk.file_digest(path))
