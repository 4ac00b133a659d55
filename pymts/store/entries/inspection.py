"""Whether an entry of the store is what its name and its metadata say."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from pymts.errors import DamagedEntryError, StoreError
from pymts.store import disk
from pymts.store.entries.entry import METADATA, PARQUET, TRUTH, check_entry, read_metadata
from pymts.store.entries.housekeeping import EntryInfo, is_real_directory
from pymts.store.format.sidecar import Metadata, machine_class

# What in the environment of an entry the bits of its values may depend on.
MACHINE_CLASS = ("numpy", "scipy", "system", "machine", "libc", "blas", "blas_kernels", "simd")


@dataclass(frozen=True)
class Finding:
    """What ``verify`` found out about one entry; ``problem`` is empty if it is whole."""

    config_id: str
    model: str
    path: Path
    status: Literal["ok", "damaged", "unreadable"]
    problem: str = ""
    same_machine_class: bool = True


def identify(folder: Path) -> Metadata | None:
    """Return the metadata of an entry, or None if there is no such entry; values and truth are not read.

    Raises
    ------
    DamagedEntryError
        If the three files are not there with the sizes that were written, or are another configuration's.
    """
    if not (is_real_directory(folder.parent) and is_real_directory(folder)):
        return None
    metadata_size, parquet, truth = (_size(f"{folder}{os.sep}{folder.name}{s}") for s in (METADATA, PARQUET, TRUTH))
    if metadata_size == 0:
        raise DamagedEntryError(f"{folder / folder.name}{METADATA} is empty")
    metadata = read_metadata(folder, folder.name)
    metadata.check_identity(folder.parent.name, folder.name, folder)
    for suffix, found, written in ((PARQUET, parquet, metadata.parquet), (TRUTH, truth, metadata.truth)):
        if found != written.size:
            raise DamagedEntryError(f"{folder / folder.name}{suffix} has {found} bytes, not {written.size}")
    return metadata


def may_hold(folder: Path, digest: str) -> bool:
    """Tell whether a directory holds the entry of a digest, or is too damaged to say."""
    try:
        metadata = identify(folder)
    except DamagedEntryError:
        return True
    return metadata is not None and metadata.digest == digest


def _size(path: str) -> int:
    try:
        status = os.lstat(path)
    except OSError as error:
        raise disk.cannot_read(Path(path), error) from None
    if not stat.S_ISREG(status.st_mode):
        raise DamagedEntryError(f"{path} is not a file but a link or a directory, and is not followed")
    return status.st_size


def inspect(entry: EntryInfo) -> Finding | None:
    """Compare every byte of an entry with its digest; None if it has been removed meanwhile."""

    def check() -> Metadata | None:
        metadata = identify(entry.path)
        if metadata is not None:
            check_entry(entry.path, entry.config_id)
        return metadata

    return finding(entry.config_id, entry.model, entry.path, check)


def finding(config_id: str, model: str, path: Path, check: Callable[[], Metadata | None]) -> Finding | None:
    """Return what a check finds, or None if there is nothing any more."""
    try:
        metadata = check()
    except DamagedEntryError as error:
        return Finding(config_id, model, path, "damaged", str(error))
    except StoreError as error:
        return Finding(config_id, model, path, "unreadable", str(error))
    if metadata is None:
        return None
    return Finding(config_id, model, path, "ok", "", is_same_machine_class(metadata.environment))


def is_same_machine_class(environment: Mapping[str, Any]) -> bool:
    """Tell whether bits made in an environment are promised here too: the same libraries and processor features."""
    here = machine_class()
    return all(environment.get(key) == here[key] for key in MACHINE_CLASS)
