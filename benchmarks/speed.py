"""Speed against limits and plain forms, as ratios taken in one run: ``python -m benchmarks.speed [--quick]``.

Absolute times depend on the machine; the ratios are what to quote.
"""

from __future__ import annotations

import argparse
import math
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

import pymts.models  # noqa: F401  (registers the models)
from benchmarks.timing import medians
from pymts.configuration import Configuration
from pymts.dataset import build
from pymts.io import load_parquet, save_parquet
from pymts.registry import MODELS
from pymts.simulate import batch_key, batch_size, simulate, simulate_whole

LINEAR = ("ar", "var", "ou", "brownian", "abm", "gbm", "noise_gaussian", "noise_cauchy")
Row = tuple[str, float, str]


def configuration(name: str, **params: Any) -> Configuration:
    return Configuration.of(name, {"seed": 1, **params})


def pairwise_kuramoto(m: int, steps: int, realizations: int, dt: float = 0.05, coupling: float = 1.0) -> None:
    """Kuramoto by RK4 as it is usually written: every pair's sine."""
    rng = np.random.default_rng(1)
    omega = rng.standard_normal(m)[:, None]
    theta = 2 * np.pi * rng.random((m, realizations))
    out = np.empty((steps, m, realizations))

    def velocity(x: np.ndarray) -> np.ndarray:
        return omega + coupling / m * np.sin(x[None, :, :] - x[:, None, :]).sum(axis=1)

    for step in range(steps):
        out[step] = theta
        k1 = velocity(theta)
        k2 = velocity(theta + dt / 2 * k1)
        k3 = velocity(theta + dt / 2 * k2)
        k4 = velocity(theta + dt * k3)
        theta = theta + dt / 6 * (k1 + 2 * k2 + 2 * k3 + k4)


def kuramoto_rows(rounds: int, quick: bool) -> list[Row]:
    rows = []
    for m, steps, realizations, goal in ((10, 1000, 100, "6"), (100, 200 if quick else 1000, 10, "80")):
        mine = configuration("kuramoto", M=m, T=steps, n_realizations=realizations)
        times = medians(
            {
                "mine": lambda c=mine: simulate([c]),
                "pairwise": lambda m=m, t=steps, r=realizations: pairwise_kuramoto(m, t, r),
            },
            rounds,
        )
        ratio = times["pairwise"] / times["mine"]
        rows.append((f"kuramoto M{m} R{realizations}: pairwise over ours", ratio, f">= {goal}"))
    return rows


