"""The pictures on the page of a model: which plots fit its dataset, and their files."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import xarray as xr

from pymts.plotting import KINDS
from pymts.plotting.canvas import axes

SIZE = (6.4, 3.6)  # inches
DPI = 110
FEW = 6  # channels whose lines can be told apart
LONG = 300  # samples of a line plot in which single oscillations can still be seen


@dataclass(frozen=True)
class Picture:
    """One file, and what it shows in words."""

    file: str
    caption: str
    width: int
    height: int


def draw(dataset: xr.Dataset, folder: Path, name: str) -> list[Picture]:
    """Write the pictures that fit a dataset as ``<name>-<kind>.webp``, and return them."""
    return [_save(ax, folder / f"{name}-{kind}.webp", caption) for kind, caption, ax in _plots(dataset)]


def _plots(dataset: xr.Dataset) -> Iterator[tuple[str, str, Any]]:
    """Yield kind, caption and axes."""
    few = dataset["channel"].values[:FEW]
    start = dataset.isel(time=slice(0, LONG))
    many = dataset.sizes["channel"] > FEW
    which = f"first {FEW} of {dataset.sizes['channel']} channels" if many else "all channels"
    length = "" if start.sizes["time"] == dataset.sizes["time"] else f", first {LONG} samples"
    yield "timeseries", f"Series: {which}{length}", _drawn("timeseries", start, channels=few)
    yield "heatmap", "The same realization as a heatmap, whole", _drawn("heatmap", dataset)
    if dataset.sizes["time"] >= 8:
        yield "spectrum", f"Power spectral density: {which}", _drawn("spectrum", dataset, channels=few)
    if "adjacency" in dataset and bool(dataset["adjacency"].any()):
        yield "graph", "The true graph: who drives whom", _drawn("graph", dataset)
    if "theory_acov" in dataset:
        yield "correlation", "Autocovariance of channel 0: one sample beside the theory", _drawn("correlation", dataset)
    elif "adjacency" not in dataset:
        yield "embedding", "Channel 0 against its past", _drawn("embedding", dataset)


def _drawn(kind: str, dataset: xr.Dataset, **options: Any) -> Any:
    plot: Callable[..., Any] = KINDS[kind]
    ax = axes()
    ax.figure.set_size_inches(*SIZE)
    plot(dataset, ax=ax, **options)
    ax.set_title("")
    return ax


def _save(ax: Any, path: Path, caption: str) -> Picture:
    ax.figure.savefig(path, dpi=DPI, pil_kwargs={"quality": 80, "method": 4})
    return Picture(path.name, caption, round(SIZE[0] * DPI), round(SIZE[1] * DPI))
