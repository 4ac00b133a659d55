"""Groups of realizations on threads: all are done, errors and interrupts end them, workers use one."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from pymts.errors import InvalidParameterError
from pymts.numerics import groups
from pymts.numerics.groups import alone, each_group, threads


@pytest.mark.parametrize("count", ["1", "2", "5"])
@pytest.mark.parametrize("realizations", [1, 3, 4, 8, 17])
def test_every_realization_is_worked_on_once(count: str, realizations: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYMTS_NUM_THREADS", count)
    done = np.zeros((3, realizations))

    def work(b: int, rows: slice) -> Iterator[None]:
        done[b, rows] += 1
        yield
        done[b, rows] += 1

    each_group(work, 3, realizations, groups.SMALL)
    assert (done == 2).all()


def test_work_is_shared_by_as_many_threads_as_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYMTS_NUM_THREADS", "3")
    together = threading.Barrier(3, timeout=10)

    def work(_b: int, _rows: slice) -> Iterator[None]:
        together.wait()
        yield

    each_group(work, 3, 1, groups.SMALL)
    monkeypatch.setenv("PYMTS_NUM_THREADS", "2")
    together = threading.Barrier(3, timeout=0.2)
    with pytest.raises(threading.BrokenBarrierError):
        each_group(work, 3, 1, groups.SMALL)


def test_an_error_ends_the_others_and_is_raised(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYMTS_NUM_THREADS", "2")

    def work(b: int, _rows: slice) -> Iterator[None]:
        if b == 1:
            raise ValueError("of b")
        while True:
            time.sleep(0.01)
            yield

    with pytest.raises(ValueError, match="of b"):
        each_group(work, 2, 1, groups.SMALL)


def test_workers_use_one_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYMTS_NUM_THREADS", "4")
    assert threads() == 4
    with alone():
        assert threads() == 1
    assert threads() == 4
    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(threads).result() == 1


def test_the_number_of_threads_is_a_positive_integer(monkeypatch: pytest.MonkeyPatch) -> None:
    for wrong in ("0", "-1", "two", "1.5"):
        monkeypatch.setenv("PYMTS_NUM_THREADS", wrong)
        with pytest.raises(InvalidParameterError, match=f"must be a positive integer, got '{wrong}'"):
            threads()
    monkeypatch.setenv("PYMTS_NUM_THREADS", "")
    assert threads() >= 1


LONG = """
import sys, time
from pymts.datasets import make_lorenz
make_lorenz(T=2, seed=1)
print("ready", flush=True)
try:
    make_lorenz(M=60, T=10, sample_every=10**6, n_realizations=RUNS, seed=1)
except KeyboardInterrupt:
    print("interrupted", flush=True)
"""


@pytest.mark.slow
@pytest.mark.parametrize("runs", [1, 100])
def test_an_interrupt_is_honoured_within_a_second(runs: int) -> None:
    code = LONG.replace("RUNS", str(runs))
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        time.sleep(1.0)
        process.send_signal(signal.SIGINT)
        began = time.monotonic()
        assert process.stdout.readline() == "interrupted\n"
        assert time.monotonic() - began < 1.0
        process.kill()
