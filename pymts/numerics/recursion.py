"""Linear recursions driven by noise, x_t = d + sum_k Phi_k x_{t-k} + sum_k Theta_k z_{t-k}, step by step.

Sums run over lags and then over sources, both ascending, without the coefficients that are zero; the noise of a step is
summed by itself, after d, and added last.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from pymts.numerics.groups import each_group, lanes_of
from pymts.numerics.portable.compiled import kernel
from pymts.numerics.portable.lanes import LANES, load, spread, store
from pymts.numerics.sampling import Sampling

Array = NDArray[np.float64]
Index = NDArray[np.int64]

# Values of a group that are worked on at once: they stay in cache.
VALUES = 2**15
# From this share of nonzero coefficients on, zeros are multiplied too.
DENSE = 0.3
# Multiplications between two looks at the clock.
PRODUCTS = 2**25


class Terms(NamedTuple):
    """The coefficients of past rows, from one lag on, in one of three forms; the arrays of the others are empty.

    Channels by themselves have ``own``. Few other coefficients are lists: those of target i are
    ``weights[pointers[i] : pointers[i + 1]]``, and ``places`` says which value each multiplies, counted from the
    beginning of the present row. Many are matrices, zeros included.
    """

    own: Array  # (lag, channel)

    pointers: Index
    places: Index
    weights: Array
    matrices: Array  # (lag, target, source)
    turned: Array  # (lag, source, target), targets filled up with zeros to a multiple of 8
    first_lag: int

    @classmethod
    def of(cls, matrices: Array, first_lag: int) -> Terms:
        """Return the terms of coefficients (lag, target, source), the first of this lag."""
        lags, m, _ = matrices.shape
        target, lag, source = np.nonzero(matrices.transpose(1, 0, 2))
        nothing, none, empty = np.empty(0, dtype=np.int64), np.empty((0, 0)), np.empty((0, 0, 0))
        if (target == source).all():
            own = np.ascontiguousarray(np.diagonal(matrices, axis1=1, axis2=2))
            return cls(own, nothing, nothing, np.empty(0), empty, empty, first_lag)
        if len(target) > DENSE * lags * m * m:
            turned = np.zeros((lags, m, -(-m // LANES) * LANES))
            turned[:, :, :m] = matrices.swapaxes(1, 2)
            return cls(none, nothing, nothing, np.empty(0), np.ascontiguousarray(matrices), turned, first_lag)
        pointers = np.concatenate([[0], np.cumsum(np.bincount(target, minlength=m))]).astype(np.int64)
        weights = np.ascontiguousarray(matrices[lag, target, source])
        return cls(none, pointers, source - (lag + first_lag) * m, weights, empty, empty, first_lag)

    @property
    def products(self) -> int:
        """The number of multiplications of a row."""
        return self.own.size + self.weights.size + self.turned.size


@kernel
def _matrices8(terms: Terms, start: Array, values: Array, at: int, sums: Array) -> None:
    """Write the sums of a row of eight realizations; four targets at a time share what they load."""
    m = start.size
    for i in range(0, m - 3, 4):
        a, b, c, d = spread(start[i]), spread(start[i + 1]), spread(start[i + 2]), spread(start[i + 3])
        for k in range(terms.matrices.shape[0]):
            lines, base = terms.matrices[k], at - (k + terms.first_lag) * m
            first, second, third, fourth = lines[i], lines[i + 1], lines[i + 2], lines[i + 3]
            for j in range(m):
                value = load(values, (base + j) * LANES)
                a = a + first[j] * value
                b = b + second[j] * value
                c = c + third[j] * value
                d = d + fourth[j] * value
        store(sums, i * LANES, a)
        store(sums, (i + 1) * LANES, b)
        store(sums, (i + 2) * LANES, c)
        store(sums, (i + 3) * LANES, d)
    for i in range(m - m % 4, m):
        rest = spread(start[i])
        for k in range(terms.matrices.shape[0]):
            line, base = terms.matrices[k, i], at - (k + terms.first_lag) * m
            for j in range(m):
                rest = rest + line[j] * load(values, (base + j) * LANES)
        store(sums, i * LANES, rest)


@kernel
def _own8(terms: Terms, start: Array, values: Array, at: int, sums: Array) -> None:
    for i in range(start.size):
        total = spread(start[i])
        for k in range(terms.own.shape[0]):
            place = at - (k + terms.first_lag) * start.size + i
            total = total + terms.own[k, i] * load(values, place * LANES)
        store(sums, i * LANES, total)


@kernel
def _own1(terms: Terms, start: Array, values: Array, at: int, sums: Array) -> None:
    for i in range(start.size):
        total = start[i]
        for k in range(terms.own.shape[0]):
            total += terms.own[k, i] * values[at - (k + terms.first_lag) * start.size + i]
        sums[i] = total


@kernel
def _lists8(terms: Terms, start: Array, values: Array, at: int, sums: Array) -> None:
    for i in range(start.size):
        total = spread(start[i])
        for e in range(terms.pointers[i], terms.pointers[i + 1]):
            total = total + terms.weights[e] * load(values, (at + terms.places[e]) * LANES)
        store(sums, i * LANES, total)


@kernel
def _matrices1(terms: Terms, start: Array, values: Array, at: int, sums: Array) -> None:
    """Write the sums of a row of one realization: eight targets are lanes."""
    m = start.size
    for i in range(m):
        sums[i] = start[i]
    for i in range(0, terms.turned.shape[2], LANES):
        total = load(sums, i)
        for k in range(terms.turned.shape[0]):
            lines, base = terms.turned[k], at - (k + terms.first_lag) * m
            for j in range(m):
                total = total + values[base + j] * load(lines[j], i)
        store(sums, i, total)


@kernel
def _lists1(terms: Terms, start: Array, values: Array, at: int, sums: Array) -> None:
    for i in range(start.size):
        total = start[i]
        for e in range(terms.pointers[i], terms.pointers[i + 1]):
            total += terms.weights[e] * values[at + terms.places[e]]
        sums[i] = total


@kernel
def _sums(terms: Terms, start: Array, values: Array, at: int, lanes: int, sums: Array) -> None:
    """Write start + the terms of the row that begins at ``at``, in the order of lags and sources."""
    if terms.turned.size:
        if lanes == LANES:
            _matrices8(terms, start, values, at, sums)
        else:
            _matrices1(terms, start, values, at, sums)
    elif terms.pointers.size:
        if lanes == LANES:
            _lists8(terms, start, values, at, sums)
        else:
            _lists1(terms, start, values, at, sums)
    elif lanes == LANES:
        _own8(terms, start, values, at, sums)
    else:
        _own1(terms, start, values, at, sums)


@kernel
def _run(
    terms_x: Terms,
    terms_z: Terms,
    drift: Array,
    x: Array,
    z: Array,
    before: int,
    first: int,
    steps: int,
    burn_in: int,
    every: int,
    out: Array,
) -> None:
    """Take steps from state number ``first``.

    x (p + steps, M, lanes) begins with the p states before, z with the ``before`` rows of noise before; samples go to
    ``out`` (rows, T, M).
    """
    m, lanes = x.shape[1], x.shape[2]
    p = x.shape[0] - (z.shape[0] - before)
    flat_x, flat_z, nothing = x.reshape(-1), z.reshape(-1), np.zeros(m)
    size = -(-m // LANES) * LANES * lanes
    own, shock = np.zeros(size), np.zeros(size)
    for n in range(steps):
        _sums(terms_x, nothing, flat_x, (p + n) * m, lanes, own)
        _sums(terms_z, drift, flat_z, (before + n) * m, lanes, shock)
        row = flat_x[(p + n) * m * lanes : (p + n + 1) * m * lanes]
        for j in range(row.size):
            row[j] = own[j] + shock[j]
        after = first + n + 1 - burn_in
        if after >= 0 and after % every == 0:
            sample = out[:, after // every]
            for lane in range(out.shape[0]):
                line = sample[lane]
                for i in range(m):
                    line[i] = x[p + n, i, lane]


def matrices(factor: Array, m: int) -> Array:
    """Return factors (B, M, M), or numbers (B, 1, 1) or one a channel (B, M) as diagonal matrices, (B, M, M)."""
    if factor.ndim == 3 and factor.shape[-1] == m:
        return factor
    return factor.reshape(len(factor), 1, -1) * np.eye(m)


@dataclass(frozen=True)
class Recursion:
    """The coefficients of each configuration of a batch.

    Attributes
    ----------
    states : terms of past states, from lag 1 on
    noise : terms of the noise, from lag 0 on
    drift : array of shape (B, M)
    """

    states: Sequence[Terms]
    noise: Sequence[Terms]
    drift: Array

    @classmethod
    def of(cls, phi: Array, theta: Array, drift: Array | float = 0.0) -> Recursion:
        """Return the recursion of Phi (B, p, M, M) and of Theta (B, q + 1, M, M), that of lag 0 first."""
        shape = (len(theta), theta.shape[-1])
        return cls(
            [Terms.of(one, 1) for one in phi],
            [Terms.of(one, 0) for one in theta],
            np.ascontiguousarray(np.broadcast_to(drift, shape)),
        )

    def trajectories(self, past: Array, sampling: Sampling, draws: Any, past_noise: Array | None = None) -> Array:
        """Return the samples, (B, R, T, M).

        Parameters
        ----------
        past : array of shape (B, R, p, M), the states up to the initial one, oldest first; p is at least 1
        sampling : which states are kept
        draws : the streams of the noise z, standard normal
        past_noise : array of shape (B, R, q, M), oldest first
        """
        batch, realizations, p, m = past.shape
        q = 0 if past_noise is None else past_noise.shape[2]
        out = np.empty((batch, realizations, sampling.T, m))
        lanes, steps = lanes_of(realizations), sampling.n_steps
        products = max(a.products + b.products for a, b in zip(self.states, self.noise, strict=True))
        most = max(1, min(VALUES // (m * lanes), PRODUCTS // ((products + m) * lanes)))

        def work(b: int, rows: slice) -> Iterator[None]:
            count = rows.stop - rows.start
            length = min(most, steps)
            x, z = np.zeros((p + length, m, lanes)), np.zeros((q + length, m, lanes))
            x[:p, :, :count] = np.moveaxis(past[b, rows], 0, 2)
            if past_noise is not None:
                z[:q, :, :count] = np.moveaxis(past_noise[b, rows], 0, 2)
            if sampling.burn_in == 0:
                out[b, rows, 0] = past[b, rows, -1]
            stream = draws.lanes(b, rows)
            for first in range(0, steps, most):
                n = min(most, steps - first)
                stream.normal(z[q : q + n])
                _run(
                    *(self.states[b], self.noise[b], self.drift[b], x[: p + n], z[: q + n], q),
                    *(first, n, sampling.burn_in, sampling.every, out[b, rows]),
                )
                x[:p], z[:q] = x[n : n + p].copy(), z[n : n + q].copy()
                yield

        each_group(work, batch, realizations, steps * m)
        return out
