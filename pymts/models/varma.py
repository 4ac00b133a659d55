"""Vector autoregression with moving-average noise, on a graph."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from pymts.data.truth import Simulated, Truth, adjacency
from pymts.models.registry import model
from pymts.models.shared.cost import LARGE, of_recursion
from pymts.models.shared.network import NetworkParams, Topology, infer_m, nesting
from pymts.models.shared.noise import InnovationParams
from pymts.numerics import linear
from pymts.numerics.covariance import cholesky
from pymts.numerics.moving_average import state_space
from pymts.numerics.portable.dense import product
from pymts.numerics.recursion import Recursion, matrices
from pymts.numerics.rows import rows_times
from pymts.params.base import Matrices, Matrix, Vector, per_channel, ragged_array
from pymts.streams import Streams

Array = NDArray[np.float64]

# The order of each part and its given coefficients.
PARTS = (("p", "Phi"), ("q", "Theta"))


class VarmaParams(InnovationParams, NetworkParams):
    """Parameters of a vector autoregression with moving-average noise."""

    topology: Topology = Field(
        default="erdos_renyi",
        description="Graph family for drawn coefficients; ignored if `A` or coefficients are given. Directed "
        "families are `ring_unidirectional`, `chain` and `random_dag`, and, if `directed`, `erdos_renyi` and `sbm`.",
    )
    p: int = Field(
        default=1,
        ge=0,
        le=1000,
        description="Number of lags of the series, 0 for a moving average; inferred from `Phi` if given.",
    )
    q: int = Field(default=1, ge=0, le=1000, description="Number of lags of the noise; inferred from `Theta` if given.")
    Phi: Matrices | Matrix | None = Field(
        default=None,
        description="Coefficients (target, source) of the past, used as given: a matrix (M, M) for lag 1 or matrices "
        "(p, M, M); `None` draws them on the graph.",
    )
    Theta: Matrices | Matrix | None = Field(
        default=None,
        description="Coefficients (target, source) of past noise, used as given, invertible or not: a matrix (M, M) "
        "for lag 1 or matrices (q, M, M); `None` draws them on the graph, invertible.",
    )
    self_strength: float = Field(
        default=0.5, ge=0, description="Size of the drawn diagonal coefficients before scaling."
    )
    cross_strength: float = Field(
        default=0.3, ge=0, description="Size of the drawn coefficients of an edge before scaling."
    )
    rho: float = Field(
        default=0.9,
        ge=0,
        lt=1,
        description="Spectral radius to which drawn `Phi` is scaled; memory lasts about 1 / (1 - rho) steps.",
    )
    ma_rho: float = Field(
        default=0.7,
        ge=0,
        lt=1,
        description="Spectral radius to which drawn `Theta` is scaled: when the noise is recovered from the series, "
        "errors decay as ma_rho^k.",
    )
    x0: Vector | None = Field(
        default=None,
        description="Initial values of the M channels, used for all past values, with no noise before them; `None` "
        "draws the past from the stationary distribution.",
    )

    @property
    def costly_truth(self) -> frozenset[str]:
        """The autocovariances, if there are many states."""
        return frozenset({"theory_acov"} if (self.p + self.q) * self.M > LARGE else ())

    @property
    def preparation(self) -> tuple[float, int]:
        """The cost of the stationary start and its moments."""
        return of_recursion((self.p + self.q) * self.M)

    @model_validator(mode="before")
    @classmethod
    def _matrices_tell_sizes(cls, given: Any) -> Any:
        if not isinstance(given, dict):
            return given
        for order, name in PARTS:
            depth = nesting(given.get(name))
            if order not in given and depth > 1:
                given = {**given, order: len(given[name]) if depth == 3 else 1}
        return infer_m(given, "Phi", "Theta", "Sigma")

    @model_validator(mode="after")
    def _matrices_fit(self) -> VarmaParams:
        if self.x0 is not None:
            per_channel("x0", self.x0, self.M)
        for order, name in PARTS:
            self._shape_fits(order, name)
        if self.A is not None and self.Phi is not None and self.Theta is not None:
            raise ValueError("Phi, Theta and A are all given; leave out A, since nothing is drawn on it")
        if self.Phi is None:
            return self
        radius = linear.spectral_radius(np.asarray(self.Phi).reshape(1, self.p, self.M, self.M))[0]
        if radius >= 1:
            raise ValueError(
                f"Phi must be stable, with a spectral radius less than 1, got {radius:.6g}; "
                f"multiply the matrix of lag k by c**k with c less than {1 / radius:.4g}"
            )
        return self

    def _shape_fits(self, order: str, name: str) -> None:
        value, lags = getattr(self, name), getattr(self, order)
        if value is None:
            return
        found = ragged_array(name, value).shape
        if lags == 0:
            raise ValueError(f"{name} must be left out where {order} is 0, got shape {found}")
        if found != (lags, self.M, self.M) and (lags, *found) != (1, self.M, self.M):
            raise ValueError(
                f"{name} must have shape ({order}, M, M) = ({lags}, {self.M}, {self.M}), got shape {found}"
            )


def _coefficients(p: VarmaParams, rng: Streams) -> tuple[Array, Array]:
    """Return the given or drawn coefficients of the past (B, p, M, M) and of past noise (B, q, M, M)."""
    batch = rng.shape[0]
    graphs, sizes, ma_sizes = [], [], []
    for generator in rng.structure():
        graphs.append(p.draw_graph(generator))
        sizes.append(linear.signed_sizes(generator, p.p, p.M))
        ma_sizes.append(linear.signed_sizes(generator, p.q, p.M))
    strength = linear.edge_strength(
        np.stack(graphs), *(linear.per_configuration(value, batch) for value in (p.self_strength, p.cross_strength))
    )[:, None]
    phi, theta = np.stack(sizes) * strength, np.stack(ma_sizes) * strength
    # The noise solves e_t = x_t - ... - sum_k Theta_k e_{t-k}, so -Theta must be stable.
    phi = phi * linear.lag_scales(phi, linear.per_configuration(p.rho, batch))
    theta = theta * linear.lag_scales(-theta, linear.per_configuration(p.ma_rho, batch))
    if p.Phi is not None:
        phi = np.repeat(np.asarray(p.Phi).reshape(1, p.p, p.M, p.M), batch, axis=0)
    if p.Theta is not None:
        theta = np.repeat(np.asarray(p.Theta).reshape(1, p.q, p.M, p.M), batch, axis=0)
    return phi, theta


@model(
    VarmaParams,
    title="VARMA",
    reference="H. Lütkepohl (2005), New introduction to multiple time series analysis, doi:10.1007/978-3-540-27752-1.",
    version=2,
    tags=("linear", "network", "stationary", "stochastic", "discrete"),
    truth=("coefficients", "ma_coefficients", "adjacency", "noise_cov", "theory_cov", "theory_acov"),
)
def varma(p: VarmaParams, rng: Streams) -> Simulated:
    """Vector autoregressive moving average, VARMA(p, q), on a graph or given; VMA(q) with p = 0.

    x(t) = sum_{k=1..p} Phi_k x(t-k) + e(t) + sum_{k=1..q} Theta_k e(t-k),   e ~ N(0, Sigma)

    For each lag of both parts, a drawn coefficient has a random sign and a size of 0.5 to 1.5 times `cross_strength`
    times the edge's weight (on the diagonal, times `self_strength`). Scaling by powers of one number then sets the
    spectral radius of Phi to `rho` and that of -Theta to `ma_rho`, so drawn models are stationary and invertible; a
    part without cycles has radius 0 and is not scaled. A given Phi is used unchanged, and rejected if unstable.

    Observed: x. Truth: the coefficients of each part that has lags, a summary graph (largest absolute coefficient over
    the lags of both parts: the source's past or past noise acts on the target), the innovation covariance and, for the
    stationary start, the covariance and autocovariances in closed form.
    """
    batch, realizations = rng.shape
    phi, theta = _coefficients(p, rng)
    sigma, factor = p.innovations(batch)
    if p.Sigma is None:
        factor = matrices(factor, p.M)
    truth = {
        "adjacency": adjacency(np.abs(np.concatenate([phi, theta], axis=1)).max(axis=1, initial=0.0), "summary"),
        "noise_cov": Truth(("channel", "channel_"), sigma),
    }
    if p.p:
        truth["coefficients"] = Truth(("lag", "target", "source"), phi, first_lag=1)
    if p.q:
        truth["ma_coefficients"] = Truth(("ma_lag", "target", "source"), theta, first_lag=1)
    lags = max(p.p, 1)  # the newest value is part of the state, even if nothing depends on it
    now = np.broadcast_to(np.eye(p.M), (batch, 1, p.M, p.M))
    response = product(np.concatenate([now, theta], axis=1), factor[:, None])
    if p.x0 is None:
        padded = phi if p.p else np.zeros((batch, 1, p.M, p.M))
        transition, incoming = state_space(padded, response)
        covariance = linear.stationary_covariance(transition, incoming)
        truth["theory_cov"] = Truth(("channel", "channel_"), np.ascontiguousarray(covariance[:, : p.M, : p.M]))
        if "theory_acov" not in p.left_out:
            acov = linear.autocovariances(transition, covariance, p.M, p.sample_every)
            truth["theory_acov"] = Truth(("acov_lag", "channel", "channel_"), acov)
        state = rows_times(rng.initial().normal((lags + p.q) * p.M), cholesky(covariance))
        newest_first = state.reshape(batch, realizations, lags + p.q, p.M)
        past, past_noise = newest_first[:, :, lags - 1 :: -1], newest_first[:, :, : lags - 1 : -1]
    else:
        past = np.broadcast_to(np.asarray(p.x0), (batch, realizations, lags, p.M))
        past_noise = np.zeros((batch, realizations, p.q, p.M))
    recursion = Recursion.of(phi, response)
    return Simulated(recursion.trajectories(past, p.sampling, rng.process(), past_noise), truth)
