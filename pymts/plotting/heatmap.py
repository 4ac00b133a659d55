"""Channels against time, in colour."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from pymts.adapters.libraries import require
from pymts.plotting.canvas import COMMAND, axes, fewer_columns, raster
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

    Of a long series each column shows the most extreme value of a stretch of time.

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
    visible = fewer_columns(shown.values)
    low, high = limits(visible)
    image = raster(ax, shown, visible, cmap=colours, vmin=low, vmax=high)
    below, above = bool(shown.values.min() < low), bool(shown.values.max() > high)
    beyond = {(False, False): "neither", (True, False): "min", (False, True): "max", (True, True): "both"}[below, above]
    ax.figure.colorbar(image, ax=ax, label="value", extend=beyond)
    return ax
