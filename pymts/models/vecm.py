"""Vector error correction: channels that wander, tied by stationary relations."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from pymts.data.truth import Simulated, Truth, adjacency
from pymts.models.registry import model
from pymts.models.shared.network import OwnBetaParams, Topology, infer_m, nesting
from pymts.models.shared.noise import InnovationParams
from pymts.numerics import cointegration, linear
from pymts.numerics.covariance import cholesky
from pymts.numerics.recursion import sampled, vector_recursion
from pymts.numerics.rows import rows_times
from pymts.params.base import Matrices, Matrix, Vector, per_channel, ragged_array
from pymts.streams import Streams

Array = NDArray[np.float64]

# A root this near to 1 is a unit root too many: computed roots of a double one are off by the square root of rounding.
LARGEST_ROOT = 1 - 1e-7


class VecmParams(InnovationParams, OwnBetaParams):
    """Parameters of a vector error correction model."""

    topology: Topology = Field(
        default="erdos_renyi",
        description="Graph family that drawn coefficients live on; `A` or given coefficients take its place. Directed "
        "families are `ring_unidirectional`, `chain` and `random_dag`, and, if `directed`, `erdos_renyi` and `sbm`.",
    )
    rank: int = Field(
        default=1,
        ge=0,
        le=10**6,
        description="Number of stationary relations, less than M; M - rank trends are left. A given `beta` tells it.",
    )
    p: int = Field(
        default=2,
        ge=1,
        le=1000,
        description="Lags of the levels: the differences have p - 1. A given `Gamma` tells it.",
    )
    alpha: Matrix | None = Field(
        default=None,
        description="Adjustment (M, rank) of the channels to each relation, used as given with `beta`; `None` draws.",
    )
    beta: Matrix | None = Field(  # type: ignore[assignment]  # the graphs' own beta is p_rewire here
        default=None, description="Relations (M, rank), a column each, used as given with `alpha`; `None` draws them."
    )
    Gamma: Matrices | Matrix | None = Field(
        default=None,
        description="Coefficients (target, source) of past differences, used as given with `alpha` and `beta`: a "
        "matrix (M, M) for lag 1 or matrices (p - 1, M, M).",
    )
    self_strength: float = Field(
        default=0.5, ge=0, description="Size of a drawn channel's response to itself before all are scaled to `rho`."
    )
    cross_strength: float = Field(
        default=0.3, ge=0, description="Size of the drawn response along an edge before all are scaled to `rho`."
    )
    rho: float = Field(
        default=0.9,
        ge=0,
        lt=1,
        description="Size of the largest root but the unit roots, for drawn coefficients; an error of a relation is "
        "forgotten in about 1 / (1 - rho) steps.",
    )
    x0: Vector | None = Field(
        default=None,
        description="Start of the M channels, taken by all p past values; `None` starts relations and differences in "
        "their stationary state, and levels as near to 0 as these allow.",
    )

    @model_validator(mode="before")
    @classmethod
    def _matrices_tell_sizes(cls, given: Any) -> Any:
        if not isinstance(given, dict):
            return given
        told: dict[str, int] = {}
        for name in ("alpha", "beta"):
            if nesting(given.get(name)) == 2:
                told = {"rank": len(given[name][0]), "p": 1}
        depth = nesting(given.get("Gamma"))
        if depth > 1:
            told["p"] = 1 + (len(given["Gamma"]) if depth == 3 else 1)
        given = {**told, **given}
        return infer_m(given, "beta", "alpha", "Gamma", "Sigma")

    @model_validator(mode="after")
    def _matrices_fit(self) -> VecmParams:
        if self.x0 is not None:
            per_channel("x0", self.x0, self.M)
        if self.rank >= self.M:
            raise ValueError(
                f"rank must be less than M = {self.M}, got {self.rank}; take at most {self.M - 1}, as with M relations "
                "nothing wanders (see var)"
            )
        one, other = ("alpha", "beta") if self.beta is None else ("beta", "alpha")
        if (self.alpha is None) != (self.beta is None):
            raise ValueError(f"{one} is given without {other}; give both or none")
        if self.alpha is None and self.Gamma is not None and self.rank:
            raise ValueError("Gamma is given without alpha and beta; give all of them, or rank = 0")
        if self.alpha is not None and self.Gamma is None and self.p > 1:
            raise ValueError(f"Gamma must be given with alpha and beta where p is {self.p}; leave out p for no Gamma")
        if self.alpha is None and self.Gamma is None:
            return self
        if self.A is not None:
            raise ValueError("A and coefficients are both given; keep those, whose nonzero numbers are the graph")
        alpha, beta, gamma = self.given()
        roots = np.abs(np.linalg.eigvals(cointegration.stationary_part(alpha, beta, gamma)[0][0]))
        if roots.max(initial=0.0) > LARGEST_ROOT:
            raise ValueError(
                f"alpha, beta and Gamma must have M - rank = {self.M - self.rank} unit roots and all others less than "
                f"1, got one more of size {roots.max():.6g}; choose alpha so that I + beta' alpha shrinks, and a "
                "smaller Gamma"
            )
        return self

    def given(self) -> tuple[Array, Array, Array]:
        """Return alpha, beta (1, M, r) and Gamma (1, p - 1, M, M) as given, or refuse their shapes and ranks."""
        found = []
        for name, value in (("alpha", self.alpha), ("beta", self.beta)):
            matrix = np.zeros((self.M, 0)) if value is None else ragged_array(name, value)
            if matrix.shape != (self.M, self.rank):
                raise ValueError(
                    f"{name} must have shape (M, rank) = ({self.M}, {self.rank}), got shape {matrix.shape}"
                )
            rank = np.linalg.matrix_rank(matrix) if matrix.size else 0
            if rank < self.rank:
                raise ValueError(
                    f"{name} must have full rank = {self.rank}, got columns of rank {rank}; leave out those that "
                    "follow from the others"
                )
            found.append(matrix[None])
        shape = (self.p - 1, self.M, self.M)
        gamma = np.zeros(shape) if self.Gamma is None else ragged_array("Gamma", self.Gamma)
        if shape not in (gamma.shape, (1, *gamma.shape)):
            raise ValueError(f"Gamma must have shape (p - 1, M, M) = {shape}, got shape {gamma.shape}")
        return found[0], found[1], gamma.reshape(1, *shape)


def _coefficients(p: VecmParams, rng: Streams) -> tuple[Array, Array, Array]:
    """Return alpha, beta (B, M, r) and Gamma (B, p - 1, M, M), given or drawn."""
    batch = rng.shape[0]
    if p.alpha is not None or p.Gamma is not None:
        alpha, beta, gamma = (np.repeat(array, batch, axis=0) for array in p.given())
        return alpha, beta, gamma
    graphs, sizes, weights = [], [], []
    for generator in rng.structure():
        graph = p.draw_graph(generator)
        graphs.append(graph)
        sizes.append(linear.signed_sizes(generator, p.p, p.M))
        tied = graph[: p.rank, p.rank :].copy()  # (r, M - r)
        alone = ~tied.any(axis=1)
        tied[alone, generator.integers(p.M - p.rank, size=p.rank)[alone]] = 1.0
        weights.append(tied * linear.signed_sizes(generator, 1, p.M)[0, : p.rank, p.rank :])
    self_strength, cross_strength, rho = (
        linear.per_configuration(value, batch) for value in (p.self_strength, p.cross_strength, p.rho)
    )
    strength = linear.edge_strength(np.stack(graphs), self_strength, cross_strength)
    return cointegration.triangular_system(np.stack(weights), np.stack(sizes) * strength[:, None], rho)


@model(
    VecmParams,
    title="VECM",
    reference="R. F. Engle and C. W. J. Granger (1987), Co-integration and error correction: representation, "
    "estimation, and testing, doi:10.2307/1913236. S. Johansen (1991), Estimation and hypothesis testing of "
    "cointegration vectors in Gaussian vector autoregressive models, doi:10.2307/2938278.",
    tags=("linear", "network", "nonstationary", "stochastic", "discrete"),
    truth=(
        "rank",
        "beta",
        "alpha",
        "difference_coefficients",
        "coefficients",
        "adjacency",
        "noise_cov",
        "relation_cov",
        "long_run",
        "theory_cov",
    ),
)
def vecm(p: VecmParams, rng: Streams) -> Simulated:
    """Vector error correction: channels that wander, tied by relations that are stationary.

    dx(t) = alpha beta' x(t-1) + sum_{k=1..p-1} Gamma_k dx(t-k) + e(t),   dx(t) = x(t) - x(t-1),   e ~ N(0, Sigma)

    Drawn: each of the first `rank` channels follows those others that have an edge to it, or one at random, with
    weights of random sign and size 0.5 to 1.5 times the edge's: what it misses them by is a relation. An edge from such
    a channel carries this error, an edge from any other channel its change, with a random sign and a size of 0.5 to 1.5
    times `cross_strength` times the edge's weight (on the diagonal `self_strength`), anew for each of p lags. Lag k is
    then scaled by (rho / r)^k, which brings the largest root r but the unit roots to `rho` exactly. Given coefficients
    are used as given, or refused where they have other than M - rank unit roots, or a larger one.

    Observed: x. Truth: the relations and the adjustment to them, the coefficients of differences and of levels, the
    graph of those of levels (largest size over the lags), the innovation covariance Sigma, the covariance of beta' x
    for the stationary start, the long-run response Xi to noise and the covariance per step, Xi Sigma Xi', that x gains
    in the long run (`theory_cov`). Without relations or lags of differences their variables are missing.
    """
    batch, realizations = rng.shape
    r, less, m = p.rank, p.p - 1, p.M
    alpha, beta, gamma = _coefficients(p, rng)
    sigma, factor = p.innovations(batch)
    phi = cointegration.levels(alpha, beta, gamma)
    transition, enters = cointegration.stationary_part(alpha, beta, gamma)
    long_run = cointegration.long_run_response(alpha, gamma, transition, enters)
    truth = {
        "rank": Truth((), np.full(batch, r)),
        "coefficients": Truth(("lag", "target", "source"), phi, first_lag=1),
        "adjacency": adjacency(np.abs(phi).max(axis=1), "summary"),
        "noise_cov": Truth(("channel", "channel_"), sigma),
        "long_run": Truth(("target", "source"), long_run),
        "theory_cov": Truth(("channel", "channel_"), long_run @ sigma @ long_run.swapaxes(-1, -2)),
    }
    if r:
        truth["beta"] = Truth(("channel", "relation"), beta)
        truth["alpha"] = Truth(("channel", "relation"), alpha)
    if less:
        truth["difference_coefficients"] = Truth(("difference_lag", "target", "source"), gamma, first_lag=1)
    if p.x0 is None:
        covariance = linear.stationary_covariance(transition, enters @ sigma @ enters.swapaxes(-1, -2))
        if r:
            truth["relation_cov"] = Truth(("relation", "relation_"), np.ascontiguousarray(covariance[:, :r, :r]))
        past = _past(beta, rows_times(rng.initial().normal(r + less * m), cholesky(covariance)))
    else:
        past = np.broadcast_to(np.asarray(p.x0), (batch, realizations, p.p, m))
    noise = rng.process().blocks(p.sampling.n_steps, m)
    return Simulated(sampled(past[:, :, -1], vector_recursion(phi, factor, past, noise), p.sampling), truth)


def _past(beta: Array, state: Array) -> Array:
    """Return the p values up to the start, (B, R, p, M), oldest first, from (beta' x, dx, ...) newest first."""
    batch, m, r = beta.shape
    relations = beta.swapaxes(-1, -2)
    nearest = np.asarray(np.linalg.solve(relations @ beta, relations).swapaxes(-1, -2))  # (B, M, r), the least x
    newest = rows_times(state[..., :r], nearest)[:, :, None]  # (B, R, 1, M)
    changes = state[..., r:].reshape(batch, state.shape[1], -1, m)
    return np.concatenate([newest, newest - changes.cumsum(axis=2)], axis=2)[:, :, ::-1]
