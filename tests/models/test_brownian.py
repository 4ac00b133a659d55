"""Brownian motion against its theory: moments with bounds from the number of realizations, and exactness in dt."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from scipy import stats
from support import run

from pymts.errors import InvalidParameterError
from pymts.plan.configuration import Configuration

R = 4000
SIGMA = np.array([[1.0, 0.6, -0.2], [0.6, 2.0, 0.0], [-0.2, 0.0, 0.5]])
BOUND = 5.0


def z_of_mean(sample: np.ndarray, mean: float | np.ndarray, deviation: float | np.ndarray) -> np.ndarray:
    """Return (sample mean - mean) in standard errors; realizations run along the first axis."""
    return np.asarray((sample.mean(axis=0) - mean) / (np.asarray(deviation) / math.sqrt(len(sample))))


def z_of_covariance(x: np.ndarray, y: np.ndarray, cov: float, var_x: float, var_y: float) -> float:
    """Return (sample covariance - cov) in standard errors for centred normals."""
    deviation = math.sqrt((var_x * var_y + cov * cov) / len(x))
    return float((np.mean(x * y) - cov) / deviation)


@pytest.mark.parametrize("name", ["brownian", "abm"])
def test_mean_and_covariance_in_time_and_between_channels(name: str) -> None:
    mu, x0 = np.array([0.7, -1.0, 0.0]), np.array([1.0, 2.0, 3.0])
    values, truth = run(name, mu=mu, x0=x0, Sigma=SIGMA, dt=0.25, T=9, n_realizations=R, burn_in=2, sample_every=3)
    time = (2 + 3 * np.arange(9)) * 0.25
    mean = x0 + mu * time[:, None]
    np.testing.assert_allclose(truth["theory_mean"].values, mean, rtol=1e-14)
    np.testing.assert_array_equal(truth["theory_cov"].values, SIGMA)
    spread = np.sqrt(np.diag(SIGMA) * time[:, None])
    assert np.abs(z_of_mean(values, mean, spread)).max() < BOUND
    centred = values - mean
    for s, t in ((0, 0), (2, 7), (7, 2), (8, 8)):
        for i in range(3):
            for j in range(3):
                cov = SIGMA[i, j] * min(time[s], time[t])
                z = z_of_covariance(
                    centred[:, s, i], centred[:, t, j], cov, SIGMA[i, i] * time[s], SIGMA[j, j] * time[t]
                )
                assert abs(z) < BOUND, (s, t, i, j)


def test_increments_are_independent_normals_of_variance_sigma_dt() -> None:
    values, _ = run("brownian", M=2, sigma=1.5, dt=0.1, T=400, n_realizations=50, mu=0.3)
    steps = np.diff(values, axis=1)
    standard = (steps - 0.3 * 0.1) / (1.5 * math.sqrt(0.1))
    n = standard.size
    assert stats.kstest(standard.ravel(), "norm").statistic < BOUND / 2 / math.sqrt(n)
    for lagged in (standard[:, 1:] * standard[:, :-1], standard[..., 0] * standard[..., 1]):
        assert abs(lagged.mean() * math.sqrt(lagged.size)) < BOUND
    assert abs((standard**2).mean() - 1) < BOUND * math.sqrt(2 / n)


@pytest.mark.parametrize("name", ["brownian", "gbm"])
def test_one_step_of_one_has_the_law_of_ten_steps_of_a_tenth(name: str) -> None:
    coarse = run(name, M=1, T=2, dt=1.0, n_realizations=R)[0][:, 1, 0]
    fine = run(name, M=1, T=2, dt=0.1, sample_every=10, n_realizations=R, seed=2)[0][:, 1, 0]
    assert stats.ks_2samp(coarse, fine).statistic < 2.5 * math.sqrt(2 / R)


def test_the_start_is_x0_and_the_first_step_counts_from_there() -> None:
    values, _ = run("brownian", M=3, x0=[5.0, 6.0, 7.0], n_realizations=4, T=3)
    np.testing.assert_array_equal(values[:, 0], np.tile([5.0, 6.0, 7.0], (4, 1)))
    still, _ = run("brownian", M=3, sigma=0.0, mu=2.0, dt=0.5, T=4)
    np.testing.assert_allclose(still[0, :, 0], [0.0, 1.0, 2.0, 3.0], rtol=1e-15)


@pytest.mark.parametrize("name", ["brownian", "abm", "noise_gaussian"])
def test_a_number_a_vector_and_a_diagonal_matrix_are_one_law(name: str) -> None:
    alone, _ = run(name, M=3, sigma=2.0, n_realizations=2, T=20)
    vector, _ = run(name, sigma=[2.0, 2.0, 2.0], n_realizations=2, T=20)
    matrix, truth = run(name, Sigma=4.0 * np.eye(3), n_realizations=2, T=20)
    np.testing.assert_array_equal(alone, vector)
    np.testing.assert_allclose(alone, matrix, rtol=1e-12, atol=1e-12)
    covariance = truth["noise_cov" if name == "noise_gaussian" else "theory_cov"]
    np.testing.assert_array_equal(covariance.values, 4.0 * np.eye(3))


def test_geometric_brownian_motion_has_its_mean_and_variance() -> None:
    mu, sigma, s0 = np.array([0.3, -0.2]), np.array([0.4, 0.25]), np.array([2.0, 5.0])
    values, truth = run("gbm", mu=mu, sigma=sigma, S0=s0, dt=0.1, T=11, n_realizations=20 * R)
    time = 0.1 * np.arange(11)[:, None]
    mean = s0 * np.exp(mu * time)
    np.testing.assert_allclose(truth["theory_mean"].values, mean, rtol=1e-14)
    variance = mean**2 * np.expm1(sigma**2 * time)
    assert np.abs(z_of_mean(values[:, 1:], mean[1:], np.sqrt(variance[1:]))).max() < BOUND
    # The variance of the sample variance, from the lognormal's fourth central moment (w = exp(sigma^2 t)).
    w = np.exp(sigma**2 * time)
    kurtosis = w**4 + 2 * w**3 + 3 * w**2 - 3
    error = variance * np.sqrt((kurtosis - 1) / len(values))
    assert np.abs(((values.var(axis=0) - variance) / np.where(error > 0, error, 1.0))[1:]).max() < BOUND


def test_log_returns_are_normal_however_large_the_step() -> None:
    values, _ = run("gbm", M=2, mu=0.1, sigma=0.8, dt=3.0, T=200, n_realizations=40)
    returns = np.diff(np.log(values), axis=1)
    standard = (returns - (0.1 - 0.5 * 0.8**2) * 3.0) / (0.8 * math.sqrt(3.0))
    assert stats.kstest(standard.ravel(), "norm").statistic < BOUND / 2 / math.sqrt(standard.size)
    assert abs(standard.mean()) * math.sqrt(standard.size) < BOUND, "the Ito drift"


@pytest.mark.parametrize("correlation", [0.7, -0.4, [[1.0, 0.3, 0.0], [0.3, 1.0, -0.6], [0.0, -0.6, 1.0]]])
def test_log_returns_have_the_given_correlation(correlation: Any) -> None:
    values, _ = run("gbm", M=3, correlation=correlation, T=300, n_realizations=50)
    expected = np.full((3, 3), correlation) if isinstance(correlation, float) else np.array(correlation)
    np.fill_diagonal(expected, 1.0)
    returns = np.diff(np.log(values), axis=1).reshape(-1, 3)
    z = (np.corrcoef(returns.T) - expected) * math.sqrt(len(returns)) / np.maximum(1 - expected**2, 1e-12)
    assert np.abs(z[~np.eye(3, dtype=bool)]).max() < BOUND


def test_equal_correlations_agree_with_their_matrix() -> None:
    number, _ = run("gbm", M=3, correlation=0.5, T=30)
    matrix, _ = run("gbm", M=3, correlation=0.5 + 0.5 * np.eye(3), T=30)
    np.testing.assert_array_equal(number, matrix)
    perfect, _ = run("gbm", M=3, correlation=1.0, T=30)
    np.testing.assert_array_equal(perfect[..., 0], perfect[..., 2])


def test_the_lowest_correlation_leaves_nothing_of_the_sum_of_the_log_returns() -> None:
    values, _ = run("gbm", M=4, correlation=-1 / 3, mu=0.0, sigma=0.3, T=50, n_realizations=2)
    time = 0.01 * np.arange(50)
    np.testing.assert_allclose(np.log(values).sum(axis=-1), [-4 * 0.5 * 0.3**2 * time] * 2, rtol=0, atol=1e-12)


def test_an_estimated_correlation_is_taken_as_it_is() -> None:
    estimate = np.corrcoef(np.random.default_rng(0).standard_normal((6, 50)))
    estimate[0, 0] = np.nextafter(1.0, 0.0)
    assert run("gbm", correlation=estimate, T=5)[0].shape == (1, 5, 6)


BAD: list[tuple[str, dict[str, Any], str]] = [
    ("brownian", {"sigma": -1.0}, "sigma must be a finite number of at least 0"),
    ("brownian", {"sigma": [1.0, -1.0]}, "sigma must be"),
    ("brownian", {"M": 3, "sigma": [1.0, 2.0]}, "sigma must be one number or M = 3 numbers, got 2 numbers"),
    ("abm", {"M": 3, "mu": [1.0]}, "mu must be one number or M = 3 numbers, got 1 numbers"),
    ("brownian", {"M": 2, "x0": [1.0, 2.0, 3.0]}, "x0 must be one number or M = 2 numbers"),
    ("brownian", {"Sigma": np.eye(2), "sigma": 2.0}, "sigma and Sigma both set the size of the noise"),
    ("brownian", {"Sigma": [[1.0, 0.5], [0.4, 1.0]]}, "Sigma must be symmetric"),
    ("noise_gaussian", {"Sigma": [[1.0, 2.0], [2.0, 1.0]]}, "Sigma must be positive semidefinite"),
    ("brownian", {"M": 3, "Sigma": np.eye(2)}, "Sigma must have shape (M, M) = (3, 3), got shape (2, 2)"),
    ("gbm", {"S0": 0.0}, "S0 must be greater than 0, got 0.0"),
    ("gbm", {"S0": [1.0, -2.0]}, "S0"),
    ("gbm", {"M": 3, "correlation": -0.6}, "correlation must lie from -1/(M-1) = -0.5 to 1"),
    ("gbm", {"correlation": 1.1}, "correlation must lie from"),
    ("gbm", {"correlation": [[2.0, 0.0], [0.0, 1.0]]}, "correlation must have ones on its diagonal"),
    (
        "gbm",
        {"correlation": [[1.0, 0.9, -0.9], [0.9, 1.0, 0.9], [-0.9, 0.9, 1.0]]},
        "correlation must be positive semi",
    ),
    ("gbm", {"M": 1, "correlation": -1.5}, "correlation must lie from"),
    ("gbm", {"M": 3, "correlation": np.eye(2)}, "correlation must have shape (M, M) = (3, 3), got shape (2, 2)"),
    ("gbm", {"correlation": [[1.0, 0.5], [0.4, 1.0]]}, "correlation must be symmetric"),
    ("gbm", {"sigma": -0.1}, "sigma must be a finite number of at least 0"),
    ("gbm", {"M": 3, "sigma": [0.1, 0.2]}, "sigma must be one number or M = 3 numbers, got 2 numbers"),
    ("abm", {"Sigma": np.eye(2), "sigma": 1.0}, "sigma and Sigma both set the size of the noise"),
    ("abm", {"Sigma": [[1.0, 0.5], [0.5]]}, "Sigma has rows of different lengths"),
    ("noise_gaussian", {"sigma": -0.1}, "sigma must be a finite number of at least 0"),
    ("noise_cauchy", {"M": 3, "loc": [0.0, 1.0]}, "loc must be one number or M = 3 numbers, got 2 numbers"),
]


@pytest.mark.parametrize(
    ("name", "params", "sentence"), BAD, ids=lambda value: None if isinstance(value, dict) else value
)
def test_what_makes_no_sense_is_refused_by_name(name: str, params: dict[str, Any], sentence: str) -> None:
    with pytest.raises(InvalidParameterError) as refusal:
        Configuration.of(name, params)
    assert f"{name}: {sentence}" in str(refusal.value)
    assert "\n" not in str(refusal.value)


def test_an_array_tells_how_many_channels_there_are() -> None:
    assert Configuration.of("gbm", {"sigma": [0.1, 0.2, 0.3]}).params.M == 3
    assert Configuration.of("brownian", {"Sigma": np.eye(2)}).params.M == 2
    assert Configuration.of("noise_cauchy", {"loc": [0.0] * 7}).params.M == 7
