"""Histograms and autocorrelations."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from pymts.adapters.sources import whole_number
from pymts.errors import InvalidParameterError
from pymts.plotting.canvas import axes, legend
from pymts.plotting.source import as_dataset, series
from pymts.plotting.titles import title as title_of

DEFAULT_LAGS = 40
FAR = 6.0  # range of a histogram, in interquartile ranges beyond the quartiles
TWO_SIDED = 1.96  # standard errors that cover 95 % of a normal distribution


def plot_hist(
    ds: xr.Dataset | pd.DataFrame,
    channels: Iterable[Any] | None = None,
    ax: Any = None,
    *,
    realization: int | None = None,
    bins: int = 50,
    title: str | None = None,
    **options: Any,
) -> Any:
    """Plot the histogram of each channel as a density and return the Axes.

    Parameters
    ----------
    ds : xarray.Dataset or DataFrame
    channels : list of labels or None
    ax : Axes or None
        ``None`` makes a new pyplot figure.
    realization : int or None
        ``None`` combines all.
    bins : int
    title : str or None
        ``None`` names the model and its parameters.
    **options
        For ``Axes.hist``.

    Raises
    ------
    InvalidParameterError
        If the realization or a channel does not exist, or ``bins`` is not positive.
    """
    dataset = as_dataset(ds)
    shown = series(dataset, realization or 0, channels)
    used = range(dataset.sizes["realization"]) if realization is None else [realization]
    values = np.concatenate([series(dataset, index, channels).values for index in used])  # (samples, channel)
    if shown.is_phase:
        values = np.mod(values, 2 * np.pi)
    # A few extreme values would squeeze the rest into one bin.
    quarter, three = np.percentile(values, [25, 75])
    reach = FAR * (three - quarter)
    low, high = max(values.min(), quarter - reach), min(values.max(), three + reach)
    edges = np.linspace(low, high if high > low else low + 1.0, whole_number("bins", bins, 1) + 1)
    ax = axes(ax, dataset)
    for label, column in zip(shown.channels, values.T, strict=True):
        ax.hist(column, edges, **{"density": True, "histtype": "step", "label": str(label), **options})
    legend(ax, shown)
    heading = title_of(dataset, realization) if title is None else title
    ax.set(xlabel=shown.value_label, ylabel="density", title=heading)
    return ax


def autocorrelations(values: NDArray[np.float64], lags: int) -> NDArray[np.float64]:
    """Return the sample autocorrelation of each channel of (time, channel) values, (lags + 1, channel)."""
    centred = values - values.mean(axis=0)
    n = len(centred)
    spread = np.mean(centred * centred, axis=0)
    products = [np.sum(centred[lag:] * centred[: n - lag], axis=0) / n for lag in range(lags + 1)]
    return np.asarray(products) / np.where(spread > 0, spread, 1.0)


def plot_acf(
    ds: xr.Dataset | pd.DataFrame,
    channels: Iterable[Any] | None = None,
    lags: int | None = None,
    ax: Any = None,
    *,
    realization: int = 0,
    title: str | None = None,
    **options: Any,
) -> Any:
    """Plot the autocorrelation of each channel, with the 95 % band of white noise, and return the Axes.

    Parameters
    ----------
    ds : xarray.Dataset or DataFrame
    channels : list of labels or None
    lags : int or None
        Largest lag in samples; ``None`` takes 40, or the most that the series allows.
    ax : Axes or None
        ``None`` makes a new pyplot figure.
    realization : int
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
    shown = series(dataset, realization, channels)
    times = len(shown.time)
    most = min(DEFAULT_LAGS, times - 1) if lags is None else whole_number("lags", lags, 0)
    if most >= times:
        raise InvalidParameterError(f"lags must be less than T = {times}, got {most}")
    found = autocorrelations(shown.values, most)
    ax = axes(ax, dataset)
    band = TWO_SIDED / np.sqrt(times)
    ax.axhspan(-band, band, color="0.9", lw=0, zorder=0)
    for label, line in zip(shown.channels, found.T, strict=True):
        ax.plot(np.arange(most + 1), line, **{"marker": ".", "lw": 1, "label": str(label), **options})
    ax.axhline(0, color="0.5", lw=0.6, zorder=0)
    legend(ax, shown)
    ax.set(xlabel="lag (samples)", ylabel="autocorrelation", title=shown.title if title is None else title)
    return ax
