"""How fast data reach PyTorch: ``python -m benchmarks.adapters [--quick]``. Everything in one run, interleaved.

Windows a second of 96 + 24 samples of 10 channels in float32, in shuffled batches of 256, over a plain gather of the
same windows from one tensor; fresh series a second of a mixture of the ten first models over making them one at a time;
memory that a mapped store takes.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from itertools import islice
from pathlib import Path
from typing import Any

import torch

from pymts.adapters.torch import StreamDataset, WindowDataset, make_dataloader
from pymts.datasets import load_grid, make

BATCH, CONTEXT, HORIZON, CHANNELS = 256, 96, 24, 10
TEN = ("kuramoto", "cml", "ar", "var", "ou", "brownian", "abm", "gbm", "noise_gaussian", "noise_cauchy")


def plain(rows: torch.Tensor, batches: int) -> Iterable[tuple[torch.Tensor, torch.Tensor]]:
    """Gather shuffled windows from one tensor with nothing around it: the limit."""
    length = CONTEXT + HORIZON
    windows = rows.as_strided((len(rows) - length + 1, length * CHANNELS), (CHANNELS, 1))
    order = torch.randperm(len(windows))
    for number in range(batches):
        both = windows.index_select(0, order[number * BATCH : (number + 1) * BATCH]).view(-1, length, CHANNELS)
        yield both[:, :CONTEXT], both[:, CONTEXT:]


def take(batches: Iterable[Any], count: int) -> float:
    """Return the windows a second of so many batches, the first one left out: it starts workers and shuffles."""
    iterator = iter(batches)
    next(iterator)
    began = time.perf_counter()
    taken = sum(1 for _ in islice(iterator, count))
    return taken * BATCH / (time.perf_counter() - began)


def windows(place: Path, quick: bool) -> dict[str, tuple[float, float]]:
    """Return windows a second of each way: the median and the spread (half of the interquartile range)."""
    realizations = 100 if quick else 1000
    grid = load_grid(
        [{"model": "var", "M": CHANNELS, "T": 1000, "n_realizations": realizations, "seed": [1, 2]}], outdir=place
    )
    memory = WindowDataset(grid, CONTEXT, HORIZON)
    mapped = WindowDataset(grid, CONTEXT, HORIZON, mapped=True)
    rows = torch.randn(2 * realizations * 1000, CHANNELS)
    count = 200 if quick else 800
    ways: dict[str, Callable[[], Iterable[Any]]] = {
        "plain gather": lambda: plain(rows, count + 1),
        "memory, 0 workers": lambda: make_dataloader(memory, BATCH, True),
        "mapped, 0 workers": lambda: make_dataloader(mapped, BATCH, True),
        "memory, 2 workers": lambda: make_dataloader(memory, BATCH, True, num_workers=2),
        "mapped, 2 workers": lambda: make_dataloader(mapped, BATCH, True, num_workers=2),
    }
    mapped[:: max(1, len(mapped) // 3000)]  # every row group has been compared with its digest once
    rates: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(3 if quick else 7):
        for name, way in ways.items():
            rates[name].append(take(way(), count))
    return {name: (statistics.median(found), (max(found) - min(found)) / 2) for name, found in rates.items()}


def streams(quick: bool) -> tuple[float, float]:
    """Return series a second of a stream of ten models, and of making the same ones by one."""
    stream = StreamDataset([{"model": name, "M": 5, "T": 100} for name in TEN], seed=1)
    count = 512 if quick else 2048
    streamed, single = [], []
    loader = iter(make_dataloader(stream, 512))
    next(loader)
    for round_ in range(3):
        began = time.perf_counter()
        for _ in range(count // 512):
            next(loader)
        streamed.append(count / (time.perf_counter() - began))
        some = [stream.mixture[index] for index in range(round_ * 100, round_ * 100 + 100)]
        began = time.perf_counter()
        for configuration in some:
            make(configuration.model)(**configuration.values, cache=False)
        single.append(100 / (time.perf_counter() - began))
    return statistics.median(streamed), statistics.median(single)


# What a process may allocate is bounded when everything is loaded; mapped files do not count, tensors do.
_READER = """
import resource, sys
from pathlib import Path
from pymts.adapters.torch import WindowDataset, make_dataloader
from pymts.store.cache import Store
windows = WindowDataset(Store(sys.argv[1]), 96, 24, 10, mapped=True)
next(iter(make_dataloader(windows, 256)))
page = resource.getpagesize()
data = int(Path('/proc/self/statm').read_text().split()[5]) * page
bound = data + int(sys.argv[2])
resource.setrlimit(resource.RLIMIT_DATA, (bound, bound))
assert all(bool(x.isfinite().all()) for x, _ in make_dataloader(windows, 256, True))
try:
    WindowDataset(Store(sys.argv[1]), 96, 24, 10)
except (MemoryError, RuntimeError):
    print('read')
"""


def bounded(place: Path, quick: bool) -> tuple[float, float]:
    """Read a mapped store in a process that may allocate a fraction of its size, and cannot load it whole.

    Returns the size of the store and what may be allocated beyond what the process had, in MB.
    """
    realizations = 400 if quick else 2000
    root = place / "large"
    records = [{"model": "var", "M": CHANNELS, "T": 2000, "n_realizations": realizations, "seed": [1, 2, 3]}]
    for _ in load_grid(records, outdir=root):
        pass
    size = sum(file.stat().st_size for file in root.rglob("*.parquet"))
    bound = size // 8
    command = [sys.executable, "-c", _READER, str(root), str(bound)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    if done.stdout.strip() != "read":
        raise RuntimeError("the bound did not bind: the whole store was loaded")
    return size / 1e6, bound / 1e6


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.adapters")
    parser.add_argument("--quick", action="store_true")
    quick = parser.parse_args().quick
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        found = windows(place / "windows", quick)
        limit = found["plain gather"][0]
        for name, (rate, spread) in found.items():
            figures = f"{rate / 1e6:6.2f} +- {spread / 1e6:4.2f} M windows/s"
            print(f"{name:20} {figures} {rate / limit:6.2f} of the plain gather")
        streamed, single = streams(quick)
        ratio = streamed / single
        print(f"stream of ten models {streamed:8.0f} series/s, one at a time {single:6.0f}: {ratio:.1f} x")
        size, bound = bounded(place, quick)
        print(f"a store of {size:.0f} MB was read, mapped, by a process that may allocate {bound:.0f} MB more")


if __name__ == "__main__":
    main()
