from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.linalg import expm
from support import run, whole

from pymts.errors import InvalidParameterError
from pymts.plan.configuration import Configuration

THETA = np.array([[1.0, -0.8, 0.0], [0.3, 2.0, 0.0], [-1.5, 0.0, 0.5]])
SIGMA = np.array([[1.0, 0.3, 0.0], [0.3, 2.0, -0.2], [0.0, -0.2, 0.5]])


def _z_of_covariance(x: np.ndarray, y: np.ndarray, cov: np.ndarray, cross: np.ndarray) -> float:
    """Return the largest deviation of the mean of x_i y_j over samples (n, M) from ``cross``, in standard errors."""
    variance = np.diagonal(cov)
    error = np.sqrt((np.outer(variance, variance) + cross**2) / len(x))
    return float((np.abs(x.T @ y / len(x) - cross) / error).max())


def test_the_covariance_solves_the_lyapunov_equation() -> None:
    _, truth = run("ou", Theta=THETA, Sigma=SIGMA)
    covariance = truth["theory_cov"].values
    np.testing.assert_allclose(THETA @ covariance + covariance @ THETA.T, SIGMA, rtol=0, atol=1e-13)


@pytest.mark.parametrize("every", [1, 4])
def test_autocovariances_decay_with_the_transposed_exponential(every: int) -> None:
    _, truth = run("ou", Theta=THETA, Sigma=SIGMA, dt=0.2, sample_every=every)
    covariance = truth["theory_cov"].values
    for lag in range(6):
        later_first = truth["theory_acov"].values[lag]  # Cov(x[t + lag], x[t])
        earlier_first = covariance @ expm(-THETA.T * 0.2 * every * lag)  # Cov(x[t], x[t + lag])
        np.testing.assert_allclose(later_first, earlier_first.T, rtol=0, atol=1e-12)
    assert np.abs(truth["theory_acov"].values[1] - truth["theory_acov"].values[1].T).max() > 0.01


def test_a_scalar_rate_has_its_closed_form() -> None:
    _, truth = run("ou", Theta=0.7, sigma=1.3, dt=0.5, M=2)
    variance = 1.3**2 / 1.4
    np.testing.assert_allclose(truth["theory_cov"], variance * np.eye(2), rtol=1e-14)
    np.testing.assert_allclose(truth["noise_cov"], variance * (1 - np.exp(-0.7)) * np.eye(2), rtol=1e-14)
    expected = variance * np.exp(-0.35 * np.arange(6))[:, None, None] * np.eye(2)
    np.testing.assert_allclose(truth["theory_acov"], expected, rtol=1e-13)


@pytest.mark.parametrize("noise", [{"sigma": 1.3}, {"sigma": [0.5, 1.0, 2.0]}, {"Sigma": SIGMA}])
def test_scalar_vector_and_matrix_rates_are_one_law(noise: dict[str, Any]) -> None:
    forms = [0.7, [0.7] * 3, (0.7 * np.eye(3)).tolist()]
    found = [run("ou", Theta=theta, M=3, T=400, dt=0.3, mu=2.0, **noise) for theta in forms]
    for values, truth in found[1:]:
        np.testing.assert_allclose(values, found[0][0], rtol=0, atol=1e-11)  # the same normals, the same factors
        for name, variable in truth.items():
            np.testing.assert_allclose(variable, found[0][1][name], rtol=0, atol=1e-13, err_msg=name)


def test_a_diagonal_rate_with_correlated_noise_is_exact() -> None:
    rates = [0.5, 1.0, 4.0]
    vector, matrix = (run("ou", Theta=theta, Sigma=SIGMA, T=200) for theta in (rates, np.diag(rates).tolist()))
    np.testing.assert_allclose(vector[0], matrix[0], rtol=0, atol=1e-11)
    for name in ("noise_cov", "theory_cov", "theory_acov"):
        np.testing.assert_allclose(vector[1][name], matrix[1][name], rtol=0, atol=1e-13)
    pair = np.add.outer(rates, rates)
    np.testing.assert_allclose(vector[1]["noise_cov"], SIGMA * (1 - np.exp(-pair * 0.1)) / pair, rtol=1e-13)


@pytest.mark.parametrize(
    "given", [{"Theta": THETA, "Sigma": SIGMA}, {"Theta": [1.0, 2.0, 0.5], "sigma": [1.0, 2.0, 3.0]}]
)
def test_one_step_of_1_and_ten_of_a_tenth_are_one_law(given: dict[str, Any]) -> None:
    coarse, coarse_truth = run("ou", **given, dt=1.0, T=4, n_realizations=4000)
    fine, fine_truth = run("ou", **given, dt=0.1, T=4, sample_every=10, n_realizations=4000, seed=2)
    acov = coarse_truth["theory_acov"].values
    np.testing.assert_allclose(acov, fine_truth["theory_acov"], rtol=0, atol=1e-12)
    for values in (coarse, fine):
        for t in (0, 1):
            for lag in range(3):
                assert _z_of_covariance(values[:, t + lag], values[:, t], acov[0], acov[lag]) < 5


@pytest.mark.parametrize(
    "given",
    [
        {"Theta": THETA, "Sigma": SIGMA},
        {"Theta": [0.5, 1.0, 2.0], "Sigma": SIGMA},
        {"Theta": [0.5, 1.0, 2.0], "sigma": [1.0, 2.0, 3.0]},
        {"Theta": 0.8, "sigma": 2.0, "M": 5},
    ],
)
def test_the_series_is_stationary_from_its_first_sample(given: dict[str, Any]) -> None:
    values, truth = run("ou", **given, mu=3.0, T=60, n_realizations=4000)
    cov, acov = truth["theory_cov"].values, truth["theory_acov"].values
    for t in (0, 1, 54):
        assert (np.abs(values[:, t].mean(axis=0) - 3.0) / np.sqrt(np.diagonal(cov) / 4000)).max() < 5
        for lag in range(6):
            assert _z_of_covariance(values[:, t + lag] - 3.0, values[:, t] - 3.0, cov, acov[lag]) < 5


