from __future__ import annotations

import numpy as np
import pytest
from statsmodels.tsa.arima_process import arma_acovf
from statsmodels.tsa.statespace.varmax import VARMAX
from support import run, whole

from pymts.errors import InvalidParameterError
from pymts.plan.configuration import Configuration

PHI = np.array(
    [
        [[0.5, 0.0, 0.0], [0.4, 0.3, 0.0], [0.0, -0.5, 0.2]],
        [[-0.2, 0.0, 0.1], [0.0, 0.2, 0.0], [0.3, 0.0, 0.0]],
    ]
)
THETA = np.array(
    [
        [[0.4, 0.7, 0.0], [0.0, -0.3, 0.0], [0.0, 0.2, 0.5]],
        [[0.0, 0.0, 0.3], [0.2, 0.1, 0.0], [0.0, 0.0, -0.4]],
        [[0.1, 0.0, 0.0], [0.0, 0.0, -0.2], [0.3, 0.0, 0.0]],
    ]
)
SIGMA = np.array([[1.0, 0.3, 0.0], [0.3, 2.0, -0.2], [0.0, -0.2, 0.5]])
NONE = np.zeros((0, 3, 3))


def _companion(matrices: np.ndarray) -> np.ndarray:
    p, m, _ = matrices.shape
    below = [[np.eye(m) if j == i else np.zeros((m, m)) for j in range(p)] for i in range(p - 1)]
    return np.block([[*matrices], *below])


def _weights(phi: np.ndarray, theta: np.ndarray, n: int) -> np.ndarray:
    """Return the response Psi_j of x to a unit of noise j steps ago, (n, M, M)."""
    psi = np.zeros((n, *phi.shape[1:]))
    for j in range(n):
        psi[j] = np.eye(phi.shape[1]) if j == 0 else theta[j - 1] if j <= len(theta) else 0
        for i in range(1, min(j, len(phi)) + 1):
            psi[j] += phi[i - 1] @ psi[j - i]
    return psi


def _acov(psi: np.ndarray, sigma: np.ndarray, lag: int) -> np.ndarray:
    """Return Cov(x[t + lag], x[t]) as the sum over the shared noise."""
    return np.einsum("jab,bc,jdc->ad", psi[lag:], sigma, psi[: len(psi) - lag])


def _residual(values: np.ndarray, phi: np.ndarray, theta: np.ndarray) -> np.ndarray:
    """Solve the equation for its noise, which is 0 up to the first value, (R, T, M)."""
    noise = np.zeros_like(values)
    for t in range(max(len(phi), 1), values.shape[1]):
        noise[:, t] = values[:, t]
        for k, matrix in enumerate(phi, start=1):
            noise[:, t] -= values[:, t - k] @ matrix.T
        for k, matrix in enumerate(theta[:t], start=1):
            noise[:, t] -= noise[:, t - k] @ matrix.T
    return noise


def _z_of_covariance(x: np.ndarray, y: np.ndarray, cov: np.ndarray, cross: np.ndarray) -> float:
    """Return the largest deviation of the mean of x_i y_j over samples (n, M) from ``cross``, in standard errors."""
    variance = np.diagonal(cov)
    error = np.sqrt((np.outer(variance, variance) + cross**2) / len(x))
    return float((np.abs(x.T @ y / len(x) - cross) / error).max())


@pytest.mark.parametrize("p", [0, 1, 2])
@pytest.mark.parametrize("q", [0, 1, 3])
def test_the_autocovariances_sum_over_the_shared_noise(p: int, q: int) -> None:
    given = {name: value for name, value in (("Phi", PHI[:p]), ("Theta", THETA[:q])) if len(value)}
    psi = _weights(PHI[:p], THETA[:q], 400)
    for every in (1, 3):
        _, truth = run("varma", p=p, q=q, **given, Sigma=SIGMA, sample_every=every)
        acov = truth["theory_acov"].values
        np.testing.assert_array_equal(truth["theory_cov"], acov[0])
        for lag in range(6):
            np.testing.assert_allclose(acov[lag], _acov(psi, SIGMA, every * lag), rtol=1e-12, atol=1e-13)


