"""``pymts cache`` and ``pymts verify``."""

from __future__ import annotations

from datetime import UTC, datetime
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import typer

from pymts.cli.console import print_json, print_table, progress
from pymts.cli.exitcodes import Exit
from pymts.cli.present import require_store
from pymts.errors import StoreError, counted, human_bytes, nearest
from pymts.plan.grid import Grid
from pymts.run.regenerate import compare_with_regenerated
from pymts.store.cache import Store
from pymts.store.entries import housekeeping
from pymts.store.entries.housekeeping import PACKED
from pymts.store.entries.inspection import Finding
from pymts.store.place import LooseEntry


def list_entries(root: Path | None, as_json: bool) -> None:
    """Print the stored datasets."""
    store = Store(root)
    require_store(store)
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
    typer.echo(f"{counted(len(entries), 'dataset')}, {human_bytes(sum(e.size for e in entries))}, in {store.root}")


def disk_usage(root: Path | None, as_json: bool) -> None:
    """Print the disk space used by the datasets of each model."""
    store = Store(root)
    require_store(store)
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


def print_path(config_id: str | None, root: Path | None) -> None:
    """Print the root of the store, or the Parquet file of a stored dataset."""
    store = Store(root)
    if config_id is None:
        typer.echo(store.root)
        return
    require_store(store)
    typer.echo(store.locate_id(config_id).path)


def prune(root: Path | None, everything: bool, as_json: bool) -> None:
    """Remove leftovers and quarantine, or everything."""
    store = Store(root)
    require_store(store)
    removed = store.clear() if everything else store.prune()
    if as_json:
        print_json([str(path) for path in removed])
        return
    for path in removed:
        typer.echo(path)
    typer.echo(f"Removed {counted(len(removed), 'directory')} from {store.root}")


def remove_matching(pattern: str, root: Path | None, yes: bool, as_json: bool) -> None:
    """Remove the datasets with matching names, after confirmation."""
    store = Store(root)
    require_store(store)
    found = [place for place in store.places() if fnmatchcase(place.name, pattern)]
    if not found:
        raise StoreError(f"no dataset in {store.root} matches {pattern!r}{nearest(pattern, store.ids())}")
    packed = [place for place in found if not isinstance(place, LooseEntry)]
    if packed:
        raise StoreError(
            f"{packed[0].name} is packed with others in {packed[0].path.parent}; remove everything with "
            "pymts cache prune --all, or keep it"
        )
    what = counted(len(found), "dataset")
    if not yes and not typer.confirm(f"Remove {what} from {store.root}?", err=True):
        raise StoreError("nothing was removed; give --yes to skip the confirmation")
    for place in found:
        housekeeping.remove_entry(place.path.parent)
    if as_json:
        print_json([place.name for place in found])
    else:
        typer.echo(f"Removed {what} from {store.root}")


def verify_store(config: Path | None, root: Path | None, regenerate: bool, as_json: bool) -> Exit:
    """Check every entry, or those of a grid, and report problems."""
    store = Store(root)
    if config is None:
        require_store(store)
    rows = _check_grid(Grid.read(config), store, regenerate) if config else _check_all(store, regenerate)
    wrong = [row for row in rows if row["status"] != "ok"]
    if as_json:
        print_json(rows)
    else:
        if wrong:
            print_table(["config_id", "status"], [[row["config_id"], row["status"]] for row in wrong])
            for row in wrong:
                typer.echo(f"{row['status']}: {row['problem']}")
        compared = " and regenerated them" if regenerate else ""
        # A dataset may be stored in both forms, and a shard may be damaged outside its datasets.
        names, bad = ({row["config_id"] for row in some} for some in (rows, wrong))
        shards = {name for name in bad if name.startswith(f"{PACKED}/")}
        names, bad = names - shards, bad - shards
        more = f"; {counted(len(shards), 'shard')} damaged" if shards else ""
        good = len(names - bad)
        checked = counted(len(names), "dataset")
        typer.echo(f"Checked {checked} in {store.root}{compared}: {good} OK, {len(bad)} failed{more}")
    return Exit.MISMATCH if wrong else Exit.OK


def _check_all(store: Store, regenerate: bool) -> list[dict[str, Any]]:
    rows = []
    total = sum(1 for _ in store.entries())
    with progress(total, "verifying") as advance:
        for finding in store.verify():
            rows.append(_row(finding, store, regenerate))
            advance()
    return sorted(rows, key=lambda row: row["config_id"])


def _check_grid(grid: Grid, store: Store, regenerate: bool) -> list[dict[str, Any]]:
    """Check the entry of every configuration of a grid; a missing entry is also a mismatch."""
    rows = []
    with progress(len(grid), "verifying") as advance:
        for configuration in grid:
            findings = list(store.verify_configuration(configuration))
            rows += [_row(finding, store, regenerate) for finding in findings]
            if not findings:
                rows.append({"config_id": configuration.config_id, "status": "missing", "problem": "it is not stored"})
            advance()
    return rows


def _row(finding: Finding, store: Store, regenerate: bool) -> dict[str, Any]:
    row = {"config_id": finding.config_id, "status": finding.status, "problem": finding.problem}
    if regenerate and finding.status == "ok":
        problem = compare_with_regenerated(store.open_id(finding.config_id, lazy=True), finding.same_machine_class)
        if problem:
            row |= {"status": "differs", "problem": problem}
    return row
