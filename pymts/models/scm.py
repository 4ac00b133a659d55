"""Structural causal models over time, with interventions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import AliasChoices, Field, model_validator

from pymts.data.truth import Simulated, Truth, adjacency
from pymts.models.registry import model
from pymts.models.shared.cost import LARGE, of_recursion
from pymts.models.shared.network import NetworkParams, Probability, Topology, infer_m, nesting
from pymts.models.shared.noise import per_step
from pymts.numerics import linear
from pymts.numerics.covariance import cholesky
from pymts.numerics.functions import exp, sin_cos, tanh
from pymts.numerics.laws import moments, quantile
from pymts.numerics.portable import dense
from pymts.numerics.rows import rows_times
from pymts.numerics.structural import Windows, solve
from pymts.params.base import Matrices, Matrix, NonNegative, NonNegativeVector, per_channel, ragged_array
from pymts.streams import Streams

Array = NDArray[np.float64]

FUNCTIONS: dict[str, Callable[[Array], Array]] = {
    "linear": lambda x: x,
    "tanh": tanh,
    "sin": lambda x: sin_cos(x)[0],
    "quadratic": np.square,
    "bump": lambda x: x + 5.0 * x * x * exp(-x * x / 20.0),
}
COLUMNS = 4  # columns of an intervention: channel, first sample, sample after the last, value


class ScmParams(NetworkParams):
    """Parameters of a structural causal model."""

    M: int = Field(
        default=10,
        ge=1,
        le=10**6,
        validation_alias=AliasChoices("M", "n_channels"),
        description="Number of channels; `n_channels` is a synonym.",
    )
    topology: Topology = Field(
        default="random_dag",
        description="Graph family of the links between channels; ignored if `A` or `B` is given. Directed "
        "families are `ring_unidirectional`, `chain` and `random_dag`, and, if `directed`, `erdos_renyi` and `sbm`.",
    )
    p: int = Field(default=2, ge=1, le=1000, description="Longest lag; inferred from `B` if given.")
    B: Matrices | None = Field(
        default=None,
        description="Coefficients (lag, target, source) of lag 0, 1, ..., p, used as given; lag 0 must be acyclic. "
        "`None` draws them on the graph.",
    )
    function: Literal["linear", "tanh", "sin", "quadratic", "bump"] = Field(
        default="linear",
        description="Function f applied along links between channels: x, tanh x, sin x, x^2 or x + 5 x^2 exp(-x^2 / "
        "20).",
    )
    contemporaneous: Probability = Field(
        default=0.3, ge=0, le=1, description="Probability that a drawn link consistent with the hidden order has lag 0."
    )
    self_strength: float = Field(
        default=0.5, ge=0, description="Size of the drawn coefficient of a channel's own lag 1."
    )
    cross_strength: float = Field(default=0.5, ge=0, description="Size of the drawn coefficients between channels.")
    rho: float = Field(
        default=0.7,
        ge=0,
        lt=1,
        description="Upper bound on the spectral radius of drawn coefficients, computed as if all links were linear.",
    )
    noise_law: Literal["normal", "laplace", "uniform", "weibull"] = Field(
        default="normal",
        description="Distribution of the noise, standardised to mean 0 and variance 1 before scaling by `sigma`.",
    )
    noise_shape: float = Field(default=2.0, ge=0.2, le=100, description="Shape of `weibull`.")
    sigma: NonNegative | NonNegativeVector = Field(
        default=1.0, description="Standard deviation of the noise, one number or M numbers."
    )
    interventions: Matrix | None = Field(
        default=None,
        description="Interventions, one per row: channel, first sample, sample after the last, value.",
    )
    intervention: Literal["hard", "soft"] = Field(
        default="hard",
        description="`hard` sets the channel to the value, do(X = value), cutting it from its causes; `soft` adds the "
        "value to its equation.",
    )
    burn_in: int = Field(
        default=100, ge=0, description="Number of steps simulated and discarded before the first sample."
    )

    @property
    def costly_truth(self) -> frozenset[str]:
        """The autocovariances, if there are many states."""
        return frozenset({"theory_acov"} if self.p * self.M > LARGE else ())

    @property
    def preparation(self) -> tuple[float, int]:
        """The cost of the stationary start and its moments."""
        return of_recursion(self.p * self.M)

    @property
    def asked_truth(self) -> frozenset[str]:
        """The truth that interventions add."""
        return frozenset({"intervention", "counterfactual", "effect"} if self.interventions is not None else ())

    @model_validator(mode="before")
    @classmethod
    def _coefficients_tell_sizes(cls, given: Any) -> Any:
        if not isinstance(given, dict):
            return given
        if "p" not in given and nesting(given.get("B")) == 3 and len(given["B"]) > 1:
            given = {**given, "p": len(given["B"]) - 1}
        return infer_m(given, "B", "sigma")

    @model_validator(mode="after")
    def _arrays_fit(self) -> ScmParams:
        per_channel("sigma", self.sigma, self.M)
        if self.interventions is not None:
            _check_interventions(ragged_array("interventions", self.interventions), self.M, self.T, self.intervention)
        if self.B is None:
            return self
        if self.A is not None:
            raise ValueError("B and A are both given; keep B, whose nonzero coefficients are the graph")
        b = ragged_array("B", self.B)
        if b.shape != (self.p + 1, self.M, self.M):
            raise ValueError(
                f"B must have shape (p + 1, M, M) = ({self.p + 1}, {self.M}, {self.M}), got shape {b.shape}"
            )
        if np.any(np.linalg.matrix_power((b[0] != 0).astype(float), self.M)):
            raise ValueError("B must have an acyclic lag 0, got a channel that causes itself within a step")
        if self.function == "linear":
            radius = linear.spectral_radius(_reduced(b[None]))[0]
            if radius >= 1:
                raise ValueError(
                    f"B must be stable, with a spectral radius less than 1, got {radius:.6g}; "
                    f"multiply the matrix of lag k by c**k with c less than {1 / radius:.4g}"
                )
        return self


def _check_interventions(rows: Array, m: int, times: int, kind: str) -> None:
    if rows.ndim != 2 or rows.shape[1] != COLUMNS:
        raise ValueError(
            f"interventions must have rows of the form [channel, start, stop, value], got shape {rows.shape}"
        )
    taken: set[tuple[float, float, float]] = set()
    for channel, start, stop, _ in rows.tolist():
        if channel not in range(m):
            raise ValueError(f"interventions must name a channel from 0 to {m - 1}, got {channel:g}")
        if not (start.is_integer() and stop.is_integer() and 0 <= start < stop <= times):
            raise ValueError(
                f"interventions must run from a sample to a later one, at most T = {times}, got {start:g} to {stop:g}"
            )
        if kind == "hard":
            if any(one == channel and start < end and begin < stop for one, begin, end in taken):
                raise ValueError(f"interventions must not overlap on a channel, got an overlap on channel {channel:g}")
            taken.add((channel, start, stop))


def _reduced(b: Array) -> Array:
    """Return the autoregression (B, p, M, M) of the linear model: (I - B_0)^-1 B_k."""
    at_once = np.eye(b.shape[-1]) - b[:, 0]
    return dense.solve(at_once[:, None], b[:, 1:])


def _coefficients(p: ScmParams, rng: Streams) -> Array:
    """Return the given or drawn coefficients, (configuration, lag, target, source)."""
    batch, m = rng.shape[0], p.M
    if p.B is not None:
        return np.repeat(np.asarray(p.B, dtype=np.float64)[None], batch, axis=0)
    links, itself = np.zeros((2, batch, p.p + 1, m, m))
    for b, generator in enumerate(rng.structure()):
        graph = p.draw_graph(generator) * (1.0 - np.eye(m))
        order = generator.permutation(m)
        at_once = (order[:, None] > order) & (generator.random((m, m)) < p.contemporaneous)
        lag = np.where(at_once, 0, generator.integers(1, p.p + 1, size=(m, m)))
        sign = np.where(generator.random((m, m)) < 0.5, -1.0, 1.0)
        sized = graph * sign * (0.5 + generator.random((m, m)))
        np.put_along_axis(links[b], lag[None], sized[None], axis=0)
        itself[b, 1] = np.diag(0.5 + generator.random(m))
    self_strength, cross_strength, rho = (
        linear.per_configuration(value, batch)[:, None, None, None]
        for value in (p.self_strength, p.cross_strength, p.rho)
    )
    drawn = cross_strength * links + self_strength * itself
    radius = linear.spectral_radius(_reduced(drawn))[:, None, None, None]
    ratio = np.where(radius > rho, rho / np.where(radius > 0, radius, 1.0), 1.0)
    scales = [np.ones_like(ratio)]
    for _ in range(p.p):
        scales.append(scales[-1] * ratio)
    return np.asarray(drawn * np.concatenate(scales, axis=1))


def _stationary(b: Array, sigma: Array, p: ScmParams, rng: Streams) -> tuple[Array, dict[str, Truth]]:
    """Return the past (B, R, p, M), newest first, with the linear model's second moments, and those moments."""
    phi = _reduced(b)
    inverse = dense.solve(np.eye(p.M) - b[:, 0], np.eye(p.M))
    noise = dense.product(inverse * (sigma * sigma)[:, None], inverse.swapaxes(-1, -2))
    transition = linear.companion(phi)
    covariance = linear.stationary_covariance(transition, linear.innovation_covariance(noise, p.p))
    past = rows_times(rng.initial().normal(p.p * p.M), cholesky(covariance))
    truth = {"theory_cov": Truth(("channel", "channel_"), np.ascontiguousarray(covariance[:, : p.M, : p.M]))}
    if "theory_acov" not in p.left_out:
        acov = linear.autocovariances(transition, covariance, p.M, p.sample_every)
        truth["theory_acov"] = Truth(("acov_lag", "channel", "channel_"), acov)
    return past.reshape(*rng.shape, p.p, p.M), {} if p.interventions is not None else truth


