"""Variables of a configuration and their shapes, determined before it is simulated."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from pymts.data.block import Block
from pymts.data.dataset import DATA, DIMS, coordinates, data_attributes
from pymts.data.truth import CHANNEL_DIMS, LAG_DIMS
from pymts.errors import InvalidParameterError, nearest
from pymts.plan.configuration import Configuration
from pymts.run.simulate import batch_key, simulate

ALL = "all"


@dataclass(frozen=True)
class Truths:
    """One variable: its dims, shape, type, attributes, and the labels of dims of its own."""

    dims: tuple[str, ...]
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    attrs: Mapping[str, Any]
    labels: Mapping[str, NDArray[Any]]


def truths(configurations: Sequence[Configuration], variables: Sequence[str] | str) -> list[dict[str, Truths]]:
    """Return the requested variables that each configuration has.

    If truth is requested, one sample of one configuration per structure is simulated, since only the model knows the
    sizes of its truth.

    Raises
    ------
    InvalidParameterError
        If no configuration has a variable of this name.
    """
    asked = [variables] if isinstance(variables, str) and variables != ALL else list(variables)
    if asked == [DATA]:
        return [{DATA: _series(configuration)} for configuration in configurations]
    probes: dict[tuple[object, ...], dict[str, xr.Variable]] = {}
    found = []
    for configuration in configurations:
        key = batch_key(configuration)
        if key not in probes:
            probes[key] = _probe(configuration)
        found.append({DATA: _series(configuration)} | _truth(configuration, probes[key]))
    if variables == ALL:
        return found
    known = {name for one in found for name in one}
    for name in asked:
        if name not in known:
            raise InvalidParameterError(
                f"variables: {name!r} is not a variable of this grid{nearest(str(name), known)} "
                f"(valid: {', '.join(sorted(known))})"
            )
    return [{name: one[name] for name in asked if name in one} for one in found]


def _series(configuration: Configuration) -> Truths:
    realizations, times, channels = configuration.shape
    return Truths(DIMS, (times, channels, realizations), np.dtype(np.float64), data_attributes(configuration), {})


def _probe(configuration: Configuration) -> dict[str, xr.Variable]:
    """Simulate as little as the model allows, and return its truth."""
    short = {"T": 1, "n_realizations": 1, "burn_in": 0}
    try:
        least = Configuration.of(configuration.model, {**configuration.values, **short})
    except InvalidParameterError:  # a parameter refers to later samples
        least = configuration
    result = simulate([least], range(1))[0]
    if not isinstance(result, Block):
        raise result
    lags = {dim: xr.Variable((dim,), label) for dim, label in result.lags.items()}
    return {**result.truth, **lags}


def _truth(configuration: Configuration, probe: Mapping[str, xr.Variable]) -> dict[str, Truths]:
    own = coordinates(configuration)
    found = {}
    for name, variable in probe.items():
        if name in LAG_DIMS:
            continue
        dims = tuple(map(str, variable.dims))
        sizes = {dim: len(own[dim]) if dim in own else variable.sizes[dim] for dim in dims}
        labels = {dim: own["channel"] for dim in dims if dim in CHANNEL_DIMS}
        labels |= {dim: probe[dim].values for dim in dims if dim in LAG_DIMS}
        found[name] = Truths(dims, tuple(sizes[dim] for dim in dims), variable.dtype, variable.attrs, labels)
    return found
