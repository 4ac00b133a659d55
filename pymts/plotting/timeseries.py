"""Lines or stems over time."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from pymts.plotting.canvas import axes, legend
from pymts.plotting.envelope import envelope
from pymts.plotting.segments import shade
from pymts.plotting.source import Series, as_dataset, series

TOGETHER = 8  # maximum number of channels drawn on one axis; more are stacked
MOST = 40  # maximum number of channels stacked if none are named
STEMS = 200  # samples whose stems can be distinguished


def plot_timeseries(
    ds: xr.Dataset | pd.DataFrame,
    realization: int = 0,
    stems: bool = False,
    channels: Iterable[Any] | None = None,
    ax: Any = None,
    *,
    title: str | None = None,
    **options: Any,
) -> Any:
    """Plot one line per channel and return the Axes.

    Long lines are thinned but keep their extremes. More than eight channels are stacked. A phase is drawn as its sine.
    Regimes, anomalies and interventions are shaded; counterfactuals are dashed.

    Parameters
    ----------
    ds : xarray.Dataset or DataFrame
    realization : int
    stems : bool
        Draw stems instead of lines, for the first 200 samples.
    channels : list of labels or None
        ``None`` draws all, up to the first 40.
    ax : Axes or None
        ``None`` makes a new pyplot figure.
    title : str or None
        ``None`` names the model and its parameters.
    **options
        For ``Axes.plot``, or ``Axes.stem`` with ``stems``.

    Raises
    ------
    InvalidParameterError
        If the realization or a channel does not exist.
    """
    dataset = as_dataset(ds)
    count = dataset.sizes["channel"]
    chosen = dataset["channel"].values[:MOST] if channels is None and count > MOST else channels
    shown = series(dataset, realization, chosen)
    heading = shown.title if title is None else title
    if channels is None and count > MOST:
        heading += f" (first {MOST} of {count})"
    if stems and len(shown.time) > STEMS:
        shown = replace(shown, time=shown.time[:STEMS], values=shown.values[:STEMS])
        heading += f" (first {STEMS} samples)"
    shown = _drawable(shown)
    ax = axes(ax, dataset)
    if stems:
        _stems(ax, shown, options)
    elif len(shown.channels) > TOGETHER:
        _above_one_another(ax, shown, options)
    else:
        _lines(ax, shown, options)
        _counterfactual(ax, dataset, realization, shown)
    shade(ax, dataset, realization, shown.channels)
    if stems or len(shown.channels) <= TOGETHER:
        ax.set(ylabel=shown.value_label)
        legend(ax, shown)
    ax.set(xlabel=shown.time_label, title=heading)
    return ax


def _drawable(shown: Series) -> Series:
    """Return the sine of a phase, and anything else unchanged."""
    if not shown.is_phase:
        return shown
    return replace(shown, values=np.sin(shown.values), value_name=f"sin({shown.value_name})", value_unit="")


def _lines(ax: Any, shown: Series, options: dict[str, Any]) -> None:
    for label, values in zip(shown.channels, shown.values.T, strict=True):
        at = envelope(values)
        ax.plot(shown.time[at], values[at], **{"marker": "." if len(at) == 1 else None, "label": str(label), **options})


def _stems(ax: Any, shown: Series, options: dict[str, Any]) -> None:
    for index, (label, values) in enumerate(zip(shown.channels, shown.values.T, strict=True)):
        colour = f"C{index}"  # stems do not advance the colour cycle
        style = {"linefmt": colour, "markerfmt": f"{colour}o", "basefmt": " ", "label": str(label)}
        ax.stem(shown.time, values, **{**style, **options})


def _above_one_another(ax: Any, shown: Series, options: dict[str, Any]) -> None:
    """Draw each channel around its own labelled level."""
    low, high = np.nanpercentile(shown.values, [1, 99], axis=0)
    apart = 1.1 * float((high - low).max()) or 1.0
    levels = apart * np.arange(len(shown.channels))
    middle = (low + high) / 2
    for label, values, level, centre in zip(shown.channels, shown.values.T, levels, middle, strict=True):
        at = envelope(values)
        ax.plot(shown.time[at], values[at] - centre + level, **{"lw": 0.8, "label": str(label), **options})
    every = -(-len(levels) // 20)
    ax.set_yticks(levels[::every], [str(label) for label in shown.channels[::every]])
    ax.set(ylabel=f"{shown.channels_are} (each {shown.value_label} around its middle)")
    ax.set_ylim(-apart, levels[-1] + apart)


def _counterfactual(ax: Any, dataset: xr.Dataset, realization: int, shown: Series) -> None:
    """Draw the counterfactual without interventions, dashed, where it differs."""
    if "counterfactual" not in dataset:
        return
    other = dataset["counterfactual"].isel(realization=realization).transpose("time", "channel")
    lines = {line.get_label(): line for line in ax.lines}
    for label, values in zip(shown.channels, shown.values.T, strict=True):
        without = other.sel(channel=label).values
        if not np.array_equal(without, values):
            colour = lines[str(label)].get_color()
            ax.plot(shown.time, without, color=colour, ls="--", lw=1, alpha=0.8, label=f"_{label} without intervention")
