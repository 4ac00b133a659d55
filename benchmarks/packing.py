"""A store of many tiny datasets, loose and packed: ``python -m benchmarks.packing --entries 100000 --save``."""

from __future__ import annotations

import argparse
import os
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np

from benchmarks.timing import seconds
from pymts.plan.grid import Grid
from pymts.run.simulate import simulate_whole
from pymts.store.cache import Store
from pymts.store.entries import housekeeping
from pymts.store.packing.shards import shards

HERE = Path(__file__).parent
DROP = Path("/proc/sys/vm/drop_caches")
LOOKUPS = 1000
BATCH = 64


def fill(store: Store, grid: Grid) -> None:
    """Store every configuration."""
    from pymts.run.generator import run

    for outcome in run(enumerate(grid), store, keep=False):
        assert outcome.error is None


def forget(cold: bool) -> None:
    """Let go of what this process remembers of shards, and if asked of what the system remembers of files."""
    from pymts.store.packing import packed

    packed._opened.cache_clear()  # noqa: SLF001
    packed._shared_map.cache_clear()  # noqa: SLF001
    if cold:
        os.sync()
        DROP.write_text("3")


def can_be_cold() -> bool:
    """Tell whether we may have the system forget what it has read."""
    try:
        DROP.write_text("3")
    except OSError:
        return False
    return True


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
    """Return the seconds of each, from memory and, where we may, from the disk."""
    found = {}
    for cold in (False, True)[: 1 + can_be_cold()]:
        for name, work in works(store, grid).items():
            if name != "second epoch":
                forget(cold)
                found[f"{name}, from the disk" if cold else name] = seconds(work)
            elif not cold:
                found[name] = seconds(work)
    return found


def files(root: Path) -> tuple[int, float]:
    """Return how many files there are, and the megabytes that they take on the disk."""
    status = [path.stat() for path in root.rglob("*")]
    return len(status), sum(one.st_blocks * 512 for one in status) / 1e6


def table(entries: int, folder: Path) -> str:
    """Measure both forms of a store of so many entries."""
    grid = Grid([{"model": "noise_gaussian", "M": 2, "T": 16, "seed": list(range(entries))}])
    simulate_whole(grid[0])
    store = Store(folder, "batch")
    rows = [("store all", seconds(lambda: fill(store, grid)), float("nan"))]
    before, loose = files(store.root), measure(store, grid)
    rows.append(("pack all", float("nan"), seconds(store.pack)))
    rows.append(("verify the packed form, remove the loose", float("nan"), seconds(lambda: store.pack(remove=True))))
    assert not list(housekeeping.entries(store.root))
    after, packed = files(store.root), measure(store, grid)
    rows += [(name, loose[name], packed[name]) for name in loose]
    rows.append(("verify all", float("nan"), seconds(lambda: list(store.verify()))))
    count = sum(1 for _ in shards(store.root / "noise_gaussian"))
    what = f"{entries} entries of `noise_gaussian` with M=2 and T=16, {count} shard{'s' * (count > 1)}"
    lines = [
        f"{what}; seconds in one process.\n",
        "| | loose | packed | times faster |",
        "|---|---:|---:|---:|",
    ]
    for name, one, other in rows:
        shown = [
            "" if np.isnan(value) else f"{value:.{digits}f}"
            for value, digits in ((one, 3), (other, 3), (one / other, 1))
        ]
        lines.append(f"| {name} | {' | '.join(shown)} |")
    lines.append(f"| files and directories | {before[0]} | {after[0]} | {before[0] / after[0]:.0f} |")
    lines.append(f"| MB on the disk | {before[1]:.0f} | {after[1]:.0f} | {before[1] / after[1]:.1f} |")
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--entries", type=int, default=10_000)
    parser.add_argument("--outdir", type=Path, help="where to work; a temporary directory otherwise")
    parser.add_argument("--save", action="store_true", help="write PACKING.md")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.outdir) as folder:
        found = table(options.entries, Path(folder))
    print(found)
    if options.save:
        command = f"python -m benchmarks.packing --entries {options.entries} --save"
        (HERE / "PACKING.md").write_text(f"# Many tiny datasets, loose and packed\n\nMade by `{command}`.\n\n{found}")


if __name__ == "__main__":
    main()
