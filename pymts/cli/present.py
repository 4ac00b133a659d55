"""What a command is asked to check or bring must be there: a typo is no success."""

from __future__ import annotations

from pymts.errors import StoreError
from pymts.store.cache import Store
from pymts.store.entries import housekeeping


def require_store(store: Store) -> None:
    """Raise StoreError unless there is a store at the root; an empty one is one."""
    if not store.root.exists():
        raise StoreError(f"there is no store at {store.root}; check the path, or fill it with pymts generate --save")
    housekeeping.check_is_ours(store.root)
