"""The true graph in the formats of other libraries: edges, networkx, tigramite."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from pymts.adapters.libraries import require
from pymts.data.selection import EDGE, check_labels
from pymts.errors import InvalidParameterError

COLUMNS = ["source", "target", "lag", "weight", "sign"]


def graph(dataset: xr.Dataset, *, diagonal: bool = True, signed: bool = False) -> xr.DataArray:
    """Return the true graph, (target, source); nonzero means that the source drives the target.

    A large graph, stored as a list of edges, is converted to a matrix.

    Parameters
    ----------
    dataset : xarray.Dataset
    diagonal : bool
        Whether to keep the influence of channels on themselves; if False, scores need no mask.
    signed : bool
        Take the sign of the coefficient with the largest absolute value over the lags.

    Raises
    ------
    InvalidParameterError
        If the dataset has no graph, or shows other channels than its graph.
    """
    found = _adjacency(dataset).copy()
    if signed and "coefficients" in dataset:
        coefficients = dataset["coefficients"].transpose("lag", "target", "source").values
        largest = np.abs(coefficients).argmax(axis=0)
        signs = np.sign(np.take_along_axis(coefficients, largest[None], axis=0)[0])
        found.values = np.where(signs == 0, 1.0, signs) * np.abs(found.values)
    if not diagonal:
        values = found.values.copy()
        np.fill_diagonal(values, 0)
        found.values = values
    return found


def edges(dataset: xr.Dataset, *, diagonal: bool = True) -> pd.DataFrame:
    """Return the true graph with one row per edge: source, target, lag, weight and sign.

    If the model has linear coefficients, there is one row per lag (in steps), with the coefficient as weight; otherwise
    ``lag`` is missing and the weight is that of the graph.

    Raises
    ------
    InvalidParameterError
        If the dataset has no graph, or shows other channels than its graph.
    """
    check_labels(dataset)
    if EDGE in dataset.dims:
        return _listed(dataset, diagonal)
    adjacency = _adjacency(dataset)
    labels = adjacency["target"].values
    if "coefficients" in dataset:
        weights = dataset["coefficients"].transpose("lag", "target", "source").values
        lags = dataset["lag"].values
    else:
        weights, lags = adjacency.values[None], np.array([pd.NA], dtype=object)
    rows = [
        (labels[source], labels[target], lags[lag], float(weights[lag, target, source]))
        for lag, target, source in np.argwhere(weights != 0)
        if diagonal or target != source
    ]
    frame = pd.DataFrame([(*row, int(np.sign(row[-1]))) for row in rows], columns=COLUMNS)
    return frame.astype({"lag": "Int64"})


def to_networkx(dataset: xr.Dataset, *, diagonal: bool = True) -> Any:
    """Return the true graph as a ``networkx.DiGraph`` whose edges have a ``weight`` and go from source to target.

    Raises
    ------
    InvalidParameterError
        If the dataset has no graph, or shows other channels than its graph.
    MissingLibraryError
        If networkx is not installed.
    """
    networkx = require("networkx", "to_networkx", "pip install networkx")
    made = networkx.DiGraph()
    if EDGE in dataset.dims:
        made.add_nodes_from(dataset["channel"].values.tolist())
        listed = edges(dataset, diagonal=diagonal)[["source", "target", "weight"]]
        made.add_weighted_edges_from(listed.itertuples(index=False, name=None))
        return made
    found = graph(dataset, diagonal=diagonal, signed=True)
    labels = found["target"].values.tolist()
    made.add_nodes_from(labels)
    for target, source in np.argwhere(found.values != 0):
        made.add_edge(labels[source], labels[target], weight=float(found.values[target, source]))
    return made


def to_links(dataset: xr.Dataset) -> dict[int, list[tuple[tuple[int, int], float]]]:
    """Return the linear coefficients as tigramite's links: ``{target: [((source, -lag), coefficient), ...]}``.

    Channels are numbered by position, as in tigramite.

    Raises
    ------
    InvalidParameterError
        If the dataset has no linear coefficients, or shows other channels than its graph.
    """
    weights = _coefficients(dataset)
    lags = dataset["lag"].values.tolist()
    links: dict[int, list[tuple[tuple[int, int], float]]] = {target: [] for target in range(weights.shape[1])}
    for lag, target, source in np.argwhere(weights != 0).tolist():
        links[target].append(((source, -lags[lag]), float(weights[lag, target, source])))
    return links


def to_marks(dataset: xr.Dataset) -> NDArray[np.str_]:
    """Return tigramite's graph, (source, target, lag): ``"-->"`` for a link, ``"<--"`` on its other side at lag 0.

    Raises
    ------
    InvalidParameterError
        If the dataset has no linear coefficients, or shows other channels than its graph.
    """
    weights, lags = _coefficients(dataset), dataset["lag"].values
    n = weights.shape[1]
    marks = np.full((n, n, int(lags.max()) + 1), "", dtype="<U3")
    for lag, target, source in np.argwhere(weights != 0):
        marks[source, target, lags[lag]] = "-->"
        if lags[lag] == 0:
            marks[target, source, 0] = "<--"
    return marks


def _adjacency(dataset: xr.Dataset) -> xr.DataArray:
    check_labels(dataset)
    if EDGE in dataset.dims:
        return _matrix(dataset)
    if "adjacency" not in dataset:
        raise InvalidParameterError("the dataset has no variable 'adjacency': its model has no graph")
    return dataset["adjacency"].transpose("target", "source")


def _coefficients(dataset: xr.Dataset) -> NDArray[np.float64]:
    check_labels(dataset)
    if "coefficients" not in dataset:
        raise InvalidParameterError("the dataset has no variable 'coefficients': its model has no linear links")
    values: NDArray[np.float64] = dataset["coefficients"].transpose("lag", "target", "source").values
    return values


def _matrix(dataset: xr.Dataset) -> xr.DataArray:
    """Return a list of edges as a matrix."""
    place, labels = dataset.indexes["channel"], dataset["channel"].values
    target, source = (place.get_indexer(pd.Index(dataset[name].values)) for name in ("edge_target", "edge_source"))
    values = np.zeros((len(labels), len(labels)))
    values[target, source] = dataset["edge_weight"].values
    return xr.DataArray(
        values, {"target": labels, "source": labels}, ("target", "source"), "adjacency", dataset["edge_weight"].attrs
    )


def _listed(dataset: xr.Dataset, diagonal: bool) -> pd.DataFrame:
    """Return a list of edges as a table."""
    source, target, weight = (dataset[f"edge_{name}"].values for name in ("source", "target", "weight"))
    shown = np.flatnonzero((source != target) | diagonal)
    frame = pd.DataFrame({"source": source[shown], "target": target[shown], "weight": weight[shown]})
    frame["lag"] = pd.array([pd.NA] * len(frame), dtype="Int64")
    frame["sign"] = np.sign(frame["weight"]).astype(int)
    return frame[COLUMNS]
