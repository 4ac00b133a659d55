"""The phases of oscillators, in a colour that goes round."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from pymts.adapters.libraries import require
from pymts.plotting.canvas import COMMAND, axes, raster
from pymts.plotting.source import Series, as_dataset, series


def phases(shown: Series, are_phases: bool) -> NDArray[np.float64]:
    """Return the phase of each channel, (time, channel), from 0 to 2 pi.

    What is no phase already is given that of its analytic signal, the angle between it and its Hilbert transform.
    """
    if are_phases:
        return np.mod(shown.values, 2 * np.pi)
    from scipy.signal import hilbert  # noqa: PLC0415  (slow to import)

    centred = shown.values - shown.values.mean(axis=0)
    return np.mod(np.angle(hilbert(centred, axis=0)), 2 * np.pi)


def plot_phase(
    ds: xr.Dataset | pd.DataFrame, realization: int = 0, channels: Iterable[Any] | None = None, ax: Any = None
) -> Any:
    """Draw the phase of each channel as a row of colour, and the order parameter over it if the truth has it.

    Kuramoto phases are taken as they are; the phase of any other series is that of its analytic signal.

    Raises
    ------
    InvalidParameterError
        If the realization or a channel does not exist.
    MissingLibraryError
        If matplotlib is not installed.
    """
    shown = series(ds, realization, channels)
    dataset = as_dataset(ds)
    ax = axes(ax)
    are_phases = dataset.attrs.get("model") == "kuramoto" and 'observable":"phase' in dataset.attrs.get("config", "")
    ticker = require("matplotlib.ticker", "plotting", COMMAND)
    image = raster(ax, shown, phases(shown, are_phases), cmap="twilight", vmin=0.0, vmax=2 * np.pi)
    bar = ax.figure.colorbar(image, ax=ax, label="phase (rad)", ticks=[0, np.pi, 2 * np.pi], pad=0.1)
    bar.ax.yaxis.set_major_formatter(ticker.FixedFormatter(["0", "π", "2π"]))
    if "order_parameter" in dataset:
        order = ax.twinx()
        order.plot(shown.time, dataset["order_parameter"].isel(realization=realization).values, color="k", lw=1.5)
        order.set(ylabel="order parameter r", ylim=(0, 1))
    return ax
