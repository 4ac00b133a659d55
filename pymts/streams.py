"""Seeds to random streams: one per configuration, role and realization.

A stream is ``SeedSequence(seed, spawn_key=(role, realization))``, the child that ``SeedSequence.spawn`` would make,
without its hidden counter. A realization therefore draws the same numbers regardless of what else is drawn, and in
which order.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from pymts.numerics.generator import Generator
from pymts.numerics.groups import each_group
from pymts.numerics.portable import random
from pymts.numerics.portable.pcg import Words
from pymts.numerics.portable.seeding import states
from pymts.numerics.sampling import Sampling

Array = NDArray[np.float64]
Law = Literal["normal", "uniform", "exponential", "cauchy"]

# Steps of noise drawn at once: enough to amortise a generator call, few enough to stay in cache.
BLOCK_VALUES = 2**18


_FILL = {
    "normal": random.fill_normal,
    "uniform": random.fill_uniform,
    "exponential": random.fill_exponential,
    "cauchy": random.fill_cauchy,
}


class Role(IntEnum):
    """The purpose of a stream. The numbers are frozen: every dataset's values depend on them."""

    STRUCTURE = 0  # graph, coefficients, natural frequencies: shared by the realizations
    INITIAL = 1
    PROCESS = 2
    OBSERVATION = 3
    LABEL = 4


def fresh_seed() -> int:
    """Draw a seed from the operating system; 32 bits, easy to read and exact in every JSON parser."""
    return secrets.randbits(32)


def generator(seed: int, role: Role, realization: int = 0) -> Generator:
    """Return the generator of one configuration, role and realization."""
    return Generator(_states([seed], int(role), [realization])[0])


def _states(seeds: Any, *keys: Any) -> Words:
    """Return the states of the children ``keys`` of each seed, (n, 4)."""
    columns = [np.broadcast_to(np.asarray(key, dtype=np.uint64), len(seeds)) for key in keys]
    return states(np.array(seeds, dtype=np.uint64), np.stack(columns, axis=1))


@dataclass(frozen=True)
class Lanes:
    """The streams of a group of realizations, side by side."""

    states: Words  # (rows, 4)

    def normal(self, out: Array) -> None:
        """Fill (steps, width, lanes) with standard normals, lane by lane; lanes beyond the realizations stay."""
        random.fill_normal_lanes(self.states, out.reshape(-1, out.shape[-1]))

    def uniform(self, out: Array) -> None:
        """Fill (steps, width, lanes) with numbers on [0, 1), lane by lane; lanes beyond the realizations stay."""
        random.fill_uniform_lanes(self.states, out.reshape(-1, out.shape[-1]))


@dataclass(frozen=True)
class Draws:
    """Independent streams of one role, one row per configuration and one column per realization.

    Attributes
    ----------
    states : array of shape (B, R, 4)
        Where each stream is; it moves on with every number. See ``pymts.numerics.portable.pcg``.
    """

    states: Words

    def _fill(self, out: Array, law: str) -> Array:
        rows = self.states.reshape(-1, 4)
        _FILL[law](rows, out.reshape(len(rows), -1))
        return out

    def _empty(self, *shape: int) -> Array:
        return np.empty((*self.states.shape[:2], *shape))  # (B, R, *shape)

    def lanes(self, configuration: int, rows: slice) -> Lanes:
        """Return the streams of some realizations of one configuration."""
        return Lanes(self.states[configuration, rows])

    def generator(self, configuration: int, realization: int) -> Generator:
        """Return one of the streams, which moves on with it."""
        return Generator(self.states[configuration, realization])

    def normal(self, *shape: int) -> Array:
        """Return standard normals of shape (configuration, realization, *shape)."""
        return self._fill(self._empty(*shape), "normal")

    def uniform(self, *shape: int) -> Array:
        """Return uniforms on [0, 1) of shape (configuration, realization, *shape)."""
        return self._fill(self._empty(*shape), "uniform")

    def samples(self, sampling: Sampling, width: int, law: Law = "normal") -> Array:
        """Return the numbers of the states that are samples, (B, R, T, width); every state draws, the first too."""
        batch, realizations = self.states.shape[:2]
        out = np.empty((batch, realizations, sampling.T, width))
        steps, length = sampling.n_steps + 1, max(1, BLOCK_VALUES // width)

        def work(b: int, rows: slice) -> Iterator[None]:
            for r in range(rows.start, rows.stop):
                stream, whole = self.states[b, r : r + 1], sampling.every == 1 and not sampling.burn_in
                for first in range(0, steps, length):
                    count = min(length, steps - first)
                    part = out[b, r, first : first + count] if whole else np.empty((count, width))
                    _FILL[law](stream, part.reshape(1, -1))
                    if not whole:
                        states, samples = sampling.kept(first, count)
                        out[b, r, samples] = part[states]
                    yield

        each_group(work, batch, realizations, steps * width)
        return out

    def blocks(self, n_steps: int, width: int, law: Law = "normal") -> Iterator[tuple[int, Array]]:
        """Yield ``(first step, noise)`` with noise of shape (configuration, realization, steps, width).

        The buffer is reused: a block is overwritten by the next one, and may be modified in place. The numbers of a
        step do not depend on how steps are grouped into blocks.
        """
        batch, realizations = self.states.shape[:2]
        length = max(1, min(BLOCK_VALUES // (batch * realizations * width), n_steps))
        buffer = self._empty(min(length, n_steps), width)
        for start in range(0, n_steps, length):
            n = min(length, n_steps - start)
            block = buffer if n == buffer.shape[2] else self._empty(n, width)
            yield start, self._fill(block, law)


@dataclass(frozen=True)
class Streams:
    """The randomness of one batch: its configurations' seeds and the requested realizations."""

    seeds: Sequence[int]
    realizations: range

    @property
    def shape(self) -> tuple[int, int]:
        """Number of configurations and of realizations."""
        return len(self.seeds), len(self.realizations)

    def structure(self) -> list[Generator]:
        """Return one generator per configuration for structure shared by its realizations."""
        return [Generator(state) for state in _states(self.seeds, int(Role.STRUCTURE), 0)]

    def _draws(self, role: Role) -> Draws:
        batch, realizations = self.shape
        found = _states(np.repeat(self.seeds, realizations), int(role), np.tile(self.realizations, batch))
        return Draws(found.reshape(batch, realizations, 4))

    def initial(self) -> Draws:
        """Return the streams of the initial states, from their beginning."""
        return self._draws(Role.INITIAL)

    def process(self) -> Draws:
        """Return the streams of the process noise, from their beginning."""
        return self._draws(Role.PROCESS)

    def observation(self) -> Draws:
        """Return the streams of observation noise, from their beginning."""
        return self._draws(Role.OBSERVATION)

    def labels(self) -> Draws:
        """Return the streams of regimes and change points, from their beginning."""
        return self._draws(Role.LABEL)

    def again(self, configuration: int, realization: int, *key: int) -> Generator:
        """Return a child of one process stream for redrawing; ``key`` numbers the attempt."""
        chosen = (int(Role.PROCESS), self.realizations[realization], *key)
        return Generator(_states([self.seeds[configuration]], *chosen)[0])
