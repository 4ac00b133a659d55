"""Vector autoregression on a graph."""

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
from pymts.numerics.portable.dense import product, solve, times
from pymts.numerics.recursion import Recursion, matrices
from pymts.numerics.rows import rows_times
from pymts.params.base import Matrices, Matrix, Vector, per_channel, ragged_array
from pymts.streams import Streams

Array = NDArray[np.float64]


class VarParams(InnovationParams, NetworkParams):
    """Parameters of a vector autoregression."""

    topology: Topology = Field(
        default="erdos_renyi",
        description="Graph family for drawn coefficients; ignored if `A` or `Phi` is given. Directed families are "
        "`ring_unidirectional`, `chain` and `random_dag`, and, if `directed`, `erdos_renyi` and `sbm`.",
    )
    p: int = Field(default=2, ge=1, le=1000, description="Number of lags; inferred from `Phi` if given.")
    Phi: Matrices | Matrix | None = Field(
        default=None,
        description="Coefficients (target, source), used as given: a matrix (M, M) for lag 1 or matrices (p, M, M); "
        "`None` draws them on the graph.",
    )
    self_strength: float = Field(
        default=0.5, ge=0, description="Size of the drawn diagonal coefficients before scaling to `rho`."
    )
    cross_strength: float = Field(
        default=0.3, ge=0, description="Size of the drawn coefficients of an edge before scaling to `rho`."
    )
    rho: float = Field(
        default=0.9,
        ge=0,
        lt=1,
        description="Spectral radius to which drawn coefficients are scaled; memory lasts about 1 / (1 - rho) steps.",
    )
    c: float | Vector | None = Field(
        default=None, description="Intercept, one number or one per channel; not with `mean`. `None` means 0."
    )
    mean: float | Vector | None = Field(
        default=None,
        description="Stationary mean without `exog`, one number or one per channel: sets the intercept to (I - sum "
        "Phi) mean; not with `c`. `None` means 0, or the mean that `c` implies.",
    )
    exog: Matrix | None = Field(
        default=None,
        description="Exogenous inputs (T, k): row t acts on x(t); row 0 is unused, since x(0) is the initial value. "
        "Requires `exog_coefficients`, `burn_in` 0 and `sample_every` 1.",
    )
    exog_coefficients: Matrix | None = Field(
        default=None, description="Coefficients (M, k) of the exogenous inputs in each channel."
    )
    x0: Vector | Matrix | None = Field(
        default=None,
        description="Initial values: M numbers used for all p past values, or p rows of M, oldest first, the last "
        "being the first sample; `None` draws them from the stationary distribution.",
    )

    @property
    def costly_truth(self) -> frozenset[str]:
        """The autocovariances, if there are many states."""
        return frozenset({"theory_acov"} if self.p * self.M > LARGE else ())

    @property
    def preparation(self) -> tuple[float, int]:
        """The cost of the stationary start and its moments."""
        return of_recursion(self.p * self.M) if self.x0 is None else (0.0, 0)

    @property
    def asked_truth(self) -> frozenset[str]:
        """The truth that an intercept, a mean and inputs add."""
        level = {"intercept", "mean_path"} if any(v is not None for v in (self.c, self.mean, self.exog)) else set()
        return frozenset(level | ({"exog", "exog_coefficients"} if self.exog is not None else set()))

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
        self._check_start()
        self._check_inputs()
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

    def _check_start(self) -> None:
        if self.x0 is None:
            return
        start = ragged_array("x0", self.x0)
        if start.shape not in {(self.M,), (self.p, self.M)}:
            raise ValueError(f"x0 must be M = {self.M} numbers or p = {self.p} rows of them, got shape {start.shape}")

    def _check_inputs(self) -> None:
        if self.c is not None and self.mean is not None:
            raise ValueError("c and mean are both given; keep one, since each determines the other")
        for name in ("c", "mean"):
            if getattr(self, name) is not None:
                per_channel(name, getattr(self, name), self.M)
        if (self.exog is None) != (self.exog_coefficients is None):
            raise ValueError("exog and exog_coefficients belong together; give both or neither")
        if self.exog is None:
            return
        inputs, weights = ragged_array("exog", self.exog), ragged_array("exog_coefficients", self.exog_coefficients)
        if inputs.ndim != 2 or len(inputs) != self.T:
            raise ValueError(f"exog must have shape (T, k) = ({self.T}, k), got shape {inputs.shape}")
        if weights.shape != (self.M, inputs.shape[1]):
            raise ValueError(
                f"exog_coefficients must have shape (M, k) = ({self.M}, {inputs.shape[1]}), got shape {weights.shape}"
            )
        if self.burn_in or self.sample_every != 1:
            raise ValueError("exog has one row per sample, so it requires burn_in = 0 and sample_every = 1")


def _coefficients(p: VarParams, rng: Streams) -> Array:
    """Return the given or drawn coefficients, (B, p, target, source)."""
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


