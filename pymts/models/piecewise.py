"""Segments with abrupt changes between them."""

from __future__ import annotations

from itertools import pairwise
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from pymts.data.truth import Simulated, Truth, adjacency
from pymts.models.registry import model
from pymts.models.shared.network import NetworkParams, Topology
from pymts.numerics import switching
from pymts.numerics.covariance import cholesky
from pymts.numerics.functions import power
from pymts.numerics.linear import per_configuration, scale_to_radius, stationary_covariance
from pymts.numerics.rows import rows_times
from pymts.params.base import Integers
from pymts.streams import Streams

Array = NDArray[np.float64]
Change = Literal["mean", "variance", "correlation", "trend", "coupling", "all"]

ROWS = 64  # a block of noise has thousands of short rows


class PiecewiseParams(NetworkParams):
    """Parameters of a piecewise stationary process."""

    topology: Topology = Field(
        default="erdos_renyi",
        description="Graph family of the coupling, drawn separately for each regime; ignored if `A` is given. "
        "Directed families are `ring_unidirectional`, `chain` and `random_dag`, and, if `directed`, `erdos_renyi` and "
        "`sbm`.",
    )
    change: Change = Field(default="mean", description="Property that changes between regimes.")
    n_regimes: int = Field(default=3, ge=2, le=64, description="Number of regimes K from which segments are drawn.")
    min_length: int = Field(default=50, ge=1, description="Minimum length of a segment in steps.")
    max_length: int = Field(
        default=200, ge=1, description="Maximum length of a segment in steps; lengths are uniform in this range."
    )
    change_points: Integers | None = Field(
        default=None,
        description="Steps at which segments begin, at least 1 and increasing; `None` draws the segment lengths.",
    )
    jump: float = Field(
        default=3.0,
        ge=0,
        description="Size of the change: standard deviation of the means, and of a trend's rise over `max_length` "
        "steps, in units of sigma; variances rise or fall by a factor of up to (1 + jump)^2.",
    )
    sigma: float = Field(default=1.0, gt=0, description="Standard deviation of the innovations before any change.")
    rho: float = Field(
        default=0.8, ge=0, lt=1, description="Spectral radius to which each regime's coupling is scaled."
    )

    @model_validator(mode="after")
    def _segments_fit(self) -> PiecewiseParams:
        if self.min_length > self.max_length:
            raise ValueError(f"min_length must be at most max_length = {self.max_length}, got {self.min_length}")
        if self.change_points is not None:
            points = (0, *self.change_points)
            if any(later <= earlier for earlier, later in pairwise(points)):
                raise ValueError(f"change_points must increase from 1 on, got {list(self.change_points)}")
        return self

    def changes(self, what: Change) -> bool:
        """Return whether this property differs between regimes."""
        return self.change in (what, "all")


def _regimes(p: PiecewiseParams, rng: Streams) -> tuple[Array, Array, Array, Array]:
    """Return mean and slope (B, K, M), noise covariance and coupling (B, K, M, M) of each regime."""
    batch, k, m = rng.shape[0], p.n_regimes, p.M
    means, slopes, ratios, correlations, couplings = [], [], [], [], []
    for generator in rng.structure():
        means.append(generator.standard_normal((k, m)))
        slopes.append(generator.standard_normal((k, m)))
        ratios.append(2.0 * generator.random((k, m)) - 1.0)
        loadings = generator.standard_normal((k, m, m + 2))
        # Row by row: all at once would take M times the memory of the result.
        product = np.stack([(loadings[:, i, None] * loadings).sum(axis=-1) for i in range(m)], axis=1)  # (K, M, M)
        size = np.sqrt(np.diagonal(product, axis1=1, axis2=2))
        correlations.append(product / (size[:, :, None] * size[:, None]))
        graphs = np.stack([p.draw_graph(generator) for _ in range(k)])
        strength = np.where(np.eye(m, dtype=bool), 1.0, graphs) * (0.5 + generator.random((k, m, m)))
        couplings.append(np.where(generator.random((k, m, m)) < 0.5, -strength, strength))
    jump, sigma = (per_configuration(value, batch)[:, None, None] for value in (p.jump, p.sigma))
    zero = np.zeros((batch, k, m))
    mean = jump * sigma * np.stack(means) if p.changes("mean") else zero
    slope = jump * sigma / p.max_length * np.stack(slopes) if p.changes("trend") else zero
    deviation = sigma * (power(1.0 + jump, np.stack(ratios)) if p.changes("variance") else np.ones((batch, k, m)))
    correlation = np.stack(correlations) if p.changes("correlation") else np.eye(m)
    noise = deviation[..., :, None] * deviation[..., None, :] * correlation
    if not p.changes("coupling"):
        return mean, slope, noise, np.zeros((batch, k, m, m))
    rho = np.repeat(per_configuration(p.rho, batch), k)
    phi = scale_to_radius(np.stack(couplings).reshape(batch * k, 1, m, m), rho)
    return mean, slope, noise, phi.reshape(batch, k, m, m)


