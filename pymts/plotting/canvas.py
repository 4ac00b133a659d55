"""Axes to draw on, without pyplot's list of open figures, and rows of colour on them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from pymts.adapters.libraries import require
from pymts.plotting.source import Series

COMMAND = "install it with pip install 'pymts[plot]'"
MAX_COLUMNS = 2000


def axes(ax: Any = None) -> Any:
    """Return ``ax``, or the only Axes of a new figure; the figure is freed with the last name of it.

    Raises
    ------
    MissingLibraryError
        If matplotlib is not installed.
    """
    figure = require("matplotlib.figure", "plotting", COMMAND)
    return figure.Figure(layout="constrained").subplots() if ax is None else ax


def fewer_columns(values: NDArray[np.float64], max_columns: int = MAX_COLUMNS) -> NDArray[np.float64]:
    """Return (columns, channel) of (time, channel): of each bin, the value farthest from the channel's median."""
    n = len(values)
    if n <= max_columns:
        return values
    edges = np.linspace(0, n, max_columns + 1).astype(np.intp)[:-1]
    centre = np.median(values, axis=0)
    high = np.maximum.reduceat(values, edges, axis=0)
    low = np.minimum.reduceat(values, edges, axis=0)
    return np.where(high - centre >= centre - low, high, low)


def raster(ax: Any, shown: Series, values: NDArray[np.float64], **options: Any) -> Any:
    """Draw values (time, channel) as a row of colour for each channel, and return the image."""
    step = (shown.time[-1] - shown.time[0]) / max(len(shown.time) - 1, 1) or 1.0
    image = ax.imshow(
        values.T,
        interpolation="nearest",
        aspect="auto",
        origin="lower",
        extent=(shown.time[0] - step / 2, shown.time[-1] + step / 2, -0.5, len(shown.channels) - 0.5),
        **options,
    )
    ax.set(xlabel=shown.time_label, ylabel="channel", title=shown.title)
    every = -(-len(shown.channels) // 10)
    ax.set_yticks(range(0, len(shown.channels), every), [str(label) for label in shown.channels[::every]])
    return image
