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
from typing import Literal

import numpy as np
from numpy.random import Generator, SeedSequence, default_rng
from numpy.typing import NDArray

from pymts.numerics import seeds as seeding

# Steps of noise drawn at once: enough to amortise a generator call, few enough to stay in cache.
BLOCK_VALUES = 2**18
# Kernels that work through a block in chunks (blocked recursions) need its length to be a multiple of theirs.
BLOCK_MULTIPLE = 64


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
    return default_rng(SeedSequence(seed, spawn_key=(int(role), realization)))


@dataclass(frozen=True)
class Draws:
    """Independent streams of one role, one row per configuration and one column per realization."""

    generators: tuple[tuple[Generator, ...], ...]

    def _fill(self, out: NDArray[np.float64], law: str) -> NDArray[np.float64]:
        for row, generators in zip(out, self.generators, strict=True):
            for target, rng in zip(row, generators, strict=True):
                if law == "normal":
                    rng.standard_normal(out=target)
                elif law == "uniform":
                    rng.random(out=target)
                else:
                    target[...] = rng.standard_cauchy(target.shape)
        return out

    def _empty(self, *shape: int) -> NDArray[np.float64]:
        return np.empty((len(self.generators), len(self.generators[0]), *shape))  # (B, R, *shape)

    def normal(self, *shape: int) -> NDArray[np.float64]:
        """Return standard normals of shape (configuration, realization, *shape)."""
        return self._fill(self._empty(*shape), "normal")

    def uniform(self, *shape: int) -> NDArray[np.float64]:
        """Return uniforms on [0, 1) of shape (configuration, realization, *shape)."""
        return self._fill(self._empty(*shape), "uniform")

    def blocks(
        self, n_steps: int, width: int, law: Literal["normal", "uniform", "cauchy"] = "normal"
    ) -> Iterator[tuple[int, NDArray[np.float64]]]:
        """Yield ``(first step, noise)`` with noise of shape (configuration, realization, steps, width).

        The buffer is reused: a block is overwritten by the next one, and may be modified in place. The numbers of a
        step do not depend on how steps are grouped into blocks.
        """
        rows = len(self.generators) * len(self.generators[0])
        length = BLOCK_VALUES // (rows * width) // BLOCK_MULTIPLE * BLOCK_MULTIPLE
        length = max(BLOCK_MULTIPLE, min(length, n_steps))
        buffer = self._empty(min(length, n_steps), width) if n_steps else self._empty(0, width)
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
        return [generator(seed, Role.STRUCTURE) for seed in self.seeds]

    def _draws(self, role: Role) -> Draws:
        batch, realizations = self.shape
        seeds = np.repeat(np.array(self.seeds, dtype=np.uint64), realizations)
        children = np.tile(np.array(self.realizations, dtype=np.uint32), batch)
        found = seeding.generators(seeds, int(role), children)
        return Draws(tuple(tuple(found[b * realizations : (b + 1) * realizations]) for b in range(batch)))

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
        return default_rng(SeedSequence(self.seeds[configuration], spawn_key=chosen))