def test_drawn_coefficients_have_the_autocovariances_of_their_truth() -> None:
    _, truth = run("varma", p=3, q=2, M=4, noise_scale=0.7, density=0.6, rho=0.8)
    psi = _weights(truth["coefficients"].values, truth["ma_coefficients"].values, 500)
    for lag in range(6):
        expected = _acov(psi, 0.49 * np.eye(4), lag)
        np.testing.assert_allclose(truth["theory_acov"][lag], expected, rtol=1e-11, atol=1e-12)


@pytest.mark.parametrize("q", [1, 2, 3])
def test_a_moving_average_is_uncorrelated_beyond_its_lags(q: int) -> None:
    values, truth = run("varma", p=0, Theta=THETA[:q], Sigma=SIGMA, T=7, n_realizations=20_000)
    acov = truth["theory_acov"].values
    padded = np.concatenate([[np.eye(3)], THETA[:q]])
    for lag in range(6):
        theory = sum((padded[j + lag] @ SIGMA @ padded[j].T for j in range(q + 1 - lag)), start=np.zeros((3, 3)))
        np.testing.assert_allclose(acov[lag], theory, rtol=0, atol=1e-14)
        assert (np.abs(theory).max() > 0.1) == (lag <= q)
        assert _z_of_covariance(values[:, 1 + lag], values[:, 1], acov[0], theory) < 5
    assert "coefficients" not in truth


def test_the_series_is_stationary_from_its_first_sample() -> None:
    values, truth = run("varma", Phi=PHI, Theta=THETA, Sigma=SIGMA, T=30, n_realizations=8000)
    acov = truth["theory_acov"].values
    for t in (0, 1, 2, 3, 24):
        for lag in range(6):
            assert _z_of_covariance(values[:, t + lag], values[:, t], acov[0], acov[lag]) < 5
    assert _z_of_covariance(values[:, 1], values[:, 0], acov[0], acov[1].T) > 10


@pytest.mark.parametrize(("p", "q"), [(0, 1), (1, 0), (2, 1), (2, 3), (0, 3)])
def test_the_equation_gives_the_noise_back(p: int, q: int) -> None:
    given = {name: value for name, value in (("Phi", PHI[:p]), ("Theta", THETA[:q])) if len(value)}
    shared = {"M": 3, "Sigma": SIGMA, "T": 300, "n_realizations": 3}
    start = {"x0": [1.0, -2.0, 0.5]} if p else {"x0": [0.0, 0.0, 0.0]}
    noise, _ = run("varma", p=0, q=0, x0=[0.0, 0.0, 0.0], **shared)  # x is e itself: the same seed, the same noise
    values, truth = run("varma", p=p, q=q, **given, **start, **shared)
    np.testing.assert_array_equal(values[:, 0], np.broadcast_to(start["x0"], (3, 3)))
    before = np.repeat(values[:, :1], max(p - 1, 0), axis=1)  # x0 is all of the past
    found = _residual(np.concatenate([before, values], axis=1), PHI[:p], THETA[:q])[:, before.shape[1] :]
    np.testing.assert_allclose(found[:, 1:], noise[:, 1:], rtol=0, atol=1e-11)
    assert not {"theory_cov", "theory_acov"} & truth.keys()


def test_residuals_are_white_with_the_noise_covariance() -> None:
    values, truth = run("varma", Phi=PHI, Theta=THETA, Sigma=SIGMA, T=1500, n_realizations=20)
    noise = truth["noise_cov"].values
    np.testing.assert_array_equal(noise, SIGMA)
    # What the residuals miss at the start dies out, as Theta is invertible.
    residual = _residual(values, truth["coefficients"].values, truth["ma_coefficients"].values)[:, 200:]
    flat = residual.reshape(-1, 3)
    assert _z_of_covariance(flat, flat, noise, noise) < 5
    for lag in (1, 2, 3, 4):
        later, earlier = residual[:, lag:].reshape(-1, 3), residual[:, :-lag].reshape(-1, 3)
        assert _z_of_covariance(later, earlier, noise, np.zeros((3, 3))) < 5


