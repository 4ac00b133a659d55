"""What arrives at units: sums over drivers, in their order, for one realization or eight."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.sparse import csr_array

from pymts.numerics.coupling import Graph, arrive
from pymts.numerics.flow import packed

Array = NDArray[np.float64]


def arrived(graph: Graph, signals: Array, lanes: int) -> Array:
    """Return what arrives of signals (signal, row, unit), in the same shape."""
    sent = packed(signals, lanes)
    out = np.full_like(sent, np.nan)
    units = signals.shape[2]
    arrive(sent, *graph, units, lanes, out)
    flat = out.swapaxes(0, 1).reshape(len(signals), -1)[:, : units * lanes]
    return flat.reshape(len(signals), units, lanes).swapaxes(1, 2)[:, : signals.shape[1]]


def in_order(matrix: Array, signals: Array) -> Array:
    """Return the sums over ascending sources of nonzero weights, one by one."""
    out = np.zeros_like(signals)
    for (target, source), weight in np.ndenumerate(matrix):
        if weight:
            out[..., target] += weight * signals[..., source]
    return out


@pytest.mark.parametrize("n", [1, 5, 8, 19])
@pytest.mark.parametrize("density", [0.0, 0.4, 1.0])
def test_sums_run_over_the_drivers_in_order(n: int, density: float) -> None:
    rng = np.random.default_rng(n)
    matrix = rng.standard_normal((n, n)) * (rng.random((n, n)) < density)
    signals = rng.standard_normal((2, 8, n))
    expected = in_order(matrix, signals)
    sparse = csr_array(matrix)
    for graph in (Graph.of(matrix), Graph.of(sparse)):
        np.testing.assert_array_equal(arrived(graph, signals, 8), expected)
        np.testing.assert_array_equal(arrived(graph, signals[:, :1], 1), expected[:, :1])


def test_each_signal_may_have_a_graph_of_its_own() -> None:
    rng = np.random.default_rng(0)
    first, second = rng.standard_normal((2, 6, 6))
    signals = rng.standard_normal((2, 3, 6))
    graph = Graph.by_signal([Graph.of(first), Graph.of(np.triu(second))])
    found = arrived(graph, signals, 8)
    np.testing.assert_array_equal(found[0], in_order(first, signals[0]))
    np.testing.assert_array_equal(found[1], in_order(np.triu(second), signals[1]))


@pytest.mark.parametrize("lanes", [1, 8])
def test_the_complete_graph_has_one_sum_for_all(lanes: int) -> None:
    signals = np.random.default_rng(0).standard_normal((2, lanes, 9))
    total = np.zeros((2, lanes))
    for unit in range(9):
        total += signals[..., unit]
    found = arrived(Graph.complete(0.3), signals, lanes)
    np.testing.assert_array_equal(found, np.repeat((0.3 * total)[..., None], 9, axis=2))
