"""What is in a store, in either form: listed, located and verified."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from pymts import housekeeping
from pymts.housekeeping import EntryInfo
from pymts.inspection import Finding, inspect, inspect_packed, inspect_shard
from pymts.packed import PackedEntry, shards
from pymts.place import LooseEntry, Place


def entries(root: Path) -> Iterator[EntryInfo]:
    """Yield what is stored, in no order; an entry that is both loose and packed once."""
    for model in housekeeping.models(root):
        seen = set()
        for loose in housekeeping.entries_of(model):
            seen.add(loose.config_id)
            yield loose
        for shard in shards(model):
            for entry in shard.entries():
                if entry.name not in seen:
                    seen.add(entry.name)
                    yield entry.info()


def places(root: Path) -> list[Place]:
    """Return where everything is, by name; the loose form is taken where there are both."""
    found: dict[str, Place] = {}
    for model in housekeeping.models(root):
        for shard in shards(model):
            for entry in shard.entries():
                found.setdefault(entry.name, entry)
        for loose in housekeeping.entries_of(model):
            found[loose.config_id] = LooseEntry(loose.path)
    return [found[name] for name in sorted(found)]


def verify(root: Path) -> Iterator[Finding]:
    """Compare every byte of every entry, and of every shard, with its digest."""
    for model in housekeeping.models(root):
        for loose in housekeeping.entries_of(model):
            yield from verify_forms(loose.path, ())
        for shard in shards(model):
            yield from verify_forms(None, shard.entries())
            yield from inspect_shard(shard)


def verify_forms(folder: Path | None, packed: Iterable[PackedEntry]) -> Iterator[Finding]:
    """Compare every byte of the forms in which an entry is stored with its digests."""
    if folder is not None:
        finding = inspect(EntryInfo(folder.name, folder.parent.name, folder, 0, 0.0))
        if finding is not None:
            yield finding
    yield from map(inspect_packed, packed)
