from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from statsmodels.tsa.regime_switching.markov_regression import MarkovRegression
from support import run

from pymts.errors import InvalidParameterError
from pymts.numerics import switching
from pymts.numerics.switching import mean_square_radius
from pymts.plan.configuration import Configuration
from pymts.streams import Streams

P = np.array([[0.9, 0.1, 0.0], [0.05, 0.8, 0.15], [0.3, 0.0, 0.7]])
PHI = np.array(
    [
        [[0.5, 0.0], [0.4, 0.2]],
        [[-0.3, 0.6], [0.0, 0.1]],
        [[1.02, 0.0], [0.0, -0.4]],  # explosive alone, but left soon enough
    ]
)
NU = np.array([[1.0, 0.0], [-1.0, 2.0], [0.0, -3.0]])
SIGMA = np.array([0.5, 1.0, 2.0])
GIVEN = {"transition": P, "Phi": PHI, "nu": NU, "sigma": SIGMA}


def _z(means: np.ndarray, theory: np.ndarray | float) -> float:
    """Return the largest deviation from theory of the mean over independent rows, in standard errors."""
    error = means.std(axis=0, ddof=1) / np.sqrt(len(means))
    return float((np.abs(means.mean(axis=0) - theory) / error).max())


def _operator(phi: np.ndarray, transition: np.ndarray) -> np.ndarray:
    """Return the matrix that advances vec E x x' 1{s = k}: block (k, j) is P[j, k] Phi_k (x) Phi_k."""
    k = len(phi)
    return np.block([[transition[j, i] * np.kron(phi[i], phi[i]) for j in range(k)] for i in range(k)])


def test_the_stationary_law_of_the_chain_is_kept() -> None:
    _, truth = run("ms_var", **GIVEN, T=30, burn_in=0, n_realizations=6000)
    pi, regime = truth["regime_probability"].values, truth["regime"].values
    np.testing.assert_allclose(pi @ P, pi, rtol=0, atol=1e-15)
    np.testing.assert_allclose(pi.sum(), 1.0, rtol=1e-15)
    np.testing.assert_array_equal(truth["transition"], P)
    assert regime.dtype == np.int64
    for t in (0, 1, 29):
        assert _z((regime[t][:, None] == np.arange(3)).astype(float), pi) < 5


def test_transitions_have_their_probabilities_and_sojourns_are_geometric() -> None:
    _, truth = run("ms_var", **GIVEN, T=4000, n_realizations=30)
    regime = truth["regime"].values  # (T, R)
    for j in range(3):
        following = regime[1:][regime[:-1] == j]
        for k in range(3):
            error = np.sqrt(max(P[j, k] * (1 - P[j, k]), 1e-12) / following.size)
            assert abs((following == k).mean() - P[j, k]) < 5 * error
    edges = np.diff(regime.T, axis=1) != 0
    for j in range(3):
        lengths = np.concatenate(
            [
                np.diff(at)[path[at[:-1] + 1] == j]
                for path, at in ((regime[:, r], np.flatnonzero(edges[r])) for r in range(30))
            ]
        )
        stay = P[j, j]
        for n in (1, 2, 5, 10):  # P(length >= n) = stay^(n - 1)
            share = stay ** (n - 1)
            assert abs((lengths >= n).mean() - share) <= 5 * np.sqrt(share * (1 - share) / lengths.size) + 1e-15


def test_the_equation_gives_white_noise_back_in_its_direction() -> None:
    values, truth = run("ms_var", **GIVEN, T=3000, n_realizations=10)
    s = truth["regime"].values.T[:, 1:]  # (R, T - 1)
    phi = truth["regime_coefficients"].values
    np.testing.assert_array_equal(phi, PHI)

    def residual(phi: np.ndarray) -> np.ndarray:
        predicted = NU[s] + np.einsum("rtij,rtj->rti", phi[s], values[:, :-1])
        return (values[:, 1:] - predicted) / SIGMA[s][..., None]

    e = residual(phi)
    drawn = Streams([1], range(10)).process().normal(3199, 2)[0, :, -2999:]  # after the burn-in of 200
    np.testing.assert_allclose(e, drawn, rtol=0, atol=1e-9)
    flat = e.reshape(-1, 2)
    error = np.sqrt((1 + np.eye(2)) / len(flat))
    assert (np.abs(flat.T @ flat / len(flat) - np.eye(2)) / error).max() < 5
    assert (np.abs(flat.mean(axis=0)) * np.sqrt(len(flat))).max() < 5
    for k in range(3):
        part = flat[s.ravel() == k]
        assert (np.abs((part**2).mean(axis=0) - 1) / np.sqrt(2 / len(part))).max() < 5
        assert (np.abs((part**4).mean(axis=0) - 3) / np.sqrt(96 / len(part))).max() < 5
    later, earlier = e[:, 1:].reshape(-1, 2), e[:, :-1].reshape(-1, 2)
    assert (np.abs(later.T @ earlier) / np.sqrt(len(later))).max() < 5
    turned = residual(phi.swapaxes(1, 2)).reshape(-1, 2)
    assert (turned**2).mean() > 1.2
    np.testing.assert_array_equal(truth["adjacency"], np.abs(PHI).max(axis=0))


