"""Many configurations as one dask-backed dataset: nothing is read or simulated until it is asked for."""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
import math
from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from pymts.data.dataset import DATA, DIMS, ITEM, coordinates
from pymts.errors import InvalidParameterError, MissingLibraryError
from pymts.models.registry import get_model
from pymts.plan.configuration import Configuration
from pymts.run.generator import Cache, run
from pymts.store.cache import Store

# Without a size of its own a chunk holds as many configurations as fit in here.
CHUNK_BYTES = 2**26
CHUNK_CONFIGURATIONS = 256
# What a worker needs to make one configuration: where its model is registered, its name, and its parameters.
Named: TypeAlias = tuple[str, str, dict[str, Any]]


def _named(configuration: Configuration) -> Named:
    return configuration.model.simulate.__module__, configuration.model.name, dict(configuration.values)


def _series(named: Sequence[Named], root: str, remote: str | None, cache: Cache) -> NDArray[np.float64]:
    """Return the series of some configurations, (configuration, time, channel, realization)."""
    for module in {module for module, _, _ in named} - {"__main__"}:
        importlib.import_module(module)
    configurations = [Configuration.of(get_model(name), values) for _, name, values in named]
    values = []
    for outcome in run(enumerate(configurations), Store(root, remote=remote), cache=cache):
        if outcome.error is not None:
            raise outcome.error
        assert outcome.dataset is not None  # noqa: S101  (kept, and no error)
        values.append(outcome.dataset[DATA].transpose(*DIMS).values)
    return np.stack(values)


def _shape(configuration: Configuration) -> tuple[int, int, int, float]:
    realizations, times, channels = configuration.shape
    return channels, times, realizations, configuration.params.sample_every * configuration.params.step


def _view(
    configurations: Sequence[Configuration], swept: Mapping[str, Sequence[Any]], store: Store, cache: Cache, chunk: int
) -> xr.Dataset:
    """Return configurations of one shape as one dataset."""
    dask, array = importlib.import_module("dask"), importlib.import_module("dask.array")
    labels = coordinates(configurations[0])
    shape = tuple(len(labels[dim]) for dim in DIMS)
    series = dask.delayed(_series, pure=True)
    remote = None if store.remote is None else store.remote.url
    parts = []
    for start in range(0, len(configurations), chunk):
        some = configurations[start : start + chunk]
        # Dask takes equal names for equal data, so the name tells everything that the data depend on.
        identity = "".join(one.digest for one in some) + f"{store.root}{remote}{cache}"
        name = f"pymts-{hashlib.sha256(identity.encode()).hexdigest()}"
        delayed = series([_named(one) for one in some], str(store.root), remote, cache, dask_key_name=name)
        parts.append(array.from_delayed(delayed, (len(some), *shape), np.float64, name=f"{name}-array"))
    data = xr.Variable(("configuration", *DIMS), array.concatenate(parts))
    coords: dict[str, Any] = {"configuration": [one.config_id for one in configurations], **labels}
    coords["model"] = ("configuration", [one.model.name for one in configurations])
    for name, column in swept.items():
        if name not in coords and any(value is not None for value in column):
            coords[name] = ("configuration", _label(column))
    view = xr.Dataset({DATA: data}, coords=coords)
    view["time"].attrs["units"] = configurations[0].params.time_unit
    return view


def _label(column: Sequence[Any]) -> list[Any]:
    """Return the values of a parameter as numbers if they all are, else as text; what a model lacks is nan or empty."""
    if all(value is None or (isinstance(value, int | float) and not isinstance(value, bool)) for value in column):
        return [math.nan if value is None else float(value) for value in column]
    return ["" if value is None else str(value) for value in column]


def to_xarray(
    configurations: Sequence[Configuration],
    swept: Sequence[str],
    store: Store,
    cache: Cache,
    chunks: int | None,
) -> xr.Dataset | xr.DataTree:
    """Return one dataset, or a tree with a dataset for each shape."""
    if importlib.util.find_spec("dask") is None:
        raise MissingLibraryError("to_xarray needs dask; install it with: pip install 'pymts[dask]'")
    if chunks is not None and (isinstance(chunks, bool) or not isinstance(chunks, int) or chunks < 1):
        raise InvalidParameterError(f"chunks must be a number of configurations of at least 1 or None, got {chunks!r}")
    if not configurations:
        raise InvalidParameterError("to_xarray needs at least one configuration, got an empty selection")
    groups: dict[tuple[int, int, int, float], list[Configuration]] = {}
    for configuration in configurations:
        groups.setdefault(_shape(configuration), []).append(configuration)
    views = {}
    for shape, group in groups.items():
        size = ITEM * math.prod(shape[:3])
        fitting = max(1, min(CHUNK_CONFIGURATIONS, CHUNK_BYTES // size))
        columns = {name: [one.values.get(name) for one in group] for name in swept}
        name = "M{}_T{}_R{}".format(*shape[:3]) + (f"_step{shape[3]:g}" if _several_steps(groups, shape) else "")
        views[name] = _view(group, columns, store, cache, fitting if chunks is None else chunks)
    if len(views) == 1:
        return next(iter(views.values()))
    return xr.DataTree.from_dict(views)


def _several_steps(groups: Mapping[tuple[int, int, int, float], Any], shape: tuple[int, int, int, float]) -> bool:
    return sum(other[:3] == shape[:3] for other in groups) > 1
