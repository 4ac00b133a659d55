from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from arch.univariate import GARCH
from support import run

from pymts.errors import InvalidParameterError
from pymts.plan.configuration import Configuration

S = np.array([[1.0, 0.6, 0.0], [0.6, 1.0, -0.4], [0.0, -0.4, 1.0]])
GIVEN = {"omega": [0.05, 0.1, 0.02], "alpha": [0.1, 0.05, 0.2], "beta": [0.85, 0.9, 0.5], "correlation": S}


def _z(means: np.ndarray, theory: np.ndarray | float) -> float:
    """Return the largest deviation from theory of the mean over paths, axis 0, in standard errors."""
    error = means.std(axis=0, ddof=1) / np.sqrt(len(means))
    return float((np.abs(means.mean(axis=0) - theory) / error).max())


def _noise(values: np.ndarray, truth: dict[str, Any]) -> np.ndarray:
    return values / np.sqrt(truth["variance"].values.transpose(2, 0, 1))  # (R, T, M)


@pytest.mark.parametrize("dynamics", ["constant", "dynamic"])
def test_the_variance_follows_the_recursion_channel_by_channel(dynamics: str) -> None:
    values, truth = run("garch", **GIVEN, dynamics=dynamics, T=400, n_realizations=3)
    h = truth["variance"].values.transpose(2, 0, 1)
    omega, alpha, beta = (np.array(GIVEN[name]) for name in ("omega", "alpha", "beta"))
    np.testing.assert_allclose(h[:, 1:], omega + alpha * values[:, :-1] ** 2 + beta * h[:, :-1], rtol=1e-12)
    start = run("garch", **GIVEN, dynamics=dynamics, T=1, burn_in=0)[1]
    np.testing.assert_allclose(start["variance"].values[0, :, 0], omega / (1 - alpha - beta), rtol=1e-14)
    np.testing.assert_allclose(start["theory_var"], omega / (1 - alpha - beta), rtol=1e-14)


def test_an_independent_package_filters_the_same_variances() -> None:
    values, truth = run("garch", **GIVEN, T=500)
    for channel in range(3):
        x, h = values[0, :, channel], truth["variance"].values[:, channel, 0]
        parameters = np.array([GIVEN[name][channel] for name in ("omega", "alpha", "beta")])
        omega, alpha, beta = parameters
        backcast = (h[0] - omega) / (alpha + beta)  # so that the first variance is ours
        found = GARCH(1, 0, 1).compute_variance(
            parameters, x, np.empty(500), backcast, np.tile([1e-12, 1e12], (500, 1))
        )
        np.testing.assert_allclose(found, h, rtol=1e-11)


def test_moments_have_their_closed_forms() -> None:
    omega, alpha, beta = 0.05, 0.1, 0.85
    values, truth = run("garch", M=3, correlation=0.0, dynamics="constant", T=2000, n_realizations=600)
    variance = omega / (1 - alpha - beta)
    persistence = alpha + beta
    np.testing.assert_allclose(truth["theory_var"], variance, rtol=1e-14)
    kurtosis = 3 * (1 - persistence**2) / (1 - persistence**2 - 2 * alpha**2)
    rho = alpha * (1 - alpha * beta - beta**2) / (1 - 2 * alpha * beta - beta**2) * persistence ** np.arange(20)
    paths = values.transpose(0, 2, 1).reshape(1800, 2000)
    squares = paths**2
    assert _z(paths.mean(axis=1), 0.0) < 5
    assert _z(squares.mean(axis=1), variance) < 5
    assert _z((paths**4).mean(axis=1), kurtosis * variance**2) < 5
    centred = squares - variance
    covariances = np.stack([(centred[:, k:] * centred[:, : 2000 - k]).mean(axis=1) for k in range(1, 21)], axis=1)
    assert _z(covariances, rho * (kurtosis - 1) * variance**2) < 5
    # rho_{k+1} / rho_k = alpha + beta, in the form that has a standard error.
    assert _z(covariances[:, 1:] - persistence * covariances[:, :-1], 0.0) < 5
    assert _z(covariances[:, 1:] - beta * covariances[:, :-1], 0.0) > 5


