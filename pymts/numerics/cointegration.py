"""Error correction: dx_t = alpha beta' x_{t-1} + sum_{k=1..p-1} Gamma_k dx_{t-k} + e_t, with dx_t = x_t - x_{t-1}.

Shapes are those of a stack of configurations: alpha and beta (B, M, r), Gamma (B, p - 1, M, M).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pymts.numerics.linear import lag_scales
from pymts.numerics.portable.dense import product, solve

Array = NDArray[np.float64]


def levels(alpha: Array, beta: Array, gamma: Array) -> Array:
    """Return the coefficients of the same recursion in x itself, x_t = sum_{k=1..p} Phi_k x_{t-k} + e_t."""
    batch, less, m, _ = gamma.shape
    phi = np.zeros((batch, less + 1, m, m))
    phi[:, 0] = np.eye(m) + product(alpha, beta.swapaxes(-1, -2))
    phi[:, :-1] += gamma
    phi[:, 1:] -= gamma
    return phi


def stationary_part(alpha: Array, beta: Array, gamma: Array) -> tuple[Array, Array]:
    """Return what advances (beta' x_t, dx_t, ..., dx_{t-p+2}) and how e_{t+1} comes in, (B, n, n) and (B, n, M).

    Its eigenvalues are the roots of the recursion without the M - r unit roots, n = r + (p - 1) M in number.
    """
    batch, less, m, _ = gamma.shape
    r = beta.shape[-1]
    relations = beta.swapaxes(-1, -2)
    change = np.concatenate([alpha, gamma.transpose(0, 2, 1, 3).reshape(batch, m, less * m)], axis=-1)  # (B, M, n)
    n = r + less * m
    transition, enters = np.zeros((batch, n, n)), np.zeros((batch, n, m))
    transition[:, :r] = product(relations, change)
    transition[:, :r, :r] += np.eye(r)
    enters[:, :r] = relations
    if less:
        transition[:, r : r + m] = change
        transition[:, r + m :, r:-m] = np.eye((less - 1) * m)
        enters[:, r : r + m] = np.eye(m)
    return transition, enters


def long_run_response(alpha: Array, gamma: Array, transition: Array, enters: Array) -> Array:
    """Return where a unit of noise leaves x for good, (B, target, source): the sum of its changes.

    It is beta_o (alpha_o' (I - sum Gamma_k) beta_o)^-1 alpha_o' with _o for the orthogonal complement.
    """
    batch, less, m, _ = gamma.shape
    change = np.concatenate([alpha, gamma.transpose(0, 2, 1, 3).reshape(batch, m, less * m)], axis=-1)
    settled = solve(np.eye(transition.shape[-1]) - transition, enters)
    return np.asarray(np.eye(m) + product(change, settled))


def triangular_system(weights: Array, response: Array, rho: Array) -> tuple[Array, Array, Array]:
    """Return alpha, beta and Gamma of a system in which the first r channels follow the others.

    With u = x_1 - W x_2 for the first r channels x_1 and the others x_2,

    x_1(t) = W x_2(t-1) + ...,   x_2(t) = x_2(t-1) + ...,   ... = sum_k N_k (u, dx_2)(t-k) + e(t).

    (u, dx_2) is a vector autoregression whose spectral radius is brought to rho by scaling lag k by (rho / radius)^k.

    Parameters
    ----------
    weights : array of shape (B, r, M - r), the W above
    response : array of shape (B, p, M, M), the N above; the last lag of dx_2 has no part in it
    rho : array of shape (B,), the largest root that is no unit root
    """
    batch, p, m, _ = response.shape
    r = weights.shape[1]
    from_levels = np.repeat(np.eye(m)[None], batch, axis=0)
    from_levels[:, :r, r:] -= weights  # (u, x_2) from x
    response = response.copy()
    response[:, -1, :, r:] = 0.0
    response *= lag_scales(product(from_levels[:, None], response), rho)
    of_relations = response[..., :r]
    alpha = of_relations.sum(axis=1) - np.eye(m)[:, :r]
    beta = np.ascontiguousarray(from_levels[:, :r].swapaxes(-1, -2))
    # What relations say k + 1 and more steps ago is told by differences from lag k on.
    later = of_relations[:, ::-1].cumsum(axis=1)[:, ::-1]
    gamma = product(np.concatenate([-later[:, 1:], response[:, :-1, :, r:]], axis=-1), from_levels[:, None])
    return alpha, beta, gamma.reshape(batch, p - 1, m, m)
