"""Time-series cross-validation for rows of windows: train and test share no sample.

A plain array of windows has neither times nor lengths, and a splitter that guesses them leaks. These splitters read
them from the rows' index, which ``to_xy(..., as_frame=True)`` sets and any selection preserves, or from ``time=``, and
otherwise raise an error.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator

from pymts.adapters.sources import whole_number
from pymts.adapters.windows import INDEX
from pymts.errors import InvalidParameterError

Rows = NDArray[np.intp]


@dataclass(frozen=True)
class Cut:
    """The training and test samples: the first, and one past the last."""

    train: tuple[int, int]
    test: tuple[int, int]


class _TimeSplit(ABC, BaseEstimator):  # type: ignore[misc]  # scikit-learn declares no types
    """Cuts every series at the same sample; a row belongs to a side if its whole window lies there."""

    __metadata_request__split: ClassVar[dict[str, bool]] = {"groups": True}

    time: ArrayLike | None

    def split(self, X: Any, y: Any = None, groups: Any = None) -> Iterator[tuple[Rows, Rows]]:  # noqa: ARG002
        """Yield the training and test rows of each fold.

        Parameters
        ----------
        X : DataFrame or array of shape (n_samples, ...)
        y, groups : ignored
            All series are cut at the same sample, so that none leaks another's future.

        Yields
        ------
        train, test : arrays of int
            Indices of rows, in the order of X.

        Raises
        ------
        InvalidParameterError
            If the time of the rows is unknown, or a fold would have no training or test rows.
        """
        time = self._times(X)
        for fold, cut in enumerate(self._cuts(*_extent(time))):
            train, test = _inside(time, cut.train), _inside(time, cut.test)
            for rows, what, (start, stop) in ((train, "train", cut.train), (test, "test", cut.test)):
                if not rows.size:
                    raise InvalidParameterError(
                        f"fold {fold} has no row to {what} on: no window fits into the {max(stop - start, 0)} samples "
                        f"{start} to {stop - 1}; {self._remedy}"
                    )
            yield train, test

    def __repr__(self) -> str:
        """Return the constructor call, with a placeholder for the times."""
        words = [f"{name}={value!r}" for name, value in self.get_params().items() if name != "time"]
        return f"{type(self).__name__}({', '.join(words + ['time=...'] * (self.time is not None))})"

    @property
    @abstractmethod
    def _remedy(self) -> str: ...

    @abstractmethod
    def _cuts(self, start: int, stop: int) -> list[Cut]:
        """Return the folds of the samples ``start`` to ``stop``, exclusive."""

    def _times(self, X: Any) -> NDArray[np.int64]:
        """Return the first and last sample of each row, (n_samples, 2)."""
        name = type(self).__name__
        index = getattr(X, "index", None)
        if isinstance(index, pd.MultiIndex) and tuple(index.names) == INDEX:
            return np.stack([index.get_level_values(level).to_numpy() for level in INDEX[1:]], axis=1)
        if self.time is None:
            raise InvalidParameterError(
                f"{name} does not know the time of the rows; take X from to_xy(..., as_frame=True), or pass "
                f"{name}(..., time=data.time) with the rows in the order of data.X"
            )
        time = np.asarray(self.time)
        if time.ndim != 2 or time.shape[1] != 2 or time.dtype.kind not in "iu" or np.any(time[:, 0] > time[:, 1]):
            raise InvalidParameterError(
                f"time must be an array of integers of shape (n_samples, 2), the first and last sample of each row; "
                f"got {time.dtype} of shape {time.shape}"
            )
        rows = len(X) if hasattr(X, "__len__") else X.shape[0]
        if len(time) != rows:
            raise InvalidParameterError(
                f"time has {len(time)} rows but X has {rows}; if rows are selected before the split, take X "
                "from to_xy(..., as_frame=True)"
            )
        return time


class PanelTimeSeriesSplit(_TimeSplit):
    """Expanding-window cross-validation of many series: growing training periods, each with the block that follows.

    Like ``sklearn.model_selection.TimeSeriesSplit``, but over samples rather than rows: all series are cut at the same
    samples, windows that span a cut are left out, and no sample of a context or a horizon is in both training and test
    rows.

    Parameters
    ----------
    n_splits : int
        Number of folds, at least 1.
    gap : int
        Number of samples left out between training and test.
    test_size : int or None
        Number of samples in each test block; None takes ``n_samples // (n_splits + 1)`` of the longest series.
    max_train_size : int or None
        Maximum number of training samples; None takes the whole past.
    time : array of shape (n_samples, 2) or None
        ``data.time`` of ``to_xy``, for rows without an index; X must then be all rows in their original order.

    Examples
    --------
    >>> from pymts.adapters.sklearn import PanelTimeSeriesSplit, to_xy
    >>> from pymts.datasets import make_ar
    >>> from sklearn.linear_model import Ridge
    >>> from sklearn.model_selection import cross_validate
    >>> data = to_xy(make_ar(n_realizations=4, seed=1), context_length=3, as_frame=True)
    >>> folds = cross_validate(Ridge(), data.X, data.y, groups=data.groups, cv=PanelTimeSeriesSplit(3, gap=5))
    >>> folds["test_score"].shape
    (3,)
    """

    def __init__(
        self,
        n_splits: int = 5,
        *,
        gap: int = 0,
        test_size: int | None = None,
        max_train_size: int | None = None,
        time: ArrayLike | None = None,
    ) -> None:
        self.n_splits = n_splits
        self.gap = gap
        self.test_size = test_size
        self.max_train_size = max_train_size
        self.time = time

    def get_n_splits(self, X: Any = None, y: Any = None, groups: Any = None) -> int:  # noqa: ARG002
        """Return the number of folds."""
        return whole_number("n_splits", self.n_splits, 1)

    @property
    def _remedy(self) -> str:
        return "lower n_splits, gap or context_length, or change test_size"

    def _cuts(self, start: int, stop: int) -> list[Cut]:
        n_splits = self.get_n_splits()
        gap = whole_number("gap", self.gap, 0)
        default = max((stop - start) // (n_splits + 1), 1)
        size = default if self.test_size is None else whole_number("test_size", self.test_size, 1)
        longest = stop if self.max_train_size is None else whole_number("max_train_size", self.max_train_size, 1)
        tests = [stop - size * (n_splits - fold) for fold in range(n_splits)]
        return [Cut((max(start, test - gap - longest), test - gap), (test, test + size)) for test in tests]


class SlidingWindowSplit(_TimeSplit):
    """Sliding-window cross-validation: training periods of fixed length, each with the block that follows.

    It avoids leakage like ``PanelTimeSeriesSplit``.

    Parameters
    ----------
    train_size : int
        Number of training samples in each fold.
    test_size : int
        Number of test samples in each fold.
    step : int or None
        Number of samples from one fold to the next; None takes ``test_size``, so that no sample is tested twice.
    gap : int
        Number of samples left out between training and test.
    time : array of shape (n_samples, 2) or None
        ``data.time`` of ``to_xy``, for rows without an index; X must then be all rows in their original order.
    """

    def __init__(
        self, train_size: int, test_size: int, *, step: int | None = None, gap: int = 0, time: ArrayLike | None = None
    ) -> None:
        self.train_size = train_size
        self.test_size = test_size
        self.step = step
        self.gap = gap
        self.time = time

    def get_n_splits(self, X: Any = None, y: Any = None, groups: Any = None) -> int:  # noqa: ARG002
        """Return the number of folds, which depends on the length of the series."""
        return len(self._cuts(*_extent(self._times(self.time if X is None else X))))

    @property
    def _remedy(self) -> str:
        return "raise train_size or test_size, or lower context_length"

    def _cuts(self, start: int, stop: int) -> list[Cut]:
        train = whole_number("train_size", self.train_size, 1)
        test = whole_number("test_size", self.test_size, 1)
        gap = whole_number("gap", self.gap, 0)
        step = test if self.step is None else whole_number("step", self.step, 1)
        length = train + gap + test
        if length > stop - start:
            raise InvalidParameterError(
                f"train_size + gap + test_size = {train} + {gap} + {test} = {length} exceeds the length of the series, "
                f"{stop - start} samples; shorten one of them"
            )
        firsts = range(start, stop - length + 1, step)
        return [Cut((first, first + train), (first + train + gap, first + length)) for first in firsts]


def _extent(time: NDArray[np.int64]) -> tuple[int, int]:
    """Return the first sample of all rows, and one past the last."""
    if not len(time):
        raise InvalidParameterError("there are no rows to split; give at least one")
    return int(time[:, 0].min()), int(time[:, 1].max()) + 1


def _inside(time: NDArray[np.int64], samples: tuple[int, int]) -> Rows:
    """Return the rows whose whole window lies within the samples."""
    return np.flatnonzero((time[:, 0] >= samples[0]) & (time[:, 1] < samples[1]))