def test_one_step_regression_gives_the_exponential_in_its_direction() -> None:
    values, _ = run("ou", Theta=THETA, Sigma=SIGMA, dt=0.5, T=3000, n_realizations=20)
    x, y = values[:, :-1].reshape(-1, 3), values[:, 1:].reshape(-1, 3)
    found = np.linalg.solve(x.T @ x, x.T @ y).T
    variance = (y - x @ found.T).var(axis=0)
    error = np.sqrt(np.outer(variance, np.diagonal(np.linalg.inv(x.T @ x))))
    assert (np.abs(found - expm(-THETA * 0.5)) / error).max() < 5
    assert (np.abs(found - expm(-THETA.T * 0.5)) / error).max() > 50


def test_one_step_has_the_noise_covariance() -> None:
    values, truth = run("ou", Theta=THETA, Sigma=SIGMA, dt=0.5, T=3000, n_realizations=20)
    noise = truth["noise_cov"].values
    residual = (values[:, 1:] - values[:, :-1] @ expm(-THETA * 0.5).T).reshape(-1, 3)
    assert _z_of_covariance(residual, residual, noise, noise) < 5


def test_the_graph_is_the_equation_and_not_the_dense_step() -> None:
    _, truth = run("ou", Theta=THETA)
    adjacency = truth["adjacency"]
    np.testing.assert_array_equal(adjacency, np.where(np.eye(3) > 0, 0.0, -THETA))
    assert adjacency.attrs["graph_kind"] == "structural"
    assert "expm" in adjacency.attrs["note"]
    assert (adjacency.values[2, 1], adjacency.values[2, 0]) == (0.0, 1.5)  # 1 drives 2 through 0 alone
    assert expm(-0.1 * THETA)[2, 1] != 0
    np.testing.assert_array_equal(run("ou")[1]["adjacency"], np.zeros((5, 5)))


def test_without_noise_it_relaxes_to_the_mean() -> None:
    x0, mu = np.array([1.0, -2.0, 4.0]), np.array([0.5, 0.0, -1.0])
    for theta, matrix in ((THETA, THETA), ([0.5, 1.0, 2.0], np.diag([0.5, 1.0, 2.0])), (0.7, 0.7 * np.eye(3))):
        values, truth = run("ou", Theta=theta, mu=mu, x0=x0, sigma=0.0, dt=0.3, T=50)
        expected = [mu + expm(-matrix * 0.3 * t) @ (x0 - mu) for t in range(50)]
        np.testing.assert_allclose(values[0], expected, rtol=0, atol=1e-12)
        assert not {"theory_cov", "theory_acov"} & truth.keys()


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"Theta": -1.0}, "Theta must be a finite number greater than 0.* got -1"),
        ({"Theta": [1.0, -0.5]}, r"Theta must have positive numbers, got -0\.5"),
        ({"Theta": [[1.0, 2.0], [2.0, 1.0]]}, "Theta must have eigenvalues with positive real parts, got -1;"),
        ({"Theta": [[0.0, 1.0], [-1.0, 0.0]]}, "got 0;"),
        ({"Theta": [1.0, 2.0], "M": 3}, "Theta must be one number or M = 3 numbers"),
        ({"Theta": [[1.0, 2.0]]}, r"Theta must have shape \(M, M\)"),
        ({"Theta": [[1.0, 2.0], [1.0]]}, "Theta has rows of different lengths"),
        ({"mu": [1.0], "M": 2}, "mu must be one number or M = 2 numbers"),
        ({"Sigma": [[1.0]], "sigma": 2.0}, "Sigma and sigma are both given"),
        ({"Sigma": [[1.0, 2.0], [2.0, 1.0]]}, "Sigma: a covariance must be positive semidefinite"),
    ],
)
def test_what_does_not_fit_is_refused(given: dict[str, object], message: str) -> None:
    with pytest.raises(InvalidParameterError, match=message):
        run("ou", **given)


def test_arrays_tell_the_channels() -> None:
    for given in ({"Theta": [1.0, 2.0]}, {"Theta": np.eye(2)}, {"mu": [1.0, 2.0]}, {"Sigma": np.eye(2)}):
        assert Configuration.of("ou", given).params.M == 2


@pytest.mark.parametrize("theta", ["scalar", [0.5, 1.0, 2.0], THETA.tolist()])
def test_mixed_numbers_in_a_batch_change_no_bit(theta: Any) -> None:
    configurations = [
        Configuration.of(
            "ou",
            {
                "M": 3,
                "T": 150,
                "n_realizations": 3,
                "seed": i,
                "Theta": rate if theta == "scalar" else theta,
                "mu": mu,
                "sigma": sigma,
            },
        )
        for i, (rate, mu, sigma) in enumerate([(1.0, 0.0, 1.0), (0.01, 3.0, 0.0), (50.0, -1.0, 1e-3)])
    ]
    for batched, configuration in zip(whole(configurations), configurations, strict=True):
        alone = whole([configuration])[0]
        np.testing.assert_array_equal(batched.values, alone.values)
        for name, variable in alone.truth.items():
            np.testing.assert_array_equal(batched.truth[name], variable)
