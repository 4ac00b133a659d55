"""Stuart-Landau oscillators."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from pymts.data.truth import Simulated, Truth
from pymts.models.registry import model
from pymts.models.shared.units import UnitsParams, laplacian
from pymts.numerics.flow import Flow, Problem
from pymts.numerics.generator import Generator
from pymts.numerics.lyapunov import Step
from pymts.numerics.portable.compiled import inlined
from pymts.params.base import Vector, per_channel
from pymts.params.fields import STRUCTURAL
from pymts.streams import Streams

Array = NDArray[np.float64]

INSIDE = np.ones((2, 2))  # (target, source) among x, y
BETWEEN = np.eye(2)


class StuartLandauParams(UnitsParams):
    """Parameters of coupled Stuart-Landau oscillators."""

    variables: ClassVar[tuple[str, ...]] = ("x", "y")

    observable: Literal["x", "y", "all"] = Field(
        default="x",
        description="Observed part of each oscillator z = x + i y: x, y, or both (x of all, then y).",
    )
    a: float = Field(
        default=1.0,
        description="Distance from the Hopf bifurcation, 1/s; an uncoupled oscillator cycles at |z|^2 = a if a > 0.",
    )
    K: float = Field(default=0.2, description="Strength of the diffusive coupling, 1/s.")
    omega_mean: float = Field(default=2.0, description="Mean of the natural frequencies, rad/s.")
    omega_scale: float = Field(
        default=0.5, ge=0, description="Standard deviation of the normally distributed natural frequencies, rad/s."
    )
    omega: Vector | None = Field(
        default=None, description="Natural frequencies of the oscillators, rad/s; `None` draws them."
    )
    noise_std: float = Field(default=0.1, ge=0, description="Intensity of white noise on x and on y, 1/sqrt(s).")
    dt: Annotated[float, STRUCTURAL] = Field(default=0.05, gt=0, description="Integration step (RK4), s.")
    burn_in: int = Field(
        default=400, ge=0, le=10**12, description="Number of steps simulated and discarded before the first sample."
    )
    sample_every: int = Field(default=2, ge=1, le=10**9, description="Number of steps from one sample to the next.")

    @model_validator(mode="after")
    def _frequencies_fit(self) -> StuartLandauParams:
        if self.omega is not None:
            per_channel("omega", self.omega, self.nodes, self.nodes_are)
        return self


@inlined
def _send(state: Any, _params: Any) -> Any:
    return state


@inlined
def _velocity(state: Any, _sent: Any, arrived: Any, own: Any, params: Any) -> Any:
    x, y = state
    (omega,) = own
    growth = params[0] - (x * x + y * y)
    return growth * x - omega * y + arrived[0], growth * y + omega * x + arrived[1]


FLOW = Flow("stuart_landau", variables=2, signals=2, fields=1, send=_send, velocity=_velocity)


def _problem(p: StuartLandauParams, omega: Array, graphs: list[Any]) -> Problem:
    return p.problem(laplacian(p.coupling(graphs)), p.a, own=omega)


def _frequencies(p: StuartLandauParams, drawn: Array) -> Array:
    """Return the natural frequencies, given or from standard normal draws (configuration, unit), as (B, 1, unit)."""
    if p.omega is not None:
        return np.broadcast_to(np.asarray(p.omega), (len(drawn), 1, p.nodes))
    return np.asarray(p.omega_mean + p.omega_scale * drawn[:, None])


def _step(p: StuartLandauParams, generator: Generator, _rows: int) -> Step:
    """Return the noise-free step of states (rows, variable unit)."""
    graphs = [p.draw_graph(generator)]
    omega = _frequencies(p, generator.standard_normal(p.nodes)[None])
    return FLOW.step(_problem(p, omega, graphs))


@model(
    StuartLandauParams,
    title="Stuart-Landau",
    reference="D. G. Aronson, G. B. Ermentrout and N. Kopell (1990), Amplitude response of coupled oscillators, "
    "Physica D 41, 403-449.",
    version=2,
    tags=("oscillator", "network", "nonlinear", "stochastic", "continuous"),
    step=_step,
    truth=("adjacency", "omega"),
)
def stuart_landau(p: StuartLandauParams, rng: Streams) -> Simulated:
    """Stuart-Landau oscillators, the normal form of a Hopf bifurcation, coupled diffusively over a graph.

    dz_i/dt = (a + i omega_i - |z_i|^2) z_i + (K / n_i) sum_j A_ij (z_j - z_i) + noise_std xi_i(t)

    n_i is 1 (`normalization="none"`), the sum of the absolute weights into i ("degree") or the number of oscillators
    ("N"). The noise has independent parts in x = Re z and y = Im z.

    Observed: x, y or both. Truth: the graph of the channels and the natural frequencies (shared by all realizations).
    """
    graphs, frequencies = [], []
    for generator in rng.structure():
        graphs.append(p.draw_graph(generator))
        frequencies.append(generator.standard_normal(p.nodes))
    omega = _frequencies(p, np.stack(frequencies))
    state = p.initial_state(rng, (0.0, 0.0), 1.0)
    data = p.simulate(rng, FLOW, _problem(p, omega, graphs), state)
    return Simulated(
        data,
        {
            **p.adjacency(graphs, INSIDE, BETWEEN),
            "omega": Truth(("channel",), np.tile(omega[:, 0], p.channels_a_unit)),
        },
    )
