"""Vector error correction: nonstationary channels tied by stationary relations."""

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
from pymts.numerics.portable.dense import product, solve
from pymts.numerics.recursion import Recursion, matrices
from pymts.numerics.rows import rows_times
from pymts.params.base import Matrices, Matrix, Vector, per_channel, ragged_array
from pymts.streams import Streams

Array = NDArray[np.float64]

# A root this close to 1 counts as a unit root: a computed double root is off by the square root of the rounding error.
LARGEST_ROOT = 1 - 1e-7


class VecmParams(InnovationParams, OwnBetaParams):
    """Parameters of a vector error correction model."""

    topology: Topology = Field(
        default="erdos_renyi",
        description="Graph family for drawn coefficients; ignored if `A` or coefficients are given. Directed "
        "families are `ring_unidirectional`, `chain` and `random_dag`, and, if `directed`, `erdos_renyi` and `sbm`.",
    )
    rank: int = Field(
        default=1,
        ge=0,
        le=10**6,
        description="Number of stationary relations, less than M; M - rank trends remain. Inferred from `beta` if "
        "given.",
    )
    p: int = Field(
        default=2,
        ge=1,
        le=1000,
        description="Number of lags in levels; differences have p - 1. Inferred from `Gamma` if given.",
    )
    alpha: Matrix | None = Field(
        default=None,
        description="Adjustment (M, rank) of the channels to each relation, used as given with `beta`; `None` draws "
        "it.",
    )
    beta: Matrix | None = Field(  # type: ignore[assignment]  # the graphs' own beta is p_rewire here
        default=None, description="Relations (M, rank), one per column, used as given with `alpha`; `None` draws them."
    )
    Gamma: Matrices | Matrix | None = Field(
        default=None,
        description="Coefficients (target, source) of past differences, used as given with `alpha` and `beta`: a "
        "matrix (M, M) for lag 1 or matrices (p - 1, M, M).",
    )
    self_strength: float = Field(
        default=0.5, ge=0, description="Size of a drawn channel's response to itself before scaling to `rho`."
    )
    cross_strength: float = Field(
        default=0.3, ge=0, description="Size of the drawn response along an edge before scaling to `rho`."
    )
    rho: float = Field(
        default=0.9,
        ge=0,
        lt=1,
        description="Modulus of the largest root apart from the unit roots, for drawn coefficients; deviations from "
        "a relation decay within about 1 / (1 - rho) steps.",
    )
    x0: Vector | None = Field(
        default=None,
        description="Initial values of the M channels, used for all p past values; `None` draws relations and "
        "differences from their stationary distribution, with the levels closest to 0 that match them.",
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
                f"rank must be less than M = {self.M}, got {self.rank}; take at most {self.M - 1}: with M relations "
                "all channels are stationary (see var)"
            )
        one, other = ("alpha", "beta") if self.beta is None else ("beta", "alpha")
        if (self.alpha is None) != (self.beta is None):
            raise ValueError(f"{one} is given without {other}; give both or neither")
        if self.alpha is None and self.Gamma is not None and self.rank:
            raise ValueError("Gamma is given without alpha and beta; give all of them, or rank = 0")
        if self.alpha is not None and self.Gamma is None and self.p > 1:
            raise ValueError(f"Gamma must be given with alpha and beta if p is {self.p}; leave out p for no Gamma")
        if self.alpha is None and self.Gamma is None:
            return self
        if self.A is not None:
            raise ValueError(
                "A and coefficients are both given; keep the coefficients, whose nonzero entries are the graph"
            )
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
        """Return the given alpha, beta (1, M, r) and Gamma (1, p - 1, M, M) after checking their shapes and ranks."""
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
    """Return the given or drawn alpha, beta (B, M, r) and Gamma (B, p - 1, M, M)."""
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
    version=2,
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
    """Vector error correction: nonstationary channels tied by stationary relations.

    dx(t) = alpha beta' x(t-1) + sum_{k=1..p-1} Gamma_k dx(t-k) + e(t),   dx(t) = x(t) - x(t-1),   e ~ N(0, Sigma)

    Drawn: each of the first `rank` channels follows its parents among the other channels, or a random one if it has
    none, with weights of random sign and 0.5 to 1.5 times the edge's weight; its deviation from them is a relation. An
    edge from such a channel carries this deviation, an edge from any other channel its change. For each of p lags the
    coefficient has a random sign and a size of 0.5 to 1.5 times `cross_strength` times the edge's weight (on the
    diagonal, times `self_strength`). Scaling lag k by (rho / r)^k then sets the modulus r of the largest root apart
    from the unit roots to exactly `rho`. Given coefficients are used unchanged, and rejected unless they have exactly M
    - rank unit roots and none larger.

    Observed: x. Truth: the relations and the adjustment to them, the coefficients of differences and of levels, the
    graph of the coefficients of levels (largest absolute value over the lags), the innovation covariance Sigma, the
    covariance of beta' x for the stationary start, the long-run response Xi to noise, and the covariance Xi Sigma Xi'
    that x gains per step in the long run (`theory_cov`). Variables for relations or lagged differences are omitted if
    there are none.
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
        "theory_cov": Truth(("channel", "channel_"), product(product(long_run, sigma), long_run.swapaxes(-1, -2))),
    }
    if r:
        truth["beta"] = Truth(("channel", "relation"), beta)
        truth["alpha"] = Truth(("channel", "relation"), alpha)
    if less:
        truth["difference_coefficients"] = Truth(("difference_lag", "target", "source"), gamma, first_lag=1)
    if p.x0 is None:
        covariance = linear.stationary_covariance(transition, product(product(enters, sigma), enters.swapaxes(-1, -2)))
        if r:
            truth["relation_cov"] = Truth(("relation", "relation_"), np.ascontiguousarray(covariance[:, :r, :r]))
        past = _past(beta, rows_times(rng.initial().normal(r + less * m), cholesky(covariance)))
    else:
        past = np.broadcast_to(np.asarray(p.x0), (batch, realizations, p.p, m))
    recursion = Recursion.of(phi, matrices(factor, m)[:, None])
    return Simulated(recursion.trajectories(past, p.sampling, rng.process()), truth)


def _past(beta: Array, state: Array) -> Array:
    """Return the p values up to the start, (B, R, p, M), oldest first, from (beta' x, dx, ...) newest first."""
    batch, m, r = beta.shape
    relations = beta.swapaxes(-1, -2)
    nearest = np.asarray(solve(product(relations, beta), relations).swapaxes(-1, -2))  # (B, M, r), the least x
    newest = rows_times(state[..., :r], nearest)[:, :, None]  # (B, R, 1, M)
    changes = state[..., r:].reshape(batch, state.shape[1], -1, m)
    return np.concatenate([newest, newest - changes.cumsum(axis=2)], axis=2)[:, :, ::-1]
