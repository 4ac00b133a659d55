from __future__ import annotations

import numpy as np
import pytest
from support import run, whole

from pymts.errors import InvalidParameterError
from pymts.plan.configuration import Configuration

PHI = np.array(
    [
        [[0.5, 0.0, 0.0], [0.4, 0.3, 0.0], [0.0, -0.5, 0.2]],
        [[-0.2, 0.0, 0.1], [0.0, 0.2, 0.0], [0.3, 0.0, 0.0]],
    ]
)
SIGMA = np.array([[1.0, 0.3, 0.0], [0.3, 2.0, -0.2], [0.0, -0.2, 0.5]])


def _companion(phi: np.ndarray) -> np.ndarray:
    p, m, _ = phi.shape
    return np.block([[*phi], *([[np.eye(m) if j == i else np.zeros((m, m)) for j in range(p)] for i in range(p - 1)])])


def _radius(phi: np.ndarray) -> float:
    return float(np.abs(np.linalg.eigvals(_companion(phi))).max())


def _z_of_covariance(x: np.ndarray, y: np.ndarray, cov: np.ndarray, cross: np.ndarray) -> float:
    """Return the largest deviation of the mean of x_i y_j over samples (n, M) from ``cross``, in standard errors."""
    variance = np.diagonal(cov)
    error = np.sqrt((np.outer(variance, variance) + cross**2) / len(x))
    return float((np.abs(x.T @ y / len(x) - cross) / error).max())


