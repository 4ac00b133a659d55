"""Plots of the true graph, as a matrix or a network."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from pymts.adapters.graphs import edges, graph
from pymts.data.selection import EDGE
from pymts.errors import InvalidParameterError
from pymts.plotting.canvas import axes
from pymts.plotting.source import as_dataset
from pymts.plotting.titles import title as title_of

FEW = 12  # maximum number of nodes drawn as a network
NO_LINK, LINK = "#eef1f5", "#2563a8"


def plot_graph(
    ds: xr.Dataset | pd.DataFrame,
    kind: Literal["matrix", "network"] | None = None,
    ax: Any = None,
    *,
    title: str | None = None,
    **options: Any,
) -> Any:
    """Plot the adjacency and return the Axes.

    Parameters
    ----------
    ds : xarray.Dataset
    kind : "matrix", "network" or None
        A matrix has sources along x and targets along y; in a network an arrow goes from source to target. ``None``
        draws up to 12 channels as a network and more as a matrix.
    ax : Axes or None
        ``None`` makes a new pyplot figure.
    title : str or None
        ``None`` names the model and its parameters.
    **options
        For ``Axes.imshow`` of a matrix, for the arrows of a network.

    Raises
    ------
    InvalidParameterError
        If the dataset has no adjacency, or ``kind`` is neither.
    """
    dataset = as_dataset(ds)
    listed = EDGE in dataset.dims
    if "adjacency" not in dataset and not listed:
        raise InvalidParameterError("plot_graph needs the variable 'adjacency', but this dataset does not have it")
    if kind not in ("matrix", "network", None):
        raise InvalidParameterError(f"kind must be 'matrix', 'network' or None, got {kind!r}")
    labels = [str(label) for label in dataset["channel" if listed else "target"].values]
    ax = axes(ax, dataset)
    as_matrix = kind == "matrix" or (kind is None and len(labels) > FEW)
    if listed and as_matrix:
        _dots(ax, edges(dataset), dataset.indexes["channel"], options)
    else:
        weights = np.asarray(graph(dataset).values, dtype=float)
        (_matrix if as_matrix else _network)(ax, weights, labels, options)
    ax.set_title(title_of(dataset) if title is None else title)
    return ax


def has_links(dataset: xr.Dataset) -> bool:
    """Return whether there is a graph to draw."""
    return bool(dataset.sizes.get(EDGE, 0)) or ("adjacency" in dataset and bool(dataset["adjacency"].any()))


def _matrix(ax: Any, weights: NDArray[np.float64], labels: Sequence[str], options: dict[str, Any]) -> None:
    from matplotlib.colors import ListedColormap  # noqa: PLC0415  (slow to import)
    from seaborn import cm  # noqa: PLC0415

    bound = float(np.abs(weights).max()) or 1.0
    signed, binary = bool((weights < 0).any()), bool(np.isin(weights, (0.0, bound)).all())
    colours = ListedColormap([NO_LINK, LINK]) if binary else cm.icefire if signed else cm.mako_r
    image = ax.imshow(weights, **{"cmap": colours, "vmin": -bound if signed else 0.0, "vmax": bound, **options})
    if binary:
        bar = ax.figure.colorbar(image, ax=ax, ticks=[bound / 4, 3 * bound / 4])
        bar.ax.set_yticklabels(["no link", "link" if bound == 1 else f"link, weight {bound:g}"])
        bar.ax.tick_params(length=0)
    else:
        ax.figure.colorbar(image, ax=ax, label="weight")
    every = -(-len(labels) // 10)
    ax.set(xlabel="source", ylabel="target")
    ax.set_xticks(range(0, len(labels), every), labels[::every])
    ax.set_yticks(range(0, len(labels), every), labels[::every])


def _dots(ax: Any, listed: pd.DataFrame, place: pd.Index[Any], options: dict[str, Any]) -> None:
    """Draw the matrix of a large graph as a dot for each edge."""
    source, target = (place.get_indexer(pd.Index(listed[end])) for end in ("source", "target"))
    ax.plot(source, target, ".", **{"color": LINK, "markersize": 1.5, "rasterized": True, **options})
    span = (-0.5, len(place) - 0.5)
    ax.set(xlabel="source", ylabel="target", aspect="equal", xlim=span, ylim=span[::-1])


def _network(ax: Any, weights: NDArray[np.float64], labels: Sequence[str], options: dict[str, Any]) -> None:
    """Put the nodes on a circle and draw an arrow for every edge except self-loops."""
    angle = np.pi / 2 - 2 * np.pi * np.arange(len(labels)) / len(labels)
    place = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    largest = float(np.abs(weights).max()) or 1.0
    size = min(0.09, 1.6 / len(labels))  # node size in units of the circle
    for target, source in np.argwhere(weights != 0):
        if target == source:
            continue
        weight = weights[target, source]
        bend = 0.12 if weights[source, target] != 0 else 0.0  # reciprocal arrows do not overlap
        style = {
            "arrowstyle": "-|>",
            "color": "C0" if weight > 0 else "C3",
            "lw": 0.5 + 1.5 * abs(weight) / largest,
            "alpha": 0.8 if len(labels) <= 20 else 0.3,
            "shrinkA": 140 * size,
            "shrinkB": 140 * size,
            "connectionstyle": f"arc3,rad={bend}",
            **options,
        }
        ax.annotate("", xy=place[target], xytext=place[source], arrowprops=style)
    ax.plot(*place.T, "o", ms=220 * size, color="white", mec="0.3", zorder=3)
    if len(labels) <= 40:
        for (x, y), label in zip(place, labels, strict=True):
            ax.text(x, y, label, ha="center", va="center", fontsize=8, zorder=4)
    ax.set(aspect="equal", xlim=(-1.25, 1.25), ylim=(-1.25, 1.25))
    ax.set_axis_off()
