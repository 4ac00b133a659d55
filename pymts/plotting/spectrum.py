"""Power spectral densities, of the whole series and over time."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from pymts.errors import InvalidParameterError
from pymts.plotting.canvas import axes, legend
from pymts.plotting.source import Series, as_dataset, series
from pymts.plotting.titles import title as title_of

SEGMENT = 256
SHORTEST = 8


def plot_spectrum(
    ds: xr.Dataset | pd.DataFrame,
    channels: Iterable[Any] | None = None,
    ax: Any = None,
    *,
    realization: int | None = None,
    title: str | None = None,
    **options: Any,
) -> Any:
    """Plot the power spectral density of each channel (Welch's estimate) and return the Axes.

    Parameters
    ----------
    ds : xarray.Dataset or DataFrame
    channels : list of labels or None
    ax : Axes or None
        ``None`` makes a new pyplot figure.
    realization : int or None
        ``None`` averages over all.
    title : str or None
        ``None`` names the model and its parameters.
    **options
        For ``Axes.loglog``.

    Raises
    ------
    InvalidParameterError
        If the realization or a channel does not exist, or the series is too short.
    """
    from scipy.signal import welch  # noqa: PLC0415  (slow to import)

    dataset = as_dataset(ds)
    shown = series(dataset, realization or 0, channels)
    step = _step(shown)
    ax = axes(ax, dataset)
    used = range(dataset.sizes["realization"]) if realization is None else [realization]
    power: Any = 0.0
    for index in used:
        values = series(dataset, index, channels).values
        frequency, found = welch(values, fs=1 / step, nperseg=min(SEGMENT, len(values)), axis=0)
        power = power + found / len(used)
    positive = frequency > 0
    for label, density in zip(shown.channels, np.asarray(power).T, strict=True):
        drawn = np.maximum(density[positive], np.finfo(float).tiny)
        ax.loglog(frequency[positive], drawn, **{"label": str(label), **options})
    legend(ax, shown)
    unit = shown.time_unit or "step"
    ax.set(xlabel=f"frequency (1/{unit})", ylabel=f"power density (({shown.value_unit or shown.value_name})² {unit})")
    ax.set(title=title_of(dataset, realization) if title is None else title)
    return ax


def plot_spectrogram(
    ds: xr.Dataset | pd.DataFrame,
    channel: Any = None,
    ax: Any = None,
    *,
    realization: int = 0,
    title: str | None = None,
    **options: Any,
) -> Any:
    """Plot the power spectral density of one channel over time, in decibels, and return the Axes.

    Parameters
    ----------
    ds : xarray.Dataset or DataFrame
    channel : label or None
        ``None`` takes the first one.
    ax : Axes or None
        ``None`` makes a new pyplot figure.
    realization : int
    title : str or None
        ``None`` names the model and its parameters.
    **options
        For ``Axes.pcolormesh``.

    Raises
    ------
    InvalidParameterError
        If the realization or the channel does not exist, or the series is too short.
    """
    from scipy.signal import spectrogram  # noqa: PLC0415  (slow to import)

    dataset = as_dataset(ds)
    shown = series(dataset, realization, [dataset["channel"].values[0] if channel is None else channel])
    step = _step(shown)
    length = max(SHORTEST, min(SEGMENT, len(shown.time) // 8))
    frequency, at, power = spectrogram(
        shown.values[:, 0], fs=1 / step, nperseg=length, noverlap=length // 2, detrend="constant"
    )
    ax = axes(ax, dataset)
    decibels = 10 * np.log10(np.maximum(power, np.finfo(float).tiny))
    low, high = np.percentile(decibels, [5, 99.5])
    drawn = {"shading": "nearest", "cmap": "magma", "vmin": low, "vmax": high, "rasterized": True, **options}
    image = ax.pcolormesh(shown.time[0] + at, frequency, decibels, **drawn)
    ax.figure.colorbar(image, ax=ax, label="power (dB)")
    heading = f"{shown.title}, {shown.channels_are} {shown.channels[0]}"
    ax.set(xlabel=shown.time_label, ylabel=f"frequency (1/{shown.time_unit or 'step'})")
    ax.set(title=heading if title is None else title)
    return ax


def _step(shown: Series) -> float:
    """Return the time between two samples; raise if the series is too short for a spectrum."""
    if len(shown.time) < SHORTEST:
        raise InvalidParameterError(f"a spectrum needs at least {SHORTEST} samples, got T={len(shown.time)}")
    return float(shown.time[1] - shown.time[0])
