"""What very large grids would take, from rates measured here: ``python -m benchmarks.scale`` writes SCALE.md."""
# ruff: noqa: E501  (it holds the text of a document)

from __future__ import annotations

import math
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from benchmarks.executors import tiny
from pymts import generate
from pymts.plan.grid import Grid
from pymts.run.executors import cluster
from pymts.run.executors.engine import TARGET_SECONDS, Estimate
from pymts.run.simulate import simulate_blocks
from pymts.store.cache import Store

HERE = Path(__file__).parent
CORES = 1000
# Assumed, not measured here: what a shared file system and an object store of ordinary size do.
FILES_A_SECOND = 20_000
REQUESTS_A_SECOND = 3_500  # creations under one prefix
NETWORK_BYTES = 5e9
DISK_BYTES = 20e9
FILES_AN_ENTRY = 3
PACKED_BYTES = 256e6
FILES_A_SHARD = 4
VALUES_OF_TINY = 5 * 2 * 8  # bytes of an entry of `tiny`


@dataclass(frozen=True)
class Rates:
    """Seconds and bytes a second of one core, measured."""

    entry: float  # to store one entry next to nothing in size
    linear: float  # bytes of a VAR simulated a second
    flow: float  # bytes of coupled Kuramoto oscillators
    write: float  # bytes stored a second, digests and reading back included
    schedule: float  # for a range to go out and come back, by Dask, beyond its work
    pack: float  # seconds to pack one entry next to nothing in size and to remove its own files
    beside: float  # bytes of a packed entry beside its values: truth, metadata, labels


@dataclass(frozen=True)
class Scenario:
    """A grid: so many configurations of so many bytes."""

    count: float
    size: float

    @property
    def name(self) -> str:
        """As a person says it."""
        size = f"{self.size / 1e6:g} MB" if self.size >= 1e6 else f"{self.size / 1e3:g} kB"
        return f"10^{math.log10(self.count):.0f} of {size}"


SCENARIOS = (Scenario(1e6, 1e6), Scenario(1e6, 1e8), Scenario(1e9, 8e3))


def _seconds(grid: Grid, folder: Path) -> float:
    began = time.perf_counter()
    generate(grid, folder)
    return time.perf_counter() - began


def _simulated(record: dict[str, object]) -> float:
    configuration = Grid([record])[0]
    began = time.perf_counter()
    size = sum(block.values.nbytes for block in simulate_blocks(configuration))
    return size / (time.perf_counter() - began)


def measure() -> Rates:
    """Measure one core of this machine."""
    var = {"model": "var", "M": 10, "T": 1000, "n_realizations": 1000, "seed": 1}
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        _seconds(tiny(100), place / "warm")
        entry = _seconds(tiny(1000), place / "tiny") / 1000
        began = time.perf_counter()
        store = Store(place / "tiny")
        store.pack(remove=True)
        pack = (time.perf_counter() - began) / 1000
        beside = sum(file.stat().st_size for file in store.root.rglob("*") if file.is_file()) / 1000 - VALUES_OF_TINY
        linear, flow = (_simulated(r) for r in (var, {**var, "model": "kuramoto", "n_realizations": 100}))
        grid = Grid([var])
        spent = _seconds(grid, place / "large") - 8e7 / linear
        with cluster("local", 1) as executor:
            generate(tiny(50), place / "dask", executor=executor)
            one, many = (_ranges(executor, size, place / f"ranges{size}") for size in (1, 200))
        schedule = (one - many) / (200 - 1)
    return Rates(entry, linear, flow, 8e7 / max(spent, 1e-3), max(schedule, 1e-4), pack, beside)


def _ranges(executor: object, size: int, folder: Path) -> float:
    from unittest import mock

    with mock.patch.object(Estimate, "size", lambda _self, left, _workers: min(left, size)):
        began = time.perf_counter()
        generate(tiny(200), folder, executor=executor)  # type: ignore[arg-type]
        return time.perf_counter() - began


def hours(seconds: float) -> str:
    """Return a time as a person reads it."""
    return f"{seconds:.0f} s" if seconds < 600 else f"{seconds / 3600:.3g} h"


