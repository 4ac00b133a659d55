"""Sizes of the parts of a split, and the random assignment to them."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from pymts.errors import InvalidParameterError

TRAIN, VALIDATION, TEST = "train", "validation", "test"


@dataclass(frozen=True)
class Sizes:
    """Size of each part, as a fraction or a number; ``names`` are the caller's names for them.

    Train defaults to the remainder.
    """

    of: Mapping[str, float | None]
    names: Mapping[str, str]

    def counts(self, available: int, what: str, remedy: str) -> dict[str, int]:
        """Return how many of ``available`` each part gets; raise if one would be empty."""
        # Round first: 0.07 of 100 is 7, not 8 because of the last bit.
        found = {
            side: int(size) if isinstance(size, int | np.integer) else math.ceil(round(size * available, 9))
            for side, size in self.of.items()
            if size is not None and side != TRAIN
        }
        rest = available - sum(found.values())
        said = " and ".join(f"{self.names[side]}={self.of[side]}" for side in found)
        if rest < 1:
            raise InvalidParameterError(
                f"{said} {'leaves' if len(found) == 1 else 'leave'} nothing to train on: {what}; {remedy}"
            )
        train = self.of[TRAIN]
        wanted = rest
        if isinstance(train, int | np.integer):
            wanted = int(train)
        elif train is not None and sum(self._shares()) < 1 - 1e-9:
            wanted = max(1, math.floor(round(train * available, 9)))
        if wanted > rest:
            raise InvalidParameterError(f"train={train} and {said} exceed what is available: {what}; {remedy}")
        return {TRAIN: wanted, **found}

    def _shares(self) -> list[float]:
        return [float(size) for size in self.of.values() if size is not None]


def check_size(name: str, size: Any) -> None:
    """Raise unless the size is a fraction or a number."""
    is_number = isinstance(size, int | float | np.integer | np.floating) and not isinstance(size, bool)
    is_count = isinstance(size, int | np.integer)
    if not is_number or not (size >= 1 if is_count else 0 < size < 1):
        raise InvalidParameterError(
            f"{name} must be a fraction between 0 and 1 or an integer of at least 1, got {size!r}"
        )


def draws_of(seed: int, key: str, size: int) -> list[float]:
    """Return random numbers that depend only on the seed and the key."""
    words = np.frombuffer(hashlib.sha256(key.encode()).digest(), dtype=np.uint32)
    return list(np.random.default_rng([seed, *words.tolist()]).random(size))


def dealt_out(draws: Sequence[float], counts: Mapping[str, int]) -> list[str | None]:
    """Assign items to parts: the lowest draws to test, the next to validation, the highest to training."""
    order = np.argsort(draws, kind="stable").tolist()
    sides: list[str | None] = [None] * len(order)
    for side in (TEST, VALIDATION):
        for index in order[: counts.get(side, 0)]:
            sides[index] = side
        order = order[counts.get(side, 0) :]
    for index in order[len(order) - counts[TRAIN] :]:
        sides[index] = TRAIN
    return sides
