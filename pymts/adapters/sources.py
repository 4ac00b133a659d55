"""Accepted sources of series, and the known properties of each of their datasets."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from pymts.data.dataset import DATA, DIMS
from pymts.data.selection import check_labels
from pymts.errors import InvalidParameterError
from pymts.run.collection import load_grid
from pymts.store.cache import Store
from pymts.store.files import load_parquet

# A DatasetSequence is a sequence of datasets.
Many: TypeAlias = Sequence[xr.Dataset] | Store | str | Path  # a View is a sequence too
Source: TypeAlias = xr.Dataset | Many

ALLOWED = (
    "a dataset, a list of datasets, a grid's datasets, a View, a Store, or the path of a store, a YAML grid or a "
    "Parquet file"
)
# These change the extent or scale of a random path, not the path itself.
_SAME_PATH = ("T", "n_realizations", "zscore")


@dataclass(frozen=True, eq=False)
class Member:
    """One dataset of a source, with what distinguishes its realizations from those of others.

    Stored data is read on access; the metadata is enough for the rest. ``number`` is its place in the source, ``shape``
    (realization, time, channel), ``truth`` the dims of its truth variables.
    """

    number: int
    attrs: Mapping[str, Any]
    shape: tuple[int, int, int]
    truth: Mapping[str, tuple[str, ...]]
    load: Callable[[], xr.Dataset]

    @classmethod
    def of(cls, dataset: xr.Dataset, number: int) -> Member:
        """Return a dataset as a member, without reading its series."""
        check_labels(dataset)
        sizes = dataset[DATA].sizes
        truth = {str(name): tuple(map(str, one.dims)) for name, one in dataset.data_vars.items() if name != DATA}
        shape = sizes["realization"], sizes["time"], sizes["channel"]
        return cls(number, dataset.attrs, shape, truth, lambda: dataset)

    @cached_property
    def dataset(self) -> xr.Dataset:
        """The dataset."""
        return self.load()

    @cached_property
    def values(self) -> NDArray[np.float64]:
        """The series, (realization, time, channel)."""
        return np.asarray(self.dataset[DATA].transpose("realization", "time", "channel").values)

    @property
    def name(self) -> str:
        """The config_id, or the place in the source if there is none."""
        return str(self.attrs.get("config_id", f"dataset{self.number}"))

    @property
    def model(self) -> str | None:
        """The name of the model, if known."""
        name = self.attrs.get("model")
        return None if name is None else str(name)

    @cached_property
    def config(self) -> dict[str, Any]:
        """The configuration: model, params, version; empty if unknown."""
        try:
            config = json.loads(self.attrs.get("config", "null"))
        except (TypeError, ValueError):
            return {}
        return config if isinstance(config, dict) and isinstance(config.get("params"), dict) else {}

    @property
    def params(self) -> dict[str, Any]:
        """The parameters of the configuration."""
        params: dict[str, Any] = self.config.get("params", {})
        return params

    @cached_property
    def path(self) -> str:
        """A key that is equal for datasets whose realizations are the same random paths.

        A longer run extends a shorter one, and more realizations extend fewer, so they must be in the same part of a
        split.
        """
        if not self.config:
            return f"dataset {self.number}"
        params = {name: value for name, value in self.params.items() if name not in _SAME_PATH}
        return json.dumps({**self.config, "params": params}, sort_keys=True)

    @property
    def realizations(self) -> list[Any]:
        """The labels of the realizations."""
        labels: list[Any] = self.dataset["realization"].values.tolist()
        return labels

    @cached_property
    def located(self) -> NDArray[np.int64] | None:
        """The sample numbers on the configuration's own time axis, (time,); None if the labels do not identify them."""
        labels = self.dataset["time"].values
        if not self.config or "time" not in self.dataset.coords or labels.dtype.kind not in "iuf":
            return None
        unit = self.params.get("dt", 1) * self.params.get("sample_every", 1)
        numbers = np.rint(labels / unit)
        fits = np.allclose(numbers * unit, labels, rtol=1e-9, atol=1e-6 * unit) and np.all(np.diff(numbers) > 0)
        return numbers.astype(np.int64) if fits else None

    @property
    def positions(self) -> NDArray[np.int64]:
        """The sample numbers, (time,); a part of a series keeps those of the whole."""
        return np.arange(self.shape[1]) if self.located is None else self.located


def members(source: Source) -> list[Member]:
    """Return the datasets of a source, after checking that it is not empty and that channel numbers agree.

    Raises
    ------
    InvalidParameterError
        If the source has an unsupported type, is empty, or mixes numbers of channels.
    StoreError, DamagedEntryError, GridError
        If a file cannot be read.
    """
    if hasattr(source, "as_members"):  # a view
        parts: list[Member] = source.as_members()
        return parts
    found = [Member.of(_checked(dataset, number), number) for number, dataset in enumerate(_datasets(source))]
    if not found:
        raise InvalidParameterError(f"the source {_shown(source)} is empty; give at least one dataset")
    return fitting(found)


def fitting(found: list[Member]) -> list[Member]:
    """Return members that form a valid source; raise if one does not fit."""
    first = found[0]
    for member in found:
        if 0 in member.shape:
            raise InvalidParameterError(f"{member.name} is empty: (realization, time, channel) = {member.shape}")
        if member.shape[2] != first.shape[2]:
            raise InvalidParameterError(
                f"the datasets differ in the number of channels: {first.name} has M={first.shape[2]} and {member.name} "
                f"has M={member.shape[2]}; convert each M separately"
            )
    twice = {path for path, count in Counter(member.path for member in found).items() if count > 1}
    for member in found:
        if member.path in twice and member.located is None:
            raise InvalidParameterError(
                f"{member.name} appears twice in the source with different times; keep the time coordinate it was "
                "created with, which shows what the two share"
            )
    return found


def _datasets(source: Any) -> Iterable[Any]:
    if isinstance(source, xr.Dataset):
        return [source]
    if isinstance(source, Store):
        return [source.open_id(config_id) for config_id in sorted(source.ids())]
    if isinstance(source, str | Path):
        return _of_path(Path(source))
    if isinstance(source, Sequence):
        return source
    raise InvalidParameterError(f"source must be {ALLOWED}; got {_shown(source)}")


def _of_path(path: Path) -> Iterable[xr.Dataset]:
    if path.is_dir():
        return _datasets(Store(path))
    if path.suffix == ".parquet":
        return [load_parquet(path)]
    return load_grid(path)


def _checked(dataset: Any, number: int) -> xr.Dataset:
    if not isinstance(dataset, xr.Dataset):
        raise InvalidParameterError(f"source must be {ALLOWED}; item {number} is a {type(dataset).__name__}")
    if DATA not in dataset or set(dataset[DATA].dims) != set(DIMS):
        raise InvalidParameterError(f"item {number} of the source has no variable {DATA!r} with the dims {DIMS}")
    return dataset


def _shown(source: object) -> str:
    return repr(source) if isinstance(source, str | Path | Store) else f"a {type(source).__name__}"


def whole_number(name: str, value: Any, least: int) -> int:
    """Return ``value`` as an integer of at least ``least``, or raise."""
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < least:
        raise InvalidParameterError(f"{name} must be an integer of at least {least}, got {value!r}")
    return int(value)
