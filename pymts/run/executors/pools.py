"""Creates executors, and counts the workers of any executor."""

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

# An executor, or a function that creates one, called again if the executor breaks.
ExecutorLike: TypeAlias = Executor | Callable[[], Executor]
CONNECT_SECONDS = 10.0  # timeout for a scheduler to answer


def processes(jobs: int) -> Callable[[], Executor]:
    """Return a factory of pools with this many spawned processes, which always end with their parent."""
    start = partial(end_with, here(), child=True)
    return partial(ProcessPoolExecutor, jobs, mp_context=get_context("spawn"), initializer=start)


@contextmanager
def cluster(address: str, jobs: int | None = None) -> Iterator[Executor]:
    """Open a Dask cluster and return its executor.

    Parameters
    ----------
    address : str
        Address of a scheduler, such as ``tcp://host:8786``, or ``local`` for processes reachable only from this
        machine.
    jobs : int or None
        Number of processes of a local cluster; ``None`` means one per core.

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
        # Any free loopback port: a second cluster would find the default one taken.
        options: dict[str, Any] = {"dashboard_address": "127.0.0.1:0", "host": "127.0.0.1", "silence_logs": 50}
        # Tasks of a dying worker fail at once: finding the culprit ourselves is faster.
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
    """Return the number of workers of an executor if it is known, or the number of cores."""
    client = getattr(executor, "_client", None)
    if client is not None and hasattr(client, "nthreads"):
        return max(1, int(sum(client.nthreads().values())))
    return int(getattr(executor, "_max_workers", None) or os.cpu_count() or 1)


def is_death(error: BaseException) -> bool:
    """Return whether an error means that a worker of the pool or cluster died, rather than one of ours."""
    if isinstance(error, BrokenExecutor | CancelledError):
        return True
    return any(kind.__name__ in ("KilledWorker", "CancelledError") for kind in type(error).__mro__)
