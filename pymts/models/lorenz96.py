"""The Lorenz 96 model."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from pydantic import AliasChoices, Field, model_validator

from pymts.data.truth import Simulated, Truth
from pymts.models.registry import model
from pymts.models.shared.lyapunov_table import lyapunov_truth
from pymts.numerics.coupling import Graph
from pymts.numerics.flow import Flow, Problem
from pymts.numerics.generator import Generator
from pymts.numerics.linear import per_configuration, rows_of
from pymts.numerics.lyapunov import Step
from pymts.numerics.portable.compiled import inlined
from pymts.params.base import ContinuousParams, Vector, per_channel
from pymts.params.fields import STRUCTURAL
from pymts.streams import Streams

Array = NDArray[np.float64]


class Lorenz96Params(ContinuousParams):
    """Parameters of the Lorenz 96 model."""

    channels_are: ClassVar[str] = "site"

    M: int = Field(
        default=40,
        ge=4,
        le=10**6,
        validation_alias=AliasChoices("M", "n_channels"),
        description="Number of channels (the sites of the ring); `n_channels` is a synonym.",
    )
    F: float = Field(default=8.0, description="Forcing; chaotic above about 5 with 40 sites.")
    dt: Annotated[float, STRUCTURAL] = Field(
        default=0.025, gt=0, description="Integration step (RK4), s; 1 s corresponds to 5 days of weather."
    )
    noise_std: float = Field(default=0.0, ge=0, description="Intensity of white noise on every site, 1/sqrt(s).")
    x0: Vector | None = Field(
        default=None,
        description="Initial values of the M sites; `None` draws them from a normal distribution around F.",
    )
    burn_in: int = Field(
        default=500, ge=0, le=10**12, description="Number of steps simulated and discarded before the first sample."
    )
    sample_every: int = Field(default=2, ge=1, le=10**9, description="Number of steps from one sample to the next.")

    @model_validator(mode="after")
    def _start_fits(self) -> Lorenz96Params:
        if self.x0 is not None:
            per_channel("x0", self.x0, self.M)
        return self

    def batch_key(self) -> tuple[object, ...]:
        """Noise-free runs draw no noise, so they do not share a batch with noisy ones."""
        return (self.noise_std > 0,)


@inlined
def _send(state: Any, _params: Any) -> Any:
    return state[0], state[0]


@inlined
def _velocity(state: Any, _sent: Any, arrived: Any, _own: Any, params: Any) -> Any:
    ahead_less_behind, before = arrived
    return (ahead_less_behind * before - state[0] + params[0],)


FLOW = Flow("lorenz96", variables=1, signals=2, fields=0, send=_send, velocity=_velocity)


def _ring(m: int) -> Graph:
    """Return what arrives at site i: x_{i+1} - x_{i-2}, and x_{i-1}."""
    site = np.arange(m)
    pair = np.stack([(site + 1) % m, (site - 2) % m], axis=1)
    sign = np.broadcast_to([1.0, -1.0], pair.shape)
    order = np.argsort(pair, axis=1)
    outer = Graph(
        2 * np.arange(m + 1)[None],
        np.take_along_axis(pair, order, axis=1).ravel(),
        np.take_along_axis(sign, order, axis=1).ravel(),
    )
    return Graph.by_signal([outer, Graph(np.arange(m + 1)[None], (site - 1) % m, np.ones(m))])


def _problem(p: Lorenz96Params, batch: int) -> Problem:
    return Problem(
        graphs=[_ring(p.M)] * batch,
        params=rows_of(batch, p.F),
        own=np.empty((batch, 0, p.M)),
        dt=p.dt,
        amplitude=per_configuration(p.noise_std, batch) * np.sqrt(p.dt),
    )


def _graph(m: int) -> Array:
    """Return which sites drive which, (target, source): i - 2, i - 1, i and i + 1 drive i."""
    ahead = (np.arange(m) - np.arange(m)[:, None]) % m
    return np.asarray(np.isin(ahead, [m - 2, m - 1, 0, 1]), dtype=np.float64)


def _step(p: Lorenz96Params, _generator: Generator, _rows: int) -> Step:
    """Return the noise-free step of states (rows, site)."""
    return FLOW.step(_problem(p, 1))


@model(
    Lorenz96Params,
    title="Lorenz 96",
    reference="E. N. Lorenz (1996), Predictability: a problem partly solved, printed 2006, "
    "doi:10.1017/CBO9780511617652.004. Also: E. N. Lorenz and K. A. Emanuel (1998), Optimal sites for supplementary "
    "weather observations, doi:10.1175/1520-0469(1998)055<0399:OSFSWO>2.0.CO;2.",
    version=2,
    tags=("chaotic", "flow", "network", "nonlinear", "continuous"),
    step=_step,
    truth=("adjacency", "lyapunov", "lyapunov_error"),
)
def lorenz96(p: Lorenz96Params, rng: Streams) -> Simulated:
    """Lorenz 96 model: advection, damping and forcing on a ring of sites.

    dx_i/dt = (x_{i+1} - x_{i-2}) x_{i-1} - x_i + F,   indices modulo M

    White noise of intensity `noise_std`, if any, is added to every site.

    Observed: x. Truth: the graph, 1 where a site enters the equation of another or, through the damping, its own; and,
    for the default M and F without noise, the Lyapunov exponents with standard errors. Initial states are drawn around
    F; the default `burn_in` discards the transient.
    """
    batch, realizations = rng.shape
    if p.x0 is not None:
        state = np.broadcast_to(np.asarray(p.x0), (batch, realizations, p.M)).copy()
    else:
        state = p.F + rng.initial().normal(p.M)  # (B, R, M)

    draws = rng.process() if np.any(np.asarray(p.noise_std) > 0) else None
    data = FLOW.trajectories(_problem(p, batch), state[None], p.sampling, [0], draws)
    graph = np.repeat(_graph(p.M)[None], batch, axis=0)  # (B, target, source)
    truth = {"adjacency": Truth(("target", "source"), graph, {"graph_kind": "structural"})}
    truth |= lyapunov_truth("lorenz96", {"F": p.F}, graph, dt=p.dt, noise_std=p.noise_std)
    return Simulated(data, truth)
