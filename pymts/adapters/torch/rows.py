"""Series as rows of channels, all of them behind each other, and the gather of windows from them.

Row numbers run over the datasets of a source, their realizations and their samples, in this order.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from pymts.mapped import MappedValues

# Stored entries that are kept open; a system has a limit on maps.
OPEN = 4096


class Rows(Protocol):
    """Rows from which windows are gathered."""

    def gather(self, first: Tensor, length: int) -> Tensor:
        """Return the windows that begin at some rows, (n, length, ...)."""


class MemoryRows:
    """Rows in one tensor of shape (rows, ...): a batch of windows is one ``index_select``."""

    def __init__(self, rows: Tensor) -> None:
        self.rows = rows.contiguous()

    def gather(self, first: Tensor, length: int) -> Tensor:
        """Return the windows that begin at some rows, (n, length, ...)."""
        return _overlapping(self.rows, length).index_select(0, first).view(-1, length, *self.rows.shape[1:])


class MappedRows:
    """Rows in the files of stored datasets, read where they lie; what is touched is compared with its digest."""

    def __init__(
        self, shapes: Sequence[tuple[int, int, int]], open_entry: Callable[[int], MappedValues], dtype: torch.dtype
    ) -> None:
        self.n_channels = shapes[0][2]
        self.dtype = dtype
        self._open_entry = open_entry
        self._opened: dict[int, MappedValues] = {}
        self._groups: dict[tuple[int, int], Tensor] = {}
        # Values, not rows: a row group may break off in the middle of a row.
        self._ends = np.cumsum([realizations * times * channels for realizations, times, channels in shapes])

    def gather(self, first: Tensor, length: int) -> Tensor:
        """Return the windows that begin at some rows, (n, length, M)."""
        size = length * self.n_channels
        out = torch.empty((len(first), size), dtype=self.dtype)
        starts = first.numpy() * self.n_channels
        for index, rows, begins in _grouped(self._ends, starts):
            entry = self._entry(index)
            for group, some, offsets in _grouped(entry.ends, begins):
                chosen = rows[some]
                values = self._group(index, group)
                inside = offsets + size <= len(values)
                if inside.any():
                    windows = _overlapping(values, size).index_select(0, torch.from_numpy(offsets[inside]))
                    out.index_copy_(0, torch.from_numpy(chosen[inside]), windows.to(self.dtype))
                for row, begin in zip(chosen[~inside], begins[some][~inside], strict=True):
                    parts = [_tensor(part) for part in entry.parts(int(begin), int(begin) + size)]
                    out[int(row)] = torch.cat(parts).to(self.dtype)
        return out.view(-1, length, self.n_channels)

    def _entry(self, index: int) -> MappedValues:
        found = self._opened.get(index)
        if found is None:
            if len(self._opened) >= OPEN:
                self._opened.clear()
                self._groups.clear()
            found = self._opened[index] = self._open_entry(index)
        return found

    def _group(self, index: int, group: int) -> Tensor:
        """Return the values of a row group, (values,), a view of the file."""
        found = self._groups.get((index, group))
        if found is None:
            found = self._groups[index, group] = _tensor(self._entry(index).group(group))
        return found


def _overlapping(rows: Tensor, length: int) -> Tensor:
    """Return every window of contiguous rows, (windows, values), without a copy."""
    width = rows[0].numel()
    return rows.as_strided((len(rows) - length + 1, length * width), (width, 1))


def _tensor(values: NDArray[np.generic]) -> Tensor:
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="The given NumPy array is not writable")  # nothing is written to it
        return torch.from_numpy(values)


def _grouped(
    ends: NDArray[np.int64], starts: NDArray[np.int64]
) -> list[tuple[int, NDArray[np.int64], NDArray[np.int64]]]:
    """Sort flat positions by the part they lie in: (part, their indices, their positions in the part)."""
    if len(ends) == 1:
        return [(0, np.arange(len(starts)), starts)]
    parts = np.searchsorted(ends, starts, side="right")
    order = np.argsort(parts, kind="stable")
    parts = parts[order]
    found = []
    for first, last in pairwise([0, *(np.flatnonzero(np.diff(parts)) + 1).tolist(), len(parts)]):
        part, rows = int(parts[first]), order[first:last]
        found.append((part, rows, starts[rows] - (ends[part - 1] if part else 0)))
    return found
