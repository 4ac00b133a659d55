"""Lorenz 1963 systems."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from pymts.data.truth import Simulated
from pymts.models.registry import model
from pymts.models.shared.lyapunov_table import lyapunov_truth
from pymts.models.shared.network import OwnBetaParams
from pymts.models.shared.units import UnitsParams, laplacian
from pymts.numerics.flow import Flow, Problem
from pymts.numerics.generator import Generator
from pymts.numerics.lyapunov import Step
from pymts.numerics.portable.compiled import inlined
from pymts.streams import Streams

Array = NDArray[np.float64]

INSIDE = np.array([[1.0, 1.0, 0.0], [1.0, 1.0, 1.0], [1.0, 1.0, 1.0]])  # (target, source) among x, y, z
BETWEEN = np.array([[1.0, 0.0, 0.0], [0.0, 0.0, 0.0], [0.0, 0.0, 0.0]])


class LorenzParams(UnitsParams, OwnBetaParams):
    """Parameters of coupled Lorenz systems."""

    variables: ClassVar[tuple[str, ...]] = ("x", "y", "z")

    observable: Literal["x", "y", "z", "all"] = Field(
        default="x",
        description="Observed variable of each unit, or all of them: x of all units, then y, then z.",
    )
    sigma: float = Field(default=10.0, ge=0, description="Prandtl number, 1/s.")
    rho: float = Field(default=28.0, ge=0, description="Rayleigh number over its critical value.")
    beta: float = Field(default=8.0 / 3.0, gt=0, description="Geometric factor of the convection cell, 1/s.")
    K: float = Field(default=1.0, description="Strength of the diffusive coupling in x, 1/s.")
    burn_in: int = Field(
        default=500, ge=0, le=10**12, description="Number of steps simulated and discarded before the first sample."
    )
    sample_every: int = Field(default=2, ge=1, le=10**9, description="Number of steps from one sample to the next.")


@inlined
def _send(state: Any, _params: Any) -> Any:
    return (state[0],)


@inlined
def _velocity(state: Any, _sent: Any, arrived: Any, _own: Any, params: Any) -> Any:
    x, y, z = state
    sigma, rho, beta = params
    return sigma * (y - x) + arrived[0], x * (rho - z) - y, x * y - beta * z


FLOW = Flow("lorenz", variables=3, signals=1, fields=0, send=_send, velocity=_velocity)


def _problem(p: LorenzParams, coupling: Any) -> Problem:
    return p.problem(laplacian(coupling), p.sigma, p.rho, p.beta)


def _step(p: LorenzParams, generator: Generator, _rows: int) -> Step:
    """Return the noise-free step of states (rows, variable unit)."""
    return FLOW.step(_problem(p, p.coupling([p.draw_graph(generator)])))


@model(
    LorenzParams,
    title="Lorenz",
    reference="E. N. Lorenz (1963), Deterministic nonperiodic flow, "
    "doi:10.1175/1520-0469(1963)020<0130:DNF>2.0.CO;2. Coupled units: L. M. Pecora and T. L. Carroll (1998), Master "
    "stability functions for synchronized coupled systems, doi:10.1103/PhysRevLett.80.2109.",
    version=2,
    tags=("chaotic", "flow", "network", "nonlinear", "continuous"),
    step=_step,
    truth=("adjacency", "lyapunov", "lyapunov_error"),
)
def lorenz(p: LorenzParams, rng: Streams) -> Simulated:
    """Lorenz 1963 systems, coupled diffusively in x over a graph.

    dx_i/dt = sigma (y_i - x_i) + (K / n_i) sum_j A_ij (x_j - x_i)
    dy_i/dt = x_i (rho - z_i) - y_i
    dz_i/dt = x_i y_i - beta z_i

    n_i is 1 (`normalization="none"`), the sum of the absolute weights into i ("degree") or the number of units ("N").
    White noise of intensity `noise_std`, if any, is added to every variable.

    Observed: x, y or z of each unit, or all three. Truth: the graph of the channels and, if noise-free and either
    uncoupled or with default parameters, the Lyapunov exponents of the whole system with standard errors. Initial
    states are drawn around (0, 0, rho); the default `burn_in` discards the transient.
    """
    graphs = [p.draw_graph(generator) for generator in rng.structure()]  # each (target, source)
    coupling = p.coupling(graphs)
    state = p.initial_state(rng, (0.0, 0.0, p.rho), 10.0)
    data = p.simulate(rng, FLOW, _problem(p, coupling), state)
    truth = p.adjacency(graphs, INSIDE, BETWEEN)
    numbers = {"sigma": p.sigma, "rho": p.rho, "beta": p.beta}
    truth |= lyapunov_truth("lorenz", numbers, coupling, dt=p.dt, noise_std=p.noise_std)
    return Simulated(data, truth)
