"""Many series in the formats of time-series libraries.

Only darts, Hugging Face datasets and tigramite are imported, when their own types are requested. Series are ordered by
dataset, then realization, like the rows of ``to_xy`` with whole realizations. They are named
``<config_id>/<realization>``, and channels ``x0``, ``x1`` ...
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pymts.adapters.libraries import require
from pymts.adapters.sources import Member, Source, members
from pymts.errors import InvalidParameterError

Array = NDArray[np.float64]

T = TypeVar("T")
START, FREQ = "2000-01-01", "h"


@dataclass(frozen=True)
class Series:
    """One realization: ``values`` of shape (time, channel), and its sample numbers."""

    name: str
    member: Member
    realization: Any
    values: Array
    positions: NDArray[np.int64]

    def times(self, start: str | None, freq: str) -> pd.Index:
        """Return the time labels: sample numbers, or dates from ``start``; regular if the samples are."""
        first, last = int(self.positions[0]), int(self.positions[-1])
        step = int(self.positions[1]) - first if len(self.positions) > 1 else 1
        regular = pd.RangeIndex(first, last + 1, step)
        is_regular = len(regular) == len(self.positions)
        if start is None:
            return regular if is_regular else pd.Index(self.positions)
        dates = _dated(lambda: pd.date_range(start, periods=last + 1, freq=freq), start, freq)
        return dates[first::step] if is_regular else dates[self.positions]  # a slice keeps its frequency

    def first_period(self, start: str, freq: str) -> pd.Period:
        """Return the date of the first sample."""
        return _dated(lambda: pd.Period(start, freq=freq) + int(self.positions[0]), start, freq)


def _dated(make: Callable[[], T], start: str, freq: str) -> T:
    try:
        return make()
    except ValueError:
        raise InvalidParameterError(
            f"start={start!r} and freq={freq!r} are not valid dates; use pandas notation, such as "
            "start='2000-01-01' and freq='D'"
        ) from None


def to_numpy3d(source: Source) -> Array:
    """Return the series as one array, as expected by aeon and sktime ("numpy3D").

    Parameters
    ----------
    source : xarray.Dataset, list of xarray.Dataset, DatasetSequence, Store or path
        A path to a store, a YAML grid or a Parquet file. All datasets must have the same numbers of channels and
        samples.

    Returns
    -------
    array of shape (n_cases, n_channels, n_timepoints)

    Raises
    ------
    InvalidParameterError
        If the source is empty, or its datasets differ in channels or samples.
    """
    found = members(source)
    first = found[0]
    for member in found:
        if member.shape[1] != first.shape[1]:
            raise InvalidParameterError(
                f"the datasets differ in length: {first.name} has T={first.shape[1]} and {member.name} has "
                f"T={member.shape[1]}; cut them to one length, or use to_multiindex or to_long"
            )
    return np.concatenate([member.values.transpose(0, 2, 1) for member in found])


def to_multiindex(source: Source, *, start: str | None = None, freq: str = FREQ) -> pd.DataFrame:
    """Return the series as sktime's "pd-multiindex": one column per channel, one row per sample of a series.

    Parameters
    ----------
    source : xarray.Dataset, list of xarray.Dataset, DatasetSequence, Store or path
    start : str or None
        Date of sample 0; None uses sample numbers.
    freq : str
        Step from one date to the next, in pandas notation.

    Returns
    -------
    pandas.DataFrame
        Columns ``x0`` ... of float64; index (instance, time).
    """
    series = list(_series(source))
    parts = [pd.DataFrame(one.values, columns=_channels(one.values), index=one.times(start, freq)) for one in series]
    return pd.concat(parts, keys=[one.name for one in series], names=["instance", "time"])


def to_long(source: Source, *, start: str | None = None, freq: str = FREQ) -> pd.DataFrame:
    """Return the series in the format of Nixtla's libraries: one row per sample of a channel.

    Parameters
    ----------
    source : xarray.Dataset, list of xarray.Dataset, DatasetSequence, Store or path
    start : str or None
        Date of sample 0; None uses sample numbers, for which those libraries need ``freq=1``.
    freq : str
        Step from one date to the next, in pandas notation.

    Returns
    -------
    pandas.DataFrame
        Columns ``unique_id`` (``<config_id>/<realization>/x0`` ...), ``ds`` and ``y``.
    """
    parts = []
    for one in _series(source):
        n_times, n_channels = one.values.shape
        names = np.array([f"{one.name}/{channel}" for channel in _channels(one.values)], dtype=object)
        times = one.times(start, freq)
        columns = {
            "unique_id": np.repeat(names, n_times),
            "ds": np.tile(times.to_numpy(), n_channels),
            "y": one.values.T.reshape(-1),
        }
        parts.append(pd.DataFrame(columns))
    return pd.concat(parts, ignore_index=True)


def to_gluonts(
    source: Source, *, start: str = START, freq: str = FREQ, multivariate: bool = True
) -> list[dict[str, Any]]:
    """Return the series as entries of a GluonTS dataset, also accepted by ``gluonts.dataset.common.ListDataset``.

    Parameters
    ----------
    source : xarray.Dataset, list of xarray.Dataset, DatasetSequence, Store or path
    start : str
        Date of sample 0.
    freq : str
        Step from one date to the next, in pandas notation.
    multivariate : bool
        Whether an entry is a whole realization, or a single channel.

    Returns
    -------
    list of dict
        ``item_id``; ``start``, a pandas.Period; ``target``, an array of shape (channel, time) or (time,).
    """
    entries = []
    for one in _series(source):
        period = one.first_period(start, freq)
        if multivariate:
            entries.append({"item_id": one.name, "start": period, "target": one.values.T})
            continue
        entries += [
            {"item_id": f"{one.name}/{channel}", "start": period, "target": values}
            for channel, values in zip(_channels(one.values), one.values.T, strict=True)
        ]
    return entries


def to_darts(source: Source, *, start: str | None = None, freq: str = FREQ) -> list[Any]:
    """Return the series as darts objects, one per realization, with one component per channel.

    Parameters
    ----------
    source : xarray.Dataset, list of xarray.Dataset, DatasetSequence, Store or path
    start : str or None
        Date of sample 0; None uses sample numbers.
    freq : str
        Step from one date to the next, in pandas notation.

    Returns
    -------
    list of darts.TimeSeries

    Raises
    ------
    MissingLibraryError
        If darts is not installed.
    """
    darts = require("darts", "to_darts", "pip install darts")
    return [
        darts.TimeSeries.from_times_and_values(
            one.times(start, freq), one.values, columns=pd.Index(_channels(one.values))
        )
        for one in _series(source)
    ]


def to_hf(source: Source, *, start: str | None = None, freq: str = FREQ) -> Any:
    """Return the series as a Hugging Face dataset, one row per realization.

    Parameters
    ----------
    source : xarray.Dataset, list of xarray.Dataset, DatasetSequence, Store or path
    start : str or None
        Date of sample 0; None uses sample numbers.
    freq : str
        Step from one date to the next, in pandas notation.

    Returns
    -------
    datasets.Dataset
        Columns ``id``, ``timestamp`` (time,), ``target`` (channel, time), ``config_id``, ``model``, ``realization``.

    Raises
    ------
    MissingLibraryError
        If datasets is not installed.
    """
    datasets = require("datasets", "to_hf", "pip install datasets")
    series = list(_series(source))
    return datasets.Dataset.from_dict(
        {
            "id": [one.name for one in series],
            "timestamp": [one.times(start, freq).to_numpy() for one in series],
            "target": [one.values.T for one in series],
            "config_id": [one.member.name for one in series],
            "model": [one.member.model for one in series],
            "realization": [one.realization for one in series],
        }
    )


def to_tigramite(source: Source) -> Any:
    """Return the series as a tigramite dataframe with several datasets, one per realization.

    Parameters
    ----------
    source : xarray.Dataset, list of xarray.Dataset, DatasetSequence, Store or path
        For causal discovery all realizations should share one graph, as those of one configuration do.

    Returns
    -------
    tigramite.data_processing.DataFrame
        With ``analysis_mode="multiple"``: ``values[k]`` is realization k, (time, channel).

    Raises
    ------
    MissingLibraryError
        If tigramite is not installed.
    """
    processing = require("tigramite.data_processing", "to_tigramite", "pip install tigramite")
    series = list(_series(source))
    data = {number: np.ascontiguousarray(one.values) for number, one in enumerate(series)}
    return processing.DataFrame(data, var_names=_channels(series[0].values), analysis_mode="multiple")


def to_statsmodels(source: Source, *, start: str | None = None, freq: str = FREQ) -> list[pd.DataFrame]:
    """Return one data frame per realization, for statsmodels (``VAR(frame)``, ``AutoReg(frame["x0"], 2)``).

    Parameters
    ----------
    source : xarray.Dataset, list of xarray.Dataset, DatasetSequence, Store or path
    start : str or None
        Date of sample 0; None uses sample numbers.
    freq : str
        Step from one date to the next, in pandas notation.

    Returns
    -------
    list of pandas.DataFrame
        Each has columns ``x0`` ... and time as its index.
    """
    return [
        pd.DataFrame(one.values, columns=_channels(one.values), index=one.times(start, freq)) for one in _series(source)
    ]


def _channels(values: Array) -> list[str]:
    return [f"x{channel}" for channel in range(values.shape[1])]


def _series(source: Source) -> Iterator[Series]:
    """Yield every realization; names are unique."""
    found = members(source)
    names = Counter(f"{member.name}/{label}" for member in found for label in member.realizations)
    name, count = names.most_common(1)[0]
    if count > 1:
        raise InvalidParameterError(f"the series {name} appears {count} times in the source; give it once")
    for member in found:
        for label, values in zip(member.realizations, member.values, strict=True):
            yield Series(f"{member.name}/{label}", member, label, values, member.positions)