def test_mixture_moments_solve_their_linear_system() -> None:
    _, truth = run("ms_var", **GIVEN, T=1)
    pi = truth["regime_probability"].values
    first_operator = np.block([[P[j, k] * PHI[k] for j in range(3)] for k in range(3)])
    m = np.linalg.solve(np.eye(6) - first_operator, (pi[:, None] * NU).ravel()).reshape(3, 2)
    constants = []
    for k in range(3):
        driven = PHI[k] @ (P[:, k] @ m)
        cross = np.outer(driven, NU[k])
        constants.append(pi[k] * (np.outer(NU[k], NU[k]) + SIGMA[k] ** 2 * np.eye(2)) + cross + cross.T)
    second = np.linalg.solve(np.eye(12) - _operator(PHI, P), np.ravel(constants)).reshape(3, 2, 2).sum(axis=0)
    mean = m.sum(axis=0)
    np.testing.assert_allclose(truth["theory_mean"][0], mean, rtol=1e-11)
    np.testing.assert_allclose(truth["theory_cov"], second - np.outer(mean, mean), rtol=1e-11)


@pytest.mark.parametrize("burn_in", [0, 50])
def test_the_series_has_these_moments_from_its_first_sample(burn_in: int) -> None:
    values, truth = run("ms_var", T=2, burn_in=burn_in, M=3, n_realizations=8000, stay=0.8, seed=3)
    mean, cov = truth["theory_mean"].values[0], truth["theory_cov"].values
    for t in (0, 1):
        x = values[:, t]
        assert _z(x, mean) < 5
        assert _z((x - mean)[:, :, None] * (x - mean)[:, None, :], cov) < 5


def test_without_coupling_it_is_a_mixture_of_normals() -> None:
    _, truth = run("ms_var", transition=P, Phi=np.zeros((3, 2, 2)), nu=NU, sigma=SIGMA, T=3)
    pi = truth["regime_probability"].values
    mean = pi @ NU
    cov = np.einsum("k,ki,kj->ij", pi, NU, NU) + (pi @ SIGMA**2) * np.eye(2) - np.outer(mean, mean)
    np.testing.assert_allclose(truth["theory_mean"], np.tile(mean, (3, 1)), rtol=1e-14)
    np.testing.assert_allclose(truth["theory_cov"], cov, rtol=1e-13)


def test_the_filter_of_an_independent_package_is_calibrated_on_the_regimes() -> None:
    chain = np.array([[0.95, 0.05], [0.2, 0.8]])
    nu, sigma = np.array([[0.0], [1.5]]), np.array([0.7, 1.2])
    values, truth = run(
        "ms_var", transition=chain, Phi=np.zeros((2, 1, 1)), nu=nu, sigma=sigma, T=150, n_realizations=60
    )
    gaps, products = [], []
    for r in range(60):
        fitted = MarkovRegression(values[r, :, 0], k_regimes=2, switching_variance=True)
        # p[0 -> 0], p[1 -> 0], the means, the variances
        found = fitted.smooth(np.array([0.95, 0.2, 0.0, 1.5, 0.49, 1.44]))
        probability = found.smoothed_marginal_probabilities[:, 1]
        gap = (truth["regime"].values[:, r] == 1) - probability
        gaps.append(gap.mean())
        products.append((gap * probability).mean())
    assert _z(np.array(gaps), 0.0) < 5
    assert _z(np.array(products), 0.0) < 5


