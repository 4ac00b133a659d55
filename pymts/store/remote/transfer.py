"""Datasets between a store and object storage: one as it is needed, or all that one of the two lacks."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

from pymts.errors import DamagedEntryError, StoreError
from pymts.plan.configuration import HASH_LENGTHS
from pymts.store import disk
from pymts.store.entries import housekeeping
from pymts.store.entries.entry import METADATA, check_entry
from pymts.store.entries.housekeeping import PACKED, check_real_directory, is_real_directory
from pymts.store.entries.inspection import identify
from pymts.store.entries.publish import publish
from pymts.store.packing.inspection import check_shard
from pymts.store.packing.manifest import read_bytes
from pymts.store.packing.pack import publish_shard
from pymts.store.packing.shards import with_digest
from pymts.store.remote.remote import Item, Remote

Dismiss = Callable[[Path, DamagedEntryError], None]
THREADS = 16  # requests wait for one another's replies, not for a processor
_AT_ONCE = 256


@dataclass
class Transfer:
    """What became of a store that was copied: ``copied`` entries and shards, ``there`` before, and ``problems``."""

    copied: int = 0
    there: int = 0
    bytes: int = 0
    problems: list[str] = field(default_factory=list)


def entry_in(folder: Path, model: str, name: str) -> Item:
    """Return an entry that lies in a directory as what is uploaded, or raise DamagedEntryError."""
    path = folder / f"{name}{METADATA}"
    return Item.entry(model, read_bytes(path), path)


def shard_in(folder: Path, model: str, name: str) -> Item:
    """Return a shard that lies in a directory as what is uploaded, or raise DamagedEntryError."""
    path = folder / f"{name}{METADATA}"
    return Item.shard(model, name, read_bytes(path), path)


def take(root: Path, remote: Remote, item: Item, dismiss: Dismiss, *, sync: bool) -> None:
    """Bring an entry or a shard into a store whose root is there: published whole, every byte compared.

    Raises
    ------
    DamagedEntryError
        If it is not what was written; nothing of it is left.
    StoreError
        If it cannot be read or written.
    """
    model = root / item.model
    shard = item.digest is None
    target = model / PACKED / item.name if shard else model / item.name
    try:
        disk.make_directories(target.parent, sync)
        check_real_directory(model)
        check_real_directory(target.parent)
        with disk.temporary_directory(model) as draft:
            place = draft / item.name
            disk.make_directory(place)
            remote.download(item, place, sync=sync)
            if shard:
                check_shard(place, item.model)
                publish_shard(root, place, target, item.model)
            else:
                check_entry(place, item.name)
                publish(place, target, item.digest or "", dismiss)
        if sync:
            disk.sync_directory(target.parent)
    except OSError as error:
        raise disk.cannot_write(target, error) from None


def holds(root: Path, key: str) -> bool:
    """Tell whether a store has what lies at a key; values are not read."""
    model, *packed, name = key.split("/")
    if packed:
        return is_real_directory(root / model / PACKED / name)
    slug, _, digest = name.rpartition("__")
    for length in HASH_LENGTHS:
        try:
            found = identify(root / model / f"{slug}__{digest[:length]}")
        except DamagedEntryError:
            continue
        if found is not None and found.digest == digest:
            return True
    return any(True for _ in with_digest(root / model, digest))


def push(root: Path, remote: Remote, advance: Callable[[], object] = lambda: None) -> Transfer:
    """Upload every entry and shard of a store that the storage lacks; what is damaged is told and left."""
    finished = frozenset(remote.finished())

    def send(folder: Path) -> int | None:
        packed = folder.parent.name == PACKED
        model = (folder.parent.parent if packed else folder.parent).name
        item = (shard_in if packed else entry_in)(folder, model, folder.name)
        if item.key in finished:
            return None
        if packed:
            check_shard(folder, model)
        else:
            check_entry(folder, folder.name)
        return _size(item) if remote.upload(item, folder) else None

    folders = (folder for model in housekeeping.models(root) for folder in housekeeping.folders_of(model))
    return _all(send, folders, advance)


def pull(
    root: Path,
    remote: Remote,
    keys: Iterable[str],
    dismiss: Dismiss,
    advance: Callable[[], object] = lambda: None,
    *,
    sync: bool,
) -> Transfer:
    """Download what lies at some keys and a store lacks; the root is there. What is damaged is told and left."""

    def get(key: str) -> int | None:
        if holds(root, key):
            return None
        item = remote.item(key)
        if item is None:
            raise StoreError("it was removed meanwhile")
        take(root, remote, item, dismiss, sync=sync)
        return _size(item)

    return _all(get, keys, advance)


def _all(work: Callable[[Any], int | None], what: Iterable[Any], advance: Callable[[], object]) -> Transfer:
    result, rest = Transfer(), iter(what)
    with ThreadPoolExecutor(THREADS) as pool:
        while some := list(islice(rest, _AT_ONCE)):
            for one, future in [(one, pool.submit(work, one)) for one in some]:
                try:
                    size = future.result()
                except StoreError as error:
                    result.problems.append(f"{one if isinstance(one, str) else one.name} is not copied: {error}")
                else:
                    result.copied += size is not None
                    result.there += size is None
                    result.bytes += size or 0
                advance()
    return result


def _size(item: Item) -> int:
    return len(item.seal) + sum(file.size for file in item.files.values())