def test_the_law_is_reached_and_the_mean_variance_holds_from_the_first_step() -> None:
    alpha, beta = 0.15, 0.7
    for burn_in in (0, 3, 200):
        values, _ = run(
            "garch",
            M=4,
            alpha=alpha,
            beta=beta,
            omega=0.3,
            correlation=0.0,
            dynamics="constant",
            T=1,
            burn_in=burn_in,
            n_realizations=6000,
        )
        x = values[:, 0].ravel()
        variance = 0.3 / (1 - alpha - beta)
        assert _z(x**2, variance) < 5
        # The second moment of h: m' = omega^2 + 2 omega (alpha + beta) E h + (beta^2 + 2 alpha beta + 3 alpha^2) m.
        moment = variance**2
        for _ in range(burn_in):
            moment = 0.09 + 0.6 * (alpha + beta) * variance + (beta**2 + 2 * alpha * beta + 3 * alpha**2) * moment
        assert _z(x**4, 3 * moment) < 5


def test_constant_correlation_is_the_one_given() -> None:
    values, truth = run("garch", **GIVEN, dynamics="constant", T=2000, n_realizations=40)
    z = _noise(values, truth).reshape(-1, 3)
    np.testing.assert_array_equal(truth["correlation"], S)
    error = np.sqrt((1 + S**2) / len(z))
    assert (np.abs(z.T @ z / len(z) - S) / error).max() < 5
    assert "conditional_correlation" not in truth


def test_dynamic_correlation_follows_engle_and_leaves_white_noise() -> None:
    a, b = 0.08, 0.9
    values, truth = run("garch", **GIVEN, a=a, b=b, T=600, n_realizations=30, burn_in=0)
    z = _noise(values, truth)
    correlation = truth["conditional_correlation"].values.transpose(3, 0, 1, 2)  # (R, T, M, M)
    q = np.broadcast_to(S, (30, 3, 3))
    whitened = np.empty_like(z)
    for t in range(600):
        scale = np.sqrt(np.diagonal(q, axis1=1, axis2=2))
        expected = q / (scale[:, :, None] * scale[:, None, :])
        np.testing.assert_allclose(correlation[:, t], expected, rtol=0, atol=1e-9)
        whitened[:, t] = np.linalg.solve(np.linalg.cholesky(expected), z[:, t, :, None])[..., 0]
        q = (1 - a - b) * S + a * z[:, t, :, None] * z[:, t, None, :] + b * q
    assert np.ptp(correlation[:, :, 0, 1]) > 0.3, "the correlation hardly moves"
    flat = whitened.reshape(-1, 3)
    error = np.sqrt((1 + np.eye(3)) / len(flat))
    assert (np.abs(flat.T @ flat / len(flat) - np.eye(3)) / error).max() < 5
    later, earlier = whitened[:, 1:].reshape(-1, 3), whitened[:, :-1].reshape(-1, 3)
    assert (np.abs(later.T @ earlier / len(later)) * np.sqrt(len(later))).max() < 5


def test_dynamic_correlation_without_reaction_is_the_constant_one() -> None:
    constant, _ = run("garch", **GIVEN, dynamics="constant", T=300, n_realizations=2)
    dynamic, truth = run("garch", **GIVEN, a=0.0, b=0.0, T=300, n_realizations=2)
    np.testing.assert_allclose(dynamic, constant, rtol=0, atol=1e-11)
    expected = np.broadcast_to(S[:, :, None], (300, 3, 3, 2))
    np.testing.assert_allclose(truth["conditional_correlation"], expected, rtol=0, atol=1e-13)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"alpha": 0.2, "beta": 0.8}, r"alpha \+ beta must be less than 1, got 1;"),
        ({"alpha": [0.1, 0.3], "beta": 0.75}, r"alpha \+ beta must be less than 1, got 1\.05"),
        ({"omega": 0.0}, "omega must be greater than 0, got 0"),
        ({"a": 0.1, "b": 0.95}, r"a \+ b must be less than 1, got 1\.05"),
        ({"correlation": 1.0}, "correlation must be positive definite with .* got the eigenvalue"),
        ({"correlation": 0.999999, "a": 0.1, "b": 0.89999999}, "correlation must be positive .* and a \\+ b = 1;"),
        ({"correlation": 1.2}, "correlation must lie from"),
        ({"alpha": [0.1, 0.1], "M": 3}, "alpha must be one number or M = 3 numbers"),
        ({"correlation": [[1.0, 0.5], [0.4, 1.0]]}, "correlation must be symmetric"),
    ],
)
def test_what_does_not_fit_is_refused(given: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidParameterError, match=message):
        run("garch", **given)


def test_arrays_tell_the_channels_and_equal_correlations_may_be_perfect_if_constant() -> None:
    assert Configuration.of("garch", GIVEN).params.M == 3
    values, _ = run("garch", correlation=1.0, dynamics="constant", T=50)
    np.testing.assert_allclose(values[..., 1:], values[..., :1].repeat(4, axis=-1), rtol=1e-12)
