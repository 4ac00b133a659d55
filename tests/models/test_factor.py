"""The dynamic factor model against its covariances, its rank and its own equations."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.linalg import solve_discrete_lyapunov
from sklearn.decomposition import FactorAnalysis
from support import run

from pymts.errors import InvalidParameterError
from pymts.plan.configuration import Configuration

LAMBDA = np.array([[1.0, 0.0], [0.5, -1.0], [0.0, 2.0], [-0.7, 0.4]])
PHI = np.array([[0.8, 0.3], [0.0, -0.5]])
GIVEN = {"Lambda": LAMBDA, "Phi": PHI, "sigma": [0.5, 1.0, 0.2, 0.7]}


def test_theory_is_that_of_the_state_space() -> None:
    _, truth = run("factor", **GIVEN, T=3, sample_every=2)
    latent = solve_discrete_lyapunov(PHI, np.eye(2))
    own = np.diag(np.square(GIVEN["sigma"]))
    np.testing.assert_allclose(truth["theory_cov"], LAMBDA @ latent @ LAMBDA.T + own, rtol=1e-12)
    two_steps = LAMBDA @ PHI @ PHI @ latent @ LAMBDA.T
    np.testing.assert_allclose(truth["theory_acov"][1], two_steps, rtol=1e-12)
    assert np.abs(two_steps - two_steps.T).max() > 0.1  # a transposed lag would show
    np.testing.assert_array_equal(truth["latent_coefficients"], PHI.T)


@pytest.mark.parametrize("lag", [0, 1, 3])
def test_the_sample_has_the_covariances_from_the_first_sample_on(lag: int) -> None:
    values, truth = run("factor", **GIVEN, T=4, n_realizations=20_000)
    theory = truth["theory_acov"].values
    product = values[:, lag, :, None] * values[:, 0, None, :]
    variance = np.diag(theory[0])
    error = np.sqrt((np.outer(variance, variance) + theory[lag] * theory[lag].T) / len(values))
    assert (np.abs(product.mean(axis=0) - theory[lag]) / error).max() < 5


def test_only_the_own_noise_is_not_of_the_factors_rank() -> None:
    _, truth = run("factor", M=9, n_factors=3, seed=4)
    lagged = truth["theory_acov"].values[1:]
    assert (np.linalg.matrix_rank(lagged) == 3).all()
    shared = truth["theory_cov"].values - truth["noise_cov"].values
    assert np.linalg.matrix_rank(shared, tol=1e-9) == 3
    assert np.linalg.matrix_rank(truth["theory_cov"].values) == 9


def test_the_series_is_the_loaded_factors_and_independent_noise() -> None:
    values, truth = run("factor", **GIVEN, T=3000, n_realizations=4)
    latent = truth["latent"].values.transpose(2, 0, 1)  # (R, T, K)
    own = values - latent @ LAMBDA.T
    n = own[..., 0].size
    np.testing.assert_allclose(own.std(axis=(0, 1)), GIVEN["sigma"], rtol=5 / np.sqrt(2 * n))
    innovations = latent[:, 1:] - latent[:, :-1] @ PHI.T
    for first, second in ((innovations, innovations), (innovations, own[:, 1:] / GIVEN["sigma"])):
        product = np.einsum("rti,rtj->ij", first, second) / n
        expected = np.eye(2) if first is second else np.zeros((2, 4))
        assert np.abs(product - expected).max() < 5 * np.sqrt(2 / n)
    after = np.einsum("rti,rtj->ij", innovations[:, 1:], innovations[:, :-1]) / n
    assert np.abs(after).max() < 5 / np.sqrt(n)


def test_drawn_coefficients_have_the_radius() -> None:
    for seed in range(3):
        _, truth = run("factor", n_factors=4, rho=0.7, T=2, seed=seed)
        radius = np.abs(np.linalg.eigvals(truth["latent_coefficients"].values)).max()
        assert radius == pytest.approx(0.7, rel=1e-9)


def test_an_independent_factor_analysis_finds_the_space_of_the_loadings() -> None:
    values, truth = run("factor", M=8, n_factors=2, rho=0.5, sigma=0.5, T=4000, seed=3)
    loadings = truth["loadings"].values
    # Scikit-learn's likelihood maximum starts at no random point, as that of statsmodels does, which fails from some.
    found = FactorAnalysis(2, tol=1e-8, max_iter=5000, svd_method="lapack").fit(values[0]).components_.T
    true_space, _ = np.linalg.qr(loadings)
    found_space, _ = np.linalg.qr(found)
    cosines = np.linalg.svd(true_space.T @ found_space, compute_uv=False)
    assert cosines.min() > 0.999


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"Phi": [[1.0]]}, "Phi must be stable, with a spectral radius less than 1, got 1; scale it"),
        ({"Lambda": [[1.0], [2.0]], "Phi": [[0.5, 0.0], [0.0, 0.1]]}, r"Phi must have shape \(n_factors, n_factors\)"),
        ({"M": 3, "Lambda": [[1.0], [2.0]]}, r"Lambda must have shape \(M, n_factors\) = \(3, 1\), got shape \(2, 1\)"),
    ],
)
def test_what_does_not_fit_is_refused(given: dict[str, object], sentence: str) -> None:
    with pytest.raises(InvalidParameterError, match=sentence):
        Configuration.of("factor", given)
