"""Nonlinear autoregressive moving average systems, a benchmark for recurrent networks."""

from __future__ import annotations

import math
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from pymts.data.truth import Simulated, Truth
from pymts.models.registry import model
from pymts.numerics.linear import per_configuration
from pymts.params.base import Params
from pymts.streams import Streams

Array = NDArray[np.float64]

# Inputs are accepted or redrawn in segments of this length for every T, so a longer run extends a shorter one.
SEGMENT = 256
# About one segment in a thousand fails; if one fails this often, the parameters make the system explode.
MAX_ATTEMPTS = 100


class NarmaParams(Params):
    """Parameters of NARMA systems."""

    quantity: ClassVar[str] = "y"

    n: int = Field(default=10, ge=1, le=SEGMENT, description="Order: number of past values and inputs in the equation.")
    alpha: float = Field(default=0.3, ge=0, lt=1, description="Weight of the last value.")
    beta: float = Field(default=0.05, ge=0, le=1, description="Weight of the last value times the sum of the last n.")
    gamma: float = Field(default=1.5, ge=0, description="Weight of the product of the newest and the oldest input.")
    delta: float = Field(default=0.1, ge=0, description="Constant term.")
    u_max: float = Field(default=0.5, gt=0, description="The input is uniform on [0, u_max).")
    burn_in: int = Field(
        default=200,
        ge=0,
        description="Number of steps simulated and discarded before the first sample; the initial state is zero.",
    )

    @model_validator(mode="after")
    def _can_stay_finite(self) -> NarmaParams:
        slack = (1.0 - self.alpha) ** 2 - 4.0 * self.n * self.beta * self.delta
        if slack < 0:
            most = (1.0 - self.alpha) ** 2 / (4.0 * self.n * self.beta)
            raise ValueError(
                f"delta must be at most (1 - alpha)^2 / (4 n beta) = {most:.4g}, got {self.delta:g}: "
                "a larger value makes the system explode even without input"
            )
        return self


def _basin(p: NarmaParams, batch: int) -> Array:
    """Return the level (B,) below which a system without input stays bounded: the upper fixed point of its map."""
    alpha, beta, delta = (per_configuration(value, batch) for value in (p.alpha, p.beta, p.delta))
    rest = 1.0 - alpha
    root = np.sqrt(np.maximum(rest * rest - 4.0 * p.n * beta * delta, 0.0))
    return np.where(beta > 0, (rest + root) / np.where(beta > 0, 2.0 * p.n * beta, 1.0), math.inf)


def _advance(coefficients: tuple[Array, ...], n: int, y: Array, u: Array) -> None:
    """Fill y[:, n:] (rows, n + steps) from its first n values and the inputs u (rows, n - 1 + steps), in place."""
    alpha, beta, gamma, delta = coefficients  # (rows,)
    steps = y.shape[1] - n
    drive = gamma[:, None] * u[:, :steps] * u[:, n - 1 :] + delta[:, None]  # (rows, steps)
    for t in range(steps):
        last = y[:, n + t - 1]
        y[:, n + t] = last * (alpha + beta * y[:, t : n + t].sum(axis=-1)) + drive[:, t]


@model(
    NarmaParams,
    title="NARMA",
    reference="A. F. Atiya and A. G. Parlos (2000), New results on recurrent network training: unifying the "
    "algorithms and accelerating convergence, equation 86, doi:10.1109/72.846741.",
    version=2,
    tags=("nonlinear", "stochastic", "discrete"),
    truth=("input", "redraws"),
)
def narma(p: NarmaParams, rng: Streams) -> Simulated:
    """NARMA systems: each channel responds to a random input with long, nonlinear memory.

    y(t+1) = alpha y(t) + beta y(t) sum_{i=0..n-1} y(t-i) + gamma u(t-n+1) u(t) + delta,   u ~ U[0, u_max)

    Observed: y; the channels are independent systems. Truth: the input u, aligned so that u(t) drives y(t+1), and how
    often parts of it were redrawn. The system can explode (at the defaults, about one path of 2,000 steps in a hundred
    does). Inputs are therefore drawn 256 steps at a time, and redrawn unless the last n values all lie in the basin of
    the stable fixed point without input.
    """
    batch, realizations = rng.shape
    rows = batch * realizations * p.M
    shape = (batch, realizations, p.M)

    def each(values: Array) -> Array:
        return np.repeat(values, realizations * p.M)  # (B,) to (rows,)

    coefficients = tuple(each(per_configuration(value, batch)) for value in (p.alpha, p.beta, p.gamma, p.delta))
    highest, scale = each(_basin(p, batch)), each(per_configuration(p.u_max, batch))
    n, past_inputs = p.n, p.n - 1
    y = np.zeros((rows, n + SEGMENT))  # the last n values, then the segment's
    u = np.zeros((rows, past_inputs + SEGMENT))
    redraws = np.zeros(rows, dtype=np.int64)
    data, inputs = np.empty((2, batch, realizations, p.T, p.M))
    draws = rng.process()
    for segment in range(p.sampling.n_steps // SEGMENT + 1):
        fresh = draws.uniform(SEGMENT, p.M).swapaxes(2, 3).reshape(rows, SEGMENT)
        u[:, past_inputs:] = scale[:, None] * fresh
        alive = np.isfinite(y[:, :n]).all(axis=1)  # explosions that cannot be redrawn are reported later
        _advance(coefficients, n, y, u)
        for attempt in range(MAX_ATTEMPTS):
            failed = np.flatnonzero(alive & ~(y[:, -n:] <= highest[:, None]).all(axis=1))
            if not failed.size:
                break
            redraws[failed] += 1
            for row in failed:
                b, r, channel = np.unravel_index(row, shape)
                generator = rng.again(int(b), int(r), segment, int(channel), attempt)
                u[row, past_inputs:] = scale[row] * generator.random(SEGMENT)
            some = y[failed]
            _advance(tuple(value[failed] for value in coefficients), n, some, u[failed])
            y[failed] = some
        # Step t of the segment leads from state t, the last of the n values before it, to state t + 1.
        states, samples = p.sampling.kept(segment * SEGMENT, SEGMENT)
        values = y[:, past_inputs:-1].reshape(*shape, SEGMENT)
        data[:, :, samples] = values[..., states].swapaxes(2, 3)
        inputs[:, :, samples] = u[:, past_inputs:].reshape(*shape, SEGMENT)[..., states].swapaxes(2, 3)
        y[:, :n] = y[:, -n:].copy()
        u[:, :past_inputs] = u[:, SEGMENT:].copy()
    return Simulated(
        data,
        {
            "input": Truth(("realization", "time", "channel"), inputs),
            "redraws": Truth(("realization", "channel"), redraws.reshape(shape)),
        },
    )
