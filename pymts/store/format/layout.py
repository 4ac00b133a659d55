"""Where the values of a stored dataset lie in its file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np

from pymts.store.format.parquet import RowGroup, Shape


@dataclass(frozen=True)
class Layout:
    """Where the values of a file are, and what they must be.

    Each row group has a digest of its values; ``rest_xxh3_128`` covers every other byte, ``tail_xxh3_128`` those after
    the last values (the Parquet footer), ``xxh3_128`` the whole file.
    """

    shape: Shape  # (realization, time, channel)
    dtype: np.dtype[Any]
    groups: Sequence[RowGroup]
    size: int
    xxh3_128: str
    tail_xxh3_128: str
    rest_xxh3_128: str

    @cached_property
    def can_be_mapped(self) -> bool:
        """Tell whether every value has a place in the file."""
        return all(group.offset is not None for group in self.groups)

    @cached_property
    def places(self) -> list[tuple[int, int]]:
        """The first and last byte (exclusive) of the values of each row group; none if they cannot be mapped."""
        if not self.can_be_mapped:
            return []
        item = self.dtype.itemsize
        return [(group.offset or 0, (group.offset or 0) + item * group.rows) for group in self.groups]

    def tail(self) -> int:
        """Return where the values end and the footer begins."""
        return max((end for _, end in self.places), default=0)

    def problem(self) -> str | None:
        """Return what contradicts itself, or None."""
        expected = self.shape[0] * self.shape[1] * self.shape[2]
        if sum(group.rows for group in self.groups) != expected or min(self.shape) < 0:
            return f"its row groups do not make up {expected} values"
        bounds = [(0, 0), *self.places, (self.size, self.size)]
        if any(start < end for (_, end), (start, _) in pairwise(bounds)):
            return "its values overlap or lie outside the file"
        return None