def plan(rates: Rates, scenario: Scenario) -> dict[str, str]:
    """Return what a scenario takes on a thousand cores, loose and packed, and what holds it up."""
    total = scenario.count * scenario.size
    work = {
        kind: rates.entry + scenario.size / rate + scenario.size / rates.write
        for kind, rate in (("linear", rates.linear), ("flow", rates.flow))
    }
    tasks = scenario.count * work["linear"] / TARGET_SECONDS
    walls = {
        "cores": scenario.count * work["linear"] / CORES,
        "scheduler": tasks * rates.schedule,
        "files": scenario.count * FILES_AN_ENTRY / FILES_A_SECOND,
        "requests": scenario.count * FILES_AN_ENTRY / REQUESTS_A_SECOND,
        "network": total / NETWORK_BYTES,
        "disk": total / DISK_BYTES,
    }
    shards = max(1.0, scenario.count * (scenario.size + rates.beside) / PACKED_BYTES)
    pack = scenario.count * (rates.pack + scenario.size / rates.write)
    shared = {name: walls[name] for name in ("cores", "scheduler", "files", "network", "disk")}
    slowest = max(shared, key=lambda name: shared[name])
    again = scenario.size / rates.linear
    fetched = scenario.size / (NETWORK_BYTES / CORES) + 2 * FILES_AN_ENTRY / (REQUESTS_A_SECOND / CORES)
    return {
        "grid": scenario.name,
        "bytes": f"{total / 1e12:.3g} TB",
        "ranges of 3 s": f"{tasks:.3g}",
        "core hours, linear / flow": f"{scenario.count * work['linear'] / 3600:.3g} / "
        f"{scenario.count * work['flow'] / 3600:.3g}",
        "1000 cores": hours(walls["cores"]),
        "one Dask scheduler": hours(walls["scheduler"]),
        "file system, loose": hours(walls["files"]),
        "object store, loose": hours(walls["requests"]),
        "packing, core hours": f"{pack / 3600:.3g}",
        "packed: files / bytes": f"{FILES_A_SHARD * shards:.3g} / {shards * PACKED_BYTES / 1e12:.3g} TB",
        "object store, packed": hours(FILES_A_SHARD * shards / REQUESTS_A_SECOND),
        "network": hours(walls["network"]),
        "disk": hours(walls["disk"]),
        "slowest on a shared file system": slowest,
        "make again / fetch one, a core": f"{again * 1e3:.3g} / {fetched * 1e3:.3g} ms",
    }


def main() -> None:
    """Measure, compute, write."""
    rates = measure()
    plans = [plan(rates, scenario) for scenario in SCENARIOS]
    rows = [f"| {key} | " + " | ".join(p[key] for p in plans) + " |" for key in plans[0] if key != "grid"]
    head = "| | " + " | ".join(p["grid"] for p in plans) + " |\n|---|" + "---:|" * len(plans)
    even = rates.linear / (NETWORK_BYTES / CORES)
    text = f"""# Very large grids, on paper

Made by `python -m benchmarks.scale` from one core of the machine at hand: an entry next to nothing in size is stored in
{rates.entry * 1e3:.1f} ms, a VAR is simulated at {rates.linear / 1e6:.0f} MB/s and Kuramoto oscillators at
{rates.flow / 1e6:.0f} MB/s, {rates.write / 1e6:.0f} MB/s are stored (digests and reading back included), and Dask takes
{rates.schedule * 1e3:.1f} ms for a range beyond its work. Assumed: {CORES} cores, {FILES_A_SECOND:,} new files a second on
a shared file system, {REQUESTS_A_SECOND:,} creations a second in an object store, {NETWORK_BYTES / 1e9:g} GB/s of network
and {DISK_BYTES / 1e9:g} GB/s of disks for all.

{head}
{chr(10).join(rows)}

- **Up to 10^6 of 1 MB** nothing has to change: bytes, files and one scheduler each take minutes, and shards do without one.
- **10^6 of 100 MB** is bound by bytes, then by the scheduler, which longer ranges relieve. Do not keep them: a grid file of a kilobyte makes them again, and each core makes a
  VAR {even:.0f} times as fast as its share of the network brings one. Keep the manifest; store what is slow to simulate.
- **10^9 of 8 kB** is bound by entries: three files each are more than file systems and object stores take. Each machine
  makes its `--shard` on a disk of its own, packs it (`pymts pack --remove`, {rates.pack * 1e3:.1f} ms an entry;
  {rates.beside / 1e3:.1f} kB of each lie beside its values), and only shards travel (`pymts push`). Give each part of the grid a
  store of its own, of 10^6 entries or so: a process that looks one up holds the manifests of its store, 200 bytes an
  entry, and a grid file has up to 100,000 cells (`--max-cells` allows more). Or make series when they are asked for:
  `StreamDataset` gives each by its number alone.
- **Making again beats storing** where simulating takes less than fetching: the last line of the table, and always where
  a series is used once.
"""
    (HERE / "SCALE.md").write_text(text)
    print(text)


if __name__ == "__main__":
    main()
