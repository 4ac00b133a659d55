"""Converts arrays, tensors and graphs to the plain lists and numbers of a configuration."""

from __future__ import annotations

from typing import Any

import numpy as np

# Accepted orders of a labelled matrix: the dims of a graph, or those of a parameter.
GRAPH = ("target", "source")
BEFORE_GRAPH = frozenset({"lag", "ma_lag", "difference_lag", "state"})
ORDERS = frozenset(
    {
        ("channel", "channel_"),
        ("channel", "relation"),
        ("state", "channel"),
        ("time", "regressor"),
        ("channel", "regressor"),
    }
)


def plain(value: Any) -> Any:
    """Return ``value`` as JSON-compatible plain Python.

    NumPy and pandas objects, labelled arrays, sparse matrices, tensors and graphs of networkx become nested lists; a
    graph's edge u -> v means that u drives v. Anything else is returned unchanged.

    Raises
    ------
    ValueError
        If the dims of a labelled array do not identify the target.
    """
    if value is None or isinstance(value, str | bool | int | float):
        return value
    if isinstance(value, np.ndarray | np.generic):
        return value.tolist()
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if hasattr(value, "dims") and hasattr(value, "transpose"):
        return np.asarray(_ordered(value)).tolist()
    if hasattr(value, "is_directed") and hasattr(value, "edges"):
        return _of_graph(value).tolist()
    if hasattr(value, "toarray"):
        return np.asarray(value.toarray()).tolist()
    if hasattr(value, "__array__"):
        return np.asarray(value).tolist()
    return value


def _ordered(array: Any) -> Any:
    """Return a labelled array with the target before the source, and lags or states before both."""
    dims = tuple(map(str, array.dims))
    if set(GRAPH) <= set(dims):
        others = [dim for dim in dims if dim not in GRAPH]
        if len(others) <= 1 and BEFORE_GRAPH.issuperset(others):
            return array.transpose(*others, *GRAPH)
    elif len(dims) <= 1 or dims in ORDERS:
        return array
    raise ValueError(f"has the dims {dims}, which do not identify the target; name them target and source")


def _of_graph(graph: Any) -> Any:
    """Return the adjacency (target, source) of a networkx graph, in the order of its nodes."""
    place = {node: index for index, node in enumerate(graph.nodes)}
    matrix = np.zeros((len(place), len(place)))
    for source, target, weight in graph.edges(data="weight", default=1.0):
        matrix[place[target], place[source]] += weight
        if not graph.is_directed() and source != target:
            matrix[place[source], place[target]] += weight
    return matrix
