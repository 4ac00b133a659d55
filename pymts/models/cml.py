"""Coupled map lattices."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator
from scipy.sparse import diags_array

from pymts.data.truth import Simulated
from pymts.models.registry import model
from pymts.models.shared.lyapunov_table import lyapunov_truth
from pymts.models.shared.network import NetworkParams, Topology
from pymts.numerics import sparse
from pymts.numerics.coupling import Graph
from pymts.numerics.generator import Generator
from pymts.numerics.lattice import Lattice
from pymts.numerics.linear import per_configuration
from pymts.numerics.lyapunov import Step
from pymts.numerics.networks import in_strength
from pymts.numerics.portable.compiled import inlined
from pymts.params.base import Vector, per_channel
from pymts.streams import Streams

Array = NDArray[np.float64]

Preset = Literal[
    "frozen_chaos",
    "pattern_selection",
    "brownian_defect",
    "defect_turbulence",
    "st_intermittency_i",
    "st_intermittency_ii",
    "st_chaos",
    "traveling_wave",
    "chaotic_traveling_wave",
]
PRESETS: dict[Preset, tuple[float, float]] = {  # (a, eps)
    "frozen_chaos": (1.45, 0.2),
    "pattern_selection": (1.71, 0.4),
    "brownian_defect": (1.85, 0.1),
    "defect_turbulence": (1.895, 0.1),
    "st_intermittency_i": (1.7522, 0.00115),
    "st_intermittency_ii": (1.75, 0.3),
    "st_chaos": (2.0, 0.3),
    "traveling_wave": (1.67, 0.5),
    "chaotic_traveling_wave": (1.69, 0.5),
}


class CmlParams(NetworkParams):
    """Parameters of a coupled map lattice."""

    channels_are: ClassVar[str] = "site"
    takes_sparse: ClassVar[bool] = True

    preset: Preset | None = Field(
        default=None,
        description="One of Kaneko's regimes; sets `local_map` to `quadratic`, and `a` and `eps` accordingly.",
    )
    local_map: Literal["logistic", "quadratic"] = Field(
        default="logistic", description="Map of each node: `logistic` r x (1 - x) or `quadratic` 1 - a x^2."
    )
    r: float = Field(default=4.0, ge=0, le=4, description="Growth rate of the logistic map.")
    a: float = Field(
        default=2.0, ge=0, le=2, description="Nonlinearity of the quadratic map; a = 2 is conjugate to r = 4."
    )
    eps: float = Field(
        default=0.1, ge=0, le=1, description="Coupling: fraction of a node's input that comes from other nodes."
    )
    topology: Topology = Field(
        default="ring",
        description="Graph family; ignored if `A` is given. Directed families are `ring_unidirectional`, `chain` and "
        "`random_dag`, and, if `directed`, `erdos_renyi` and `sbm`.",
    )
    weights: Literal["binary", "uniform"] = Field(
        default="binary",
        description="Weights of drawn edges: 1, or uniform on [0.5, 1.5). Negative weights, given as `A`, can take "
        "the state out of the map's interval and make it diverge.",
    )
    x0: Vector | None = Field(
        default=None,
        description="Initial values of the M nodes; `None` draws them uniformly on the map's interval, [0, 1) "
        "(`logistic`) or [-1, 1) (`quadratic`).",
    )
    burn_in: int = Field(
        default=1000, ge=0, description="Number of steps simulated and discarded before the first sample."
    )

    @model_validator(mode="before")
    @classmethod
    def _preset_fills_in(cls, given: Any) -> Any:
        preset = given.get("preset") if isinstance(given, dict) else None
        return {**_implied(preset), **given} if isinstance(preset, str) else given

    @model_validator(mode="after")
    def _values_agree(self) -> CmlParams:
        for name, value in _implied(self.preset).items():
            if getattr(self, name) != value:
                raise ValueError(
                    f"{name} must be {value!r}, or left out, with preset {self.preset!r}, got {getattr(self, name)!r}"
                )
        if self.x0 is not None:
            per_channel("x0", self.x0, self.M)
        return self

    def batch_key(self) -> tuple[object, ...]:
        """Each sparse graph forms its own batch."""
        return self.graph_key()


def _implied(preset: Any) -> dict[str, Any]:
    """Return the parameters that a preset sets, or none for an unknown preset, which validation rejects."""
    if preset not in PRESETS:
        return {}
    a, eps = PRESETS[preset]
    return {"local_map": "quadratic", "a": a, "eps": eps}


def _mixing(p: CmlParams, graphs: Sequence[Any]) -> Any:
    """Return the weight of each image in each node, (B, target, source) or CSR matrices."""
    if p.is_sparse:
        eps = float(np.asarray(p.eps).reshape(-1)[0])
        # A node without inputs keeps its whole image.
        shares = [np.where(np.diff(one.indptr) > 0, eps, 0.0) for one in graphs]
        found = [
            sparse.scaled(one, share / sparse.in_strength(one)) + diags_array(1.0 - share)
            for one, share in zip(graphs, shares, strict=True)
        ]
        return [one.tocsr() for one in found]
    graph = np.stack(graphs)
    coupled = np.any(graph != 0, axis=-1, keepdims=True)  # (B, target, 1)
    mixing = p.eps * coupled * (graph / in_strength(graph)[..., None])  # (B, target, source)
    mixing += (1.0 - p.eps * coupled) * np.eye(p.M)
    return mixing


@inlined
def _logistic(x: Any, r: float) -> Any:
    return (1.0 - x) * x * r


@inlined
def _quadratic(x: Any, a: float) -> Any:
    return 1.0 - x * x * a


MAPS = {"logistic": Lattice("logistic", _logistic), "quadratic": Lattice("quadratic", _quadratic)}


def _mixed(p: CmlParams, graphs: Sequence[Any]) -> tuple[list[Graph], list[float]]:
    """Return how images mix, and the parameter of the map, of each configuration."""
    number = p.r if p.local_map == "logistic" else p.a
    return [Graph.of(one) for one in _mixing(p, graphs)], per_configuration(number, len(graphs)).tolist()


def _step(p: CmlParams, generator: Generator, _rows: int) -> Step:
    """Return the step of states (rows, node)."""
    return MAPS[p.local_map].step(*_mixed(p, [p.draw_graph(generator)]))


@model(
    CmlParams,
    title="Coupled map lattice",
    reference="K. Kaneko (1984), Period-doubling of kink-antikink patterns, quasiperiodicity in antiferro-like "
    "structures and spatial intermittency in coupled logistic lattice, doi:10.1143/PTP.72.480. Regimes: K. Kaneko "
    "(1989), Pattern dynamics in spatiotemporal chaos, doi:10.1016/0167-2789(89)90227-3.",
    tags=("chaotic", "map", "network", "nonlinear", "discrete"),
    version=3,
    step=_step,
    truth=("adjacency", "lyapunov", "lyapunov_error"),
)
def cml(p: CmlParams, rng: Streams) -> Simulated:
    """Coupled map lattice: chaotic maps that mix with their neighbours at every step.

    x_i(t+1) = (1 - eps) f(x_i(t)) + (eps / deg_i) sum_j A_ij f(x_j(t))

    f(x) = r x (1 - x) (`local_map="logistic"`) or 1 - a x^2 ("quadratic"). deg_i is the sum of the absolute weights
    into i, so with nonnegative weights the lattice stays in the map's interval; a node without inputs is uncoupled,
    x_i(t+1) = f(x_i(t)).

    Observed: x. Truth: the graph before division by deg_i and, at the default parameters, the Lyapunov exponents with
    standard errors; for other parameters, use `pymts.analysis.lyapunov`. The defaults give fully developed chaos, like
    the preset `st_chaos`. The `preset`s are Kaneko's regimes, which he studied on rings much longer than the default M.
    """
    batch, realizations = rng.shape
    graphs = [p.draw_graph(generator) for generator in rng.structure()]  # each (target, source)
    if p.x0 is not None:
        state = np.broadcast_to(np.asarray(p.x0), (batch, realizations, p.M)).copy()
    else:
        state = rng.initial().uniform(p.M)  # (B, R, M)
        if p.local_map == "quadratic":
            state = 2.0 * state - 1.0
    data = MAPS[p.local_map].trajectories(*_mixed(p, graphs), state, p.sampling)
    truth = p.graph_truth(graphs, {"graph_kind": "structural", "normalization": "degree"})
    growth = p.r if p.local_map == "logistic" else 1.0 + np.sqrt(1.0 + 4.0 * np.asarray(p.a))  # of the conjugate map
    truth |= lyapunov_truth("cml", {"growth": growth, "eps": p.eps}, graphs if p.is_sparse else np.stack(graphs))
    return Simulated(data, truth)
