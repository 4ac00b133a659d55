"""The errors PyMTS raises on purpose; each message is one sentence that says what to do."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class PymtsError(Exception):
    """Base of every error that PyMTS raises on purpose."""


class InvalidParameterError(PymtsError, ValueError):
    """A parameter is unknown, of the wrong type, out of range or inconsistent with another."""


class UnknownModelError(InvalidParameterError):
    """No model of this name is registered."""


class GridError(InvalidParameterError):
    """A grid cannot be read or holds invalid configurations."""


class TooLargeError(InvalidParameterError):
    """What was asked for does not fit the memory or cell limit."""


class ModelError(PymtsError, TypeError):
    """A model did not return what a model must return."""


class DivergenceError(PymtsError, ArithmeticError):
    """A simulation left the finite numbers; nothing of it is kept."""


class StoreError(PymtsError, OSError):
    """The store cannot be read or written."""


class DamagedEntryError(StoreError):
    """A stored dataset is not what was written; it is never served."""


class MissingLibraryError(PymtsError, ImportError):
    """A library that PyMTS does not depend on, and that was asked for, is not installed."""


class WorkersDiedError(PymtsError, RuntimeError):
    """An executor broke and cannot be made again here; what was finished is stored."""


class DamagedEntryWarning(UserWarning):
    """A stored dataset was damaged and has been moved to quarantine."""


class SlowWarning(UserWarning):
    """What was asked for takes long before anything is seen of it."""


class UnreadableWarning(UserWarning):
    """A part of the store cannot be read, and is left out of what is listed."""


def named(name: str) -> str:
    """Return a name as a message shows it: in quotes and escaped if it holds what cannot be seen or is no name."""
    return name if name.isidentifier() and name.isascii() else repr(name)


def nearest(name: str, known: Iterable[str], cutoff: float = 0.5) -> str:
    """Return ``"; did you mean 'x'?"`` for the closest known name, or an empty string."""
    by_lower = {item.lower(): item for item in known}
    match = difflib.get_close_matches(name.lower(), by_lower, n=1, cutoff=cutoff)
    return f"; did you mean {by_lower[match[0]]!r}?" if match else ""


def counted(n: int, what: str) -> str:
    """Return a number and a noun that agree: ``1 dataset``, ``2 datasets``, ``3 entries``."""
    many = f"{what[:-1]}ies" if what.endswith("y") else f"{what}s"
    return f"{n} {what if n == 1 else many}"


def human_bytes(n: float) -> str:
    """Return a byte count as a person reads it, for example ``"1.5 GiB"``."""
    size = float(n)
    for unit in ("B", "KiB", "MiB", "GiB"):
        if size < 1024:
            return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"
        size /= 1024
    return f"{size:.1f} TiB"
