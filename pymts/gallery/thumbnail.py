"""Thumbnails of a series: an SVG of a few kilobytes that follows the reader's light or dark scheme."""

from __future__ import annotations

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from pymts.data.dataset import DATA, DIMS

WIDTH, HEIGHT, MARGIN = 240.0, 84.0, 4.0
CHANNELS = 4
FEWEST, MOST = 60, 320  # samples
TURNS = 40.0  # as many oscillations as can be distinguished
LIGHT = ("#2563a8", "#d1692a", "#3b8a4f", "#9a4fa3")
DARK = ("#7db4ee", "#f0a06c", "#7fcf94", "#d59ae0")
STYLE = (
    "<style>path{fill:none;stroke-width:1.3;stroke-linejoin:round}"
    + "".join(f".c{i}{{stroke:{colour}}}" for i, colour in enumerate(LIGHT))
    + "@media(prefers-color-scheme:dark){"
    + "".join(f".c{i}{{stroke:{colour}}}" for i, colour in enumerate(DARK))
    + "}</style>"
)


def thumbnail(dataset: xr.Dataset) -> str:
    """Return an SVG of the first samples of the first channels, first realization.

    Values that are not finite, or so extreme that the rest would look flat, are drawn at the edge.
    """
    array = dataset[DATA].transpose(*DIMS).isel(realization=0)
    values = np.asarray(array.isel(time=slice(0, MOST), channel=slice(0, CHANNELS)).values, dtype=float)
    values = values[: _stretch(values)]
    low, high = _range(values)
    height = MARGIN + (HEIGHT - 2 * MARGIN) * (high - np.clip(values, low, high)) / (high - low)
    across = np.linspace(MARGIN, WIDTH - MARGIN, len(values)) if len(values) > 1 else np.array([WIDTH / 2])
    paths = [f'<path class="c{i}" d="{_path(across, line)}"/>' for i, line in enumerate(height.T)]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH:g} {HEIGHT:g}" width="{WIDTH:g}" '
        f'height="{HEIGHT:g}">{STYLE}{"".join(reversed(paths))}</svg>\n'
    )


def _stretch(values: NDArray[np.float64]) -> int:
    """Return how many samples to show: few for a rapidly varying series, many for a smooth one."""
    change = np.sign(np.diff(values, axis=0))
    turns = float(np.mean(change[1:] * change[:-1] < 0)) if len(values) > 2 else 0.0
    return int(np.clip(TURNS / max(turns, TURNS / MOST), FEWEST, MOST))


def _range(values: NDArray[np.float64]) -> tuple[float, float]:
    finite = values[np.isfinite(values)]
    if not finite.size:
        return -1.0, 1.0
    low, high = np.quantile(finite, [0.01, 0.99])
    room = 0.25 * (high - low)
    low, high = max(finite.min(), low - room), min(finite.max(), high + room)
    return (float(low), float(high)) if high > low else (float(low) - 1.0, float(high) + 1.0)


def _path(across: NDArray[np.float64], down: NDArray[np.float64]) -> str:
    points = [f"{x:.1f} {y:.1f}" for x, y in zip(across, np.nan_to_num(down, nan=HEIGHT / 2), strict=True)]
    end = "h.01" if len(points) == 1 else ""
    return "M" + "L".join(points) + end
