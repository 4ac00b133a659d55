"""How time grows with T, M, the realizations and the configurations: slopes on log axes, and a plot of them."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from benchmarks.speed.workload import Row, configuration, names, work
from benchmarks.timing import medians
from pymts.plan.configuration import Configuration
from pymts.run.simulate import batch_size, simulate

BASE = {"T": 1000, "M": 8, "n_realizations": 32}
FACTORS = (1, 2, 4, 8)


def growth(rounds: int, plot: Path | None) -> list[Row]:
    """Time every model along each axis; a slope of 1 is proportional."""
    curves: dict[str, dict[str, list[float]]] = {axis: {} for axis in (*BASE, "configurations")}
    for name in names():
        for axis, base in BASE.items():
            works = {}
            for factor in FACTORS:
                size = {**BASE, axis: base * factor}
                works[str(factor)] = work(configuration(name, size["M"], size["T"], size["n_realizations"]))
            curves[axis][name] = list(medians(works, rounds).values())
        curves["configurations"][name] = _configurations(name, rounds)
    if plot is not None:
        _plot(curves, plot)
    slopes = {
        axis: {name: float(np.polyfit(np.log(FACTORS), np.log(times), 1)[0]) for name, times in found.items()}
        for axis, found in curves.items()
    }
    about = f"slopes with {', '.join(curves)}"
    found = {name: ", ".join(f"{slopes[axis][name]:.2f}" for axis in curves) for name in names()}
    return [Row("growth", name, text, about, "") for name, text in found.items()]


def _configurations(name: str, rounds: int) -> list[float]:
    first = configuration(name, 5, 200, 1)
    size = batch_size(first)
    works = {}
    for factor in FACTORS:
        grid = [Configuration.of(name, {**first.values, "seed": seed}) for seed in range(64 * factor)]
        works[str(factor)] = lambda grid=grid: [simulate(grid[k : k + size]) for k in range(0, len(grid), size)]
    return list(medians(works, rounds).values())


def _plot(curves: dict[str, dict[str, list[float]]], path: Path) -> None:
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    figure = Figure(figsize=(11, 3.2), layout="constrained")
    FigureCanvasSVG(figure)
    for ax, (axis, found) in zip(figure.subplots(1, len(curves), sharey=True), curves.items(), strict=True):
        for times in found.values():
            ax.loglog(FACTORS, np.array(times) / times[0], color="0.6", lw=0.8)
        ax.loglog(FACTORS, FACTORS, color="C3", lw=1.5, label="proportional")
        ax.set_xlabel(f"{axis}, times")
        ax.set_xticks(FACTORS, [str(f) for f in FACTORS], minor=False)
        ax.minorticks_off()
    figure.axes[0].set_ylabel("time, times")
    figure.axes[0].legend(frameon=False)
    figure.savefig(path, metadata={"Date": None})
