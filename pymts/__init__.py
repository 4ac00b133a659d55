"""Synthetic multivariate time series with ground truth, for machine-learning benchmarks."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    import pymts.accessor as accessor
    import pymts.datasets as datasets
    import pymts.store.files as io
    from pymts.plan.grid import Grid as Grid
    from pymts.plan.mixture import Mixture as Mixture
    from pymts.run.executors import generate as generate
    from pymts.run.generator import Generator as Generator
    from pymts.store.cache import Store as Store

_MODULES = ("accessor", "datasets", "io")
_NAMES = {"Generator": "generator", "Grid": "grid", "Mixture": "mixture", "Store": "store", "generate": "executors"}

__all__ = ["Generator", "Grid", "Mixture", "Store", "__version__", "accessor", "datasets", "generate", "io"]


def __getattr__(name: str) -> Any:
    """Import a public name when it is first asked for, so that ``import pymts`` loads nothing heavy."""
    if name in _MODULES:
        return importlib.import_module(f"pymts.{name}")
    if name in _NAMES:
        return getattr(importlib.import_module(f"pymts.{_NAMES[name]}"), name)
    raise AttributeError(f"module 'pymts' has no attribute {name!r}")


def __dir__() -> list[str]:
    """List the public names."""
    return sorted(__all__)
