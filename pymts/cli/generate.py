"""``pymts generate``."""

from __future__ import annotations

import re
import shlex
from collections import Counter
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import typer

from pymts.cli.console import print_json, print_table, progress
from pymts.cli.exitcodes import Exit
from pymts.data.dataset import data_bytes
from pymts.errors import InvalidParameterError, StoreError, counted, human_bytes
from pymts.numerics.portable.compiling import compiling
from pymts.plan.configuration import Configuration
from pymts.plan.grid import MAX_CELLS, Grid
from pymts.run.executors import ExecutorLike, Result, cluster, processes
from pymts.run.executors.report import results, shard_range
from pymts.run.generator import run
from pymts.run.room import check_can_store, check_room
from pymts.store.cache import Store
from pymts.store.files import save_csv
from pymts.store.place import LooseEntry

SHOWN_FAILURES = 20


def read_shard(shard: str | None) -> tuple[int, int]:
    """Return (i, n) from ``"i/n"``, or (1, 1) if nothing was given."""
    if shard is None:
        return 1, 1
    match = re.fullmatch(r"([0-9]{1,9})/([0-9]{1,9})", shard)
    part, parts = (int(match[1]), int(match[2])) if match else (0, 0)
    if not 1 <= part <= parts:
        raise InvalidParameterError(f"--shard must be i/n with 1 <= i <= n, such as 1/4, got {shard!r}")
    return part, parts


@dataclass
class OfModel:
    """Outcome of the configurations of one model."""

    counts: Counter[str] = field(default_factory=Counter)
    bytes: int = 0
    seconds: float = 0.0


@dataclass
class Summary:
    """Outcome of a grid: totals for each model, and the first failures."""

    models: dict[str, OfModel] = field(default_factory=dict)
    failures: list[dict[str, Any]] = field(default_factory=list)

    def add(self, row: dict[str, Any]) -> None:
        """Add one result."""
        found = self.models.setdefault(row["model"], OfModel())
        found.counts[row["status"]] += 1
        found.seconds += row["seconds"]
        if row["status"] != "failed":
            found.bytes += row["bytes"]
        elif len(self.failures) < SHOWN_FAILURES:
            self.failures.append(row)

    @property
    def failed(self) -> int:
        """Count the failures."""
        return sum(found.counts["failed"] for found in self.models.values())


def generate_grid(
    config: Path,
    *,
    save: bool,
    csv: bool,
    root: Path | None,
    dry_run: bool,
    limit: int | None,
    seed: int | None,
    jobs: int | None,
    dask: str | None,
    shard: str | None,
    max_cells: int | None,
    remote: str | None,
    force: bool,
    as_json: bool,
) -> Exit:
    """Generate a grid, or list what would be generated."""
    grid = Grid.read(config, seed=seed, max_cells=MAX_CELLS if max_cells is None else max_cells)
    store = Store(root, "batch", remote)  # syncs to disk once, at the end
    if store.remote is not None:
        store.remote.check()
    total = len(grid) if limit is None else min(limit, len(grid))
    indices = shard_range(total, read_shard(shard))
    if dry_run:
        _announce(grid, indices, store, as_json)
    if save or dry_run:
        _check_store(grid, indices, store, force=force, write=not dry_run)
    else:
        typer.echo("pymts: nothing will be stored; add --save to keep the datasets", err=True)
    if dry_run:
        return Exit.OK
    rows: list[dict[str, Any]] = []  # kept only for JSON output; the summary does not grow with the grid
    summary = Summary()
    try:
        with compiling(_tell_compiling), progress(len(indices), "generating") as advance:
            for result in _results(grid, indices, store, save=save, jobs=jobs, dask=dask):
                configuration: Configuration = grid[result.index]
                error = result.error
                if error is None and csv:
                    _save_csv(store, configuration)
                row = _row(configuration, result, store if save else None)
                summary.add(row)
                if as_json:
                    rows.append(row)
                advance("" if error is None else f"failed: {error}")
    finally:
        if save:
            store.sync()
    if as_json:
        print_json(sorted(rows, key=lambda row: row["index"]))
    else:
        names = dict.fromkeys(record.model.name for record in grid.records)  # workers finish in any order
        summary.models = {name: summary.models[name] for name in names if name in summary.models}
        _report(summary, store, save)
    return Exit.SOME_FAILED if summary.failed else Exit.OK


