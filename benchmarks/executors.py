"""What executors cost and give back: ``python -m benchmarks.executors [--quick] [--save]``.

Overhead a configuration at ranges of 1 and of 100, a grid on one and two workers against one process, and the time that
a killed worker takes away.
"""

from __future__ import annotations

import argparse
import os
import signal
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from unittest import mock

from pymts import generate
from pymts.plan.grid import Grid
from pymts.run.executors import ExecutorLike, Report, cluster, processes
from pymts.run.executors.engine import Estimate


@contextmanager
def _threads(workers: int) -> Iterator[ExecutorLike]:
    yield partial(ThreadPoolExecutor, workers)


@contextmanager
def _processes(workers: int) -> Iterator[ExecutorLike]:
    yield processes(workers)


@contextmanager
def _loky(workers: int) -> Iterator[Callable[[], Executor]]:
    from loky import ProcessPoolExecutor

    yield partial(ProcessPoolExecutor, workers)


@contextmanager
def _dask(workers: int) -> Iterator[Executor]:
    with cluster("local", workers) as executor:
        yield executor


HERE = Path(__file__).parent
EXECUTORS = {"threads": _threads, "processes": _processes, "loky": _loky, "dask": _dask}


def tiny(count: int) -> Grid:
    """Configurations that take next to no time."""
    return Grid([{"model": "ar", "T": 5, "M": 2, "p": 1, "seed": {"sweep": list(range(count))}}])


def mixed(count: int) -> Grid:
    """Flows and linear models of some milliseconds each."""
    seeds = {"sweep": list(range(count // 2))}
    return Grid(
        [{"model": "kuramoto", "M": 10, "T": 500, "seed": seeds}, {"model": "var", "M": 10, "T": 2000, "seed": seeds}]
    )


def timed(
    grid: Grid, executor: ExecutorLike | None, during: Callable[[Path], None] | None = None
) -> tuple[float, Report]:
    """Generate a grid into a store of its own; return the seconds and the report."""
    with tempfile.TemporaryDirectory() as folder:
        if during is not None:
            threading.Thread(target=during, args=(Path(folder),), daemon=True).start()
        began = time.perf_counter()
        report = generate(grid, folder, executor=executor)
        return time.perf_counter() - began, report


def warm(executor: ExecutorLike) -> None:
    """Let the workers of a cluster import what they need; pools are made anew for every run."""
    timed(tiny(64), executor)


def overhead(count: int) -> Iterator[str]:
    """Yield the milliseconds a configuration beyond what one process takes, start of the workers taken out."""
    alone = timed(tiny(count), None)[0] / count
    yield f"\n{count} tiny configurations in one process: {alone * 1e3:.2f} ms each. On workers, start taken out:\n"
    yield "| executor, 2 workers | ranges of 1, ms | ranges of 100, ms | start, s |\n|---|---:|---:|---:|"
    for name, opened in EXECUTORS.items():
        with opened(2) as executor:
            warm(executor)
            start = timed(tiny(2), executor)[0]
            cells = []
            for size in (1, 100):
                with mock.patch.object(Estimate, "size", lambda _self, left, _workers, size=size: min(left, size)):
                    cells.append(f"{(timed(tiny(count), executor)[0] - start) / count * 1e3:.2f}")
        yield f"| {name} | {' | '.join(cells)} | {start:.1f} |"


def speedup(count: int) -> Iterator[str]:
    """Yield the seconds of a grid on one and two workers over those of one process."""
    alone = timed(mixed(count), None)[0]
    yield f"\n{count} configurations of milliseconds in one process: {alone:.1f} s. Start of the workers included:\n"
    yield "| executor | 1 worker, s | 2 workers, s | one process over 2 workers |\n|---|---:|---:|---:|"
    for name, opened in EXECUTORS.items():
        spent = []
        for workers in (1, 2):
            with opened(workers) as executor:
                warm(executor)
                spent.append(timed(mixed(count), executor)[0])
        yield f"| {name} | {spent[0]:.1f} | {spent[1]:.1f} | {alone / spent[1]:.2f} |"


def _workers(process: int) -> list[int]:
    found = []
    for task in Path(f"/proc/{process}/task").glob("*/children"):
        for child in map(int, task.read_text().split()):
            found += [child, *_workers(child)]
    return found


def _simulates(process: int) -> bool:
    try:
        return "numpy" in Path(f"/proc/{process}/maps").read_text()
    except OSError:
        return False


def _kill_one(store: Path) -> None:
    while len(list(store.glob("*/[!.]*"))) < 20:
        time.sleep(0.02)
    os.kill(max(process for process in _workers(os.getpid()) if _simulates(process)), signal.SIGKILL)


def recovery(count: int) -> Iterator[str]:
    """Yield what a killed worker costs: seconds beyond an undisturbed run, and what was not made."""
    yield f"\n{count} of the same on 2 workers, of which one is killed on the way:\n"
    yield "| executor | undisturbed, s | a worker killed, s | configurations lost |\n|---|---:|---:|---:|"
    for name in ("processes", "loky", "dask"):
        spent = []
        for during in (None, _kill_one):
            with EXECUTORS[name](2) as executor:
                warm(executor)
                seconds, report = timed(mixed(count), executor, during)
                spent.append(seconds)
        lost = count - len(report) + len(report.failures)
        yield f"| {name} | {spent[0]:.1f} | {spent[1]:.1f} | {lost} |"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.executors", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer configurations")
    parser.add_argument("--save", action="store_true", help="write EXECUTORS.md")
    options = parser.parse_args()
    lines = ["# Executors", "\nMade by `python -m benchmarks.executors --save`."]
    for part, count, fewer in ((overhead, 1000, 200), (speedup, 2000, 200), (recovery, 1000, 200)):
        for line in part(fewer if options.quick else count):
            print(line, flush=True)
            lines.append(line)
    if options.save:
        (HERE / "EXECUTORS.md").write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
