"""Publishes a finished site: completely or not at all, and never over anything but a gallery."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from pymts.errors import StoreError
from pymts.store import disk

MANIFEST = "gallery.json"
KIND = "pymts gallery"
T = TypeVar("T")


def write_site(target: Path, write: Callable[[Path], T]) -> T:
    """Let ``write`` fill a directory next to the target, then rename it to the target.

    An earlier gallery is replaced by two renames; in between, readers may find nothing, but never half a site.

    Raises
    ------
    StoreError
        If the target is not a gallery, contains other files, or cannot be written.
    """
    target = target.absolute()
    check_target(target)
    try:
        disk.make_directories(target.parent, sync=False)
        with disk.temporary_directory(target.parent) as draft:
            result = write(draft)
            files = sorted(path.relative_to(draft).as_posix() for path in draft.rglob("*") if path.is_file())
            manifest = json.dumps({"kind": KIND, "files": [*files, MANIFEST]}, indent=1)
            (draft / MANIFEST).write_text(manifest + "\n", encoding="utf-8")
            check_target(target)  # again: building the site took a while
            _replace(draft, target)
    except OSError as error:
        if isinstance(error, StoreError):
            raise
        raise disk.cannot_write(target, error) from None
    return result


def check_target(target: Path) -> None:
    """Raise if replacing the target would destroy anything but a gallery."""
    if target.is_symlink() or (target.exists() and not target.is_dir()):
        raise StoreError(f"{target} is not a directory, so no gallery can be written there; choose another name")
    if not target.exists() or not any(target.iterdir()):
        return
    files = _manifest(target / MANIFEST)
    if files is None:
        raise StoreError(f"{target} contains other files and no gallery; choose a new or an empty directory")
    present = {
        path.relative_to(target).as_posix() for path in target.rglob("*") if not path.is_dir() or path.is_symlink()
    }
    foreign = sorted(present - files)
    if foreign:
        raise StoreError(
            f"{target} contains {foreign[0]!r}, which is not part of a gallery; move it or choose another directory"
        )


def _manifest(path: Path) -> frozenset[str] | None:
    """Return the files of a gallery, or None if the manifest is not valid."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    if not isinstance(content, dict) or content.get("kind") != KIND or not isinstance(content.get("files"), list):
        return None
    return frozenset(map(str, content["files"]))


def _replace(draft: Path, target: Path) -> None:
    if not target.exists():
        disk.rename(draft, target)
        return
    old = target.with_name(disk.temporary_name())
    disk.rename(target, old)
    try:
        disk.rename(draft, target)
    except OSError:
        disk.rename(old, target)
        raise
    disk.remove_tree(old)