def batch_rows(rounds: int) -> list[Row]:
    rows = []
    for name in MODELS:
        grid = [configuration(name, seed=seed) for seed in range(200)]
        size = batch_size(grid[0])
        assert len({batch_key(c) for c in grid}) == 1

        def batched(grid: list[Configuration] = grid, size: int = size) -> None:
            for start in range(0, len(grid), size):
                simulate(grid[start : start + size])

        def alone(grid: list[Configuration] = grid) -> None:
            for c in grid:
                simulate([c])

        times = medians({"batched": batched, "alone": alone}, max(1, rounds // 2))
        goal = ">= 5" if name in LINEAR else ">= 30"
        ratio = times["alone"] / times["batched"]
        rows.append((f"grid of 200 {name} M5 T1000 R1: one at a time over batched", ratio, goal))
    return rows


def linear_rows(rounds: int) -> list[Row]:
    rows = []
    buffers = [np.empty((1000, 10)) for _ in range(100)]

    def normals() -> None:
        rng = np.random.default_rng(1)
        for buffer in buffers:
            rng.standard_normal(out=buffer)

    def cauchys() -> None:
        rng = np.random.default_rng(1)
        for buffer in buffers:
            buffer[...] = rng.standard_cauchy(buffer.shape)

    for name in LINEAR:
        mine = configuration(name, M=10, T=1000, n_realizations=100)
        draws = cauchys if name == "noise_cauchy" else normals
        times = medians({"mine": lambda c=mine: simulate([c]), "draws": draws}, rounds)
        rows.append((f"{name} M10 T1000 R100: time over its random numbers", times["mine"] / times["draws"], "<= 1.6"))
    return rows


def statsmodels_rows(rounds: int) -> list[Row]:
    try:
        from statsmodels.tsa.vector_ar.util import varsim
    except ImportError:
        return []
    rows = []
    for m, realizations, goal in ((5, 1, ">= 8"), (10, 100, ">= 2")):
        mine = configuration("var", M=m, T=1000, n_realizations=realizations, p=2)
        truth = simulate_whole(mine).truth
        phi, sigma = truth["coefficients"].values, truth["noise_cov"].values

        def peer(phi: np.ndarray = phi, sigma: np.ndarray = sigma, r: int = realizations) -> None:
            for seed in range(r):
                varsim(phi, None, sigma, steps=1000, rng=np.random.RandomState(seed))

        times = medians({"mine": lambda c=mine: simulate([c]), "peer": peer}, rounds)
        rows.append((f"var(2) M{m} T1000 R{realizations}: statsmodels over ours", times["peer"] / times["mine"], goal))
    return rows


def store_rows(rounds: int) -> list[Row]:
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for realizations in (1, 1000):
            c = configuration("noise_gaussian", M=10, T=1000 if realizations > 1 else 500, n_realizations=realizations)
            block = simulate_whole(c)
            ds = build(c, block.values, block.truth, block.lags)
            parquet, npy = Path(folder) / "x.parquet", Path(folder) / "x.npy"
            times = medians(
                {
                    "save": lambda ds=ds, path=parquet: save_parquet(ds, path),
                    "np.save": lambda v=block.values, path=npy: np.save(path, v),
                    "load": lambda path=parquet: load_parquet(path),
                    "np.load": lambda path=npy: np.load(path),
                    "lazy": lambda path=parquet: load_parquet(path, lazy=True),
                },
                rounds,
            )
            size = f"{block.values.nbytes / 1e6:.2f} MB"
            rows.append((f"store {size}: whole read over np.load", times["load"] / times["np.load"], "<= 2.5"))
            rows.append((f"store {size}: write over np.save", times["save"] / times["np.save"], "<= 10"))
            rows.append((f"store {size}: lazy open, ms", times["lazy"] * 1e3, "<= 2"))
    return rows


def growth_rows(rounds: int, quick: bool) -> list[Row]:
    """Slopes of log time against log size; 1 is linear."""
    rows = []
    factor = 4
    base = {"M": 8, "T": 2000, "n_realizations": 64} if quick else {"M": 16, "T": 4000, "n_realizations": 100}
    for name in MODELS:
        few = configuration(name, **base)
        for axis, size in base.items():
            many = configuration(name, **base | {axis: size * factor})
            works: dict[str, Callable[[], object]] = {
                "few": lambda c=few: simulate([c]),
                "many": lambda c=many: simulate([c]),
            }
            times = medians(works, max(1, rounds // 3))
            rows.append((f"{name}: growth with {axis}", math.log(times["many"] / times["few"], factor), "about 1"))
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer rounds and smaller workloads")
    parser.add_argument("--growth", action="store_true", help="also the growth with M, T and n_realizations")
    arguments = parser.parse_args()
    rounds = 3 if arguments.quick else 9
    sections = [
        kuramoto_rows(rounds, arguments.quick),
        linear_rows(rounds),
        statsmodels_rows(rounds),
        batch_rows(rounds),
        store_rows(rounds),
    ]
    if arguments.growth:
        sections.append(growth_rows(rounds, arguments.quick))
    print("| workload | measured | goal |\n|---|---:|---:|")
    for section in sections:
        for label, value, goal in section:
            print(f"| {label} | {value:.2f} | {goal} |")


if __name__ == "__main__":
    main()
