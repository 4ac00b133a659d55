"""``pymts.generate``: generates a whole grid into the store, on any executor."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pymts.errors import InvalidParameterError
from pymts.plan.grid import MAX_CELLS, Grid
from pymts.run.executors.engine import Engine
from pymts.run.executors.pools import ExecutorLike
from pymts.run.executors.worker import Result
from pymts.run.generator import run
from pymts.run.room import check_can_store, check_room
from pymts.store.cache import Store

# A report keeps this many failures, and counts them all.
KEPT_FAILURES = 1000


@dataclass
class Report:
    """The outcome of generating a grid.

    Attributes
    ----------
    counts : dict of status ("generated", "cached" or "failed") to number of configurations
    seconds : total time that workers spent on configurations
    failures : the first failed results, with their errors
    """

    counts: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0
    failures: list[Result] = field(default_factory=list)

    def add(self, result: Result) -> None:
        """Add one result."""
        self.counts[result.status] += 1
        self.seconds += result.seconds
        if result.error is not None and len(self.failures) < KEPT_FAILURES:
            self.failures.append(result)

    def __len__(self) -> int:
        """Count the configurations."""
        return sum(self.counts.values())


def shard_range(total: int, shard: tuple[int, int]) -> range:
    """Return part ``i`` of ``n`` of ``range(total)``, from 1; the parts are disjoint and cover the whole."""
    part, parts = shard
    if not 1 <= part <= parts:
        raise InvalidParameterError(f"shard must be (i, n) with 1 <= i <= n, such as (1, 4), got ({part}, {parts})")
    return range(total * (part - 1) // parts, total * part // parts)


def results(grid: Grid, indices: range, store: Store, executor: ExecutorLike | None) -> Iterator[Result]:
    """Generate a part of a grid into the store and yield the result of each configuration."""
    if executor is not None:
        yield from Engine(grid, indices, store, executor).run()
        return
    for outcome in run(((index, grid[index]) for index in indices), store, keep=False):
        error = None if outcome.error is None else str(outcome.error)
        yield Result(outcome.index, outcome.configuration.config_id, outcome.status, outcome.seconds, error)


def generate(
    grid: Grid | str | Path | Mapping[str, Any] | Sequence[Mapping[str, Any]],
    store: Store | str | Path | None = None,
    *,
    executor: ExecutorLike | None = None,
    shard: tuple[int, int] = (1, 1),
    progress: Callable[[Result], object] | None = None,
    max_cells: int = MAX_CELLS,
    force: bool = False,
) -> Report:
    """Generate a grid into the store; stored datasets are skipped, and failures do not stop the rest.

    Parameters
    ----------
    grid : Grid, path, mapping or list of dict
        As in `load_grid`.
    store : Store, path or None
        The store or its root; ``None`` uses the environment variable PYMTS_DATA_HOME, or else ./data. Workers on other
        machines must see it under the same path.
    executor : concurrent.futures.Executor, function that makes one, or None
        Threads, processes, loky or Dask's ``client.get_executor(pure=False)``; ``None`` runs in this process. Pass a
        factory function for executors that break when a worker is killed, so that a new one can be created.
    shard : (i, n)
        Only part i of n, counted from 1, to split a grid over independent machines.
    progress : function of a Result
        Called for every finished configuration, in no particular order.
    max_cells : int
        Refuse a grid of more configurations.
    force : bool
        Continue even if the grid exceeds the free space of the store's disk.

    Returns
    -------
    Report
        Counts and failures.

    Raises
    ------
    GridError
        If the grid is invalid.
    StoreError
        If the store cannot be written and is incomplete.
    TooLargeError
        If the grid has too many configurations, or does not fit on the disk.
    WorkersDiedError
        If an executor without a factory function broke; rerun to resume.
    """
    read = Grid.read(grid, max_cells=max_cells)
    place = store if isinstance(store, Store) else Store(store, "batch")  # syncs to disk once, at the end
    indices = shard_range(len(read), shard)
    if not force:
        check_room(read, indices, place, "continue with force=True")
    check_can_store(read, indices, place)
    report = Report()
    try:
        for result in results(read, indices, place, executor):
            report.add(result)
            if progress is not None:
                progress(result)
    finally:
        place.sync()
    return report