def test_the_bound_of_growth_tends_to_the_eigenvalue_from_above() -> None:
    exact = np.abs(np.linalg.eigvals(_operator(PHI, P))).max()
    bounds = [mean_square_radius(PHI[None], P[None], steps)[0] for steps in (16, 256, 4096)]
    assert bounds[0] > bounds[1] > bounds[2] >= exact * (1 - 1e-12)
    assert bounds[2] < exact * 1.001
    assert mean_square_radius(np.array([[[[0.0, 1.0], [0.0, 0.0]]]]), np.ones((1, 1, 1)))[0] == 0


@pytest.mark.parametrize("topology", ["erdos_renyi", "complete", "random_dag"])
def test_drawn_coefficients_are_brought_to_their_bound(topology: str) -> None:
    for seed in range(5):
        _, truth = run("ms_var", topology=topology, n_regimes=3, stay=0.7, M=4, rho=0.8, seed=seed, T=1)
        phi, chain = truth["regime_coefficients"].values, truth["transition"].values
        radius = np.abs(np.linalg.eigvals(_operator(phi, chain))).max()
        assert 0.95 * 0.64 < radius <= 0.64 * (1 + 1e-12)
        assert len({item.tobytes() for item in phi}) == 3


def test_stability_is_judged_for_the_switching_and_not_for_each_regime() -> None:
    a, b = np.array([[0.0, 2.0], [0.0, 0.0]]), np.array([[0.0, 0.0], [2.0, 0.0]])
    fast = {"transition": [[0.1, 0.9], [0.9, 0.1]], "nu": np.zeros((2, 2))}
    # Each is nilpotent and dies out alone, but turn by turn they multiply x by 4 in two steps.
    growth = np.abs(np.linalg.eigvals(_operator(np.array([a, b]), np.array(fast["transition"])))).max()
    with pytest.raises(InvalidParameterError, match=rf"Phi must be stable in mean square.* got {growth:.3f}"):
        run("ms_var", Phi=[a, b], **fast)
    values, _ = run("ms_var", Phi=[a / 4, b], **fast, T=200)  # by 1 in two steps, whenever the turn comes
    assert np.isfinite(values).all()


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (
            {"transition": [[0.5, 0.6], [0.5, 0.5]]},
            r"transition must have rows that sum to 1, got a row that sums to 1\.1",
        ),
        ({"transition": [[1.2, -0.2], [0.5, 0.5]]}, r"transition must have nonnegative probabilities, got -0\.2"),
        ({"transition": np.eye(2)}, "transition must have a unique stationary distribution"),
        ({"sigma": [1.0, 0.0]}, "sigma must be greater than 0, got 0"),
        ({"sigma": [1.0, 1.0], "n_regimes": 3}, "sigma must be one number or K = 3 numbers, got 2"),
        ({"nu": np.zeros((2, 3)), "M": 4}, r"nu must have shape \(K, M\) = \(2, 4\), got shape \(2, 3\)"),
        ({"Phi": [[[1.01]]]}, r"Phi must be stable in mean square.* got 1\.0201;"),
        ({"Phi": np.zeros((2, 2, 2)), "A": np.eye(2)}, "Phi and A are both given"),
        ({"stay": 1.0}, "stay must be a finite number of at least 0 and less than 1"),
    ],
)
def test_what_does_not_fit_is_refused(given: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidParameterError, match=message):
        run("ms_var", **given)


def test_arrays_tell_the_sizes() -> None:
    params: Any = Configuration.of("ms_var", GIVEN).params
    assert (params.M, params.n_regimes) == (2, 3)
    only_nu: Any = Configuration.of("ms_var", {"nu": NU}).params
    assert (only_nu.M, only_nu.n_regimes) == (2, 3)
    one, truth = run("ms_var", n_regimes=1, T=20)
    assert not truth["regime"].values.any()
    assert np.isfinite(one).all()


def test_the_moments_are_found_where_rounding_errors_go_round(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = 0
    mixed = switching._mixed

    def counting(*arguments: np.ndarray) -> np.ndarray:
        nonlocal calls
        calls += 1
        return mixed(*arguments)

    monkeypatch.setattr(switching, "_mixed", counting)
    _, truth = run("ms_var", M=5, T=2, seed=228)  # its last change is 1.02e-15 of the size, for ever
    assert calls < 10_000
    assert np.linalg.eigvalsh(truth["theory_cov"].values).min() > 0
