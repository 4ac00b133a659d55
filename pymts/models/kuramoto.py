"""Phase oscillators."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from pydantic import Field, model_validator

from pymts.data.truth import Simulated, Truth
from pymts.models.registry import model
from pymts.models.shared.network import NetworkParams
from pymts.numerics.integrate import METHODS, driven_trajectory, trajectory
from pymts.numerics.lyapunov import Step
from pymts.numerics.networks import normaliser
from pymts.numerics.rows import ROWS, rows_times
from pymts.numerics.sparse import spread
from pymts.numerics.trigonometry import sincos
from pymts.params.base import ContinuousParams, Vector, per_channel
from pymts.params.fields import STRUCTURAL
from pymts.streams import Streams

Array = NDArray[np.float64]
Velocity = Callable[[Array], Array]

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


def order_parameter(phases: Array) -> Array:
    """Return |mean over the oscillators of exp(i theta)|, the last axis reduced."""
    rows = phases.reshape(-1, phases.shape[-1])
    out = np.empty(len(rows))
    length = max(1, CHUNK_VALUES // rows.shape[1])
    for start in range(0, len(rows), length):
        sin, cos = sincos(rows[start : start + length])
        np.hypot(sin.mean(axis=-1), cos.mean(axis=-1), out=out[start : start + length])
    return out.reshape(phases.shape[:-1])


def _velocity(p: KuramotoParams, drift: Array, coupling: Any, gain: Array | float) -> Velocity:
    """Return d theta / dt as a function of theta (B, R, M).

    The drivers are weighted by ``coupling``, (B, target, source) or CSR matrices, or by ``gain`` if it is None.
    """
    batch, rows, _ = drift.shape
    # Sines of all realizations, then cosines, so that one sum or product handles both.
    both = np.zeros((batch, 2 * rows if coupling is None else -(-2 * rows // ROWS) * ROWS, p.M))
    sin, cos = both[:, :rows], both[:, rows : 2 * rows]
    lagged = bool(np.any(np.asarray(p.alpha) != 0))
    lag_sin, lag_cos = np.sin(p.alpha), np.cos(p.alpha)

    def velocity(theta: Array) -> Array:
        # sin(b - a - alpha) = cos(a) sin(b - alpha) - sin(a) cos(b - alpha): two sums over the drivers b, without an
        # (M, M) array per realization.
        sincos(theta, out=(sin, cos))
        if coupling is None:
            sums = np.add.reduce(both, axis=-1, keepdims=True)  # (B, rows, 1)
            sums *= gain
        else:
            sums = spread(both, coupling) if isinstance(coupling, list) else rows_times(both, coupling)  # (B, rows, M)
        sin_in, cos_in = sums[:, :rows], sums[:, rows : 2 * rows]
        if lagged:
            sin_in, cos_in = sin_in * lag_cos - cos_in * lag_sin, cos_in * lag_cos + sin_in * lag_sin
        pull = cos * sin_in
        np.multiply(sin, cos_in, out=sin)
        pull -= sin
        pull += drift
        return pull

    return velocity


def _frequencies(p: KuramotoParams, drawn: Array) -> Array:
    """Return the natural frequencies, given or from standardised draws (configuration, M), as (B, 1, M)."""
    if p.omega is not None:
        return np.broadcast_to(np.asarray(p.omega), (len(drawn), 1, p.M))
    return np.asarray(p.omega_mean + p.omega_scale * drawn[:, None])


def _velocity_of(p: KuramotoParams, graphs: Sequence[Any], omega: Array, realizations: int) -> Velocity:
    """Return d theta / dt on the graphs, each (target, source)."""
    drift = np.repeat(omega, realizations, axis=1)  # (B, R, M)
    if p.A is None and p.topology == "complete" and p.weights == "binary":
        gain = p.K / float(normaliser(graphs[0], p.normalization)[0])
        # The sum over all counts each oscillator among its own drivers; this corrects for it.
        drift += gain * np.sin(p.alpha)
        return _velocity(p, drift, None, gain)
    return _velocity(p, drift, p.coupled(graphs, p.normalization, p.K), 1.0)


def _step(p: KuramotoParams, generator: Generator, rows: int) -> Step:
    """Return the noise-free step of phases (rows, oscillator)."""
    graphs = [p.draw_graph(generator)]
    velocity = _velocity_of(p, graphs, _frequencies(p, _draw_omega(p, generator)[None]), rows)
    return lambda theta: METHODS[p.method](velocity, theta[None], p.dt)[0]


@model(
    KuramotoParams,
    title="Kuramoto",
    reference="Y. Kuramoto (1975), Self-entrainment of a population of coupled non-linear oscillators, "
    "doi:10.1007/BFb0013365. Phase lag: H. Sakaguchi and Y. Kuramoto (1986), A soluble active rotator model showing "
    "phase transitions via mutual entrainment, doi:10.1143/PTP.76.576.",
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
    velocity = _velocity_of(p, graphs, omega, realizations)
    method = METHODS[p.method]
    if np.any(np.asarray(p.noise_std) > 0):
        amplitude = p.noise_std * np.sqrt(p.dt)

        def noisy(theta: Array, noise: Array) -> Array:
            theta = method(velocity, theta, p.dt)
            theta += amplitude * noise
            return theta

        noise = rng.process().blocks(p.sampling.n_steps, p.M)
        phases = driven_trajectory(noisy, theta, p.sampling, noise)
    else:
        phases = trajectory(lambda theta: method(velocity, theta, p.dt), theta, p.sampling)
    order = order_parameter(phases)  # (B, R, T)
    if p.observable == "sin":
        data = np.sin(phases, out=phases)
    elif p.observable == "cos":
        data = np.cos(phases, out=phases)
    else:
        data = phases
    return Simulated(
        data,
        {
            **p.graph_truth(graphs, {"graph_kind": "structural"}),
            "omega": Truth(("channel",), np.ascontiguousarray(omega[:, 0])),
            "order_parameter": Truth(("realization", "time"), order),
        },
    )
