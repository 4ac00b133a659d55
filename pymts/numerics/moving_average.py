"""Moving averages w_t = sum_k Theta_k z_{t-k} of noise: the state of a recursion that they drive."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pymts.numerics.linear import companion
from pymts.numerics.portable.dense import product

Array = NDArray[np.float64]


def state_space(phi: Array, theta: Array) -> tuple[Array, Array]:
    """Return what advances (x_t, ..., x_{t-p+1}, z_t, ..., z_{t-q+1}), and the covariance of what comes in each step.

    The recursion is x_t = sum_{k=1..p} Phi_k x_{t-k} + sum_{k=0..q} Theta_k z_{t-k} with standard normal z.

    Parameters
    ----------
    phi : array of shape (B, p, M, M), p at least 1
    theta : array of shape (B, q + 1, M, M)

    Returns
    -------
    transition, noise : arrays of shape (B, n, n), n = (p + q) M
    """
    batch, p, m, _ = phi.shape
    q = theta.shape[1] - 1
    own, n = p * m, (p + q) * m
    transition = np.zeros((batch, n, n))
    transition[:, :own, :own] = companion(phi)
    transition[:, :m, own:] = theta[:, 1:].transpose(0, 2, 1, 3).reshape(batch, m, q * m)
    enters = np.zeros((batch, n, m))
    enters[:, :m] = theta[:, 0]
    if q:
        transition[:, own + m :, own:-m] = np.eye((q - 1) * m)
        enters[:, own : own + m] = np.eye(m)
    return transition, product(enters, enters.swapaxes(-1, -2))
