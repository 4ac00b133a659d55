from __future__ import annotations

import numpy as np
import pytest
from scipy.linalg import null_space
from statsmodels.tsa.vector_ar.vecm import VECM, coint_johansen
from support import run, whole

from pymts.errors import InvalidParameterError
from pymts.plan.configuration import Configuration

ALPHA = np.array([[-0.4, 0.0], [0.1, -0.3], [0.0, 0.2], [0.0, 0.1]])
BETA = np.array([[1.0, 0.0], [-0.5, 1.0], [0.0, -1.0], [0.3, 0.0]])
GAMMA = np.array(
    [
        [[0.2, 0.0, 0.0, 0.3], [0.0, 0.1, 0.0, 0.0], [0.0, 0.4, 0.0, 0.0], [0.0, 0.0, 0.0, 0.3]],
        [[0.0, 0.2, 0.0, 0.0], [0.0, 0.0, 0.0, 0.1], [0.0, 0.0, -0.2, 0.0], [0.0, 0.0, 0.1, 0.0]],
    ]
)
SIGMA = np.array([[1.0, 0.3, 0.0, 0.0], [0.3, 2.0, -0.2, 0.0], [0.0, -0.2, 0.5, 0.1], [0.0, 0.0, 0.1, 1.0]])
GIVEN = {"alpha": ALPHA, "beta": BETA, "Gamma": GAMMA, "Sigma": SIGMA}


def _levels(alpha: np.ndarray, beta: np.ndarray, gamma: np.ndarray) -> np.ndarray:
    """Return the coefficients of x itself, (p, M, M)."""
    padded = np.concatenate([[np.eye(len(alpha))], gamma, [np.zeros((len(alpha), len(alpha)))]])
    phi = padded[1:] - padded[:-1]
    phi[0] += 2 * np.eye(len(alpha)) + alpha @ beta.T
    return phi


def _roots(phi: np.ndarray) -> np.ndarray:
    """Return the sizes of the roots of the recursion, largest first."""
    p, m, _ = phi.shape
    below = [[np.eye(m) if j == i else np.zeros((m, m)) for j in range(p)] for i in range(p - 1)]
    return np.sort(np.abs(np.linalg.eigvals(np.block([[*phi], *below]))))[::-1]


def _responses(phi: np.ndarray, n: int) -> np.ndarray:
    """Return the response of x to a unit of noise j steps ago, (n, M, M)."""
    found = np.zeros((n, *phi.shape[1:]))
    found[0] = np.eye(len(phi[0]))
    for j in range(1, n):
        found[j] = sum(phi[k] @ found[j - 1 - k] for k in range(min(j, len(phi))))
    return found


def _z_of_covariance(x: np.ndarray, y: np.ndarray, cov: np.ndarray, cross: np.ndarray) -> float:
    """Return the largest deviation of the mean of x_i y_j over samples (n, M) from ``cross``, in standard errors."""
    variance = np.diagonal(cov)
    error = np.sqrt((np.outer(variance, variance) + cross**2) / len(x))
    return float((np.abs(x.T @ y / len(x) - cross) / error).max())


@pytest.mark.parametrize(("m", "rank", "p"), [(2, 1, 1), (5, 2, 2), (5, 4, 3), (6, 1, 4), (4, 0, 2), (5, 3, 1)])
def test_all_but_the_unit_roots_are_within_rho(m: int, rank: int, p: int) -> None:
    for seed in range(6):
        _, truth = run("vecm", M=m, rank=rank, p=p, rho=0.8, seed=seed, T=2)
        phi = truth["coefficients"].values
        roots = _roots(phi)
        np.testing.assert_allclose(roots[: m - rank], 1.0, rtol=0, atol=1e-6)
        assert abs(roots[m - rank] - 0.8) < 1e-9
        impact = phi.sum(axis=0) - np.eye(m)
        assert np.linalg.matrix_rank(impact, tol=1e-10) == rank == int(truth["rank"])
        alpha, beta = (truth[name].values if rank else np.zeros((m, 0)) for name in ("alpha", "beta"))
        gamma = truth["difference_coefficients"].values if p > 1 else np.zeros((0, m, m))
        np.testing.assert_allclose(phi, _levels(alpha, beta, gamma), rtol=0, atol=1e-14)
        assert ((beta[rank:] != 0).sum(axis=0) > 0).all(), "a relation of one channel"
        np.testing.assert_array_equal(beta[:rank], np.eye(rank))


