"""The realization shown in a plot, from a dataset or its long form."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from pymts.data.dataset import DATA, DIMS
from pymts.data.selection import check_labels
from pymts.errors import InvalidParameterError
from pymts.plotting.titles import title

COLUMNS = ("time", "channel", "realization", "value")


@dataclass(frozen=True)
class Series:
    """One realization: ``values`` has shape (time, channel). Names come from the attributes, if present."""

    time: NDArray[Any]
    channels: NDArray[Any]
    values: NDArray[np.float64]
    time_unit: str
    value_name: str
    value_unit: str
    channels_are: str
    title: str

    @property
    def time_label(self) -> str:
        """The label of the time axis, with the unit if known."""
        return _label("time", self.time_unit)

    @property
    def value_label(self) -> str:
        """The label of the values, with the unit if known."""
        return _label(self.value_name, self.value_unit)

    @property
    def is_phase(self) -> bool:
        """Return whether the values are angles."""
        return self.value_unit == "rad"


def _label(name: str, unit: str) -> str:
    return f"{name} ({unit})" if unit else name


def as_dataset(data: xr.Dataset | pd.DataFrame) -> xr.Dataset:
    """Return a dataset; the long form of ``to_dataframe()`` is converted back, without its truth.

    Raises
    ------
    InvalidParameterError
        If it is neither, a frame lacks a column or holds several configurations, or the truth has other channels.
    """
    if isinstance(data, xr.Dataset) and DATA in data:
        check_labels(data)
        return data
    if not isinstance(data, pd.DataFrame) or not set(COLUMNS) <= set(data.columns):
        raise InvalidParameterError(
            f"a plot needs a dataset with {DATA!r} or a long frame with the columns {', '.join(COLUMNS)}, "
            f"got {type(data).__name__}"
        )
    names = data["config_id"].unique() if "config_id" in data else np.array([""])
    if len(names) != 1 or data.duplicated(list(DIMS)).any():
        raise InvalidParameterError(
            f"a plot shows one configuration, got a frame with {len(names)}; select one by its config_id"
        )
    cube = data.set_index(list(DIMS))["value"].to_xarray()
    return xr.Dataset({DATA: cube}, attrs={"config_id": str(names[0])})


def series(data: xr.Dataset | pd.DataFrame, realization: int = 0, channels: Iterable[Any] | None = None) -> Series:
    """Return one realization by position, with the channels of the given labels; ``None`` means all.

    Raises
    ------
    InvalidParameterError
        If the realization or a channel does not exist.
    """
    dataset = as_dataset(data)
    array = dataset[DATA].transpose(*DIMS)
    count = array.sizes["realization"]
    if not 0 <= realization < count:
        raise InvalidParameterError(f"realization must be from 0 to {count - 1}, got {realization}")
    labels = list(array["channel"].values)
    if channels is not None and (isinstance(channels, str) or not isinstance(channels, Iterable)):
        raise InvalidParameterError(f"channels must be a list of channels such as [0, 1], got {channels!r}")
    wanted = labels if channels is None else list(channels)
    unknown = [label for label in wanted if label not in labels]
    if unknown or not wanted:
        raise InvalidParameterError(
            f"channels must name at least one of {labels[0]} to {labels[-1]}, got {unknown or wanted}"
        )
    positions = [labels.index(label) for label in wanted]
    return Series(
        time=array["time"].values,
        channels=np.asarray(wanted),
        values=np.asarray(array.isel(realization=realization).values[:, positions]),
        time_unit=str(array["time"].attrs.get("units", "")),
        value_name=str(array.attrs.get("long_name", "value")),
        value_unit=str(array.attrs.get("units", "")),
        channels_are=str(array["channel"].attrs.get("long_name", "channel")),
        title=title(dataset, realization),
    )
