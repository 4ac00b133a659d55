"""Checks whether a grid fits on the disk before anything is generated."""

from __future__ import annotations

import shutil
from pathlib import Path

from pymts.data.dataset import data_bytes, truth_bytes
from pymts.errors import StoreError, TooLargeError, human_bytes
from pymts.plan.grid import Grid
from pymts.store.cache import Store


def free_bytes(root: Path) -> int:
    """Return the free space under a root, which need not exist yet."""
    place = next(path for path in (root.absolute(), *root.absolute().parents) if path.exists())
    return shutil.disk_usage(place).free


def check_room(grid: Grid, indices: range, store: Store, remedy: str) -> None:
    """Raise TooLargeError unless the missing datasets fit into the free space of the store's disk."""
    free, need = free_bytes(store.root), 0
    sizes = {index: data_bytes(grid[index]) + truth_bytes(grid[index]) for index in indices}
    if sum(sizes.values()) > free:  # only then is it worth checking what is already stored
        need = sum(size for index, size in sizes.items() if grid[index] not in store)
    if need > free:
        raise TooLargeError(
            f"{grid.source} needs {human_bytes(need)} in {store.root}, but only {human_bytes(free)} are free; "
            f"lower n_realizations, T or M, choose another store, or {remedy}"
        )


def check_can_store(grid: Grid, indices: range, store: Store) -> None:
    """Raise StoreError unless the store can be written, or is already complete."""
    try:
        store.check_writable()
    except StoreError:
        if any(grid[index] not in store for index in indices):
            raise