@pytest.mark.parametrize("drawn", [False, True])
def test_the_equation_gives_the_noise_back(drawn: bool) -> None:
    shared = {"M": 4, "Sigma": SIGMA, "T": 400, "n_realizations": 3}
    noise, _ = run("varma", p=0, q=0, x0=np.zeros(4), **shared)  # the same seed, the same noise
    given = {"p": 3, "density": 0.6} if drawn else {"alpha": ALPHA, "beta": BETA, "Gamma": GAMMA}
    for start in ({}, {"x0": [3.0, -1.0, 0.0, 2.0]}):
        values, truth = run("vecm", **given, **start, **shared)
        alpha, beta = truth["alpha"].values, truth["beta"].values
        gamma = truth["difference_coefficients"].values
        if start:
            np.testing.assert_array_equal(values[:, 0], np.broadcast_to(start["x0"], (3, 4)))
            values = np.concatenate([np.repeat(values[:, :1], 2, axis=1), values], axis=1)
        change = np.diff(values, axis=1)
        found = change[:, 2:] - values[:, 2:-1] @ beta @ alpha.T
        found -= change[:, 1:-1] @ gamma[0].T + change[:, :-2] @ gamma[1].T
        np.testing.assert_allclose(found, noise[:, -found.shape[1] :], rtol=0, atol=1e-11)
        assert ("relation_cov" in truth) == (not start)
    white = noise[:, 1:].reshape(-1, 4)
    assert _z_of_covariance(white, white, SIGMA, SIGMA) < 5


def test_relations_and_differences_are_stationary_from_the_first_sample() -> None:
    values, truth = run("vecm", **GIVEN, T=40, n_realizations=8000)
    response = _responses(_levels(ALPHA, BETA, GAMMA), 400)
    change = np.concatenate([response[:1], np.diff(response, axis=0)])
    joint = np.concatenate([BETA.T @ response, change], axis=1)  # of beta' x and dx
    lagged = [np.einsum("jab,bc,jdc->ad", joint[lag:], SIGMA, joint[: 400 - lag]) for lag in range(3)]
    np.testing.assert_allclose(truth["relation_cov"], lagged[0][:2, :2], rtol=0, atol=1e-12)
    sample = np.concatenate([values[:, 1:] @ BETA, np.diff(values, axis=1)], axis=2)
    for t in (0, 1, 2, 30):
        for lag, theory in enumerate(lagged):
            assert _z_of_covariance(sample[:, t + lag], sample[:, t], lagged[0], theory) < 5
    start = values[:, 0] @ BETA
    assert _z_of_covariance(start, start, lagged[0][:2, :2], lagged[0][:2, :2]) < 5
    np.testing.assert_allclose(values[:, 0] @ null_space(BETA.T), 0, atol=1e-12)


@pytest.mark.parametrize("given", [GIVEN, {"M": 5, "p": 3, "rank": 2, "rho": 0.7}, {"M": 3, "p": 1, "rank": 1}])
def test_the_long_run_is_that_of_granger_and_johansen(given: dict[str, object]) -> None:
    _, truth = run("vecm", **given)
    alpha, beta, phi = (truth[name].values for name in ("alpha", "beta", "coefficients"))
    gamma = truth["difference_coefficients"].values.sum(axis=0) if len(phi) > 1 else np.zeros(phi.shape[1:])
    alpha_o, beta_o = null_space(alpha.T), null_space(beta.T)
    xi = beta_o @ np.linalg.solve(alpha_o.T @ (np.eye(len(phi[0])) - gamma) @ beta_o, alpha_o.T)
    np.testing.assert_allclose(truth["long_run"], xi, rtol=0, atol=1e-11)
    np.testing.assert_allclose(beta.T @ xi, 0, atol=1e-11)
    np.testing.assert_allclose(xi @ alpha, 0, atol=1e-11)
    response = _responses(phi, 400)
    np.testing.assert_allclose(response[-1], xi, rtol=0, atol=1e-9)
    # Once the response has settled, each further step adds Xi Sigma Xi'.
    gain = np.einsum("jab,bc,jdc->ad", response[300:], truth["noise_cov"].values, response[300:]) / 100
    np.testing.assert_allclose(truth["theory_cov"], gain, rtol=0, atol=1e-9)


