"""Axes to draw on, and images with one row per channel."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from pymts.plotting.source import Series

MAX_COLUMNS = 2000
SMALL_PRINT = {"fontsize": 6, "color": "0.6"}


def axes(ax: Any, dataset: xr.Dataset, **options: Any) -> Any:
    """Return ``ax``, or the Axes of a new pyplot figure with the dataset's name in small print at the bottom."""
    if ax is not None:
        return ax
    from matplotlib import pyplot as plt  # noqa: PLC0415  (slow to import, and not needed if Axes are given)

    figure, ax = plt.subplots(layout="constrained", subplot_kw=options or None)
    sign(figure, dataset)
    return ax


def sign(figure: Any, dataset: xr.Dataset) -> None:
    """Write the name of a dataset at the bottom of a figure."""
    name = str(dataset.attrs.get("config_id", ""))
    if name:
        figure.supxlabel(name, **SMALL_PRINT)


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
    """Draw values (time, channel) with one row per channel, and return the image."""
    step = (shown.time[-1] - shown.time[0]) / max(len(shown.time) - 1, 1) or 1.0
    image = ax.imshow(
        values.T,
        **{
            "interpolation": "nearest",
            "aspect": "auto",
            "origin": "lower",
            "extent": (shown.time[0] - step / 2, shown.time[-1] + step / 2, -0.5, len(shown.channels) - 0.5),
            **options,
        },
    )
    ax.set(xlabel=shown.time_label, ylabel=shown.channels_are)
    every = -(-len(shown.channels) // 10)
    ax.set_yticks(range(0, len(shown.channels), every), [str(label) for label in shown.channels[::every]])
    return image


def legend(ax: Any, shown: Series) -> None:
    """Add a legend of the channels, if they are few enough to be distinguished."""
    if 1 < len(shown.channels) <= 10:
        ax.legend(title=shown.channels_are, loc="upper left", bbox_to_anchor=(1.0, 1.0))