def _levels(p: VarParams, phi: Array) -> tuple[Array, Array]:
    """Return the intercept and the stationary mean without inputs, each (B, M); at most one of them was given."""
    rest = np.eye(p.M) - phi.sum(axis=1)  # (B, M, M)
    if p.mean is not None:
        mean = linear.per_channel_rows(p.mean, len(phi), p.M)
        return times(rest, mean), mean
    intercept = linear.per_channel_rows(0.0 if p.c is None else p.c, len(phi), p.M)
    return intercept, solve(rest, intercept[..., None])[..., 0]


def _expected(p: VarParams, phi: Array, intercept: Array, mean: Array) -> Array:
    """Return the expected samples from the stationary start, (B, T, M): the mean, shifted by the inputs."""
    path = np.repeat(mean[:, None], p.T, axis=1)
    if p.exog is None:
        return path
    pushes = product(np.asarray(p.exog), np.asarray(p.exog_coefficients).T)  # (T, M)
    for t in range(1, p.T):
        path[:, t] = intercept + pushes[t]
        for lag in range(1, p.p + 1):
            before = path[:, t - lag] if t >= lag else mean
            path[:, t] += times(phi[:, lag - 1], before)
    return path


def _fading(p: VarParams, phi: Array, past: Array) -> Array:
    """Return the remaining effect (B, T, M) of the given start, (B, p, M) relative to the mean, on the samples."""
    states = list(np.moveaxis(past, 1, 0))  # each (B, M), the newest last
    for _ in range(p.sampling.n_steps):
        states.append(sum(times(phi[:, lag - 1], states[-lag]) for lag in range(1, p.p + 1)))
    kept = states[p.p - 1 :][p.burn_in :: p.sample_every][: p.T]
    return np.stack(kept, axis=1)


@model(
    VarParams,
    title="VAR",
    reference="H. Lütkepohl (2005), New introduction to multiple time series analysis, doi:10.1007/978-3-540-27752-1.",
    tags=("linear", "network", "stationary", "stochastic", "discrete"),
    version=3,
    truth=(
        "coefficients",
        "adjacency",
        "noise_cov",
        "theory_cov",
        "theory_acov",
        "intercept",
        "mean_path",
        "exog",
        "exog_coefficients",
    ),
)
def var(p: VarParams, rng: Streams) -> Simulated:
    """Vector autoregression, VAR(p), with coefficients drawn on a graph or given.

    x(t) = c + sum_{k=1..p} Phi_k x(t-k) + B u(t) + e(t),   e ~ N(0, Sigma)

    For each lag, a drawn coefficient has a random sign and a size of 0.5 to 1.5 times `cross_strength` times the edge's
    weight (on the diagonal, times `self_strength`). Scaling lag k by (rho / r)^k then sets the spectral radius r to
    exactly rho; if the graph has no cycles and self_strength is 0, r is 0 and nothing is scaled. Given coefficients are
    used unchanged, and rejected if unstable.

    c is `c` or follows from `mean`; B is `exog_coefficients` and u is `exog`. Terms that are not given are 0.

    Observed: x. Truth: the coefficients, a summary graph (largest absolute coefficient over the lags), the innovation
    covariance and, for the stationary start, the covariance and autocovariances around the mean in closed form. With an
    intercept, a mean or inputs: the intercept, the expected value over time, the inputs and their coefficients.
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
        truth["theory_cov"] = Truth(("channel", "channel_"), np.ascontiguousarray(covariance[:, : p.M, : p.M]))
        if "theory_acov" not in p.left_out:
            acov = linear.autocovariances(transition, covariance, p.M, p.sample_every)
            truth["theory_acov"] = Truth(("acov_lag", "channel", "channel_"), acov)
        newest_first = rows_times(rng.initial().normal(p.p * p.M), cholesky(covariance))
        past = newest_first.reshape(batch, realizations, p.p, p.M)[:, :, ::-1]
    else:
        past = np.broadcast_to(np.asarray(p.x0), (batch, realizations, p.p, p.M))
    recursion = Recursion.of(phi, matrices(factor, p.M)[:, None])
    if p.c is None and p.mean is None and p.exog is None:
        return Simulated(recursion.trajectories(past, p.sampling, rng.process()), truth)
    intercept, mean = _levels(p, phi)
    path = _expected(p, phi, intercept, mean)  # (B, T, M)
    if p.x0 is not None:
        past = past - mean[:, None, None]  # the recursion is relative to the mean
    data = recursion.trajectories(past, p.sampling, rng.process())
    data += path[:, None]
    truth["intercept"] = Truth(("channel",), intercept)
    truth["mean_path"] = Truth(("time", "channel"), path if p.x0 is None else path + _fading(p, phi, past[:, 0]))
    if p.exog is not None:
        inputs, weights = (np.asarray(value, dtype=np.float64) for value in (p.exog, p.exog_coefficients))
        truth["exog"] = Truth(("time", "regressor"), np.repeat(inputs[None], batch, axis=0))
        truth["exog_coefficients"] = Truth(("channel", "regressor"), np.repeat(weights[None], batch, axis=0))
    return Simulated(data, truth)
