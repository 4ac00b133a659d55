"""Splitters for time: no sample is in a row to train and in a row to test on, whatever the windows are."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from sklearn import config_context
from sklearn.base import clone
from sklearn.linear_model import Ridge
from sklearn.model_selection import GridSearchCV, check_cv, cross_val_score, cross_validate
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from pymts.adapters.sklearn import PanelTimeSeriesSplit, SlidingWindowSplit, to_xy
from pymts.datasets import make_ar, make_var
from pymts.errors import InvalidParameterError


def counted(lengths: list[int], realizations: int = 1) -> list[xr.Dataset]:
    """Return datasets whose values are the samples' own numbers, so that a row shows what it is made of."""
    return [
        xr.Dataset(
            {"data": (("time", "channel", "realization"), np.tile(np.arange(n)[:, None, None], (1, 1, realizations)))}
        )
        for n in lengths
    ]


def samples(X: NDArray[Any], y: NDArray[Any], rows: NDArray[np.intp]) -> set[int]:
    """Return the numbers of all samples that rows show, context and horizon."""
    return set(X[rows].ravel().astype(int).tolist()) | set(y[rows].ravel().astype(int).tolist())


SPLITTERS = st.one_of(
    st.builds(
        PanelTimeSeriesSplit,
        st.integers(1, 5),
        gap=st.integers(0, 6),
        test_size=st.none() | st.integers(1, 12),
        max_train_size=st.none() | st.integers(1, 30),
    ),
    st.builds(
        SlidingWindowSplit,
        st.integers(1, 30),
        st.integers(1, 12),
        step=st.none() | st.integers(1, 20),
        gap=st.integers(0, 6),
    ),
)


@settings(max_examples=120, deadline=None)
@given(
    splitter=SPLITTERS,
    lengths=st.lists(st.integers(20, 70), min_size=1, max_size=3),
    context=st.integers(1, 6),
    horizon=st.integers(1, 4),
    stride=st.integers(1, 5),
    shuffle=st.randoms(use_true_random=False),
)
def test_train_and_test_share_no_sample_and_keep_the_gap(
    splitter: Any, lengths: list[int], context: int, horizon: int, stride: int, shuffle: Any
) -> None:
    source = counted(lengths, realizations=2)
    data = to_xy(source, context_length=context, horizon=horizon, stride=stride, as_frame=True)
    order = list(range(len(data.X)))
    shuffle.shuffle(order)  # a frame's rows know their time in any order
    X, y = data.X.iloc[order], data.y.iloc[order]
    folds, last_test = [], -1
    try:
        for train, test in splitter.split(X, y, data.groups[order]):
            folds.append((train, test))
    except InvalidParameterError as error:
        assert "has no row to" in str(error) or "exceeds the length of the series" in str(error)
    for train, test in folds:
        assert train.size
        assert test.size
        seen, unseen = samples(X.to_numpy(), y.to_numpy(), train), samples(X.to_numpy(), y.to_numpy(), test)
        assert min(unseen) - max(seen) - 1 >= splitter.gap
        if isinstance(splitter, PanelTimeSeriesSplit):
            assert min(unseen) > last_test  # each sample is tested on once
            last_test = max(unseen)
            longest = splitter.max_train_size
        else:
            longest = splitter.train_size
            assert max(unseen) - min(unseen) < splitter.test_size
        assert longest is None or max(seen) - min(seen) < longest
    # The same rows, in the order of to_xy, as an array with the times beside it.
    plain = clone(splitter).set_params(time=data.time)
    inverse = np.argsort(order)
    for (train, test), (train_, test_) in zip(folds, plain.split(data.X.to_numpy()), strict=False):
        assert set(inverse[train_].tolist()) == set(train.tolist())
        assert set(inverse[test_].tolist()) == set(test.tolist())


