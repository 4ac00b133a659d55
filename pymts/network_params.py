"""Parameters of the coupling graph, shared by every network model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Literal

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from pydantic import Field, model_validator

from pymts.fields import STRUCTURAL
from pymts.numerics import networks
from pymts.params import Integers, Matrix, Params, square

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
UNDIRECTED = frozenset({"complete", "ring", "star", "lattice_2d", "watts_strogatz", "barabasi_albert"})


def default_block_sizes(m: int) -> list[int]:
    """Return two blocks, as equal as can be."""
    return [size for size in ((m + 1) // 2, m // 2) if size]


class NetworkParams(Params):
    """Parameters of a model whose channels drive each other over a graph."""

    topology: Topology = Field(
        default="complete", description="Graph family; `A`, if given, takes its place. Directed families are "
        "`ring_unidirectional`, `chain` and `random_dag`, and, if `directed`, `erdos_renyi` and `sbm`."
    )
    A: Matrix | None = Field(
        default=None,
        description="Adjacency (target, source) of shape (M, M), used as it is given: A[i, j] != 0 means that j drives i.",
    )
    k: int = Field(default=1, ge=1, description="Neighbours a side in `ring`, `ring_unidirectional`, `watts_strogatz`.")
    density: Probability = Field(default=0.3, ge=0, le=1, description="Edge probability of `erdos_renyi`.")
    beta: Probability = Field(default=0.1, ge=0, le=1, description="Rewiring probability of `watts_strogatz`.")
    m: int = Field(default=1, ge=1, description="Edges of each new node in `barabasi_albert`.")
    block_sizes: Integers | None = Field(
        default=None, description="Nodes of each block of `sbm`, summing to M; `None` makes two equal blocks."
    )
    p_intra: Probability = Field(default=0.7, ge=0, le=1, description="Edge probability inside a block of `sbm`.")
    p_inter: Probability = Field(default=0.1, ge=0, le=1, description="Edge probability between blocks of `sbm`.")
    max_parents: int = Field(default=2, ge=1, description="Most parents of a node of `random_dag`.")
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
        if self.A is not None:
            square("A", self.A, self.M)
        elif self.topology == "sbm":
            sizes = self._sizes
            if min(sizes) < 1 or sum(sizes) != self.M:
                raise ValueError(
                    f"block_sizes must be positive and sum to M = {self.M}, got {sizes} with sum {sum(sizes)}"
                )
        elif self.topology in ("ring", "ring_unidirectional", "watts_strogatz") and self.k >= max(self.M, 2):
            raise ValueError(f"k must be less than M = {self.M} on a {self.topology}, got {self.k}")
        elif self.topology == "barabasi_albert" and self.m >= max(self.M, 2):
            raise ValueError(f"m must be less than M = {self.M} in barabasi_albert, got {self.m}")
        return self

    @property
    def _sizes(self) -> Sequence[int]:
        return list(self.block_sizes) if self.block_sizes is not None else default_block_sizes(self.M)

    def draw_graph(self, rng: Generator) -> NDArray[np.float64]:
        """Return the adjacency (target, source), given or drawn."""
        n = self.M
        if self.A is not None:
            return np.array(self.A, dtype=np.float64)
        match self.topology:
            case "complete":
                graph = networks.complete(n)
            case "ring":
                graph = networks.ring(n, self.k)
            case "ring_unidirectional":
                graph = networks.ring_unidirectional(n, self.k)
            case "chain":
                graph = networks.chain(n)
            case "star":
                graph = networks.star(n)
            case "lattice_2d":
                graph = networks.lattice_2d(n)
            case "erdos_renyi":
                graph = networks.erdos_renyi(n, self.density, rng, self.directed)
            case "watts_strogatz":
                graph = networks.watts_strogatz(n, self.k, self.beta, rng)
            case "barabasi_albert":
                graph = networks.barabasi_albert(n, self.m, rng)
            case "sbm":
                graph = networks.sbm(self._sizes, self.p_intra, self.p_inter, rng, self.directed)
            case "random_dag":
                graph = networks.random_dag(n, self.max_parents, rng)
        directed = self.topology not in UNDIRECTED and (self.directed or self.topology not in ("erdos_renyi", "sbm"))
        return networks.draw_weights(graph, self.weights, rng, directed)


def infer_m(given: Any, *names: str) -> Any:
    """Return the raw parameters with M taken from the first given array if M was not given."""
    if not isinstance(given, dict) or "M" in given or "n_channels" in given:
        return given
    for name in names:
        value = given.get(name)
        if isinstance(value, list | tuple | np.ndarray) and len(value):
            inner = value[0] if np.ndim(value[0]) == 2 else value
            return {**given, "M": len(inner)}
    return given
