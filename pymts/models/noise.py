"""White noise: independent in time."""

from __future__ import annotations

from typing import Annotated, Any

import numpy as np
from annotated_types import Gt
from numpy.typing import NDArray
from pydantic import Field, model_validator

from pymts.data.truth import Simulated, Truth
from pymts.models.registry import model
from pymts.models.shared.network import infer_m
from pymts.models.shared.noise import NoiseParams
from pymts.numerics.linear import per_channel_rows
from pymts.numerics.rows import coloured
from pymts.params.base import NonNegativeVector, Params, Vector, per_channel
from pymts.streams import Streams

Array = NDArray[np.float64]


class NoiseGaussianParams(NoiseParams):
    """Parameters of Gaussian noise."""

    mu: float | Vector = Field(default=0.0, description="Mean, one number or M numbers.")

    @model_validator(mode="before")
    @classmethod
    def _arrays_tell_m(cls, given: Any) -> Any:
        return infer_m(given, "mu", "sigma", "Sigma")

    @model_validator(mode="after")
    def _mean_fits(self) -> NoiseGaussianParams:
        per_channel("mu", self.mu, self.M)
        return self


class NoiseCauchyParams(Params):
    """Parameters of Cauchy noise."""

    gamma: Annotated[float, Gt(0)] | NonNegativeVector = Field(
        default=1.0, description="Scale, the half width at half maximum, positive, one number or M numbers."
    )
    loc: float | Vector = Field(default=0.0, description="Median, one number or M numbers.")

    @model_validator(mode="before")
    @classmethod
    def _arrays_tell_m(cls, given: Any) -> Any:
        return infer_m(given, "gamma", "loc")

    @model_validator(mode="after")
    def _arrays_fit(self) -> NoiseCauchyParams:
        per_channel("loc", self.loc, self.M)
        if np.min(per_channel("gamma", self.gamma, self.M)) <= 0:
            raise ValueError(f"gamma must be greater than 0, got {np.min(self.gamma)}")
        return self


@model(
    NoiseGaussianParams,
    title="Gaussian noise",
    reference="T. W. Anderson (2003), An Introduction to Multivariate Statistical Analysis, 3rd edition, chapter 2.",
    version=2,
    tags=("noise", "linear", "stationary"),
    truth=("noise_cov",),
)
def noise_gaussian(p: NoiseGaussianParams, rng: Streams) -> Simulated:
    """Gaussian white noise, with an optional covariance between the channels.

    x_t ~ N(mu, Sigma), independent in time

    Observed: x. Truth: the covariance of the noise.
    """
    batch = rng.shape[0]
    data = rng.process().samples(p.sampling, p.M)
    coloured(data, p.factor(batch), per_channel_rows(p.mu, batch, p.M))
    return Simulated(data, {"noise_cov": Truth(("channel", "channel_"), p.covariance(rng.shape[0]))})


@model(
    NoiseCauchyParams,
    title="Cauchy noise",
    reference="N. L. Johnson, S. Kotz and N. Balakrishnan (1994), Continuous Univariate Distributions, volume 1, "
    "chapter 16.",
    version=2,
    tags=("noise", "heavy-tailed", "stationary"),
)
def noise_cauchy(p: NoiseCauchyParams, rng: Streams) -> Simulated:
    """Cauchy white noise: heavy tails, no mean and no variance.

    x_t = loc + gamma c_t,  c_t standard Cauchy, independent in time and between the channels

    Observed: x. Truth: none beyond the parameters, since the moments do not exist.
    """
    batch = rng.shape[0]
    data = rng.process().samples(p.sampling, p.M, "cauchy")
    scale = per_channel_rows(p.gamma, batch, p.M)[:, :, None] * np.eye(p.M)
    return Simulated(coloured(data, scale, per_channel_rows(p.loc, batch, p.M)))
