"""White noise against its law."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats
from support import run

from pymts.errors import InvalidParameterError
from pymts.plan.configuration import Configuration

BOUND = 5.0
# The Kolmogorov statistic times sqrt(n) exceeds this with a probability of 2 exp(-2 x^2) = 7e-6.
KOLMOGOROV = 2.5


def test_gaussian_noise_has_its_moments_and_its_law() -> None:
    values, truth = run("noise_gaussian", mu=[1.0, -2.0], sigma=[0.5, 3.0], T=2000, n_realizations=20)
    standard = (values - [1.0, -2.0]) / [0.5, 3.0]
    n = standard.size // 2
    for channel in range(2):
        x = standard[..., channel].ravel()
        assert abs(x.mean()) * math.sqrt(n) < BOUND
        assert abs(x.var() - 1) < BOUND * math.sqrt(2 / n)
        assert abs((x**3).mean()) < BOUND * math.sqrt(15 / n)
        assert abs((x**4).mean() - 3) < BOUND * math.sqrt(96 / n)
        assert stats.kstest(x, "norm").statistic * math.sqrt(n) < KOLMOGOROV
    np.testing.assert_array_equal(truth["noise_cov"].values, np.diag([0.25, 9.0]))


def test_gaussian_noise_is_white_from_the_first_sample() -> None:
    values, _ = run("noise_gaussian", M=2, T=50, n_realizations=2000)
    for product in (values[:, 1:] * values[:, :-1], values[:, 2:, 0] * values[:, :-2, 1], values[1:] * values[:-1]):
        assert abs(product.mean()) * math.sqrt(product.size) < BOUND
    assert abs((values[:, 0] ** 2).mean() - 1) < BOUND * math.sqrt(2 / 4000)


def test_gaussian_noise_has_the_given_covariance_and_a_singular_one_is_allowed() -> None:
    for sigma in (np.array([[2.0, -0.8, 0.0], [-0.8, 1.0, 0.5], [0.0, 0.5, 0.7]]), np.ones((3, 3))):
        values, truth = run("noise_gaussian", Sigma=sigma, T=1000, n_realizations=40)
        np.testing.assert_array_equal(truth["noise_cov"].values, sigma)
        x = values.reshape(-1, 3)
        error = np.sqrt((np.outer(np.diag(sigma), np.diag(sigma)) + sigma**2) / len(x))
        assert np.abs((x.T @ x / len(x) - sigma) / error).max() < BOUND


def test_cauchy_noise_has_its_median_its_quartiles_and_its_law() -> None:
    values, truth = run("noise_cauchy", loc=[3.0, 0.0], gamma=[2.0, 0.5], T=5000, n_realizations=10)
    assert not truth
    for channel, (loc, gamma) in enumerate(((3.0, 2.0), (0.0, 0.5))):
        x = values[..., channel].ravel()
        n = len(x)
        for probability in (0.25, 0.5, 0.75):
            quantile = loc + gamma * math.tan(math.pi * (probability - 0.5))
            density = 1 / (math.pi * gamma * (1 + ((quantile - loc) / gamma) ** 2))
            error = math.sqrt(probability * (1 - probability) / n) / density
            assert abs(np.quantile(x, probability) - quantile) < BOUND * error
        assert stats.kstest(x, "cauchy", (loc, gamma)).statistic * math.sqrt(n) < KOLMOGOROV


def test_cauchy_channels_and_times_are_independent() -> None:
    signs = np.sign(run("noise_cauchy", M=2, T=1000, n_realizations=20)[0])
    for product in (signs[..., 0] * signs[..., 1], signs[:, 1:] * signs[:, :-1], signs[1:] * signs[:-1]):
        assert abs(product.mean()) * math.sqrt(product.size) < BOUND


@pytest.mark.parametrize("gamma", [0.0, -1.0, [1.0, 0.0]])
def test_a_scale_that_is_not_positive_is_refused(gamma: object) -> None:
    with pytest.raises(InvalidParameterError, match=r"gamma must be .*greater than 0"):
        Configuration.of("noise_cauchy", {"gamma": gamma})
