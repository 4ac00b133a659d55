"""The README's pictures: ``python docs/pictures.py`` draws them beside this file."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure
from PIL import Image

from pymts import datasets
from pymts.plotting import plot_heatmap

DPI = 65
COLOURS = 64


def overview() -> Any:
    """Draw oscillators on the verge of synchrony: series, heatmap, spectrum and graph."""
    ds = datasets.make_kuramoto(M=16, T=400, K=2.5, topology="watts_strogatz", k=2, observable="sin", seed=4)
    return ds.pymts.plot()[0, 0].figure


def waves() -> Any:
    """Draw six models as space and time."""
    shown = {
        "Coupled map lattice": datasets.make_cml(
            M=80, T=160, preset="defect_turbulence", burn_in=500, sample_every=8, seed=1
        ),
        "Lorenz 1996": datasets.make_lorenz96(M=40, T=160, sample_every=5, seed=1),
        "Kuramoto, small world": datasets.make_kuramoto(
            M=40, T=160, K=2.5, topology="watts_strogatz", k=2, observable="sin", sample_every=4, seed=4
        ),
        "Stuart-Landau": datasets.make_stuart_landau(M=40, T=160, topology="ring", seed=3),
        "Markov-switching VAR": datasets.make_ms_var(M=40, T=160, seed=1),
        "Rossler": datasets.make_rossler(M=40, T=160, topology="ring", K=0.1, sample_every=4, seed=1),
    }
    figure = Figure(figsize=(11, 5.4), layout="constrained")
    for ax, (title, ds) in zip(figure.subplots(2, 3).flat, shown.items(), strict=True):
        plot_heatmap(ds, ax=ax)
        ax.set_title(title)
    return figure


PICTURES: dict[str, Callable[[], Any]] = {"overview": overview, "waves": waves}


def draw(folder: Path) -> list[Path]:
    """Write every picture as a small PNG, without a date, and return the paths."""
    paths = []
    for name, make in PICTURES.items():
        drawn = io.BytesIO()
        make().savefig(drawn, dpi=DPI)
        paths.append(folder / f"{name}.png")
        Image.open(drawn).convert("RGB").quantize(COLOURS).save(paths[-1], optimize=True)
    return paths


if __name__ == "__main__":
    for path in draw(Path(__file__).parent):
        sys.stdout.write(f"{path.name}: {path.stat().st_size / 1000:.0f} kB\n")
