"""Graph families. Everywhere ``adjacency[i, j] != 0`` means that j drives i: (target, source)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from pymts.numerics.generator import Generator

Adjacency = NDArray[np.float64]  # (target, source)


def _ring_offsets(n: int) -> NDArray[np.int64]:
    index = np.arange(n)
    return (index[:, None] - index[None, :]) % n  # (target, source): how far the source is behind the target


def complete(n: int) -> Adjacency:
    """Every node drives every other one."""
    return 1.0 - np.eye(n)


def ring(n: int, k: int = 1) -> Adjacency:
    """Every node is coupled to its k nearest neighbours on either side."""
    offset = _ring_offsets(n)
    return (((offset >= 1) & (offset <= k)) | ((n - offset <= k) & (offset > 0))).astype(float)


def ring_unidirectional(n: int, k: int = 1) -> Adjacency:
    """Node i is driven by the k nodes before it: i-1, ..., i-k (cyclic)."""
    offset = _ring_offsets(n)
    return ((offset >= 1) & (offset <= k)).astype(float)


def chain(n: int) -> Adjacency:
    """Chain the nodes, directed: 0 -> 1 -> ... -> n-1."""
    return np.eye(n, k=-1)


def star(n: int) -> Adjacency:
    """Node 0 is the hub, coupled to every leaf in both directions."""
    graph = np.zeros((n, n))
    graph[0, 1:] = graph[1:, 0] = 1.0
    return graph


def lattice_2d(n: int) -> Adjacency:
    """Four neighbours on the most nearly square grid of n nodes, row by row, with open boundaries."""
    rows = next(r for r in range(int(np.sqrt(n)), 0, -1) if n % r == 0)
    columns = n // rows
    row, column = np.divmod(np.arange(n), columns)
    distance = np.abs(row[:, None] - row) + np.abs(column[:, None] - column)
    return np.asarray(distance == 1, dtype=np.float64)


def _undirected(upper: NDArray[np.bool_]) -> Adjacency:
    upper = np.triu(upper, 1)
    return (upper | upper.T).astype(float)


LINKS_PER_NODE = 2  # of a graph whose density is not given


def usual(nodes: int, room: int, ends: int = 1) -> int:
    """Return how many of the possible edges a graph has if nothing says so: never none, and never all of several.

    There are two directed links a node, at most half of those possible. An undirected edge is a link at both its ends.
    """
    return min(LINKS_PER_NODE * nodes // ends, -(-room // 2))


def _exactly(pairs: NDArray[np.int64], count: int, n: int, rng: Generator) -> Adjacency:
    """Return a graph with so many of the (target, source) pairs as edges."""
    graph = np.zeros((n, n))
    chosen = pairs[rng.choice(len(pairs), count)]
    graph[chosen[:, 0], chosen[:, 1]] = 1.0
    return graph


def erdos_renyi(n: int, density: float | None, rng: Generator, directed: bool) -> Adjacency:
    """Every ordered pair (or unordered one, if not directed) is an edge with this probability.

    Without a density there is the usual number of edges.
    """
    if density is None and directed:
        return _exactly(np.argwhere(~np.eye(n, dtype=bool)), usual(n, n * (n - 1)), n, rng)
    if density is None:
        pairs = np.argwhere(np.triu(np.ones((n, n), dtype=bool), 1))
        upper = _exactly(pairs, usual(n, len(pairs), ends=2), n, rng)
        return upper + upper.T
    drawn = rng.random((n, n)) < density
    if not directed:
        return _undirected(drawn)
    np.fill_diagonal(drawn, False)
    return drawn.astype(float)


def watts_strogatz(n: int, k: int, beta: float, rng: Generator) -> Adjacency:
    """Rewire each edge of a ring of k neighbours a side with probability beta (undirected)."""
    graph = ring(n, k) > 0
    for step in range(1, min(k, (n - 1) // 2) + 1):
        for node in range(n):
            neighbour = (node + step) % n
            if rng.random() < beta:
                free = np.flatnonzero(~graph[node] & (np.arange(n) != node))
                if free.size:
                    chosen = free[rng.integers(len(free))]
                    graph[node, neighbour] = graph[neighbour, node] = False
                    graph[node, chosen] = graph[chosen, node] = True
    return graph.astype(float)


def barabasi_albert(n: int, m: int, rng: Generator) -> Adjacency:
    """Preferential attachment: each new node is joined to m earlier ones, chosen by degree (undirected)."""
    graph = np.zeros((n, n))
    start = min(m, n - 1) + 1
    graph[:start, :start] = star(start)
    for node in range(start, n):
        ends = np.cumsum(graph[:node, :node].sum(axis=1).astype(np.int64))  # of edges, node by node
        targets: set[int] = set()
        while len(targets) < m:
            targets.add(int(np.searchsorted(ends, rng.integers(int(ends[-1])), side="right")))
        for target in targets:
            graph[node, target] = graph[target, node] = 1.0
    return graph


def sbm(block_sizes: Sequence[int], p_intra: float, p_inter: float, rng: Generator, directed: bool) -> Adjacency:
    """Stochastic block model: an edge has probability p_intra inside a block and p_inter between two."""
    block = np.repeat(np.arange(len(block_sizes)), block_sizes)
    probability = np.where(block[:, None] == block, p_intra, p_inter)
    drawn = rng.random(probability.shape) < probability
    if not directed:
        return _undirected(drawn)
    np.fill_diagonal(drawn, False)
    return drawn.astype(float)


def random_dag(n: int, max_parents: int | None, rng: Generator) -> Adjacency:
    """Order the nodes at random and give each 0 to max_parents parents among those before it.

    Without a bound there is the usual number of links.
    """
    order = rng.permutation(n)
    if max_parents is None:
        later, earlier = np.tril_indices(n, -1)
        return _exactly(np.stack([order[later], order[earlier]], axis=1), usual(n, len(later)), n, rng)
    graph = np.zeros((n, n))
    for position in range(1, n):
        parents = rng.choice(position, rng.integers(min(max_parents, position) + 1))
        graph[order[position], order[parents]] = 1.0
    return graph


def draw_weights(graph: Adjacency, kind: str, rng: Generator, directed: bool) -> Adjacency:
    """Weigh the edges: ``binary`` 1, ``uniform`` on [0.5, 1.5), ``normal`` N(0, 1), ``signed`` +1 or -1.

    An undirected graph keeps one weight for both directions of an edge.
    """
    if kind == "binary":
        return graph
    if kind == "uniform":
        weights = 0.5 + rng.random(graph.shape)
    elif kind == "normal":
        weights = rng.standard_normal(graph.shape)
    else:
        weights = np.where(rng.random(graph.shape) < 0.5, -1.0, 1.0)
    if not directed:
        lower = np.tril(weights)
        weights = lower + np.tril(lower, -1).T
    return graph * weights


def in_strength(graph: Adjacency) -> NDArray[np.float64]:
    """Return the summed absolute weight that each target receives, with 1 where it is 0: (..., target)."""
    strength = np.abs(graph).sum(axis=-1)
    return np.where(strength > 0, strength, 1.0)


def normaliser(graph: Adjacency, rule: str) -> NDArray[np.float64]:
    """Return what each target's input is divided by, (..., target): ``N`` nodes, in-``degree``, or ``none``."""
    if rule == "degree":
        return in_strength(graph)
    return np.full(graph.shape[:-1], float(graph.shape[-1]) if rule == "N" else 1.0)
