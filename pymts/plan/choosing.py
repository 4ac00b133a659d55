"""Selecting configurations by position, mask, name, or parameter values."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from pymts.errors import InvalidParameterError, nearest

MODEL = "model"


def positions(key: Any, total: int, of_name: Callable[[str], int]) -> Sequence[int]:
    """Return the positions selected by a slice, a list of positions or names, or a boolean mask.

    Raises
    ------
    InvalidParameterError
        If a mask has the wrong length, or the key is none of these.
    IndexError, KeyError
        If a position or a name does not exist.
    """
    if isinstance(key, slice):
        return range(total)[key]
    asked = np.asarray(key)
    if asked.dtype == bool:
        if asked.shape != (total,):
            raise InvalidParameterError(
                f"a mask must have one value for each of {total} configurations, got {asked.size}"
            )
        return tuple(np.flatnonzero(asked).tolist())
    if asked.ndim != 1 or (asked.size and asked.dtype.kind not in "iuUO"):
        raise InvalidParameterError(
            f"select by a position, a config_id, a slice, a list of these or a boolean mask, got {key!r:.60}"
        )
    found = []
    for one in asked.tolist():
        position = of_name(one) if isinstance(one, str) else int(one)
        if not -total <= position < total:
            raise IndexError(f"position {position} is out of range: there are {total} configurations")
        found.append(position % total)
    return tuple(found)


def matching(rows: Iterable[Mapping[str, Any]], conditions: Mapping[str, Any]) -> tuple[int, ...]:
    """Return the positions of the rows in which every name has the given value, or one of a list of values.

    Raises
    ------
    InvalidParameterError
        If a name is in no row, or no row matches.
    """
    table = list(rows)
    known = dict.fromkeys(name for row in table for name in row)
    for name in conditions:
        if name not in known:
            raise InvalidParameterError(
                f"{name} is not a parameter of any configuration here{nearest(name, known) or f' ({_few(known)})'}"
            )
    found = tuple(index for index, row in enumerate(table) if all(_is(row.get(n), v) for n, v in conditions.items()))
    if not found:
        said = " and ".join(f"{name}={value!r}" for name, value in conditions.items())
        there = "; ".join(f"{name} is {_few(dict.fromkeys(map(repr, _values(table, name))))}" for name in conditions)
        raise InvalidParameterError(f"no configuration has {said} ({there})")
    return found


def _is(value: Any, wanted: Any) -> bool:
    if isinstance(wanted, list | tuple | set | frozenset | range | np.ndarray):
        return any(_is(value, one) for one in wanted)
    return bool(value == wanted)


def _values(table: Sequence[Mapping[str, Any]], name: str) -> list[Any]:
    return [row[name] for row in table if name in row]


def _few(values: Iterable[Any]) -> str:
    some = [str(value) for value in values]
    return ", ".join(some[:8]) + (", ..." if len(some) > 8 else "")
