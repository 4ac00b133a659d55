"""Runs that are interrupted, and workers that are killed or orphaned."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from pymts.exitcodes import Exit
from pymts.grid import Grid


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PYMTS_DATA_HOME", str(tmp_path / "store"))
    monkeypatch.setenv("COLUMNS", "200")
    return tmp_path / "store"


def stored(home: Path) -> list[Path]:
    """Return the published Parquet files; what is being written lies under a name with a dot."""
    return sorted(home.glob("*/[!.]*/*.parquet"))


def test_an_interrupted_run_exits_with_130_and_resumes(tmp_path: Path, home: Path) -> None:
    path = tmp_path / "long.yaml"
    path.write_text(f"configs: [{{model: kuramoto, T: 2000, M: 20, K: 1.0, seed: {list(range(400))}}}]")
    environment = {**os.environ, "PYMTS_DATA_HOME": str(home)}
    command = [sys.executable, "-m", "pymts", "generate", "-c", str(path), "--save"]
    with subprocess.Popen(
        command, env=environment, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        deadline = time.monotonic() + 60
        while len(stored(home)) < 2 and time.monotonic() < deadline:
            time.sleep(0.02)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)
    assert process.returncode == Exit.INTERRUPTED
    assert "goes on where it stopped" in err
    assert "Traceback" not in err
    done = len(stored(home))
    assert 2 <= done < 400
    assert not list(home.glob("**/.tmp-*")), "an interrupted write leaves nothing"
    rows = json.loads(
        subprocess.run(
            [*command, "--dry-run", "--json"], env=environment, capture_output=True, text=True, check=True
        ).stdout
    )
    assert sum(row["status"] == "cached" for row in rows) == done


def test_a_killed_worker_is_replaced_and_only_the_culprit_blamed(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One configuration kills the process that simulates it; all others are generated."""
    killer = tmp_path / "sitecustomize.py"
    killer.write_text(
        "import sys, os\n"
        "if any('spawn_main' in argument for argument in sys.orig_argv):\n"
        "    import pymts.simulate as s, pymts.generator as g\n"
        "    real = s.simulate_whole, s.simulate\n"
        "    def check(cs):\n"
        "        if any(c.values.get('rho') == 0.2 for c in cs): os._exit(9)\n"
        "    g.simulate_whole = lambda c: (check([c]), real[0](c))[1]\n"
        "    g.simulate = lambda cs, r=None: (check(cs), real[1](cs, r))[1]\n"
    )
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    from pymts.parallel import run_parallel
    from pymts.store import Store

    grid = Grid([{"model": "ar", "T": 9, "rho": [k / 20 for k in range(19)]}])
    results = {result.index: result for result in run_parallel(grid, range(len(grid)), Store(), 2)}
    assert sorted(results) == list(range(19))
    failed = [index for index, result in results.items() if result.error]
    assert failed == [4]
    assert "died" in str(results[4].error)
    assert len(stored(home)) == 18


def test_workers_end_with_their_parent(home: Path, tmp_path: Path) -> None:
    path = tmp_path / "long.yaml"
    path.write_text(f"configs: [{{model: kuramoto, T: 5000, M: 50, K: 1.0, seed: {list(range(200))}}}]")
    command = [sys.executable, "-m", "pymts", "generate", "-c", str(path), "--save", "--jobs", "2"]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL) as process:
        workers: set[int] = set()
        deadline = time.monotonic() + 60
        while len(workers) < 2 and time.monotonic() < deadline:
            children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
            workers = {int(child) for child in children if b"spawn_main" in Path(f"/proc/{child}/cmdline").read_bytes()}
            time.sleep(0.05)
        assert len(workers) == 2
        process.kill()
    deadline = time.monotonic() + 30
    while any(Path(f"/proc/{worker}").exists() for worker in workers) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not any(Path(f"/proc/{worker}").exists() for worker in workers)
