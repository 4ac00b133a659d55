"""Selects a part of a dataset, with the matching part of its truth."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from pymts.data.truth import CHANNEL_DIMS, TRUTH
from pymts.errors import InvalidParameterError

HIDDEN = "hidden_channels"
EDGE = "edge"  # the dimension of a graph stored as a list of edges between channel labels
Labels: TypeAlias = Any  # a label, a list of labels, a slice of labels, or a boolean mask


def select(
    dataset: xr.Dataset, channel: Labels = None, time: slice | None = None, realization: Labels = None
) -> xr.Dataset:
    """Return a part of a dataset, with the truth about its channels, samples and realizations.

    Parameters
    ----------
    dataset : xarray.Dataset
    channel, realization : label, list of labels, slice of labels (both ends included), boolean mask or None
        In the order given; ``None`` keeps all. All dimensions are kept, even with length 1.
    time : slice or None
        A time range in the units of the coordinate, both ends included, such as ``slice(10.0, 20.0)``. A step is not
        allowed, since lags, autocovariances and change points count samples.

    Returns
    -------
    xarray.Dataset
        Graphs, coefficients and covariances are those among the chosen channels. The attribute ``hidden_channels``
        names the removed channels, which still act; in ``adjacency``, ``hidden_causes`` lists the shown channels that
        they drive. Quantities of the whole system, such as Lyapunov exponents, are kept and marked in ``scope``.

    Raises
    ------
    InvalidParameterError
        If a label does not exist, nothing is left, or the truth does not fit the series to begin with.
    """
    check_labels(dataset)
    if time is not None and (not isinstance(time, slice) or time.step is not None):
        raise InvalidParameterError(f"time must be a slice without a step such as slice(10, 20), got {time!r}")
    indexers: dict[str, Any] = {}
    if time is not None:
        start, stop = _positions(dataset, "time", time)[[0, -1]]
        indexers["time"] = slice(int(start), int(stop) + 1)  # a view
    if realization is not None:
        indexers["realization"] = _positions(dataset, "realization", realization)
    if channel is None:
        return dataset.isel(indexers)
    chosen = _positions(dataset, "channel", channel)
    if len(set(chosen.tolist())) < len(chosen):
        raise InvalidParameterError(f"channel must name each channel once, got {channel!r}")
    indexers |= {str(dim): chosen for dim in dataset.dims if dim == "channel" or dim in CHANNEL_DIMS}
    part = dataset.isel(indexers)
    if EDGE in dataset.dims:
        part = part.isel({EDGE: np.flatnonzero(_among(dataset, part["channel"].values).all(axis=0))})
    return _marked(dataset, part)


def check_labels(dataset: xr.Dataset) -> None:
    """Raise InvalidParameterError if the series and the truth have different channels."""
    if "channel" not in dataset.dims:
        return
    shown = dataset["channel"].values
    for dim in sorted(CHANNEL_DIMS & set(map(str, dataset.dims))):
        if not np.array_equal(dataset[dim].values, shown):
            raise InvalidParameterError(
                f"the series has the channels {_few(shown)} but the truth has {_few(dataset[dim].values)}; "
                "choose channels with ds.pymts.select(channel=[...]) and name them with ds.pymts.rename([...]), which "
                "change both"
            )
    if EDGE in dataset.dims and not _among(dataset, shown).all():
        raise InvalidParameterError(
            f"the series has the channels {_few(shown)} but the graph has edges to or from others; choose "
            "channels with ds.pymts.select(channel=[...]) and name them with ds.pymts.rename([...]), which change both"
        )


def rename(dataset: xr.Dataset, channels: Sequence[Any]) -> xr.Dataset:
    """Return the dataset with new channel labels, in the series and in the truth.

    Raises
    ------
    InvalidParameterError
        If the number of labels is wrong, or a label is repeated.
    """
    check_labels(dataset)
    labels = list(channels)
    if len(labels) != dataset.sizes["channel"] or len(set(labels)) != len(labels):
        raise InvalidParameterError(f"channels must be {dataset.sizes['channel']} distinct labels, got {labels!r}")
    dims = [dim for dim in ("channel", *sorted(CHANNEL_DIMS)) if dim in dataset.dims]
    named = dataset.assign_coords({dim: (dim, labels, dataset[dim].attrs) for dim in dims})
    if EDGE not in dataset.dims:
        return named
    place, new = dataset.indexes["channel"], np.array(labels)
    for name in ("edge_target", "edge_source"):
        named[name] = dataset[name].copy(data=new[place.get_indexer(pd.Index(dataset[name].values))])
    return named


def _among(dataset: xr.Dataset, labels: NDArray[Any]) -> NDArray[np.bool_]:
    """Return whether the target and the source of each edge are among the given channels, (2, edge)."""
    return np.stack([np.isin(dataset[name].values, labels) for name in ("edge_target", "edge_source")])


def _positions(dataset: xr.Dataset, dim: str, wanted: Labels) -> NDArray[np.intp]:
    """Return the positions of labels, or raise with the valid labels."""
    labels = dataset[dim].values
    if isinstance(wanted, slice):
        try:
            found = np.arange(len(labels))[dataset.indexes[dim].slice_indexer(wanted.start, wanted.stop, wanted.step)]
        except (TypeError, ValueError, KeyError):
            found = np.empty(0, dtype=np.intp)
    else:
        asked = np.atleast_1d(np.asarray(wanted))
        if asked.dtype == bool:
            found = np.flatnonzero(asked) if asked.shape == labels.shape else np.empty(0, dtype=np.intp)
        else:
            place = {label: index for index, label in enumerate(labels.tolist())}
            unknown = [label for label in asked.tolist() if label not in place]
            if unknown:
                raise InvalidParameterError(f"{dim} must be among {_few(labels)}, got {unknown[0]!r}")
            found = np.array([place[label] for label in asked.tolist()], dtype=np.intp)
    if not len(found):
        raise InvalidParameterError(f"{dim}={wanted!r} selects none of {_few(labels)}")
    return found


def _few(labels: NDArray[Any]) -> str:
    shown = [str(label) for label in labels[:6].tolist()]
    return ", ".join(shown) if len(labels) <= 6 else f"{', '.join(shown[:3])}, ... {labels[-1]}"


def _marked(whole: xr.Dataset, part: xr.Dataset) -> xr.Dataset:
    """Record the hidden channels, and which truth still describes the whole system."""
    shown = set(part["channel"].values.tolist())
    hidden = [label for label in whole["channel"].values.tolist() if label not in shown]
    before = whole.attrs.get(HIDDEN, [])
    hidden = [*np.atleast_1d(before).tolist(), *hidden]
    if not hidden:
        return part
    part = part.assign_attrs({HIDDEN: hidden})
    changes: dict[str, Mapping[str, str]] = {}
    for name in part.data_vars:
        if name in TRUTH and TRUTH[str(name)].whole:
            changes[str(name)] = {"scope": "the whole system, hidden channels included"}
    if "adjacency" in part:
        edges = whole["adjacency"].sel(target=part["target"].values).transpose("target", "source").values
        causes = [
            f"{source} -> {target}"
            for target, row in zip(part["target"].values.tolist(), edges, strict=True)
            for source, weight in zip(whole["source"].values.tolist(), row, strict=True)
            if source not in shown and weight
        ]
        changes["adjacency"] = {"hidden_causes": "; ".join(causes) or "none"}
    if EDGE in whole.dims:
        to_shown, from_shown = _among(whole, part["channel"].values)
        cut = np.flatnonzero(to_shown & ~from_shown)
        ends = zip(whole["edge_source"].values[cut].tolist(), whole["edge_target"].values[cut].tolist(), strict=True)
        changes["edge_weight"] = {"hidden_causes": "; ".join(f"{one} -> {other}" for one, other in ends) or "none"}
    return part.assign({name: part[name].assign_attrs(attrs) for name, attrs in changes.items()})
