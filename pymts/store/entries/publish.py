"""Giving a finished entry its name: seen whole or not at all, and losing a race to an equal entry is no failure."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from pymts.errors import DamagedEntryError, StoreError
from pymts.store import disk
from pymts.store.entries.entry import check_entry
from pymts.store.entries.housekeeping import is_real_directory, stands
from pymts.store.entries.inspection import identify


def publish(draft: Path, folder: Path, digest: str, dismiss: Callable[[Path, DamagedEntryError], None]) -> None:
    """Rename a directory to its final name, which must never have been made before.

    Parameters
    ----------
    draft, folder : Path
    digest : str
        Of the configuration. An entry of the same one that is there already is compared and left; ours is dropped.
    dismiss : callable
        Moves a damaged entry out of the way.

    Raises
    ------
    OSError
        If it cannot be renamed.
    """
    ours = draft.lstat().st_ino
    for last in (False, True):
        try:
            disk.rename(draft, folder)
        except OSError as error:
            # A network file system may have done it and lost the reply: look before believing the error.
            if is_real_directory(folder) and folder.lstat().st_ino == ours:
                return
            if not stands(folder):
                raise
            if not is_real_directory(folder):
                raise StoreError(f"{folder} is not a directory, so no dataset can be stored there; remove it") from None
            try:
                metadata = identify(folder)
                check_entry(folder, folder.name)
            except DamagedEntryError as damage:
                if last:
                    raise error from None
                dismiss(folder, damage)
                continue
            if metadata is None or metadata.digest != digest:
                raise StoreError(f"{folder} has been taken by another configuration meanwhile; try again") from None
        return
