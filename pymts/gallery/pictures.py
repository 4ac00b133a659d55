"""The plots on the page of a model: those that fit its dataset, and their files."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import xarray as xr
from matplotlib.figure import Figure
from matplotlib.text import Text

from pymts.plotting import KINDS
from pymts.plotting.graph import has_links

SIZE = (5.6, 3.2)  # inches
PLACE = (0.14, 0.16, 0.69, 0.8)  # left, bottom, width, height, as fractions of the figure
DPI = 125
DARK, PALE = "#1a1a1a", "#d8d8d8"
FEW = 6  # channels whose lines can be told apart
LONG = 300  # samples of a line plot in which single oscillations can still be seen


@dataclass(frozen=True)
class Picture:
    """An image file, its dark version if there is one, and a caption."""

    file: str
    dark: str | None
    caption: str
    width: int
    height: int


def draw(dataset: xr.Dataset, folder: Path, name: str) -> list[Picture]:
    """Write the plots that fit a dataset as ``<name>-<kind>.webp``, and return them."""
    return [_save(ax, folder / f"{name}-{kind}.webp", caption) for kind, caption, ax in _plots(dataset)]


def _plots(dataset: xr.Dataset) -> Iterator[tuple[str, str, Any]]:
    """Yield kind, caption and axes."""
    few = dataset["channel"].values[:FEW]
    start = dataset.isel(time=slice(0, LONG))
    many = dataset.sizes["channel"] > FEW
    which = f"first {FEW} of {dataset.sizes['channel']} channels" if many else "all channels"
    length = "" if start.sizes["time"] == dataset.sizes["time"] else f", first {LONG} samples"
    yield "timeseries", f"Series: {which}{length}", _drawn("timeseries", start, channels=few)
    if "order_parameter" in dataset:
        yield "phase", "The phases of all oscillators, and the order parameter", _drawn("phase", dataset)
    else:
        yield "heatmap", "The full realization as a heatmap", _drawn("heatmap", dataset)
    if dataset.sizes["time"] >= 8:
        yield "spectrum", f"Power spectral density: {which}", _drawn("spectrum", dataset, channels=few)
    if has_links(dataset):
        yield "graph", "The true graph", _drawn("graph", dataset)
    if "theory_acov" in dataset:
        yield (
            "correlation",
            "Autocovariance of channel 0: one realization and the theory",
            _drawn("correlation", dataset),
        )
    elif "adjacency" not in dataset:
        yield "embedding", "Channel 0 against its past", _drawn("embedding", dataset)


def _drawn(kind: str, dataset: xr.Dataset, **options: Any) -> Any:
    """Draw on axes at a fixed place: automatic layout would take as long as drawing."""
    plot: Callable[..., Any] = KINDS[kind]
    ax = Figure(figsize=SIZE).add_axes(PLACE)
    plot(dataset, ax=ax, title="", **options)
    return ax


def _save(ax: Any, path: Path, caption: str) -> Picture:
    figure = ax.figure
    options = {"dpi": DPI, "pil_kwargs": {"quality": 80, "method": 4}}
    figure.savefig(path, **options)
    dark = None
    if ax.images:  # inverting its colours would invert the meaning of the colour map
        dark = path.with_stem(f"{path.stem}-dark")
        _darken(figure)
        figure.savefig(dark, **options)
    return Picture(path.name, dark.name if dark else None, caption, round(SIZE[0] * DPI), round(SIZE[1] * DPI))


def _darken(figure: Any) -> None:
    """Draw text, ticks and frames in light colours on dark."""
    figure.set_facecolor(DARK)
    for text in figure.findobj(Text):
        text.set_color(PALE)
    for ax in figure.axes:
        ax.tick_params(which="both", color=PALE)
        for spine in ax.spines.values():
            spine.set_edgecolor(PALE)
