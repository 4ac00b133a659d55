"""Ornstein-Uhlenbeck processes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, TypeAlias, cast

import numpy as np
from annotated_types import Gt
from numpy.typing import NDArray
from pydantic import Field, model_validator

from pymts.data.truth import Simulated, Truth
from pymts.models.registry import model
from pymts.models.shared.network import infer_m
from pymts.numerics import linear
from pymts.numerics.covariance import cholesky
from pymts.numerics.portable.elementary import exp_into, expm1_into
from pymts.numerics.recursion import Recursion
from pymts.numerics.rows import rows_times
from pymts.params.base import (
    ContinuousParams,
    Matrix,
    NonNegative,
    NonNegativeVector,
    Vector,
    per_channel,
    ragged_array,
    square,
)
from pymts.params.fields import STRUCTURAL
from pymts.streams import Streams

Array = NDArray[np.float64]
Positive: TypeAlias = Annotated[float, Gt(0)]

SIGMA = 1.0
RESOLVED = 1e-12  # smallest ratio of rates for which the stationary covariance is still accurate


class OuParams(ContinuousParams):
    """Parameters of an Ornstein-Uhlenbeck process."""

    dt: Annotated[float, STRUCTURAL] = Field(
        default=0.1, gt=0, description="Time step, s; the simulation is exact for any value."
    )
    Theta: Positive | Vector | Matrix = Field(
        default=1.0,
        description="Rate of reversion to `mu`, 1/s: one number, one per channel, or a matrix (target, source) of "
        "shape (M, M) whose eigenvalues have positive real parts.",
    )
    mu: float | Vector = Field(default=0.0, description="Mean, one number, or one per channel.")
    sigma: NonNegative | NonNegativeVector = Field(
        default=SIGMA,
        description="Intensity of independent noise, 1/sqrt(s) times the unit of x, one number, or one per channel; "
        "not with `Sigma`.",
    )
    Sigma: Matrix | None = Field(
        default=None, description="Covariance (M, M) of the noise per second, L L'; `None` uses `sigma`."
    )
    x0: Vector | None = Field(
        default=None,
        description="Initial values of the M channels; `None` draws them from the stationary distribution.",
    )

    @model_validator(mode="before")
    @classmethod
    def _arrays_tell_m(cls, given: Any) -> Any:
        return infer_m(given, "Theta", "mu", "sigma", "Sigma")

    @model_validator(mode="after")
    def _arrays_fit(self) -> OuParams:
        for name in ("mu", "sigma", "x0"):
            if getattr(self, name) is not None:
                per_channel(name, getattr(self, name), self.M)
        if self.Sigma is not None:
            if self.sigma != SIGMA:
                raise ValueError("Sigma and sigma are both given; keep one")
            sigma = square("Sigma", self.Sigma, self.M)
            try:
                cholesky(sigma)
            except ValueError as error:
                raise ValueError(f"Sigma: {error}") from None
        theta = ragged_array("Theta", self.Theta)
        if theta.ndim == 2:
            slowest = np.linalg.eigvals(square("Theta", theta, self.M)).real.min()
        else:
            slowest = per_channel("Theta", theta, self.M).min()
        if slowest <= 0:
            what = "eigenvalues with positive real parts" if theta.ndim == 2 else "positive numbers"
            raise ValueError(f"Theta must have {what}, got {slowest:.6g}; otherwise the process does not return to mu")
        largest = np.abs(theta).max()
        if theta.ndim == 2 and slowest < RESOLVED * largest:
            raise ValueError(
                f"Theta has rates from {slowest:.3g} to {largest:.3g} 1/s, too far apart for float64; "
                f"keep their ratio above {RESOLVED:g}"
            )
        return self


def _diffusion(p: OuParams, batch: int) -> Array:
    """Return Sigma = L L', (B, M, M)."""
    if p.Sigma is not None:
        return np.repeat(np.asarray(p.Sigma)[None], batch, axis=0)
    return linear.per_channel_rows(p.sigma, batch, p.M)[:, :, None] ** 2 * np.eye(p.M)


