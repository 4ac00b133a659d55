"""Distributions of parameters in a mixture, such as ``{uniform: [low, high]}``."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from pymts.errors import InvalidParameterError
from pymts.params.validation import shown

NAMES = ("uniform", "loguniform", "normal", "integers", "choice")


@dataclass(frozen=True)
class Distribution:
    """A named distribution, with its two numbers or its choices."""

    name: str
    values: tuple[Any, ...]

    def draw(self, rng: np.random.Generator) -> Any:
        """Return one draw, as plain Python."""
        if self.name == "choice":
            return self.values[int(rng.integers(len(self.values)))]
        first, second = self.values
        if self.name == "integers":
            return int(rng.integers(first, second, endpoint=True))
        if self.name == "normal":
            return float(rng.normal(first, second))
        if self.name == "loguniform":
            return min(max(float(math.exp(rng.uniform(math.log(first), math.log(second)))), first), second)
        return float(rng.uniform(first, second))

    def examples(self) -> list[Any]:
        """Return values that may be drawn: the bounds, all choices, or the mean of a normal distribution."""
        return [self.values[0]] if self.name == "normal" else list(self.values)


def read_distribution(value: Any) -> Distribution | None:
    """Return a declared distribution, or None if ``value`` is a value.

    Raises
    ------
    InvalidParameterError
        If it is neither.
    """
    if not isinstance(value, Mapping):
        return None
    if len(value) != 1 or next(iter(value)) not in NAMES:
        raise InvalidParameterError(f"a distribution must be one of {', '.join(NAMES)} with a list, got {shown(value)}")
    name, numbers = next(iter(value.items()))
    if not isinstance(numbers, list | tuple) or not numbers:
        raise InvalidParameterError(f"{name} needs a list, got {shown(numbers)}")
    if name == "choice":
        return Distribution(name, tuple(numbers))
    kind = int if name == "integers" else int | float
    if len(numbers) != 2 or any(isinstance(n, bool) or not isinstance(n, kind) or not _finite(n) for n in numbers):
        what = "whole numbers" if name == "integers" else "finite numbers"
        raise InvalidParameterError(f"{name} needs a list of two {what}, got {shown(numbers)}")
    first, second = numbers
    if name == "normal" and second < 0:
        raise InvalidParameterError(f"normal needs a standard deviation of at least 0, got {second}")
    if name != "normal" and first > second:
        raise InvalidParameterError(f"{name} needs the lower bound first, got {shown(numbers)}")
    if name == "loguniform" and first <= 0:
        raise InvalidParameterError(f"loguniform needs bounds greater than 0, got {shown(numbers)}")
    if name == "integers" and not -(2**63) <= first <= second < 2**63:
        raise InvalidParameterError(f"integers needs 64-bit numbers, got {shown(numbers)}")
    return Distribution(name, (first, second))


def _finite(number: float) -> bool:
    return isinstance(number, int) or math.isfinite(number)
