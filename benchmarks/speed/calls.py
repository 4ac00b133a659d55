"""Every model at three sizes, over the random numbers that it draws or the steps that it takes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from unittest import mock

import numpy as np

from benchmarks.speed.workload import SIZES, Row, configuration, milliseconds, names, work
from benchmarks.timing import timings
from pymts.models.registry import MODELS
from pymts.plan.configuration import Configuration
from pymts.streams import Draws

NOISE_BOUND = ("ar", "var", "ou", "gbm", "abm", "brownian", "noise_gaussian", "noise_cauchy")


def drawn(c: Configuration) -> dict[str, int]:
    """Return how many numbers of each law a configuration draws."""
    found = {"normal": 0, "uniform": 0, "cauchy": 0}
    fill = Draws._fill  # noqa: SLF001  (what is drawn passes through here)

    def counting(self: Draws, out: Any, law: str) -> Any:
        found[law if law in found else "normal"] += out.size
        return fill(self, out, law)

    with mock.patch.object(Draws, "_fill", counting):
        work(c)()
    return found


def draws(numbers: dict[str, int]) -> Callable[[], object]:
    """Return the drawing of so many numbers into one buffer that stays in cache, as a thing to time."""
    rng, buffer = np.random.default_rng(1), np.empty(1 << 14)

    def draw() -> None:
        for law, total in numbers.items():
            for start in range(0, total, len(buffer)):
                part = buffer[: min(len(buffer), total - start)]
                if law == "normal":
                    rng.standard_normal(out=part)
                elif law == "uniform":
                    rng.random(out=part)
                else:
                    part[...] = rng.standard_cauchy(len(part))

    return draw


def calls(rounds: int, quick: bool) -> list[Row]:
    """Time each model at each size."""
    rows = []
    for size, (m, t, r) in SIZES.items():
        if quick and size == "large":
            continue
        for name in names():
            c = configuration(name, m, t, r)
            numbers = drawn(c)
            ours = work(c)
            times = timings({"ours": ours, "draws": draws(numbers)}, 1 if size == "large" else rounds)
            values = np.prod(c.shape) * (1 + c.params.burn_in / (c.params.T * c.params.sample_every))
            values *= c.params.sample_every
            each = f"{times['ours'].median / values * 1e9:.1f} ns a value and step"
            share = times["draws"].median / times["ours"].median
            over = f"{1 / share:.2f}" if share > 0.02 else "-"
            bound = name in NOISE_BOUND and size == "middle"
            what = f"{name} M{c.params.M} T{c.params.T} R{r}"
            against = f"{each}; its random numbers: {milliseconds(times['draws'])}"
            rows.append(Row("calls", what, milliseconds(times["ours"]), against, over, "<= 1.6" if bound else ""))
    return rows


assert set(NOISE_BOUND) <= set(MODELS)
