"""Trend, seasonality and level, driven by the innovations of exponential smoothing."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from pymts.data.truth import Simulated, Truth
from pymts.models.registry import model
from pymts.models.shared.network import infer_m
from pymts.numerics.functions import sin_cos
from pymts.numerics.generator import Generator
from pymts.numerics.linear import per_channel_rows, per_configuration
from pymts.params.base import Integers, NonNegative, NonNegativeVector, Params, Vector, per_channel
from pymts.streams import Streams

Array = NDArray[np.float64]

# The state of a seasonality has one value per step of its period.
LONGEST = 100_000


class SeasonalParams(Params):
    """Parameters of trend, seasonality and exponential smoothing."""

    periods: Integers = Field(
        default=(24, 168), description="Lengths of the seasonalities in steps, each from 2 to 100000; may be empty."
    )
    amplitude: float = Field(
        default=1.0, ge=0, description="Initial standard deviation of each seasonality over one period."
    )
    n_harmonics: int = Field(
        default=3, ge=1, description="Number of sines and cosines in the drawn pattern of a period."
    )
    slope: float | Vector = Field(default=0.005, description="Rise of the trend per step, one number or M numbers.")
    sigma: NonNegative | NonNegativeVector = Field(
        default=0.5, description="Standard deviation of the innovations, one number or M numbers."
    )
    alpha: float = Field(default=0.1, ge=0, le=1, description="Fraction of an innovation that goes into the level.")
    beta: float = Field(
        default=0.01, ge=0, le=1, description="Fraction that goes into the growth of the level, at most alpha."
    )
    gamma: float = Field(
        default=0.05, ge=0, le=1, description="Fraction that goes into each seasonality, at most 1 - alpha."
    )
    phi: float = Field(default=0.9, ge=0, le=1, description="Damping of the growth of the level; 1 means no damping.")

    @model_validator(mode="before")
    @classmethod
    def _arrays_tell_m(cls, given: Any) -> Any:
        return infer_m(given, "slope", "sigma")

    @model_validator(mode="after")
    def _shares_fit(self) -> SeasonalParams:
        per_channel("slope", self.slope, self.M)
        per_channel("sigma", self.sigma, self.M)
        if self.beta > self.alpha:
            raise ValueError(f"beta must be at most alpha = {self.alpha:g}, got {self.beta:g}")
        if self.gamma > 1.0 - self.alpha:
            raise ValueError(f"gamma must be at most 1 - alpha = {1.0 - self.alpha:g}, got {self.gamma:g}")
        for period in self.periods:
            if not 2 <= period <= LONGEST:
                raise ValueError(f"periods must be from 2 to {LONGEST} steps long, got {period}")
        return self


def _pattern(period: int, p: SeasonalParams, generator: Generator) -> Array:
    """Return a random pattern (period, M) with mean 0 and standard deviation 1, made of a few harmonics."""
    order = np.arange(1, min(p.n_harmonics, period // 2) + 1)
    sines, cosines = generator.standard_normal((2, len(order), p.M)) / order[:, None]
    angle = 2.0 * np.pi / period * np.arange(period)[:, None]
    pattern = np.zeros((period, p.M))
    for k, sine, cosine in zip(order, sines, cosines, strict=True):
        sin, cos = sin_cos(k * angle)
        pattern += sin * sine + cos * cosine
    pattern -= pattern.mean(axis=0)
    return np.asarray(pattern / np.sqrt((pattern * pattern).mean(axis=0)))


@model(
    SeasonalParams,
    title="Trend and seasons",
    reference="R. J. Hyndman, A. B. Koehler, J. K. Ord and R. D. Snyder (2008), Forecasting with exponential "
    "smoothing: the state space approach, doi:10.1007/978-3-540-71918-2.",
    version=2,
    tags=("linear", "nonstationary", "stochastic", "seasonal", "discrete"),
    truth=("trend", "seasonal", "level", "noise"),
)
def seasonal(p: SeasonalParams, rng: Streams) -> Simulated:
    """Trend, seasonalities, a wandering level and noise: exponential smoothing, ETS(A,Ad,A).

    x(t) = slope t + sum_i s_i(t - m_i) + l(t-1) + phi b(t-1) + e(t),   e ~ N(0, sigma^2)

    l(t) = l(t-1) + phi b(t-1) + alpha e(t),   b(t) = phi b(t-1) + beta e(t),   s_i(t) = s_i(t - m_i) + gamma e(t)

    Each seasonality of period m_i starts from a drawn pattern shared by all realizations; l and b start at 0. With
    several periods, each receives a fraction gamma of the innovation. beta = 0 gives ETS(A,N,A); phi = 1 means no
    damping.

    Observed: x. Truth: its four parts: trend, seasonal, level (l + phi b of the previous step) and noise. Added in this
    order, they give x exactly.
    """
    batch, realizations = rng.shape
    m, sampling = p.M, p.sampling
    alpha, beta, gamma, phi = (
        per_configuration(value, batch)[:, None, None] for value in (p.alpha, p.beta, p.gamma, p.phi)
    )
    amplitude = per_configuration(p.amplitude, batch)[:, None, None]
    sigma = per_channel_rows(p.sigma, batch, m)[:, None, None]
    drawn = [[_pattern(period, p, generator) for period in p.periods] for generator in rng.structure()]
    seasons = [  # of each period, (B, R, m_i, M)
        np.repeat((amplitude * np.stack(patterns))[:, None], realizations, axis=1)
        for patterns in zip(*drawn, strict=True)
    ]
    level = np.zeros((batch, realizations, m))
    growth = np.zeros((batch, realizations, m))
    data, seasonal_part, level_part, noise_part = np.empty((4, batch, realizations, p.T, m))
    steps = p.burn_in + p.sample_every * np.arange(p.T)
    trend = per_channel_rows(p.slope, batch, m)[:, None] * steps[:, None]  # (B, T, M)
    for first, block in rng.process().blocks(sampling.n_steps + 1, m):
        noise = sigma * block
        for offset in range(noise.shape[2]):
            error = noise[:, :, offset]
            expected = level + phi * growth
            seasonal = np.zeros_like(level)
            for season in seasons:
                turn = season[:, :, (first + offset) % season.shape[2]]
                seasonal += turn
                turn += gamma * error
            index = sampling.index(first + offset)
            if index is not None:
                seasonal_part[:, :, index], level_part[:, :, index] = seasonal, expected
                noise_part[:, :, index] = error
            level = expected + alpha * error
            growth = phi * growth + beta * error
    np.add(trend[:, None], seasonal_part, out=data)
    data += level_part
    data += noise_part
    by_realization = ("realization", "time", "channel")
    return Simulated(
        data,
        {
            "trend": Truth(("time", "channel"), trend),
            "seasonal": Truth(by_realization, seasonal_part),
            "level": Truth(by_realization, level_part),
            "noise": Truth(by_realization, noise_part),
        },
    )
