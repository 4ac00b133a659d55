"""Cross-validation over time for rows that are windows: train and test share no sample.

A row of windows knows neither its time nor its length, and a splitter that guesses them leaks. So these splitters read
them from the rows' own index, which ``to_xy(..., as_frame=True)`` gives and which stays with the rows through any
selection, or from ``time=``, or else refuse.
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
    """The samples to train and to test on: first, and one past the last."""

    train: tuple[int, int]
    test: tuple[int, int]


class _TimeSplit(ABC, BaseEstimator):  # type: ignore[misc]  # scikit-learn declares no types
    """Cuts at the same sample in every series; a row belongs to a side if its whole window lies there."""

    __metadata_request__split: ClassVar[dict[str, bool]] = {"groups": True}

    time: ArrayLike | None

    def split(self, X: Any, y: Any = None, groups: Any = None) -> Iterator[tuple[Rows, Rows]]:  # noqa: ARG002
        """Yield the rows to train and to test on, for each fold.

        Parameters
        ----------
        X : DataFrame or array of shape (n_samples, ...)
        y, groups : ignored
            All series are cut at the same sample, so that none knows another's future.

        Yields
        ------
        train, test : arrays of int
            Indices of rows, in the order of X.

        Raises
        ------
        InvalidParameterError
            If the time of the rows is not known, or a fold would have no row to train or to test on.
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
        """Return the call that makes it, with a word for the times."""
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
                f"{name} does not know the time of the rows; take X from to_xy(..., as_frame=True), or give "
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
                f"time tells of {len(time)} rows and X has {rows}; where rows are selected before the split, take X "
                "from to_xy(..., as_frame=True)"
            )
        return time


class PanelTimeSeriesSplit(_TimeSplit):
    """Time-series cross-validation of windows of many series: ever longer pasts, each with the block that follows.

    As ``sklearn.model_selection.TimeSeriesSplit`` over samples rather than rows: all series are cut at the same
    samples, a window on both sides of a cut is in neither part, and no sample, be it of a context or a horizon, is in
    a row to train and in a row to test on.

    Parameters
    ----------
    n_splits : int
        Number of folds, at least 1.
    gap : int
        Samples left out between the last to train and the first to test on.
    test_size : int or None
        Samples of each block to test on; None takes ``n_samples // (n_splits + 1)`` of the longest series.
    max_train_size : int or None
        Samples to train on at most; None takes all the past.
    time : array of shape (n_samples, 2) or None
        ``data.time`` of ``to_xy``, for rows that carry no index; they must be all the rows, in their order.

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
    """A past of fixed length that slides over the series, each with the block that follows.

    What is said of leaks at ``PanelTimeSeriesSplit`` holds here.

    Parameters
    ----------
    train_size : int
        Samples to train on in each fold.
    test_size : int
        Samples to test on in each fold.
    step : int or None
        Samples from one fold to the next; None takes ``test_size``, so that no sample is tested on twice.
    gap : int
        Samples left out between the last to train and the first to test on.
    time : array of shape (n_samples, 2) or None
        ``data.time`` of ``to_xy``, for rows that carry no index; they must be all the rows, in their order.
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
        """Return the number of folds, which the length of the series tells."""
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
                f"train_size + gap + test_size = {train} + {gap} + {test} = {length} is longer than the series, which "
                f"have {stop - start} samples; shorten one of them"
            )
        firsts = range(start, stop - length + 1, step)
        return [Cut((first, first + train), (first + train + gap, first + length)) for first in firsts]


def _extent(time: NDArray[np.int64]) -> tuple[int, int]:
    """Return the first sample of all rows, and one past the last."""
    if not len(time):
        raise InvalidParameterError("there are no rows to split; give at least one")
    return int(time[:, 0].min()), int(time[:, 1].max()) + 1


def _inside(time: NDArray[np.int64], samples: tuple[int, int]) -> Rows:
    """Return the rows whose whole window lies in the samples."""
    return np.flatnonzero((time[:, 0] >= samples[0]) & (time[:, 1] < samples[1]))
