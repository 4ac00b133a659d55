"""Putting a finished site in its place: whole or not at all, and never over what is not a gallery."""

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
    """Let ``write`` fill a directory beside the target, then give it the target's name.

    An earlier gallery is replaced, in two renames; one of its readers may meet nothing between them, never a half.

    Raises
    ------
    StoreError
        If the target is something else than a gallery, or holds files that no gallery wrote, or cannot be written.
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
            check_target(target)  # again: making the site took a while
            _replace(draft, target)
    except OSError as error:
        if isinstance(error, StoreError):
            raise
        raise disk.cannot_write(target, error) from None
    return result


def check_target(target: Path) -> None:
    """Refuse a target whose replacement would destroy anything but a gallery."""
    if target.is_symlink() or (target.exists() and not target.is_dir()):
        raise StoreError(f"{target} is not a directory, so no gallery can be written there; give another name")
    if not target.exists() or not any(target.iterdir()):
        return
    files = _manifest(target / MANIFEST)
    if files is None:
        raise StoreError(f"{target} holds other files and no gallery; give a new or an empty directory")
    present = {
        path.relative_to(target).as_posix() for path in target.rglob("*") if not path.is_dir() or path.is_symlink()
    }
    foreign = sorted(present - files)
    if foreign:
        raise StoreError(
            f"{target} holds {foreign[0]!r}, which no gallery wrote; move it away or give another directory"
        )


def _manifest(path: Path) -> frozenset[str] | None:
    """Return the files of a gallery, or None if the manifest is none."""
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