def _segments(p: PiecewiseParams, rng: Streams) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the first step and the regime of each segment, (B, R, segments), up to at least the last step."""
    steps = p.sampling.n_steps + 1
    count = len(p.change_points) + 1 if p.change_points is not None else -(-steps // p.min_length)
    draws = rng.labels().uniform(count, 2)  # (B, R, segments, 2), segment by segment, for every T
    turn = 1 + np.floor(draws[..., 0] * (p.n_regimes - 1)).astype(np.int64)
    turn[..., 0] = np.floor(draws[..., 0, 0] * p.n_regimes)
    first = np.zeros(turn.shape, dtype=np.int64)
    if p.change_points is not None:
        first[..., 1:] = p.change_points
    else:
        lengths = p.min_length + np.floor(draws[..., 1] * (p.max_length - p.min_length + 1)).astype(np.int64)
        first[..., 1:] = np.cumsum(lengths, axis=-1)[..., :-1]
    return first, np.cumsum(turn, axis=-1) % p.n_regimes


@model(
    PiecewiseParams,
    title="Piecewise process",
    reference="C. Truong, L. Oudre and N. Vayatis (2020), Selective review of offline change point detection methods, "
    "doi:10.1016/j.sigpro.2019.107299.",
    version=2,
    tags=("network", "nonstationary", "stochastic", "regimes", "discrete"),
    truth=(
        "regime",
        "change_point",
        "local_mean",
        "regime_mean",
        "regime_slope",
        "regime_cov",
        "regime_coefficients",
        "adjacency",
    ),
)
def piecewise(p: PiecewiseParams, rng: Streams) -> Simulated:
    """Segments with abrupt changes of mean, variance, correlation, trend or coupling.

    x(t) = m(t) + v(t),   v(t) = Phi_s v(t-1) + e(t),   e ~ N(0, Sigma_s),   s the regime of the segment

    At the first step of a segment, v is redrawn from the stationary distribution of its regime, N(0, G_s) with G_s =
    Phi_s G_s Phi_s' + Sigma_s, so segments are independent given their regimes. m(t) = mean_s + level(t), where the
    level has the slope of the regime and no jumps. Properties other than `change` are the same in all regimes: mean and
    slope 0, variance sigma^2, no correlation, no coupling. Consecutive segments never share a regime.

    Observed: x. Truth: the regime, the change points (a segment began since the last sample), m, and mean, slope,
    covariance G and coupling Phi of each regime, with a summary graph of the couplings.
    """
    batch, realizations = rng.shape
    k, m, sampling = p.n_regimes, p.M, p.sampling
    mean, slope, noise, phi = _regimes(p, rng)
    coupled = p.changes("coupling")
    covariance = stationary_covariance(phi.reshape(-1, m, m), noise.reshape(-1, m, m)).reshape(phi.shape)
    factors = cholesky(noise)
    if coupled:
        factors = np.concatenate([factors, cholesky(covariance)], axis=1)  # (B, 2 K, M, M)
    begin, order = _segments(p, rng)
    rise = np.diff(begin, axis=-1)[..., None] * switching.pick(slope, order)[:, :, :-1]
    level = np.concatenate([np.zeros((batch, realizations, 1, m)), np.cumsum(rise, axis=2)], axis=2)

    data, local_mean = np.empty((2, batch, realizations, p.T, m))
    regime, segment = np.empty((2, batch, realizations, p.T), dtype=np.int64)
    v = np.zeros((batch, realizations, m))
    b, r = np.ogrid[:batch, :realizations]
    for start, block in rng.process().blocks(sampling.n_steps + 1, m):
        steps = np.arange(start, start + block.shape[2])
        inside = _inside(begin, steps)  # (B, R, steps)
        now, since = np.take_along_axis(order, inside, 2), steps - np.take_along_axis(begin, inside, 2)
        fresh = since == 0
        product = rows_times(block.reshape(batch, -1, m), switching.stacked(factors))
        product = product.reshape(*block.shape[:3], -1, m)
        chosen = (now + k * fresh if coupled else now)[..., None, None]
        values = np.take_along_axis(product, chosen, 3)[..., 0, :]  # (B, R, steps, M)
        if coupled:
            v = switching.switching_recursion(phi, values, now, v, fresh)
        centre = switching.pick(mean, now) + level[b[..., None], r[..., None], inside]
        centre += switching.pick(slope, now) * since[..., None]
        states, samples = sampling.kept(start, block.shape[2])
        local_mean[:, :, samples] = centre[:, :, states]
        data[:, :, samples] = centre[:, :, states] + values[:, :, states]
        regime[:, :, samples], segment[:, :, samples] = now[:, :, states], inside[:, :, states]
    changed = np.zeros(segment.shape, dtype=bool)
    changed[:, :, 1:] = segment[:, :, 1:] != segment[:, :, :-1]
    return Simulated(
        data,
        {
            "regime": Truth(("realization", "time"), regime),
            "change_point": Truth(("realization", "time"), changed),
            "local_mean": Truth(("realization", "time", "channel"), local_mean),
            "regime_mean": Truth(("state", "channel"), mean),
            "regime_slope": Truth(("state", "channel"), slope),
            "regime_cov": Truth(("state", "channel", "channel_"), covariance),
            "regime_coefficients": Truth(("state", "target", "source"), phi),
            "adjacency": adjacency(np.abs(phi).max(axis=1), "summary"),
        },
    )


def _inside(begin: NDArray[np.int64], steps: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return which segment, of those that begin at ``begin`` (B, R, segments), each step is in: (B, R, steps)."""
    found = np.empty((*begin.shape[:2], len(steps)), dtype=np.int64)
    for index in np.ndindex(*begin.shape[:2]):
        found[index] = np.searchsorted(begin[index], steps, side="right") - 1
    return found
