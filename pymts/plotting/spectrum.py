"""Power spectral densities."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from pymts.errors import InvalidParameterError
from pymts.plotting.canvas import axes
from pymts.plotting.source import as_dataset, series
from pymts.plotting.timeseries import legend

SEGMENT = 256


def plot_spectrum(ds: xr.Dataset | pd.DataFrame, channels: Iterable[Any] | None = None, ax: Any = None) -> Any:
    """Draw the power spectral density of each channel (Welch's estimate, averaged over the realizations).

    Raises
    ------
    InvalidParameterError
        If a channel does not exist or the series is too short.
    MissingLibraryError
        If matplotlib is not installed.
    """
    from scipy.signal import welch  # noqa: PLC0415  (slow to import)

    dataset = as_dataset(ds)
    shown = series(dataset, 0, channels)
    if len(shown.time) < 8:
        raise InvalidParameterError(f"a spectrum needs at least 8 samples, got T={len(shown.time)}")
    ax = axes(ax)
    step = float(shown.time[1] - shown.time[0])
    power: Any = 0.0
    for realization in range(dataset.sizes["realization"]):
        values = series(dataset, realization, channels).values
        frequency, found = welch(values, fs=1 / step, nperseg=min(SEGMENT, len(values)), axis=0)
        power = power + found / dataset.sizes["realization"]
    positive = frequency > 0
    for label, density in zip(shown.channels, np.asarray(power).T, strict=True):
        ax.loglog(frequency[positive], np.maximum(density[positive], np.finfo(float).tiny), label=str(label))
    legend(ax, len(shown.channels))
    unit = shown.time_unit or "step"
    ax.set(xlabel=f"frequency (1/{unit})", ylabel=f"power spectral density (value² {unit})", title=shown.title)
    return ax
