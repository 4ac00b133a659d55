"""What the store promises, tried: ``python -m benchmarks.reliability [--quick] [name ...]``. The tests run it short.

Every proof takes a count and returns a ``Proof``: how much was tried, every failure, how long it took. Writers and
readers are processes of their own, forked from a server that has loaded everything, so that a round is milliseconds.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import json
import multiprocessing
import os
import queue
import random
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
import traceback
import warnings
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from benchmarks.timing import medians, seconds
from pymts import disk, housekeeping
from pymts.configuration import Configuration
from pymts.dataset import build
from pymts.datasets import load_grid
from pymts.entry import METADATA, PARQUET, TRUTH
from pymts.errors import DamagedEntryWarning, PymtsError, StoreError
from pymts.generator import check_memory, run
from pymts.grid import Grid
from pymts.mapped import read_whole
from pymts.registry import MODELS
from pymts.simulate import simulate_blocks, simulate_whole
from pymts.sidecar import SELF
from pymts.store import Durability, Store

ROOT = Path(__file__).parents[1]
PATIENCE = 120.0  # seconds for which any process may be silent
_LOADED = ("pymts.datasets", "pymts.generator", "pymts.store", "pymts.io", "pyarrow.parquet", "xarray", "scipy.linalg")
# Several models; a file of several write calls; many small entries.
RECORDS: list[dict[str, Any]] = [
    {"model": "kuramoto", "M": 3, "T": 6, "K": [0.5, 1.0, 2.0], "n_realizations": 2},
    {"model": "var", "M": 2, "T": 5, "seed": [1, 2]},
    {"model": "noise_gaussian", "M": 10, "T": 1000, "n_realizations": 3},
    {"model": "noise_gaussian", "M": 1, "T": 1, "seed": [1, 2, 3, 4]},
]


@dataclass
class Proof:
    """What one proof found."""

    promise: str
    tried: int = 0
    failures: list[str] = field(default_factory=list)
    seconds: float = 0.0
    notes: dict[str, Any] = field(default_factory=dict)

    def check(self, holds: bool, complaint: str) -> None:
        """Note a failure."""
        if not holds:
            self.failures.append(complaint)


@contextlib.contextmanager
def proof(promise: str) -> Iterator[Proof]:
    """Time a proof."""
    began = time.perf_counter()
    found = Proof(promise)
    yield found
    found.seconds = time.perf_counter() - began


@contextlib.contextmanager
def scratch() -> Iterator[Path]:
    """Give a directory that is gone afterwards."""
    path = Path(tempfile.mkdtemp(prefix="pymts-reliability-"))
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


def processes_context() -> Any:
    """Return where processes come from: a server that has everything loaded, where there is one."""
    if "forkserver" not in multiprocessing.get_all_start_methods():
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(list(_LOADED))
    return context


def end(process: Any) -> None:
    """End a process of ours, and wait for it."""
    if process.pid is not None:
        process.kill()
        process.join(PATIENCE)


def fresh(configuration: Configuration) -> xr.Dataset:
    """Simulate one configuration, without the store."""
    block = simulate_whole(configuration)
    return build(configuration, block.values, block.truth, block.lags)


def fingerprint(dataset: xr.Dataset) -> str:
    """Return a digest of every bit of a dataset: values, truth, coordinates and attributes."""
    found = hashlib.sha256(json.dumps(dataset.attrs, sort_keys=True).encode())
    for name in sorted(map(str, dataset.variables)):
        variable = dataset.variables[name]
        values = np.asarray(variable.values)
        values = values.astype(str) if values.dtype.kind == "O" else values
        head = [name, variable.dims, values.shape, values.dtype.str, dict(variable.attrs)]
        found.update(json.dumps(head, sort_keys=True).encode())
        found.update(np.ascontiguousarray(values).tobytes())
    return found.hexdigest()


def expected_of(grid: Grid) -> dict[str, tuple[Configuration, str]]:
    """Return every configuration of a grid by its name, with the fingerprint of its dataset."""
    return {c.config_id: (c, fingerprint(fresh(c))) for c in grid}


# Crash


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
    return statistics.median(np.diff(times))


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


# Race


def _ask(which: int, roots: list[str], expected: dict[str, str], barrier: Any, answers: Any) -> None:
    """Ask for the same configurations as everybody else, each process in its own way."""
    warnings.simplefilter("error", DamagedEntryWarning)
    wrong: list[str] = []
    tried = 0
    try:
        for root in roots:
            barrier.wait(PATIENCE)
            for name, dataset in _obtained(which, root):
                tried += 1
                if fingerprint(dataset) != expected[name]:
                    wrong.append(f"process {which}: {name} has other bits")
    except (PymtsError, DamagedEntryWarning, OSError, KeyError) as error:
        barrier.abort()
        wrong.append(f"process {which}: {error!r}")
    answers.put((tried, 0, wrong))


def _obtained(which: int, root: str) -> Iterator[tuple[str, xr.Dataset]]:
    if which % 3 == 0:  # whole batches
        datasets = load_grid(RECORDS, outdir=root)
        yield from zip(datasets.config_ids, datasets, strict=True)
    elif which % 3 == 1:  # one by one, from the end
        datasets = load_grid(RECORDS, outdir=root)
        yield from ((name, datasets[name]) for name in reversed(datasets.config_ids))
    else:
        store = Store(root, "batch")
        for outcome in run(enumerate(Grid(RECORDS)), store):
            if outcome.error is not None or outcome.dataset is None:
                raise outcome.error or StoreError("no dataset")
            yield outcome.configuration.config_id, outcome.dataset


def _watch(which: int, roots: list[str], expected: dict[str, str], stop: Any, answers: Any) -> None:
    """Read while others write: a whole entry or none."""
    warnings.simplefilter("error", DamagedEntryWarning)
    configurations = {c.config_id: c for c in Grid(RECORDS)}
    wrong: list[str] = []
    reads = none = 0
    try:
        while not stop.is_set():
            for store in map(Store, roots):
                for name, configuration in configurations.items():
                    dataset = store.load(configuration, lazy=which % 2 == 1)
                    if dataset is None:
                        none += 1
                    elif fingerprint(dataset) != expected[name]:
                        wrong.append(f"reader {which}: {name} has other bits")
                    reads += 1
                listed = [entry for entry in store.entries() if entry.size == 0]
                wrong.extend(f"reader {which}: {entry.config_id} is listed empty" for entry in listed)
    except (PymtsError, DamagedEntryWarning, OSError) as error:
        wrong.append(f"reader {which}: {error!r}")
    answers.put((reads, none, wrong))


def race(processes: int = 8, rounds: int = 3, readers: int = 2) -> Proof:
    """Ask for the same configurations from many processes at once; one entry each stands, and all get equal bits."""
    context = processes_context()
    expected = {name: digest for name, (_, digest) in expected_of(Grid(RECORDS)).items()}
    with proof("race: many ask for the same") as found, scratch() as place:
        roots = [str(place / f"round{number}") for number in range(rounds)]
        barrier, answers, stop = context.Barrier(processes), context.Queue(), context.Event()
        askers = [
            context.Process(target=_ask, args=(which, roots, expected, barrier, answers)) for which in range(processes)
        ]
        watchers = [
            context.Process(target=_watch, args=(which, roots, expected, stop, answers)) for which in range(readers)
        ]
        try:
            for process in (*watchers, *askers):
                process.start()
            replies = [answers.get(timeout=PATIENCE) for _ in askers]
            stop.set()
            watched = [answers.get(timeout=PATIENCE) for _ in watchers]
        except queue.Empty:
            found.failures.append("a process did not answer in time")
            replies = watched = []
        finally:
            for process in (*askers, *watchers):
                process.join(0 if found.failures else PATIENCE)
                end(process)
        found.tried = sum(reply[0] for reply in replies)
        found.failures += [complaint for reply in (*replies, *watched) for complaint in reply[2]]
        found.check(found.tried == processes * rounds * len(expected) or bool(found.failures), "not all was asked for")
        found.notes = {"reads_beside": sum(w[0] for w in watched), "of_them_none": sum(w[1] for w in watched)}
        for store in map(Store, roots):
            found.check(sorted(store.ids()) == sorted(expected), f"{store}: not one entry of each")
            found.check(not list(housekeeping.temporaries(store.root)), f"{store}: a temporary is left")
            found.check(not store.quarantined(), f"{store}: something is in quarantine")
            found.check(all(item.status == "ok" for item in store.verify()), f"{store}: verify complains")
    return found


# Exit

_SCRIPTS = (
    "from pymts.datasets import make_kuramoto\n"
    "made = make_kuramoto(T=50, seed=1, cache=True, outdir='store')\n"
    "found = make_kuramoto(T=50, seed=1, cache=True, outdir='store')\n"
    "assert made.identical(found)",
    "from pymts import io\n"
    "from pymts.datasets import make_gbm\n"
    "made = make_gbm(T=500, seed=2)\n"
    "io.save_parquet(made, 'saved.parquet')\n"
    "assert io.load_parquet('saved.parquet').identical(made)",
    "from pymts.datasets import load_grid\n"
    "grid = load_grid([{'model': 'var', 'T': 50, 'seed': [1, 2, 3]}], outdir='grid')\n"
    "first, again = list(grid), list(grid)\n"
    "assert all(one.identical(other) for one, other in zip(first, again))",
    "from pymts.configuration import Configuration\n"
    "from pymts.datasets import make_ar\n"
    "from pymts.store import Store\n"
    "make_ar(T=5000, M=9, seed=3, cache=True, outdir='store')\n"
    "configuration = Configuration.of('ar', {'T': 5000, 'M': 9, 'seed': 3})\n"
    "found = Store('store').load(configuration, lazy=True)\n"
    "total = float(found.data[0].sum())",
)


def exits(runs: int, jobs: int = 2) -> Proof:
    """Make, save and load in short scripts; all of them end with 0 and without a word."""

    def one(number: int) -> str | None:
        with scratch() as place:
            command = [sys.executable, "-W", "error", "-c", _SCRIPTS[number % len(_SCRIPTS)]]
            done = subprocess.run(
                command, cwd=place, capture_output=True, text=True, timeout=PATIENCE, check=False
            )
        silent = not done.stdout and not done.stderr
        return None if done.returncode == 0 and silent else f"run {number}: {done.returncode}: {done.stderr[-300:]}"

    with proof("exit: make, save, load in scripts") as found, ThreadPoolExecutor(jobs) as pool:
        for complaint in pool.map(one, range(runs)):
            found.tried += 1
            found.check(complaint is None, str(complaint))
    return found
