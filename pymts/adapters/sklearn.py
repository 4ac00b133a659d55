"""For scikit-learn: rows and labels from series, train-test splits, and splitters without leakage."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal, overload

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pymts.adapters.holdout import train_test_split as train_test_split
from pymts.adapters.sources import Member, Source, members, whole_number

# Raises an error with instructions if scikit-learn is missing.
from pymts.adapters.splits import PanelTimeSeriesSplit as PanelTimeSeriesSplit
from pymts.adapters.splits import SlidingWindowSplit as SlidingWindowSplit
from pymts.adapters.targets import FUTURE, Target, check_target, target_of
from pymts.adapters.windows import Windows, column_names, index_of, series_numbers, windows
from pymts.data.limits import check_fits
from pymts.errors import InvalidParameterError
from pymts.models.registry import MODELS

if TYPE_CHECKING:
    from sklearn.utils import Bunch

__all__ = ["PanelTimeSeriesSplit", "SlidingWindowSplit", "to_xy", "train_test_split"]

Array = NDArray[Any]


@overload
def to_xy(
    source: Source,
    *,
    target: str = ...,
    context_length: int | None = ...,
    horizon: int | None = ...,
    stride: int = ...,
    flatten: bool = ...,
    as_frame: bool = ...,
    return_X_y: Literal[False] = ...,
) -> Bunch: ...


@overload
def to_xy(
    source: Source,
    *,
    target: str = ...,
    context_length: int | None = ...,
    horizon: int | None = ...,
    stride: int = ...,
    flatten: bool = ...,
    as_frame: bool = ...,
    return_X_y: Literal[True],
) -> tuple[Any, Any]: ...


def to_xy(
    source: Source,
    *,
    target: str = FUTURE,
    context_length: int | None = None,
    horizon: int | None = None,
    stride: int = 1,
    flatten: bool = True,
    as_frame: bool = False,
    return_X_y: bool = False,
) -> Bunch | tuple[Any, Any]:
    """Return series as rows of features with a target for each.

    Rows are ordered by dataset, realization and window. No window spans two realizations.

    Parameters
    ----------
    source : xarray.Dataset, list of xarray.Dataset, DatasetSequence, Store or path
        A path to a store, a YAML grid (loaded as by ``load_grid``) or a Parquet file. All datasets must have the same
        number of channels M.
    target : str
        "future" for the samples after the window; the name of a truth variable; the name of a parameter; or "model". A
        name that is both refers to the truth variable. A time-dependent truth variable gives its values over the
        horizon, or at the window's last sample if the horizon is 0. Models, strings and booleans are numbered as
        classes.
    context_length : int or None
        Number of samples in a row. None takes whole realizations as rows, if there is no horizon.
    horizon : int or None
        Number of samples after the context; None means 1 for "future" and 0 otherwise.
    stride : int
        Number of samples from the start of one window to the next.
    flatten : bool
        Whether rows are vectors, with the M channels of the oldest sample first and of the newest last.
    as_frame : bool
        Return pandas objects. Their index (series, first, last) identifies each row's series and time for the time
        splitters.
    return_X_y : bool
        Return only ``(X, y)``.

    Returns
    -------
    sklearn.utils.Bunch
        X : array or DataFrame of shape (n_samples, context_length * M), or (n_samples, context_length, M)
        y : array, Series or DataFrame of shape (n_samples,) or (n_samples, n_targets), or with the target's own shape
            if not flattened
        groups : array of shape (n_samples,)
            Number of the realization over the whole source, for GroupKFold and similar. The same random path has the
            same number wherever it appears (with another T, more realizations, or standardised). Different
            configurations with the same ``seed`` share random numbers but count as different.
        time : array of shape (n_samples, 2)
            Numbers of the first and last sample of each window, including the horizon.
        configuration : array of shape (n_samples,), indices into ``config_ids``
        feature_names, target_names, config_ids : list of str
            A feature is called ``x0[t-3]``: channel 0, three samples before the first one of the horizon.
            ``target_names`` are the classes if y holds class numbers.
        frame : DataFrame or None
        DESCR : str
    tuple
        ``(X, y)`` if requested.

    Raises
    ------
    InvalidParameterError
        If the source is empty or mixes numbers of channels, a series is shorter than a window, or the target is
        unknown.
    TooLargeError
        If the rows do not fit in memory.

    Examples
    --------
    >>> from pymts.datasets import make_var
    >>> from pymts.adapters.sklearn import to_xy
    >>> data = to_xy(make_var(M=2, T=100, n_realizations=3, seed=1), context_length=2, horizon=1)
    >>> data.X.shape, data.y.shape
    ((294, 4), (294, 2))
    >>> data.feature_names
    ['x0[t-2]', 'x1[t-2]', 'x0[t-1]', 'x1[t-1]']
    """
    if as_frame and not flatten:
        raise InvalidParameterError("as_frame=True needs flatten=True: a frame has two dimensions")
    found = members(source)
    chosen = _windows(found, target, context_length, horizon, stride)
    X = _features(found, chosen)  # (n_samples, L, M)
    labels = target_of(found, target, chosen)
    y = labels.values
    if flatten:
        X = X.reshape(len(X), -1)
        y = y.reshape(len(y), -1)
        y = y[:, 0] if y.shape[1] == 1 else y
    numbers = series_numbers(found)
    groups = np.concatenate([np.repeat(series, chosen.count(m)) for m, series in zip(found, numbers, strict=True)])
    time = np.concatenate([np.tile(chosen.spans(m), (m.shape[0], 1)) for m in found])
    names = column_names(found[0].shape[2], -chosen.context, -1)
    frame = None
    rows: tuple[Any, Any] = (X, y)
    if as_frame:
        index = index_of(groups, time)
        rows = (pd.DataFrame(X, columns=names, index=index), _labels_frame(y, labels, target, index))
        frame = pd.concat(rows, axis=1)
    if return_X_y:
        return rows
    from sklearn.utils import Bunch  # noqa: PLC0415

    return Bunch(
        X=rows[0],
        y=rows[1],
        groups=groups,
        time=time,
        configuration=np.repeat(np.arange(len(found)), [m.shape[0] * chosen.count(m) for m in found]),
        config_ids=[m.name for m in found],
        feature_names=names,
        target_names=labels.names,
        frame=frame,
        DESCR=_description(found, chosen, target, len(groups)),
    )


def _windows(
    found: Sequence[Member], target: str, context_length: int | None, horizon: int | None, stride: int
) -> Windows:
    check_target(found, target)
    is_future = target == FUTURE
    if context_length is None and (is_future or horizon):
        raise InvalidParameterError(
            f"context_length is missing; give the number of samples to {'forecast' if is_future else 'label'} from"
        )
    context = None if context_length is None else whole_number("context_length", context_length, 1)
    ahead = int(is_future) if horizon is None else whole_number("horizon", horizon, int(is_future))
    return windows(found, context, ahead, whole_number("stride", stride, 1))


def _features(found: Sequence[Member], chosen: Windows) -> Array:
    """Return the contexts of all windows, (n_samples, context, M)."""
    counts = [member.shape[0] * chosen.count(member) for member in found]
    channels = found[0].shape[2]
    size = sum(counts) * chosen.context * channels * np.dtype(np.float64).itemsize
    check_fits("the rows of X", size, "raise stride, shorten context_length or give fewer datasets")
    X = np.empty((sum(counts), chosen.context, channels))
    start = 0
    for member, count in zip(found, counts, strict=True):
        contexts = chosen.cut(member.values)[:, :, : chosen.context]  # (R, W, context, M)
        X[start : start + count].reshape(contexts.shape)[...] = contexts
        start += count
    return X


def _labels_frame(y: Array, labels: Target, target: str, index: pd.MultiIndex) -> pd.Series[Any] | pd.DataFrame:
    if y.ndim == 1:
        return pd.Series(y, name=target if labels.is_class else labels.names[0], index=index)
    return pd.DataFrame(y, columns=labels.names, index=index)


def _description(found: Sequence[Member], chosen: Windows, target: str, n_samples: int) -> str:
    """Return a description of the rows, with the equation and reference of every model."""
    series = sum(member.shape[0] for member in found)
    rows = (
        f"whole realizations of {chosen.context} samples"
        if chosen.whole
        else f"windows of {chosen.context} samples, {chosen.horizon} after them, one every {chosen.stride}"
    )
    lines = [
        f"{n_samples} rows from {series} realizations of {len(found)} configurations, {found[0].shape[2]} channels.",
        f"X: {rows}. y: {target}.",
        "groups: the realization. time: first and last sample of the row, horizon included.",
    ]
    if any(member.params.get("zscore") for member in found):
        lines.append(
            "Standardised over whole realizations: samples before a cut in time contain information from after it."
        )
    for name in dict.fromkeys(member.model for member in found):
        if name is not None and name in MODELS:
            model = MODELS[name]
            lines += ["", f"{name}: {model.doc}", "", f"Reference: {model.reference}"]
    return "\n".join(lines)
