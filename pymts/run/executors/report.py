"""``pymts.generate``: a whole grid into the store, on the executor of your choice."""

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

# A report keeps so many failures; it counts them all.
KEPT_FAILURES = 1000


@dataclass
class Report:
    """What became of a grid.

    Attributes
    ----------
    counts : dict of status to number of configurations, of "generated", "cached" and "failed"
    seconds : time that workers spent on configurations, together
    failures : the first results that are failures, with their errors
    """

    counts: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0
    failures: list[Result] = field(default_factory=list)

    def add(self, result: Result) -> None:
        """Count one more."""
        self.counts[result.status] += 1
        self.seconds += result.seconds
        if result.error is not None and len(self.failures) < KEPT_FAILURES:
            self.failures.append(result)

    def __len__(self) -> int:
        """Count the configurations."""
        return sum(self.counts.values())


def shard_range(total: int, shard: tuple[int, int]) -> range:
    """Return part ``i`` of ``n`` of ``range(total)``, from 1; the parts are disjoint and make up the whole."""
    part, parts = shard
    if not 1 <= part <= parts:
        raise InvalidParameterError(f"shard must be (i, n) with 1 <= i <= n, such as (1, 4), got ({part}, {parts})")
    return range(total * (part - 1) // parts, total * part // parts)


def results(grid: Grid, indices: range, store: Store, executor: ExecutorLike | None) -> Iterator[Result]:
    """Generate a part of a grid into the store and yield what became of each configuration."""
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
    """Generate a grid into the store; what is stored already is skipped, and what fails does not stop the rest.

    Parameters
    ----------
    grid : Grid, path, mapping or list of dict
        As `load_grid` takes it.
    store : Store, path or None
        Where the datasets go; ``None`` takes the variable PYMTS_DATA_HOME, or else ./data. Workers on other machines
        must see it under the same path.
    executor : concurrent.futures.Executor, function that makes one, or None
        Threads, processes, loky, Dask's ``client.get_executor(pure=False)``; ``None`` works here. An executor that
        breaks when a worker is killed can go on only if a function was given, which makes the next one.
    shard : (i, n)
        Only part i of n, from 1, for machines that know nothing of one another.
    progress : function of a Result
        Called for every configuration as it is finished, in no particular order.
    max_cells : int
        Refuse a grid of more configurations.
    force : bool
        Go on where the grid is larger than the free space of the store's disk.

    Returns
    -------
    Report
        Counts and failures.

    Raises
    ------
    GridError
        If the grid is invalid.
    StoreError
        If the store cannot be written, and does not have everything already.
    TooLargeError
        If the grid has too many configurations, or does not fit on the disk.
    WorkersDiedError
        If an executor that was not made here broke; a rerun goes on where it stopped.
    """
    read = Grid.read(grid, max_cells=max_cells)
    place = store if isinstance(store, Store) else Store(store, "batch")  # waits for the disk once, at the end
    indices = shard_range(len(read), shard)
    if not force:
        check_room(read, indices, place, "go on with force=True")
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