def _tell_compiling() -> None:
    typer.echo("pymts: compiling kernels, once after installation", err=True)


def _check_store(grid: Grid, indices: range, store: Store, *, force: bool, write: bool) -> None:
    """Raise, before anything is generated, if the store cannot hold the grid."""
    if not force:
        check_room(grid, indices, store, "continue with --force")
    if write:
        check_can_store(grid, indices, store)


def _results(
    grid: Grid, indices: range, store: Store, *, save: bool, jobs: int | None, dask: str | None
) -> Iterator[Result]:
    if save:
        here: ExecutorLike | None = processes(jobs) if jobs is not None and jobs > 1 else None
        with nullcontext(here) if dask is None else cluster(dask, jobs) as executor:
            yield from results(grid, indices, store, executor)
        return
    for outcome in run(((index, grid[index]) for index in indices), store, cache=False, keep=False):
        error = None if outcome.error is None else str(outcome.error)
        config_id = outcome.configuration.config_id
        yield Result(outcome.index, config_id, outcome.status, outcome.seconds, error)


def _save_csv(store: Store, configuration: Configuration) -> None:
    """Save the CSV next to the Parquet file, or in the directory of the model for a packed dataset."""
    place = store.locate(configuration)
    if place is None:  # removed in the meantime
        raise StoreError(f"{configuration.config_id} is no longer stored in {store.root}; run the command again")
    loose = isinstance(place, LooseEntry)
    path = place.path.with_suffix(".csv") if loose else store.root / configuration.model.name / f"{place.name}.csv"
    save_csv(place.read(), path)


def _row(configuration: Configuration, result: Result, store: Store | None) -> dict[str, Any]:
    place = store.place(configuration) if store is not None and result.error is None else None
    return {
        "index": result.index,
        "config_id": configuration.config_id if place is None else place.name,
        "model": configuration.model.name,
        "status": result.status,
        "seconds": round(result.seconds, 6),
        "bytes": data_bytes(configuration),
        "path": None if place is None else str(place.path),
        "error": result.error,
        "params": configuration.values,
    }


def _announce(grid: Grid, indices: range, store: Store, as_json: bool) -> None:
    """List what would be generated, with the paths that would be written."""
    rows = []
    for index in indices:
        configuration: Configuration = grid[index]
        status = "cached" if configuration in store else "to generate"
        rows.append(
            _row(configuration, Result(index, configuration.config_id, "generated", 0.0), store) | {"status": status}
        )
    if as_json:
        keys = ("index", "config_id", "model", "status", "bytes", "path", "params")
        print_json([{key: row[key] for key in keys} for row in rows])
        return
    print_table(
        ["config_id", "size", "status"],
        [[row["config_id"], human_bytes(row["bytes"]), row["status"]] for row in rows],
        numeric=["size"],
    )
    size = human_bytes(sum(row["bytes"] for row in rows))
    where = f"{store.root}/<model>/<config_id>/<config_id>.parquet"
    typer.echo(f"{counted(len(rows), 'configuration')}, {size} of data, to be saved to {where}")


def _report(summary: Summary, store: Store, save: bool) -> None:
    """Print the outcome of the grid; list each failure with the command that reproduces it."""
    columns = ["model", "configurations", "generated", "cached", "failed", "data", "time"]
    table = []
    for name, found in summary.models.items():
        counts = [found.counts[status] for status in ("generated", "cached", "failed")]
        table.append(
            [name, str(sum(counts)), *map(str, counts), human_bytes(found.bytes), f"{found.seconds:.2f} s"],
        )
    print_table(columns, table, numeric=columns[1:])
    place = f"{store.root}" if store.remote is None else f"{store.root} and {store.remote.url}"
    typer.echo(f"Stored in {place}" if save else "Nothing was stored; add --save to keep the datasets.")
    for row in summary.failures:
        typer.echo(f"failed: {row['error']}\n  reproduce: {reproduce(row)}", err=True)
    if summary.failed > len(summary.failures):
        more = summary.failed - len(summary.failures)
        typer.echo(f"and {more} more failures; --json lists them all", err=True)


def reproduce(row: dict[str, Any]) -> str:
    """Return the shell command that reproduces this configuration."""
    arguments = ", ".join(f"{name}={value!r}" for name, value in row["params"].items())
    code = f"from pymts.datasets import make_{row['model']} as make; print(make({arguments}))"
    return f"python -c {shlex.quote(code)}"
