from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from statsmodels.tsa.exponential_smoothing.ets import ETSModel
from support import run

from pymts.errors import InvalidParameterError
from pymts.plan.configuration import Configuration

PLAIN = {"amplitude": 0.0, "slope": 0.0, "gamma": 0.0}


def _parts(truth: dict[str, Any]) -> list[np.ndarray]:
    return [truth[name].values.transpose(2, 0, 1) for name in ("seasonal", "level", "noise")]


def _z(paths: np.ndarray, theory: float) -> float:
    return float(abs(paths.mean() - theory) / (paths.std(ddof=1) / np.sqrt(paths.size)))


@pytest.mark.parametrize("given", [{}, {"periods": [7], "phi": 1.0, "sample_every": 3, "burn_in": 11}, {"periods": []}])
def test_the_parts_sum_to_the_series_exactly(given: dict[str, Any]) -> None:
    values, truth = run("seasonal", **given, slope=[0.1, -0.2], T=500, n_realizations=3)
    seasonal, level, noise = _parts(truth)
    np.testing.assert_array_equal(((truth["trend"].values + seasonal) + level) + noise, values)
    steps = given.get("burn_in", 0) + given.get("sample_every", 1) * np.arange(500)
    np.testing.assert_allclose(truth["trend"].values, steps[:, None] * [0.1, -0.2], rtol=1e-15)


def test_the_parts_follow_the_recursions() -> None:
    alpha, beta, gamma, phi = 0.3, 0.1, 0.2, 0.8
    values, truth = run(
        "seasonal", alpha=alpha, beta=beta, gamma=gamma, phi=phi, periods=[5, 12], T=300, n_realizations=2, M=3
    )
    seasonal, level, noise = _parts(truth)
    moved, b = np.zeros((2, 2, 3))
    for t in range(300):
        np.testing.assert_allclose(level[:, t], moved + phi * b, rtol=0, atol=1e-12)
        moved, b = moved + phi * b + alpha * noise[:, t], phi * b + beta * noise[:, t]
    # Two seasonalities together: their product of lag operators (1 - B^5)(1 - B^12) leaves the innovations alone.
    left = seasonal[:, 17:] - seasonal[:, 12:-5] - seasonal[:, 5:-12] + seasonal[:, :-17]
    right = gamma * (noise[:, 12:-5] + noise[:, 5:-12] - 2 * noise[:, :-17])
    np.testing.assert_allclose(left, right, rtol=0, atol=1e-12)
    assert values.shape == (2, 300, 3)


@pytest.mark.parametrize("phi", [0.85, 1.0])
def test_an_independent_package_filters_the_same_innovations(phi: float) -> None:
    alpha, beta, gamma, period = 0.3, 0.05, 0.2, 7
    values, truth = run(
        "seasonal", alpha=alpha, beta=beta, gamma=gamma, phi=phi, periods=[period], slope=0.0, T=200, M=2
    )
    seasonal, level, noise = _parts(truth)
    for channel in range(2):
        start = seasonal[0, :period, channel]
        fitted = ETSModel(
            values[0, :, channel],
            error="add",
            trend="add",
            damped_trend=phi < 1,
            seasonal="add",
            seasonal_periods=period,
            initialization_method="known",
            initial_level=0.0,
            initial_trend=0.0,
            initial_seasonal=start,
        )
        found = fitted.smooth(np.array([alpha, beta, gamma, *([phi] if phi < 1 else [])]))
        np.testing.assert_allclose(found.resid, noise[0, :, channel], rtol=0, atol=1e-10)
        np.testing.assert_allclose(found.fittedvalues, (seasonal + level)[0, :, channel], rtol=0, atol=1e-10)


def test_the_difference_of_a_local_level_is_a_moving_average() -> None:
    alpha, sigma = 0.3, 2.0
    values, _ = run("seasonal", **PLAIN, alpha=alpha, beta=0.0, sigma=sigma, T=1000, M=10, n_realizations=40)
    paths = np.diff(values, axis=1).swapaxes(1, 2).reshape(400, 999)
    theory = sigma**2 * np.array([1 + (1 - alpha) ** 2, -(1 - alpha), 0.0, 0.0])
    for lag in range(4):
        assert _z((paths[:, lag:] * paths[:, : 999 - lag]).mean(axis=1), theory[lag]) < 5


def test_the_second_difference_of_a_local_trend_is_a_moving_average() -> None:
    alpha, beta = 0.4, 0.2
    values, _ = run("seasonal", **PLAIN, alpha=alpha, beta=beta, phi=1.0, sigma=1.0, T=1000, M=10, n_realizations=40)
    paths = np.diff(values, n=2, axis=1).swapaxes(1, 2).reshape(400, 998)
    weights = np.array([1.0, alpha + beta - 2.0, 1.0 - alpha])
    for lag in range(4):
        theory = (weights[lag:] * weights[: 3 - lag]).sum() if lag < 3 else 0.0
        assert _z((paths[:, lag:] * paths[:, : 998 - lag]).mean(axis=1), theory) < 5


def test_a_fixed_seasonality_repeats_and_has_few_harmonics_and_its_size() -> None:
    _, truth = run("seasonal", gamma=0.0, periods=[24], amplitude=1.7, n_harmonics=3, T=240, n_realizations=2)
    seasonal = truth["seasonal"].values  # (T, M, R)
    np.testing.assert_array_equal(seasonal[24:], seasonal[:-24])
    np.testing.assert_array_equal(seasonal[..., 0], seasonal[..., 1])
    np.testing.assert_allclose(seasonal[:24].mean(axis=0), 0.0, atol=1e-14)
    np.testing.assert_allclose(seasonal[:24].std(axis=0), 1.7, rtol=1e-13)
    spectrum = np.fft.rfft(seasonal[:24], axis=0)
    assert np.abs(spectrum[4:]).max() < 1e-12
    for part in (spectrum.real, spectrum.imag):  # cosines and sines
        assert (np.abs(part[1:4]) > 1e-3).all()
    assert len(np.unique(seasonal[0, :, 0])) == 5
    _, two = run("seasonal", gamma=0.0, periods=[4, 6], n_harmonics=1, T=40)
    np.testing.assert_allclose(two["seasonal"][12:], two["seasonal"][:-12], rtol=0, atol=1e-14)
    np.testing.assert_allclose(two["seasonal"][:12].values.var(axis=0), 2.0, rtol=1e-12)  # two frequencies


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"beta": 0.2}, r"beta must be at most alpha = 0\.1, got 0\.2"),
        ({"gamma": 0.95}, r"gamma must be at most 1 - alpha = 0\.9, got 0\.95"),
        ({"periods": [24, 1]}, "periods must be from 2 to 100000 steps long, got 1"),
        ({"slope": [0.1, 0.2], "M": 3}, "slope must be one number or M = 3 numbers"),
        ({"sigma": -1.0}, "sigma must be a finite number of at least 0"),
    ],
)
def test_what_does_not_fit_is_refused(given: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidParameterError, match=message):
        run("seasonal", **given)


def test_arrays_tell_the_channels() -> None:
    assert Configuration.of("seasonal", {"slope": [0.0, 1.0]}).params.M == 2
