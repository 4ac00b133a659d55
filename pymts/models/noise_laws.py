"""White noise with a choice of distributions."""

from __future__ import annotations

from typing import Annotated, Any

import numpy as np
from annotated_types import Gt
from numpy.typing import NDArray
from pydantic import Field, model_validator

from pymts.data.truth import Simulated, Truth
from pymts.models.registry import model
from pymts.models.shared.network import infer_m
from pymts.models.shared.noise import check_correlation, correlations, mix, per_step
from pymts.numerics.covariance import cholesky
from pymts.numerics.laws import LawName, copula_covariance, moments, quantile
from pymts.numerics.linear import per_channel_rows
from pymts.params.base import Matrix, NonNegativeVector, Params, Vector, per_channel
from pymts.params.fields import STRUCTURAL
from pymts.streams import Streams

Array = NDArray[np.float64]
Shape = Annotated[float, STRUCTURAL]


class NoiseParams(Params):
    """Parameters of white noise with a given distribution."""

    law: LawName = Field(default="student_t", description="Distribution of the values, in SciPy's standard form.")
    df: Shape = Field(default=3.0, gt=0, le=1e6, description="Degrees of freedom of `student_t`.")
    shape: Shape = Field(default=2.0, ge=0.05, le=1e6, description="Shape of `gamma` and `weibull`.")
    loc: float | Vector = Field(default=0.0, description="Shift added to the standard form, one number or M numbers.")
    scale: Annotated[float, Gt(0)] | NonNegativeVector = Field(
        default=1.0, description="Factor that multiplies the standard form, positive, one number or M numbers."
    )
    correlation: float | Matrix = Field(
        default=0.0,
        description="Correlation of the normals behind the Gaussian copula, one number for all pairs or a matrix (M, "
        "M); the rank correlation is (6 / pi) asin(correlation / 2) for every law.",
    )

    @model_validator(mode="before")
    @classmethod
    def _arrays_tell_m(cls, given: Any) -> Any:
        return infer_m(given, "loc", "scale", "correlation")

    @model_validator(mode="after")
    def _arrays_fit(self) -> NoiseParams:
        per_channel("loc", self.loc, self.M)
        if np.min(per_channel("scale", self.scale, self.M)) <= 0:
            raise ValueError(f"scale must be greater than 0, got {np.min(self.scale)}")
        check_correlation(self.correlation, self.M)
        return self

    @property
    def law_shape(self) -> float:
        """The shape parameter of the chosen distribution."""
        return self.df if self.law == "student_t" else self.shape


@model(
    NoiseParams,
    title="White noise",
    reference="R. B. Nelsen (2006), An introduction to copulas, 2nd edition.",
    version=2,
    tags=("noise", "heavy-tailed", "stationary"),
    truth=("noise_cov",),
)
def noise(p: NoiseParams, rng: Streams) -> Simulated:
    """White noise with a choice of distributions, its channels coupled by a Gaussian copula.

    x_i(t) = loc_i + scale_i F^-1(Phi(z_i(t))),   z(t) ~ N(0, correlation), independent in time

    F is the distribution function: normal, student_t, laplace, uniform on [0, 1], exponential, gamma, weibull or
    cauchy. Rank correlation is the same for every law; Pearson's correlation depends on it.

    Observed: x. Truth: the covariance of x, where it exists (not for cauchy, nor for student_t with df <= 2).
    """
    batch = rng.shape[0]
    out = np.empty((*rng.shape, p.T, p.M))
    tied = np.any(np.asarray(p.correlation) != 0)
    correlation = correlations(p.correlation, batch, p.M)
    factor = cholesky(np.ascontiguousarray(correlation)) if tied else None
    for first, noise in rng.process().blocks(p.sampling.n_steps + 1, p.M):
        states, samples = p.sampling.kept(first, noise.shape[2])
        normals = np.ascontiguousarray((noise if factor is None else mix(noise, factor))[:, :, states])
        standard = quantile(p.law, normals, p.law_shape)
        np.add(standard * per_step(p.scale), per_step(p.loc), out=out[:, :, samples])
    _, variance = moments(p.law, p.law_shape)
    if not np.isfinite(variance):
        return Simulated(out)
    scale = per_channel_rows(p.scale, batch, p.M)  # (B, M)
    covariance = copula_covariance(p.law, p.law_shape, correlation)
    covariance = covariance * scale[:, :, None] * scale[:, None]
    return Simulated(out, {"noise_cov": Truth(("channel", "channel_"), covariance)})
