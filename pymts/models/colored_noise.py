"""Coloured noise: its spectrum follows a power law."""

from __future__ import annotations

from typing import Annotated, Any

import numpy as np
from annotated_types import Gt
from numpy.typing import NDArray
from pydantic import Field, model_validator

from pymts.data.truth import Simulated, Truth
from pymts.models.registry import model
from pymts.models.shared.network import infer_m
from pymts.models.shared.noise import check_correlation, correlations, mix
from pymts.numerics.covariance import cholesky
from pymts.numerics.generator import Generator
from pymts.numerics.linear import per_channel_rows
from pymts.numerics.portable.dense import product
from pymts.numerics.portable.fourier import rfft
from pymts.numerics.spectra import filtered, kernel, kernel_length, power_law
from pymts.params.base import Matrix, NonNegativeVector, Params, Vector, per_channel
from pymts.params.fields import STRUCTURAL
from pymts.streams import Streams

Array = NDArray[np.float64]

LARGEST_BETA = 8.0


class ColoredNoiseParams(Params):
    """Parameters of coloured noise."""

    beta: float | Vector = Field(
        default=1.0,
        description="Exponent of the spectrum, from -8 to 8, one number or M numbers: 0 white, 1 pink, 2 red, -1 blue.",
    )
    sigma: Annotated[float, Gt(0)] | NonNegativeVector = Field(
        default=1.0, description="Standard deviation of each channel, positive, one number or M numbers."
    )
    f_min: Annotated[float, STRUCTURAL] = Field(
        default=0.001,
        ge=1e-5,
        le=0.25,
        description="Frequency in cycles per step below which the spectrum is flat; memory lasts about 1 / f_min "
        "steps.",
    )
    correlation: float | Matrix = Field(
        default=0.3,
        description="Correlation of the channels at every frequency (its square is the coherence): one number for "
        "all pairs, or a matrix (M, M) with a unit diagonal.",
    )

    @property
    def preparation(self) -> tuple[float, int]:
        """The cost of the kernels, their transforms and two stretches of noise."""
        return 0.0, 12 * 8 * self.M * kernel_length(self.f_min)

    @model_validator(mode="before")
    @classmethod
    def _arrays_tell_m(cls, given: Any) -> Any:
        return infer_m(given, "beta", "sigma", "correlation")

    @model_validator(mode="after")
    def _arrays_fit(self) -> ColoredNoiseParams:
        beta = per_channel("beta", self.beta, self.M)
        if np.abs(beta).max() > LARGEST_BETA:
            largest = beta[np.abs(beta).argmax()]
            raise ValueError(f"beta must lie from {-LARGEST_BETA:g} to {LARGEST_BETA:g}, got {largest:g}")
        sigma = per_channel("sigma", self.sigma, self.M)
        if sigma.min() <= 0:
            raise ValueError(f"sigma must be greater than 0, got {sigma.min():g}")
        check_correlation(self.correlation, self.M)
        return self


def _white(generator: Generator, factor: Array, length: int) -> Array:
    """Return the next steps of white noise with covariance L L', (length, M), given the factor L (M, M)."""
    noise: Array = mix(generator.standard_normal((1, 1, length, len(factor))), factor[None])
    return noise.reshape(length, -1)


@model(
    ColoredNoiseParams,
    title="Coloured noise",
    reference="J. Timmer and M. König (1995), On generating power law noise, Astronomy and Astrophysics 300, 707-710.",
    version=2,
    tags=("noise", "linear", "stochastic", "stationary", "gaussian"),
    truth=("frequency", "theory_psd", "theory_cov", "correlation"),
)
def colored_noise(p: ColoredNoiseParams, rng: Streams) -> Simulated:
    """Coloured noise: pink, red, blue or any other power law, with coherent channels.

    x_i(t) = sum_s h_i(s) w_i(t - s),   w(t) ~ N(0, R),   |H_i(f)|^2 = S_i(f) ~ (f^2 + f_min^2)^(-beta_i / 2)

    Power falls as f^-beta above `f_min` and is flat below, so every beta gives a stationary process of variance
    sigma^2. The kernels h are symmetric, so even channels with different beta have the real cross spectrum R_ij
    sqrt(S_i S_j), with no lag, and coherence R_ij^2 at every frequency. Timmer and König draw the Fourier coefficients
    of the whole series; here white noise is filtered, so a longer series extends a shorter one.

    Observed: x. Truth: the two-sided spectra, with their mean over frequencies from -1/2 to 1/2 equal to the variance,
    at frequencies k / L for a kernel of length L, from 0 to 1/2 cycles per step (not per sample, if `sample_every`
    exceeds 1); the correlation R; the covariance of the channels.
    """
    batch, realizations = rng.shape
    m = p.M
    sigma = per_channel_rows(p.sigma, batch, m)  # (B, M)
    length = kernel_length(p.f_min)
    spectra = power_law(per_channel_rows(p.beta, batch, m), p.f_min, length) * (sigma * sigma)[..., None]
    kernels = kernel(spectra)  # (B, M, L)
    correlation = np.array(correlations(p.correlation, batch, m))
    factor = cholesky(correlation)

    transfer = rfft(np.concatenate([kernels, np.zeros_like(kernels)], axis=-1))  # (B, M, L + 1)

    sampling = p.sampling
    data = np.empty((batch, realizations, p.T, m))
    draws = rng.process()
    for b in range(batch):
        for r in range(realizations):  # a path takes at least L steps of noise, so only one is held
            generator = draws.generator(b, r)
            past = _white(generator, factor[b], length)
            for first in range(0, sampling.n_steps + 1, length):
                now = _white(generator, factor[b], length)
                states, samples = sampling.kept(first, length)
                data[b, r, samples] = filtered(transfer[b], past, now)[states]
                past = now
    return Simulated(
        data,
        {
            "frequency": Truth(("frequency_",), np.repeat(np.arange(length // 2 + 1)[None] / length, batch, axis=0)),
            "theory_psd": Truth(("channel", "frequency_"), spectra),
            "theory_cov": Truth(("channel", "channel_"), correlation * product(kernels, kernels.swapaxes(-1, -2))),
            "correlation": Truth(("channel", "channel_"), correlation),
        },
    )
