"""Sample and theoretical autocovariances."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from pymts.adapters.sources import whole_number
from pymts.data.dataset import ACOV_LAG
from pymts.errors import InvalidParameterError
from pymts.plotting.canvas import axes
from pymts.plotting.source import as_dataset, series
from pymts.plotting.titles import title as title_of

DEFAULT_LAGS = 20


def sample_covariances(values: NDArray[np.float64], lags: int) -> NDArray[np.float64]:
    """Return Cov(x[t + lag], y[t]) of (time, 2) values for lag 0 ... lags, around the means."""
    centred = values - values.mean(axis=0)
    n = len(centred)
    return np.array([np.mean(centred[lag:, 0] * centred[: n - lag, 1]) for lag in range(lags + 1)])


def plot_correlation(
    ds: xr.Dataset | pd.DataFrame,
    x: Any = None,
    y: Any = None,
    lags: int | None = None,
    ax: Any = None,
    *,
    realization: int | None = None,
    title: str | None = None,
    **options: Any,
) -> Any:
    """Plot the sample Cov(x[t + lag], y[t]) of every realization, their mean, and the theory if available.

    Parameters
    ----------
    ds : xarray.Dataset or DataFrame
    x, y : label or None
        Channels; ``None`` takes the first one, and for ``y`` the same as ``x``.
    lags : int or None
        Largest lag in samples; ``None`` takes that of the theory, or 20.
    ax : Axes or None
        ``None`` makes a new pyplot figure.
    realization : int or None
        ``None`` takes all.
    title : str or None
        ``None`` names the model and its parameters.
    **options
        For ``Axes.plot`` of the sample's mean.

    Raises
    ------
    InvalidParameterError
        If a channel does not exist, or the lag is as long as the series.
    """
    dataset = as_dataset(ds)
    first = series(dataset, 0, None if x is None else [x]).channels[0]
    second = first if y is None else y
    theory = dataset.get("theory_acov")
    most = DEFAULT_LAGS if theory is None else theory.sizes[ACOV_LAG] - 1
    most = min(most, dataset.sizes["time"] - 1) if lags is None else whole_number("lags", lags, 0)
    if most >= dataset.sizes["time"]:
        raise InvalidParameterError(f"lags must be less than T = {dataset.sizes['time']}, got {most}")
    used = range(dataset.sizes["realization"]) if realization is None else [realization]
    found = np.stack([sample_covariances(series(dataset, index, [first, second]).values, most) for index in used])
    ax = axes(ax, dataset)
    at = np.arange(most + 1)
    ax.plot(at, found.T, color="0.75", lw=0.8, zorder=1)
    sample = {"marker": "o", "ls": "", "color": "C0", "label": f"sample, mean of {len(found)}", **options}
    ax.plot(at, found.mean(axis=0), **sample)
    if theory is not None:
        line = theory.sel(channel=first, channel_=second).values[: most + 1]
        ax.plot(at[: len(line)], line, color="C3", lw=2, label="theory")
    ax.axhline(0, color="0.5", lw=0.6, zorder=0)
    ax.legend()
    heading = title_of(dataset, realization) if title is None else title
    ax.set(xlabel="lag (samples)", ylabel=f"Cov(x{first}[t + lag], x{second}[t])", title=heading)
    return ax
