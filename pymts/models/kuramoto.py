"""Phase oscillators."""

from __future__ import annotations

from typing import Annotated, Literal

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from pydantic import Field, model_validator

from pymts.fields import STRUCTURAL
from pymts.network_params import NetworkParams
from pymts.numerics.integrate import METHODS, driven_trajectory, trajectory
from pymts.numerics.networks import normaliser
from pymts.numerics.rows import rows_times
from pymts.numerics.trigonometry import sincos
from pymts.params import ContinuousParams, Vector, per_channel
from pymts.registry import model
from pymts.streams import Streams
from pymts.truth import Simulated, Truth, adjacency

Array = NDArray[np.float64]


class KuramotoParams(NetworkParams, ContinuousParams):
    """Parameters of Kuramoto phase oscillators."""

    K: float = Field(default=1.0, description="Coupling strength, rad/s.")
    dt: Annotated[float, STRUCTURAL] = Field(default=0.05, gt=0, description="Integration step, s.")
    alpha: float = Field(default=0.0, description="Phase lag of the coupling (Sakaguchi), rad.")
    frequency: Literal["normal", "uniform", "lorentzian"] = Field(
        default="normal", description="Law of the natural frequencies."
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
        default="N", description="What K is divided by: the number of oscillators, the target's in-degree, or nothing."
    )
    method: Literal["rk4", "euler"] = Field(default="rk4", description="Integrator of the deterministic part.")
    observable: Literal["phase", "sin", "cos"] = Field(
        default="phase", description="What is observed: the unwrapped phase in rad, its sine or its cosine."
    )

    @model_validator(mode="after")
    def _vectors_fit(self) -> KuramotoParams:
        for name in ("omega", "theta0"):
            if getattr(self, name) is not None:
                per_channel(name, getattr(self, name), self.M)
        return self

    def batch_key(self) -> tuple[object, ...]:
        """Noise-free runs draw no noise, so they do not share a batch with noisy ones."""
        return (self.noise_std > 0,)


def _draw_omega(p: KuramotoParams, rng: Generator) -> Array:
    """Return standardised natural frequencies, (M,)."""
    if p.frequency == "normal":
        return rng.standard_normal(p.M)
    if p.frequency == "uniform":
        return 2.0 * rng.random(p.M) - 1.0
    return rng.standard_cauchy(p.M)


def order_parameter(theta: Array) -> Array:
    """Return |mean over the oscillators of exp(i theta)|, the last axis reduced."""
    sin, cos = sincos(theta)
    r: Array = np.hypot(sin.mean(axis=-1), cos.mean(axis=-1))
    return r


@model(
    KuramotoParams,
    reference="Y. Kuramoto (1975), Self-entrainment of a population of coupled non-linear oscillators.",
    tags=("oscillator", "network", "nonlinear", "continuous"),
    truth=("adjacency", "omega", "order_parameter"),
)
def make_kuramoto(p: KuramotoParams, rng: Streams) -> Simulated:
    """Kuramoto phase oscillators, coupled through the sine of their phase differences.

    d theta_i / dt = omega_i + (K / n_i) sum_j A_ij sin(theta_j - theta_i - alpha) + noise_std xi_i(t)

    n_i is the number of oscillators (`normalization="N"`), the summed absolute weight that i receives ("degree"), or
    1 ("none"); packages differ in this, so it is a parameter.

    Observed: the unwrapped phase, or its sine or cosine. Truth: the graph, the natural frequencies, shared by the
    realizations, and the order parameter r(t). Noise is added after the deterministic step (Euler-Maruyama if
    `method="euler"`).
    """
    batch, realizations = rng.shape
    graphs, frequencies = [], []
    for generator in rng.structure():
        graphs.append(p.draw_graph(generator))
        frequencies.append(_draw_omega(p, generator))
    graph = np.stack(graphs)  # (B, target, source)
    if p.omega is not None:
        omega = np.broadcast_to(np.asarray(p.omega), (batch, 1, p.M))
    else:
        omega = p.omega_mean + p.omega_scale * np.stack(frequencies)[:, None]  # (B, 1, M)
    if p.theta0 is not None:
        theta = np.broadcast_to(np.asarray(p.theta0), (batch, realizations, p.M)).copy()
    else:
        theta = 2.0 * np.pi * rng.initial().uniform(p.M)  # (B, R, M)
    gain = p.K / normaliser(graph, p.normalization)[:, None]  # (B, 1, M)
    mean_field = p.A is None and p.topology == "complete" and p.weights == "binary"
    lag_sin, lag_cos = np.sin(p.alpha), np.cos(p.alpha)
    # The mean field counts each oscillator among its own drivers; this gives back what that takes away.
    drift = omega + gain * lag_sin if mean_field else omega

    def velocity(theta: Array) -> Array:
        # sin(b - a - alpha) = cos(a) sin(b - alpha) - sin(a) cos(b - alpha): two products, never an (M, M) array a row
        sin, cos = sincos(theta)
        if mean_field:
            sin_in, cos_in = sin.sum(axis=-1, keepdims=True), cos.sum(axis=-1, keepdims=True)  # (B, R, 1)
        else:
            sin_in, cos_in = rows_times(sin, graph), rows_times(cos, graph)  # (B, R, M)
        cos *= sin_in * lag_cos - cos_in * lag_sin
        sin *= cos_in * lag_cos + sin_in * lag_sin
        cos -= sin
        cos *= gain
        cos += drift
        return cos

    method = METHODS[p.method]
    if np.any(np.asarray(p.noise_std) > 0):
        amplitude = p.noise_std * np.sqrt(p.dt)
        phases = driven_trajectory(
            lambda theta, noise: method(velocity, theta, p.dt) + amplitude * noise,
            theta,
            p.sampling,
            rng.process().blocks(p.sampling.n_steps, p.M),
        )
    else:
        phases = trajectory(lambda theta: method(velocity, theta, p.dt), theta, p.sampling)
    order = np.stack([[order_parameter(path) for path in paths] for paths in phases])  # (B, R, T)
    if p.observable == "sin":
        data = np.sin(phases, out=phases)
    elif p.observable == "cos":
        data = np.cos(phases, out=phases)
    else:
        data = phases
    return Simulated(
        data,
        {
            "adjacency": adjacency(graph),
            "omega": Truth(("channel",), np.ascontiguousarray(omega[:, 0])),
            "order_parameter": Truth(("realization", "time"), order),
        },
    )
