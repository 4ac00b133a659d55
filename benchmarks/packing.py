"""A store of many tiny datasets, loose and packed: ``python -m benchmarks.packing --entries 10000``."""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np

from benchmarks.timing import seconds
from pymts.grid import Grid
from pymts.housekeeping import entries
from pymts.packed import shards
from pymts.simulate import simulate_whole
from pymts.store import Store

LOOKUPS = 1000
BATCH = 64


def fill(store: Store, grid: Grid) -> None:
    """Store every configuration."""
    from pymts.generator import run

    for outcome in run(enumerate(grid), store, keep=False):
        assert outcome.error is None


def forget() -> None:
    """Let go of what this process remembers of shards, so that opening them is timed too."""
    from pymts import packed

    packed._opened.cache_clear()  # noqa: SLF001
    packed._shared_map.cache_clear()  # noqa: SLF001


def works(store: Store, grid: Grid) -> dict[str, Callable[[], object]]:
    """What is timed, on either form of the store."""
    from torch.utils.data import DataLoader

    from pymts.adapters.torch import SeriesDataset

    chosen = np.random.default_rng(0).integers(len(grid), size=LOOKUPS).tolist()
    configurations = [grid[index] for index in chosen]
    made: list[SeriesDataset] = []

    def load() -> None:
        for configuration in configurations:
            assert store.load(configuration) is not None

    def values() -> None:
        for configuration in configurations:
            place = store.locate(configuration)
            assert place is not None
            place.values()[0].sum()

    def epoch() -> None:
        for batch, _ in DataLoader(made[0], batch_size=BATCH, shuffle=True):
            batch.sum()

    return {
        "list all": lambda: sum(1 for _ in store.entries()),
        f"load {LOOKUPS}, at random": load,
        f"map {LOOKUPS}, at random": values,
        "open for torch": lambda: made.append(SeriesDataset(store, target="model", mapped=True)),
        "first epoch": epoch,
        "second epoch": epoch,
    }


def measure(store: Store, grid: Grid) -> dict[str, float]:
    """Return the seconds of each."""
    found = {}
    for name, work in works(store, grid).items():
        if name != "second epoch":
            forget()
        found[name] = seconds(work)
    return found


def files(root: Path) -> tuple[int, float]:
    """Return how many files there are, and the megabytes that they take on the disk."""
    status = [path.stat() for path in root.rglob("*")]
    return len(status), sum(one.st_blocks * 512 for one in status) / 1e6


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--entries", type=int, default=10_000)
    parser.add_argument("--outdir", type=Path, help="where to work; a temporary directory otherwise")
    options = parser.parse_args()
    grid = Grid([{"model": "noise_gaussian", "M": 2, "T": 16, "seed": list(range(options.entries))}])
    simulate_whole(grid[0])
    with tempfile.TemporaryDirectory(dir=options.outdir) as folder:
        store = Store(folder, "batch")
        rows = [("store all", seconds(lambda: fill(store, grid)), float("nan"))]
        before, loose = files(store.root), measure(store, grid)
        rows.append(("pack all", float("nan"), seconds(store.pack)))
        rows.append(("pack again, remove", float("nan"), seconds(lambda: store.pack(remove=True))))
        assert not list(entries(store.root))
        after, packed = files(store.root), measure(store, grid)
        rows += [(name, loose[name], packed[name]) for name in loose]
        rows.append(("verify", float("nan"), seconds(lambda: list(store.verify()))))
        count = sum(1 for _ in shards(store.root / "noise_gaussian"))
    print(f"{options.entries} entries of M=2, T=16; packed into {count} shards\n")
    print("| | loose, s | packed, s | times faster |\n| --- | ---: | ---: | ---: |")
    for name, one, other in rows:
        shown = ["" if np.isnan(value) else f"{value:.3f}" for value in (one, other, one / other)]
        print(f"| {name} | {shown[0]} | {shown[1]} | {shown[2][:-2]} |")
    print(f"| files and directories | {before[0]} | {after[0]} | |")
    print(f"| MB on the disk | {before[1]:.1f} | {after[1]:.1f} | |")


if __name__ == "__main__":
    main()
