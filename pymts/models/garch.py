"""Conditional variances driven by past shocks."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from pymts.data.truth import Simulated, Truth
from pymts.models.registry import model
from pymts.models.shared.cost import LARGE_BYTES
from pymts.models.shared.network import infer_m
from pymts.models.shared.noise import check_correlation, correlations, mix
from pymts.numerics.covariance import cholesky
from pymts.numerics.linear import per_channel_rows, per_configuration
from pymts.numerics.portable.dense import coloured_by
from pymts.params.base import Matrix, NonNegative, NonNegativeVector, Params, per_channel
from pymts.streams import Streams

Array = NDArray[np.float64]

# Smallest eigenvalue for which Q can be factored.
LOWEST_EIGENVALUE = 1e-12


class GarchParams(Params):
    """Parameters of GARCH(1,1) channels with constant or dynamic correlation."""

    quantity: ClassVar[str] = "return"

    omega: NonNegative | NonNegativeVector = Field(
        default=0.05, description="Constant part of the variance, positive, one number or M numbers."
    )
    alpha: NonNegative | NonNegativeVector = Field(
        default=0.1, description="Reaction of the variance to the last squared value, one number or M numbers."
    )
    beta: NonNegative | NonNegativeVector = Field(
        default=0.85, description="Persistence of the variance, one number or M numbers; alpha + beta < 1."
    )
    correlation: float | Matrix = Field(
        default=0.3,
        description="Correlation S of the noise: one number for all pairs, or a matrix (M, M) with a unit diagonal.",
    )
    dynamics: Literal["constant", "dynamic"] = Field(
        default="dynamic",
        description="Correlation over time: `constant` (CCC), or `dynamic` (DCC), which reacts to the noise.",
    )
    a: float = Field(default=0.05, ge=0, lt=1, description="Reaction of the dynamic correlation to the last noise.")
    b: float = Field(default=0.93, ge=0, lt=1, description="Persistence of the dynamic correlation; a + b < 1.")
    burn_in: int = Field(
        default=1000,
        ge=0,
        description="Number of steps simulated and discarded before the first sample. The variance starts at its "
        "mean; the effect of this start decays as (alpha + beta)^burn_in.",
    )

    @property
    def costly_truth(self) -> frozenset[str]:
        """One matrix per sample, if that is far larger than the data."""
        size = 8 * self.n_realizations * self.T * self.M**2 if self.dynamics == "dynamic" else 0
        return frozenset({"conditional_correlation"} if size > LARGE_BYTES else ())

    @property
    def preparation(self) -> tuple[float, int]:
        """The cost of factoring Q at every step."""
        if self.dynamics != "dynamic":
            return 0.0, 0
        steps = self.n_realizations * (self.sampling.n_steps + 1)
        return 2e-11 * steps * self.M**3, 8 * 6 * self.n_realizations * self.M**2

    @model_validator(mode="before")
    @classmethod
    def _arrays_tell_m(cls, given: Any) -> Any:
        return infer_m(given, "omega", "alpha", "beta", "correlation")

    @model_validator(mode="after")
    def _is_stationary(self) -> GarchParams:
        omega, alpha, beta = (per_channel(name, getattr(self, name), self.M) for name in ("omega", "alpha", "beta"))
        if omega.min() <= 0:
            raise ValueError(f"omega must be greater than 0, got {omega.min():g}")
        largest = (alpha + beta).max()
        if largest >= 1:
            raise ValueError(
                f"alpha + beta must be less than 1, got {largest:.6g}; otherwise the variance has no finite mean"
            )
        if self.a + self.b >= 1:
            raise ValueError(
                f"a + b must be less than 1, got {self.a + self.b:.6g}; otherwise the correlation has no mean"
            )
        check_correlation(self.correlation, self.M)
        if self.dynamics == "dynamic":
            lowest = float(np.linalg.eigvalsh(correlations(self.correlation, 1, self.M)[0])[0])
            # Q never falls below this fraction of S.
            if lowest * (1.0 - self.a - self.b) / (1.0 - self.b) < LOWEST_EIGENVALUE:
                raise ValueError(
                    f'correlation must be positive definite with dynamics="dynamic", got the eigenvalue {lowest:.3g} '
                    f'and a + b = {self.a + self.b:g}; take a smaller correlation, a smaller a or dynamics="constant"'
                )
        return self


def _dynamic_step(q: Array, noise: Array) -> tuple[Array, Array]:
    """Return z = diag(Q)^-1/2 L e with L L' = Q (B, R, M, M), from normals e (B, R, M), and the root of diag(Q)."""
    deviation = np.sqrt(np.diagonal(q, axis1=-2, axis2=-1))  # (B, R, M)
    z = np.empty_like(noise)
    m = noise.shape[-1]
    coloured_by(q.reshape(-1, m, m), noise.reshape(-1, m), z.reshape(-1, m))
    return z / deviation, deviation


