"""Brownian motion: standard, arithmetic and geometric."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from pymts.data.truth import Simulated, Truth
from pymts.models.registry import model
from pymts.models.shared.network import infer_m
from pymts.models.shared.noise import NoiseParams, check_correlation, correlations
from pymts.numerics.covariance import cholesky
from pymts.numerics.groups import each_series
from pymts.numerics.linear import per_channel_rows
from pymts.numerics.portable.elementary import exp_into
from pymts.numerics.recursion import Recursion
from pymts.params.base import ContinuousParams, Matrix, NonNegative, NonNegativeVector, Vector, per_channel
from pymts.streams import Streams

Array = NDArray[np.float64]


class BrownianParams(NoiseParams, ContinuousParams):
    """Parameters of Brownian motion."""

    mu: float | Vector = Field(default=0.0, description="Drift per unit of time, one number or M numbers.")
    sigma: NonNegative | NonNegativeVector = Field(
        default=1.0, description="Standard deviation per square root of the unit of time, one number or M numbers."
    )
    Sigma: Matrix | None = Field(
        default=None, description="Covariance (M, M) per unit of time, L L' in the equation; replaces `sigma`."
    )
    x0: float | Vector = Field(default=0.0, description="Initial value, one number or M numbers.")

    @model_validator(mode="before")
    @classmethod
    def _arrays_tell_m(cls, given: Any) -> Any:
        return infer_m(given, "mu", "sigma", "Sigma", "x0")

    @model_validator(mode="after")
    def _vectors_fit(self) -> BrownianParams:
        per_channel("mu", self.mu, self.M)
        per_channel("x0", self.x0, self.M)
        return self


class AbmParams(BrownianParams):
    """Parameters of arithmetic Brownian motion."""

    quantity: ClassVar[str] = "price"

    mu: float | Vector = Field(default=0.5, description="Drift per unit of time, one number or M numbers.")
    sigma: NonNegative | NonNegativeVector = Field(
        default=2.0, description="Standard deviation per square root of the unit of time, one number or M numbers."
    )
    x0: float | Vector = Field(default=100.0, description="Initial value, one number or M numbers.")


class GbmParams(ContinuousParams):
    """Parameters of geometric Brownian motion."""

    quantity: ClassVar[str] = "price"

    mu: float | Vector = Field(default=0.05, description="Growth rate per unit of time, one number or M numbers.")
    sigma: NonNegative | NonNegativeVector = Field(
        default=0.2, description="Volatility per square root of the unit of time, one number or M numbers."
    )
    correlation: float | Matrix = Field(
        default=0.0,
        description="Correlation of the log-returns: one number for all pairs, or a matrix (M, M) with a unit "
        "diagonal.",
    )
    S0: float | NonNegativeVector = Field(default=1.0, description="Initial value, positive, one number or M numbers.")

    @model_validator(mode="before")
    @classmethod
    def _arrays_tell_m(cls, given: Any) -> Any:
        return infer_m(given, "mu", "sigma", "correlation", "S0")

    @model_validator(mode="after")
    def _arrays_fit(self) -> GbmParams:
        for name in ("mu", "sigma", "S0"):
            per_channel(name, getattr(self, name), self.M)
        if np.min(self.S0) <= 0:
            raise ValueError(f"S0 must be greater than 0, got {np.min(self.S0)}")
        check_correlation(self.correlation, self.M)
        return self

    def batch_key(self) -> tuple[object, ...]:
        """Independent channels need no matrix product, so they do not share a batch with correlated ones."""
        return (self.correlation == 0,)


def _times(p: ContinuousParams) -> Array:
    """Return the time since the start of each sample, burn-in included, (T, 1)."""
    steps = p.burn_in + p.sample_every * np.arange(p.T, dtype=np.float64)
    return steps[:, None] * p.dt


def _sums(factor: Array, drift: Array, start: Array, p: ContinuousParams, rng: Streams) -> Array:
    """Return the samples of sums of drift + factor z from the start on, (B, R, T, M)."""
    batch, realizations = rng.shape
    stay = np.broadcast_to(np.eye(p.M), (batch, 1, p.M, p.M))
    past = np.broadcast_to(start[:, None, None], (batch, realizations, 1, p.M))
    return Recursion.of(stay, factor[:, None], drift).trajectories(past, p.sampling, rng.process())


def _walk(p: BrownianParams, rng: Streams) -> Simulated:
    batch = rng.shape[0]
    factor = np.sqrt(p.dt) * p.factor(batch)
    data = _sums(factor, per_channel_rows(p.mu, batch, p.M) * p.dt, per_channel_rows(p.x0, batch, p.M), p, rng)
    mean = np.broadcast_to(np.asarray(p.x0), (batch, 1, p.M)) + np.asarray(p.mu) * _times(p)  # (B, T, M)
    note = "Covariance per unit of time: Cov(x[s], x[t]) = theory_cov min(s, t), times counted from the start."
    return Simulated(
        data,
        {
            "theory_mean": Truth(("time", "channel"), mean),
            "theory_cov": Truth(("channel", "channel_"), p.covariance(batch), {"description": note}),
        },
    )


@model(
    BrownianParams,
    title="Brownian motion",
    reference="N. Wiener (1923), Differential-space, Journal of Mathematics and Physics 2, 131-174, "
    "doi:10.1002/sapm192321131.",
    version=2,
    tags=("diffusion", "linear", "nonstationary", "continuous"),
    truth=("theory_mean", "theory_cov"),
)
def brownian(p: BrownianParams, rng: Streams) -> Simulated:
    """Brownian motion (Wiener process) with optional drift and correlation.

    dX = mu dt + L dW,  L L' = Sigma

    Observed: X, sampled exactly for any dt. Truth: the mean x0 + mu t and the covariance per unit of time. Time is
    counted from the start, so the first sample is at step `burn_in`.
    """
    return _walk(p, rng)


@model(
    AbmParams,
    title="Arithmetic Brownian motion",
    reference="L. Bachelier (1900), Theorie de la speculation, Annales scientifiques de l'Ecole Normale Superieure 17, "
    "21-86, doi:10.24033/asens.476.",
    version=2,
    tags=("diffusion", "linear", "nonstationary", "finance", "continuous"),
    truth=("theory_mean", "theory_cov"),
)
def abm(p: AbmParams, rng: Streams) -> Simulated:
    """Arithmetic Brownian motion: prices with normally distributed changes (Bachelier).

    dX = mu dt + L dW,  L L' = Sigma

    Observed: X, sampled exactly for any dt. Truth: the mean x0 + mu t and the covariance per unit of time. Time is
    counted from the start, so the first sample is at step `burn_in`.
    """
    return _walk(p, rng)


@model(
    GbmParams,
    title="Geometric Brownian motion",
    reference="F. Black and M. Scholes (1973), The pricing of options and corporate liabilities, "
    "Journal of Political Economy 81, 637-654, doi:10.1086/260062.",
    version=2,
    tags=("diffusion", "nonstationary", "finance", "continuous"),
    truth=("theory_mean",),
)
def gbm(p: GbmParams, rng: Streams) -> Simulated:
    """Geometric Brownian motion: prices with normally distributed log-returns.

    dS = mu S dt + sigma S dW,  Corr(dW_i, dW_j) = correlation_ij

    Observed: S, from the exact solution S0 exp((mu - sigma^2 / 2) t + sigma W), so log-returns are normal for any dt.
    Truth: the mean S0 exp(mu t). Time is counted from the start, so the first sample is at step `burn_in`.
    """
    batch = rng.shape[0]
    sigma, start = per_channel_rows(p.sigma, batch, p.M), per_channel_rows(p.S0, batch, p.M)
    drift = (per_channel_rows(p.mu, batch, p.M) - 0.5 * sigma * sigma) * p.dt
    factor = (sigma * np.sqrt(p.dt))[:, :, None] * cholesky(np.array(correlations(p.correlation, batch, p.M)))
    data = _sums(factor, drift, np.zeros((batch, p.M)), p, rng)
    each_series(exp_into, data)
    data *= start[:, None, None]
    growth = per_channel_rows(p.mu, batch, p.M)[:, None] * _times(p)  # (B, T, M)
    exp_into(growth.reshape(-1), growth.reshape(-1))
    mean = start[:, None] * growth
    return Simulated(data, {"theory_mean": Truth(("time", "channel"), mean)})
