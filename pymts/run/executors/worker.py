"""Code run by a worker: generates a range of a grid into the store, and returns the results."""

from __future__ import annotations

import importlib
import json
import os
import platform
import sys
import threading
import time
from dataclasses import dataclass
from functools import cache, lru_cache

from pymts.numerics.groups import alone
from pymts.plan.grid import Grid
from pymts.run.generator import Status, run
from pymts.store.cache import Durability, Store

WATCH_SECONDS = 0.5


def here() -> tuple[str, int]:
    """Return this machine and process."""
    return platform.node(), os.getpid()


@cache
def end_with(driver: tuple[str, int], *, child: bool = False) -> None:
    """End this process soon after the driver has ended, if it is the driver's child: some pools leave orphans.

    ``child`` marks it as one; a driver that is no longer its parent has ended already.
    """
    if (platform.node(), os.getppid()) == driver:
        threading.Thread(target=_watch, args=(driver[1],), daemon=True).start()
    elif child:
        os._exit(1)


def _watch(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(WATCH_SECONDS)
    os._exit(1)


@dataclass(frozen=True)
class Task:
    """Shared by all ranges of a grid: the modules that register its models, the store, and the driver."""

    modules: tuple[str, ...]
    root: str
    durability: Durability
    remote: str | None
    driver: tuple[str, int]  # machine and process

    @classmethod
    def of(cls, grid: Grid, store: Store) -> Task:
        """Describe a grid and a store."""
        modules = {record.model.simulate.__module__ for record in grid.records} - {"__main__"}
        remote = None if store.remote is None else store.remote.url
        return cls(tuple(sorted(modules)), str(store.root.resolve()), store.durability, remote, here())


@dataclass(frozen=True)
class Part:
    """A range of a grid as sent to a worker: its records as text, and the number of configurations before them."""

    indices: range
    records: str
    before: int

    @classmethod
    def of(cls, grid: Grid, indices: range) -> Part:
        """Describe a range that is not empty."""
        records, before = grid.part(indices)
        return cls(indices, json.dumps(records), before)  # not sorted: the order of keys determines the order of cells


@dataclass(frozen=True)
class Result:
    """The result of one configuration; small, since it crosses a network."""

    index: int
    config_id: str
    status: Status
    seconds: float
    error: str | None = None


@dataclass(frozen=True)
class Finished:
    """The results of one range, and the time the worker took for it."""

    results: tuple[Result, ...]
    seconds: float


@lru_cache(maxsize=2)
def _grid(text: str, modules: tuple[str, ...]) -> Grid:
    for name in modules:
        if name not in sys.modules:
            importlib.import_module(name)
    return Grid.read(json.loads(text), max_cells=sys.maxsize)


def work(task: Task, part: Part) -> Finished:
    """Generate a range of the grid into the store. Errors of configurations are returned as results."""
    began = time.perf_counter()
    end_with(task.driver)
    grid = _grid(part.records, task.modules)
    store = Store(task.root, task.durability, task.remote)
    with alone():
        outcomes = run(((index, grid[index - part.before]) for index in part.indices), store, keep=False)
        results = tuple(
            Result(
                outcome.index,
                outcome.configuration.config_id,
                outcome.status,
                outcome.seconds,
                None if outcome.error is None else str(outcome.error),
            )
            for outcome in outcomes
        )
    return Finished(results, time.perf_counter() - began)
