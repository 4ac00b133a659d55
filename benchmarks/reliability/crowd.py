"""Crowd: a store of very many tiny entries, and how long it takes to list it, to hit, to miss and to clean it."""

from __future__ import annotations

import json
import random
import statistics
import subprocess
import sys
from pathlib import Path
from typing import Any

from benchmarks.reliability.common import Proof, proof, scratch
from benchmarks.timing import seconds
from pymts.plan.grid import Grid
from pymts.run.generator import run
from pymts.store import disk
from pymts.store.cache import Store

_LOOKS = 200  # hits and misses that are timed


def _grid(entries: int, first: int = 0) -> Grid:
    return Grid([{"model": "noise_gaussian", "M": 1, "T": 1, "seed": {"sweep": list(range(first, first + entries))}}])


def _command(*arguments: str) -> tuple[float, str]:
    """Return how long a command takes, its start included, and what it prints."""
    printed: list[str] = []

    def call() -> None:
        command = [sys.executable, "-m", "pymts", *arguments]
        printed.append(subprocess.run(command, capture_output=True, text=True, check=True).stdout)

    return seconds(call), printed[0]


def _leave_behind(root: Path, count: int) -> None:
    """Leave temporaries of writers that are dead: the names carry a process that has ended."""
    ended = subprocess.run([sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True, check=True)
    for _ in range(count):
        name = disk.temporary_name().rsplit("-", 2)
        (root / "noise_gaussian" / f"{name[0]}-{int(ended.stdout)}-{name[2]}").mkdir()


def crowd(entries: int, seed: int = 0) -> Proof:
    """Make a store of so many entries and time what users do with it."""
    with proof("crowd: a store of many entries") as found, scratch() as place:
        root = str(place / "store")
        store, grid = Store(root, "batch"), _grid(entries)
        notes: dict[str, Any] = {"entries": entries}

        def fill() -> None:
            for outcome in run(enumerate(grid), store, keep=False):
                if outcome.error is not None:
                    raise outcome.error
            store.sync()

        notes["written_s"] = round(seconds(fill), 1)
        notes["ls_s"], listed = _command("cache", "ls", "--outdir", root, "--json")
        notes["du_s"], used = _command("cache", "du", "--outdir", root, "--json")
        found.check(len(json.loads(listed)) == entries, "not every entry is listed")
        found.check(json.loads(used)[0]["datasets"] == entries, "not every entry is counted")
        chosen = random.Random(seed).sample(range(entries), min(_LOOKS, entries))
        there, absent = [grid[i] for i in chosen], list(_grid(_LOOKS, entries))
        hits = [seconds(lambda c=c: found.check(store.load(c) is not None, f"{c.config_id} is lost")) for c in there]
        misses = [seconds(lambda c=c: found.check(store.load(c) is None, f"{c.config_id} is there")) for c in absent]
        by_name = [seconds(lambda c=c: store.open_id(c.config_id, lazy=True)) for c in there]
        notes |= {
            "hit_ms": round(1e3 * statistics.median(hits), 2),
            "hit_worst_ms": round(1e3 * max(hits), 2),
            "miss_ms": round(1e3 * statistics.median(misses), 3),
            "by_name_ms": round(1e3 * statistics.median(by_name), 2),
        }
        notes["path_s"], _ = _command("cache", "path", there[0].config_id, "--outdir", root)
        _leave_behind(Path(root), 20)
        notes["prune_s"] = round(seconds(lambda: notes.update(pruned=len(store.prune()))), 2)
        found.check(notes["pruned"] == 20, f"{notes['pruned']} of 20 temporaries are pruned")
        notes["verify_1000_s"] = round(
            seconds(lambda: [*store.verify(c.config_id for c in there)]) * 1000 / len(there), 1
        )
        found.tried = entries
        found.notes = {key: round(value, 3) if isinstance(value, float) else value for key, value in notes.items()}
    return found
