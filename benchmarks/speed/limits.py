"""The limits of this machine: what no NumPy program can beat."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from benchmarks.speed.workload import Row
from benchmarks.timing import medians

N = 1 << 16


def limits(rounds: int) -> list[Row]:
    """Measure normals, elementwise functions, copies, the call of a ufunc, and a generator's seeding."""
    rng = np.random.default_rng(1)
    x, out = rng.standard_normal(N), np.empty(N)
    small, result = np.ones(8), np.empty(8)
    large, copy = np.ones(1 << 23), np.ones(1 << 23)
    calls = range(1000)
    works: dict[str, Callable[[], object]] = {
        "normal": lambda: rng.standard_normal(out=out),
        "Cauchy": lambda: rng.standard_cauchy(N),
        "exp": lambda: np.exp(x, out=out),
        "sin": lambda: np.sin(x, out=out),
        "tan": lambda: np.tan(x, out=out),
        "multiply": lambda: np.multiply(x, x, out=out),
        "call of a ufunc": lambda: [np.add(small, small, out=result) for _ in calls],
        "copy": lambda: np.copyto(copy, large),
        "seeded generator": lambda: [np.random.default_rng(np.random.SeedSequence(1, spawn_key=(2, r))) for r in calls],
    }
    times = medians(works, rounds)
    rows = [Row("limits", name, f"{times[name] / N * 1e9:.2f} ns a value", "", "") for name in list(works)[:6]]
    rows.append(Row("limits", "call of a ufunc, 8 values", f"{times['call of a ufunc'] * 1e6:.0f} ns", "", ""))
    rows.append(Row("limits", "copy of 64 MB", f"{2 * large.nbytes / times['copy'] / 1e9:.1f} GB/s", "", ""))
    rows.append(Row("limits", "SeedSequence and generator", f"{times['seeded generator'] * 1e3:.1f} µs", "", ""))
    return rows
