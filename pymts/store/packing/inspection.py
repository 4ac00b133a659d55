"""Whether a packed entry, and all else in its shard, is what its metadata say."""

from __future__ import annotations

from collections.abc import Iterator

from pymts.store.entries.inspection import Finding, finding
from pymts.store.packing.packed import PackedEntry, Shard, shard_problems


def inspect_packed(entry: PackedEntry) -> Finding | None:
    """Compare every byte of a packed entry with its digest."""
    return finding(entry.name, entry.shard.model, entry.shard.path, entry.check)


def inspect_shard(shard: Shard) -> Iterator[Finding]:
    """Yield what is wrong with the files of a shard: also what no entry is served from."""
    for problem in shard_problems(shard.path, shard.model):
        yield Finding(f"packed/{shard.path.name}", shard.model, shard.path, "damaged", problem)
