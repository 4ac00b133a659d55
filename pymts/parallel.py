"""A grid over several processes: ranges of it go out, ids come back, the store holds the data."""

from __future__ import annotations

import json
import os
import threading
from collections import deque
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from functools import lru_cache
from multiprocessing import get_context, parent_process

from pymts.generator import Status, run
from pymts.grid import Grid
from pymts.store import Durability, Store

Task = tuple[str, str, Durability]  # grid, root of the store, how it waits for the disk

# Ranges per worker: enough that the last ones finish together, few enough that batches stay large.
RANGES_PER_WORKER = 8
MAX_RANGE = 256


@dataclass(frozen=True)
class Result:
    """What became of one configuration in a worker; small, since it crosses a pipe."""

    index: int
    status: Status
    seconds: float
    error: str | None = None


def _end_with_parent() -> None:
    """Leave when the parent process is gone; a worker waiting for work would otherwise stay for ever."""
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _start_worker() -> None:
    threading.Thread(target=_end_with_parent, daemon=True).start()


@lru_cache(maxsize=1)
def _grid(text: str) -> Grid:
    content = json.loads(text)
    return Grid.read(content, max_cells=content.pop("max_cells"))


def work(text: str, root: str, durability: Durability, indices: range) -> list[Result]:
    """Generate a range of the grid into the store; runs in a worker."""
    grid = _grid(text)
    outcomes = run(((index, grid[index]) for index in indices), Store(root, durability), keep=False)
    return [
        Result(outcome.index, outcome.status, outcome.seconds, None if outcome.error is None else str(outcome.error))
        for outcome in outcomes
    ]


def _payload(grid: Grid) -> str:
    # Not sorted: the order of the keys is the order of the cells.
    return json.dumps({**grid.to_mapping(), "max_cells": len(grid)})


def _pool(jobs: int) -> Executor:
    return ProcessPoolExecutor(jobs, mp_context=get_context("spawn"), initializer=_start_worker)


def run_parallel(grid: Grid, indices: range, store: Store, jobs: int) -> Iterator[Result]:
    """Yield the result of every configuration as its range finishes.

    A worker that is killed loses nothing: the ranges in flight are split and tried again one at a time, in a new
    process, until the one configuration that kills it is found; only that one is reported as failed.
    """
    task = _payload(grid), str(store.root), store.durability
    size = max(1, min(MAX_RANGE, -(-len(indices) // (jobs * RANGES_PER_WORKER))))
    waiting = deque(indices[start : start + size] for start in range(0, len(indices), size))
    suspects: deque[range] = deque()
    while waiting:
        flying: dict[Future[list[Result]], range] = {}
        pool = _pool(jobs)
        try:
            while waiting or flying:
                while waiting and len(flying) < 2 * jobs:
                    part = waiting.popleft()
                    flying[pool.submit(work, *task, part)] = part
                done, _ = wait(flying, return_when=FIRST_COMPLETED)
                for future in done:
                    results = future.result()
                    del flying[future]
                    yield from results
        except BrokenProcessPool:
            suspects.extend(flying.values())
        finally:
            pool.shutdown(wait=True, cancel_futures=True)
        while suspects:
            yield from _interrogate(task, suspects)


def _interrogate(task: Task, suspects: deque[range]) -> Iterator[Result]:
    """Run one suspected range alone; split it if the process dies again."""
    part = suspects.popleft()
    with _pool(1) as pool:
        try:
            results = pool.submit(work, *task, part).result()
        except BrokenProcessPool:
            if len(part) > 1:
                middle = len(part) // 2
                suspects.extendleft((part[middle:], part[:middle]))
                return
            results = [Result(part[0], "failed", 0.0, "the process that simulated it died (out of memory, or killed)")]
    yield from results
