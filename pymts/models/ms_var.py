"""Vector autoregression whose coefficients switch with a hidden Markov chain."""

from __future__ import annotations

from typing import Annotated, Any

import numpy as np
from annotated_types import Gt
from numpy.typing import NDArray
from pydantic import Field, model_validator

from pymts.data.truth import Simulated, Truth, adjacency
from pymts.models.registry import model
from pymts.models.shared.network import NetworkParams, Topology, infer_m, nesting
from pymts.numerics import switching
from pymts.numerics.covariance import cholesky
from pymts.numerics.linear import per_channel_rows, per_configuration
from pymts.params.base import Matrices, Matrix, NonNegativeVector, ragged_array
from pymts.streams import Streams

Array = NDArray[np.float64]


class MsVarParams(NetworkParams):
    """Parameters of a Markov-switching vector autoregression."""

    topology: Topology = Field(
        default="erdos_renyi",
        description="Graph family for drawn coefficients, one graph per regime; ignored if `A` or `Phi` is given. "
        "Directed families are `ring_unidirectional`, `chain` and `random_dag`, and, if `directed`, `erdos_renyi` and "
        "`sbm`.",
    )
    n_regimes: int = Field(default=2, ge=1, le=64, description="Number of regimes K; inferred from given arrays.")
    stay: float = Field(
        default=0.98,
        ge=0,
        lt=1,
        description="Probability of staying in a regime for one more step; the other regimes share the rest equally.",
    )
    transition: Matrix | None = Field(
        default=None,
        description="Transition probabilities (K, K), rows summing to 1; row j holds the transitions from regime j; "
        "replaces `stay`.",
    )
    Phi: Matrices | None = Field(
        default=None,
        description="Coefficients (K, target, source) of each regime, used as given; `None` draws them.",
    )
    nu: Matrix | None = Field(
        default=None, description="Intercepts (K, M) of each regime, used as given; `None` draws them."
    )
    nu_scale: float = Field(default=1.0, ge=0, description="Standard deviation of the drawn intercepts.")
    sigma: Annotated[float, Gt(0)] | NonNegativeVector = Field(
        default=1.0, description="Standard deviation of the innovations, positive, one number, or one per regime."
    )
    rho: float = Field(
        default=0.9,
        ge=0,
        lt=1,
        description="Bound to which drawn coefficients are scaled: second moments decay at least as fast as rho^2 "
        "per step.",
    )
    burn_in: int = Field(
        default=200, ge=0, description="Number of steps simulated and discarded before the first sample."
    )

    @property
    def preparation(self) -> tuple[float, int]:
        """The cost of the mean-square radius and the stationary moments."""
        return 3.6e-8 * self.n_regimes * self.M**3, 8 * 8 * self.n_regimes * self.M**2

    @model_validator(mode="before")
    @classmethod
    def _arrays_tell_sizes(cls, given: Any) -> Any:
        if not isinstance(given, dict):
            return given
        if "n_regimes" not in given:
            for name, depth in (("Phi", 3), ("nu", 2), ("transition", 2), ("sigma", 1)):
                if nesting(given.get(name)) == depth:
                    given = {**given, "n_regimes": len(given[name])}
                    break
        if nesting(given.get("nu")) == 2 and "Phi" not in given:
            return given if "M" in given or "n_channels" in given else {**given, "M": len(given["nu"][0])}
        return infer_m(given, "Phi")

    @model_validator(mode="after")
    def _arrays_fit(self) -> MsVarParams:
        k, m = self.n_regimes, self.M
        shapes: dict[str, tuple[str, tuple[int, ...]]] = {
            "Phi": ("(K, M, M)", (k, m, m)),
            "nu": ("(K, M)", (k, m)),
            "transition": ("(K, K)", (k, k)),
        }
        for name, (text, shape) in shapes.items():
            value = getattr(self, name)
            if value is not None and ragged_array(name, value).shape != shape:
                raise ValueError(
                    f"{name} must have shape {text} = {shape}, got shape {ragged_array(name, value).shape}"
                )
        sigma = np.atleast_1d(self.sigma)
        if sigma.size not in (1, k) or (sigma.size == 1 and isinstance(self.sigma, tuple) and k > 1):
            raise ValueError(f"sigma must be one number or K = {k} numbers, got {sigma.size} numbers")
        if sigma.min() <= 0:
            raise ValueError(f"sigma must be greater than 0, got {sigma.min():g}")
        _check_chain(self.transitions(1)[0])
        if self.Phi is None:
            return self
        if self.A is not None:
            raise ValueError("Phi and A are both given; keep Phi, whose nonzero coefficients are the graph")
        phi, radius = np.asarray(self.Phi)[None], 1.0
        for steps in (256, 4096):  # more steps, a tighter bound
            radius = float(switching.mean_square_radius(phi, self.transitions(1), steps)[0])
            if radius < 1:
                return self
        raise ValueError(
            "Phi must be stable in mean square: second moments must shrink by a factor less than 1 per step, "
            f"got {radius:.6g}; multiply Phi by less than {radius**-0.5:.4g}"
        )

    def transitions(self, batch: int) -> Array:
        """Return the transition probabilities of each configuration, (B, K, K)."""
        k = self.n_regimes
        if self.transition is not None:
            return np.repeat(np.asarray(self.transition)[None], batch, axis=0)
        if k == 1:
            return np.ones((batch, 1, 1))
        stay = per_configuration(self.stay, batch)[:, None, None]
        return np.where(np.eye(k, dtype=bool), stay, (1.0 - stay) / (k - 1))


