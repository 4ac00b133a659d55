"""Vector autoregression on a graph."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from pymts.data.truth import Simulated, Truth, adjacency
from pymts.models.registry import model
from pymts.models.shared.network import NetworkParams, Topology, infer_m, nesting
from pymts.models.shared.noise import InnovationParams
from pymts.numerics import linear
from pymts.numerics.covariance import cholesky
from pymts.numerics.recursion import sampled, vector_recursion
from pymts.numerics.rows import rows_times
from pymts.params.base import Matrices, Matrix, Vector, per_channel, ragged_array
from pymts.streams import Streams

Array = NDArray[np.float64]


class VarParams(InnovationParams, NetworkParams):
    """Parameters of a vector autoregression."""

    topology: Topology = Field(
        default="erdos_renyi",
        description="Graph family that drawn coefficients live on; `A` or `Phi`, if given, takes its place. Directed "
        "families are `ring_unidirectional`, `chain` and `random_dag`, and, if `directed`, `erdos_renyi` and `sbm`.",
    )
    p: int = Field(default=2, ge=1, le=1000, description="Number of lags; a given `Phi` tells it.")
    Phi: Matrices | Matrix | None = Field(
        default=None,
        description="Coefficients (target, source), used as given: a matrix (M, M) for lag 1 or matrices (p, M, M); "
        "`None` draws them on the graph.",
    )
    self_strength: float = Field(
        default=0.5, ge=0, description="Size of the drawn diagonal coefficients before all are scaled to `rho`."
    )
    cross_strength: float = Field(
        default=0.3, ge=0, description="Size of the drawn coefficients of an edge before all are scaled to `rho`."
    )
    rho: float = Field(
        default=0.9,
        ge=0,
        lt=1,
        description="Spectral radius that drawn coefficients are scaled to; the memory is about 1 / (1 - rho) steps.",
    )
    x0: Vector | None = Field(
        default=None,
        description="Start of the M channels, taken by all p past values; `None` starts in the stationary state.",
    )

    @model_validator(mode="before")
    @classmethod
    def _matrices_tell_sizes(cls, given: Any) -> Any:
        if not isinstance(given, dict):
            return given
        depth = nesting(given.get("Phi"))
        if "p" not in given and depth > 1:
            given = {**given, "p": len(given["Phi"]) if depth == 3 else 1}
        return infer_m(given, "Phi", "Sigma")

    @model_validator(mode="after")
    def _matrices_fit(self) -> VarParams:
        if self.x0 is not None:
            per_channel("x0", self.x0, self.M)
        if self.Phi is None:
            return self
        if self.A is not None:
            raise ValueError("Phi and A are both given; keep Phi, whose nonzero coefficients are the graph")
        phi = ragged_array("Phi", self.Phi)
        if phi.shape != (self.p, self.M, self.M) and (self.p, *phi.shape) != (1, self.M, self.M):
            raise ValueError(f"Phi must have shape (p, M, M) = ({self.p}, {self.M}, {self.M}), got shape {phi.shape}")
        radius = linear.spectral_radius(phi.reshape(1, self.p, self.M, self.M))[0]
        if radius >= 1:
            raise ValueError(
                f"Phi must be stable, with a spectral radius less than 1, got {radius:.6g}; "
                f"multiply the matrix of lag k by c**k with c less than {1 / radius:.4g}"
            )
        return self


def _coefficients(p: VarParams, rng: Streams) -> Array:
    """Return the coefficients, given or drawn, (B, p, target, source)."""
    batch = rng.shape[0]
    if p.Phi is not None:
        phi = np.asarray(p.Phi, dtype=np.float64).reshape(p.p, p.M, p.M)
        return np.repeat(phi[None], batch, axis=0)
    graphs, sizes = [], []
    for generator in rng.structure():
        graphs.append(p.draw_graph(generator))
        sizes.append(linear.signed_sizes(generator, p.p, p.M))
    self_strength, cross_strength, rho = (
        linear.per_configuration(value, batch) for value in (p.self_strength, p.cross_strength, p.rho)
    )
    strength = linear.edge_strength(np.stack(graphs), self_strength, cross_strength)
    return linear.scale_to_radius(np.stack(sizes) * strength[:, None], rho)


@model(
    VarParams,
    title="VAR",
    reference="H. Lütkepohl (2005), New introduction to multiple time series analysis, doi:10.1007/978-3-540-27752-1.",
    tags=("linear", "network", "stationary", "stochastic", "discrete"),
    truth=("coefficients", "adjacency", "noise_cov", "theory_cov", "theory_acov"),
)
def var(p: VarParams, rng: Streams) -> Simulated:
    """Vector autoregression, VAR(p), with coefficients drawn on a graph or given.

    x(t) = sum_{k=1..p} Phi_k x(t-k) + e(t),   e ~ N(0, Sigma)

    A drawn coefficient has a random sign and a size of 0.5 to 1.5 times `cross_strength` times the edge's weight, on
    the diagonal `self_strength`, anew for every lag. Lag k is then scaled by (rho / r)^k, which brings the spectral
    radius r to rho exactly; where no influence returns (a directed acyclic graph and no self_strength) r is 0 and
    nothing is scaled. Given coefficients are used as given, or refused if unstable.

    Observed: x. Truth: the coefficients, the graph that sums them up (largest size over the lags), the innovation
    covariance and, for the stationary start, the covariance and autocovariances in closed form.
    """
    batch, realizations = rng.shape
    phi = _coefficients(p, rng)  # (B, p, M, M)
    sigma, factor = p.innovations(batch)
    truth = {
        "coefficients": Truth(("lag", "target", "source"), phi, first_lag=1),
        "adjacency": adjacency(np.abs(phi).max(axis=1), "summary"),
        "noise_cov": Truth(("channel", "channel_"), sigma),
    }
    if p.x0 is None:
        transition = linear.companion(phi)
        covariance = linear.stationary_covariance(transition, linear.innovation_covariance(sigma, p.p))
        acov = linear.autocovariances(transition, covariance, p.M, p.sample_every)
        truth["theory_cov"] = Truth(("channel", "channel_"), np.ascontiguousarray(acov[:, 0]))
        truth["theory_acov"] = Truth(("acov_lag", "channel", "channel_"), acov)
        newest_first = rows_times(rng.initial().normal(p.p * p.M), cholesky(covariance))
        past = newest_first.reshape(batch, realizations, p.p, p.M)[:, :, ::-1]
    else:
        past = np.broadcast_to(np.asarray(p.x0), (batch, realizations, p.p, p.M))
    noise = rng.process().blocks(p.sampling.n_steps, p.M)
    return Simulated(sampled(past[:, :, -1], vector_recursion(phi, factor, past, noise), p.sampling), truth)
