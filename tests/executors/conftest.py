"""A store of its own for each test, and every executor by name."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest
from support import forget

from pymts.run.executors import cluster, processes

HERE = Path(__file__).parent


@pytest.fixture(autouse=True)
def _environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let spawned workers import what this folder registers."""
    monkeypatch.setenv("PYMTS_DATA_HOME", str(tmp_path / "store"))
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(HERE), *sys.path]))
    monkeypatch.setenv("PYMTS_DRIVER", str(os.getpid()))
    monkeypatch.syspath_prepend(str(HERE))
    yield
    forget("poison")
    sys.modules.pop("poison", None)


@contextmanager
def threads() -> Iterator[Callable[[], Executor]]:
    yield partial(ThreadPoolExecutor, 2)


@contextmanager
def spawned() -> Iterator[Callable[[], Executor]]:
    yield processes(2)


@contextmanager
def loky() -> Iterator[Callable[[], Executor]]:
    from loky import ProcessPoolExecutor

    yield partial(ProcessPoolExecutor, 2, timeout=60)


@contextmanager
def dask() -> Iterator[Executor]:
    with cluster("local", 2) as executor:
        yield executor


EXECUTORS = {"threads": threads, "processes": spawned, "loky": loky, "dask": dask}
