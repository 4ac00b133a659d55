"""Gaussian processes with several outputs."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Any, Literal

import numpy as np
from annotated_types import Ge
from numpy.typing import NDArray
from pydantic import Field, model_validator

from pymts.data.truth import Simulated, Truth
from pymts.models.registry import model
from pymts.models.shared.network import infer_m
from pymts.numerics.functions import power
from pymts.numerics.generator import Generator
from pymts.numerics.kernels import ADD, KINDS, MULTIPLY, Term, compose
from pymts.numerics.linear import per_channel_rows, per_configuration
from pymts.numerics.tiles import TILE, factor_rows, times_columns
from pymts.params.base import Matrix, NonNegativeVector, Params, ragged_array
from pymts.streams import Streams

Array = NDArray[np.float64]

MAX_STEPS = 8192
JITTER = 1e-9
MIN_SCALE = 0.001
# Drawn scales lie within this factor of the given one; drawn linear kernels are this much flatter, so that they do not
# dominate the sum.
SPREAD = 4.0
FLATTER = 10.0


class GpParams(Params):
    """Parameters of a multi-output Gaussian process."""

    kernel: Literal["random", "rbf", "matern12", "matern32", "matern52", "rational_quadratic", "periodic", "linear"] = (
        Field(
            default="random",
            description="Covariance over time of the latent processes; `random` composes kernels by sums and products.",
        )
    )
    n_kernels: int = Field(
        default=2, ge=1, le=32, description="Number Q of kernels, each with its own latent processes."
    )
    rank: int = Field(default=1, ge=1, le=32, description="Number of latent processes per kernel: the rank of B_q.")
    max_terms: int = Field(default=3, ge=1, le=8, description="Maximum number of kernels in a random composition.")
    length_scale: Annotated[float, Ge(MIN_SCALE)] | NonNegativeVector = Field(
        default=20.0,
        description="Length scale in steps, at least 0.001, one number, or one per kernel; `random` draws between a "
        "quarter of it and four times it.",
    )
    period: float = Field(
        default=50.0,
        ge=MIN_SCALE,
        description="Period of `periodic` in steps; `random` draws between a quarter of it and four times it.",
    )
    mixture: float = Field(
        default=1.0, ge=MIN_SCALE, description="Shape of `rational_quadratic`; small values mix many length scales."
    )
    W: Matrix | None = Field(
        default=None, description="Loadings (M, Q rank) of the latent processes, kernel by kernel; `None` draws them."
    )
    noise_std: float = Field(
        default=0.05, ge=0, description="Standard deviation of the independent noise added to each sample."
    )

    @model_validator(mode="before")
    @classmethod
    def _loadings_tell_m(cls, given: Any) -> Any:
        return infer_m(given, "W")

    @model_validator(mode="after")
    def _sizes_fit(self) -> GpParams:
        steps = self.sampling.n_steps + 1
        if steps > MAX_STEPS:
            raise ValueError(
                f"burn_in + (T - 1) sample_every must be less than {MAX_STEPS} steps, got {steps - 1}: "
                "the covariance over time has that many rows and columns"
            )
        length = np.atleast_1d(self.length_scale)
        if length.min(initial=1.0) < MIN_SCALE:
            raise ValueError(f"length_scale must be at least {MIN_SCALE}, got {length.min():g}")
        if isinstance(self.length_scale, tuple) and length.size != self.n_kernels:
            raise ValueError(
                f"length_scale must be one number or n_kernels = {self.n_kernels} numbers, got {length.size} numbers"
            )
        if self.W is not None:
            shape, expected = ragged_array("W", self.W).shape, (self.M, self.n_kernels * self.rank)
            if shape != expected:
                raise ValueError(f"W must have shape (M, n_kernels rank) = {expected}, got shape {shape}")
        return self


def _compositions(p: GpParams, generator: Generator, length: Array, period: float, mixture: float) -> list[list[Term]]:
    """Return the given or drawn terms of each kernel."""
    shapes = {"rational_quadratic": mixture, "periodic": period}
    if p.kernel != "random":
        # A periodic kernel's length scale is in units of the period and stays at 1.
        return [[Term(p.kernel, 1.0 if p.kernel == "periodic" else one, shapes.get(p.kernel, 1.0))] for one in length]
    found = []
    for one in length:
        terms = []
        count = int(generator.integers(1, p.max_terms + 1))
        for j in range(p.max_terms):
            kind = KINDS[int(generator.integers(len(KINDS)))]
            factor = float(power(SPREAD, 2.0 * generator.random() - 1.0))
            operation = MULTIPLY if generator.random() < 0.5 and j else ADD
            scale = {"periodic": 1.0, "linear": FLATTER * factor * one}.get(kind, factor * one)
            shape = shapes.get(kind, 1.0) * (factor if kind == "periodic" else 1.0)
            if j < count:
                terms.append(Term(kind, scale, shape, operation))
        found.append(terms)
    return found


def _described(compositions: list[list[list[Term]]], n_terms: int) -> dict[str, Truth]:
    """Return the compositions (configuration, kernel, term) as truth; missing terms have operation 0."""
    size = (len(compositions), len(compositions[0]), n_terms)
    kind, operation = np.zeros((2, *size), dtype=np.int64)
    length, shape = np.zeros((2, *size))
    for b, kernels in enumerate(compositions):
        for q, terms in enumerate(kernels):
            for j, term in enumerate(terms):
                kind[b, q, j], operation[b, q, j] = KINDS.index(term.kind), term.operation
                length[b, q, j], shape[b, q, j] = term.length, term.shape
    dims = ("kernel", "term")
    names = ", ".join(f"{index} {name}" for index, name in enumerate(KINDS))
    return {
        "kernel_kind": Truth(dims, kind, {"kinds": names}),
        "kernel_operation": Truth(dims, operation, {"operations": "0 no term, 1 added, 2 multiplied"}),
        "kernel_length_scale": Truth(dims, length),
        "kernel_shape": Truth(dims, shape, {"note": "The mixture of a rational_quadratic, the period of a periodic."}),
    }


@model(
    GpParams,
    title="Gaussian process",
    reference="C. E. Rasmussen and C. K. I. Williams (2006), Gaussian processes for machine learning, "
    "doi:10.7551/mitpress/3206.001.0001. Several outputs: M. A. Alvarez, L. Rosasco and N. D. Lawrence (2012), "
    "Kernels for vector-valued functions: a review, doi:10.1561/2200000036. Random compositions: A. F. Ansari et al. "
    "(2024), Chronos: learning the language of time series, doi:10.48550/arXiv.2403.07815.",
    version=2,
    tags=("linear", "stochastic", "gaussian", "continuous"),
    truth=(
        "coregionalization",
        "loadings",
        "latent",
        "kernel_kind",
        "kernel_operation",
        "kernel_length_scale",
        "kernel_shape",
    ),
)
def gp(p: GpParams, rng: Streams) -> Simulated:
    """Gaussian processes: smooth, rough, periodic or trending channels that share latent processes.

    x(t) = sum_q W_q u_q(t) + noise_std e(t),   Cov(x(t), x(s)) = sum_q B_q k_q(t, s) + [t = s] noise_std^2,
    B_q = W_q W_q'

    With equal kernels this is the intrinsic model of coregionalization, otherwise the linear model. With r = |t - s| /
    length: rbf exp(-r^2/2), matern12 exp(-r), rational_quadratic (1 + r^2 / (2 mixture))^-mixture, periodic exp(-2
    sin^2(pi |t - s| / period)), linear 1 + t s / length^2. `random` combines one to `max_terms` of them, adding or
    multiplying each with the terms before it; linear kernels use ten times the length scale. Drawn loadings are normal
    with variance 1 / (Q rank). A jitter of 1e-9 of k(t, t) is added to the variance of each latent process.

    Observed: x. Truth: B, the loadings, the latent processes (both ordered by kernel) and the kernels.
    """
    batch, realizations = rng.shape
    m, count, rank, sampling = p.M, p.n_kernels, p.rank, p.sampling
    width = count * rank
    length = per_channel_rows(p.length_scale, batch, count)  # (B, Q)
    period, mixture = per_configuration(p.period, batch), per_configuration(p.mixture, batch)
    loadings, compositions = [], []
    for b, generator in enumerate(rng.structure()):
        drawn = generator.standard_normal((m, width)) / np.sqrt(width)
        loadings.append(drawn if p.W is None else np.asarray(p.W))
        compositions.append(_compositions(p, generator, length[b], float(period[b]), float(mixture[b])))
    weights = np.stack(loadings)  # (B, M, Q rank)

    tiles = sampling.n_steps // TILE + 1
    normals = rng.process().normal(tiles * TILE, width + m)  # (B, R, n, Q rank + M)
    latent = np.empty((batch, realizations, p.T, width))
    states, _ = sampling.kept(0, sampling.n_steps + 1)
    for b in range(batch):
        for q in range(count):
            rows = factor_rows(partial(compose, compositions[b][q]), tiles, JITTER)
            columns = slice(q * rank, (q + 1) * rank)
            z = normals[b, :, :, columns].transpose(1, 0, 2).reshape(tiles * TILE, -1)  # (n, R rank)
            values = times_columns(rows, z)[states].reshape(p.T, realizations, rank)
            latent[b, :, :, columns] = values.transpose(1, 0, 2)
    data = per_configuration(p.noise_std, batch)[:, None, None, None] * normals[:, :, states, width:]
    for index in range(width):
        data += latent[..., index, None] * weights[:, None, None, :, index]
    each = weights.reshape(batch, m, count, rank).transpose(0, 2, 1, 3)  # (B, Q, M, rank)
    return Simulated(
        data,
        {
            "coregionalization": Truth(
                ("kernel", "channel", "channel_"), (each[:, :, :, None] * each[:, :, None]).sum(axis=-1)
            ),
            "loadings": Truth(("channel", "state"), weights),
            "latent": Truth(("realization", "time", "state"), latent),
            **_described(compositions, p.max_terms if p.kernel == "random" else 1),
        },
    )