@model(
    ScmParams,
    title="Structural causal model",
    reference="J. Runge, P. Nowack, M. Kretschmer, S. Flaxman and D. Sejdinovic (2019), Detecting and quantifying "
    "causal associations in large nonlinear time series datasets, doi:10.1126/sciadv.aau4996.",
    version=3,
    tags=("causal", "network", "nonlinear", "stochastic", "discrete"),
    truth=(
        "coefficients",
        "adjacency",
        "noise",
        "noise_cov",
        "theory_cov",
        "theory_acov",
        "intervention",
        "counterfactual",
        "effect",
    ),
)
def scm(p: ScmParams, rng: Streams) -> Simulated:
    """Structural causal model: lagged and contemporaneous links, with interventions.

    x_j(t) = sum_{k=1..p} B_k,jj x_j(t-k) + sum_{i != j} sum_{k=0..p} B_k,ji f(x_i(t-k)) + e_j(t)

    A channel's own past acts linearly, other channels through f. Every link of the graph is drawn with one lag; lag 0
    is used only if it respects a hidden order of the channels, so contemporaneous links form no cycles. The default
    graph is acyclic and has twice as many links as channels, or all that its order allows. On an acyclic graph no f can
    make the series explode; on other graphs `quadratic` and `bump` may, and an error is then raised.

    Observed: x under the interventions. Truth: the coefficients from lag 0 on, a summary graph, the noise e; for the
    linear model without interventions, its covariance and autocovariances; with interventions, where they act, the
    series with the same noise but without them (the counterfactual), and the difference (the effect).
    """
    batch, m = rng.shape[0], p.M
    b = _coefficients(p, rng)
    sigma = linear.per_channel_rows(p.sigma, batch, m)  # (B, M)
    truth = {
        "coefficients": Truth(("lag", "target", "source"), b),
        "adjacency": adjacency(np.abs(b).max(axis=1), "summary"),
        "noise_cov": Truth(("channel", "channel_"), sigma[:, :, None] ** 2 * np.eye(m)),
    }
    past = np.zeros((*rng.shape, p.p, m))
    if p.function == "linear":
        past, theory = _stationary(b, sigma, p, rng)
        truth |= theory
    mean, variance = moments(p.noise_law, p.noise_shape)

    def world(interventions: Array | None) -> tuple[Array, Array]:
        windows = Windows.of(interventions, p.intervention, p.sampling, m)
        noise = (
            (first, (quantile(p.noise_law, normals, p.noise_shape) - mean) * (per_step(p.sigma) / np.sqrt(variance)))
            for first, normals in rng.process().blocks(p.sampling.n_steps + 1, m)
        )
        return solve(b, FUNCTIONS[p.function], past, noise, windows=windows, sampling=p.sampling)

    rows = None if p.interventions is None else np.asarray(p.interventions)
    data, noise = world(rows)
    dims = ("realization", "time", "channel")
    truth["noise"] = Truth(dims, noise)
    if rows is not None:
        mask = np.zeros((p.T, m), dtype=bool)
        for channel, start, stop in rows[:, :3].astype(int):
            mask[start:stop, channel] = True
        without, _ = world(None)
        truth["intervention"] = Truth(("time", "channel"), np.repeat(mask[None], batch, axis=0))
        truth["counterfactual"] = Truth(dims, without)
        truth["effect"] = Truth(dims, data - without)
    return Simulated(data, truth)
