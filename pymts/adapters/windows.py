"""Windows within a series: their starts, contents and column names."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pymts.adapters.sources import Member
from pymts.errors import InvalidParameterError

# The index of a frame of windows: the series, and the numbers of its first and last sample.
INDEX = ("series", "first", "last")


@dataclass(frozen=True)
class Windows:
    """Windows of ``context`` samples and the ``horizon`` samples after them, every ``stride`` samples.

    ``whole`` windows are the whole series.
    """

    context: int
    horizon: int
    stride: int
    whole: bool = False

    @property
    def length(self) -> int:
        """Samples from the first of the context to the last of the horizon."""
        return self.context + self.horizon

    def count(self, member: Member) -> int:
        """Return how many windows each realization of a dataset has."""
        return (member.shape[1] - self.length) // self.stride + 1

    def cut(self, values: NDArray[np.generic]) -> NDArray[np.generic]:
        """Return windows of an array with time as its second axis, (R, W, length, ...), without a copy."""
        view = np.lib.stride_tricks.sliding_window_view(values, self.length, axis=1)[:, :: self.stride]
        return np.moveaxis(view, -1, 2)

    def spans(self, member: Member) -> NDArray[np.int64]:
        """Return the numbers of the first and last sample of each window, (W, 2)."""
        starts = np.arange(self.count(member)) * self.stride
        return np.stack([member.positions[starts], member.positions[starts + self.length - 1]], axis=1)


def windows(members: Sequence[Member], context: int | None, horizon: int, stride: int) -> Windows:
    """Return the windows for all members; ``context`` None takes whole series, which must have equal lengths.

    Raises
    ------
    InvalidParameterError
        If a series is shorter than one window, or whole series differ in length.
    """
    if context is None:
        lengths = {member.shape[1]: member.name for member in members}
        if len(lengths) > 1:
            (one, first), (other, second), *_ = lengths.items()
            raise InvalidParameterError(
                f"whole series differ in length: {first} has T={one} and {second} has T={other}; give context_length"
            )
        return Windows(members[0].shape[1], 0, 1, whole=True)
    found = Windows(context, horizon, stride)
    for member in members:
        if found.length > member.shape[1]:
            raise InvalidParameterError(
                f"context_length + horizon = {context} + {horizon} = {found.length} is longer than {member.name}, "
                f"which has T={member.shape[1]}; shorten one of them"
            )
    return found


def series_numbers(members: Sequence[Member]) -> list[NDArray[np.int64]]:
    """Return the number of each realization of each member; the same random path has the same number everywhere."""
    known: dict[tuple[str, object], int] = {}
    return [
        np.array([known.setdefault((member.path, label), len(known)) for label in member.realizations], dtype=np.int64)
        for member in members
    ]


def column_names(n_channels: int, first: int, last: int) -> list[str]:
    """Return ``x0[t-2]``, ``x1[t-2]``, ``x0[t-1]`` ...: samples ``first`` to ``last`` from t, all channels of each."""
    return [f"x{channel}[{when(offset)}]" for offset in range(first, last + 1) for channel in range(n_channels)]


def when(offset: int) -> str:
    """Return ``t``, ``t-3`` or ``t+3``."""
    return f"t{offset:+d}" if offset else "t"


def index_of(series: NDArray[np.int64], time: NDArray[np.int64]) -> pd.MultiIndex:
    """Return the index that records the series and time of each row."""
    return pd.MultiIndex.from_arrays([series, time[:, 0], time[:, 1]], names=list(INDEX))
