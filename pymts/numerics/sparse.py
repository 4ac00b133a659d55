"""Large graphs with few edges: families as lists of edges, and products that only touch what is there.

A graph is a CSR matrix (target, source) with its columns in order, so that every sum runs in one order: the bits of a
product depend neither on how many rows are multiplied nor on a BLAS.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array, diags_array

from pymts.numerics.generator import Generator

Array = NDArray[np.float64]
Pairs = NDArray[np.int64]  # (edges, 2): target, source
Sparse: TypeAlias = Any  # scipy.sparse.csr_array of float64


def ring(n: int, k: int) -> Pairs:
    """Return each node with its k neighbours ahead, once for each pair."""
    node, step = np.divmod(np.arange(n * k), k)
    pairs = np.stack([node, (node + step + 1) % n], axis=1)
    return np.unique(np.sort(pairs, axis=1), axis=0)


def ring_unidirectional(n: int, k: int) -> Pairs:
    """Return node i with the k nodes before it as sources."""
    node, step = np.divmod(np.arange(n * k), k)
    return np.stack([node, (node - step - 1) % n], axis=1)


def chain(n: int) -> Pairs:
    """Return 0 -> 1 -> ... -> n - 1."""
    return np.stack([np.arange(1, n), np.arange(n - 1)], axis=1)


def star(n: int) -> Pairs:
    """Return the hub 0 with every leaf."""
    return np.stack([np.zeros(n - 1, dtype=np.int64), np.arange(1, n)], axis=1)


def lattice_2d(n: int) -> Pairs:
    """Return the neighbours on the most nearly square grid of n nodes, row by row, with open boundaries."""
    rows = next(r for r in range(int(np.sqrt(n)), 0, -1) if n % r == 0)
    node = np.arange(n).reshape(rows, n // rows)
    across = np.stack([node[:, :-1].ravel(), node[:, 1:].ravel()], axis=1)
    down = np.stack([node[:-1].ravel(), node[1:].ravel()], axis=1)
    return np.concatenate([across, down])


def watts_strogatz(n: int, k: int, beta: float, rng: Generator) -> Pairs:
    """Rewire each edge of a ring of k neighbours a side with probability beta."""
    near: list[set[int]] = [set() for _ in range(n)]
    for i, j in ring(n, k).tolist():
        near[i].add(j)
        near[j].add(i)
    for step in range(1, min(k, (n - 1) // 2) + 1):
        for node in np.flatnonzero(rng.random(n) < beta).tolist():
            neighbour = (node + step) % n
            if neighbour not in near[node] or len(near[node]) >= n - 1:
                continue
            chosen = int(rng.integers(n))
            while chosen == node or chosen in near[node]:
                chosen = int(rng.integers(n))
            near[node].remove(neighbour)
            near[neighbour].remove(node)
            near[node].add(chosen)
            near[chosen].add(node)
    return np.array([(i, j) for i, others in enumerate(near) for j in sorted(others) if i < j], dtype=np.int64)


def barabasi_albert(n: int, m: int, rng: Generator) -> Pairs:
    """Join each new node to m earlier ones, chosen by degree."""
    pairs = [(0, leaf) for leaf in range(1, m + 1)]
    ends = [node for pair in pairs for node in pair]  # each node as often as it has edges
    for node in range(m + 1, n):
        chosen: set[int] = set()
        while len(chosen) < m:
            chosen.add(ends[int(rng.integers(len(ends)))])
        for other in sorted(chosen):
            pairs.append((other, node))
            ends += [other, node]
    return np.array(pairs, dtype=np.int64)


def random_pairs(n: int, count: int, rng: Generator, directed: bool) -> Pairs:
    """Return so many different pairs of different nodes; undirected ones with the smaller node first."""
    total = n * (n - 1) if directed else n * (n - 1) // 2
    found: set[int] = set()
    while len(found) < min(count, total):
        found.update(rng.integers(n * n, size=min(count, total) - len(found)).tolist())
        found = {code for code in found if (code // n != code % n if directed else code // n < code % n)}
    return np.stack(np.divmod(np.sort(np.fromiter(found, dtype=np.int64)), n), axis=1)


def thinned(n: int, density: float, rng: Generator, directed: bool) -> Pairs:
    """Return each pair of different nodes with this probability; undirected ones with the smaller node first.

    Pairs in a row are skipped as often as trials fail, so that the cost is that of the edges (Batagelj and Brandes
    2005, doi:10.1103/PhysRevE.71.036113).
    """
    total = n * (n - 1) if directed else n * (n - 1) // 2
    found, reached = [], -1
    while density > 0 and reached < total:
        expected = (total - reached) * density
        places = reached + np.cumsum(rng.geometric(density, int(expected + 4.0 * np.sqrt(expected)) + 16))
        found.append(places)
        reached = int(min(places[-1], total))
    code = np.concatenate([*found, np.empty(0)])
    code = code[code < total].astype(np.int64)
    if directed:
        row, other = np.divmod(code, n - 1)
        return np.stack([row, other + (other >= row)], axis=1)
    # Row by row of the triangle below the diagonal: row r begins at r (r - 1) / 2.
    row = ((1.0 + np.sqrt(1.0 + 8.0 * code)) / 2.0).astype(np.int64)
    row -= row * (row - 1) // 2 > code
    row += (row + 1) * row // 2 <= code
    return np.stack([code - row * (row - 1) // 2, row], axis=1)


def weighed(pairs: Pairs, n: int, kind: str, rng: Generator, directed: bool) -> Sparse:
    """Return the graph of weighed edges: ``binary`` 1, ``uniform`` on [0.5, 1.5), ``normal``, ``signed`` +1 or -1."""
    count = len(pairs)
    if kind == "binary":
        weights = np.ones(count)
    elif kind == "uniform":
        weights = 0.5 + rng.random(count)
    elif kind == "normal":
        weights = rng.standard_normal(count)
    else:
        weights = np.where(rng.random(count) < 0.5, -1.0, 1.0)
    target, source = pairs.T
    if not directed:
        target, source = np.concatenate([target, source]), np.concatenate([source, target])
        weights = np.concatenate([weights, weights])
    graph = csr_array((weights, (target, source)), shape=(n, n))
    graph.sort_indices()
    return graph


def in_strength(graph: Sparse) -> Array:
    """Return the summed absolute weight that each target receives, with 1 where it is 0."""
    strength = np.asarray(abs(graph).sum(axis=1)).ravel()
    return np.where(strength > 0, strength, 1.0)


def scaled(graph: Sparse, rows: Array | float) -> Sparse:
    """Return a graph with every target's weights multiplied by a number, one for all or one each."""
    factors = np.broadcast_to(np.asarray(rows, dtype=np.float64), (graph.shape[0],))
    return csr_array(diags_array(factors) @ graph)


def laplacian(coupling: Sparse) -> Sparse:
    """Return the L with (L x)_i = sum_j C_ij (x_j - x_i)."""
    found = csr_array(coupling - diags_array(np.asarray(coupling.sum(axis=1)).ravel()))
    found.sort_indices()
    return found


def edges(graph: Sparse) -> tuple[NDArray[np.int64], NDArray[np.int64], Array]:
    """Return target, source and weight of each edge, by target and then by source."""
    listed = graph.tocoo()
    order = np.lexsort((listed.col, listed.row))
    return listed.row[order].astype(np.int64), listed.col[order].astype(np.int64), listed.data[order]
