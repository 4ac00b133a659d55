"""Phase portraits: channels against each other in two or three dimensions, or a channel against its past."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from pymts.adapters.sources import whole_number
from pymts.errors import InvalidParameterError
from pymts.plotting.canvas import axes
from pymts.plotting.source import as_dataset, series


def plot_portrait(
    ds: xr.Dataset | pd.DataFrame,
    channels: Sequence[Any] | None = None,
    ax: Any = None,
    *,
    realization: int = 0,
    title: str | None = None,
    **options: Any,
) -> Any:
    """Plot the phase portrait, two channels against each other or three in 3-D, and return the Axes.

    Parameters
    ----------
    ds : xarray.Dataset or DataFrame
    channels : list of two or three labels, or None
        ``None`` takes the variables of the first unit if all are observed (``observable="all"``), otherwise the first
        three or two channels, or a single one against its past.
    ax : Axes or None
        For three channels an Axes with ``projection="3d"``; ``None`` makes a new pyplot figure.
    realization : int
    title : str or None
        ``None`` names the model and its parameters.
    **options
        For ``Axes.plot``.

    Raises
    ------
    InvalidParameterError
        If the realization or a channel does not exist, there are not two or three channels, or ``ax`` is not 3-D.
    """
    dataset = as_dataset(ds)
    chosen = _default(dataset) if channels is None else list(channels)
    if len(chosen) == 1 and channels is None:
        return plot_embedding(dataset, chosen[0], realization=realization, ax=ax, title=title, **options)
    if len(chosen) not in (2, 3):
        raise InvalidParameterError(f"channels must be two or three labels, got {chosen!r}")
    shown = series(dataset, realization, chosen)
    solid = len(chosen) == 3
    if ax is not None and solid and not hasattr(ax, "set_zlabel"):
        raise InvalidParameterError("three channels need 3-D axes: plt.subplots(subplot_kw={'projection': '3d'})")
    ax = axes(ax, dataset, **({"projection": "3d"} if solid else {}))
    ax.plot(*shown.values.T, **{"lw": 0.6, "alpha": 0.8, **options})
    names = [_name(dataset, label) for label in chosen]
    ax.set(xlabel=names[0], ylabel=names[1], title=shown.title if title is None else title)
    if solid:
        ax.set_zlabel(names[2])
    return ax


def _default(dataset: xr.Dataset) -> list[Any]:
    labels = dataset["channel"].values
    if "unit" in dataset["channel"].coords:
        labels = labels[dataset["unit"].values == dataset["unit"].values[0]]
    return list(labels[:3])


def _name(dataset: xr.Dataset, label: Any) -> str:
    """Return the variable and unit of a channel, or its label."""
    if "variable" in dataset["channel"].coords and "unit" in dataset["channel"].coords:
        one = dataset["channel"].sel(channel=label)
        return f"{one['variable'].item()} of unit {one['unit'].item()}"
    return f"{dataset['channel'].attrs.get('long_name', 'channel')} {label}"


def plot_embedding(
    ds: xr.Dataset | pd.DataFrame,
    x: Any = None,
    y: Any = None,
    *,
    lag: int = 1,
    realization: int = 0,
    ax: Any = None,
    title: str | None = None,
    **options: Any,
) -> Any:
    """Plot channel ``y`` against channel ``x``, or, if ``y`` is ``None``, ``x`` against itself ``lag`` samples earlier.

    Parameters
    ----------
    ds : xarray.Dataset or DataFrame
    x, y : label or None
        ``None`` takes the first channel for ``x``, and its own past for ``y``.
    lag : int
        Samples.
    realization : int
    ax : Axes or None
        ``None`` makes a new pyplot figure.
    title : str or None
        ``None`` names the model and its parameters.
    **options
        For ``Axes.plot``.

    Raises
    ------
    InvalidParameterError
        If the realization or a channel does not exist, or the lag is as long as the series.
    """
    dataset = as_dataset(ds)
    shown = series(dataset, realization, None if x is None else [x])
    first, name = shown.values[:, 0], _name(dataset, shown.channels[0])
    if y is None:
        lag = whole_number("lag", lag, 1)
        if lag >= len(first):
            raise InvalidParameterError(f"lag must be less than T = {len(first)}, got {lag}")
        across, up = first[:-lag], first[lag:]
        names = f"{name} at t", f"{name} at t + {lag} samples"
    else:
        across, up = first, series(dataset, realization, [y]).values[:, 0]
        names = name, _name(dataset, y)
    if shown.is_phase:
        across, up = np.sin(across), np.sin(up)
        names = f"sin of {names[0]}", f"sin of {names[1]}"
    ax = axes(ax, dataset)
    ax.plot(across, up, **{"lw": 0.6, "marker": ".", "ms": 2 if len(across) > 200 else 4, "alpha": 0.7, **options})
    ax.set(xlabel=names[0], ylabel=names[1], title=shown.title if title is None else title)
    return ax
