"""Power-law noise against its spectrum, bin by bin, its variance and its coherence."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import signal, stats
from support import run

from pymts.configuration import Configuration
from pymts.errors import InvalidParameterError

N = 512


def whole_period(**given: object) -> tuple[np.ndarray, np.ndarray]:
    values, truth = run("colored_noise", T=N, period=N, **given)  # type: ignore[arg-type]
    return values, truth["theory_psd"].values


@pytest.mark.parametrize("beta", [-1.0, 0.0, 1.0, 2.0, 3.5])
def test_the_periodogram_has_the_law_of_the_theory_in_every_bin(beta: float) -> None:
    values, psd = whole_period(M=2, beta=[beta, 1.0], sigma=[1.0, 2.0], n_realizations=400)
    frequency, found = signal.periodogram(values, axis=1, detrend=False)
    ratio = found[:, 1:].mean(axis=0) / psd.T[1:]  # (frequency, channel): mean of R exponentials
    assert np.abs(ratio[:-1] - 1).max() < 5.5 / math.sqrt(400)  # 5.5: of five hundred bins
    assert np.abs(ratio[-1] - 1).max() < 5 * math.sqrt(2 / 400)  # one real component at the highest frequency
    np.testing.assert_allclose(values.mean(axis=1), 0.0, atol=1e-12)
    each = (found[:, 1:-1, 0] / psd[0, 1:-1]).ravel()
    assert stats.kstest(each, "expon").statistic * math.sqrt(each.size) < 2.5
    slope = np.polyfit(np.log(frequency[1:-1]), np.log(psd[0, 1:-1]), 1)[0]
    assert slope == pytest.approx(-beta, abs=1e-9)
    measured = np.polyfit(np.log(frequency[1:-1]), np.log(found[:, 1:-1, 0]).mean(axis=0), 1)[0]
    spread = np.log(frequency[1:-1]).std() * math.sqrt(len(each))
    assert abs(measured + beta) < 5 * math.pi / math.sqrt(6) / spread  # log of an exponential varies by pi^2 / 6


def test_the_integral_is_the_variance_and_the_truth_tells_it() -> None:
    _, truth = run("colored_noise", M=3, beta=[0.0, 1.0, 2.0], sigma=[1.0, 0.5, 3.0], coherence=0.64, T=100)
    psd, step = truth["theory_psd"].values, 1 / 4096
    np.testing.assert_allclose(psd.sum(axis=1) * step, [1.0, 0.25, 9.0], rtol=1e-12)
    covariance = truth["theory_cov"].values
    np.testing.assert_allclose(np.diag(covariance), [1.0, 0.25, 9.0], rtol=1e-12)
    for i, j in ((0, 1), (1, 2)):
        shared = 0.8 * np.sqrt(psd[i] * psd[j]).sum() * step
        assert covariance[i, j] == pytest.approx(shared, rel=1e-12)


def test_the_sample_has_the_covariance() -> None:
    values, truth = run("colored_noise", M=2, beta=[0.5, 1.5], coherence=0.5, T=8, n_realizations=3000)
    theory = truth["theory_cov"].values
    for at in (0, 7):
        x = values[:, at]
        error = np.sqrt((np.outer(np.diag(theory), np.diag(theory)) + theory**2) / len(x))
        assert (np.abs(x.T @ x / len(x) - theory) / error).max() < 5


@pytest.mark.parametrize("coherence", [0.0, 0.36, 1.0])
def test_channels_are_coherent_and_in_phase(coherence: float) -> None:
    values, psd = whole_period(M=2, beta=[1.0, 0.0], coherence=coherence, n_realizations=400)
    spectrum = np.fft.rfft(values, axis=1)[:, 1:-1]
    scaled = spectrum / np.sqrt(psd.T[1:-1] * N / 2)
    cross = (scaled[..., 0] * scaled[..., 1].conj()).ravel()
    n = cross.size
    assert abs(cross.real.mean() - math.sqrt(coherence)) < 5 / math.sqrt(n)
    assert abs(cross.imag.mean()) < 5 / math.sqrt(n)
    if coherence == 1.0:
        np.testing.assert_allclose(scaled[..., 0], scaled[..., 1], atol=1e-9)


def test_an_odd_period_has_its_variance_too() -> None:
    values, truth = run("colored_noise", M=1, beta=1.0, T=33, period=33, n_realizations=4000)
    psd = truth["theory_psd"].values[0]
    assert psd.sum() / 33 == pytest.approx(1.0)
    power = (values**2).mean(axis=(1, 2))
    variance = 2 * ((psd[1:] / 33) ** 2 / 2).sum() / len(power)  # of the mean of sums of exponentials
    assert abs(power.mean() - 1.0) < 5 * math.sqrt(variance)


def test_period_tells_how_far_a_series_repeats() -> None:
    values, _ = run("colored_noise", T=64, period=64, beta=2.0)
    again, _ = run("colored_noise", T=32, period=64, beta=2.0)
    np.testing.assert_array_equal(again, values[:, :32])
    with pytest.raises(InvalidParameterError, match=r"period must be at least .* = 64 steps, got 63"):
        Configuration.of("colored_noise", {"T": 64, "period": 63})
    with pytest.raises(InvalidParameterError, match="beta must be from -4 to 8, got 9"):
        Configuration.of("colored_noise", {"beta": 9.0})
