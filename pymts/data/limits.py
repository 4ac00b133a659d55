"""Available memory, and the limits derived from it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pymts.errors import TooLargeError, human_bytes

# Maximum data in a batch of small configurations, or in a block of realizations of a large one.
BLOCK_BYTES = 64 * 2**20
# A dataset of n bytes needs about twice as much while it is generated: noise, truth, checks.
HEADROOM = 2
_CGROUP = Path("/sys/fs/cgroup")
_FALLBACK = 4 * 2**30


def _read_int(path: Path) -> int | None:
    try:
        return int(path.read_text())
    except (OSError, ValueError):
        return None


def available_memory() -> int:
    """Return the bytes that this process can still allocate: free memory, within the control group's limit."""
    free = _FALLBACK
    try:
        lines = Path("/proc/meminfo").read_text().splitlines()
        free = next(int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable:"))
    except (OSError, StopIteration):
        if hasattr(os, "sysconf") and "SC_AVPHYS_PAGES" in os.sysconf_names:
            free = os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    for limit_name, used_name in (
        ("memory.max", "memory.current"),
        ("memory/memory.limit_in_bytes", "memory/memory.usage_in_bytes"),
    ):
        limit, used = _read_int(_CGROUP / limit_name), _read_int(_CGROUP / used_name)
        if limit is not None and used is not None:
            free = min(free, max(limit - used, 0))
    return free


def check_fits(what: str, n_bytes: int, remedy: str, max_bytes: int | None = None) -> None:
    """Raise TooLargeError if a dataset of ``n_bytes`` does not fit; nothing has been allocated yet."""
    limit = available_memory() // HEADROOM if max_bytes is None else max_bytes
    if n_bytes > limit:
        raise TooLargeError(f"{what} needs {human_bytes(n_bytes)}, but at most {human_bytes(limit)} fit; {remedy}")


@contextmanager
def memory_told(what: str) -> Iterator[None]:
    """Turn a MemoryError into a TooLargeError: allocation can fail despite reported free memory."""
    try:
        yield
    except MemoryError as error:
        why = " ".join(str(error).split())
        raise TooLargeError(
            f"{what} did not fit in memory{f' ({why})' if why else ''}; lower n_realizations, T or M"
        ) from None