def _check_chain(transition: Array) -> None:
    """Check that this is a transition matrix with a unique stationary distribution."""
    if transition.min() < 0:
        raise ValueError(f"transition must have nonnegative probabilities, got {transition.min():g}")
    sums = transition.sum(axis=1)
    worst = sums[np.abs(sums - 1.0).argmax()]
    if abs(worst - 1.0) > 1e-9:
        raise ValueError(f"transition must have rows that sum to 1, got a row that sums to {worst:.6g}")
    if (np.abs(np.linalg.eigvals(transition) - 1.0) < 1e-9).sum() > 1:
        raise ValueError(
            "transition must have a unique stationary distribution, got regimes that never reach each other"
        )


def _draw(p: MsVarParams, rng: Streams, transition: Array) -> tuple[Array, Array]:
    """Return the given or drawn coefficients (B, K, target, source) and intercepts (B, K, M)."""
    batch, k, m = rng.shape[0], p.n_regimes, p.M
    phis, intercepts = [], []
    for generator in rng.structure():
        graphs = np.stack([p.draw_graph(generator) if p.Phi is None else np.eye(m) for _ in range(k)])
        sign = np.where(generator.random((k, m, m)) < 0.5, -1.0, 1.0)
        phis.append(sign * (0.5 + generator.random((k, m, m))) * np.where(np.eye(m, dtype=bool), 1.0, graphs))
        intercepts.append(generator.standard_normal((k, m)))
    nu = per_configuration(p.nu_scale, batch)[:, None, None] * np.stack(intercepts)
    if p.nu is not None:
        nu = np.repeat(np.asarray(p.nu)[None], batch, axis=0)
    if p.Phi is not None:
        return np.repeat(np.asarray(p.Phi)[None], batch, axis=0), nu
    phi = np.stack(phis)
    radius = switching.mean_square_radius(phi, transition)
    return phi * (per_configuration(p.rho, batch) / np.sqrt(radius))[:, None, None, None], nu


