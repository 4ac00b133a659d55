"""A grid of small configurations, batched against one at a time; and the whole job from the command line."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

import xarray as xr

from benchmarks.speed.workload import Row, compare, configuration, names
from benchmarks.timing import seconds
from pymts.data.block import Block
from pymts.data.dataset import DIMS, attributes, build, coordinates
from pymts.models.registry import MODELS
from pymts.plan.configuration import Configuration
from pymts.run.simulate import batch_key, batch_size, simulate

GRID = """\
seed: 1
configs:
  - {model: kuramoto, M: 5, T: 500, K: {sweep: [%s]}}
  - {model: var, M: 5, T: 500, rho: {sweep: [%s]}}
"""


def batches(rounds: int, quick: bool) -> list[Row]:
    """Time 200 configurations of each model that differ in their seed."""
    rows = []
    for name in names():
        first = configuration(name, 5, 1000, 1)
        grid = [Configuration.of(name, {**first.values, "seed": seed}) for seed in range(40 if quick else 200)]
        if len({batch_key(c) for c in grid}) != 1:
            raise AssertionError(f"{name} does not batch")
        size = batch_size(first)

        def batched(grid: list[Configuration] = grid, size: int = size) -> None:
            for start in range(0, len(grid), size):
                simulate(grid[start : start + size])

        def alone(grid: list[Configuration] = grid) -> None:
            for c in grid:
                simulate([c])

        tags = MODELS[name].tags
        goal = ">= 5" if "linear" in tags else ">= 30" if {"map", "oscillator", "flow"} & set(tags) else ""
        works = {"batched": batched, "one at a time": alone}
        rows += compare("grids", f"{len(grid)} x {name} M{first.params.M} T1000 R1", works, max(1, rounds // 3), goal)
    return rows


def building(rounds: int, quick: bool) -> list[Row]:
    """Time making datasets of arrays that are there, with the indexes shared and with each building its own."""
    grid = [Configuration.of("var", {"M": 4, "T": 100, "seed": seed}) for seed in range(100 if quick else 1000)]
    blocks = [(c, block) for c, block in zip(grid, simulate(grid), strict=True) if isinstance(block, Block)]

    def shared() -> None:
        for c, block in blocks:
            build(c, block.values, block.truth, block.lags)

    def own() -> None:
        for c, block in blocks:
            made = {"data": (DIMS, block.values.transpose(1, 2, 0)), **block.truth}
            labels = {**coordinates(c), **block.lags}
            channels = dict.fromkeys(("channel_", "target", "source"), labels["channel"])
            xr.Dataset(made, coords={**labels, **channels}, attrs=attributes(c))

    works = {"indexes shared": shared, "indexes built anew": own}
    return compare("grids", f"{len(blocks)} datasets of var M4 T100 R1", works, rounds, ">= 2")


def end_to_end(quick: bool) -> list[Row]:
    """Time ``pymts generate --save`` of a grid of 1,000 configurations, with one job and two, against a plain loop."""
    half = 50 if quick else 500
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        couplings = ", ".join(f"{0.01 * k:.2f}" for k in range(1, half + 1))
        radii = ", ".join(f"{0.1 + 0.8 * k / half:.5f}" for k in range(half))
        (place / "grid.yaml").write_text(GRID % (couplings, radii))
        (place / "loop.py").write_text(
            "import sys, numpy as np\n"
            "from pymts.plan.grid import Grid\n"
            "from pymts.datasets import make\n"
            "for c in Grid.read('grid.yaml'):\n"
            "    make(c.model)(**c.values, cache=True, outdir='loop')\n"
        )
        command = [sys.executable, "-m", "pymts", "generate", "--config", "grid.yaml", "--save", "--outdir"]
        runs = {
            "1 job": [*command, "one"],
            "2 jobs": [*command, "two", "--jobs", "2"],
            "a plain loop of make_*": [sys.executable, "loop.py"],
        }
        times = {
            name: seconds(lambda run=run: subprocess.run(run, cwd=place, check=True, capture_output=True))  # type: ignore[misc]
            for name, run in runs.items()
        }
    what = f"pymts generate --save, {2 * half} configurations, "
    loop = times.pop("a plain loop of make_*")
    return [
        Row("end to end", what + name, f"{spent:.1f} s", f"a plain loop of make_*: {loop:.1f} s", f"{loop / spent:.2f}")
        for name, spent in times.items()
    ]