def _is_matrix(theta: object) -> bool:
    return isinstance(theta, tuple) and isinstance(theta[0], tuple)


def _exact(p: OuParams, batch: int) -> tuple[Array, Array, Array]:
    """Return F = exp(-Theta dt), its noise covariance Q and the stationary covariance P, each (B, M, M)."""
    sigma = _diffusion(p, batch)
    if _is_matrix(p.Theta):
        theta = np.asarray(p.Theta)
        steps, noises = zip(*(linear.ou_step(theta, one, p.dt) for one in sigma), strict=True)
        return np.stack(steps), np.stack(noises), np.stack([linear.ou_covariance(theta, one) for one in sigma])
    rate = linear.per_channel_rows(cast("float | Sequence[float]", p.Theta), batch, p.M)
    pair = rate[:, :, None] + rate[:, None, :]  # a diagonal Theta returns Sigma_ij at the rate theta_i + theta_j
    stationary = sigma / pair
    gone, left = -pair * p.dt, -rate * p.dt
    expm1_into(gone.reshape(-1), gone.reshape(-1))
    exp_into(left.reshape(-1), left.reshape(-1))
    return left[:, :, None] * np.eye(p.M), stationary * -gone, stationary


@model(
    OuParams,
    title="Ornstein-Uhlenbeck",
    reference="G. E. Uhlenbeck and L. S. Ornstein (1930), On the theory of the Brownian motion, "
    "doi:10.1103/PhysRev.36.823. Exact step: D. T. Gillespie (1996), Exact numerical simulation of the "
    "Ornstein-Uhlenbeck process and its integral, doi:10.1103/PhysRevE.54.2084.",
    version=2,
    tags=("linear", "stationary", "stochastic", "continuous"),
    truth=("adjacency", "noise_cov", "theory_cov", "theory_acov"),
)
def ou(p: OuParams, rng: Streams) -> Simulated:
    """Ornstein-Uhlenbeck process, with a scalar, diagonal or full rate matrix.

    dX = Theta (mu - X) dt + L dW,   Sigma = L L'

    The step is exact for any dt: x(t+dt) - mu = F (x(t) - mu) + e with F = exp(-Theta dt) and
    Cov e = int_0^dt exp(-Theta s) Sigma exp(-Theta' s) ds.

    Observed: X. Truth: the graph, given by the off-diagonal part of -Theta (F is dense: within one step a channel
    drives every channel it can reach), the noise covariance of one step of dt and, for the stationary start, the
    covariance P of Theta P + P Theta' = Sigma and the autocovariances exp(-Theta lag) P.
    """
    batch, realizations = rng.shape
    step, noise_cov, stationary = _exact(p, batch)
    mean = linear.per_channel_rows(p.mu, batch, p.M)[:, None]  # (B, 1, M)
    theta = np.asarray(p.Theta) if _is_matrix(p.Theta) else np.zeros((p.M, p.M))
    graph = np.where(np.eye(p.M, dtype=bool), 0.0, 0.0 - theta)
    truth = {
        "adjacency": Truth(
            ("target", "source"),
            np.repeat(graph[None], batch, axis=0),
            {
                "graph_kind": "structural",
                "note": "Rates of the equation; the one-step matrix expm(-Theta dt) is dense.",
            },
        ),
        "noise_cov": Truth(("channel", "channel_"), noise_cov, {"note": "Of one exact step of dt."}),
    }
    if p.x0 is None:
        acov = linear.autocovariances(step, stationary, p.M, p.sample_every)
        truth["theory_cov"] = Truth(("channel", "channel_"), stationary)
        truth["theory_acov"] = Truth(("acov_lag", "channel", "channel_"), acov)
        start = rows_times(rng.initial().normal(p.M), cholesky(stationary))
    else:
        start = np.broadcast_to(np.asarray(p.x0) - mean, (batch, realizations, p.M))
    recursion = Recursion.of(step[:, None], cholesky(noise_cov)[:, None])
    data = recursion.trajectories(start[:, :, None], p.sampling, rng.process())
    data += mean[:, None]
    return Simulated(data, truth)
