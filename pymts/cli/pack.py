"""``pymts pack``."""

from __future__ import annotations

from pathlib import Path

import typer

from pymts.cli.console import print_json, progress
from pymts.cli.exitcodes import Exit
from pymts.cli.present import require_store
from pymts.errors import counted, human_bytes
from pymts.store.cache import Store
from pymts.store.entries import housekeeping


def pack_store(root: Path | None, shard_bytes: int, *, remove: bool, rebuild: bool, as_json: bool) -> Exit:
    """Pack a store, or rebuild the manifests of its shards, and print the outcome."""
    store = Store(root)
    require_store(store)
    if rebuild:
        result = store.rebuild()
    else:
        total = sum(1 for _ in housekeeping.entries(store.root))
        with progress(total, "packing") as advance:
            result = store.pack(shard_bytes=shard_bytes, remove=remove, advance=advance)
    size = sum(file.stat().st_size for shard in result.shards for file in shard.iterdir())
    if as_json:
        print_json(
            {
                "shards": [str(path) for path in result.shards],
                "bytes": size,
                "packed": result.packed,
                "already": result.already,
                "removed": result.removed,
                "problems": result.problems,
            }
        )
    else:
        for problem in result.problems:
            typer.echo(problem, err=True)
        shards = f"{counted(len(result.shards), 'shard')} ({human_bytes(size)})"
        if rebuild:
            typer.echo(f"Rebuilt the manifests of {shards}, {counted(result.packed, 'dataset')}, in {store.root}")
        else:
            done = f"Packed {counted(result.packed, 'dataset')} into {shards}" if result.packed else "Nothing to pack"
            before = f"; {result.already} already packed" if result.already else ""
            removed = f"; removed the files of {result.removed}" if remove else ""
            typer.echo(f"{done} in {store.root}{before}{removed}")
    return Exit.SOME_FAILED if result.problems else Exit.OK
