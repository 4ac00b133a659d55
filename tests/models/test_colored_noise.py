"""Coloured noise against its spectrum."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import signal
from support import run

from pymts.errors import InvalidParameterError
from pymts.numerics.spectra import kernel, kernel_length, power_law
from pymts.plan.configuration import Configuration
from pymts.streams import Role, generator

BOUND = 5.0


def _spectrum(beta: float, f_min: float, f: np.ndarray) -> np.ndarray:
    """Return the power law with a mean of 1 over all frequencies, by a sum far finer than any kernel's."""
    every = (np.arange(200_000) + 0.5) / 400_000
    scale = ((every * every + f_min * f_min) ** (-0.5 * beta)).mean()
    return np.asarray((f * f + f_min * f_min) ** (-0.5 * beta) / scale)


def _covariance(beta: tuple[float, float], f_min: float, lag: int) -> float:
    """Return the lagged covariance of unit variances, the integral of the root of both spectra."""
    f = (np.arange(200_000) + 0.5) / 400_000
    cross = np.sqrt(_spectrum(beta[0], f_min, f) * _spectrum(beta[1], f_min, f))
    return float((cross * np.cos(2 * np.pi * f * lag)).mean())


@pytest.mark.parametrize("beta", [-1.0, 0.0, 0.5, 1.0, 2.0, 3.0])
def test_the_kernel_has_the_power_law_between_its_own_frequencies_too(beta: float) -> None:
    f_min = 0.01
    length = kernel_length(f_min)
    assert length == 512
    spectra = power_law(np.array(beta), f_min, length)
    h = kernel(spectra)
    np.testing.assert_allclose(np.abs(np.fft.rfft(h)) ** 2, spectra, rtol=1e-10)
    np.testing.assert_allclose(h[1:], h[:0:-1], atol=1e-14)  # symmetric: no delay between channels
    between = np.abs(np.fft.rfft(h, n=8 * length)) ** 2
    f = np.arange(len(between)) / (8 * length)
    inner = f < 0.49  # at 1/2 the spectrum of samples has a corner
    np.testing.assert_allclose(between[inner], _spectrum(beta, f_min, f[inner]), rtol=2e-3)
    assert abs((h * h).sum() - 1) < 1e-12


def test_white_noise_comes_out_when_beta_is_zero() -> None:
    h = kernel(power_law(np.array(0.0), 0.01, 512))
    np.testing.assert_allclose(h, np.eye(512)[256], atol=1e-14)


def test_the_series_is_the_kernel_convolved_with_white_noise_through_all_stretches() -> None:
    f_min, sigma, beta = 0.05, np.array([1.5, 0.5]), np.array([1.0, 2.0])
    values, truth = run("colored_noise", beta=beta, sigma=sigma, f_min=f_min, T=500, correlation=-0.4)
    length = kernel_length(f_min)
    white = generator(1, Role.PROCESS).standard_normal((length + 512, 2))
    white = white @ np.array([[1.0, 0.0], [-0.4, math.sqrt(1 - 0.16)]]).T
    for channel in range(2):
        h = np.fft.fftshift(np.fft.irfft(np.sqrt(truth["theory_psd"].values[channel])))
        expected = np.convolve(white[:, channel], h)[length : length + 500]
        np.testing.assert_allclose(values[0, :, channel], expected, atol=1e-12)


def test_the_covariances_are_the_integrals_of_the_spectra() -> None:
    beta, sigma, f_min, rho = (1.0, 2.0), np.array([2.0, 0.5]), 0.05, -0.6
    values, truth = run("colored_noise", beta=beta, sigma=sigma, f_min=f_min, correlation=rho, T=8, n_realizations=8000)
    scale = np.outer(sigma, sigma)
    mixing = np.array([[1.0, rho], [rho, 1.0]])
    psd = truth["theory_psd"].values
    full = np.concatenate([psd, psd[:, -2:0:-1]], axis=1)
    np.testing.assert_allclose(full.mean(axis=1), sigma**2, rtol=1e-12)
    integrals = [[_covariance((a, b), f_min, 0) for b in beta] for a in beta]
    np.testing.assert_allclose(truth["theory_cov"].values, mixing * scale * integrals, rtol=1e-4)
    f = truth["frequency"].values
    np.testing.assert_allclose(psd[0], 4.0 * _spectrum(1.0, f_min, f), rtol=1e-4)
    np.testing.assert_array_equal(truth["correlation"].values, mixing)
    for lag in (0, 1, 5):
        for i in range(2):
            for j in range(2):
                products = values[:, 7, i] * values[:, 7 - lag, j]
                theory = mixing[i, j] * scale[i, j] * _covariance((beta[i], beta[j]), f_min, lag)
                assert abs(products.mean() - theory) * math.sqrt(8000) < BOUND * products.std()


