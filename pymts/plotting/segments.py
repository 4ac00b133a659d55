"""Shades regimes, anomalies and interventions from the truth behind a series."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

REGIME, CHANGE, ANOMALY, INTERVENTION = "regime", "change_point", "anomaly", "intervention"


def _along_time(
    dataset: xr.Dataset, name: str, realization: int, channels: NDArray[Any] | None = None
) -> NDArray[Any] | None:
    """Return a truth variable of one realization over time, (time,), if the dataset has it."""
    if name not in dataset or "time" not in dataset[name].dims:
        return None
    variable = dataset[name]
    if "realization" in variable.dims:
        variable = variable.isel(realization=realization)
    if channels is not None and "channel" in variable.dims:
        variable = variable.sel(channel=channels)
    others = [dim for dim in variable.dims if dim != "time"]
    return np.asarray((variable.any(others) if others else variable).values)


def shade(ax: Any, dataset: xr.Dataset, realization: int, channels: NDArray[Any]) -> None:
    """Shade regimes other than the first, anomalies and interventions; draw a line at each start of a segment."""
    time = dataset["time"].values
    regime = _along_time(dataset, REGIME, realization)
    change = _along_time(dataset, CHANGE, realization)
    anomaly = _along_time(dataset, ANOMALY, realization, channels)
    step = (time[-1] - time[0]) / max(len(time) - 1, 1)
    if regime is not None:
        for start, stop in _runs(regime):
            if regime[start]:
                colour = f"C{int(regime[start]) % 10}"
                ax.axvspan(time[start], time[stop - 1] + step, color=colour, alpha=0.12, lw=0, zorder=0)
    elif change is not None:
        for at in np.flatnonzero(change):
            ax.axvline(time[at], color="0.4", lw=0.8, ls="--", zorder=0)
    marked = ((anomaly, "red"), (_along_time(dataset, INTERVENTION, realization, channels), "orange"))
    for mask, colour in marked:
        if mask is not None:
            for start, stop in _runs(mask.astype(int)):
                if mask[start]:
                    ax.axvspan(time[start], time[stop - 1] + step, color=colour, alpha=0.2, lw=0, zorder=0)


def _runs(values: NDArray[Any]) -> list[tuple[int, int]]:
    """Return the starts and ends (exclusive) of runs of one value."""
    bounds = [0, *(np.flatnonzero(np.diff(values)) + 1).tolist(), len(values)]
    return list(itertools.pairwise(bounds))
