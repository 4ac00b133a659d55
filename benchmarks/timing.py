"""Timings that can be compared: everything in one run, interleaved, medians with their spread."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Timing:
    """The median of some times, and half the distance between their quartiles, in seconds."""

    median: float
    spread: float


def seconds(work: Callable[[], object]) -> float:
    """Return how long one call takes."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def timings(works: Mapping[str, Callable[[], object]], rounds: int) -> dict[str, Timing]:
    """Run all in turn, after one warm-up each, and return the times of each."""
    for work in works.values():
        work()
    times: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(rounds):
        for name, work in works.items():
            times[name].append(seconds(work))
    return {name: _summary(values) for name, values in times.items()}


def medians(works: Mapping[str, Callable[[], object]], rounds: int) -> dict[str, float]:
    """Run all in turn, after one warm-up each, and return the median of each."""
    return {name: timing.median for name, timing in timings(works, rounds).items()}


def _summary(values: list[float]) -> Timing:
    if len(values) < 2:
        return Timing(values[0], 0.0)
    low, _, high = statistics.quantiles(values, n=4, method="inclusive")
    return Timing(statistics.median(values), (high - low) / 2)
