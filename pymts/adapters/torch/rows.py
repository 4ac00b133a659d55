"""Series as consecutive rows of channels, and the gathering of windows from them.

Row numbers run over datasets, realizations and samples, in this order.
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

from pymts.adapters.part import Part
from pymts.store.format.mapped import MappedValues

# Maximum number of open files, since systems limit maps; packed entries share those of their shards.
OPEN = 4096
OPEN_PACKED = 2**17
# From this many windows of one file, a gather is faster than copying each.
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
    """Rows in the files of stored datasets, read in place; everything read is verified against its digest.

    Row numbers run over the selected parts; the files hold whole datasets.
    """

    def __init__(
        self,
        shapes: Sequence[tuple[int, int, int]],
        part: Callable[[int], Part],
        open_entry: Callable[[int], MappedValues],
        dtype: torch.dtype,
    ) -> None:
        self.n_channels = shapes[0][2]
        self.dtype = dtype
        self._shapes = shapes
        self._part = part
        self._open_entry = open_entry
        self._opened: dict[int, MappedValues] = {}
        self._ends = np.cumsum([realizations * times for realizations, times, _ in shapes])  # rows

    def gather(self, first: Tensor, length: int) -> Tensor:
        """Return the windows that begin at some rows, (n, length, M)."""
        out = torch.empty((len(first), length, self.n_channels), dtype=self.dtype)
        for index, rows, shown in _grouped(self._ends, first.numpy()):
            part, entry = self._part(index), self._entry(index)
            _, times, channels = entry.shape
            begins = _in_file(part, self._shapes[index][1], times, shown)
            if part.channels is None:
                _copy(entry, rows, begins * channels, out.view(len(first), -1))
            else:
                whole = torch.empty((len(rows), length * channels), dtype=self.dtype)
                _copy(entry, np.arange(len(rows)), begins * channels, whole)
                chosen = whole.view(-1, length, channels)[:, :, list(part.channels)]
                out.index_copy_(0, torch.from_numpy(rows), chosen)
        return out

    def _entry(self, index: int) -> MappedValues:
        found = self._opened.get(index)
        if found is None:
            found = self._open_entry(index)
            if len(self._opened) >= (OPEN if found.has_own_map else OPEN_PACKED):
                self._opened.clear()
            self._opened[index] = found
        return found


def _in_file(part: Part, shown: int, times: int, rows: NDArray[np.int64]) -> NDArray[np.int64]:
    """Map rows of a part to rows of the whole dataset with ``times`` samples."""
    if part.realizations is None and part.time is None:
        return rows
    realization, time = np.divmod(rows, shown)
    if part.realizations is not None:
        realization = np.asarray(part.realizations, dtype=np.int64)[realization]
    return np.asarray(realization * times + time + (part.time[0] if part.time else 0))


def _copy(entry: MappedValues, rows: NDArray[np.int64], begins: NDArray[np.int64], out: Tensor) -> None:
    """Copy the windows that begin at given values of a dataset to rows of ``out``."""
    size = out.shape[1]
    groups = np.searchsorted(entry.ends, begins, side="right")
    inside = begins + size <= entry.ends[groups]  # values, not rows: a row group may end within a row
    if np.count_nonzero(inside) < FEW:
        inside[:] = False
    for row, begin in zip(rows[~inside].tolist(), begins[~inside].tolist(), strict=True):
        parts = entry.parts(begin, begin + size)
        out[row] = _tensor(parts[0] if len(parts) == 1 else np.concatenate(parts)).to(out.dtype)
    if inside.any():
        for group in set(groups[inside].tolist()):
            entry.group(group)  # verified against its digest on first access
        # The windows as bytes of the file, at any row-group offset.
        item = entry.dtype.itemsize
        starts = np.array([place for place, _ in entry.layout.places]) - item * np.append(0, entry.ends[:-1])
        places = torch.from_numpy(starts[groups[inside]] + item * begins[inside])
        windows = _overlapping(_tensor(entry.raw), size * item).index_select(0, places)
        values = windows.view(torch.float64 if item == 8 else torch.float32)
        out.index_copy_(0, torch.from_numpy(rows[inside]), values.to(out.dtype))


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
