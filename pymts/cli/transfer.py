"""``pymts push`` and ``pymts pull``."""

from __future__ import annotations

from pathlib import Path

import typer

from pymts.cli.console import print_json, progress
from pymts.cli.exitcodes import Exit
from pymts.cli.present import require_store
from pymts.errors import StoreError, counted, human_bytes
from pymts.plan.grid import Grid
from pymts.store.cache import Store
from pymts.store.entries import housekeeping
from pymts.store.remote.remote import Remote
from pymts.store.remote.transfer import Transfer

SHOWN_PROBLEMS = 20


def push_store(url: str, root: Path | None, *, as_json: bool) -> Exit:
    """Upload a store and print the outcome."""
    store, remote = Store(root), Remote(url)
    require_store(store)
    remote.check()
    total = sum(1 for model in housekeeping.models(store.root) for _ in housekeeping.folders_of(model))
    if not total:
        raise StoreError(f"the store at {store.root} is empty; there is nothing to upload")
    with progress(total, "uploading") as advance:
        result = store.push(remote, advance)
    return _report(result, f"from {store.root} to {url}", as_json)


def pull_store(url: str, config: Path | None, root: Path | None, *, as_json: bool) -> Exit:
    """Download into a store and print the outcome."""
    store, remote = Store(root, "batch"), Remote(url)
    remote.check()
    missing = 0
    if config is None:
        keys = remote.finished()
        if not keys:
            raise StoreError(f"there are no datasets at {url}; check the bucket and the prefix")
    else:
        found = [remote.find(one.model.name, one.config_id, one.digest) for one in Grid.read(config)]
        keys = sorted({item.key for item in found if item is not None})  # several may share a shard
        missing = found.count(None)
        if not keys:
            raise StoreError(f"none of the {len(found)} configurations of {config} is at {url}; check the prefix")
    store.check_writable()
    try:
        with progress(len(keys), "downloading") as advance:
            result = store.pull(remote, keys, advance)
    finally:
        store.sync()
    return _report(result, f"from {url} to {store.root}", as_json, missing)


def _report(result: Transfer, way: str, as_json: bool, missing: int = 0) -> Exit:
    if as_json:
        counts = {"copied": result.copied, "there": result.there, "missing": missing, "bytes": result.bytes}
        print_json({**counts, "problems": result.problems})
    else:
        for problem in result.problems[:SHOWN_PROBLEMS]:
            typer.echo(problem, err=True)
        if len(result.problems) > SHOWN_PROBLEMS:
            typer.echo(f"and {len(result.problems) - SHOWN_PROBLEMS} more; --json lists them all", err=True)
        rest = f"; {missing} of the grid not found" if missing else ""
        copied = f"Copied {counted(result.copied, 'entry')} {way} ({human_bytes(result.bytes)})"
        typer.echo(f"{copied}; {result.there} already present{rest}")
    return Exit.SOME_FAILED if result.problems else Exit.OK
