"""Exit codes of the command line."""

from __future__ import annotations

from enum import IntEnum


class Exit(IntEnum):
    """Meaning of each exit code."""

    OK = 0
    SOME_FAILED = 1
    USAGE = 2
    MISMATCH = 3
    INTERRUPTED = 130
