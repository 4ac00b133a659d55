"""What arrives at each unit of a network: one weighted sum over its drivers, in the order of the drivers.

A graph is three arrays: the drivers of unit i are ``sources[pointers[s, i] : pointers[s, i + 1]]``, ascending, and
weighed by ``weights`` at the same places; s is the signal, if each has a graph of its own, or 0. A graph without
pointers is the complete one with the same weight for all pairs and each unit itself.

Units and lanes: number k = unit x lanes + lane is at ``[k // 8, signal, k % 8]``, whether a group is eight realizations
or one.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from pymts.numerics.portable.compiled import kernel
from pymts.numerics.portable.lanes import LANES, load, spread, store

Array = NDArray[np.float64]
Index = NDArray[np.int64]


class Graph(NamedTuple):
    """Who drives whom, and how much."""

    pointers: Index
    sources: Index
    weights: Array

    @classmethod
    def of(cls, matrix: Any) -> Graph:
        """Return the graph of an array (target, source), or of a CSR matrix with sorted columns."""
        if not isinstance(matrix, np.ndarray):
            return cls(
                matrix.indptr.astype(np.int64)[None], matrix.indices.astype(np.int64), matrix.data.astype(np.float64)
            )
        target, source = np.nonzero(matrix)
        pointers = np.zeros((1, len(matrix) + 1), dtype=np.int64)
        np.cumsum(np.bincount(target, minlength=len(matrix)), out=pointers[0, 1:])
        return cls(pointers, source.astype(np.int64), np.ascontiguousarray(matrix[target, source], dtype=np.float64))

    @classmethod
    def complete(cls, weight: float) -> Graph:
        """Return the graph in which every unit is driven by all, itself included, with one weight."""
        return cls(np.empty((0, 0), dtype=np.int64), np.empty(0, dtype=np.int64), np.array([weight]))

    @classmethod
    def by_signal(cls, graphs: Sequence[Graph]) -> Graph:
        """Return graphs of one signal each as the graph of all signals."""
        before = np.cumsum([0] + [graph.sources.size for graph in graphs])
        pointers = np.concatenate([graph.pointers + n for graph, n in zip(graphs, before, strict=False)])
        return cls(
            pointers,
            np.concatenate([graph.sources for graph in graphs]),
            np.concatenate([graph.weights for graph in graphs]),
        )


@kernel
def _from_all(sent: Array, weight: float, units: int, lanes: int, arrived: Array) -> None:
    for s in range(sent.shape[1]):
        if lanes == LANES:
            total = spread(0.0)
            for j in range(units):
                total = total + load(sent[j, s], 0)
            total = weight * total
            for i in range(units):
                store(arrived[i, s], 0, total)
        else:
            one = 0.0
            for j in range(units):
                one += sent[j // LANES, s, j % LANES]
            arrived[:, s, :] = weight * one


@kernel
def arrive(
    sent: Array, pointers: Index, sources: Index, weights: Array, units: int, lanes: int, arrived: Array
) -> None:
    """Write what arrives of each signal: arrived[i] = sum_j weight_ij sent[j]."""
    if pointers.size == 0:
        _from_all(sent, weights[0], units, lanes, arrived)
        return
    for s in range(sent.shape[1]):
        line = pointers[s if pointers.shape[0] > 1 else 0]
        for i in range(units):
            first, last = line[i], line[i + 1]
            if lanes == LANES:
                total = spread(0.0)
                for e in range(first, last):
                    total = total + weights[e] * load(sent[sources[e], s], 0)
                store(arrived[i, s], 0, total)
            else:
                one = 0.0
                for e in range(first, last):
                    j = sources[e]
                    one += weights[e] * sent[j // LANES, s, j % LANES]
                arrived[i // LANES, s, i % LANES] = one
