"""Linear recursions x_t = sum_k Phi_k x_{t-k} + e_t: their stability, their scaling and their covariances.

Everything takes a stack of configurations, (B, p, M, M), slice by slice: the bits of one do not depend on the others.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import numpy as np
from numpy.typing import NDArray

from pymts.numerics.generator import Generator
from pymts.numerics.portable.dense import exponential, power, product
from pymts.numerics.portable.eigen import largest_modulus

Array = NDArray[np.float64]

# 2^64 steps: more than any radius below 1 that float64 can hold needs to die out.
MAX_DOUBLINGS = 64


def per_configuration(value: float | Array, batch: int) -> Array:
    """Return a number, or numbers that differ in the batch (B, 1, 1), as an array (B,)."""
    return np.array(np.broadcast_to(np.asarray(value, dtype=np.float64), (batch, 1, 1))[:, 0, 0])


def per_channel_rows(value: float | Sequence[float] | Array, batch: int, m: int) -> Array:
    """Return a number, numbers that differ in the batch (B, 1, 1) or one number a channel as an array (B, M)."""
    if isinstance(value, tuple):
        return np.repeat(np.asarray(value, dtype=np.float64)[None], batch, axis=0)
    return np.repeat(per_configuration(cast("float | Array", value), batch)[:, None], m, axis=1)


def rows_of(batch: int, *values: float | Array) -> list[tuple[float, ...]]:
    """Return numbers, or numbers that differ in the batch (B, 1, 1), as one tuple for each configuration."""
    columns = [per_configuration(value, batch).tolist() for value in values]
    return list(zip(*columns, strict=True)) if columns else [()] * batch


def signed_sizes(rng: Generator, lags: int, m: int) -> Array:
    """Return coefficients of random sign and of size 0.5 to 1.5, for each lag its own, (lags, M, M)."""
    sign = np.where(rng.random((lags, m, m)) < 0.5, -1.0, 1.0)
    return sign * (0.5 + rng.random((lags, m, m)))


def edge_strength(graphs: Array, self_strength: Array, cross_strength: Array) -> Array:
    """Return graphs (B, target, source) with edges times cross_strength (B,) and self_strength (B,) on the diagonal."""
    itself = np.eye(graphs.shape[-1])
    strength = graphs * (1.0 - itself) * cross_strength[:, None, None]
    strength += self_strength[:, None, None] * itself
    return strength


def companion(phi: Array) -> Array:
    """Return the matrix that advances (x_t, x_{t-1}, ..., x_{t-p+1}): (B, p, M, M) to (B, p M, p M)."""
    batch, p, m, _ = phi.shape
    matrix = np.zeros((batch, p * m, p * m))
    matrix[:, :m] = phi.transpose(0, 2, 1, 3).reshape(batch, m, p * m)
    matrix[:, m:, :-m] = np.eye((p - 1) * m)
    return matrix


def _feedback(phi: Array) -> Array:
    """Return phi with only the influences that lie on a cycle, (B, p, M, M).

    The others join strongly connected components one way, so that they do not move an eigenvalue.
    """
    edges = np.any(phi != 0, axis=1)  # (B, target, source)
    reach = edges | np.eye(phi.shape[-1], dtype=bool)
    steps = 1
    while steps < phi.shape[-1]:
        reach = product(reach.astype(np.float64), reach.astype(np.float64)) > 0
        steps *= 2
    return np.where((reach & reach.swapaxes(-1, -2))[:, None], phi, 0.0)


def spectral_radius(phi: Array) -> Array:
    """Return the spectral radius of each recursion (B, p, M, M) as (B,); exactly 0 where no influence is on a cycle.

    The computed eigenvalues of a nilpotent matrix of size n are not 0 but about eps^(1/n), which scaling to a radius
    would blow up; so what no feedback can reach is told by the graph, not by an eigenvalue.
    """
    if not phi.shape[1]:
        return np.zeros(len(phi))
    cyclic = _feedback(phi)
    radius = largest_modulus(companion(cyclic))
    return np.where(np.any(cyclic != 0, axis=(1, 2, 3)), radius, 0.0)


def lag_scales(phi: Array, rho: Array) -> Array:
    """Return what each lag of phi (B, p, M, M) is scaled by for a spectral radius of rho (B,): (B, p, 1, 1)."""
    radius = spectral_radius(phi)
    ratio = np.where(radius > 0, rho / np.where(radius > 0, radius, 1.0), 1.0)
    lags = phi.shape[1]
    powers = np.multiply.accumulate(np.repeat(ratio[:, None], lags, axis=1), axis=1)
    return np.asarray(powers[:, :, None, None])


def scale_to_radius(phi: Array, rho: Array) -> Array:
    """Return phi (B, p, M, M) with spectral radius rho (B,): lag k is scaled by (rho / r)^k.

    This scales every eigenvalue of the companion matrix by rho / r: exact, and in one step. A recursion without any
    feedback has radius 0 whatever its size, and is left as it is.
    """
    return phi * lag_scales(phi, rho)


def stationary_covariance(transition: Array, noise: Array) -> Array:
    """Return P = A P A' + Q for stable A (B, n, n) and Q (B, n, n), by doubling: P = sum_k A^k Q A'^k.

    Each configuration stops when its own sum no longer changes; those still going do not touch it.
    """
    reached, total = transition, noise
    going = np.ones((len(total), 1, 1), dtype=bool)
    for _ in range(MAX_DOUBLINGS // 2):
        grown = total
        for _ in range(2):  # looking costs more than a doubling
            grown = grown + product(product(reached, grown), reached.swapaxes(-1, -2))
            reached = product(reached, reached)
        going = going & (grown != total).any(axis=(1, 2), keepdims=True)
        if not going.any():
            break
        total = np.where(going, grown, total)
    return np.asarray(0.5 * (total + total.swapaxes(-1, -2)))


def innovation_covariance(sigma: Array, p: int) -> Array:
    """Return the noise of the companion form: sigma (B, M, M) in the newest block of (B, p M, p M)."""
    batch, m, _ = sigma.shape
    noise = np.zeros((batch, p * m, p * m))
    noise[:, :m, :m] = sigma
    return noise


def autocovariances(transition: Array, covariance: Array, m: int, every: int, n_lags: int = 6) -> Array:
    """Return Cov(x[t + lag], x[t]) for lag 0, 1, ... samples of ``every`` steps each, (B, n_lags, M, M).

    The state's first m components are what is observed.
    """
    stride = power(transition, every)
    lagged = [covariance]
    for _ in range(n_lags - 1):
        lagged.append(product(stride, lagged[-1]))
    return np.stack([item[:, :m, :m] for item in lagged], axis=1)


def ou_step(theta: Array, sigma: Array, dt: float) -> tuple[Array, Array]:
    """Return F = exp(-Theta dt) and Q = int_0^dt exp(-Theta s) Sigma exp(-Theta' s) ds, both (M, M), exactly.

    Both come from one exponential (Van Loan 1978) over a step so short that nothing cancels; steps are then doubled.
    P - F P F', the textbook's form of Q, loses all digits as dt goes to 0.
    """
    m = len(theta)
    doublings = max(0, int(np.frexp(np.abs(theta).sum(axis=1).max() * dt)[1]))
    block = np.zeros((2 * m, 2 * m))
    block[:m, :m], block[:m, m:], block[m:, m:] = theta, sigma, -theta.T
    both = exponential(block * (dt * 2.0**-doublings))
    step = np.ascontiguousarray(both[m:, m:].T)
    noise = product(step, both[:m, m:])
    for _ in range(doublings):
        noise = noise + product(product(step, noise), step.T)
        step = product(step, step)
    return step, 0.5 * (noise + noise.T)


def ou_covariance(theta: Array, sigma: Array) -> Array:
    """Return the P that solves Theta P + P Theta' = Sigma, (M, M): that of the exact step over a time of order one."""
    time = 1.0 / np.abs(theta).sum(axis=1).max()
    step, noise = ou_step(theta, sigma, float(time))
    covariance: Array = stationary_covariance(step[None], noise[None])[0]
    return covariance