def _regress(values: np.ndarray, p: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return least-squares coefficients (p, M, M), their standard errors and the residuals (R, T - p, M)."""
    m = values.shape[2]
    design = np.concatenate([values[:, p - k : values.shape[1] - k] for k in range(1, p + 1)], axis=2)
    x, y = design.reshape(-1, p * m), values[:, p:].reshape(-1, m)
    solution = np.linalg.solve(x.T @ x, x.T @ y)  # (p M, M)
    residual = y - x @ solution
    error = np.sqrt(np.outer(np.diagonal(np.linalg.inv(x.T @ x)), residual.var(axis=0)))
    shape = (p, m, m)
    return (
        solution.reshape(shape).swapaxes(1, 2),
        error.reshape(shape).swapaxes(1, 2),
        residual.reshape(values.shape[0], -1, m),
    )


def test_the_covariance_solves_the_lyapunov_equation_and_lags_follow_the_recursion() -> None:
    _, truth = run("var", Phi=PHI, Sigma=SIGMA)
    acov = truth["theory_acov"].values
    np.testing.assert_array_equal(truth["theory_cov"], acov[0])
    # Yule-Walker: G_k = sum_j Phi_j G_{k-j} + [k = 0] Sigma, with G_{-k} = G_k'.
    gamma = {k: acov[k] for k in range(6)} | {-k: acov[k].T for k in range(6)}
    for k in range(6):
        expected = sum(PHI[j - 1] @ gamma[k - j] for j in (1, 2)) + (SIGMA if k == 0 else 0)
        np.testing.assert_allclose(acov[k], expected, rtol=0, atol=1e-13)


def test_a_var1_has_powers_of_its_matrix() -> None:
    phi = PHI[0]
    _, truth = run("var", Phi=phi, Sigma=SIGMA)
    g0 = truth["theory_cov"].values
    np.testing.assert_allclose(phi @ g0 @ phi.T + SIGMA, g0, rtol=0, atol=1e-13)
    for k in range(6):
        np.testing.assert_allclose(truth["theory_acov"][k], np.linalg.matrix_power(phi, k) @ g0, rtol=0, atol=1e-13)
    every = run("var", Phi=phi, Sigma=SIGMA, sample_every=3)[1]["theory_acov"].values
    np.testing.assert_allclose(every[1], np.linalg.matrix_power(phi, 3) @ g0, rtol=0, atol=1e-13)


@pytest.mark.parametrize("seed", [1, 2])
def test_the_spectral_density_integrates_to_the_covariance(seed: int) -> None:
    _, truth = run("var", p=3, M=4, seed=seed, noise_scale=0.7, rho=0.8)
    phi = truth["coefficients"].values
    frequencies = 2 * np.pi * np.arange(2048) / 2048  # the trapezoid rule converges geometrically here
    lag = np.exp(-1j * np.outer(frequencies, [1, 2, 3]))
    transfer = np.linalg.inv(np.eye(4) - np.einsum("fk,kij->fij", lag, phi))
    density = 0.7**2 * transfer @ transfer.conj().swapaxes(1, 2)
    np.testing.assert_allclose(density.mean(axis=0).real, truth["theory_cov"], rtol=1e-12, atol=1e-13)


def test_the_series_is_stationary_from_its_first_sample() -> None:
    values, truth = run("var", Phi=PHI, Sigma=SIGMA, T=30, n_realizations=4000)
    acov = truth["theory_acov"].values
    for t in (0, 1, 2, 24):
        for lag in range(6):
            assert _z_of_covariance(values[:, t + lag], values[:, t], acov[0], acov[lag]) < 5


def test_regression_gives_the_coefficients_back_in_their_direction() -> None:
    values, truth = run("var", Phi=PHI, Sigma=SIGMA, T=3000, n_realizations=20)
    found, error, residual = _regress(values, 2)
    assert (np.abs(found - truth["coefficients"].values) / error).max() < 5
    transposed = truth["coefficients"].values.swapaxes(1, 2)
    assert (np.abs(found - transposed) / error).max() > 50
    swapped = truth["coefficients"].values[::-1]
    assert (np.abs(found - swapped) / error).max() > 50
    assert residual.shape == (20, 2998, 3)


def test_residuals_are_white_with_the_noise_covariance() -> None:
    values, truth = run("var", Phi=PHI, Sigma=SIGMA, T=3000, n_realizations=20)
    phi, noise = truth["coefficients"].values, truth["noise_cov"].values
    np.testing.assert_array_equal(noise, SIGMA)
    residual = values[:, 2:] - values[:, 1:-1] @ phi[0].T - values[:, :-2] @ phi[1].T
    flat = residual.reshape(-1, 3)
    assert _z_of_covariance(flat, flat, noise, noise) < 5
    for lag in (1, 2, 3):
        later, earlier = residual[:, lag:].reshape(-1, 3), residual[:, :-lag].reshape(-1, 3)
        assert _z_of_covariance(later, earlier, noise, np.zeros((3, 3))) < 5


def test_a_push_travels_along_the_graph() -> None:
    chain = np.diag([0.3] * 3, k=-1)  # 0 -> 1 -> 2 -> 3
    values, truth = run("var", Phi=chain, noise_scale=0.0, x0=[1.0, 0.0, 0.0, 0.0], T=5)
    expected = np.array([[0.3**t if channel == t else 0.0 for channel in range(4)] for t in range(5)])
    np.testing.assert_allclose(values[0], expected, rtol=1e-14)
    np.testing.assert_array_equal(truth["adjacency"], chain)
    assert not {"theory_cov", "theory_acov"} & truth.keys()


@pytest.mark.parametrize("p", [1, 2, 3, 4, 5])
@pytest.mark.parametrize("topology", ["erdos_renyi", "ring_unidirectional", "complete"])
def test_a_drawn_recursion_has_its_radius_and_is_never_white_noise(p: int, topology: str) -> None:
    for seed in range(6):
        values, truth = run("var", p=p, M=6, seed=seed, topology=topology, rho=0.9, T=1000, n_realizations=2)
        phi = truth["coefficients"].values
        assert abs(_radius(phi) - 0.9) < 1e-10
        assert (np.abs(np.einsum("kii->ki", phi)) > 0).all()
        # Lagged correlation: of white noise, T r^2 summed over p lags, M^2 pairs and 2 realizations is chi-squared.
        x = (values - values.mean(axis=1, keepdims=True)) / values.std(axis=1, keepdims=True)
        energy = sum((np.einsum("rti,rtj->rij", x[:, k:], x[:, :-k]) ** 2).sum() / 1000 for k in range(1, p + 1))
        freedom = 2 * p * 36
        assert energy > freedom + 10 * np.sqrt(2 * freedom)
        for lag in range(1, p):
            assert not np.allclose(phi[lag] / np.abs(phi[lag]).max(), phi[0] / np.abs(phi[0]).max(), atol=1e-3)


def test_drawn_coefficients_lie_on_the_graph() -> None:
    graph = np.array([[0.0, 1.0, 0.0], [0.0, 0.0, 0.0], [2.0, 0.0, 5.0]])
    _, truth = run("var", A=graph, p=2)
    off = ~np.eye(3, dtype=bool)
    for block in (*truth["coefficients"].values, truth["adjacency"].values):
        np.testing.assert_array_equal((block != 0)[off], (graph != 0)[off])
    np.testing.assert_array_equal(truth["adjacency"], np.abs(truth["coefficients"].values).max(axis=0))
    assert truth["adjacency"].attrs["graph_kind"] == "summary"


def test_a_graph_without_feedback_stays_finite_and_is_not_scaled() -> None:
    for seed in range(5):
        given = {"topology": "random_dag", "max_parents": 3, "self_strength": 0.0, "M": 30, "seed": seed}
        values, truth = run("var", **given, cross_strength=0.8, T=200, n_realizations=50)
        phi = truth["coefficients"].values
        sizes = np.abs(phi[phi != 0])
        assert 0.4 <= sizes.min() < sizes.max() <= 1.2
        np.testing.assert_array_equal(np.linalg.matrix_power(_companion(phi) != 0, 60), 0)
        variance = np.diagonal(truth["theory_cov"].values)
        spread = (values[:, -1] ** 2).mean(axis=0) / variance
        assert np.abs(spread - 1).max() < 5 * np.sqrt(2 / 50)


def test_a_given_matrix_tells_sizes_and_is_used_as_given() -> None:
    for given, p in ((PHI[0], 1), (PHI[:1].tolist(), 1), (PHI, 2)):
        configuration = Configuration.of("var", {"Phi": given, "T": 5})
        assert (configuration.params.M, configuration.params.p) == (3, p)
        truth = whole([configuration])[0].truth
        np.testing.assert_array_equal(truth["coefficients"], np.reshape(given, (p, 3, 3)))
    _, truth = run("var", Sigma=SIGMA)
    np.testing.assert_array_equal(truth["noise_cov"], SIGMA)


def test_an_unstable_matrix_is_refused_with_its_radius() -> None:
    with pytest.raises(InvalidParameterError, match=r"Phi must be stable.* got 1\.1;.*c less than 0\.9091"):
        run("var", Phi=[[1.1, 0.0], [3.0, 0.2]])
    with pytest.raises(InvalidParameterError, match=r"got 1\.06394"):
        run("var", Phi=[[[0.5]], [[0.6]]])


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"Phi": [[0.5]], "p": 2}, r"Phi must have shape \(p, M, M\) = \(2, 1, 1\), got shape \(1, 1\)"),
        ({"Phi": [[0.5, 0.1], [0.2]]}, "Phi has rows of different lengths"),
        ({"Phi": [[[0.5, 0.1], [0.2]]]}, "Phi has rows of different lengths"),
        ({"Phi": []}, r"got shape \(0,\)"),
        ({"Phi": np.array(0.5)}, "Phi must be"),
        ({"Phi": [[0.5]], "A": [[0.0]]}, "Phi and A are both given"),
        ({"Sigma": [[1.0]], "noise_scale": 2.0}, "Sigma and noise_scale are both given"),
        ({"Sigma": [[1.0, 2.0], [2.0, 1.0]]}, "Sigma: a covariance must be positive semidefinite"),
        ({"Sigma": [[1.0, 0.5], [0.2, 1.0]]}, "Sigma: a covariance must be symmetric"),
        ({"Sigma": [[1.0]], "M": 2}, r"Sigma must have shape \(M, M\) = \(2, 2\)"),
        ({"x0": [1.0]}, "x0 must be M = 5 numbers or p = 2 rows of them, got shape"),
    ],
)
def test_what_does_not_fit_is_refused(given: dict[str, object], message: str) -> None:
    with pytest.raises(InvalidParameterError, match=message):
        run("var", **given)


@pytest.mark.parametrize("channels", [1, 4, 12])
def test_mixed_numbers_in_a_batch_change_no_bit(channels: int) -> None:
    mixed = [(0.9, 1.0, 0.5, 0.3), (0.0, 2.0, 0.5, 0.3), (0.99, 1e-3, 0.0, 1.0), (0.5, 0.0, 1.0, 0.0)]
    names = ("rho", "noise_scale", "self_strength", "cross_strength")
    base = {"M": channels, "T": 150, "n_realizations": 3, "p": 3}
    configurations = [
        Configuration.of("var", {**base, "seed": i, **dict(zip(names, numbers, strict=True))})
        for i, numbers in enumerate(mixed)
    ]
    for batched, configuration in zip(whole(configurations), configurations, strict=True):
        alone = whole([configuration])[0]
        np.testing.assert_array_equal(batched.values, alone.values)
        for name, variable in alone.truth.items():
            np.testing.assert_array_equal(batched.truth[name], variable)
