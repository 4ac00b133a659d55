"""Lyapunov exponents of maps and flows: tangent dynamics and batched QR, with an error over the initial conditions."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.random import default_rng
from numpy.typing import NDArray

Array = NDArray[np.float64]
Vectors = Callable[[Array], Array]  # (R, n) -> (R, n)
Jacobian = Callable[[Array], Array]  # (R, n) -> (R, n, n)
Step = Callable[[Array], Array]  # (R, n) -> (R, n): one step of a system, its state a row
Advance = Callable[[Array], Array]  # (R, n, 1 + k) -> the same: the state in the first column, tangents in the others

DIFFERENCE = 1e-5  # the third root of the rounding error, about


def rk4(f: Vectors, x: Array, dt: float) -> Array:
    """Return the state after one classical Runge-Kutta step of dx/dt = f(x); fourth order.

    ``f`` returns a new array at each call and keeps no view of its argument: both are worked on in place.
    """
    half = 0.5 * dt
    k1 = f(x)
    y = half * k1
    y += x
    k2 = f(y)
    np.multiply(half, k2, out=y)
    y += x
    k3 = f(y)
    np.multiply(dt, k3, out=y)
    y += x
    k4 = f(y)
    k2 += k3
    k2 *= 2.0
    k1 += k4
    k1 += k2
    k1 *= dt / 6.0
    k1 += x
    return k1


def tangent_map(f: Vectors, jacobian: Jacobian) -> Advance:
    """Return one step of the map x -> f(x) and of its tangents, Q -> J(x) Q."""

    def advance(joint: Array) -> Array:
        x = joint[..., 0]
        out = np.empty_like(joint)
        out[..., 0] = f(x)
        np.matmul(jacobian(x), joint[..., 1:], out=out[..., 1:])
        return out

    return advance


def tangent_flow(f: Vectors, jacobian: Jacobian, dt: float) -> Advance:
    """Return one RK4 step of dx/dt = f(x) and dQ/dt = J(x) Q: the tangents are those of the discrete step, exactly."""
    joint_field = tangent_map(f, jacobian)
    return lambda joint: rk4(joint_field, joint, dt)


def tangent_step(step: Step, orbits: int, n_exponents: int) -> Advance:
    """Return one step of a system and of its tangents, by central differences along them.

    ``step`` takes (2 n_exponents + 1) rows for each of the orbits. A tangent is scaled to a length at which the errors
    of the difference and of rounding are both some 1e-10 of it.
    """

    def advance(joint: Array) -> Array:
        x, q = joint[..., 0], joint[..., 1:]  # (R, n), (R, n, k)
        length = np.linalg.norm(q, axis=1, keepdims=True)  # (R, 1, k)
        reach = DIFFERENCE * (1.0 + np.linalg.norm(x, axis=1))[:, None, None]
        shift = np.moveaxis(q / length * reach, 2, 0)  # (k, R, n)
        rows = np.concatenate([x[None], x + shift, x - shift]).reshape(-1, x.shape[1])
        new = step(rows).reshape(2 * n_exponents + 1, orbits, -1)
        out = np.empty_like(joint)
        out[..., 0] = new[0]
        difference = new[1 : n_exponents + 1] - new[n_exponents + 1 :]  # (k, R, n)
        out[..., 1:] = np.moveaxis(difference, 0, 2) * (length / (2 * reach))
        return out

    return advance


def local_exponents(
    advance: Advance, x: Array, n_exponents: int, *, n_steps: int, transient: int, dt: float = 1.0, every: int = 1
) -> Array:
    """Return the exponents along each orbit over ``n_steps``, largest first in the limit, per unit of time.

    Parameters
    ----------
    advance : one step of states and tangents
    x : array of shape (R, n), the initial conditions
    n_exponents : how many exponents, k
    n_steps : steps over which growth is summed, a multiple of ``every``
    transient : steps before them, a multiple of ``every``, in which orbits settle and tangents turn
    dt : time of one step
    every : steps between two orthonormalisations

    Returns
    -------
    array of shape (R, k)
    """
    realizations, n = x.shape
    if n_steps % every or transient % every or n_steps < 1:
        raise ValueError(f"n_steps and transient must be multiples of every = {every}, got {n_steps} and {transient}")
    # Tangents in general position: on the axes they could stay in an invariant subspace for ever.
    frame = np.linalg.qr(default_rng(0).standard_normal((n, n)))[0][:, :n_exponents]
    joint = np.concatenate([x[:, :, None], np.broadcast_to(frame, (realizations, n, n_exponents))], axis=2)
    growth = np.zeros((realizations, n_exponents))
    for step in range(every, transient + n_steps + 1, every):
        for _ in range(every):
            joint = advance(joint)
        joint[..., 1:], stretch = np.linalg.qr(joint[..., 1:])
        if step > transient:
            growth += np.log(np.abs(np.diagonal(stretch, axis1=1, axis2=2)))
    return growth / (n_steps * dt)


def mean_and_error(local: Array) -> tuple[Array, Array]:
    """Return the mean over the initial conditions, and its standard error, of each exponent: (R, k) to two (k,)."""
    return local.mean(axis=0), local.std(axis=0, ddof=1) / np.sqrt(len(local))
