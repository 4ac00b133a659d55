"""Thins a long line while keeping every extreme."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
from numpy.typing import NDArray

MAX_POINTS = 4000


def envelope(values: NDArray[np.float64], max_points: int = MAX_POINTS) -> NDArray[np.intp]:
    """Return the positions to draw of a line (time,), in order: its ends, and the minimum and maximum of each bin."""
    n = len(values)
    if n <= max_points:
        return np.arange(n)
    edges = np.linspace(0, n, max_points // 2 + 1).astype(np.intp)
    keep: list[Any] = [0, n - 1]
    for start, stop in itertools.pairwise(edges):
        part = values[start:stop]
        keep += [start + int(part.argmin()), start + int(part.argmax())]
    return np.unique(np.asarray(keep, dtype=np.intp))
