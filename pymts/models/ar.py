"""Independent autoregressive channels."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from pymts.data.truth import Simulated, Truth, adjacency
from pymts.models.registry import model
from pymts.models.shared.network import infer_m, nesting
from pymts.numerics import linear
from pymts.numerics.covariance import cholesky
from pymts.numerics.recursion import Recursion, matrices
from pymts.params.base import Matrix, NonNegative, NonNegativeVector, Params, Vector, per_channel, ragged_array
from pymts.streams import Streams

Array = NDArray[np.float64]


class ArParams(Params):
    """Parameters of independent autoregressive channels."""

    p: int = Field(default=2, ge=1, le=1000, description="Number of lags; inferred from `phi` if given.")
    phi: Vector | Matrix | None = Field(
        default=None,
        description="Coefficients of lag 1, ..., p, used as given: p numbers for all channels, or a matrix (M, p); "
        "`None` draws them.",
    )
    shared: bool = Field(default=False, description="Draw one set of coefficients for all channels.")
    rho: float = Field(
        default=0.9,
        ge=0,
        lt=1,
        description="Spectral radius to which drawn coefficients are scaled; memory lasts about 1 / (1 - rho) steps.",
    )
    sigma: NonNegative | NonNegativeVector = Field(
        default=1.0, description="Standard deviation of the innovations, one number, or one per channel."
    )
    x0: Vector | None = Field(
        default=None,
        description="Initial values of the M channels, used for all p past values; `None` draws the past from the "
        "stationary distribution.",
    )

    @model_validator(mode="before")
    @classmethod
    def _phi_tells_sizes(cls, given: Any) -> Any:
        depth = nesting(given.get("phi")) if isinstance(given, dict) else 0
        if depth == 2:
            given = infer_m(given, "phi")
        if depth and "p" not in given:
            lags = given["phi"][0] if depth == 2 else given["phi"]
            given = {**given, "p": len(lags)} if len(lags) else given
        return given

    @model_validator(mode="after")
    def _arrays_fit(self) -> ArParams:
        per_channel("sigma", self.sigma, self.M)
        if self.x0 is not None:
            per_channel("x0", self.x0, self.M)
        if self.phi is None:
            return self
        phi = ragged_array("phi", self.phi)
        if phi.shape not in ((self.p,), (self.M, self.p)):
            raise ValueError(
                f"phi must have shape (p,) = ({self.p},) or (M, p) = ({self.M}, {self.p}), got shape {phi.shape}"
            )
        radius = linear.spectral_radius(np.atleast_2d(phi)[:, :, None, None]).max()
        if radius >= 1:
            raise ValueError(
                f"phi must be stable, with a spectral radius less than 1, got {radius:.6g}; "
                f"multiply the coefficient of lag k by c**k with c less than {1 / radius:.4g}"
            )
        return self


def _coefficients(p: ArParams, rng: Streams) -> Array:
    """Return the given or drawn coefficients: (B, M, p), or (B, 1, p) if the channels share them."""
    batch = rng.shape[0]
    if p.phi is not None:
        phi = np.atleast_2d(np.asarray(p.phi, dtype=np.float64))
        return np.repeat(phi[None], batch, axis=0)
    sets = 1 if p.shared else p.M
    drawn = np.stack([generator.standard_normal((sets, p.p)) for generator in rng.structure()])
    rho = np.repeat(linear.per_configuration(p.rho, batch), sets)
    return linear.scale_to_radius(drawn.reshape(batch * sets, p.p, 1, 1), rho).reshape(batch, sets, p.p)


def _stationary_past(factor: Array, rng: Streams) -> Array:
    """Return the p values up to the start, drawn from their joint distribution: (B, R, p, M), oldest first.

    ``factor`` (B, M, p, p) maps p normals to them, newest first.
    """
    _, m, p, _ = factor.shape
    normals = rng.initial().normal(p, m)  # (B, R, p, M)
    past = np.empty_like(normals)
    for i in range(p):
        total = factor[:, None, :, i, 0] * normals[:, :, 0]
        for j in range(1, i + 1):
            total += factor[:, None, :, i, j] * normals[:, :, j]
        past[:, :, p - 1 - i] = total
    return past


def _diagonal(values: Array) -> Array:
    """Return (..., M) as diagonal matrices (..., M, M)."""
    matrices = np.zeros((*values.shape, values.shape[-1]))
    np.einsum("...ii->...i", matrices)[...] = values
    return matrices


@model(
    ArParams,
    title="AR",
    reference="G. U. Yule (1927), On a method of investigating periodicities in disturbed series, "
    "doi:10.1098/rsta.1927.0007. G. Walker (1931), On periodicity in series of related terms, "
    "doi:10.1098/rspa.1931.0069.",
    version=2,
    tags=("linear", "stationary", "stochastic", "discrete"),
    truth=("coefficients", "adjacency", "noise_cov", "theory_cov", "theory_acov"),
)
def ar(p: ArParams, rng: Streams) -> Simulated:
    """Independent autoregressive channels, AR(p).

    x_i(t) = sum_{k=1..p} phi_ik x_i(t-k) + sigma_i e_i(t),   e ~ N(0, 1)

    Observed: x. Truth: the coefficients (diagonal matrices), the graph of self-loops, the innovation covariance and,
    for the stationary start, the covariance and autocovariances in closed form. Drawn coefficients are normal; scaling
    lag k by (rho / r)^k sets their spectral radius r to exactly rho. Given coefficients are used unchanged, and
    rejected if unstable.
    """
    batch, realizations = rng.shape
    phi = _coefficients(p, rng)  # (B, M or 1, p)
    sets = phi.shape[1]
    sigma = linear.per_channel_rows(p.sigma, batch, p.M)  # (B, M)
    every = np.broadcast_to(phi, (batch, p.M, p.p))
    truth = {
        "coefficients": Truth(("lag", "target", "source"), _diagonal(every.swapaxes(1, 2)), first_lag=1),
        "adjacency": adjacency(_diagonal(np.abs(every).max(axis=-1)), "summary"),
        "noise_cov": Truth(("channel", "channel_"), _diagonal(sigma**2)),
    }
    if p.x0 is None:
        transition = linear.companion(phi.reshape(batch * sets, p.p, 1, 1))
        unit = linear.innovation_covariance(np.ones((batch * sets, 1, 1)), p.p)
        covariance = linear.stationary_covariance(transition, unit)  # for unit innovations
        acov = linear.autocovariances(transition, covariance, 1, p.sample_every).reshape(batch, sets, -1)
        factor = cholesky(covariance).reshape(batch, sets, p.p, p.p)
        past = _stationary_past(factor * sigma[:, :, None, None], rng)
        acov = acov.swapaxes(1, 2) * sigma[:, None] ** 2  # (B, lag, M)
        truth["theory_cov"] = Truth(("channel", "channel_"), _diagonal(acov[:, 0]))
        truth["theory_acov"] = Truth(("acov_lag", "channel", "channel_"), _diagonal(acov))
    else:
        past = np.broadcast_to(np.asarray(p.x0), (batch, realizations, p.p, p.M))
    recursion = Recursion.of(_diagonal(every.swapaxes(1, 2)), matrices(sigma, p.M)[:, None])
    return Simulated(recursion.trajectories(past, p.sampling, rng.process()), truth)
