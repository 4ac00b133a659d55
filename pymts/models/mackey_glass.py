"""Mackey-Glass equations."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from pymts.data.truth import Simulated, Truth
from pymts.models.registry import model
from pymts.models.shared.network import OwnBetaParams, Topology
from pymts.models.shared.units import laplacian
from pymts.numerics.coupling import Graph
from pymts.numerics.delay import DelayFlow, DelayProblem, HistoryMap
from pymts.numerics.generator import Generator
from pymts.numerics.linear import per_configuration, rows_of
from pymts.numerics.networks import normaliser
from pymts.numerics.portable.compiled import inlined
from pymts.numerics.portable.elementary import exp, log
from pymts.params.base import ContinuousParams, Vector, per_channel
from pymts.params.fields import STRUCTURAL
from pymts.streams import Streams

Array = NDArray[np.float64]

# How far tau / dt may be from a whole number: the rounding of two decimal fractions.
WHOLE = 1e-9
# Maximum number of steps in one delay, all held in memory.
MOST_STEPS = 10**5


class MackeyGlassParams(OwnBetaParams, ContinuousParams):
    """Parameters of Mackey-Glass units."""

    beta: float = Field(default=0.2, ge=0, description="Maximum rate of production, 1/s.")
    gamma: float = Field(default=0.1, gt=0, description="Rate of decay, 1/s.")
    n: float = Field(default=10.0, ge=0, description="Steepness of the feedback.")
    tau: Annotated[float, STRUCTURAL] = Field(
        default=17.0, gt=0, description="Delay, s, a multiple of `dt`; periodic at 14, chaotic above about 17."
    )
    dt: Annotated[float, STRUCTURAL] = Field(default=0.5, gt=0, description="Integration step, s; must divide `tau`.")
    K: float = Field(default=0.005, description="Strength of the diffusive coupling, 1/s.")
    normalization: Literal["N", "degree", "none"] = Field(
        default="none", description="Divisor of K: the number of units, the target's in-degree, or none."
    )
    topology: Topology = Field(
        default="ring_unidirectional",
        description="Graph family; ignored if `A` is given. Directed families are `ring_unidirectional`, `chain` and "
        "`random_dag`, and, if `directed`, `erdos_renyi` and `sbm`.",
    )
    weights: Literal["binary", "uniform"] = Field(
        default="binary",
        description="Weights of drawn edges: 1, or uniform on [0.5, 1.5). Negative weights, given as `A`, drive the "
        "units apart without bound.",
    )
    x0: Vector | None = Field(
        default=None,
        description="Values of the M units at all times up to 0; `None` draws them uniformly on [0.5, 1.5).",
    )
    noise_std: float = Field(default=0.0, ge=0, description="Intensity of white noise on every unit, 1/sqrt(s).")
    burn_in: int = Field(
        default=1000, ge=0, le=10**12, description="Number of steps simulated and discarded before the first sample."
    )
    sample_every: int = Field(default=2, ge=1, le=10**9, description="Number of steps from one sample to the next.")

    @model_validator(mode="after")
    def _steps_fit(self) -> MackeyGlassParams:
        if self.x0 is not None:
            per_channel("x0", self.x0, self.M)
        if self.tau / self.dt > MOST_STEPS:
            raise ValueError(
                f"tau must be at most {MOST_STEPS} steps of dt = {self.dt:g}, got {self.tau:g}; take a larger dt"
            )
        steps = max(1, round(self.tau / self.dt))
        if abs(self.tau / self.dt - steps) > WHOLE * steps:
            raise ValueError(
                f"tau must be a multiple of dt = {self.dt:g}, got {self.tau:g}; the nearest is {steps * self.dt:g}, "
                f"or take dt = {self.tau / steps:.12g}"
            )
        return self

    @property
    def delay_steps(self) -> int:
        """Number of steps in the delay."""
        return round(self.tau / self.dt)

    def batch_key(self) -> tuple[object, ...]:
        """Noise-free runs draw no noise, so they do not share a batch with noisy ones."""
        return (self.noise_std > 0,)


@inlined
def _delayed(x: Any, params: Any) -> Any:
    beta, n, _ = params
    return beta * x / (1.0 + exp(n * log(abs(x))))


@inlined
def _present(x: Any, arrived: Any, params: Any) -> Any:
    return arrived - params[2] * x


FLOW = DelayFlow("mackey_glass", delayed=_delayed, present=_present)


def _problem(p: MackeyGlassParams, graph: Array) -> DelayProblem:
    """Return the equation on the graphs (B, target, source)."""
    batch = len(graph)
    coupling = p.K / normaliser(graph, p.normalization)[..., None] * graph
    return DelayProblem(
        FLOW,
        graphs=[Graph.of(one) for one in laplacian(coupling)],
        params=rows_of(batch, p.beta, p.n, p.gamma),
        steps=p.delay_steps,
        dt=p.dt,
        amplitude=per_configuration(p.noise_std, batch) * np.sqrt(p.dt),
    )


def _step(p: MackeyGlassParams, generator: Generator, _rows: int) -> HistoryMap:
    """Return the noise-free map of one delay."""
    return HistoryMap(_problem(p, p.draw_graph(generator)[None]))


@model(
    MackeyGlassParams,
    title="Mackey-Glass",
    reference="M. C. Mackey and L. Glass (1977), Oscillation and chaos in physiological control systems, "
    "doi:10.1126/science.267326.",
    version=2,
    tags=("chaotic", "delay", "network", "nonlinear", "continuous"),
    truth=("adjacency", "delay"),
    step=_step,
)
def mackey_glass(p: MackeyGlassParams, rng: Streams) -> Simulated:
    """Mackey-Glass equations: decay and a delayed feedback, coupled diffusively over a graph.

    dx_i/dt = beta x_i(t - tau) / (1 + |x_i(t - tau)|^n) - gamma x_i + (K / n_i) sum_j A_ij (x_j - x_i)

    n_i is 1 (`normalization="none"`), the sum of the absolute weights into i ("degree") or the number of units ("N").
    White noise of intensity `noise_std`, if any, is added to every unit; the absolute value, not in the paper, keeps
    the equation defined if noise makes x negative. RK4 with cubic interpolation of the delayed value: fourth order in
    dt.

    Observed: x. Truth: the graph of the (instantaneous) coupling, and the delay with which each unit's own past acts on
    it. The history is constant; the default `burn_in` discards the transient.
    """
    batch, realizations = rng.shape
    graph = np.stack([p.draw_graph(generator) for generator in rng.structure()])  # (B, target, source)
    if p.x0 is not None:
        past = np.broadcast_to(np.asarray(p.x0), (batch, realizations, p.M))
    else:
        past = 0.5 + rng.initial().uniform(p.M)  # (B, R, M)

    draws = rng.process() if np.any(np.asarray(p.noise_std) > 0) else None
    data = _problem(p, graph).trajectories(past, p.sampling, draws)
    attrs = {
        "graph_kind": "structural",
        "normalization": p.normalization,
        "note": "Weights A of the coupling; that a unit drives itself is not listed.",
    }
    return Simulated(
        data,
        {
            "adjacency": Truth(("target", "source"), graph, attrs),
            "delay": Truth(("channel",), np.full((batch, p.M), p.tau)),
        },
    )
