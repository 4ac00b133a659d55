"""Lists of numbers written as a rule in a grid, such as ``{linspace: [0, 4, 9]}``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

MOST = 100_000
DIGITS = 12  # digits beyond these are rounding errors


def _linspace(start: float, stop: float, count: float) -> Any:
    return np.linspace(start, stop, int(count))


def _logspace(start: float, stop: float, count: float) -> Any:
    return np.logspace(start, stop, int(count))


def _range(start: float, stop: float, step: float) -> Any:
    return start + step * np.arange(max(0, np.ceil(round((stop - start) / step, 9))))


RULES: dict[str, tuple[str, Callable[[float, float, float], Any]]] = {
    "linspace": ("[first, last, count]", _linspace),
    "logspace": ("[first exponent, last exponent, count] in powers of ten", _logspace),
    "range": ("[first, end, step], end excluded", _range),
}


def rule_of(value: Any) -> str | None:
    """Return the name of the rule that a value uses, or None."""
    return next((name for name in RULES if isinstance(value, dict) and set(value) == {name}), None)


def spelled_out(name: str, numbers: Any) -> list[float | int]:
    """Return the numbers that a rule defines; whole ones as integers.

    Raises
    ------
    ValueError
        Unless it has three numbers that define at least one and at most 100,000 values.
    """
    form, make = RULES[name]
    plain = isinstance(numbers, list) and len(numbers) == 3
    if not plain or any(isinstance(n, bool) or not isinstance(n, int | float) or not np.isfinite(n) for n in numbers):
        raise ValueError(f"must be {{{name}: {form}}}, got {numbers!r:.60}")
    first, last, third = numbers
    if name == "range":
        count = (last - first) / third if third else 0.0
    else:
        count = third if float(third).is_integer() else 0.0
    if not 0 < count <= MOST:
        raise ValueError(f"must be {{{name}: {form}}} with 1 to {MOST} values, got {numbers!r}")
    values = [float(f"{value:.{DIGITS}g}") for value in make(first, last, third).tolist()]
    whole = all(value.is_integer() for value in values) and all(isinstance(n, int) for n in (first, last))
    return [int(value) for value in values] if whole and name != "logspace" else values
