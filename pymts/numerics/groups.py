"""Groups of up to eight realizations, worked on side by side on all cores: their number cannot show in a bit.

A group of realizations of one configuration is the work of one thread, from its first step to its last.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from multiprocessing import parent_process

import numpy as np
from numpy.typing import NDArray

from pymts.errors import InvalidParameterError
from pymts.numerics.portable.lanes import LANES

# Fewer realizations than this are worked on one by one: eight lanes cost more than a few single ones.
FEW = 4
# Handing work to a thread costs as much as so many values.
SMALL = 2**16
POLL_SECONDS = 0.1
# Values of a series that are worked on at once.
PIECE = 2**20

Array = NDArray[np.float64]
Work = Callable[[int, slice], Iterator[None]]

_local = threading.local()
_pools: dict[int, ThreadPoolExecutor] = {}


def threads() -> int:
    """Return how many threads share the work of this call.

    ``PYMTS_NUM_THREADS``, or the cores that this process may use; one within a worker, or within any thread but the
    main one.
    """
    if getattr(_local, "alone", False) or parent_process() is not None:
        return 1
    if threading.current_thread() is not threading.main_thread():
        return 1
    given = os.environ.get("PYMTS_NUM_THREADS", "")
    if not given:
        return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    if not given.isascii() or not given.isdigit() or int(given) < 1:
        raise InvalidParameterError(f"PYMTS_NUM_THREADS must be a positive integer, got {given!r}")
    return int(given)


@contextmanager
def alone() -> Iterator[None]:
    """Use one thread for what this thread does, as a worker of an executor should."""
    before = getattr(_local, "alone", False)
    _local.alone = True
    try:
        yield
    finally:
        _local.alone = before


def lanes_of(realizations: int) -> int:
    """Return how many realizations are worked on side by side: 1 or 8."""
    return 1 if realizations < FEW else LANES


def each_group(work: Work, batch: int, realizations: int, values: int) -> None:
    """Call ``work(configuration, realizations)`` for each group, on all cores.

    Parameters
    ----------
    work : generator function
        It yields several times a second, so that an interrupt can end it there.
    batch, realizations : int
        Their numbers.
    values : int
        What a realization has to compute, roughly: little work stays in this thread.
    """
    size = lanes_of(realizations)
    groups = [(b, slice(r, min(r + size, realizations))) for b in range(batch) for r in range(0, realizations, size)]
    count = min(threads(), len(groups))
    if count == 1 or batch * realizations * values < SMALL:
        for group in groups:
            for _ in work(*group):
                pass
        return
    shared, lock, stop = iter(groups), threading.Lock(), threading.Event()

    def worker() -> None:
        while not stop.is_set():
            with lock:
                group = next(shared, None)
            if group is None:
                return
            for _ in work(*group):
                if stop.is_set():
                    return

    running = [_pool(count).submit(worker) for _ in range(count)]
    try:
        _wait(running)
    finally:
        stop.set()
        wait(running)
    for done in running:
        done.result()


def each_series(function: Callable[[Array, Array], None], data: Array) -> Array:
    """Put function(x) in the place of each value of data (B, R, ...), on all cores; return data.

    ``function`` writes what it makes of its first argument, flat and contiguous, to its second, which may be the first.
    """

    def work(b: int, rows: slice) -> Iterator[None]:
        for r in range(rows.start, rows.stop):
            flat = data[b, r].reshape(-1)
            for first in range(0, flat.size, PIECE):
                part = flat[first : first + PIECE]
                function(part, part)
                yield

    each_group(work, data.shape[0], data.shape[1], data[0, 0].size if data.size else 0)
    return data


def _wait(running: list[Future[None]]) -> None:
    """Wait until all are done, or one has failed; an interrupt gets through."""
    left = set(running)
    while left:
        done, left = wait(left, timeout=POLL_SECONDS, return_when="FIRST_EXCEPTION")
        if any(one.exception() for one in done):
            return


def _pool(count: int) -> ThreadPoolExecutor:
    if count not in _pools:
        _pools[count] = ThreadPoolExecutor(count, "pymts")
    return _pools[count]


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_pools.clear)  # a fork has no threads but its own
