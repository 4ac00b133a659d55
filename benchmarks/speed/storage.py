"""The store's files against other formats: write, whole read, one realization, a window, and memory."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from benchmarks.speed.workload import Row, compare, configuration
from pymts.data.dataset import build, to_dataframe
from pymts.run.simulate import simulate_whole
from pymts.store.files import load_parquet, open_values, save_parquet

_PEAK = """
import resource, sys
import numpy as np
from pymts.store.files import load_parquet, save_parquet
def peak():
    for line in open('/proc/self/status'):
        if line.startswith('VmHWM'):
            return int(line.split()[1]) / 1024
if sys.argv[1] == 'write':
    dataset = load_parquet(sys.argv[2])
    open('/proc/self/clear_refs', 'w').write('5')
    before = peak() - dataset.data.nbytes / 2**20
    save_parquet(dataset, sys.argv[3])
else:
    load_parquet(sys.argv[3]).close()
    open('/proc/self/clear_refs', 'w').write('5')
    before = peak()
    dataset = load_parquet(sys.argv[2])
print((peak() - before) / (dataset.data.nbytes / 2**20))
"""


def _dataset(realizations: int, times: int) -> xr.Dataset:
    c = configuration("noise_gaussian", 10, times, realizations)
    block = simulate_whole(c)
    return build(c, block.values, block.truth, block.lags)


def storage(rounds: int, quick: bool) -> list[Row]:
    """Time one large dataset and one small one in each format."""
    rows = []
    for realizations, times in ((100 if quick else 1000, 1000), (1, 500)):
        dataset = _dataset(realizations, times)
        values = np.ascontiguousarray(dataset.data.values.transpose(2, 0, 1))
        size = f"{values.nbytes / 1e6:.2g} MB"
        with tempfile.TemporaryDirectory() as folder:
            rows += _formats(size, dataset, values, Path(folder), rounds)
    return rows


def _formats(size: str, dataset: xr.Dataset, values: np.ndarray, place: Path, rounds: int) -> list[Row]:
    import zarr

    ours, npy, nc, frame, chunks = (place / name for name in ("x.parquet", "x.npy", "x.nc", "pandas.parquet", "x.zarr"))
    plain = xr.Dataset({"data": (("realization", "time", "channel"), values)})
    last = len(values) - 1
    write: dict[str, Any] = {
        "ours": lambda: save_parquet(dataset, ours),
        "np.save": lambda: np.save(npy, values),
        "netCDF4": lambda: plain.to_netcdf(nc),
        "zarr": lambda: zarr.save_array(str(chunks), values, mode="w"),
    }
    if values.size <= 2**20:  # it takes seconds for the large one
        write["pandas long form"] = lambda: to_dataframe(dataset).to_parquet(frame)
    rows = compare("storage", f"{size}: write", write, rounds, "np.save >= 0.1")
    read: dict[str, Any] = {
        "ours": lambda: load_parquet(ours),
        "np.load": lambda: np.load(npy),
        "netCDF4": lambda: xr.open_dataset(nc).load().close(),
        "zarr": lambda: zarr.load(str(chunks)),
    }
    if "pandas long form" in write:
        read["pandas long form"] = lambda: pd.read_parquet(frame)
    rows += compare("storage", f"{size}: whole read", read, rounds, "np.load >= 0.4")
    one: dict[str, Any] = {
        "ours, mapped": lambda: open_values(ours).realization(last).sum(),
        "np.load mapped": lambda: np.sum(np.load(npy, mmap_mode="r")[last]),
        "netCDF4": lambda: xr.open_dataset(nc).data[last].sum().values,
        "zarr": lambda: np.sum(zarr.open_array(str(chunks), mode="r")[last]),
    }
    rows += compare("storage", f"{size}: open and read one realization", one, rounds)
    window = {
        "a lazy Dataset": lambda: load_parquet(ours, lazy=True).data[10:90, :, last].values,
        "np.load mapped": lambda: np.array(np.load(npy, mmap_mode="r")[last, 10:90]),
    }
    rows += compare("storage", f"{size}: open and read a window of 80 samples", window, rounds)
    if values.size > 2**20:
        small = _dataset(1, 50)
        save_parquet(small, place / "small.parquet")
        for what in ("write", "read"):
            command = [sys.executable, "-c", _PEAK, what, str(ours), str(place / "small.parquet")]
            if what == "write":
                command[-1] = str(place / "again.parquet")
            peak = float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
            rows.append(Row("storage", f"{size}: peak memory of a {what}", f"{peak:.2f} x the array", "", "", "<= 1.5"))
    return rows
