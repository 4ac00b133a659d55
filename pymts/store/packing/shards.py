"""Finding packed entries: the shards of a model, by digest or by name."""

from __future__ import annotations

import os
import time
import warnings
from collections.abc import Iterator
from contextlib import suppress
from functools import lru_cache
from pathlib import Path

from pymts.errors import DamagedEntryError, DamagedEntryWarning
from pymts.store import disk
from pymts.store.entries.housekeeping import PACKED, models, shard_names
from pymts.store.packing.manifest import MANIFEST, SEAL, SIDECARS, Seal, derive, empty, read_manifest
from pymts.store.packing.packed import PackedEntry, Shard

# A time stamp, in seconds, tells two states of a directory apart once it is older than a tick of its file system.
SETTLED = 2.0


def shards(model: Path) -> Iterator[Shard]:
    """Yield the shards of a model; one whose manifest is lost is read by way of its sidecars.

    Each is looked at every time, so that no process misses what another has packed or mended.
    """
    place = f"{model}{os.sep}{PACKED}"
    for name in shard_names(model):
        path = f"{place}{os.sep}{name}"
        with suppress(FileNotFoundError):  # it may be going
            status = os.stat(path)  # noqa: PTH116  (a Path costs five times the call)
            content = "" if time.time() - status.st_mtime >= SETTLED else _content(path, name)
            yield _opened(path, model.name, status.st_mtime, (status.st_ino, content))


def _content(path: str, name: str) -> str:
    """Return a digest of what leads to the entries of a shard, or "" if it cannot be read."""
    try:
        return disk.digest(b"".join(Path(path, f"{name}{suffix}").read_bytes() for suffix in (SEAL, MANIFEST)))
    except OSError:
        return ""


@lru_cache(maxsize=1024)
def _opened(place: str, model: str, modified: float, _same: tuple[int, str]) -> Shard:
    path = Path(place)
    try:
        seal = Seal.read(path / f"{path.name}{SEAL}")
        return Shard(path, model, read_manifest(path / f"{path.name}{MANIFEST}", seal.manifest), modified)
    except DamagedEntryError as error:
        problem = str(error)
    warnings.warn(
        f"{problem}; the entries of this shard are found without it, more slowly: run pymts pack --rebuild",
        DamagedEntryWarning,
        stacklevel=2,
    )
    try:
        return Shard(path, model, derive(path / f"{path.name}{SIDECARS}"), modified)
    except DamagedEntryError as error:
        warnings.warn(f"{error}; no entry of this shard can be found", DamagedEntryWarning, stacklevel=2)
        return Shard(path, model, empty(), modified)


def with_digest(model: Path, digest: str) -> Iterator[PackedEntry]:
    """Yield the packed entries of a configuration."""
    for shard in shards(model):
        row = shard.manifest.row_of_digest(digest)
        if row is not None:
            yield PackedEntry(shard, row)


def with_name(model: Path, name: str) -> Iterator[PackedEntry]:
    """Yield the packed entries of a config_id."""
    for shard in shards(model):
        row = shard.manifest.row_of_name(name)
        if row is not None:
            yield PackedEntry(shard, row)


def all_shards(root: Path) -> Iterator[Shard]:
    """Yield every shard of a store."""
    for model in models(root):
        yield from shards(model)
