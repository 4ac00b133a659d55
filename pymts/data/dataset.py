"""Builds an ``xarray.Dataset`` from arrays and a configuration; the only place that defines dims and attributes."""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from pymts import __version__
from pymts.data.truth import CHANNEL_DIMS, LAG_DIMS, TRUTH, Truth

if TYPE_CHECKING:
    from pymts.plan.configuration import Configuration

DATA = "data"
DIMS = ("time", "channel", "realization")
ACOV_LAG = "acov_lag"
ITEM = 8  # bytes of a float64
LAGS = 6  # assumed lags of a truth variable in size estimates
SHARED_TIMES = 100_000  # longer coordinates are not cached for the next dataset


def coordinates(configuration: Configuration) -> dict[str, NDArray[np.generic]]:
    """Return the labels of time, channel and realization; time is 0 at the first sample."""
    params = configuration.params
    return _labels(configuration.shape, params.sample_every, params.step)


def _labels(shape: tuple[int, int, int], sample_every: int, step: float) -> dict[str, NDArray[np.generic]]:
    realizations, n_times, channels = shape
    time = np.arange(n_times) * sample_every * step
    return {"time": time, "channel": np.arange(channels), "realization": np.arange(realizations)}


@lru_cache(maxsize=32)
def _coords(
    shape: tuple[int, int, int],
    *,
    sample_every: int,
    step: float,
    time_unit: str,
    channels_are: str,
    channel_labels: tuple[tuple[str, tuple[int | str, ...]], ...],
    channel_dims: frozenset[str],
    lags: tuple[tuple[str, int, int], ...],
) -> xr.Coordinates:
    """Return coordinates with indexes, shared by datasets of one shape: building them costs more than the data."""
    labels = _labels(shape, sample_every, step)
    coords = {name: xr.Variable((name,), label) for name, label in labels.items()}
    coords["time"].attrs["units"] = time_unit
    coords["channel"].attrs["long_name"] = channels_are
    coords |= {dim: xr.Variable((dim,), labels["channel"].copy()) for dim in sorted(channel_dims)}
    coords |= {name: xr.Variable(("channel",), np.array(label)) for name, label in channel_labels}
    coords |= {dim: xr.Variable((dim,), np.arange(first, first + size)) for dim, first, size in lags}
    for name, variable in coords.items():
        variable.attrs.setdefault("long_name", name.rstrip("_").replace("_", " "))
        variable.values.setflags(write=False)  # shared labels must not be modified
    return xr.Coordinates(coords)


def data_bytes(configuration: Configuration) -> int:
    """Return the size of the series in memory, in Python integers."""
    return ITEM * math.prod(configuration.shape)


def truth_bytes(configuration: Configuration) -> int:
    """Return an estimate of the truth's size in memory, from its dimensions alone."""
    realizations, times, channels = configuration.shape
    sizes = {"time": times, "realization": realizations, "frequency_": 4096} | dict.fromkeys(LAG_DIMS, LAGS)
    return sum(
        ITEM * math.prod(sizes.get(dim, channels) for dim in TRUTH[name].dims)
        for name in configuration.model.truth
        if name in TRUTH and name not in configuration.params.left_out
        if name != "adjacency" or not getattr(configuration.params, "is_sparse", False)
        if not TRUTH[name].optional or name in configuration.params.asked_truth
    )


def truth_variables(truth: Mapping[str, Truth], index: int) -> dict[str, xr.Variable]:
    """Return the truth of configuration ``index`` of a batch, with the vocabulary's dimension order."""
    variables = {}
    for name, item in truth.items():
        if item.known is not None and not item.known[index]:
            continue
        kind = TRUTH.get(name)  # models outside the package may define other truth
        told = {} if kind is None else {"description": kind.meaning}
        attrs = {"long_name": name.replace("_", " "), **told, **item.attrs}
        variable = xr.Variable(item.dims, item.values[index], attrs)
        variables[name] = variable if kind is None else variable.transpose(*kind.dims)
    return variables


def truth_coordinates(truth: Mapping[str, Truth]) -> dict[str, NDArray[np.generic]]:
    """Return the labels of the lags of the truth."""
    labels: dict[str, NDArray[np.generic]] = {}
    for item in truth.values():
        for dim, size in zip(item.dims, item.values.shape[1:], strict=True):
            if dim in LAG_DIMS:
                labels[dim] = np.arange(item.first_lag, item.first_lag + size)
    return labels


def build(
    configuration: Configuration,
    values: NDArray[np.float64],
    truth: Mapping[str, xr.Variable],
    lags: Mapping[str, NDArray[np.generic]],
) -> xr.Dataset:
    """Return the dataset of ``values`` (realization, time, channel), transposed without a copy."""
    used = {dim for variable in truth.values() for dim in variable.dims}
    counted = tuple((dim, int(label[0]), len(label)) for dim, label in lags.items())
    make = _coords if configuration.shape[1] <= SHARED_TIMES else _coords.__wrapped__
    params = configuration.params
    coords = make(
        configuration.shape,
        sample_every=params.sample_every,
        step=params.step,
        time_unit=params.time_unit,
        channels_are=params.channels_are,
        channel_labels=tuple(params.channel_labels.items()),
        channel_dims=frozenset(CHANNEL_DIMS & used),
        lags=counted,
    )
    data = xr.Variable(DIMS, values.transpose(1, 2, 0), data_attributes(configuration))
    return xr.Dataset({DATA: data, **truth}, coords=coords, attrs=attributes(configuration))


def data_attributes(configuration: Configuration) -> dict[str, str]:
    """Return the CF attributes of the series, which xarray's plots use."""
    name, unit = configuration.params.observed
    if configuration.params.zscore:
        name, unit = f"standardised {name}", ""
    units = {"units": unit} if unit else {}
    return {"long_name": name, **units, "description": configuration.model.summary}


def attributes(configuration: Configuration) -> dict[str, Any]:
    """Return flat attributes that netCDF and zarr can store, with the configuration as JSON text."""
    found = {
        "model": configuration.model.name,
        "config_id": configuration.config_id,
        "digest": configuration.digest,
        "seed": configuration.seed,
        "config": configuration.canonical,
        "pymts_version": __version__,
    }
    left_out = sorted(configuration.params.left_out)
    if left_out:
        found["truth_left_out"] = (
            f"{', '.join(left_out)}: far more costly than the data; pass truth='all' to include it"
        )
    return found


def to_numpy(dataset: xr.Dataset) -> NDArray[np.float64]:
    """Return the series as an array of shape (time, channel, realization)."""
    return np.asarray(dataset[DATA].transpose(*DIMS).values)


def to_dataframe(dataset: xr.Dataset) -> pd.DataFrame:
    """Return the long form: time, channel, realization, value, config_id; realization varies slowest."""
    data = dataset[DATA].transpose("realization", "time", "channel")
    n_realizations, n_times, n_channels = data.shape
    columns = {
        "time": np.tile(np.repeat(data["time"].values, n_channels), n_realizations),
        "channel": np.tile(data["channel"].values, n_realizations * n_times),
        "realization": np.repeat(data["realization"].values, n_times * n_channels),
        "value": data.values.reshape(-1),
        "config_id": pd.Categorical.from_codes(
            np.zeros(data.size, dtype=np.int8), dtype=pd.CategoricalDtype([str(dataset.attrs.get("config_id", ""))])
        ),
    }
    return pd.DataFrame(columns)
