"""Crash: a writer that is killed at a random moment."""

from __future__ import annotations

import random
import statistics
import time
import warnings
from collections import Counter
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.reliability.common import (
    PATIENCE,
    RECORDS,
    Proof,
    end,
    expected_of,
    fingerprint,
    processes_context,
    proof,
    scratch,
)
from pymts.errors import DamagedEntryWarning, PymtsError
from pymts.plan.configuration import Configuration
from pymts.plan.grid import Grid
from pymts.run.generator import run
from pymts.run.simulate import simulate_blocks
from pymts.store import disk
from pymts.store.cache import Durability, Store
from pymts.store.entries import housekeeping


def _write_for_ever(root: str, durability: Durability, ticks: Any) -> None:
    """Store a grid, stream one dataset, remove everything, again and again; a tick at each beginning."""
    store, grid = Store(root, durability), Grid(RECORDS)
    large = max(grid, key=lambda configuration: int(np.prod(configuration.shape)))
    while True:
        ticks.send(time.monotonic())
        for outcome in run(enumerate(grid), store, keep=False):
            if outcome.error is not None:
                raise outcome.error
        housekeeping.remove_entry(store.path(large).parent)
        store.write(large, simulate_blocks(large, 1))
        store.clear()


def _cycle(context: Any, place: Path) -> float:
    """Return how long a writer takes for one round of its loop."""
    ticks, theirs = context.Pipe(duplex=False)
    writer = context.Process(target=_write_for_ever, args=(str(place / "measured"), "entry", theirs))
    writer.start()
    try:
        times = []
        for _ in range(5):
            if not ticks.poll(PATIENCE):
                raise TimeoutError("the writer is silent")
            times.append(ticks.recv())
    finally:
        end(writer)
    return float(statistics.median(np.diff(times)))


def _await_draft(root: Path) -> None:
    """Wait until something is being written: a kill at any moment seldom comes then."""
    for _ in range(10**5):
        with suppress(FileNotFoundError):  # a directory that is going
            if any(housekeeping.temporaries(root)):
                return


def crash(rounds: int, seed: int = 0) -> Proof:
    """Kill a writer at a random moment; what it left is right, does not block, and can be removed."""
    context, grid = processes_context(), Grid(RECORDS)
    expected, random_numbers = expected_of(grid), random.Random(seed)
    with proof("crash: killed writers") as found, scratch() as place:
        period = _cycle(context, place)
        seen: Counter[str] = Counter()
        for number in range(rounds):
            root = place / f"round{number % 10}"  # some are used again: leftovers of one are met by the next
            durability: Durability = "batch" if number % 3 == 2 else "entry"
            ticks, theirs = context.Pipe(duplex=False)
            writer = context.Process(target=_write_for_ever, args=(str(root), durability, theirs))
            writer.start()
            try:
                found.check(ticks.poll(PATIENCE), f"round {number}: the writer does not start")
                time.sleep(random_numbers.uniform(0, 2 * period))
                if number % 2:
                    _await_draft(root)
                found.check(writer.is_alive(), f"round {number}: the writer ended by itself")
            finally:
                end(writer)
            found.tried += 1
            _survey(found, Store(root), grid, expected, f"round {number} (seed {seed})", seen)
        found.notes = {"cycle_s": round(period, 3), **seen}
    return found


def _survey(
    found: Proof,
    store: Store,
    grid: Grid,
    expected: dict[str, tuple[Configuration, str]],
    where: str,
    seen: Counter[str],
) -> None:
    """Look at what a killed writer left, finish its work, and clean up."""
    with warnings.catch_warnings():
        warnings.simplefilter("error", DamagedEntryWarning)
        try:
            left = list(housekeeping.temporaries(store.root))
            found.check(len(left) <= 1, f"{where}: {len(left)} temporaries of one writer")
            names = list(store.ids())
            seen.update(leftovers=len(left), entries_left=len(names), rounds_cut_short=0 < len(names) < len(expected))
            for name in names:
                dataset = store.load(expected[name][0])
                same = dataset is not None and fingerprint(dataset) == expected[name][1]
                found.check(same, f"{where}: {name} is served wrong or not at all")
            for outcome in run(enumerate(grid), store):
                name = outcome.configuration.config_id
                same = outcome.dataset is not None and fingerprint(outcome.dataset) == expected[name][1]
                found.check(same, f"{where}: {name} after the rerun: {outcome.error or 'other bits'}")
            found.check(sorted(store.ids()) == sorted(expected), f"{where}: not every entry stands after the rerun")
            found.check(all(item.status == "ok" for item in store.verify()), f"{where}: verify complains")
            removed = store.prune(stale_after=0.0)
            found.check(set(removed) == set(left), f"{where}: prune removed {removed}, left were {left}")
            stray = [path for path in store.root.rglob("*") if disk.TEMPORARY in path.name]
            found.check(not stray and not store.quarantined(), f"{where}: {stray} is left after prune")
        except (PymtsError, DamagedEntryWarning, OSError) as error:
            found.failures.append(f"{where}: {error!r}")
