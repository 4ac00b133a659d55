"""Maps window numbers to first rows and series."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from pymts.errors import InvalidParameterError


class WindowIndex:
    """Windows of ``length`` samples every ``stride`` samples in every realization of every dataset.

    Parameters
    ----------
    shapes : list of (realizations, samples, channels)
    length, stride : int
    """

    def __init__(self, shapes: Sequence[tuple[int, int, int]], length: int, stride: int) -> None:
        realizations, samples, _ = np.array(shapes, dtype=np.int64).T
        samples = np.repeat(samples, realizations)  # of each series
        windows = (samples - length) // stride + 1
        ends = np.cumsum(windows)
        self.stride = stride
        self.total = int(ends[-1])
        self.windows = windows  # of each series
        self._ends = torch.from_numpy(ends)
        # The first row of window i of a series is i strides after this one.
        self._zero = torch.from_numpy(np.cumsum(samples) - samples - (ends - windows) * stride)

    def __len__(self) -> int:
        """Return the number of windows."""
        return self.total

    def locate(self, indices: Tensor) -> tuple[Tensor, Tensor]:
        """Return the first rows and the series of some windows, each (n,)."""
        series = torch.searchsorted(self._ends, indices, right=True)
        return self._zero.index_select(0, series).add_(indices, alpha=self.stride), series


def as_indices(key: Any, total: int) -> Tensor:
    """Return a slice, a list or an array of window numbers as a tensor; negative numbers count from the end."""
    if isinstance(key, slice):
        return torch.arange(*key.indices(total))
    indices = torch.as_tensor(key)
    if indices.ndim != 1 or ((indices.dtype.is_floating_point or indices.dtype == torch.bool) and len(indices)):
        raise InvalidParameterError("windows must be selected by a number, a slice or a list of numbers")
    indices = indices.to(torch.int64).contiguous()
    if len(indices):
        least, most = (int(bound) for bound in torch.aminmax(indices))
        if least < -total or most >= total:
            raise IndexError(f"window {least if least < -total else most} of {total}")
        if least < 0:
            indices = torch.where(indices < 0, indices + total, indices)
    return indices
