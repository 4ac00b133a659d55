"""What lies in a store's directory: names, the mark of ownership, listing, quarantine and removal.

Nothing here follows a link, and nothing is removed under a root that does not bear the mark.
"""

from __future__ import annotations

import os
import re
import secrets
import stat
import time
import warnings
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pymts.errors import StoreError, UnreadableWarning
from pymts.store import disk

MARKER = "CACHEDIR.TAG"
QUARANTINE = ".quarantine"
PACKED = "packed"  # in the directory of a model, the shards of its packed entries
KEPT_IN_QUARANTINE = 32
STALE_SECONDS = 3600.0
NAME = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,199}")
_ENTRY = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]*__[0-9a-f]{8,64}")
_MARK = (
    b"Signature: 8a477f597d28d172789f06886806bc55\n"
    b"# This directory is a store of PyMTS datasets (pymts cache ls). They can be generated again;\n"
    b"# programs that make backups may leave it out. See https://bford.info/cachedir/\n"
)


@dataclass(frozen=True)
class EntryInfo:
    """One stored dataset, as the directories tell of it. ``size`` in bytes, ``modified`` in seconds since 1970."""

    config_id: str
    model: str
    path: Path
    size: int
    modified: float

    def to_json(self) -> dict[str, Any]:
        """Return it as plain JSON has it."""
        return {
            "config_id": self.config_id,
            "model": self.model,
            "path": str(self.path),
            "bytes": self.size,
            "modified": self.modified,
        }


def is_name(name: str) -> bool:
    """Tell whether a name may be part of a path in the store."""
    return NAME.fullmatch(name) is not None


def is_real_directory(path: Path) -> bool:
    """Tell whether a path is a directory itself, and not a link to one."""
    try:
        return stat.S_ISDIR(path.lstat().st_mode)
    except OSError:
        return False


def check_real_directory(path: Path) -> None:
    """Raise StoreError if a path is not a directory itself."""
    if not is_real_directory(path):
        raise StoreError(f"{path} is a link, which the store does not follow; replace it by a directory")


def stands(path: Path) -> bool:
    """Tell whether anything stands at a path, be it a link to nothing."""
    return os.path.lexists(path)


def is_marked(root: Path) -> bool:
    """Tell whether a root bears our mark."""
    try:
        return (root / MARKER).read_bytes().startswith(_MARK[:80])
    except OSError:
        return False


def mark(root: Path, sync: bool) -> None:
    """Mark a root as a store, unless something else has marked it as its own."""
    if stands(root / MARKER):
        return
    draft = root / disk.temporary_name()
    try:
        with disk.new_file(draft, sync) as file:
            file.write(_MARK)
        disk.replace(draft, root / MARKER)
    except BaseException:
        with suppress(OSError):
            disk.remove_file(draft)
        raise
    if sync:
        disk.sync_directory(root)


def listed(path: Path | str) -> list[os.DirEntry[str]]:
    """Return what is in a directory; nothing if it is not there.

    Raises
    ------
    StoreError
        If it may not be read.
    """
    try:
        with os.scandir(path) as items:
            return list(items)
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as error:
        raise disk.cannot_read(Path(path), error) from None


def _directories(path: Path) -> Iterator[os.DirEntry[str]]:
    """Yield the real directories in a directory; none if it is not there."""
    return (item for item in listed(path) if item.is_dir(follow_symlinks=False))


def models(root: Path) -> Iterator[Path]:
    """Yield the directories of the models."""
    yield from (root / item.name for item in _directories(root) if is_name(item.name))


def entries(root: Path) -> Iterator[EntryInfo]:
    """Yield the stored datasets, in no order; only directories and sizes are looked at."""
    for model in models(root):
        yield from entries_of(model)


def entries_of(model: Path) -> Iterator[EntryInfo]:
    """Yield the stored datasets in the directory of a model."""
    for item in _directories(model):
        if _ENTRY.fullmatch(item.name) is None:
            continue
        files = []
        try:
            with suppress(FileNotFoundError):  # it may be going
                files = [file.stat(follow_symlinks=False) for file in listed(item.path)]
        except (StoreError, PermissionError) as error:
            warnings.warn(str(disk.cannot_read(model / item.name, error)), UnreadableWarning, stacklevel=2)
        size = sum(file.st_size for file in files)
        modified = max((file.st_mtime for file in files), default=0.0)
        yield EntryInfo(item.name, model.name, model / item.name, size, modified)