def test_a_long_walk_has_the_long_run_covariance() -> None:
    steps = 1600
    values, truth = run("vecm", **GIVEN, x0=np.zeros(4), T=2, sample_every=steps, n_realizations=3000)
    response = _responses(_levels(ALPHA, BETA, GAMMA), steps)
    exact = np.einsum("jab,bc,jdc->ad", response, SIGMA, response) / steps
    end = values[:, 1] / np.sqrt(steps)
    assert _z_of_covariance(end, end, exact, exact) < 5
    theory = truth["theory_cov"].values
    np.testing.assert_allclose(exact, theory, rtol=0, atol=20 / steps)  # what is left dies out as 1 / T
    assert np.linalg.matrix_rank(theory, tol=1e-10) == 2
    assert _z_of_covariance(end, end, exact, theory) < 5


def test_the_error_of_a_relation_moves_the_channels_that_adjust() -> None:
    values, truth = run("vecm", alpha=[[0.0], [0.5]], beta=[[1.0], [-1.0]], noise_scale=0.0, x0=[1.0, 0.0], T=6)
    expected = np.array([[1.0, 1.0 - 0.5**t] for t in range(6)])  # channel 1 follows channel 0
    np.testing.assert_allclose(values[0], expected, rtol=1e-14)
    np.testing.assert_array_equal(truth["adjacency"], [[1.0, 0.0], [0.5, 0.5]])
    assert truth["adjacency"].attrs["graph_kind"] == "summary"
    np.testing.assert_array_equal(truth["long_run"], [[1.0, 0.0], [1.0, 0.0]])
    np.testing.assert_array_equal(truth["beta"], [[1.0], [-1.0]])


def test_a_past_change_moves_its_targets() -> None:
    gamma = np.array([[0.0, 0.0], [0.4, 0.0]])  # the change of channel 0 drives channel 1
    values, truth = run("vecm", rank=0, Gamma=gamma, T=5000, n_realizations=4)
    change = np.diff(values, axis=1)
    later, earlier = change[:, 1:].reshape(-1, 2), change[:, :-1].reshape(-1, 2)
    theory = gamma @ np.eye(2)  # Cov(dx[t + 1], dx[t]), as channel 0 has variance 1
    assert _z_of_covariance(later, earlier, np.diag([1.0, 1.16]), theory) < 5
    assert not {"alpha", "beta", "relation_cov"} & truth.keys()
    np.testing.assert_allclose(truth["long_run"], np.linalg.inv(np.eye(2) - gamma), rtol=0, atol=1e-14)


@pytest.mark.parametrize("p", [1, 2, 3])
def test_drawn_coefficients_lie_on_the_graph(p: int) -> None:
    graph = np.zeros((6, 6))
    graph[0, 3] = graph[0, 4] = graph[3, 0] = graph[5, 3] = graph[1, 5] = 2.0
    _, truth = run("vecm", A=graph, rank=3, p=p, T=2)
    beta = truth["beta"].values
    np.testing.assert_array_equal(np.flatnonzero(beta[:, 0]), [0, 3, 4])
    np.testing.assert_array_equal(np.flatnonzero(beta[:, 1]), [1, 5])
    assert (beta[:, 2] != 0).sum() == 2  # no edge: with one channel at random
    acts = (graph != 0) | np.eye(6, dtype=bool)
    expected = acts[:, :3] @ (beta != 0).T  # an edge from a channel of a relation carries its error
    expected |= acts & (np.arange(6) >= 3) & (p > 1)  # an edge from another channel its change
    expected |= np.eye(6, dtype=bool)
    np.testing.assert_array_equal(truth["adjacency"].values != 0, expected)
    np.testing.assert_array_equal(truth["adjacency"], np.abs(truth["coefficients"].values).max(axis=0))


def test_statsmodels_estimates_the_coefficients() -> None:
    values, truth = run("vecm", M=4, rank=2, p=2, rho=0.7, density=0.6, T=4000)
    assert (coint_johansen(values[0], -1, 1).lr1 > coint_johansen(values[0], -1, 1).cvt[:, 2]).sum() == 2
    fit = VECM(values[0], k_ar_diff=1, coint_rank=2, deterministic="n").fit()
    for name, found, error in (
        ("beta", fit.beta[2:], fit.stderr_beta[2:]),
        ("alpha", fit.alpha, fit.stderr_alpha),
        ("difference_coefficients", fit.gamma[None], fit.stderr_gamma[None]),
    ):
        expected = truth[name].values[2:] if name == "beta" else truth[name].values
        assert (np.abs(found - expected) / error).max() < 5, name
        assert (np.abs(found + expected) / error).max() > 10, name
    np.testing.assert_allclose(fit.sigma_u, np.eye(4), rtol=0, atol=5 * np.sqrt(2 / 4000))


