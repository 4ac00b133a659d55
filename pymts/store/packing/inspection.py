"""Whether a packed entry, and all else in its shard, is what its metadata say."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from pymts.errors import DamagedEntryError
from pymts.store import disk
from pymts.store.entries.inspection import Finding, finding
from pymts.store.packing.manifest import MANIFEST, SEAL, SERIES, SIDECARS, Seal, read_manifest
from pymts.store.packing.packed import PackedEntry, Shard


def inspect_packed(entry: PackedEntry) -> Finding | None:
    """Compare every byte of a packed entry with its digest."""
    return finding(entry.name, entry.shard.model, entry.shard.path, entry.check)


def inspect_shard(shard: Shard) -> Iterator[Finding]:
    """Yield what is wrong with the files of a shard: also what no entry is served from."""
    for problem in shard_problems(shard.path, shard.model):
        yield Finding(f"packed/{shard.path.name}", shard.model, shard.path, "damaged", problem)


def shard_problems(folder: Path, model: str) -> Iterator[str]:
    """Yield what is wrong with the files of a shard: the bytes of all four are compared, entries are not parsed."""
    try:
        seal = Seal.read(folder / f"{folder.name}{SEAL}")
        found = read_manifest(folder / f"{folder.name}{MANIFEST}", seal.manifest)
    except DamagedEntryError as error:
        yield f"{error}; run pymts pack --rebuild"
        return
    if seal.model != model:
        yield f"{folder} is a shard of {seal.model!r}, moved here"
    if len(found) != seal.entries:
        yield f"{folder} lists {len(found)} entries, not {seal.entries}"
    for suffix, file in ((SERIES, seal.series), (SIDECARS, seal.sidecars)):
        path = folder / f"{folder.name}{suffix}"
        try:
            size, digest = path.stat().st_size, disk.file_digest(path)
        except OSError as error:
            yield str(disk.cannot_read(path, error))
            continue
        if (size, digest) != (file.size, file.xxh3_128):
            yield f"{path} is not what was written"


def check_shard(folder: Path, model: str) -> None:
    """Raise DamagedEntryError unless every byte of a shard, and every entry by its own digests, is as written."""
    problem = next(shard_problems(folder, model), None)
    if problem is not None:
        raise DamagedEntryError(problem)
    seal = Seal.read(folder / f"{folder.name}{SEAL}")
    shard = Shard(folder, model, read_manifest(folder / f"{folder.name}{MANIFEST}", seal.manifest), 0.0)
    for entry in shard.entries():
        entry.check()