def shard_names(model: Path) -> list[str]:
    """Return the names of the shards of a model, in order."""
    place = model / PACKED
    return sorted(item.name for item in _directories(place) if is_name(item.name)) if is_real_directory(place) else []


def shard_folders(model: Path) -> Iterator[Path]:
    """Yield the directories of the shards of a model, in order."""
    return (model / PACKED / name for name in shard_names(model))


def folders_of(model: Path) -> Iterator[Path]:
    """Yield the directories of the entries and the shards of a model."""
    yield from (model / item.name for item in _directories(model) if _ENTRY.fullmatch(item.name) is not None)
    yield from shard_folders(model)


def set_aside(root: Path, folder: Path) -> Path:
    """Move a damaged entry to quarantine, where the newest few are kept, and return where it is."""
    quarantine = root / QUARANTINE
    if not is_real_directory(quarantine):
        if stands(quarantine):
            raise StoreError(f"{quarantine} is not a directory; remove it")
        with suppress(FileExistsError):
            disk.make_directory(quarantine)
    target = quarantine / f"{folder.name}-{time.time_ns():016x}{secrets.token_hex(2)}"
    disk.rename(folder, target)
    for old in quarantined(root)[KEPT_IN_QUARANTINE:]:
        with suppress(OSError):  # another process may be removing it too
            disk.remove_tree(old)
    return target


def quarantined(root: Path) -> list[Path]:
    """Return the entries in quarantine, the newest first."""
    if not is_real_directory(root / QUARANTINE):
        return []
    found = [root / QUARANTINE / item.name for item in _directories(root / QUARANTINE)]
    return sorted(found, key=lambda path: path.name.rpartition("-")[2], reverse=True)


def temporaries(root: Path) -> Iterator[Path]:
    """Yield what writers work on or have left behind."""
    of_models = list(models(root))
    for place in (root, *of_models, *(model / PACKED for model in of_models)):
        yield from (place / item.name for item in listed(place) if item.name.startswith(disk.TEMPORARY))


def check_is_ours(root: Path) -> None:
    """Raise StoreError unless what is under a root is ours to remove."""
    if not is_marked(root):
        raise StoreError(f"{root} is not a store of PyMTS ({MARKER} is missing or another's); nothing was done")


def prune(root: Path, stale_after: float = STALE_SECONDS) -> list[Path]:
    """Remove the quarantine and what dead writers left behind; return what was removed."""
    check_is_ours(root)
    doomed = [path for path in temporaries(root) if disk.is_abandoned(path, stale_after)]
    doomed += quarantined(root)
    return [path for path in doomed if _remove(path)]


def clear(root: Path, stale_after: float = STALE_SECONDS) -> list[Path]:
    """Remove every stored dataset as well; return what was removed. Other files are left alone."""
    check_is_ours(root)
    removed = []
    for entry in list(entries(root)):
        if all(file.name.startswith(f"{entry.config_id}.") for file in listed(entry.path)):
            removed.append(entry.path)
            remove_entry(entry.path)
    for model in list(models(root)):
        for shard in shard_folders(model):
            if all(file.name.startswith(f"{shard.name}.") for file in listed(shard)):
                removed.append(shard)
                remove_entry(shard)
    removed += prune(root, stale_after)
    for model in list(models(root)):
        with suppress(OSError):
            disk.remove_directory(model / PACKED)
        with suppress(OSError):  # what is not ours keeps it
            disk.remove_directory(model)
    return removed


def remove_entry(folder: Path) -> None:
    """Remove an entry; a reader sees it whole or not at all."""
    draft = folder.with_name(disk.temporary_name())
    try:
        disk.rename(folder, draft)
    except FileNotFoundError:
        return  # another process was faster
    except OSError as error:
        raise disk.cannot_write(folder, error) from None
    _remove(draft)


def _remove(path: Path) -> bool:
    try:
        if is_real_directory(path):
            disk.remove_tree(path)
        else:
            disk.remove_file(path)
    except FileNotFoundError:
        return False
    except OSError as error:
        raise disk.cannot_write(path, error) from None
    return True