@pytest.mark.parametrize("q", [1, 2, 3, 4])
@pytest.mark.parametrize("p", [0, 2])
def test_what_is_drawn_is_stationary_and_invertible(p: int, q: int) -> None:
    for seed in range(6):
        values, truth = run("varma", p=p, q=q, M=4, seed=seed, rho=0.85, ma_rho=0.6, T=400)
        theta = truth["ma_coefficients"].values
        assert abs(np.abs(np.linalg.eigvals(_companion(-theta))).max() - 0.6) < 1e-10
        phi = truth["coefficients"].values if p else np.zeros((0, 4, 4))
        if p:
            assert abs(np.abs(np.linalg.eigvals(_companion(phi))).max() - 0.85) < 1e-10
        noise, _ = run("varma", p=0, q=0, M=4, seed=seed, T=400)
        np.testing.assert_allclose(_residual(values, phi, theta)[:, 200:], noise[:, 200:], rtol=0, atol=1e-9)


def test_without_lags_of_the_noise_it_is_a_var() -> None:
    for given in ({"Phi": PHI, "Sigma": SIGMA}, {"p": 2, "M": 4, "noise_scale": 0.3, "density": 0.3}):
        values, truth = run("varma", q=0, **given)
        plain, plain_truth = run("var", **given)
        np.testing.assert_allclose(values, plain, rtol=0, atol=1e-12)
        assert truth.keys() == plain_truth.keys()
        for name, variable in truth.items():
            np.testing.assert_allclose(variable.values, plain_truth[name].values, rtol=0, atol=1e-12, err_msg=name)


def test_one_channel_has_the_autocovariances_of_statsmodels() -> None:
    phi, theta = [0.6, -0.3], [0.8, 0.2, -0.5]
    _, truth = run("varma", Phi=np.reshape(phi, (2, 1, 1)), Theta=np.reshape(theta, (3, 1, 1)), noise_scale=1.5)
    expected = arma_acovf([1, *np.negative(phi)], [1, *theta], nobs=6, sigma2=2.25)
    np.testing.assert_allclose(truth["theory_acov"].values[:, 0, 0], expected, rtol=1e-12)


@pytest.mark.filterwarnings("ignore:Estimation of VARMA")
@pytest.mark.parametrize(("p", "q"), [(1, 1), (2, 2), (0, 2)])
def test_two_channels_have_the_exact_likelihood_of_statsmodels(p: int, q: int) -> None:
    phi, theta, sigma = PHI[:p, :2, :2], THETA[:q, 1:, 1:], SIGMA[:2, :2]
    given = {"Phi": phi} if p else {"p": 0}
    values, truth = run("varma", **given, Theta=theta, Sigma=sigma, T=6)
    acov = truth["theory_acov"].values
    lag = np.arange(6)[:, None] - np.arange(6)
    blocks = np.where((lag >= 0)[..., None, None], acov[np.abs(lag)], acov[np.abs(lag)].swapaxes(-1, -2))
    covariance = blocks.transpose(0, 2, 1, 3).reshape(12, 12)
    x = values[0].ravel()
    expected = -0.5 * (x @ np.linalg.solve(covariance, x) + np.linalg.slogdet(2 * np.pi * covariance)[1])
    other = VARMAX(values[0], order=(p, q), trend="n", enforce_stationarity=False, enforce_invertibility=False)
    # Its parameters go equation by equation, all lags of one after the other, then the factor of Sigma.
    rows = [matrices.transpose(1, 0, 2).ravel() for matrices in (phi, theta)]
    factor = np.linalg.cholesky(sigma)[np.tril_indices(2)]
    other.ssm.initialize_stationary()
    np.testing.assert_allclose(other.loglike(np.concatenate([*rows, factor])), expected, rtol=1e-9)


def test_noise_may_be_given_that_cannot_be_solved_for() -> None:
    one = run("varma", p=0, Theta=[[2.0]], noise_scale=1.0)[1]["theory_acov"].values
    twin = run("varma", p=0, Theta=[[0.5]], noise_scale=2.0)[1]["theory_acov"].values  # the same law, invertible
    np.testing.assert_allclose(one, twin, rtol=1e-14, atol=1e-15)


