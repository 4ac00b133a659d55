"""Structural equations step by step: lagged causes, causes at once, and interventions."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pymts.numerics.portable.dense import product
from pymts.numerics.rows import rows_times
from pymts.numerics.sampling import Sampling

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Windows:
    """When which channel is intervened upon: states ``start`` to ``stop``, one entry each; ``hard`` or added."""

    channel: NDArray[np.int64]
    start: NDArray[np.int64]
    stop: NDArray[np.int64]
    value: Array
    hard: bool
    width: int

    @classmethod
    def of(cls, rows: Array | None, kind: str, sampling: Sampling, width: int) -> Windows:
        """Read rows of channel, first sample, sample after the last, and value."""
        table = np.zeros((0, 4)) if rows is None else rows
        first, last = sampling.burn_in + table[:, 1:3].T.astype(np.int64) * sampling.every
        return cls(table[:, 0].astype(np.int64), first, last, table[:, 3], kind == "hard", width)

    def at(self, state: int) -> tuple[Array, NDArray[np.bool_]] | None:
        """Return the values (M,) and where they act (M,), or None."""
        acting = (self.start <= state) & (state < self.stop)
        if not acting.any():
            return None
        values = np.zeros(self.width)
        np.add.at(values, self.channel[acting], self.value[acting])
        where = np.zeros(self.width, dtype=bool)
        where[self.channel[acting]] = True
        return values, where


def depth(graph: Array) -> int:
    """Return the length of the longest path in acyclic graphs (B, M, M), the longest of all."""
    longest = 0
    for one in graph:
        edges = (one != 0).astype(float)
        walks, steps = edges, 0
        while walks.any():
            walks, steps = (product(walks, edges) > 0).astype(float), steps + 1
        longest = max(longest, steps)
    return longest


def solve(
    coefficients: Array,
    function: Callable[[Array], Array],
    past: Array,
    noise: Iterable[tuple[int, Array]],
    *,
    windows: Windows,
    sampling: Sampling,
) -> tuple[Array, Array]:
    """Return the samples and their noise, both (B, R, T, M).

    Parameters
    ----------
    coefficients : array of shape (B, p + 1, M, M)
        Of lag 0 (acyclic, zero diagonal) to p. Diagonals act linearly, the rest through ``function``.
    function : elementwise
    past : array of shape (B, R, p, M), newest first
    noise : pairs of the first state and the noise of shape (B, R, states, M)
    windows : interventions, in states
    sampling : which states are kept
    """
    batch, realizations, p, m = past.shape
    itself = np.eye(m, dtype=bool)
    at_once = coefficients[:, 0]
    sweeps = depth(at_once)
    linear = np.where(itself, coefficients[:, 1:], 0.0)
    cross = np.where(itself, 0.0, coefficients[:, 1:])
    # One product a step: (f(x), x) of lag 1, then of lag 2, ...
    lagged = np.concatenate([cross, linear], axis=-1).transpose(0, 2, 1, 3).reshape(batch, m, 2 * p * m)
    history = np.concatenate([function(past), past], axis=-1).reshape(batch, realizations, 2 * p * m)
    data, kept_noise = np.empty((2, batch, realizations, sampling.T, m))
    for first, block in noise:
        for n in range(block.shape[2]):
            acting = windows.at(first + n)
            base = rows_times(history, lagged) + block[:, :, n]
            if acting is not None and not windows.hard:
                base = base + acting[0]
            x = base
            # A graph of depth d is solved by d sweeps, exactly: more would change no bit.
            for sweep in range(sweeps + 1):
                if sweep:
                    x = base + rows_times(function(x), at_once)
                if acting is not None and windows.hard:
                    x = np.where(acting[1], acting[0], x)
            index = sampling.index(first + n)
            if index is not None and index < sampling.T:
                data[:, :, index], kept_noise[:, :, index] = x, block[:, :, n]
            history[:, :, 2 * m :] = history[:, :, : -2 * m].copy()
            history[:, :, :m], history[:, :, m : 2 * m] = function(x), x
    return data, kept_noise
