"""The true graph, as a matrix or as a network."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from pymts.adapters.libraries import require
from pymts.errors import InvalidParameterError
from pymts.plotting.canvas import COMMAND, axes
from pymts.plotting.source import as_dataset


def plot_graph(ds: xr.Dataset | pd.DataFrame, kind: Literal["matrix", "network"] = "matrix", ax: Any = None) -> Any:
    """Draw the adjacency and return the Axes.

    Parameters
    ----------
    ds : xarray.Dataset
    kind : "matrix" or "network"
        A matrix has sources along x and targets along y; in a network an arrow goes from source to target.
    ax : Axes or None

    Raises
    ------
    InvalidParameterError
        If the dataset has no adjacency.
    MissingLibraryError
        If matplotlib or seaborn is not installed.
    """
    dataset = as_dataset(ds)
    if "adjacency" not in dataset:
        raise InvalidParameterError("plot_graph needs the variable 'adjacency', which this dataset does not have")
    if kind not in ("matrix", "network"):
        raise InvalidParameterError(f"kind must be 'matrix' or 'network', got {kind!r}")
    adjacency = dataset["adjacency"].transpose("target", "source")
    weights, labels = np.asarray(adjacency.values, dtype=float), [str(label) for label in adjacency["target"].values]
    ax = axes(ax)
    ax.set_title(str(dataset.attrs.get("config_id", "")))
    (_matrix if kind == "matrix" else _network)(ax, weights, labels)
    return ax


def _matrix(ax: Any, weights: NDArray[np.float64], labels: Sequence[str]) -> None:
    bound = float(np.abs(weights).max()) or 1.0
    palettes = require("seaborn.cm", "the graph", COMMAND)
    signed = bool((weights < 0).any())
    image = ax.imshow(
        weights, cmap=palettes.icefire if signed else palettes.mako, vmin=-bound if signed else 0.0, vmax=bound
    )
    ax.figure.colorbar(image, ax=ax, label="weight")
    every = -(-len(labels) // 10)
    ax.set(xlabel="source", ylabel="target")
    ax.set_xticks(range(0, len(labels), every), labels[::every])
    ax.set_yticks(range(0, len(labels), every), labels[::every])


def _network(ax: Any, weights: NDArray[np.float64], labels: Sequence[str]) -> None:
    """Put the nodes on a circle and draw an arrow for every edge but a node's own."""
    angle = np.pi / 2 - 2 * np.pi * np.arange(len(labels)) / len(labels)
    place = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    largest = float(np.abs(weights).max()) or 1.0
    size = min(0.09, 1.6 / len(labels))  # of a node, in units of the circle
    for target, source in np.argwhere(weights != 0):
        if target == source:
            continue
        weight = weights[target, source]
        bend = 0.12 if weights[source, target] != 0 else 0.0  # two arrows that answer each other do not overlap
        ax.annotate(
            "",
            xy=place[target],
            xytext=place[source],
            arrowprops={
                "arrowstyle": "-|>",
                "color": "C0" if weight > 0 else "C3",
                "lw": 0.5 + 1.5 * abs(weight) / largest,
                "alpha": 0.8 if len(labels) <= 20 else 0.3,
                "shrinkA": 140 * size,
                "shrinkB": 140 * size,
                "connectionstyle": f"arc3,rad={bend}",
            },
        )
    ax.plot(*place.T, "o", ms=220 * size, color="white", mec="0.3", zorder=3)
    if len(labels) <= 40:
        for (x, y), label in zip(place, labels, strict=True):
            ax.text(x, y, label, ha="center", va="center", fontsize=8, zorder=4)
    ax.set(aspect="equal", xlim=(-1.25, 1.25), ylim=(-1.25, 1.25))
    ax.set_axis_off()
