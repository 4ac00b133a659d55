"""The errors that PyMTS raises deliberately; each message is one sentence with a remedy."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class PymtsError(Exception):
    """Base of all errors that PyMTS raises deliberately."""


class InvalidParameterError(PymtsError, ValueError):
    """A parameter is unknown, has the wrong type, is out of range or conflicts with another."""


class UnknownModelError(InvalidParameterError):
    """No model of this name is registered."""


class GridError(InvalidParameterError):
    """A grid cannot be read or contains invalid configurations."""


class TooLargeError(InvalidParameterError):
    """The request exceeds the memory or cell limit."""


class ModelError(PymtsError, TypeError):
    """A model returned an invalid result."""


class DivergenceError(PymtsError, ArithmeticError):
    """A simulation produced values that are not finite; nothing is kept."""


class StoreError(PymtsError, OSError):
    """The store cannot be read or written."""


class DamagedEntryError(StoreError):
    """A stored dataset does not match its checksums; it is never returned."""


class MissingLibraryError(PymtsError, ImportError):
    """An optional library that is needed is not installed."""


class WorkersDiedError(PymtsError, RuntimeError):
    """An executor broke and cannot be recreated; finished datasets are stored."""


class DamagedEntryWarning(UserWarning):
    """A stored dataset was damaged and has been moved to quarantine."""


class SlowWarning(UserWarning):
    """The request takes a long time before it shows any result."""


class UnreadableWarning(UserWarning):
    """A part of the store cannot be read and is left out of listings."""


def named(name: str) -> str:
    """Return a name for a message, quoted and escaped unless it is a plain identifier."""
    return name if name.isidentifier() and name.isascii() else repr(name)


def nearest(name: str, known: Iterable[str], cutoff: float = 0.5) -> str:
    """Return ``"; did you mean 'x'?"`` for the closest known name, or an empty string."""
    by_lower = {item.lower(): item for item in known}
    match = difflib.get_close_matches(name.lower(), by_lower, n=1, cutoff=cutoff)
    return f"; did you mean {by_lower[match[0]]!r}?" if match else ""


def counted(n: int, what: str) -> str:
    """Return a number and a noun in agreement: ``1 dataset``, ``2 datasets``, ``3 entries``."""
    many = f"{what[:-1]}ies" if what.endswith("y") else f"{what}s"
    return f"{n} {what if n == 1 else many}"


def human_bytes(n: float) -> str:
    """Return a human-readable byte count, for example ``"1.5 GiB"``."""
    size = float(n)
    for unit in ("B", "KiB", "MiB", "GiB"):
        if size < 1024:
            return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"
        size /= 1024
    return f"{size:.1f} TiB"