def test_given_matrices_tell_sizes_and_are_used_as_given() -> None:
    for given, rank, p in (
        ({"alpha": ALPHA, "beta": BETA}, 2, 1),
        ({"alpha": ALPHA[:, :1], "beta": BETA[:, :1].tolist(), "Gamma": GAMMA[0]}, 1, 2),
        ({"alpha": ALPHA, "beta": BETA, "Gamma": GAMMA}, 2, 3),
        ({"Gamma": GAMMA, "rank": 0}, 0, 3),
    ):
        configuration = Configuration.of("vecm", {**given, "T": 5})
        assert (configuration.params.M, configuration.params.rank, configuration.params.p) == (4, rank, p)
        truth = whole([configuration])[0].truth
        for name, matrix in given.items():
            kept = truth["difference_coefficients" if name == "Gamma" else name] if name != "rank" else truth["rank"]
            np.testing.assert_array_equal(kept, np.reshape(matrix, kept.shape))


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (
            {"M": 2, "rank": 2},
            "rank must be less than M = 2, got 2; take at most 1: with M relations all channels are stationary",
        ),
        ({"alpha": [[0.0], [0.5]]}, "alpha is given without beta; give both or neither"),
        ({"beta": [[1.0], [-1.0]]}, "beta is given without alpha; give both or neither"),
        ({"Gamma": GAMMA}, "Gamma is given without alpha and beta; give all of them, or rank = 0"),
        ({"alpha": ALPHA, "beta": BETA, "p": 2}, "Gamma must be given with alpha and beta if p is 2"),
        ({"alpha": ALPHA, "beta": BETA[:, :1]}, r"alpha must have shape \(M, rank\) = \(4, 1\), got shape \(4, 2\)"),
        ({"alpha": ALPHA[:3], "beta": BETA}, r"alpha must have shape \(M, rank\) = \(4, 2\), got shape \(3, 2\)"),
        ({"alpha": ALPHA, "beta": [[1.0, 2.0]] * 4}, "beta must have full rank = 2, got columns of rank 1"),
        ({"alpha": [[1.0, 2.0]] * 4, "beta": BETA}, "alpha must have full rank = 2, got columns of rank 1"),
        ({"alpha": [[0.1], [0.0]], "beta": [[1.0], [-1.0]]}, "M - rank = 1 unit roots .* got one more of size 1.1;"),
        ({"alpha": [[1.0], [1.0]], "beta": [[1.0], [-1.0]]}, "unit roots and all others less than 1, got one more"),
        ({"rank": 0, "Gamma": [[1.0, 0.0], [0.0, 0.5]]}, "M - rank = 2 unit roots .* got one more of size 1;"),
        ({"alpha": [[-0.5, 0.0], [0.2]], "beta": BETA}, "alpha has rows of different lengths"),
        ({"alpha": ALPHA, "beta": BETA, "Gamma": [[0.5]]}, r"Gamma must have shape \(p - 1, M, M\) = \(1, 4, 4\)"),
        ({"alpha": ALPHA, "beta": BETA, "A": np.eye(4)}, "A and coefficients are both given"),
        ({"Sigma": [[1.0]], "noise_scale": 2.0}, "Sigma and noise_scale are both given"),
        ({"x0": [1.0]}, "x0 must be one number or M = 5"),
        ({"rho": 1.0}, "rho must be"),
    ],
)
def test_what_does_not_fit_is_refused(given: dict[str, object], message: str) -> None:
    with pytest.raises(InvalidParameterError, match=message):
        run("vecm", **given)


@pytest.mark.parametrize(("channels", "rank", "p"), [(2, 1, 1), (5, 3, 3), (12, 0, 2)])
def test_mixed_numbers_in_a_batch_change_no_bit(channels: int, rank: int, p: int) -> None:
    mixed = [(0.9, 1.0, 0.5, 0.3), (0.0, 2.0, 0.5, 0.3), (0.99, 1e-3, 0.0, 1.0), (0.5, 0.0, 1.0, 0.0)]
    names = ("rho", "noise_scale", "self_strength", "cross_strength")
    base = {"M": channels, "T": 150, "n_realizations": 3, "rank": rank, "p": p}
    configurations = [
        Configuration.of("vecm", {**base, "seed": i, **dict(zip(names, numbers, strict=True))})
        for i, numbers in enumerate(mixed)
    ]
    for batched, configuration in zip(whole(configurations), configurations, strict=True):
        alone = whole([configuration])[0]
        np.testing.assert_array_equal(batched.values, alone.values)
        for name, variable in alone.truth.items():
            np.testing.assert_array_equal(batched.truth[name], variable)
