"""Many configurations as one dask-backed dataset: nothing is read or simulated until needed."""

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

from pymts.data.dataset import ITEM, coordinates
from pymts.errors import InvalidParameterError, MissingLibraryError
from pymts.models.registry import get_model
from pymts.plan.configuration import Configuration
from pymts.run.generator import Cache, run
from pymts.run.outline import Truths, truths
from pymts.store.cache import Store

# By default a chunk holds as many configurations as fit into this size.
CHUNK_BYTES = 2**26
CHUNK_CONFIGURATIONS = 256
# What a worker needs to build one configuration: the module of its model, its name, and its parameters.
Named: TypeAlias = tuple[str, str, dict[str, Any]]


def _named(configuration: Configuration) -> Named:
    return configuration.model.simulate.__module__, configuration.model.name, dict(configuration.values)


def _values(
    named: Sequence[Named], root: str, remote: str | None, cache: Cache, wanted: Mapping[str, Truths]
) -> dict[str, NDArray[Any]]:
    """Return one variable of some configurations, (configuration, ...)."""
    for module in {module for module, _, _ in named} - {"__main__"}:
        importlib.import_module(module)
    configurations = [Configuration.of(get_model(name), values) for _, name, values in named]
    found: dict[str, list[NDArray[Any]]] = {name: [] for name in wanted}
    for outcome in run(enumerate(configurations), Store(root, remote=remote), cache=cache):
        if outcome.error is not None:
            raise outcome.error
        assert outcome.dataset is not None  # noqa: S101  (kept, and no error)
        for name, kind in wanted.items():
            if name in outcome.dataset:
                found[name].append(outcome.dataset[name].transpose(*kind.dims).values)
            else:
                found[name].append(np.full(kind.shape, np.nan))
    return {name: np.stack(values) for name, values in found.items()}


def _shape(configuration: Configuration) -> tuple[int, int, int, float]:
    realizations, times, channels = configuration.shape
    return channels, times, realizations, configuration.params.sample_every * configuration.params.step


def _view(
    configurations: Sequence[Configuration],
    swept: Mapping[str, Sequence[Any]],
    wanted: Mapping[str, Truths],
    kept: tuple[Store, Cache],
    chunk: int,
) -> xr.Dataset:
    """Return configurations of one shape as one dataset."""
    dask, array = importlib.import_module("dask"), importlib.import_module("dask.array")
    store, cache = kept
    labels = dict(coordinates(configurations[0]))
    for kind in wanted.values():
        labels |= {dim: label for dim, label in kind.labels.items() if dim not in labels}
    make = dask.delayed(_values, pure=True)
    remote = None if store.remote is None else store.remote.url
    parts: dict[str, list[Any]] = {name: [] for name in wanted}
    for start in range(0, len(configurations), chunk):
        some = configurations[start : start + chunk]
        # Dask treats equal names as equal data, so the name covers everything that the data depend on.
        identity = "".join(one.digest for one in some) + f"{store.root}{remote}{cache}{sorted(wanted)}"
        key = f"pymts-{hashlib.sha256(identity.encode()).hexdigest()}"
        made = make([_named(one) for one in some], str(store.root), remote, cache, dict(wanted), dask_key_name=key)
        for name, kind in wanted.items():
            one = array.from_delayed(made[name], (len(some), *kind.shape), kind.dtype, name=f"{key}-{name}")
            parts[name].append(one)
    variables = {
        name: xr.Variable(("configuration", *kind.dims), array.concatenate(parts[name]), kind.attrs)
        for name, kind in wanted.items()
    }
    coords: dict[str, Any] = {"configuration": [one.config_id for one in configurations], **labels}
    coords["model"] = ("configuration", [one.model.name for one in configurations])
    for name, column in swept.items():
        if name not in coords and any(value is not None for value in column):
            coords[name] = ("configuration", _label(column))
    view = xr.Dataset(variables, coords=coords)
    view["time"].attrs["units"] = configurations[0].params.time_unit
    return view


def _label(column: Sequence[Any]) -> list[Any]:
    """Return the values of a parameter as numbers if possible, else as text; missing ones are nan or empty."""
    if all(value is None or (isinstance(value, int | float) and not isinstance(value, bool)) for value in column):
        return [math.nan if value is None else float(value) for value in column]
    return ["" if value is None else str(value) for value in column]


def to_xarray(
    configurations: Sequence[Configuration],
    swept: Sequence[str],
    variables: Sequence[str] | str,
    kept: tuple[Store, Cache],
    chunks: int | None,
) -> xr.Dataset | xr.DataTree:
    """Return one dataset, or a tree with a dataset for each shape."""
    if importlib.util.find_spec("dask") is None:
        raise MissingLibraryError("to_xarray needs dask; install it with: pip install 'pymts[dask]'")
    if chunks is not None and (isinstance(chunks, bool) or not isinstance(chunks, int) or chunks < 1):
        raise InvalidParameterError(f"chunks must be an integer of at least 1 or None, got {chunks!r}")
    if not configurations:
        raise InvalidParameterError("to_xarray needs at least one configuration, got an empty selection")
    found = truths(configurations, variables)
    groups: dict[tuple[Any, ...], list[int]] = {}
    for index, configuration in enumerate(configurations):
        sizes = tuple(sorted((name, kind.shape) for name, kind in found[index].items()))
        groups.setdefault((*_shape(configuration), sizes), []).append(index)
    views = {}
    for key, indices in groups.items():
        group = [configurations[index] for index in indices]
        wanted = {name: kind for index in indices for name, kind in found[index].items()}
        size = max(ITEM * math.prod(kind.shape) for kind in wanted.values())
        fitting = max(1, min(CHUNK_CONFIGURATIONS, CHUNK_BYTES // size))
        columns = {name: [one.values.get(name) for one in group] for name in swept}
        view = _view(group, columns, wanted, kept, fitting if chunks is None else chunks)
        views[_node(key, list(groups))] = view
    if len(views) == 1:
        return next(iter(views.values()))
    return xr.DataTree.from_dict(views)


def _node(key: tuple[Any, ...], keys: Sequence[tuple[Any, ...]]) -> str:
    """Return the name of a shape in the tree, long enough to be unique."""
    name = "M{}_T{}_R{}".format(*key[:3])
    alike = [other for other in keys if other[:3] == key[:3]]
    if len({other[3] for other in alike}) > 1:
        name += f"_step{key[3]:g}"
        alike = [other for other in alike if other[3] == key[3]]
    return name if len(alike) == 1 else f"{name}_{1 + alike.index(key)}"