def test_the_folds_by_hand() -> None:
    data = to_xy(counted([12, 9]), context_length=2, horizon=1, as_frame=True)
    starts = data.X.index.get_level_values("first").to_numpy()
    found = [
        (starts[train].tolist(), starts[test].tolist(), set(data.groups[test].tolist()))
        for train, test in PanelTimeSeriesSplit(2, gap=1).split(data.X)
    ]
    # 12 samples, blocks of 4: 4..7 and 8..11; to train on, what ends before 3 and before 7.
    assert found == [
        ([0, 0], [4, 5, 4, 5], {0, 1}),
        ([0, 1, 2, 3, 4, 0, 1, 2, 3, 4], [8, 9], {0}),  # the shorter series has no window in 8..11
    ]
    sliding = [
        (starts[train].tolist(), starts[test].tolist())
        for train, test in SlidingWindowSplit(5, 3, step=4, gap=0).split(data.X)
    ]
    # Windows of three samples in 0..4, then 5..7; in 4..8, then 9..11.
    assert sliding == [([0, 1, 2, 0, 1, 2], [5, 5]), ([4, 5, 6, 4, 5, 6], [9])]
    assert SlidingWindowSplit(5, 3, step=4).get_n_splits(data.X) == 2
    assert SlidingWindowSplit(5, 3, step=4, time=data.time).get_n_splits() == 2
    assert SlidingWindowSplit(5, 3).get_n_splits(data.X) == 2
    assert SlidingWindowSplit(5, 3, gap=2).get_n_splits(data.X) == 1
    limited = next(iter(PanelTimeSeriesSplit(1, test_size=4, max_train_size=4).split(data.X)))
    assert starts[limited[0]].tolist() == [4, 5, 4, 5]
    limited = next(iter(PanelTimeSeriesSplit(1, test_size=4, max_train_size=4, gap=2).split(data.X)))
    assert starts[limited[0]].tolist() == [2, 3, 2, 3]


def test_a_part_of_a_series_keeps_its_time() -> None:
    ds = make_ar(M=1, T=100, seed=1)
    late = to_xy([ds.isel(time=slice(40, 70)), ds.isel(time=slice(70, 100))], context_length=3, as_frame=True)
    (train, test), *_ = PanelTimeSeriesSplit(1, test_size=20).split(late.X)
    assert late.time[train].max() == 79
    assert late.time[test].min() == 80
    assert late.time[train].min() == 40


@pytest.mark.parametrize("as_frame", [True, False])
def test_scikit_learn_takes_them(as_frame: bool) -> None:
    data = to_xy(make_var(M=2, T=120, n_realizations=3, seed=1), context_length=3, as_frame=as_frame)
    time = None if as_frame else data.time
    for cv, n_folds in (
        (PanelTimeSeriesSplit(3, gap=2, time=time), 3),
        (SlidingWindowSplit(40, 20, gap=3, time=time), 3),
    ):
        assert check_cv(cv) is cv
        assert cv.get_n_splits(data.X, data.y, data.groups) == n_folds
        expected = []
        for train, test in cv.split(data.X, data.y, data.groups):
            rows = (lambda part, which: part.iloc[which]) if as_frame else (lambda part, which: part[which])
            model = Ridge().fit(rows(data.X, train), rows(data.y, train))
            expected.append(model.score(rows(data.X, test), rows(data.y, test)))
        result = cross_validate(Ridge(), data.X, data.y, groups=data.groups, cv=cv)
        np.testing.assert_allclose(result["test_score"], expected, rtol=1e-12)
        pipeline = make_pipeline(StandardScaler(), Ridge())
        search = GridSearchCV(pipeline, {"ridge__alpha": [1e-3, 1e6]}, cv=cv)
        search.fit(data.X, data.y, groups=data.groups)
        assert search.best_params_ == {"ridge__alpha": 1e-3}
        assert search.n_splits_ == n_folds
        again = clone(search)
        assert repr(again.cv) == repr(cv)
        assert again.fit(data.X, data.y).best_score_ == search.best_score_
        with config_context(enable_metadata_routing=True):
            routed = cross_validate(Ridge(), data.X, data.y, params={"groups": data.groups}, cv=cv)
        np.testing.assert_array_equal(routed["test_score"], result["test_score"])


def test_nested_searches_keep_the_time_of_a_frame_and_refuse_an_array() -> None:
    data = to_xy(make_var(M=2, T=150, n_realizations=3, seed=1), context_length=3, as_frame=True)
    inner = GridSearchCV(Ridge(), {"alpha": [1e-3, 1e3]}, cv=PanelTimeSeriesSplit(2))
    assert np.isfinite(cross_val_score(inner, data.X, data.y, cv=PanelTimeSeriesSplit(2))).all()
    plain = GridSearchCV(Ridge(), {"alpha": [1e-3]}, cv=PanelTimeSeriesSplit(2, time=data.time), error_score="raise")
    outer = PanelTimeSeriesSplit(2, time=data.time)
    with pytest.raises(InvalidParameterError, match=r"time has 441 rows but X has \d+; if rows are selected"):
        cross_val_score(plain, data.X.to_numpy(), data.y.to_numpy(), cv=outer, error_score="raise")


