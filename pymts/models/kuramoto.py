"""Phase oscillators."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from pymts.data.truth import Simulated, Truth
from pymts.models.registry import model
from pymts.models.shared.network import NetworkParams
from pymts.numerics.coupling import Graph
from pymts.numerics.flow import Flow, Problem
from pymts.numerics.generator import Generator
from pymts.numerics.groups import each_group
from pymts.numerics.linear import per_configuration
from pymts.numerics.lyapunov import Step
from pymts.numerics.networks import normaliser
from pymts.numerics.portable.bits import square_root
from pymts.numerics.portable.compiled import inlined, kernel
from pymts.numerics.portable.elementary import sincos_into, sincos_near
from pymts.params.base import ContinuousParams, Vector, per_channel
from pymts.params.fields import STRUCTURAL
from pymts.streams import Streams

Array = NDArray[np.float64]

CHUNK_VALUES = 2**14  # phases per block when computing the order parameter: they stay in cache


class KuramotoParams(NetworkParams, ContinuousParams):
    """Parameters of Kuramoto phase oscillators."""

    channels_are: ClassVar[str] = "oscillator"
    takes_sparse: ClassVar[bool] = True

    K: float = Field(default=1.0, description="Coupling strength, rad/s.")
    dt: Annotated[float, STRUCTURAL] = Field(default=0.05, gt=0, description="Integration step, s.")
    alpha: float = Field(default=0.0, description="Phase lag of the coupling (Sakaguchi), rad.")
    frequency: Literal["normal", "uniform", "lorentzian"] = Field(
        default="normal", description="Distribution of the natural frequencies."
    )
    omega_mean: float = Field(default=0.0, description="Centre of the natural frequencies, rad/s.")
    omega_scale: float = Field(
        default=1.0,
        ge=0,
        description="Standard deviation (`normal`), half width of the interval (`uniform`) or half width at half "
        "maximum (`lorentzian`) of the natural frequencies, rad/s.",
    )
    omega: Vector | None = Field(
        default=None, description="Natural frequencies of the M oscillators, rad/s; `None` draws them."
    )
    theta0: Vector | None = Field(
        default=None, description="Initial phases of the M oscillators, rad; `None` draws them uniformly on [0, 2 pi)."
    )
    noise_std: float = Field(default=0.0, ge=0, description="Intensity of white phase noise, rad/sqrt(s).")
    normalization: Literal["N", "degree", "none"] = Field(
        default="N", description="Divisor of K: the number of oscillators, the target's in-degree, or none."
    )
    method: Literal["rk4", "euler"] = Field(default="rk4", description="Integrator of the deterministic part.")
    observable: Literal["phase", "sin", "cos"] = Field(
        default="phase", description="Observed quantity: the unwrapped phase in rad, its sine or its cosine."
    )

    @model_validator(mode="after")
    def _vectors_fit(self) -> KuramotoParams:
        for name in ("omega", "theta0"):
            if getattr(self, name) is not None:
                per_channel(name, getattr(self, name), self.M)
        return self

    @property
    def observed(self) -> tuple[str, str]:
        """What the channels show: an angle, or its sine or cosine."""
        return ("phase", "rad") if self.observable == "phase" else (f"{self.observable}(phase)", "")

    def batch_key(self) -> tuple[object, ...]:
        """Noise-free runs draw no noise, so they do not share a batch with noisy ones."""
        return (self.noise_std > 0, *self.graph_key())


def _draw_omega(p: KuramotoParams, rng: Generator) -> Array:
    """Return standardised natural frequencies, (M,)."""
    if p.frequency == "normal":
        return rng.standard_normal(p.M)
    if p.frequency == "uniform":
        return 2.0 * rng.random(p.M) - 1.0
    return rng.standard_cauchy(p.M)


@kernel
def _order_into(phases: Array, out: Array) -> None:
    """Write |mean over the oscillators of exp(i theta)| for each row of phases (rows, M)."""
    rows, m = phases.shape
    length = max(1, CHUNK_VALUES // m)
    sin, cos = np.empty(length * m), np.empty(length * m)
    for first in range(0, rows, length):
        part = phases[first : first + length].reshape(-1)
        sincos_into(part, sin[: part.size], cos[: part.size])
        for row in range(part.size // m):
            x, y = 0.0, 0.0
            for i in range(row * m, (row + 1) * m):
                x += cos[i]
                y += sin[i]
            out[first + row] = square_root(x * x + y * y) / m


def order_parameter(phases: Array) -> Array:
    """Return |mean over the oscillators of exp(i theta)| of phases (B, R, T, M), (B, R, T)."""
    out = np.empty(phases.shape[:-1])

    def work(b: int, rows: slice) -> Iterator[None]:
        for r in range(rows.start, rows.stop):
            _order_into(phases[b, r], out[b, r])
            yield

    each_group(work, phases.shape[0], phases.shape[1], phases[0, 0].size)
    return out


def _show(phases: Array, observable: str) -> Array:
    """Return phases (B, R, T, M), or their sines or cosines, in place."""
    if observable == "phase":
        return phases

    def work(b: int, rows: slice) -> Iterator[None]:
        for r in range(rows.start, rows.stop):
            flat = phases[b, r].reshape(-1)
            other = np.empty_like(flat)
            sincos_into(flat, *((flat, other) if observable == "sin" else (other, flat)))
            yield

    each_group(work, phases.shape[0], phases.shape[1], phases[0, 0].size)
    return phases


@inlined
def _send(state: Any, _params: Any) -> Any:
    # Beyond 1e5 rad its error is a rounding error of the phase.
    return sincos_near(state[0])


@inlined
def _velocity(_state: Any, sent: Any, arrived: Any, own: Any, params: Any) -> Any:
    # sin(b - a - alpha) = cos(a) sin(b - alpha) - sin(a) cos(b - alpha): two sums over the drivers b.
    sin, cos = sent
    sin_in, cos_in = arrived
    lag_sin, lag_cos = params
    return (own[0] + (cos * (sin_in * lag_cos - cos_in * lag_sin) - sin * (cos_in * lag_cos + sin_in * lag_sin)),)


FLOW = Flow("kuramoto", variables=1, signals=2, fields=1, send=_send, velocity=_velocity)


def _frequencies(p: KuramotoParams, drawn: Array) -> Array:
    """Return the natural frequencies, given or from standardised draws (configuration, M), as (B, 1, M)."""
    if p.omega is not None:
        return np.broadcast_to(np.asarray(p.omega), (len(drawn), 1, p.M))
    return np.asarray(p.omega_mean + p.omega_scale * drawn[:, None])


def _problem(p: KuramotoParams, graphs: Sequence[Any], omega: Array) -> Problem:
    """Return what the flow takes on the graphs, each (target, source), with frequencies (B, 1, M)."""
    batch = len(graphs)
    alpha = per_configuration(p.alpha, batch)
    sin, cos = np.empty_like(alpha), np.empty_like(alpha)
    sincos_into(alpha, sin, cos)
    lags = list(zip(sin.tolist(), cos.tolist(), strict=True))
    if p.A is None and p.topology == "complete" and p.weights == "binary":
        gains = per_configuration(p.K / float(normaliser(graphs[0], p.normalization)[0]), batch)
        coupling = [Graph.complete(gain) for gain in gains]
        # The sum over all counts each oscillator among its own drivers; this corrects for it.
        omega = omega + (gains * sin)[:, None, None]
    else:
        coupling = [Graph.of(one) for one in p.coupled(graphs, p.normalization, p.K)]
    amplitude = per_configuration(p.noise_std, batch) * np.sqrt(p.dt)
    return Problem(coupling, lags, omega, p.dt, amplitude, euler=p.method == "euler")


def _step(p: KuramotoParams, generator: Generator, _rows: int) -> Step:
    """Return the noise-free step of phases (rows, oscillator)."""
    graphs = [p.draw_graph(generator)]
    return FLOW.step(_problem(p, graphs, _frequencies(p, _draw_omega(p, generator)[None])))


@model(
    KuramotoParams,
    title="Kuramoto",
    reference="Y. Kuramoto (1975), Self-entrainment of a population of coupled non-linear oscillators, "
    "doi:10.1007/BFb0013365. Phase lag: H. Sakaguchi and Y. Kuramoto (1986), A soluble active rotator model showing "
    "phase transitions via mutual entrainment, doi:10.1143/PTP.76.576.",
    version=2,
    tags=("oscillator", "network", "nonlinear", "continuous"),
    step=_step,
    truth=("adjacency", "omega", "order_parameter"),
)
def kuramoto(p: KuramotoParams, rng: Streams) -> Simulated:
    """Kuramoto phase oscillators, coupled through the sine of their phase differences.

    d theta_i / dt = omega_i + (K / n_i) sum_j A_ij sin(theta_j - theta_i - alpha) + noise_std xi_i(t)

    n_i is the number of oscillators (`normalization="N"`), the sum of the absolute weights into i ("degree"), or 1
    ("none"); packages differ in this choice.

    Observed: the unwrapped phase, or its sine or cosine. Truth: the graph, the natural frequencies (shared by all
    realizations) and the order parameter r(t). Noise is added after the deterministic step (Euler-Maruyama if
    `method="euler"`).
    """
    batch, realizations = rng.shape
    graphs, frequencies = [], []
    for generator in rng.structure():
        graphs.append(p.draw_graph(generator))
        frequencies.append(_draw_omega(p, generator))
    omega = _frequencies(p, np.stack(frequencies))  # (B, 1, M)
    if p.theta0 is not None:
        theta = np.broadcast_to(np.asarray(p.theta0), (batch, realizations, p.M)).copy()
    else:
        theta = 2.0 * np.pi * rng.initial().uniform(p.M)  # (B, R, M)
    draws = rng.process() if np.any(np.asarray(p.noise_std) > 0) else None
    phases = FLOW.trajectories(_problem(p, graphs, omega), theta[None], p.sampling, [0], draws)
    order = order_parameter(phases)  # (B, R, T)
    data = _show(phases, p.observable)
    return Simulated(
        data,
        {
            **p.graph_truth(graphs, {"graph_kind": "structural"}),
            "omega": Truth(("channel",), np.ascontiguousarray(omega[:, 0])),
            "order_parameter": Truth(("realization", "time"), order),
        },
    )
