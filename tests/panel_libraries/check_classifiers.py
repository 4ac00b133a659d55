"""aeon and sktime: their own checks, each other's conversions, and classifiers on realizations never seen."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import xarray as xr
from panel_examples import two_models

from pymts.adapters.panel import to_multiindex, to_numpy3d
from pymts.adapters.sklearn import to_xy, train_test_split


def accuracy(classifier: Any, source: list[xr.Dataset]) -> float:
    train, test = train_test_split(source, 0.5)
    labels = [to_xy(part, target="model").y for part in (train, test)]
    classifier.fit(to_numpy3d(train), labels[0])
    return float((classifier.predict(to_numpy3d(test)) == labels[1]).mean())


def test_aeon_classifies() -> None:
    from aeon.classification.feature_based import SummaryClassifier

    assert accuracy(SummaryClassifier(random_state=0), two_models()) > 0.9


def test_aeon_converts_to_what_to_multiindex_gives() -> None:
    from aeon.utils.conversion import convert_collection
    from aeon.utils.validation.collection import get_type

    array = to_numpy3d(two_models())
    assert get_type(array) == "numpy3D"
    converted = convert_collection(array, "pd-multiindex")
    np.testing.assert_array_equal(converted.to_numpy(), to_multiindex(two_models()).to_numpy())


def test_sktime_accepts_and_converts() -> None:
    from sktime.datatypes import check_is_mtype, convert_to

    array, frame = to_numpy3d(two_models()), to_multiindex(two_models())
    for given, mtype in ((array, "numpy3D"), (frame, "pd-multiindex")):
        valid, message, facts = check_is_mtype(given, mtype, scitype="Panel", return_metadata=True)
        assert valid, message
        assert facts["n_instances"] == 32
        assert not facts["is_univariate"]
        assert facts["is_equal_length"]
    np.testing.assert_array_equal(convert_to(frame, "numpy3D"), array)
    dated = to_multiindex(two_models(), start="2024-01-01", freq="D")
    assert check_is_mtype(dated, "pd-multiindex", scitype="Panel")


def test_sktime_classifies() -> None:
    from sktime.classification.feature_based import SummaryClassifier

    assert accuracy(SummaryClassifier(random_state=0), two_models()) > 0.9


@pytest.mark.parametrize("start", [None, "2024-01-01"])
def test_sktime_forecasts_series_of_different_lengths(start: str | None) -> None:
    from sktime.forecasting.naive import NaiveForecaster

    source = [two_models()[0].isel(time=slice(10, 50)), two_models()[1]]
    frame = to_multiindex(source, start=start, freq="D")
    forecast = NaiveForecaster("last").fit(frame, fh=[1, 2]).predict()
    last = [ds.data.isel(time=-1, realization=r) for ds in source for r in range(16)]
    np.testing.assert_array_equal(forecast.to_numpy(), np.repeat(last, 2, axis=0))
