"""Channels against time, in colour."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from pymts.adapters.libraries import require
from pymts.plotting.canvas import COMMAND, axes
from pymts.plotting.source import series

CLIP = 99.0  # percentile of |value| at the end of the colour scale


def limits(values: NDArray[np.float64]) -> tuple[float, float]:
    """Return the ends of the colour scale: symmetric about zero for signed data, and not set by a few outliers."""
    if values.min() < 0 < values.max():
        bound = float(np.percentile(np.abs(values), CLIP)) or float(np.abs(values).max())
        return -bound, bound
    low, high = (float(bound) for bound in np.percentile(values, [100 - CLIP, CLIP]))
    return (low, high) if low < high else (low - 0.5, low + 0.5)


def plot_heatmap(
    ds: xr.Dataset | pd.DataFrame, realization: int = 0, channels: Iterable[Any] | None = None, ax: Any = None
) -> Any:
    """Draw the channels as rows of colour (seaborn's icefire) and return the Axes.

    Raises
    ------
    InvalidParameterError
        If the realization or a channel does not exist.
    MissingLibraryError
        If matplotlib or seaborn is not installed.
    """
    shown = series(ds, realization, channels)
    ax = axes(ax)
    colours = require("seaborn.cm", "the heatmap", COMMAND).icefire
    step = (shown.time[-1] - shown.time[0]) / max(len(shown.time) - 1, 1) or 1.0
    extent = (shown.time[0] - step / 2, shown.time[-1] + step / 2, -0.5, len(shown.channels) - 0.5)
    low, high = limits(shown.values)
    image = ax.imshow(
        shown.values.T,
        cmap=colours,
        interpolation="nearest",
        vmin=low,
        vmax=high,
        aspect="auto",
        origin="lower",
        extent=extent,
    )
    ax.figure.colorbar(image, ax=ax, label="value", extend="both")
    ax.set(xlabel=shown.time_label, ylabel="channel", title=shown.title)
    every = max(1, len(shown.channels) // 10)
    ax.set_yticks(range(0, len(shown.channels), every), [str(label) for label in shown.channels[::every]])
    return ax
