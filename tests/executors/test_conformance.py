"""What every executor must do: the same bits, no lost work, and no innocent blamed."""

from __future__ import annotations

import filecmp
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from conftest import EXECUTORS

from pymts import generate
from pymts.plan.grid import Grid
from pymts.run.executors.engine import DIED
from pymts.store.cache import Store

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]
GRID = [
    {"model": "var", "T": 40, "M": [2, 3], "rho": [0.1, 0.5, 0.9], "n_realizations": 2},
    {"model": "kuramoto", "T": 40, "M": 4, "K": {"sweep": [k / 10 for k in range(20)]}},
]


def files(root: Path) -> dict[str, Path]:
    return {path.name: path for path in root.glob("*/[!.]*/*") if path.suffix in (".parquet", ".npz")}


@pytest.mark.parametrize("name", EXECUTORS)
def test_every_executor_gives_the_files_and_the_errors_of_one_process(name: str, tmp_path: Path) -> None:
    import poison  # noqa: F401  (registers the model)

    grid = Grid([*GRID, {"model": "poison", "T": 5, "fails": True}])
    alone = generate(grid, tmp_path / "alone")
    with EXECUTORS[name]() as executor:
        report = generate(grid, tmp_path / name, executor=executor)
        assert report.counts == alone.counts == {"generated": 26, "failed": 1}
        again = generate(grid, tmp_path / name, executor=executor)
        assert again.counts == {"cached": 26, "failed": 1}
    assert [failure.index for failure in report.failures] == [26]
    assert "told to fail" in str(report.failures[0].error)
    assert report.failures[0].config_id == grid[26].config_id
    ours, theirs = files(tmp_path / "alone"), files(tmp_path / name)
    assert set(ours) == set(theirs)
    assert len(ours) == 52
    for one, path in ours.items():
        assert filecmp.cmp(path, theirs[one], shallow=False), one


def poisoned(count: int, **special: Any) -> Grid:
    import poison  # noqa: F401  (registers the model)

    records = [{"model": "poison", "T": 5, "pause": 0.02, "number": number} for number in range(count)]
    for number, extra in special.items():
        records[int(number.removeprefix("n"))].update(extra)
    return Grid(records)


@pytest.mark.parametrize("name", [name for name in EXECUTORS if name != "threads"])  # a thread has no process to lose
def test_only_the_configuration_that_kills_its_worker_is_blamed(name: str) -> None:
    grid = poisoned(6, n4={"deadly": True})
    with EXECUTORS[name]() as executor:
        report = generate(grid, executor=executor)
    assert [(failure.index, failure.error) for failure in report.failures] == [(4, DIED)]
    assert len(report) == 6
    assert len(list(Store().ids())) == 5


def descendants(process: int) -> set[int]:
    """Return the children of a process, and theirs."""
    found: set[int] = set()
    waiting = [process]
    while waiting:
        for task in Path(f"/proc/{waiting.pop()}/task").glob("*/children"):
            children = {int(child) for child in task.read_text().split()}
            waiting += children - found
            found |= children
    return found


@pytest.mark.parametrize("name", [name for name in EXECUTORS if name != "threads"])
def test_a_worker_that_is_killed_loses_nothing(name: str) -> None:
    grid = poisoned(40)
    killed: list[int] = []

    def kill_one() -> None:
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            if len(list(Store().root.glob("poison/[!.]*"))) >= 5:
                victims = sorted(pid for pid in descendants(os.getpid()) if simulates(pid))
                if victims:
                    os.kill(victims[-1], signal.SIGKILL)
                    killed.append(victims[-1])
                    return
            time.sleep(0.02)

    with EXECUTORS[name]() as executor:
        assassin = threading.Thread(target=kill_one)
        assassin.start()
        report = generate(grid, executor=executor)
        assassin.join()
    assert killed
    assert not report.failures
    assert len(report) == 40
    assert len(list(Store().ids())) == 40


def simulates(pid: int) -> bool:
    """Tell a worker, which has loaded the simulation, from a resource tracker."""
    try:
        return "numpy" in Path(f"/proc/{pid}/maps").read_text()
    except OSError:
        return False


DRIVER = """
import sys
from conftest import EXECUTORS
import poison
from pymts import generate
from pymts.plan.grid import Grid

if __name__ == "__main__":
    grid = Grid([{"model": "poison", "T": 5, "pause": 0.05, "number": number} for number in range(400)])
    with EXECUTORS[sys.argv[1]]() as executor:
        generate(grid, executor=executor)
"""


@pytest.mark.parametrize("name", [name for name in EXECUTORS if name != "threads"])
def test_a_killed_driver_leaves_no_orphans_and_its_rerun_makes_nothing_again(name: str, tmp_path: Path) -> None:
    import poison  # noqa: F401  (registers the model)

    script = tmp_path / "driver.py"
    script.write_text(DRIVER)
    with subprocess.Popen([sys.executable, str(script), name], stderr=subprocess.DEVNULL) as driver:
        deadline = time.monotonic() + 60
        while len(published()) < 30 and time.monotonic() < deadline:
            time.sleep(0.02)
        workers = descendants(driver.pid)
        driver.kill()
    deadline = time.monotonic() + 5
    while any(Path(f"/proc/{worker}").exists() for worker in workers) and time.monotonic() < deadline:
        time.sleep(0.05)
    left = [worker for worker in workers if Path(f"/proc/{worker}").exists()]
    assert len(workers) >= 2
    assert not left
    done = published()
    assert 30 <= len(done) < 400
    grid = Grid([{"model": "poison", "T": 5, "pause": 0.05, "number": number} for number in range(400)])
    stored = [index for index, configuration in enumerate(grid) if configuration in Store()]
    assert len(stored) == len(done)
    report = generate(Grid([grid.records[0].cell(0) | {"model": "poison"}]))
    assert report.counts == {"cached": 1}
    assert all(path.stat().st_mtime_ns == time_ns for path, time_ns in done.items())


def published() -> dict[Path, int]:
    return {path: path.stat().st_mtime_ns for path in Store().root.glob("poison/[!.]*/*.parquet")}
