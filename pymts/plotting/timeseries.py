"""Lines or stems over time."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pandas as pd
import xarray as xr

from pymts.plotting.canvas import axes
from pymts.plotting.envelope import envelope
from pymts.plotting.segments import shade
from pymts.plotting.source import as_dataset, series

MAX_LEGEND = 10


def legend(ax: Any, channels: int) -> None:
    """Name the channels beside the lines, where they are few enough to be told apart."""
    if 1 < channels <= MAX_LEGEND:
        ax.legend(title="channel", loc="upper left", bbox_to_anchor=(1.0, 1.0))


def plot_timeseries(
    ds: xr.Dataset | pd.DataFrame,
    realization: int = 0,
    stems: bool = False,
    channels: Iterable[Any] | None = None,
    ax: Any = None,
) -> Any:
    """Draw one line per channel and return the Axes; a long line is thinned, and keeps its extremes.

    Raises
    ------
    InvalidParameterError
        If the realization or a channel does not exist.
    MissingLibraryError
        If matplotlib is not installed.
    """
    shown = series(ds, realization, channels)
    ax = axes(ax)
    for index, (label, values) in enumerate(zip(shown.channels, shown.values.T, strict=True)):
        at = envelope(values)
        if stems:
            colour = f"C{index}"  # stems take no turn in the colour cycle
            ax.stem(shown.time[at], values[at], linefmt=colour, markerfmt=f"{colour}o", basefmt=" ", label=str(label))
        else:
            ax.plot(shown.time[at], values[at], marker="." if len(at) == 1 else None, label=str(label))
    shade(ax, as_dataset(ds), realization)
    legend(ax, len(shown.channels))
    ax.set(xlabel=shown.time_label, ylabel="value", title=shown.title)
    return ax
