"""Small datasets to store, and what is in a directory."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import xarray as xr

from pymts.data.dataset import build
from pymts.plan.configuration import Configuration
from pymts.run.simulate import simulate_whole


def configured(**params: Any) -> Configuration:
    return Configuration.of("kuramoto", {"M": 3, "T": 6, "n_realizations": 4, "seed": 1, **params})


def made(configuration: Configuration) -> xr.Dataset:
    block = simulate_whole(configuration)
    return build(configuration, block.values, block.truth, block.lags)


def files_below(path: Path) -> dict[str, bytes]:
    return {str(file.relative_to(path)): file.read_bytes() for file in sorted(path.rglob("*")) if file.is_file()}


@contextmanager
def unprivileged() -> Iterator[None]:
    """Act as one whom permissions bind; root may read everything."""
    before = os.geteuid()
    if before == 0:
        os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(before)
