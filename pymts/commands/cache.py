"""``pymts cache`` and ``pymts verify``."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import typer

from pymts.commands.console import print_json, print_table, progress
from pymts.errors import StoreError, human_bytes, nearest
from pymts.exitcodes import Exit
from pymts.grid import Grid
from pymts.store import Store


def list_entries(outdir: Path | None, as_json: bool) -> None:
    """Print the stored datasets."""
    store = Store(outdir)
    entries = sorted(store.entries(), key=lambda entry: (entry.model, entry.config_id))
    if as_json:
        print_json([entry.to_json() for entry in entries])
        return
    rows = [
        [
            entry.config_id,
            human_bytes(entry.size),
            datetime.fromtimestamp(entry.modified, UTC).strftime("%Y-%m-%d %H:%M"),
        ]
        for entry in entries
    ]
    print_table(["config_id", "size", "stored (UTC)"], rows, numeric=["size"])
    typer.echo(f"{len(entries)} datasets, {human_bytes(sum(e.size for e in entries))}, in {store.root}")


def disk_usage(outdir: Path | None, as_json: bool) -> None:
    """Print the space that each model's datasets take."""
    store = Store(outdir)
    usage: dict[str, list[int]] = {}
    for entry in store.entries():
        usage.setdefault(entry.model, []).append(entry.size)
    if as_json:
        print_json([{"model": m, "datasets": len(s), "bytes": sum(s)} for m, s in sorted(usage.items())])
        return
    total = [size for sizes in usage.values() for size in sizes]
    rows = [[name, str(len(sizes)), human_bytes(sum(sizes))] for name, sizes in sorted(usage.items())]
    rows.append(["total", str(len(total)), human_bytes(sum(total))])
    print_table(["model", "datasets", "size"], rows, numeric=["datasets", "size"])


def print_path(config_id: str | None, outdir: Path | None) -> None:
    """Print the root of the store, or the Parquet file of a stored dataset."""
    store = Store(outdir)
    if config_id is None:
        typer.echo(store.root)
        return
    known = {entry.config_id: entry.path for entry in store.entries()}
    if config_id not in known:
        raise StoreError(f"{config_id!r} is not stored in {store.root}{nearest(config_id, known)}")
    typer.echo(known[config_id] / f"{config_id}.parquet")