def test_drawn_coefficients_lie_on_the_graph() -> None:
    graph = np.array([[0.0, 1.0, 0.0], [0.0, 0.0, 0.0], [2.0, 0.0, 5.0]])
    _, truth = run("varma", A=graph, p=2, q=3)
    off = ~np.eye(3, dtype=bool)
    blocks = [*truth["coefficients"].values, *truth["ma_coefficients"].values]
    for block in (*blocks, truth["adjacency"].values):
        np.testing.assert_array_equal((block != 0)[off], (graph != 0)[off])
        assert (np.diagonal(block) != 0).all()
    np.testing.assert_array_equal(truth["adjacency"], np.abs(blocks).max(axis=0))
    assert truth["adjacency"].attrs["graph_kind"] == "summary"
    np.testing.assert_array_equal(run("varma", p=0, q=0)[1]["adjacency"], np.zeros((5, 5)))


def test_a_given_matrix_tells_sizes_and_is_used_as_given() -> None:
    for given, q in ((THETA[0], 1), (THETA[:1].tolist(), 1), (THETA, 3)):
        configuration = Configuration.of("varma", {"Theta": given, "T": 5})
        assert (configuration.params.M, configuration.params.q, configuration.params.p) == (3, q, 1)
        truth = whole([configuration])[0].truth
        np.testing.assert_array_equal(truth["ma_coefficients"], np.reshape(given, (q, 3, 3)))
    both = run("varma", Phi=PHI, Theta=THETA[0])[1]
    np.testing.assert_array_equal(both["coefficients"], PHI)
    np.testing.assert_array_equal(both["ma_coefficients"], THETA[:1])


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"Phi": [[1.1, 0.0], [3.0, 0.2]]}, r"Phi must be stable.* got 1\.1;.*c less than 0\.9091"),
        ({"Phi": [[0.5]], "p": 2}, r"Phi must have shape \(p, M, M\) = \(2, 1, 1\), got shape \(1, 1\)"),
        ({"Theta": [[0.5]], "q": 2}, r"Theta must have shape \(q, M, M\) = \(2, 1, 1\), got shape \(1, 1\)"),
        ({"Theta": [[0.5]], "M": 2}, r"Theta must have shape \(q, M, M\) = \(1, 2, 2\), got shape \(1, 1\)"),
        ({"Theta": [[0.5]], "q": 0}, r"Theta must be left out where q is 0, got shape \(1, 1\)"),
        ({"Phi": [[0.5]], "p": 0}, r"Phi must be left out where p is 0, got shape \(1, 1\)"),
        ({"Theta": [[0.5, 0.1], [0.2]]}, "Theta has rows of different lengths"),
        ({"Theta": []}, r"got shape \(0,\)"),
        ({"Phi": [[0.5]], "Theta": [[0.5]], "A": [[0.0]]}, "Phi, Theta and A are all given"),
        ({"Sigma": [[1.0]], "noise_scale": 2.0}, "Sigma and noise_scale are both given"),
        ({"Sigma": [[1.0, 2.0], [2.0, 1.0]]}, "Sigma: a covariance must be positive semidefinite"),
        ({"x0": [1.0]}, "x0 must be one number or M = 5"),
        ({"ma_rho": 1.0}, "ma_rho must be"),
        ({"q": -1}, "q must be"),
    ],
)
def test_what_does_not_fit_is_refused(given: dict[str, object], message: str) -> None:
    with pytest.raises(InvalidParameterError, match=message):
        run("varma", **given)


@pytest.mark.parametrize(("channels", "p", "q"), [(1, 1, 2), (4, 0, 3), (12, 2, 1)])
def test_mixed_numbers_in_a_batch_change_no_bit(channels: int, p: int, q: int) -> None:
    mixed = [(0.9, 0.5, 1.0, 0.5, 0.3), (0.0, 0.0, 2.0, 0.5, 0.3), (0.99, 0.9, 1e-3, 0.0, 1.0), (0.5, 0.1, 0, 1, 0)]
    names = ("rho", "ma_rho", "noise_scale", "self_strength", "cross_strength")
    base = {"M": channels, "T": 150, "n_realizations": 3, "p": p, "q": q}
    configurations = [
        Configuration.of("varma", {**base, "seed": i, **dict(zip(names, numbers, strict=True))})
        for i, numbers in enumerate(mixed)
    ]
    for batched, configuration in zip(whole(configurations), configurations, strict=True):
        alone = whole([configuration])[0]
        np.testing.assert_array_equal(batched.values, alone.values)
        for name, variable in alone.truth.items():
            np.testing.assert_array_equal(batched.truth[name], variable)