def _transforms(x: np.ndarray) -> np.ndarray:
    """Return the tapered transforms (realization, frequency, channel), scaled so that |J|^2 has the spectrum's mean."""
    taper = signal.windows.hann(x.shape[1], sym=False)
    return np.asarray(np.fft.rfft(x * taper[:, None], axis=1) / math.sqrt((taper**2).sum()))


@pytest.mark.parametrize("beta", [-1.0, 0.5, 1.0, 2.0])
def test_the_periodogram_falls_with_slope_minus_beta_and_has_the_level_of_theory(beta: float) -> None:
    f_min, steps = 0.002, 2048
    values, _ = run("colored_noise", beta=beta, f_min=f_min, M=2, correlation=0.0, T=steps, n_realizations=100)
    chosen = np.arange(80, 900, 4)  # far above f_min; neighbours share the taper
    f = chosen / steps
    power = np.abs(_transforms(values)[:, chosen]) ** 2
    # The logarithm of an exponential variable of mean 1 has the mean -gamma and the variance pi^2 / 6.
    logs = np.log(power).mean(axis=(0, 2)) + np.euler_gamma
    error = math.pi / math.sqrt(6 * 200)
    x = np.log(f) - np.log(f).mean()
    slope = (x * logs).sum() / (x * x).sum()
    assert abs(slope + beta) < BOUND * error / math.sqrt((x * x).sum()) + 0.002 * abs(beta)
    level = (logs - np.log(_spectrum(beta, f_min, f))).mean()
    assert abs(level) < BOUND * error / math.sqrt(len(f)) + 0.002


def test_the_spectrum_is_flat_below_the_lowest_frequency() -> None:
    values, _ = run("colored_noise", beta=2.0, f_min=0.05, M=1, T=2048, n_realizations=200)
    power = (np.abs(_transforms(values)[:, 2:20:3]) ** 2).mean()
    theory = _spectrum(2.0, 0.05, np.arange(2, 20, 3) / 2048).mean()
    assert abs(power / theory - 1) < BOUND / math.sqrt(200 * 6)


def test_channels_of_different_colour_have_the_coherence_and_no_lag() -> None:
    f_min, rho = 0.005, 0.7
    values, _ = run("colored_noise", beta=[0.5, 1.5], f_min=f_min, correlation=rho, T=2048, n_realizations=60)
    chosen = np.arange(40, 1000, 4)
    f = chosen / 2048
    transforms = _transforms(values)[:, chosen]
    one, other = (transforms[..., i] / np.sqrt(_spectrum(beta, f_min, f)) for i, beta in enumerate((0.5, 1.5)))
    cross = one * other.conj()
    for part in np.array_split(cross, 4, axis=1):  # low and high frequencies alike
        n = part.size
        assert abs(part.real.mean() - rho) < BOUND * math.sqrt((1 + rho**2) / 2 / n) + 0.002
        assert abs(part.imag.mean()) < BOUND * math.sqrt((1 - rho**2) / 2 / n)


def test_no_start_and_no_distant_time_is_different() -> None:
    values, _ = run("colored_noise", beta=2.0, f_min=0.05, M=2, correlation=0.0, T=200, n_realizations=2000)
    for time in (0, 79, 80, 199):
        assert abs((values[:, time] ** 2).mean() - 1) < BOUND * math.sqrt(2 / 4000)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"beta": 9.0}, "beta must lie from -8 to 8, got 9"),
        ({"beta": [1.0, -8.5]}, "beta must lie from -8 to 8, got -8.5"),
        ({"sigma": [1.0, 0.0]}, "sigma must be greater than 0, got 0"),
        ({"f_min": 0.3}, "f_min must be"),
        ({"M": 3, "correlation": -0.6}, "correlation must lie from"),
        ({"M": 3, "beta": [1.0, 2.0]}, "beta must be one number or M = 3 numbers"),
    ],
)
def test_what_does_not_fit_is_refused(given: dict[str, object], message: str) -> None:
    with pytest.raises(InvalidParameterError, match=message):
        Configuration.of("colored_noise", given)
