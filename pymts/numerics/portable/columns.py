"""Columns of lanes as tuples, so that a unit's variables have names."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from numba.core import types
from numba.extending import overload

from pymts.numerics.portable.lanes import load, store

# fmt: off
_GATHER: tuple[Callable[[Any, int], Any], ...] = (
    lambda array, n: (),
    lambda array, n: (load(array[0], 0),),
    lambda array, n: (load(array[0], 0), load(array[1], 0)),
    lambda array, n: (load(array[0], 0), load(array[1], 0), load(array[2], 0)),
    lambda array, n: (load(array[0], 0), load(array[1], 0), load(array[2], 0), load(array[3], 0)),
)
# fmt: on


def gather(array: Any, n: int) -> Any:
    """Return the first n rows of an array (n, 8) as lanes; compiled, n must be a constant."""
    return tuple(load(array[i], 0) for i in range(n))


def scatter(array: Any, values: Any) -> None:
    """Write lanes to the first rows of an array (n, 8)."""
    for row, value in zip(array, values, strict=False):
        store(row, 0, value)


@overload(gather, prefer_literal=True)
def _gather(array, n):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202  (numba compares the signatures)
    return _GATHER[n.literal_value] if isinstance(n, types.IntegerLiteral) else None


def _scatter1(array, values):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    store(array[0], 0, values[0])


def _scatter2(array, values):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    store(array[0], 0, values[0])
    store(array[1], 0, values[1])


def _scatter3(array, values):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    store(array[0], 0, values[0])
    store(array[1], 0, values[1])
    store(array[2], 0, values[2])


def _scatter4(array, values):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    store(array[0], 0, values[0])
    store(array[1], 0, values[1])
    store(array[2], 0, values[2])
    store(array[3], 0, values[3])


_SCATTER = {1: _scatter1, 2: _scatter2, 3: _scatter3, 4: _scatter4}


@overload(scatter)
def _scatter(array, values):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    return _SCATTER[len(values)] if isinstance(values, types.BaseTuple) else None
