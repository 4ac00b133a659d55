"""Exit: short scripts that make, save and load, and end with 0."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

from benchmarks.reliability.common import PATIENCE, Proof, proof, scratch

_SCRIPTS = (
    (
        "from pymts.datasets import make_kuramoto\n"
        "made = make_kuramoto(T=50, seed=1, cache=True, outdir='store')\n"
        "found = make_kuramoto(T=50, seed=1, cache=True, outdir='store')\n"
        "assert made.identical(found)"
    ),
    (
        "from pymts import io\n"
        "from pymts.datasets import make_gbm\n"
        "made = make_gbm(T=500, seed=2)\n"
        "io.save_parquet(made, 'saved.parquet')\n"
        "assert io.load_parquet('saved.parquet').identical(made)"
    ),
    (
        "from pymts.datasets import load_grid\n"
        "grid = load_grid([{'model': 'var', 'T': 50, 'seed': [1, 2, 3]}], outdir='grid')\n"
        "first, again = list(grid), list(grid)\n"
        "assert all(one.identical(other) for one, other in zip(first, again))"
    ),
    (
        "from pymts.plan.configuration import Configuration\n"
        "from pymts.datasets import make_ar\n"
        "from pymts.store.cache import Store\n"
        "make_ar(T=5000, M=9, seed=3, cache=True, outdir='store')\n"
        "configuration = Configuration.of('ar', {'T': 5000, 'M': 9, 'seed': 3})\n"
        "found = Store('store').load(configuration, lazy=True)\n"
        "total = float(found.data[0].sum())"
    ),
)


def exits(runs: int, jobs: int = 2) -> Proof:
    """Make, save and load in short scripts; all of them end with 0 and without a word."""

    def one(number: int) -> str | None:
        with scratch() as place:
            command = [sys.executable, "-W", "error", "-c", _SCRIPTS[number % len(_SCRIPTS)]]
            done = subprocess.run(command, cwd=place, capture_output=True, text=True, timeout=PATIENCE, check=False)
        silent = not done.stdout and not done.stderr
        return None if done.returncode == 0 and silent else f"run {number}: {done.returncode}: {done.stderr[-300:]}"

    with proof("exit: make, save, load in scripts") as found, ThreadPoolExecutor(jobs) as pool:
        for complaint in pool.map(one, range(runs)):
            found.tried += 1
            found.check(complaint is None, str(complaint))
    return found
