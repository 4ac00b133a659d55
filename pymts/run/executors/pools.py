"""Executors: those that are made here, and how many workers any of them has."""

from __future__ import annotations

import importlib
import os
from collections.abc import Callable, Iterator
from concurrent.futures import BrokenExecutor, CancelledError, Executor, ProcessPoolExecutor
from contextlib import contextmanager
from functools import partial
from multiprocessing import get_context
from typing import Any, TypeAlias

from pymts.errors import InvalidParameterError, MissingLibraryError
from pymts.run.executors.worker import end_with, here

# An executor, or a function that makes one, which is called again should it break.
ExecutorLike: TypeAlias = Executor | Callable[[], Executor]
CONNECT_SECONDS = 10.0  # for a scheduler to answer


def processes(jobs: int) -> Callable[[], Executor]:
    """Return a maker of pools of so many processes, spawned, which end with their parent whatever ends it."""
    start = partial(end_with, here(), child=True)
    return partial(ProcessPoolExecutor, jobs, mp_context=get_context("spawn"), initializer=start)


@contextmanager
def cluster(address: str, jobs: int | None = None) -> Iterator[Executor]:
    """Open a Dask cluster and give its executor.

    Parameters
    ----------
    address : str
        Of a scheduler, such as ``tcp://host:8786``; or ``local`` for processes that only this machine can reach.
    jobs : int or None
        Processes of a local cluster; ``None`` takes one a core.

    Raises
    ------
    MissingLibraryError
        If distributed is not installed.
    InvalidParameterError
        If the scheduler cannot be reached.
    """
    try:
        distributed: Any = importlib.import_module("distributed")
    except ImportError:
        raise MissingLibraryError("--dask needs distributed; install it with: pip install 'pymts[dask]'") from None
    if address == "local":
        workers = jobs or os.cpu_count() or 1
        # Any free port of the loopback: a second cluster would find the usual one taken.
        options: dict[str, Any] = {"dashboard_address": "127.0.0.1:0", "host": "127.0.0.1", "silence_logs": 50}
        # What a dying worker had comes back at once: finding the culprit is our own work, and quicker.
        with importlib.import_module("dask").config.set({"distributed.scheduler.allowed-failures": 0}):
            local = distributed.LocalCluster(n_workers=workers, threads_per_worker=1, **options)
        with local, distributed.Client(local) as client:
            yield client.get_executor(pure=False)
        return
    try:
        client = distributed.Client(address, timeout=CONNECT_SECONDS)
    except (OSError, ValueError) as error:
        raise InvalidParameterError(f"--dask: no scheduler answers at {address!r}: {error}") from None
    with client:
        yield client.get_executor(pure=False)


def width(executor: Executor) -> int:
    """Return how many workers an executor has, as far as it tells, or the number of cores."""
    client = getattr(executor, "_client", None)
    if client is not None and hasattr(client, "nthreads"):
        return max(1, int(sum(client.nthreads().values())))
    return int(getattr(executor, "_max_workers", None) or os.cpu_count() or 1)


def is_death(error: BaseException) -> bool:
    """Tell an error of the pool or the cluster, a worker that died, from one of ours."""
    if isinstance(error, BrokenExecutor | CancelledError):
        return True
    return any(kind.__name__ in ("KilledWorker", "CancelledError") for kind in type(error).__mro__)
