"""Race: many processes that ask for the same configurations, and readers beside them."""

from __future__ import annotations

import os
import queue
import warnings
from collections.abc import Iterator
from typing import Any

import xarray as xr

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
from pymts.datasets import load_grid
from pymts.errors import DamagedEntryWarning, PymtsError, StoreError
from pymts.plan.grid import Grid
from pymts.run.generator import run
from pymts.store.cache import Store
from pymts.store.entries import housekeeping


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
            for store in map(Store, filter(os.path.isdir, roots)):
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
