"""Channels that share a few hidden factors."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from pymts.data.truth import Simulated, Truth
from pymts.models.registry import model
from pymts.models.shared.network import infer_m
from pymts.numerics import linear
from pymts.numerics.covariance import cholesky
from pymts.numerics.portable.dense import product
from pymts.numerics.recursion import Recursion
from pymts.numerics.rows import rows_times
from pymts.params.base import Matrix, NonNegative, NonNegativeVector, Params, per_channel, ragged_array
from pymts.streams import Streams

Array = NDArray[np.float64]


class FactorParams(Params):
    """Parameters of a dynamic factor model."""

    n_factors: int = Field(
        default=2, ge=1, le=1000, description="Number of hidden factors; inferred from given arrays."
    )
    Lambda: Matrix | None = Field(
        default=None, description="Loadings (M, n_factors), used as given; `None` draws them, N(0, 1)."
    )
    Phi: Matrix | None = Field(
        default=None,
        description="Coefficients (target, source) of the factors' autoregression, (n_factors, n_factors), used as "
        "given; `None` draws them.",
    )
    rho: float = Field(default=0.9, ge=0, lt=1, description="Spectral radius to which drawn coefficients are scaled.")
    sigma: NonNegative | NonNegativeVector = Field(
        default=1.0, description="Standard deviation of each channel's own noise, one number or M numbers."
    )

    @model_validator(mode="before")
    @classmethod
    def _arrays_tell_sizes(cls, given: Any) -> Any:
        if not isinstance(given, dict):
            return given
        given = infer_m(given, "Lambda", "sigma")
        if "n_factors" not in given:
            for name, row in (("Lambda", True), ("Phi", False)):
                matrix = given.get(name)
                if matrix is not None and np.ndim(matrix) == 2:
                    return {**given, "n_factors": len(matrix[0] if row else matrix)}
        return given

    @model_validator(mode="after")
    def _arrays_fit(self) -> FactorParams:
        per_channel("sigma", self.sigma, self.M)
        k = self.n_factors
        for name, matrix, shape in (("Lambda", self.Lambda, (self.M, k)), ("Phi", self.Phi, (k, k))):
            if matrix is not None and ragged_array(name, matrix).shape != shape:
                told = "(M, n_factors)" if name == "Lambda" else "(n_factors, n_factors)"
                raise ValueError(
                    f"{name} must have shape {told} = {shape}, got shape {ragged_array(name, matrix).shape}"
                )
        if self.Phi is not None:
            radius = linear.spectral_radius(np.asarray(self.Phi, dtype=np.float64)[None, None])[0]
            if radius >= 1:
                raise ValueError(f"Phi must be stable, with a spectral radius less than 1, got {radius:.6g}; scale it")
        return self


def _structure(p: FactorParams, rng: Streams) -> tuple[Array, Array]:
    """Return the given or drawn loadings (B, M, K) and coefficients of the factors (B, K, K)."""
    loadings, coefficients = [], []
    for generator in rng.structure():
        drawn = generator.standard_normal((p.M, p.n_factors))
        loadings.append(drawn if p.Lambda is None else np.asarray(p.Lambda, dtype=np.float64))
        coefficients.append(generator.standard_normal((p.n_factors, p.n_factors)))
    if p.Phi is not None:
        phi = np.repeat(np.asarray(p.Phi, dtype=np.float64)[None], len(loadings), axis=0)
    else:
        rho = linear.per_configuration(p.rho, len(loadings))
        phi = linear.scale_to_radius(np.stack(coefficients)[:, None], rho)[:, 0]
    return np.stack(loadings), phi


@model(
    FactorParams,
    title="Dynamic factors",
    reference="J. H. Stock and M. W. Watson (2011), Dynamic factor models, in The Oxford Handbook of Economic "
    "Forecasting.",
    version=2,
    tags=("linear", "latent", "stationary", "stochastic", "discrete"),
    truth=("latent", "loadings", "latent_coefficients", "noise_cov", "theory_cov", "theory_acov"),
)
def factor(p: FactorParams, rng: Streams) -> Simulated:
    """Dynamic factors: many channels that share a few hidden autoregressive processes.

    x(t) = Lambda f(t) + u(t),   f(t) = Phi f(t-1) + e(t),   e ~ N(0, I),   u_i ~ N(0, sigma_i^2)

    Drawn loadings are standard normal; drawn coefficients are normal and scaled to the spectral radius rho. Data
    identify the factors only up to a rotation, that is, the column space of the loadings.

    Observed: x, from the stationary start. Truth: the factors, their loadings and coefficients, the covariance of u,
    and the covariance and autocovariances of x in closed form.
    """
    batch = rng.shape[0]
    loadings, phi = _structure(p, rng)
    one = np.ones((batch, 1, 1))
    covariance = linear.stationary_covariance(phi, one * np.eye(p.n_factors))
    start = rows_times(rng.initial().normal(p.n_factors), cholesky(covariance))  # (B, R, K)
    own = rng.observation().samples(p.sampling, p.M)
    own *= linear.per_channel_rows(p.sigma, batch, p.M)[:, None, None]
    recursion = Recursion.of(phi[:, None], (one * np.eye(p.n_factors))[:, None])
    latent = recursion.trajectories(start[:, :, None], p.sampling, rng.process())
    flat = latent.reshape(batch, -1, p.n_factors)
    data = rows_times(flat, loadings).reshape(own.shape)
    data += own
    acov = linear.autocovariances(phi, covariance, p.n_factors, p.sample_every)
    acov = product(product(loadings[:, None], acov), loadings[:, None].swapaxes(-1, -2))
    sigma = linear.per_channel_rows(p.sigma, batch, p.M)
    own_cov = sigma[:, :, None] ** 2 * np.eye(p.M)
    acov[:, 0] += own_cov
    return Simulated(
        data,
        {
            "latent": Truth(("realization", "time", "state"), latent),
            "loadings": Truth(("channel", "state"), loadings),
            "latent_coefficients": Truth(("state", "state_next"), phi.swapaxes(-1, -2)),
            "noise_cov": Truth(("channel", "channel_"), own_cov),
            "theory_cov": Truth(("channel", "channel_"), np.ascontiguousarray(acov[:, 0])),
            "theory_acov": Truth(("acov_lag", "channel", "channel_"), acov),
        },
    )
