"""Parameters of the coupling graph, shared by every network model."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, Literal

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from pydantic import Field, model_validator

from pymts.numerics import networks
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
    """Return two blocks, as equal as can be."""
    return [size for size in ((m + 1) // 2, m // 2) if size]


class NetworkParams(Params):
    """Parameters of a model whose channels drive each other over a graph."""

    topology: Topology = Field(
        default="complete",
        description="Graph family; `A`, if given, takes its place. Directed families are "
        "`ring_unidirectional`, `chain` and `random_dag`, and, if `directed`, `erdos_renyi` and `sbm`.",
    )
    A: Matrix | None = Field(
        default=None,
        description="Adjacency (target, source) of shape (M, M), used as given: A[i, j] != 0 means that j drives i.",
    )
    k: int = Field(
        default=1,
        ge=1,
        le=10**6,
        description="Neighbours on each side in `ring` and `watts_strogatz`, behind in `ring_unidirectional`.",
    )
    density: Annotated[float | None, STRUCTURAL] = Field(
        default=0.3,
        ge=0,
        le=1,
        description="Edge probability of `erdos_renyi`; `None` draws twice as many edges as nodes, or all there are.",
    )
    beta: Probability = Field(default=0.1, ge=0, le=1, description="Rewiring probability of `watts_strogatz`.")
    m: int = Field(default=1, ge=1, le=10**6, description="Edges of each new node in `barabasi_albert`.")
    block_sizes: Integers | None = Field(
        default=None, description="Nodes of each block of `sbm`, summing to M; `None` makes two equal blocks."
    )
    p_intra: Probability = Field(default=0.7, ge=0, le=1, description="Edge probability inside a block of `sbm`.")
    p_inter: Probability = Field(default=0.1, ge=0, le=1, description="Edge probability between blocks of `sbm`.")
    max_parents: int | None = Field(
        default=2,
        ge=1,
        le=10**6,
        description="Maximum number of parents of a node of `random_dag`, which gets 0 to as many; `None` draws "
        "twice as many links as nodes, or all there are.",
    )
    directed: bool = Field(default=True, description="Draw `erdos_renyi` and `sbm` with a direction to each edge.")
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
        """How many nodes the graph has: one a channel, unless a model has several channels a node."""
        return self.M

    @property
    def nodes_are(self) -> str:
        """How the number of nodes follows from M, as it reads in a sentence."""
        return "M"

    @property
    def sizes(self) -> list[int]:
        """The blocks of `sbm`, given or default."""
        return list(self.block_sizes) if self.block_sizes is not None else default_block_sizes(self.nodes)

    @property
    def rewiring(self) -> float:
        """The rewiring probability of `watts_strogatz`."""
        return self.beta

    def draw_graph(self, rng: Generator) -> NDArray[np.float64]:
        """Return the adjacency (target, source), given or drawn."""
        if self.A is not None:
            return np.array(self.A, dtype=np.float64)
        graph = _FAMILIES[self.topology](self, rng)
        directed = self.topology in DIRECTED or (self.directed and self.topology not in UNDIRECTED)
        return networks.draw_weights(graph, self.weights, rng, directed)


class OwnBetaParams(NetworkParams):
    """Parameters of a network model in whose equation beta is something else."""

    p_rewire: Probability = Field(
        default=0.1, ge=0, le=1, description="Rewiring probability of `watts_strogatz`, in other models `beta`."
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
    """Return how deep lists nest, told by their first elements: 0 for a number, 2 for a matrix."""
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
