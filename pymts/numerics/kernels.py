"""Covariance functions of Gaussian processes over time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pymts.numerics.functions import exp, log1p, sin_cos

Array = NDArray[np.float64]

ADD, MULTIPLY = 1, 2


def _rbf(t: Array, s: Array, length: float, _: float) -> Array:
    return exp(-0.5 * np.square((t - s) / length))


def _matern12(t: Array, s: Array, length: float, _: float) -> Array:
    return exp(-np.abs(t - s) / length)


def _matern32(t: Array, s: Array, length: float, _: float) -> Array:
    r = np.sqrt(3.0) * np.abs(t - s) / length
    return np.asarray((1.0 + r) * exp(-r))


def _matern52(t: Array, s: Array, length: float, _: float) -> Array:
    r = np.sqrt(5.0) * np.abs(t - s) / length
    return np.asarray((1.0 + r + r * r / 3.0) * exp(-r))


def _rational_quadratic(t: Array, s: Array, length: float, alpha: float) -> Array:
    r = (t - s) / length
    return exp(-alpha * log1p(r * r / (2.0 * alpha)))


def _periodic(t: Array, s: Array, length: float, period: float) -> Array:
    return exp(-2.0 * np.square(sin_cos(np.pi * np.abs(t - s) / period)[0] / length))


def _linear(t: Array, s: Array, length: float, _: float) -> Array:
    return 1.0 + (t / length) * (s / length)


# The position is the number that the truth has for it.
KERNELS: dict[str, Callable[[Array, Array, float, float], Array]] = {
    "rbf": _rbf,
    "matern12": _matern12,
    "matern32": _matern32,
    "matern52": _matern52,
    "rational_quadratic": _rational_quadratic,
    "periodic": _periodic,
    "linear": _linear,
}
KINDS = tuple(KERNELS)


@dataclass(frozen=True)
class Term:
    """One kernel of a composition: its kind, its length scale and its shape (alpha, or a period), and how it comes in.

    The first term is added to nothing; every next one is added to, or multiplied with, all that came before it.
    """

    kind: str
    length: float
    shape: float = 1.0
    operation: int = ADD


def compose(terms: Sequence[Term], t: Array, s: Array) -> Array:
    """Return the covariance of a composition between times t (n,) and s (m,), (n, m)."""
    column, row = t[:, None], s[None, :]
    total = np.zeros((len(t), len(s)))
    for term in terms:
        value = KERNELS[term.kind](column, row, term.length, term.shape)
        total = total * value if term.operation == MULTIPLY else total + value
    return total
