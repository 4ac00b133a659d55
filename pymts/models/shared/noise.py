"""Parameters of Gaussian noise with one scale per channel or a full covariance, shared by several models."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from pymts.numerics.covariance import cholesky
from pymts.numerics.linear import per_channel_rows, per_configuration
from pymts.numerics.rows import rows_times
from pymts.params.base import Matrix, NonNegative, NonNegativeVector, Params, per_channel, square

Array = NDArray[np.float64]

CHUNK_VALUES = 2**14


class NoiseParams(Params):
    """Parameters of a model driven by Gaussian noise."""

    sigma: NonNegative | NonNegativeVector = Field(
        default=1.0, description="Standard deviation of the noise, one number or M numbers."
    )
    Sigma: Matrix | None = Field(
        default=None,
        description="Covariance (M, M) of the noise, symmetric and positive semidefinite; replaces `sigma`.",
    )

    @model_validator(mode="after")
    def _noise_fits(self) -> NoiseParams:
        per_channel("sigma", self.sigma, self.M)
        if self.Sigma is not None:
            if self.sigma != type(self).model_fields["sigma"].default:
                raise ValueError("sigma and Sigma both set the size of the noise; keep one")
            try:
                cholesky(square("Sigma", self.Sigma, self.M))
            except ValueError as error:
                raise ValueError(str(error).replace("a covariance", "Sigma")) from None
        return self

    def factor(self, batch: int) -> Array:
        """Return what turns standard normals into noise of the declared covariance, (B, M, M)."""
        if self.Sigma is not None:
            return np.repeat(cholesky(np.asarray(self.Sigma))[None], batch, axis=0)
        return per_channel_rows(self.sigma, batch, self.M)[:, :, None] * np.eye(self.M)

    def covariance(self, batch: int) -> Array:
        """Return the declared covariance of each configuration, (B, M, M)."""
        if self.Sigma is not None:
            return np.broadcast_to(np.asarray(self.Sigma), (batch, self.M, self.M)).copy()
        sigma = np.broadcast_to(np.asarray(self.sigma), (batch, 1, self.M))
        return sigma.transpose(0, 2, 1) * (sigma * np.eye(self.M))


class InnovationParams(Params):
    """Parameters of a model with Gaussian innovations: one scale for all channels, or a full covariance."""

    noise_scale: float = Field(
        default=1.0, ge=0, description="Standard deviation of independent innovations; not with `Sigma`."
    )
    Sigma: Matrix | None = Field(
        default=None, description="Covariance (M, M) of the innovations; `None` uses `noise_scale`."
    )

    @model_validator(mode="after")
    def _innovations_fit(self) -> InnovationParams:
        if self.Sigma is None:
            return self
        if self.noise_scale != type(self).model_fields["noise_scale"].default:
            raise ValueError("Sigma and noise_scale are both given; keep one")
        sigma = square("Sigma", self.Sigma, self.M)
        try:
            cholesky(sigma)
        except ValueError as error:
            raise ValueError(f"Sigma: {error}") from None
        return self

    def innovations(self, batch: int) -> tuple[Array, Array]:
        """Return the covariance (B, M, M) and its factor, which colours standard normals, or a number (B, 1, 1)."""
        if self.Sigma is None:
            factor = per_configuration(self.noise_scale, batch)[:, None, None]
            return factor**2 * np.eye(self.M), factor
        sigma = np.repeat(np.asarray(self.Sigma, dtype=np.float64)[None], batch, axis=0)
        return sigma, cholesky(sigma)


def per_step(value: Any) -> Array:
    """Return a parameter so that it broadcasts against (configuration, realization, step, channel)."""
    array = np.asarray(value, dtype=np.float64)
    return array[:, None] if array.ndim == 3 else array


def mix(noise: Array, factor: Array) -> Array:
    """Multiply each step of the noise (B, R, steps, M) by ``factor``, (B, M, M) or (1, M, M), in place."""
    rows = noise.reshape(len(noise), -1, noise.shape[-1])  # (B, R steps, M)
    length = max(1, CHUNK_VALUES // rows[:, 0].size)
    for start in range(0, rows.shape[1], length):  # small products, since fresh memory costs more than arithmetic
        part = rows[:, start : start + length]
        part[...] = rows_times(part, factor)
    return noise


def check_correlation(value: Any, m: int) -> None:
    """Check the correlation of m channels: one number for all pairs, or a matrix (m, m)."""
    if isinstance(value, float):
        lowest = -1.0 / max(m - 1, 1)
        if not lowest <= value <= 1:
            raise ValueError(
                f"correlation must lie from -1/(M-1) = {lowest:.4g} to 1 for M = {m} channels, got {value}"
            )
        return
    matrix = square("correlation", value, m)
    if np.abs(np.diag(matrix) - 1.0).max() > 1e-12:  # estimated correlations miss 1 by a rounding error
        raise ValueError("correlation must have ones on its diagonal; give Sigma_ij / (sigma_i sigma_j)")
    try:
        cholesky(matrix)
    except ValueError as error:
        raise ValueError(str(error).replace("a covariance", "correlation")) from None


def correlations(value: Any, batch: int, m: int) -> Array:
    """Return the correlation matrix of each configuration, (B, M, M)."""
    given = np.asarray(value)
    if given.ndim == 2:
        return np.broadcast_to(given, (batch, m, m))
    rho = np.broadcast_to(given, (batch, 1, 1))
    return rho + (1.0 - rho) * np.eye(m)
