"""Phase portraits: one channel against another, or against its own past."""

from __future__ import annotations

from typing import Any

import pandas as pd
import xarray as xr

from pymts.adapters.sources import whole_number
from pymts.errors import InvalidParameterError
from pymts.plotting.canvas import axes
from pymts.plotting.source import series


def plot_embedding(
    ds: xr.Dataset | pd.DataFrame,
    x: Any = None,
    y: Any = None,
    *,
    lag: int = 1,
    realization: int = 0,
    ax: Any = None,
) -> Any:
    """Draw channel ``y`` over channel ``x``; where ``y`` is ``None``, ``x`` over itself ``lag`` samples earlier.

    Raises
    ------
    InvalidParameterError
        If the realization or a channel does not exist, or the lag is as long as the series.
    MissingLibraryError
        If matplotlib is not installed.
    """
    shown = series(ds, realization, None if x is None else [x])
    first, label = shown.values[:, 0], shown.channels[0]
    if y is None:
        lag = whole_number("lag", lag, 1)
        if lag >= len(first):
            raise InvalidParameterError(f"lag must be less than T = {len(first)}, got {lag}")
        across, up = first[:-lag], first[lag:]
        names = f"channel {label} at t", f"channel {label} at t + {lag} samples"
    else:
        across, up = first, series(ds, realization, [y]).values[:, 0]
        names = f"channel {label}", f"channel {y}"
    ax = axes(ax)
    ax.plot(across, up, lw=0.6, marker=".", ms=2 if len(across) > 200 else 4, alpha=0.7)
    ax.set(xlabel=names[0], ylabel=names[1], title=shown.title)
    return ax
