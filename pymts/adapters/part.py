"""A part of one dataset of a source, by position: some realizations, a time range, some channels."""

from __future__ import annotations

from dataclasses import dataclass, replace

import xarray as xr

from pymts.adapters.sources import Member
from pymts.data.selection import select


@dataclass(frozen=True)
class Part:
    """The selected part of the dataset at a position of a source; ``None`` means all of it.

    ``time`` is the first sample and the one past the last.
    """

    index: int
    realizations: tuple[int, ...] | None = None
    time: tuple[int, int] | None = None
    channels: tuple[int, ...] | None = None

    def shape(self, whole: tuple[int, int, int]) -> tuple[int, int, int]:
        """Return the shape (realization, time, channel) of the part, given that of the dataset."""
        realizations, times, channels = whole
        return (
            realizations if self.realizations is None else len(self.realizations),
            times if self.time is None else self.time[1] - self.time[0],
            channels if self.channels is None else len(self.channels),
        )

    def cut(self, dataset: xr.Dataset) -> xr.Dataset:
        """Return the part of the dataset and of its truth; lazy data stays lazy."""
        if self.channels is not None:
            dataset = select(dataset, channel=dataset["channel"].values[list(self.channels)])
        if self.time is not None:
            dataset = dataset.isel(time=slice(*self.time))
        if self.realizations is not None:
            dataset = dataset.isel(realization=list(self.realizations))
        return dataset

    def member(self, whole: Member, number: int) -> Member:
        """Return the part of a member as a member of another source."""
        return replace(whole, number=number, shape=self.shape(whole.shape), load=lambda: self.cut(whole.load()))
