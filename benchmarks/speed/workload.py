"""What is timed, and how a line of the table is made."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from benchmarks.timing import Timing, timings
from pymts.errors import InvalidParameterError
from pymts.models.registry import MODELS
from pymts.plan.configuration import Configuration
from pymts.run.simulate import simulate_whole

SIZES = {"small": (5, 1000, 1), "middle": (10, 1000, 100), "large": (100, 10_000, 10)}  # M, T, n_realizations


@dataclass(frozen=True)
class Row:
    """One line of the table: what was measured, against what, and the goal if there is one."""

    section: str
    what: str
    measured: str
    against: str
    ratio: str
    goal: str = ""


def configuration(name: str, m: int, t: int, r: int, **params: Any) -> Configuration:
    """Return a configuration of a size, or the next one that the model takes: more channels, or half as long."""
    sizes = [(channels, t // shorter) for shorter in (1, 2, 4) for channels in range(m, m + 8)]
    refused: InvalidParameterError | None = None
    for channels, times in sizes:
        try:
            return Configuration.of(name, {"M": channels, "T": times, "n_realizations": r, "seed": 1, **params})
        except InvalidParameterError as error:
            refused = refused or error
    assert refused is not None
    raise refused


def work(c: Configuration) -> Callable[[], object]:
    """Return the simulation of a configuration, truth included, as a thing to time."""
    return lambda: simulate_whole(c)


def milliseconds(timing: Timing) -> str:
    """Return a time as a person reads it."""
    value, spread = timing.median * 1e3, timing.spread * 1e3
    digits = 2 if value < 10 else 1 if value < 1000 else 0
    return f"{value:.{digits}f} ± {spread:.{digits}f} ms"


def compare(
    section: str, what: str, works: Mapping[str, Callable[[], object]], rounds: int, goal: str = "", *, times: int = 1
) -> list[Row]:
    """Time the first of some works against each of the others: the ratio is so many ``times`` theirs over ours."""
    found = timings(works, rounds)
    (_, ours), *others = found.items()
    rows = []
    for name, theirs in others:
        ratio = f"{times * theirs.median / ours.median:.2f}"
        rows.append(Row(section, what, milliseconds(ours), f"{name}: {milliseconds(theirs)}", ratio, goal))
    return rows


def names() -> list[str]:
    """Return the models, in order."""
    return sorted(MODELS)
