"""Synthetic multivariate time series with ground truth, for machine-learning benchmarks."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from pymts import accessor as accessor
    from pymts import analysis as analysis
    from pymts import datasets as datasets
    from pymts import io as io
    from pymts.data.truth import Simulated as Simulated
    from pymts.data.truth import Truth as Truth
    from pymts.datasets import *  # noqa: F403  (make_*, load_grid, list_models and make)
    from pymts.models.registry import model as model
    from pymts.params.base import Params as Params
    from pymts.plan.grid import Grid as Grid
    from pymts.plan.mixture import Mixture as Mixture
    from pymts.run import executors as executors
    from pymts.run.executors import generate as generate
    from pymts.run.generator import Generator as Generator
    from pymts.store.cache import Store as Store
    from pymts.streams import Streams as Streams
    from pymts.versions import show_versions as show_versions

_MODULES = {name: name for name in ("accessor", "analysis", "datasets", "io")} | {"executors": "run.executors"}
_NAMES = {
    "Generator": "run.generator",
    "Grid": "plan.grid",
    "Mixture": "plan.mixture",
    "Params": "params.base",
    "Simulated": "data.truth",
    "Store": "store.cache",
    "Streams": "streams",
    "Truth": "data.truth",
    "generate": "run.executors",
    "model": "models.registry",
    "show_versions": "versions",
}
# These return datasets, which need `ds.pymts`, so the accessor is imported first.
_GIVES_DATASETS = {"Generator", "Store", "generate"}


def __getattr__(name: str) -> Any:
    """Import a public name on first use, so that ``import pymts`` loads nothing heavy."""
    if name in _MODULES:
        return importlib.import_module(f"pymts.{_MODULES[name]}")
    if name in _NAMES:
        if name in _GIVES_DATASETS:
            importlib.import_module("pymts.accessor")
        return getattr(importlib.import_module(f"pymts.{_NAMES[name]}"), name)
    if name in {"list_models", "load_grid", "make"} or name.startswith("make_"):
        front = importlib.import_module("pymts.datasets")
        if hasattr(front, name):
            return getattr(front, name)
    raise AttributeError(f"module 'pymts' has no attribute {name!r}")


def __dir__() -> list[str]:
    """List the public names."""
    front = importlib.import_module("pymts.datasets")
    return sorted({"__version__", *_MODULES, *_NAMES, *dir(front)})
