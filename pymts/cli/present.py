"""Commands that read a store require it to exist, so that a typo does not pass as success."""

from __future__ import annotations

from pymts.errors import StoreError
from pymts.store.cache import Store
from pymts.store.entries import housekeeping


def require_store(store: Store) -> None:
    """Raise StoreError unless there is a store at the root, possibly an empty one."""
    if not store.root.exists():
        raise StoreError(f"there is no store at {store.root}; check the path, or create it with pymts generate --save")
    housekeeping.check_is_ours(store.root)
