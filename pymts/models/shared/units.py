"""Base of the models of coupled units: dynamical systems of a few variables each, on the nodes of a graph."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import AliasChoices, Field, model_validator
from scipy.sparse import eye_array, kron

from pymts.data.truth import Truth
from pymts.models.shared.network import NetworkParams, Topology, edge_truth, infer_m
from pymts.numerics import sparse
from pymts.numerics.coupling import Graph
from pymts.numerics.flow import Flow, Problem
from pymts.numerics.linear import per_configuration, rows_of
from pymts.params.base import ContinuousParams, Matrix, Vector
from pymts.params.fields import STRUCTURAL
from pymts.streams import Streams

Array = NDArray[np.float64]


class UnitsParams(NetworkParams, ContinuousParams):
    """Parameters of units that are coupled over a graph; a channel shows one variable of one unit.

    A state is an array (variable, configuration, realization, unit), so that each variable is contiguous across units.
    """

    takes_sparse: ClassVar[bool] = True
    variables: ClassVar[tuple[str, ...]]

    M: int = Field(
        default=6,
        ge=1,
        le=10**6,
        validation_alias=AliasChoices("M", "n_channels"),
        description="Number of channels; `n_channels` is a synonym. Each unit has one channel, or, with "
        '`observable="all"`, one per variable; M is then a multiple of their number.',
    )
    observable: str = Field(default="all", description="Observed variable of each unit, or all of them.")
    K: float = Field(default=1.0, description="Coupling strength.")
    normalization: Literal["N", "degree", "none"] = Field(
        default="none", description="Divisor of K: the number of units, the target's in-degree, or none."
    )
    topology: Topology = Field(
        default="ring_unidirectional",
        description="Graph family of the units; ignored if `A` is given. Directed families are "
        "`ring_unidirectional`, `chain` and `random_dag`, and, if `directed`, `erdos_renyi` and `sbm`.",
    )
    A: Matrix | None = Field(
        default=None,
        description="Adjacency (target, source) of the units, used as given: A[i, j] != 0 means that j drives i.",
    )
    x0: Vector | None = Field(
        default=None,
        description="Initial state: the first variable of all units, then the second, and so on; `None` draws it.",
    )
    noise_std: float = Field(
        default=0.0, ge=0, description="Intensity of white noise on every variable, in its unit per sqrt(s)."
    )
    dt: Annotated[float, STRUCTURAL] = Field(default=0.01, gt=0, description="Integration step (RK4), s.")

    @model_validator(mode="before")
    @classmethod
    def _matrix_tells_m(cls, given: Any) -> Any:
        told = infer_m(given, "A")
        if told is not given and given.get("observable", cls.model_fields["observable"].default) == "all":
            told["M"] *= len(cls.variables)
        return told

    @model_validator(mode="after")
    def _units_fit(self) -> UnitsParams:
        if self.M % self.channels_a_unit:
            raise ValueError(
                f"M must be a multiple of {self.channels_a_unit} with observable 'all', "
                f"one channel each for {', '.join(self.variables)} of every unit, got {self.M}"
            )
        size = len(self.variables) * self.nodes
        if self.x0 is not None and len(self.x0) != size:
            raise ValueError(
                f"x0 must be {size} numbers, {', '.join(self.variables)} of {self.nodes} units each, got {len(self.x0)}"
            )
        return self

    @property
    def channels_a_unit(self) -> int:
        """Number of channels per unit."""
        return len(self.variables) if self.observable == "all" else 1

    @property
    def nodes(self) -> int:
        """Number of units."""
        return self.M // self.channels_a_unit

    @property
    def observed(self) -> tuple[str, str]:
        """The quantity that the channels show."""
        return (", ".join(self.variables) if self.observable == "all" else self.observable), ""

    @property
    def channel_labels(self) -> dict[str, tuple[int | str, ...]]:
        """The unit and the variable of each channel, where all variables are shown."""
        if self.observable != "all":
            return {}
        nodes = range(self.nodes)
        return {
            "unit": tuple(unit for _ in self.variables for unit in nodes),
            "variable": tuple(variable for variable in self.variables for _ in nodes),
        }

    @property
    def nodes_are(self) -> str:
        """The number of units in terms of M, for messages."""
        return f"M / {self.channels_a_unit}" if self.channels_a_unit > 1 else "M"

    def batch_key(self) -> tuple[object, ...]:
        """Noise-free runs draw no noise, so they do not share a batch with noisy ones."""
        return (self.noise_std > 0, *self.graph_key())

    def coupling(self, graphs: Sequence[Any]) -> Any:
        """Return K A_ij / n_i of each configuration, (B, target, source) or CSR matrices."""
        return self.coupled(graphs, self.normalization, self.K)

    def initial_state(self, rng: Streams, centre: Sequence[Array | float], spread: float) -> Array:
        """Return the given state, or normal draws around a centre for each variable: (variable, B, R, unit)."""
        if self.x0 is not None:
            return self.given_state(rng)
        draws = rng.initial().normal(len(self.variables), self.nodes)
        state = np.moveaxis(draws, 2, 0).copy()
        for index, middle in enumerate(centre):
            state[index] = middle + spread * state[index]
        return state

    def given_state(self, rng: Streams) -> Array:
        """Return ``x0`` for every realization, (variable, B, R, unit)."""
        shape = (len(self.variables), *rng.shape, self.nodes)
        return np.broadcast_to(np.asarray(self.x0).reshape(shape[0], 1, 1, -1), shape).copy()

    def problem(self, coupling: Any, *numbers: Array | float, own: Array | None = None) -> Problem:
        """Return what a flow takes.

        Parameters
        ----------
        coupling : array of shape (B, target, source) or list of CSR matrices
        *numbers : parameters of the flow, the same for all units
        own : array of shape (B, field, unit), constants of the units
        """
        batch = len(coupling)
        return Problem(
            graphs=[Graph.of(one) for one in coupling],
            params=rows_of(batch, *numbers),
            own=np.empty((batch, 0, self.nodes)) if own is None else own,
            dt=self.dt,
            amplitude=per_configuration(self.noise_std, batch) * np.sqrt(self.dt),
        )

    def simulate(self, rng: Streams, flow: Flow, problem: Problem, state: Array) -> Array:
        """Integrate from a state (variable, B, R, unit) and return what is observed, (B, R, T, M).

        Each step is RK4 followed by the noise of the step: strong order 1, since the noise is additive.
        """
        every = range(len(self.variables))
        shown = every if self.observable == "all" else [self.variables.index(self.observable)]
        draws = rng.process() if np.any(problem.amplitude > 0) else None
        return flow.trajectories(problem, state, self.sampling, shown, draws)

    def adjacency(
        self, graphs: Sequence[Any], inside: Array, between: Array, diffusive: bool = True
    ) -> dict[str, Truth]:
        """Return the graph of the channels.

        Parameters
        ----------
        graphs : list of arrays of shape (unit, unit), or of CSR matrices
        inside : array of shape (variable, variable)
            Which variables of a unit enter the derivative of which, (target, source), without the coupling.
        between : array of shape (variable, variable)
            Which variables of a source enter the derivative of which of its target.
        diffusive : bool
            Whether the coupling uses differences, so that a target's own variable enters with the sum of its weights.
        """
        attrs = {"graph_kind": "structural", "normalization": self.normalization}
        if self.channels_a_unit == 1:
            attrs["note"] = "Weights A of the coupling; that a unit drives itself is not listed."
            return self.graph_truth(graphs, attrs)
        attrs["note"] = "Weights A between units; 1 for what enters an equation within a unit, itself included."
        if self.is_sparse:
            weights = sparse.laplacian(graphs[0]) if diffusive else graphs[0]
            own = kron(inside != 0, eye_array(self.nodes)).tocsr()
            others = kron(between, weights).tocsr()
            return edge_truth(others - others.multiply(own) + own, attrs)
        graph = np.stack(graphs)
        weights = laplacian(graph) if diffusive else graph
        across = between[None, :, None, :, None] * weights[:, None, :, None, :]  # (B, variable, unit, variable, unit)
        across = across.reshape(-1, self.M, self.M)
        values = np.where(np.kron(inside, np.eye(self.nodes)) != 0, 1.0, across)
        return {"adjacency": Truth(("target", "source"), values, attrs)}


def laplacian(coupling: Any) -> Any:
    """Return the L with (L x)_i = sum_j C_ij (x_j - x_i), of couplings C (B, target, source) or CSR matrices."""
    if isinstance(coupling, list):
        return [sparse.laplacian(one) for one in coupling]
    return np.asarray(coupling - coupling.sum(axis=-1)[..., None] * np.eye(coupling.shape[-1]))
