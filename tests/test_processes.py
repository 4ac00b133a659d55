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

from pymts.cli.exitcodes import Exit


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
    path.write_text(f"configs: [{{model: kuramoto, T: 2000, M: 20, K: 1.0, seed: {list(range(900))}}}]")
    environment = {**os.environ, "PYMTS_DATA_HOME": str(home)}
    command = [sys.executable, "-m", "pymts", "generate", "-c", str(path), "--save"]
    with subprocess.Popen(
        command,
        env=environment,
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        # Where the tests run in the background of a shell, their children would ignore the signal.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509  (one system call)
    ) as process:
        deadline = time.monotonic() + 60
        while len(stored(home)) < 2 and time.monotonic() < deadline:
            time.sleep(0.02)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)
    assert process.returncode == Exit.INTERRUPTED
    assert "run the same command again to resume" in err
    assert "Traceback" not in err
    done = len(stored(home))
    assert 2 <= done < 900
    assert not list(home.glob("**/.tmp-*")), "an interrupted write leaves nothing"
    rows = json.loads(
        subprocess.run(
            [*command, "--dry-run", "--json"], env=environment, capture_output=True, text=True, check=True
        ).stdout
    )
    assert sum(row["status"] == "cached" for row in rows) == done


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
