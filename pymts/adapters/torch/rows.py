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

from pymts.store.format.mapped import MappedValues

# Files that are kept open, as a system has a limit on maps; packed entries share those of their shards.
OPEN = 4096
OPEN_PACKED = 2**17
# From so many windows of one file on, one gather is faster than a copy of each.
FEW = 4


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
        # Values, not rows: a row group may break off in the middle of a row.
        self._ends = np.cumsum([realizations * times * channels for realizations, times, channels in shapes])

    def gather(self, first: Tensor, length: int) -> Tensor:
        """Return the windows that begin at some rows, (n, length, M)."""
        size = length * self.n_channels
        out = torch.empty((len(first), size), dtype=self.dtype)
        for index, rows, begins in _grouped(self._ends, first.numpy() * self.n_channels):
            self._copy(index, rows, begins, out)
        return out.view(-1, length, self.n_channels)

    def _copy(self, index: int, rows: NDArray[np.int64], begins: NDArray[np.int64], out: Tensor) -> None:
        """Copy the windows that begin at some values of a dataset to some rows of ``out``."""
        entry, size = self._entry(index), out.shape[1]
        groups = np.searchsorted(entry.ends, begins, side="right")
        inside = begins + size <= entry.ends[groups]
        if np.count_nonzero(inside) < FEW:
            inside[:] = False
        for row, begin in zip(rows[~inside].tolist(), begins[~inside].tolist(), strict=True):
            parts = entry.parts(begin, begin + size)
            out[row] = _tensor(parts[0] if len(parts) == 1 else np.concatenate(parts)).to(self.dtype)
        if inside.any():
            for group in set(groups[inside].tolist()):
                entry.group(group)  # compared with its digest when it is first touched
            # The windows as bytes of the file, wherever its row groups begin.
            item = entry.dtype.itemsize
            starts = np.array([place for place, _ in entry.layout.places]) - item * np.append(0, entry.ends[:-1])
            places = torch.from_numpy(starts[groups[inside]] + item * begins[inside])
            windows = _overlapping(_tensor(entry.raw), size * item).index_select(0, places)
            values = windows.view(torch.float64 if item == 8 else torch.float32)
            out.index_copy_(0, torch.from_numpy(rows[inside]), values.to(self.dtype))

    def _entry(self, index: int) -> MappedValues:
        found = self._opened.get(index)
        if found is None:
            found = self._open_entry(index)
            if len(self._opened) >= (OPEN if found.has_own_map else OPEN_PACKED):
                self._opened.clear()
            self._opened[index] = found
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
