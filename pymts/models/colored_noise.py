"""Noise whose power falls, or rises, with a power of the frequency."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from pymts.noise_params import mix
from pymts.numerics.covariance import cholesky
from pymts.numerics.linear import per_channel_rows, per_configuration
from pymts.params import NonNegative, NonNegativeVector, Params, Vector, per_channel
from pymts.registry import model
from pymts.streams import Streams
from pymts.truth import Simulated, Truth

Array = NDArray[np.float64]

# Without a period of its own a series is at most half of one, and a run of up to half this length has the same one.
SHORTEST_PERIOD = 4096
MAX_PERIOD = 2**26


class ColoredNoiseParams(Params):
    """Parameters of power-law noise."""

    beta: float | Vector = Field(
        default=1.0,
        description="Exponent of the spectrum f^-beta, from -4 to 8, one number or M numbers: 0 is white, 1 pink, "
        "2 red (brown), -1 blue.",
    )
    sigma: NonNegative | NonNegativeVector = Field(
        default=1.0, description="Standard deviation over a period, one number or M numbers."
    )
    coherence: float = Field(
        default=0.0,
        ge=0,
        le=1,
        description="Magnitude-squared coherence |S_ij|^2 / (S_ii S_jj) of every pair of channels, at every frequency.",
    )
    period: int | None = Field(
        default=None,
        ge=2,
        le=MAX_PERIOD,
        description="Steps after which the noise repeats, at least those that are simulated; 1 / period is the "
        f"lowest frequency. `None` takes a power of two, at least twice the steps and at least {SHORTEST_PERIOD}.",
    )

    @model_validator(mode="after")
    def _arrays_fit(self) -> ColoredNoiseParams:
        per_channel("sigma", self.sigma, self.M)
        beta = per_channel("beta", self.beta, self.M)
        if np.min(beta) < -4 or np.max(beta) > 8:
            worst = beta if np.ndim(beta) == 0 else max(np.ravel(beta), key=lambda value: abs(value - 2.0))
            raise ValueError(f"beta must be from -4 to 8, got {float(worst):g}")
        steps = self.sampling.n_steps + 1
        if self.period is not None and self.period < steps:
            raise ValueError(
                f"period must be at least burn_in + (T - 1) sample_every + 1 = {steps} steps, got {self.period}"
            )
        if steps > MAX_PERIOD // 2:
            raise ValueError(f"T must be such that no more than {MAX_PERIOD // 2} steps are simulated, got {steps}")
        return self

    @property
    def length(self) -> int:
        """Steps of a period, given or chosen."""
        if self.period is not None:
            return self.period
        return max(SHORTEST_PERIOD, 1 << (2 * (self.sampling.n_steps + 1) - 1).bit_length())


def _multiplicity(period: int) -> Array:
    """Return how many frequencies of the circle each of k / period, k = 0 ... period / 2, stands for."""
    twice = np.full(period // 2 + 1, 2.0)
    twice[0] = 1.0
    if period % 2 == 0:
        twice[-1] = 1.0
    return twice


def _power(beta: Array, sigma: Array, period: int) -> Array:
    """Return the share of the variance at each frequency and its negative, (B, M, frequencies)."""
    k = np.arange(period // 2 + 1, dtype=np.float64)
    law = np.zeros((*beta.shape, len(k)))
    law[..., 1:] = (k[1:] / k[-1]) ** -beta[..., None]
    law *= _multiplicity(period)
    return np.asarray(law * (sigma**2 / law.sum(axis=-1))[..., None])


@model(
    ColoredNoiseParams,
    reference="J. Timmer and M. König (1995), On generating power law noise, Astronomy and Astrophysics 300, 707-710.",
    tags=("noise", "linear", "stationary", "gaussian", "discrete"),
    truth=("theory_psd", "theory_cov"),
)
def make_colored_noise(p: ColoredNoiseParams, rng: Streams) -> Simulated:
    """Colored noise: pink, red, blue or any other power of the frequency, with coherent channels.

    S_i(f) ~ f^-beta_i,   |S_ij(f)|^2 = coherence S_ii(f) S_jj(f)

    Normal noise of one period is given the square root of the spectrum in the frequency domain, which is exact: a
    stationary Gaussian process with zero mean over the period and variance sigma^2, whose Fourier components are
    independent, normal real and imaginary parts. Channels are in phase where they are coherent.

    Observed: x, the first steps of a period. Truth: the one-sided power spectral density at the frequencies of the
    period, in cycles per step (its sum times the frequency step is the variance), and the covariance. T chooses the
    period unless it is given: give it for the same series at another T.
    """
    batch, realizations = rng.shape
    period, m = p.length, p.M
    beta, sigma = per_channel_rows(p.beta, batch, m), per_channel_rows(p.sigma, batch, m)
    power = _power(beta, sigma, period)  # (B, M, F)
    filters = np.sqrt(power * period / _multiplicity(period))
    gamma = np.sqrt(per_configuration(p.coherence, batch))[:, None, None]
    factor = cholesky(gamma + (1.0 - gamma) * np.eye(m))  # of the Fourier components
    states, _ = p.sampling.kept(0, p.sampling.n_steps + 1)
    out = np.empty((batch, realizations, p.T, m))
    draws = rng.process()
    for b in range(batch):
        for r in range(realizations):
            noise = draws.generators[b][r].standard_normal((1, 1, period, m))
            white = np.ascontiguousarray(mix(noise, factor[b : b + 1])[0, 0].T)  # (M, period)
            coloured = np.fft.irfft(np.fft.rfft(white) * filters[b], period)
            out[b, r] = coloured[:, states].T
    cross = np.sqrt(power[:, :, None] * power[:, None]).sum(axis=-1)  # (B, M, M)
    covariance = cross * (gamma + (1.0 - gamma) * np.eye(m))
    return Simulated(
        out,
        {
            "theory_psd": Truth(
                ("channel", "frequency"), power * period, labels={"frequency": np.arange(period // 2 + 1) / period}
            ),
            "theory_cov": Truth(("channel", "channel_"), covariance),
        },
    )
