"""Rossler systems."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from pymts.data.truth import Simulated
from pymts.models.registry import model
from pymts.models.shared.lyapunov_table import lyapunov_truth
from pymts.models.shared.units import UnitsParams, laplacian
from pymts.numerics.flow import Flow, Problem
from pymts.numerics.generator import Generator
from pymts.numerics.lyapunov import Step
from pymts.numerics.portable.compiled import inlined
from pymts.params.fields import STRUCTURAL
from pymts.streams import Streams

Array = NDArray[np.float64]

INSIDE = np.array([[0.0, 1.0, 1.0], [1.0, 1.0, 0.0], [1.0, 0.0, 1.0]])  # (target, source) among x, y, z
BETWEEN = np.array([[1.0, 0.0, 0.0], [0.0, 0.0, 0.0], [0.0, 0.0, 0.0]])


class RosslerParams(UnitsParams):
    """Parameters of coupled Rossler systems."""

    variables: ClassVar[tuple[str, ...]] = ("x", "y", "z")

    observable: Literal["x", "y", "z", "all"] = Field(
        default="x",
        description="Observed variable of each unit, or all of them: x of all units, then y, then z.",
    )
    a: float = Field(default=0.2, ge=0, lt=2, description="Growth rate of the spiral, 1/s.")
    b: float = Field(default=0.2, ge=0, description="Source of z, 1/s.")
    c: float = Field(default=5.7, gt=0, description="Threshold of x above which z grows.")
    K: float = Field(default=0.1, description="Strength of the diffusive coupling in x, 1/s.")
    weights: Literal["binary", "uniform"] = Field(
        default="binary",
        description="Weights of drawn edges: 1, or uniform on [0.5, 1.5). Negative weights, given as `A`, drive the "
        "units apart until they diverge.",
    )
    dt: Annotated[float, STRUCTURAL] = Field(default=0.025, gt=0, description="Integration step (RK4), s.")
    burn_in: int = Field(
        default=1500, ge=0, le=10**12, description="Number of steps simulated and discarded before the first sample."
    )
    sample_every: int = Field(default=6, ge=1, le=10**9, description="Number of steps from one sample to the next.")


@inlined
def _send(state: Any, _params: Any) -> Any:
    return (state[0],)


@inlined
def _velocity(state: Any, _sent: Any, arrived: Any, _own: Any, params: Any) -> Any:
    x, y, z = state
    a, b, c = params
    return arrived[0] - y - z, x + a * y, b + z * (x - c)


FLOW = Flow("rossler", variables=3, signals=1, fields=0, send=_send, velocity=_velocity)


def _problem(p: RosslerParams, coupling: Any) -> Problem:
    return p.problem(laplacian(coupling), p.a, p.b, p.c)


def _step(p: RosslerParams, generator: Generator, _rows: int) -> Step:
    """Return the noise-free step of states (rows, variable unit)."""
    return FLOW.step(_problem(p, p.coupling([p.draw_graph(generator)])))


@model(
    RosslerParams,
    title="Rössler",
    reference="O. E. Rossler (1976), An equation for continuous chaos, doi:10.1016/0375-9601(76)90101-8. Coupled "
    "units: L. M. Pecora and T. L. Carroll (1998), Master stability functions for synchronized coupled systems, "
    "doi:10.1103/PhysRevLett.80.2109.",
    version=2,
    tags=("chaotic", "flow", "network", "nonlinear", "continuous"),
    step=_step,
    truth=("adjacency", "lyapunov", "lyapunov_error"),
)
def rossler(p: RosslerParams, rng: Streams) -> Simulated:
    """Rossler systems, coupled diffusively in x over a graph.

    dx_i/dt = -y_i - z_i + (K / n_i) sum_j A_ij (x_j - x_i)
    dy_i/dt = x_i + a y_i
    dz_i/dt = b + z_i (x_i - c)

    n_i is 1 (`normalization="none"`), the sum of the absolute weights into i ("degree") or the number of units ("N").
    White noise of intensity `noise_std`, if any, is added to every variable; strong noise can make z negative, after
    which the system diverges.

    Observed: x, y or z of each unit, or all three. Truth: the graph of the channels and, if noise-free and either
    uncoupled or with default parameters, the Lyapunov exponents of the whole system with standard errors. Initial
    states are drawn around the origin; the default `burn_in` discards the transient.
    """
    graphs = [p.draw_graph(generator) for generator in rng.structure()]  # each (target, source)
    coupling = p.coupling(graphs)
    state = p.initial_state(rng, (0.0, 0.0, 0.0), 3.0)
    if p.x0 is None:  # the attractor has z > 0, and without noise z never changes its sign
        np.abs(state[2], out=state[2])
    data = p.simulate(rng, FLOW, _problem(p, coupling), state)
    truth = p.adjacency(graphs, INSIDE, BETWEEN)
    truth |= lyapunov_truth("rossler", {"a": p.a, "b": p.b, "c": p.c}, coupling, dt=p.dt, noise_std=p.noise_std)
    return Simulated(data, truth)
