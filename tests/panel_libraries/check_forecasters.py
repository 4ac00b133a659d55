"""Nixtla, GluonTS, darts and Hugging Face datasets: round trips, and forecasters that find what is there."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from panel_examples import PHI, linear

from pymts.adapters.panel import to_darts, to_gluonts, to_hf, to_long
from pymts.adapters.sklearn import train_test_split
from pymts.datasets import make_ar


def test_nixtla_forecasts_every_channel() -> None:
    from statsforecast import StatsForecast
    from statsforecast.models import Naive
    from utilsforecast.validation import validate_format

    for start, freq in ((None, 1), ("2024-01-01", "D")):
        frame = to_long(linear(), start=start, freq="D")
        validate_format(frame)
        forecast = StatsForecast([Naive()], freq=freq).forecast(df=frame, h=2)
        assert len(forecast) == 6 * 3 * 2
        last = frame.groupby("unique_id")["y"].last()
        np.testing.assert_allclose(forecast["Naive"], last.loc[forecast["unique_id"]], rtol=1e-6)
        step = 1 if start is None else pd.Timedelta(days=1)
        assert forecast["ds"].min() == frame["ds"].max() + step


def test_nixtla_fits_the_coefficient_of_an_ar() -> None:
    from statsforecast.models import AutoRegressive

    frame = to_long(make_ar(M=1, phi=[0.7], T=4000, seed=1))
    fitted = AutoRegressive(lags=[1], include_mean=False).fit(frame["y"].to_numpy())
    error = np.sqrt((1 - 0.7**2) / 4000)
    assert abs(fitted.model_["coef"]["ar1"] - 0.7) < 5 * error


def test_gluonts_reads_splits_and_forecasts() -> None:
    from gluonts.dataset.common import ListDataset
    from gluonts.dataset.split import split
    from gluonts.evaluation import make_evaluation_predictions
    from gluonts.model.seasonal_naive import SeasonalNaivePredictor

    entries = to_gluonts(linear(), freq="D", multivariate=False)
    dataset = ListDataset(entries, freq="D")
    assert len(dataset) == 18
    for read, entry in zip(dataset, entries, strict=True):
        assert (read["item_id"], read["start"]) == (entry["item_id"], entry["start"])
        np.testing.assert_allclose(read["target"], entry["target"], rtol=1e-6)
    multivariate = list(ListDataset(to_gluonts(linear(), freq="D"), freq="D", one_dim_target=False))
    assert multivariate[5]["target"].shape == (3, 300)
    np.testing.assert_allclose(multivariate[5]["target"], linear().data.isel(realization=5).T, rtol=1e-6)
    training, template = split(entries, offset=-4)
    assert {len(entry["target"]) for entry in training} == {296}
    predictor = SeasonalNaivePredictor(prediction_length=4, season_length=1)
    pairs = template.generate_instances(prediction_length=4)
    for forecast, (given, _) in zip(predictor.predict(pairs.input), pairs, strict=True):
        np.testing.assert_allclose(forecast.mean, np.full(4, given["target"][-1]))
    forecasts, series = make_evaluation_predictions(dataset, predictor, num_samples=1)
    forecast, whole = next(iter(forecasts)), next(iter(series))
    assert len(whole) == 300
    assert forecast.start_date == entries[0]["start"] + 296


def test_darts_keeps_values_and_finds_the_coefficients() -> None:
    from darts import concatenate
    from darts.models import LinearRegressionModel

    series = to_darts(linear())
    assert len(series) == 6
    for one, values in zip(series, linear().data.transpose("realization", "time", "channel").values, strict=True):
        np.testing.assert_array_equal(one.values(), values)
        assert list(one.components) == ["x0", "x1", "x2"]
    model = LinearRegressionModel(lags=1).fit(series)
    found = model.get_estimator(horizon=0, target_dim=0).coef_  # (target, source)
    error = np.sqrt(np.diag(np.linalg.inv(6 * 299 * linear().theory_cov.values)))  # the noise has variance 1
    assert np.abs((found - PHI[0]) / error).max() < 5
    train, test = train_test_split(linear(), 50, by="time")
    for start in (None, "2024-01-01"):
        whole = to_darts(linear(), start=start)[0]
        parts = [to_darts(part, start=start)[0] for part in (train, test)]
        assert concatenate(parts).time_index.equals(whole.time_index)


def test_hugging_face_datasets_round_trip(tmp_path: Path) -> None:
    from datasets import Dataset, load_from_disk

    for start in (None, "2024-01-01"):
        made = to_hf([linear().isel(time=slice(20)), make_ar(M=3, T=9, seed=1)], start=start)
        assert isinstance(made, Dataset)
        folder = tmp_path / str(start)
        made.save_to_disk(folder)
        read = load_from_disk(folder)
        assert read.column_names == ["id", "timestamp", "target", "config_id", "model", "realization"]
        assert read["model"][:] == ["var"] * 6 + ["ar"]
        assert read["realization"][:] == [0, 1, 2, 3, 4, 5, 0]
        for row, values in zip(read, linear().data.transpose("realization", "channel", "time").values, strict=False):
            np.testing.assert_array_equal(row["target"], values[:, :20] if row["model"] == "var" else row["target"])
        assert np.shape(read[6]["target"]) == (3, 9)
        assert len(read[6]["timestamp"]) == 9
        assert read[0]["timestamp"][1] == (1 if start is None else pd.Timestamp("2024-01-01 01:00"))
