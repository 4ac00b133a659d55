"""Parameters of the coupling graph, shared by every network model."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from pymts.data.truth import Truth
from pymts.numerics import networks, sparse
from pymts.numerics.generator import Generator
from pymts.params.base import Integers, Matrix, Params, square
from pymts.params.fields import STRUCTURAL

Topology = Literal[
    "complete",
    "ring",
    "ring_unidirectional",
    "chain",
    "star",
    "lattice_2d",
    "erdos_renyi",
    "watts_strogatz",
    "barabasi_albert",
    "sbm",
    "random_dag",
]
Probability = Annotated[float, STRUCTURAL]
DIRECTED = frozenset({"ring_unidirectional", "chain", "random_dag"})
UNDIRECTED = frozenset({"complete", "ring", "star", "lattice_2d", "watts_strogatz", "barabasi_albert"})


def default_block_sizes(m: int) -> list[int]:
    """Return two blocks of equal or nearly equal size."""
    return [size for size in ((m + 1) // 2, m // 2) if size]


class NetworkParams(Params):
    """Parameters of a model whose channels drive each other over a graph."""

    takes_sparse: ClassVar[bool] = False  # whether the model works on a list of edges

    topology: Topology = Field(
        default="complete",
        description="Graph family; ignored if `A` is given. Directed families are `ring_unidirectional`, `chain` and "
        "`random_dag`, and, if `directed`, `erdos_renyi` and `sbm`.",
    )
    A: Matrix | None = Field(
        default=None,
        description="Adjacency (target, source) of shape (M, M), used as given: A[i, j] != 0 means that j drives i.",
    )
    k: int = Field(
        default=1,
        ge=1,
        le=10**6,
        description="Neighbours on each side in `ring` and `watts_strogatz`; preceding neighbours in "
        "`ring_unidirectional`.",
    )
    density: Annotated[float | None, STRUCTURAL] = Field(
        default=None,
        ge=0,
        le=1,
        description="Edge probability of `erdos_renyi`; `None` draws 2 links per node, at most half of those possible.",
    )
    beta: Probability = Field(default=0.1, ge=0, le=1, description="Rewiring probability of `watts_strogatz`.")
    m: int = Field(default=1, ge=1, le=10**6, description="Edges of each new node in `barabasi_albert`.")
    block_sizes: Integers | None = Field(
        default=None, description="Nodes of each block of `sbm`, summing to M; `None` makes two equal blocks."
    )
    p_intra: Probability = Field(default=0.7, ge=0, le=1, description="Edge probability inside a block of `sbm`.")
    p_inter: Probability = Field(default=0.1, ge=0, le=1, description="Edge probability between blocks of `sbm`.")
    max_parents: int | None = Field(
        default=None,
        ge=1,
        le=10**6,
        description="Maximum number of parents of a node in `random_dag`, drawn from 0 to this number; `None` draws "
        "2 links per node, at most half of those possible.",
    )
    directed: bool = Field(default=True, description="Draw directed edges in `erdos_renyi` and `sbm`.")
    weights: Literal["binary", "uniform", "normal", "signed"] = Field(
        default="binary",
        description="Weights of drawn edges: 1, uniform on [0.5, 1.5), standard normal, or +1 and -1.",
    )

    @model_validator(mode="before")
    @classmethod
    def _matrix_tells_m(cls, given: Any) -> Any:
        return infer_m(given, "A")

    @model_validator(mode="after")
    def _graph_fits(self) -> NetworkParams:
        n, told = self.nodes, f"{self.nodes_are} = {self.nodes}"
        if self.A is not None:
            square("A", self.A, n, self.nodes_are)
        elif self.topology == "sbm":
            sizes = self.sizes
            if not sizes or min(sizes) < 1 or sum(sizes) != n:
                raise ValueError(f"block_sizes must be positive and sum to {told}, got {sizes} with sum {sum(sizes)}")
        elif self.topology in ("ring", "ring_unidirectional", "watts_strogatz") and self.k >= max(n, 2):
            raise ValueError(f"k must be less than {told} on a {self.topology}, got {self.k}")
        elif self.topology == "barabasi_albert" and self.m >= max(n, 2):
            raise ValueError(f"m must be less than {told} in barabasi_albert, got {self.m}")
        return self

    @property
    def nodes(self) -> int:
        """Number of nodes of the graph: one per channel, unless a model has several channels per node."""
        return self.M

    @property
    def nodes_are(self) -> str:
        """The number of nodes in terms of M, for messages."""
        return "M"

    @property
    def sizes(self) -> list[int]:
        """The blocks of `sbm`, given or default."""
        return list(self.block_sizes) if self.block_sizes is not None else default_block_sizes(self.nodes)

    @property
    def rewiring(self) -> float:
        """The rewiring probability of `watts_strogatz`."""
        return self.beta

    @property
    def is_sparse(self) -> bool:
        """Whether the graph is kept as a list of edges: a drawn graph with many nodes and few edges."""
        if not self.takes_sparse or self.A is not None or self.nodes <= SPARSE_NODES:
            return False
        thin = self.density is None or self.density <= SPARSE_DENSITY
        return self.topology in SPARSE and (self.topology != "erdos_renyi" or thin)

    def draw_graph(self, rng: Generator) -> Any:
        """Return the given or drawn adjacency (target, source): an array, or a CSR matrix if ``is_sparse``."""
        if self.A is not None:
            return np.array(self.A, dtype=np.float64)
        directed = self.topology in DIRECTED or (self.directed and self.topology not in UNDIRECTED)
        if self.is_sparse:
            return sparse.weighed(SPARSE[self.topology](self, rng), self.nodes, self.weights, rng, directed)
        graph = _FAMILIES[self.topology](self, rng)
        return networks.draw_weights(graph, self.weights, rng, directed)

    def coupled(self, graphs: Sequence[Any], rule: str, gain: Any) -> Any:
        """Return gain A_ij / n_i of drawn graphs, (B, target, source) or a list of CSR matrices; ``rule`` sets n_i."""
        if not self.is_sparse:
            graph = np.stack(graphs)
            return np.asarray(gain / networks.normaliser(graph, rule)[..., None] * graph)
        number = float(np.asarray(gain).reshape(-1)[0])  # a sparse graph is a batch of its own
        by_rule = {"N": float(self.nodes), "none": 1.0}
        return [
            sparse.scaled(g, number / (sparse.in_strength(g) if rule == "degree" else by_rule[rule])) for g in graphs
        ]

    def graph_truth(self, graphs: Sequence[Any], attrs: Mapping[str, str]) -> dict[str, Truth]:
        """Return the graphs as truth: a matrix, or lists of edges."""
        if not self.is_sparse:
            return {"adjacency": Truth(("target", "source"), np.stack(graphs), attrs)}
        return edge_truth(graphs[0], attrs)

    def graph_key(self) -> tuple[object, ...]:
        """Return a key that keeps each sparse graph, with its own number of edges, in its own batch."""
        return (self.seed,) if self.is_sparse else ()


def edge_truth(graph: Any, attrs: Mapping[str, str]) -> dict[str, Truth]:
    """Return one CSR graph as truth, by target and then by source."""
    names = ("edge_target", "edge_source", "edge_weight")
    return {name: Truth(("edge",), part[None], attrs) for name, part in zip(names, sparse.edges(graph), strict=True)}


def _erdos_renyi(p: NetworkParams, rng: Generator) -> NDArray[np.int64]:
    pairs = p.nodes * (p.nodes - 1) // (1 if p.directed else 2)
    if p.density is not None:
        return sparse.thinned(p.nodes, p.density, rng, p.directed)
    count = networks.usual(p.nodes, pairs, ends=1 if p.directed else 2)
    return sparse.random_pairs(p.nodes, count, rng, p.directed)


SPARSE_NODES = 1000
SPARSE_DENSITY = 0.05
SPARSE: dict[str, Callable[[Any, Generator], NDArray[np.int64]]] = {
    "ring": lambda p, _: sparse.ring(p.nodes, p.k),
    "ring_unidirectional": lambda p, _: sparse.ring_unidirectional(p.nodes, p.k),
    "chain": lambda p, _: sparse.chain(p.nodes),
    "star": lambda p, _: sparse.star(p.nodes),
    "lattice_2d": lambda p, _: sparse.lattice_2d(p.nodes),
    "erdos_renyi": _erdos_renyi,
    "watts_strogatz": lambda p, rng: sparse.watts_strogatz(p.nodes, p.k, p.rewiring, rng),
    "barabasi_albert": lambda p, rng: sparse.barabasi_albert(p.nodes, p.m, rng),
}


class OwnBetaParams(NetworkParams):
    """Parameters of a network model with another meaning of beta."""

    p_rewire: Probability = Field(
        default=0.1, ge=0, le=1, description="Rewiring probability of `watts_strogatz` (`beta` in other models)."
    )

    @property
    def rewiring(self) -> float:
        """The rewiring probability of `watts_strogatz`."""
        return self.p_rewire


# fmt: off
_FAMILIES: dict[str, Callable[[NetworkParams, Generator], NDArray[np.float64]]] = {
    "complete": lambda p, _: networks.complete(p.nodes),
    "ring": lambda p, _: networks.ring(p.nodes, p.k),
    "ring_unidirectional": lambda p, _: networks.ring_unidirectional(p.nodes, p.k),
    "chain": lambda p, _: networks.chain(p.nodes),
    "star": lambda p, _: networks.star(p.nodes),
    "lattice_2d": lambda p, _: networks.lattice_2d(p.nodes),
    "erdos_renyi": lambda p, rng: networks.erdos_renyi(p.nodes, p.density, rng, p.directed),
    "watts_strogatz": lambda p, rng: networks.watts_strogatz(p.nodes, p.k, p.rewiring, rng),
    "barabasi_albert": lambda p, rng: networks.barabasi_albert(p.nodes, p.m, rng),
    "sbm": lambda p, rng: networks.sbm(p.sizes, p.p_intra, p.p_inter, rng, p.directed),
    "random_dag": lambda p, rng: networks.random_dag(p.nodes, p.max_parents, rng),
}
# fmt: on


def nesting(value: Any) -> int:
    """Return the nesting depth of lists, judged by their first elements: 0 for a number, 2 for a matrix."""
    if isinstance(value, np.ndarray):
        return value.ndim
    if not isinstance(value, list | tuple):
        return 0
    return 1 + (nesting(value[0]) if value else 0)


def infer_m(given: Any, *names: str) -> Any:
    """Return the raw parameters with M taken from the first given array if M was not given."""
    if not isinstance(given, dict) or "M" in given or "n_channels" in given:
        return given
    for name in names:
        value: Any = given.get(name)
        depth = nesting(value)
        if depth and len(value):
            return {**given, "M": len(value[0] if depth == 3 else value)}
    return given
