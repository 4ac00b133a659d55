"""Wilson-Cowan populations of neurons."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from pymts.data.truth import Simulated, Truth
from pymts.models.registry import model
from pymts.models.shared.units import UnitsParams
from pymts.numerics.flow import Flow, Problem
from pymts.numerics.generator import Generator
from pymts.numerics.lyapunov import Step
from pymts.numerics.portable.compiled import inlined
from pymts.numerics.portable.elementary import exp
from pymts.params.base import Vector, per_channel
from pymts.params.fields import STRUCTURAL
from pymts.streams import Streams

Array = NDArray[np.float64]

INSIDE = np.ones((2, 2))  # (target, source) among E, I
BETWEEN = np.array([[1.0, 0.0], [0.0, 0.0]])


class WilsonCowanParams(UnitsParams):
    """Parameters of coupled Wilson-Cowan units."""

    variables: ClassVar[tuple[str, ...]] = ("E", "I")

    observable: Literal["E", "I", "all"] = Field(
        default="E",
        description="Observed rate of each unit: excitatory, inhibitory, or both (E of all units, then I).",
    )
    c_ee: float = Field(default=16.0, ge=0, description="Weight of E in the input to E.")
    c_ei: float = Field(default=12.0, ge=0, description="Weight of I in the input to E (inhibitory).")
    c_ie: float = Field(default=15.0, ge=0, description="Weight of E in the input to I.")
    c_ii: float = Field(default=3.0, ge=0, description="Weight of I in the input to I (inhibitory).")
    a_e: float = Field(default=1.3, gt=0, description="Slope of the response of E.")
    a_i: float = Field(default=2.0, gt=0, description="Slope of the response of I.")
    theta_e: float = Field(default=4.0, description="Input at which the response of E is half its maximum.")
    theta_i: float = Field(default=3.7, description="Input at which the response of I is half its maximum.")
    refractory: float = Field(default=1.0, ge=0, description="Fraction of active cells that cannot respond.")
    tau_e: float = Field(default=0.008, gt=0, description="Time constant of E, s.")
    tau_i: float = Field(default=0.008, gt=0, description="Time constant of I, s.")
    P: float = Field(default=1.25, description="Mean external input to the excitatory populations.")
    P_scale: float = Field(
        default=0.1, ge=0, description="Standard deviation across units of the normally distributed input to E."
    )
    drive: Vector | None = Field(
        default=None, description="External inputs to the excitatory populations; `None` draws them around `P`."
    )
    Q: float = Field(default=0.0, description="External input to the inhibitory populations.")
    K: float = Field(default=0.5, description="Coupling strength: weight of a source's E in the target's input to E.")
    noise_std: float = Field(
        default=0.0,
        ge=0,
        description="Intensity of white noise on E and I, 1/sqrt(s); noise can push them outside [0, 1].",
    )
    dt: Annotated[float, STRUCTURAL] = Field(default=0.0005, gt=0, description="Integration step (RK4), s.")
    burn_in: int = Field(
        default=400, ge=0, le=10**12, description="Number of steps simulated and discarded before the first sample."
    )
    sample_every: int = Field(default=2, ge=1, le=10**9, description="Number of steps from one sample to the next.")

    @model_validator(mode="after")
    def _inputs_fit(self) -> WilsonCowanParams:
        if self.drive is not None:
            per_channel("drive", self.drive, self.nodes, self.nodes_are)
        return self


@inlined
def _send(state: Any, _params: Any) -> Any:
    return (state[0],)


@inlined
def _response(u: Any) -> Any:
    """Return S(u) = 1 / (1 + e^-u)."""
    return 1.0 / (1.0 + exp(-u))


@inlined
def _velocity(state: Any, _sent: Any, arrived: Any, own: Any, params: Any) -> Any:
    e, i = state
    (drive,) = own
    r, c_ee, c_ei, c_ie, c_ii, a_e, a_i, theta_e, theta_i, tau_e, tau_i, q = params
    input_e = a_e * (c_ee * e - c_ei * i + drive + arrived[0] - theta_e)
    input_i = a_i * (c_ie * e - c_ii * i + q - theta_i)
    return ((1.0 - r * e) * _response(input_e) - e) / tau_e, ((1.0 - r * i) * _response(input_i) - i) / tau_i


FLOW = Flow("wilson_cowan", variables=2, signals=1, fields=1, send=_send, velocity=_velocity)


def _problem(p: WilsonCowanParams, drive: Array, graphs: list[Any]) -> Problem:
    numbers = (p.refractory, p.c_ee, p.c_ei, p.c_ie, p.c_ii, p.a_e, p.a_i, p.theta_e, p.theta_i, p.tau_e, p.tau_i, p.Q)
    return p.problem(p.coupling(graphs), *numbers, own=drive)


def _inputs(p: WilsonCowanParams, drawn: Array) -> Array:
    """Return the inputs to E, given or from standard normal draws (configuration, unit), as (B, 1, unit)."""
    if p.drive is not None:
        return np.broadcast_to(np.asarray(p.drive), (len(drawn), 1, p.nodes))
    return np.asarray(p.P + p.P_scale * drawn[:, None])


def _step(p: WilsonCowanParams, generator: Generator, _rows: int) -> Step:
    """Return the noise-free step of states (rows, variable unit)."""
    graphs = [p.draw_graph(generator)]
    drive = _inputs(p, generator.standard_normal(p.nodes)[None])
    return FLOW.step(_problem(p, drive, graphs))


@model(
    WilsonCowanParams,
    title="Wilson-Cowan",
    reference="H. R. Wilson and J. D. Cowan (1972), Excitatory and inhibitory interactions in localized populations "
    "of model neurons, doi:10.1016/S0006-3495(72)86068-5.",
    version=2,
    tags=("oscillator", "network", "nonlinear", "neural", "continuous"),
    step=_step,
    truth=("adjacency", "drive"),
)
def wilson_cowan(p: WilsonCowanParams, rng: Streams) -> Simulated:
    """Wilson-Cowan rates of excitatory and inhibitory populations, coupled over a graph from E to E.

    tau_e dE_i/dt = -E_i + (1 - r E_i) S(a_e (c_ee E_i - c_ei I_i + P_i + (K / n_i) sum_j A_ij E_j - theta_e))
    tau_i dI_i/dt = -I_i + (1 - r I_i) S(a_i (c_ie E_i - c_ii I_i + Q - theta_i))

    S(u) = 1 / (1 + e^-u) and r is `refractory`. n_i is 1 (`normalization="none"`), the sum of the absolute weights into
    i ("degree") or the number of units ("N"). The paper subtracts S(-a theta), at most 0.005 by default, from the
    response, so its rates can fall below 0; without it E and I stay in [0, 1]. The defaults are those of the paper's
    limit cycle, at about 35 Hz, with slightly different inputs P_i so that the units do not synchronize completely.

    Observed: E, I or both. Truth: the graph of the channels, and the constant input to each channel's population
    (shared by all realizations).
    """
    graphs, inputs = [], []
    for generator in rng.structure():
        graphs.append(p.draw_graph(generator))
        inputs.append(generator.standard_normal(p.nodes))
    drive = _inputs(p, np.stack(inputs))
    drawn = np.moveaxis(rng.initial().uniform(2, p.nodes), 2, 0)  # (2, B, R, unit)
    state = drawn.copy() if p.x0 is None else p.given_state(rng)
    data = p.simulate(rng, FLOW, _problem(p, drive, graphs), state)
    both = {"E": drive[:, 0], "I": np.zeros_like(drive[:, 0]) + np.reshape(p.Q, (-1, 1))}
    shown = p.variables if p.observable == "all" else (p.observable,)
    return Simulated(
        data,
        {
            **p.adjacency(graphs, INSIDE, BETWEEN, diffusive=False),
            "drive": Truth(("channel",), np.concatenate([both[name] for name in shown], axis=1)),
        },
    )
