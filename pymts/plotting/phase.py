"""Phases of oscillators, with a cyclic colour map."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from pymts.plotting.canvas import axes, raster
from pymts.plotting.source import Series, as_dataset, series


def phases(shown: Series) -> NDArray[np.float64]:
    """Return the phase of each channel, (time, channel), from 0 to 2 pi.

    For series that are not phases, this is the phase of the analytic signal, from the Hilbert transform.
    """
    if shown.is_phase:
        return np.mod(shown.values, 2 * np.pi)
    from scipy.signal import hilbert  # noqa: PLC0415  (slow to import)

    centred = shown.values - shown.values.mean(axis=0)
    return np.mod(np.angle(hilbert(centred, axis=0)), 2 * np.pi)


def phase_bar(beside: Any, image: Any) -> None:
    """Draw the colour bar of a phase next to one or several Axes."""
    bar = image.figure.colorbar(image, ax=beside, label="phase (rad)", ticks=[0, np.pi, 2 * np.pi])
    bar.ax.set_yticklabels(["0", "π", "2π"])


def _panel_above(ax: Any) -> Any:
    """Return new Axes in the upper part of ``ax``, which keeps the lower part."""
    figure, spec = ax.figure, ax.get_subplotspec()
    if spec is not None:
        upper, lower = spec.subgridspec(2, 1, height_ratios=[1, 4])
        ax.set_subplotspec(lower)
        return figure.add_subplot(upper, sharex=ax)
    box = ax.get_position()
    ax.set_position((box.x0, box.y0, box.width, 0.74 * box.height))
    return figure.add_axes((box.x0, box.y0 + 0.8 * box.height, box.width, 0.2 * box.height), sharex=ax)


def plot_phase(
    ds: xr.Dataset | pd.DataFrame,
    realization: int = 0,
    channels: Iterable[Any] | None = None,
    ax: Any = None,
    *,
    title: str | None = None,
    **options: Any,
) -> Any:
    """Plot the phase of each oscillator over time; for a phase portrait, see ``plot_portrait``.

    Each channel is one row; the order parameter, if available, has its own panel above. Kuramoto phases are used
    directly; for other series the phase of the analytic signal is shown, which is meaningful only for oscillations.

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
        For ``Axes.imshow``.

    Raises
    ------
    InvalidParameterError
        If the realization or a channel does not exist.
    """
    dataset = as_dataset(ds)
    shown = series(dataset, realization, channels)
    ax = axes(ax, dataset)
    heading = shown.title if title is None else title
    defaults = {"cmap": "twilight", "vmin": 0.0, "vmax": 2 * np.pi}
    image = raster(ax, shown, phases(shown), **{**defaults, **options})
    if "order_parameter" not in dataset:
        phase_bar(ax, image)
        ax.set(title=heading)
        return ax
    order = _panel_above(ax)
    phase_bar([order, ax], image)
    order.plot(shown.time, dataset["order_parameter"].isel(realization=realization).values, color="C0", lw=1.2)
    order.set(ylabel="order r", ylim=(0, 1.02), title=heading)
    order.tick_params(labelbottom=False)
    return ax