def test_parameters_are_seen_set_cloned_and_shown() -> None:
    time = np.array([[0, 1], [1, 2]])
    splitter = PanelTimeSeriesSplit(3, gap=2, time=time)
    assert repr(splitter) == "PanelTimeSeriesSplit(gap=2, max_train_size=None, n_splits=3, test_size=None, time=...)"
    assert repr(SlidingWindowSplit(5, 2)) == "SlidingWindowSplit(gap=0, step=None, test_size=2, train_size=5)"
    assert clone(splitter).get_params().keys() == splitter.get_params().keys()
    assert clone(splitter) is not splitter
    np.testing.assert_array_equal(clone(splitter).time, time)
    assert clone(splitter).set_params(gap=4).gap == 4
    search = GridSearchCV(Ridge(), {"alpha": [1.0]}, cv=splitter)
    assert search.get_params()["cv__gap"] == 2
    assert search.set_params(cv__gap=1).cv.gap == 1


FRAME = pd.DataFrame({"x": np.zeros(4)})
TIME = np.array([[0, 2], [1, 3], [2, 4], [3, 5]])
BAD: dict[str, tuple[Any, Any, str]] = {
    "an array alone": (PanelTimeSeriesSplit(2), np.zeros((4, 1)), "PanelTimeSeriesSplit does not know the time of the"),
    "a frame of one's own": (SlidingWindowSplit(3, 3), FRAME, "take X from to_xy(..., as_frame=True), or pass Sliding"),
    "other rows": (PanelTimeSeriesSplit(2, time=TIME), np.zeros((3, 1)), "time has 4 rows but X has 3"),
    "times of one number": (PanelTimeSeriesSplit(2, time=TIME[:, 0]), FRAME, "shape (n_samples, 2)"),
    "times that run back": (
        PanelTimeSeriesSplit(2, time=TIME[:, ::-1]),
        FRAME,
        "the first and last sample of each row",
    ),
    "times of floats": (PanelTimeSeriesSplit(2, time=TIME * 0.1), FRAME, "got float64 of shape (4, 2)"),
    "no splits": (PanelTimeSeriesSplit(0, time=TIME), FRAME, "n_splits must be an integer of at least 1, got 0"),
    "negative gap": (PanelTimeSeriesSplit(1, gap=-1, time=TIME), FRAME, "gap must be an integer of at least 0, got -1"),
    "share as size": (PanelTimeSeriesSplit(1, test_size=0.5, time=TIME), FRAME, "test_size must be an integer of at"),  # type: ignore[arg-type]
    "no train size": (SlidingWindowSplit(0, 1, time=TIME), FRAME, "train_size must be an integer of at least 1, got 0"),
    "too many splits": (
        PanelTimeSeriesSplit(5, time=TIME),
        FRAME,
        "fold 0 has no row to train on: no window fits into the 1 samples 0 to 0; lower n_splits, gap or context",
    ),
    "too long a gap": (PanelTimeSeriesSplit(1, gap=9, time=TIME), FRAME, "has no row to train on: no window fits"),
    "too short a test": (PanelTimeSeriesSplit(1, test_size=2, time=TIME), FRAME, "fold 0 has no row to test on"),
    "longer than the series": (
        SlidingWindowSplit(4, 2, gap=1, time=TIME),
        FRAME,
        "train_size + gap + test_size = 4 + 1 + 2 = 7 exceeds the length of the series, 6 samples",
    ),
    "no rows": (PanelTimeSeriesSplit(1, time=TIME[:0]), FRAME[:0], "there are no rows to split"),
}


@pytest.mark.parametrize(("splitter", "X", "message"), BAD.values(), ids=BAD)
def test_what_could_leak_or_is_wrong_is_refused(splitter: Any, X: Any, message: str) -> None:
    with pytest.raises(InvalidParameterError) as refusal:
        list(splitter.split(X))
    assert message in str(refusal.value)
    assert "\n" not in str(refusal.value)


def test_the_number_of_folds_needs_the_time_where_it_depends_on_it() -> None:
    with pytest.raises(InvalidParameterError, match="SlidingWindowSplit does not know the time of the rows"):
        SlidingWindowSplit(3, 3).get_n_splits()
    assert PanelTimeSeriesSplit(4).get_n_splits() == 4


def test_whole_series_cannot_be_cut_in_time() -> None:
    data = to_xy(make_var(M=2, T=20, n_realizations=4, seed=1), target="model", as_frame=True)
    with pytest.raises(InvalidParameterError, match="has no row to train on"):
        list(PanelTimeSeriesSplit(2).split(data.X))