@model(
    MsVarParams,
    title="Markov-switching VAR",
    reference="J. D. Hamilton (1989), A new approach to the economic analysis of nonstationary time series and the "
    "business cycle, doi:10.2307/1912559. H.-M. Krolzig (1997), Markov-switching vector autoregressions, "
    "doi:10.1007/978-3-642-51684-9.",
    version=2,
    tags=("nonlinear", "network", "stationary", "stochastic", "regimes", "discrete"),
    truth=(
        "regime",
        "transition",
        "regime_probability",
        "regime_coefficients",
        "regime_intercept",
        "regime_noise_std",
        "adjacency",
        "theory_mean",
        "theory_cov",
    ),
)
def ms_var(p: MsVarParams, rng: Streams) -> Simulated:
    """Markov-switching vector autoregression: a hidden chain switches all coefficients.

    x(t) = nu_s + Phi_s x(t-1) + sigma_s e(t),   s = s(t),   P(s(t+1) = k | s(t) = j) = P_jk,   e ~ N(0, 1)

    Drawn coefficients have random signs and sizes from 0.5 to 1.5 (off the diagonal times the edge's weight), on a
    separate graph for each regime; all are then multiplied by one number that bounds the growth of second moments by
    rho^2 per step. Given coefficients are used unchanged, and rejected if second moments would grow.

    Observed: x. Truth: the regime, its transition and stationary probabilities, the coefficients of each regime, a
    summary graph (largest absolute coefficient over the regimes), mean and covariance in closed form. The chain starts
    from its stationary distribution, and x with the right mean and covariance in each regime; higher moments settle
    during `burn_in`.
    """
    batch, realizations = rng.shape
    k, m, sampling = p.n_regimes, p.M, p.sampling
    transition = p.transitions(batch)
    pi = switching.stationary_distribution(transition)
    phi, nu = _draw(p, rng, transition)
    sigma = per_channel_rows(p.sigma, batch, k)  # (B, K)
    noise_cov = sigma[..., None, None] ** 2 * np.eye(m)
    first, second = switching.switching_moments(phi, nu, noise_cov, transition, pi)
    weight = np.where(pi > 0, pi, 1.0)
    mean = first / weight[..., None]
    spread = second / weight[..., None, None] - mean[..., :, None] * mean[..., None, :]
    total = first.sum(axis=1)  # (B, M)
    covariance = second.sum(axis=1) - total[:, :, None] * total[:, None, :]

    labels = rng.labels()
    probabilities = np.repeat(pi[:, None], realizations, axis=1)
    state = switching.choose(probabilities, labels.uniform(1)[:, :, 0])  # (B, R)
    normals = rng.initial().normal(m)
    x = switching.pick(mean, state) + (switching.pick(cholesky(spread), state) * normals[..., None, :]).sum(axis=-1)
    data = np.empty((batch, realizations, p.T, m))
    regime = np.empty((batch, realizations, p.T), dtype=np.int64)
    states, samples = sampling.kept(0, 1)
    data[:, :, samples], regime[:, :, samples] = x[:, :, None][:, :, states], state[:, :, None][:, :, states]
    for start, block in rng.process().blocks(sampling.n_steps, m):
        path = switching.markov_path(transition, state, labels.uniform(block.shape[2]))
        values = block * switching.pick(sigma, path)[..., None] + switching.pick(nu, path)  # (B, R, steps, M)
        x = switching.switching_recursion(phi, values, path, x, None)
        state = path[:, :, -1]
        states, samples = sampling.kept(start + 1, values.shape[2])
        data[:, :, samples], regime[:, :, samples] = values[:, :, states], path[:, :, states]
    truth = {
        "regime": Truth(("realization", "time"), regime),
        "transition": Truth(("state", "state_next"), transition),
        "regime_probability": Truth(("state",), pi),
        "regime_coefficients": Truth(("state", "target", "source"), phi),
        "regime_intercept": Truth(("state", "channel"), nu),
        "regime_noise_std": Truth(("state",), sigma),
        "adjacency": adjacency(np.abs(phi).max(axis=1), "summary"),
        "theory_mean": Truth(("time", "channel"), np.repeat(total[:, None], p.T, axis=1)),
        "theory_cov": Truth(("channel", "channel_"), covariance),
    }
    return Simulated(data, truth)