@model(
    GarchParams,
    title="GARCH",
    reference="T. Bollerslev (1986), Generalized autoregressive conditional heteroskedasticity, "
    "doi:10.1016/0304-4076(86)90063-1. CCC: T. Bollerslev (1990), Modelling the coherence in short-run nominal "
    "exchange rates, doi:10.2307/2109358. DCC: R. Engle (2002), Dynamic conditional correlation, "
    "doi:10.1198/073500102288618487.",
    version=2,
    tags=("stochastic", "stationary", "nonlinear", "finance", "discrete"),
    truth=("variance", "correlation", "conditional_correlation", "theory_var"),
)
def garch(p: GarchParams, rng: Streams) -> Simulated:
    """GARCH(1,1) channels: volatility clustering, with constant or dynamic correlation.

    x_i(t) = sqrt(h_i(t)) z_i(t),   h_i(t) = omega_i + alpha_i x_i(t-1)^2 + beta_i h_i(t-1),   z(t) ~ N(0, R(t))

    R(t) = S (`dynamics="constant"`), or R = diag(Q)^-1/2 Q diag(Q)^-1/2 of
    Q(t) = (1 - a - b) S + a z(t-1) z(t-1)' + b Q(t-1) ("dynamic").

    Observed: x. Truth: the variance h and the correlation R of each sample given the past, S, and the variance omega /
    (1 - alpha - beta) in closed form. h and Q start at their means, so E x^2 is exact from the first step; the
    distribution of h settles during `burn_in`. R varies around S, but its mean is not exactly S.
    """
    batch, realizations = rng.shape
    target = correlations(p.correlation, batch, p.M)
    omega, alpha, beta = (per_channel_rows(value, batch, p.M)[:, None] for value in (p.omega, p.alpha, p.beta))
    mean = omega / (1.0 - alpha - beta)  # (B, 1, M)
    sampling = p.sampling
    data, variance = np.empty((2, batch, realizations, p.T, p.M))
    truth = {
        "variance": Truth(("realization", "time", "channel"), variance),
        "correlation": Truth(("channel", "channel_"), np.array(target)),
        "theory_var": Truth(("channel",), mean[:, 0]),
    }
    factor = np.stack([cholesky(matrix) for matrix in target])
    a, b = (per_configuration(value, batch)[:, None, None, None] for value in (p.a, p.b))
    q = np.repeat(target[:, None], realizations, axis=1)  # (B, R, M, M)
    constant = (1.0 - a - b) * target[:, None]
    dynamic = p.dynamics == "dynamic"
    told = dynamic and "conditional_correlation" not in p.left_out
    path = np.empty((batch, realizations, p.T if told else 0, p.M, p.M))
    if told:
        truth["conditional_correlation"] = Truth(("realization", "time", "channel", "channel_"), path)
    h = np.repeat(mean, realizations, axis=1)  # (B, R, M)
    for first, block in rng.process().blocks(sampling.n_steps + 1, p.M):
        z = block
        if dynamic:
            for offset in range(z.shape[2]):
                now, deviation = _dynamic_step(q, z[:, :, offset])
                index = sampling.index(first + offset)
                if index is not None and told:
                    path[:, :, index] = q / (deviation[..., :, None] * deviation[..., None, :])
                q *= b
                q += constant
                q += (a * now[..., :, None]) * now[..., None, :]
                z[:, :, offset] = now
        else:
            mix(z, factor)
        # z does not depend on h, so h is a recursion with known random coefficients.
        growth = alpha[:, None] * z * z + beta[:, None]
        levels = np.empty_like(z)
        for offset in range(z.shape[2]):
            levels[:, :, offset] = h
            h = omega + growth[:, :, offset] * h
        states, samples = sampling.kept(first, z.shape[2])
        variance[:, :, samples] = levels[:, :, states]
        data[:, :, samples] = np.sqrt(levels[:, :, states]) * z[:, :, states]
    return Simulated(data, truth)
