"""Heatmap of channels over time."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from pymts.plotting.canvas import axes, fewer_columns, raster
from pymts.plotting.phase import phase_bar
from pymts.plotting.source import as_dataset, series

CLIP = 99.0  # percentile of |value| at the end of the colour scale


def limits(values: NDArray[np.float64]) -> tuple[float, float]:
    """Return the limits of the colour scale: symmetric around zero for signed data, and robust to outliers."""
    if values.min() < 0 < values.max():
        bound = float(np.percentile(np.abs(values), CLIP)) or float(np.abs(values).max())
        return -bound, bound
    low, high = (float(bound) for bound in np.percentile(values, [100 - CLIP, CLIP]))
    return (low, high) if low < high else (low - 0.5, low + 0.5)


def plot_heatmap(
    ds: xr.Dataset | pd.DataFrame,
    realization: int = 0,
    channels: Iterable[Any] | None = None,
    ax: Any = None,
    *,
    title: str | None = None,
    **options: Any,
) -> Any:
    """Plot the channels as a heatmap and return the Axes.

    In a long series each column shows the most extreme value of a time range. A phase is drawn modulo 2 pi, with a
    cyclic colour map.

    Parameters
    ----------
    ds : xarray.Dataset or DataFrame
    realization : int
    channels : list of labels or None
    ax : Axes or None
        ``None`` makes a new pyplot figure.
    title : str or None
        ``None`` names the model and its parameters.
    **options
        For ``Axes.imshow``: ``cmap``, ``vmin``, ``vmax`` and others.

    Raises
    ------
    InvalidParameterError
        If the realization or a channel does not exist.
    """
    dataset = as_dataset(ds)
    shown = series(dataset, realization, channels)
    ax = axes(ax, dataset)
    if shown.is_phase:
        angles = np.mod(shown.values, 2 * np.pi)
        phase_bar(ax, raster(ax, shown, angles, **{"cmap": "twilight", "vmin": 0.0, "vmax": 2 * np.pi, **options}))
    else:
        from seaborn import cm  # noqa: PLC0415  (slow to import)

        visible = fewer_columns(shown.values)
        low, high = limits(visible)
        image = raster(ax, shown, visible, **{"cmap": cm.icefire, "vmin": low, "vmax": high, **options})
        low, high = image.get_clim()
        below, above = bool(shown.values.min() < low), bool(shown.values.max() > high)
        beyond = {(False, False): "neither", (True, False): "min", (False, True): "max", (True, True): "both"}
        ax.figure.colorbar(image, ax=ax, label=shown.value_label, extend=beyond[below, above])
    ax.set(title=shown.title if title is None else title)
    return ax
