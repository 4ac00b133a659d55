"""What the proofs share: their result, scratch space, processes and fingerprints."""

from __future__ import annotations

import contextlib
import hashlib
import json
import multiprocessing
import shutil
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from pymts.data.dataset import build
from pymts.plan.configuration import Configuration
from pymts.plan.grid import Grid
from pymts.run.simulate import simulate_whole

PATIENCE = 120.0  # seconds for which any process may be silent
_LOADED = (
    "pymts.datasets",
    "pymts.run.generator",
    "pymts.store.cache",
    "pymts.store.files",
    "pyarrow.parquet",
    "xarray",
    "scipy.linalg",
)
# Several models; a file of several write calls; many small entries.
RECORDS: list[dict[str, Any]] = [
    {"model": "kuramoto", "M": 3, "T": 6, "K": [0.5, 1.0, 2.0], "n_realizations": 2},
    {"model": "var", "M": 2, "T": 5, "seed": [1, 2]},
    {"model": "noise_gaussian", "M": 10, "T": 1000, "n_realizations": 3},
    {"model": "noise_gaussian", "M": 1, "T": 1, "seed": [1, 2, 3, 4]},
]


@dataclass
class Proof:
    """What one proof found."""

    promise: str
    tried: int = 0
    failures: list[str] = field(default_factory=list)
    seconds: float = 0.0
    notes: dict[str, Any] = field(default_factory=dict)

    def check(self, holds: bool, complaint: str) -> None:
        """Note a failure."""
        if not holds:
            self.failures.append(complaint)


@contextlib.contextmanager
def proof(promise: str) -> Iterator[Proof]:
    """Time a proof."""
    began = time.perf_counter()
    found = Proof(promise)
    yield found
    found.seconds = time.perf_counter() - began


@contextlib.contextmanager
def scratch() -> Iterator[Path]:
    """Give a directory that is gone afterwards."""
    path = Path(tempfile.mkdtemp(prefix="pymts-reliability-"))
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


def processes_context() -> Any:
    """Return where processes come from: a server that has everything loaded, where there is one."""
    if "forkserver" not in multiprocessing.get_all_start_methods():
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(list(_LOADED))
    return context


def end(process: Any) -> None:
    """End a process of ours, and wait for it."""
    if process.pid is not None:
        process.kill()
        process.join(PATIENCE)


def fresh(configuration: Configuration) -> xr.Dataset:
    """Simulate one configuration, without the store."""
    block = simulate_whole(configuration)
    return build(configuration, block.values, block.truth, block.lags)


def fingerprint(dataset: xr.Dataset) -> str:
    """Return a digest of every bit of a dataset: values, truth, coordinates and attributes."""
    found = hashlib.sha256(json.dumps(dataset.attrs, sort_keys=True).encode())
    for name in sorted(map(str, dataset.variables)):
        variable = dataset.variables[name]
        values = np.asarray(variable.values)
        values = values.astype(str) if values.dtype.kind == "O" else values
        head = [name, variable.dims, values.shape, values.dtype.str, dict(variable.attrs)]
        found.update(json.dumps(head, sort_keys=True).encode())
        found.update(np.ascontiguousarray(values).tobytes())
    return found.hexdigest()


def expected_of(grid: Grid) -> dict[str, tuple[Configuration, str]]:
    """Return every configuration of a grid by its name, with the fingerprint of its dataset."""
    return {c.config_id: (c, fingerprint(fresh(c))) for c in grid}
