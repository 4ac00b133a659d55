"""Linear recursions whose coefficients switch with a regime: Markov chains, simulation, moments and stability.

K regimes; a transition matrix (B, K, K) has rows that sum to 1: [j, k] leads from regime j to regime k.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pymts.numerics.portable.dense import product, solve
from pymts.numerics.portable.eigen import largest_modulus
from pymts.numerics.portable.elementary import exp_into, log_into
from pymts.numerics.rows import rows_times

Array = NDArray[np.float64]
Regimes = NDArray[np.int64]

# Second moments are iterated to this relative change, or for so many steps.
MOMENT_TOLERANCE = 1e-15
MOMENT_ROUNDING = 1e-14
MOMENT_STEPS = 100_000


def stationary_distribution(transition: Array) -> Array:
    """Return the pi with pi P = pi and sum 1, (B, K), for chains that have only one."""
    batch, k, _ = transition.shape
    equations = np.eye(k) - transition.swapaxes(-1, -2)
    equations[:, -1] = 1.0  # one of the balances follows from the others; the sum takes its place
    right = np.zeros((batch, k, 1))
    right[:, -1] = 1.0
    return np.asarray(np.maximum(solve(equations, right)[..., 0], 0.0))


def choose(probabilities: Array, uniforms: Array) -> Regimes:
    """Return the index that each uniform (B, R) picks from its own probabilities (B, R, K)."""
    steps = np.cumsum(probabilities, axis=-1)[..., :-1]
    return np.asarray((uniforms[..., None] >= steps).sum(axis=-1))


def markov_path(transition: Array, start: Regimes, uniforms: Array) -> Regimes:
    """Return the regimes that follow ``start`` (B, R), one for each uniform (B, R, steps)."""
    rows = np.arange(len(transition))[:, None]
    path = np.empty(uniforms.shape, dtype=np.int64)
    state = start
    for t in range(uniforms.shape[2]):
        state = choose(transition[rows, state], uniforms[:, :, t])
        path[:, :, t] = state
    return path


def pick(values: Array, regime: Regimes) -> Array:
    """Return what each regime (B, R, ...) has of ``values`` (B, K, ...)."""
    rows = np.arange(len(values)).reshape(-1, *[1] * (regime.ndim - 1))
    return np.asarray(values[rows, regime])


def stacked(matrices: Array) -> Array:
    """Return matrices (B, K, M, N) below each other, (B, K M, N), for one product with all of them."""
    batch, k, m, n = matrices.shape
    return matrices.reshape(batch, k * m, n)


def switching_recursion(phi: Array, added: Array, regime: Regimes, x: Array, fresh: NDArray[np.bool_] | None) -> Array:
    """Overwrite ``added`` (B, R, steps, M) with the states x_t = Phi_{s(t)} x_{t-1} + added_t, and return the last.

    Parameters
    ----------
    phi : array of shape (B, K, M, M)
    added : array of shape (B, R, steps, M)
    regime : array of shape (B, R, steps), s(t)
    x : array of shape (B, R, M), the state before the first step
    fresh : array of shape (B, R, steps), true where the past is forgotten, or None
    """
    batch, realizations, steps, m = added.shape
    every = stacked(phi)
    b, r = np.ogrid[:batch, :realizations]
    for t in range(steps):
        product = rows_times(x, every).reshape(batch, realizations, -1, m)
        past = product[b, r, regime[:, :, t]]
        if fresh is not None:
            past = np.where(fresh[:, :, t, None], 0.0, past)
        x = past + added[:, :, t]
        added[:, :, t] = x
    return x


def _mixed(transition: Array, values: Array) -> Array:
    """Return sum_j P[j, k] values[j], from (B, K, M, N), before each regime's own step."""
    return np.asarray((transition[..., None, None] * values[:, :, None]).sum(axis=1))


def mean_square_radius(phi: Array, transition: Array, steps: int = 256) -> Array:
    """Return an upper bound (B,) of the factor by which second moments grow a step in the long run.

    The map X_k -> Phi_k (sum_j P[j, k] X_j) Phi_k' is positive, so the norm of its n-th power is what the power makes
    of identities, and its n-th root bounds the spectral radius from above, the tighter the larger n = ``steps``.
    """
    batch, k, m, _ = phi.shape
    moments = np.broadcast_to(np.eye(m), (batch, k, m, m))
    logarithm = np.zeros(batch)
    for _ in range(steps):
        moments = product(product(phi, _mixed(transition, moments)), phi.swapaxes(-1, -2))
        size = np.abs(moments).max(axis=(1, 2, 3))
        size = np.where(size > 0, size, 1.0)
        moments = moments / size[:, None, None, None]
        log_into(size, size)
        logarithm += size
    norm = largest_modulus(moments).max(axis=1)
    bound = np.where(norm > 0, norm, 1.0)
    log_into(bound, bound)
    bound = (logarithm + bound) / steps
    exp_into(bound, bound)
    return np.where(norm > 0, bound, 0.0)


def switching_moments(phi: Array, nu: Array, noise: Array, transition: Array, pi: Array) -> tuple[Array, Array]:
    """Return stationary E x 1{s = k} (B, K, M) and E x x' 1{s = k} (B, K, M, M) of x_t = nu_s + Phi_s x_{t-1} + e_t.

    Parameters
    ----------
    phi : array of shape (B, K, M, M)
    nu : array of shape (B, K, M)
    noise : array of shape (B, K, M, M), the covariance of e in each regime
    transition : array of shape (B, K, K)
    pi : array of shape (B, K)
    """
    weight = pi[..., None, None]
    nu = nu[..., None]  # (B, K, M, 1)
    constant = weight * (nu * nu.swapaxes(-1, -2) + noise)
    first, second = weight * nu, constant
    going = np.ones((len(phi), 1, 1, 1), dtype=bool)
    before = np.full((len(phi), 1, 1, 1), np.inf)  # the change of the step before
    for _ in range(MOMENT_STEPS):
        driven = product(phi, _mixed(transition, first))
        cross = driven * nu.swapaxes(-1, -2)
        grown = product(product(phi, _mixed(transition, second)), phi.swapaxes(-1, -2))
        grown = grown + (cross + cross.swapaxes(-1, -2)) + constant
        mean = driven + weight * nu
        change = np.abs(grown - second).max(axis=(1, 2, 3), keepdims=True)
        size = np.abs(grown).max(axis=(1, 2, 3), keepdims=True)
        # Some end in a cycle of rounding errors just above the tolerance.
        cycling = (change >= before) & (change <= MOMENT_ROUNDING * size)
        going, before = going & (change > MOMENT_TOLERANCE * size) & ~cycling, change
        if not going.any():
            break
        first, second = np.where(going, mean, first), np.where(going, grown, second)
    return first[..., 0], 0.5 * (second + second.swapaxes(-1, -2))
