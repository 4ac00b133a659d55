"""The structural causal model against its equations, its linear theory, and what an intervention may change."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from scipy import stats
from scipy.linalg import solve_discrete_lyapunov
from support import run

from pymts.errors import InvalidParameterError
from pymts.numerics.structural import depth
from pymts.plan.configuration import Configuration

FUNCTIONS = {
    "linear": lambda x: x,
    "tanh": np.tanh,
    "sin": np.sin,
    "quadratic": lambda x: x**2,
    "bump": lambda x: x + 5 * x**2 * np.exp(-(x**2) / 20),
}
# 2 -> 0 at once, 0 -> 1 at once, 1 -> 2 a step later, 3 -> 1 two steps later: a cycle in time, none at once.
B = np.zeros((3, 4, 4))
B[0, 0, 2], B[0, 1, 0], B[1, 2, 1], B[2, 1, 3] = 0.8, -0.5, 0.4, 0.7
B[1][np.diag_indices(4)] = [0.3, 0.2, -0.4, 0.6]


def residual(x: np.ndarray, b: np.ndarray, function: str) -> np.ndarray:
    """Return x minus its causes, (R, T - p, M), equation by equation."""
    p, m = b.shape[0] - 1, b.shape[1]
    left = x[:, p:].copy()
    for k in range(p + 1):
        past = x[:, p - k : x.shape[1] - k]
        for j in range(m):
            for i in range(m):
                term = past[..., i] if i == j else FUNCTIONS[function](past[..., i])
                left[..., j] -= b[k, j, i] * term
    return left


def descendants(b: np.ndarray, channel: int) -> set[int]:
    found, edges = {channel}, np.any(b != 0, axis=0)
    while True:
        more = found | {int(j) for i in found for j in np.flatnonzero(edges[:, i])}
        if more == found:
            return found
        found = more


@pytest.mark.parametrize("function", FUNCTIONS)
@pytest.mark.parametrize("law", ["normal", "laplace", "uniform", "weibull"])
def test_the_equation_gives_the_noise_back(function: str, law: str) -> None:
    values, truth = run(
        "scm", function=function, noise_law=law, M=6, p=3, contemporaneous=0.6, T=80, n_realizations=3, seed=2
    )
    noise = truth["noise"].values.transpose(2, 0, 1)
    b = truth["coefficients"].values
    scale = 1e-10 * max(1.0, np.abs(values).max())
    np.testing.assert_allclose(residual(values, b, function), noise[:, 3:], rtol=0, atol=scale)
    assert np.count_nonzero(b[0]) > 0


@pytest.mark.parametrize("function", ["linear", "tanh"])
def test_the_equation_holds_for_given_coefficients_with_a_cycle_in_time(function: str) -> None:
    values, truth = run("scm", B=B, function=function, T=60, n_realizations=2)
    np.testing.assert_array_equal(truth["coefficients"], B)
    np.testing.assert_array_equal(truth["adjacency"], np.abs(B).max(axis=0))
    noise = truth["noise"].values.transpose(2, 0, 1)[:, 2:]
    np.testing.assert_allclose(residual(values, B, function), noise, rtol=0, atol=1e-12)


@pytest.mark.parametrize(
    ("law", "theirs"), [("laplace", "laplace"), ("uniform", "uniform"), ("weibull", "weibull_min")]
)
def test_the_noise_has_its_law_with_unit_variance(law: str, theirs: str) -> None:
    shape = (1.3,) if law == "weibull" else ()
    _, truth = run("scm", noise_law=law, noise_shape=1.3, sigma=2.0, M=2, T=2000, n_realizations=4)
    noise = truth["noise"].values.ravel() / 2.0
    standard = getattr(stats, theirs)(*shape)
    n = noise.size
    assert stats.kstest(noise * standard.std() + standard.mean(), standard.cdf).statistic * math.sqrt(n) < 2.5
    assert abs(noise.mean()) < 5 / math.sqrt(n)


def test_the_linear_model_is_the_reduced_autoregression() -> None:
    sigma = np.array([1.0, 0.5, 2.0, 1.5])
    values, truth = run("scm", B=B, sigma=sigma, T=3, burn_in=0, n_realizations=20_000)
    inverse = np.linalg.inv(np.eye(4) - B[0])
    companion = np.zeros((8, 8))
    companion[:4] = np.hstack([inverse @ B[1], inverse @ B[2]])
    companion[4:, :4] = np.eye(4)
    noise = np.zeros((8, 8))
    noise[:4, :4] = inverse @ np.diag(sigma**2) @ inverse.T
    covariance = solve_discrete_lyapunov(companion, noise)
    theory = np.stack([(np.linalg.matrix_power(companion, k) @ covariance)[:4, :4] for k in range(3)])
    np.testing.assert_allclose(truth["theory_acov"][:3], theory, rtol=1e-10, atol=1e-12)
    assert np.abs(theory[1] - theory[1].T).max() > 0.1
    for lag in range(3):
        for at in range(3 - lag):  # stationary from the first sample on
            sample = np.einsum("ri,rj->ij", values[:, at + lag], values[:, at]) / len(values)
            error = np.sqrt((np.outer(np.diag(theory[0]), np.diag(theory[0])) + theory[lag] * theory[lag].T) / 20_000)
            assert (np.abs(sample - theory[lag]) / error).max() < 5


def test_a_weibull_start_has_the_second_order_law_too() -> None:
    values, truth = run("scm", B=B, noise_law="weibull", T=1, burn_in=0, n_realizations=20_000)
    x = values[:, 0]
    error = (x[:, :, None] * x[:, None]).std(axis=0) / math.sqrt(20_000)
    assert (np.abs(x.T @ x / 20_000 - truth["theory_cov"].values) / error).max() < 5


@pytest.mark.parametrize("function", ["linear", "sin", "bump"])
@pytest.mark.parametrize("kind", ["hard", "soft"])
def test_only_descendants_change_and_only_from_the_start_on(function: str, kind: str) -> None:
    given: dict[str, Any] = {
        "function": function, "M": 7, "p": 2, "contemporaneous": 0.5, "T": 60, "n_realizations": 2, "seed": 5,
        "sample_every": 2, "max_parents": 2,
    }  # fmt: skip
    before, plain = run("scm", **given)
    b = plain["coefficients"].values
    families = [descendants(b, channel) for channel in range(7)]
    channel = max(range(7), key=lambda c: len(families[c]))
    assert 2 <= len(families[channel]) < 7
    rows = [[channel, 20, 30, 4.0]]
    values, truth = run("scm", **given, interventions=rows, intervention=kind)
    np.testing.assert_array_equal(truth["counterfactual"].values.transpose(2, 0, 1), before)
    np.testing.assert_array_equal(truth["noise"], plain["noise"])
    effect = truth["effect"].values.transpose(2, 0, 1)
    np.testing.assert_array_equal(effect, values - before)
    assert not effect[:, :20].any()
    changed = {int(c) for c in np.flatnonzero(effect.any(axis=(0, 1)))}
    assert changed == families[channel]
    mask = truth["intervention"].values
    assert mask[20:30, channel].all()
    assert mask.sum() == 10
    if kind == "hard":
        assert (values[:, 20:30, channel] == 4.0).all()
    else:
        assert (effect[:, 20, channel] != 0).all()


@pytest.mark.parametrize("kind", ["hard", "soft"])
def test_a_hard_intervention_cuts_the_causes_and_a_soft_one_adds_to_them(kind: str) -> None:
    rows = [[1, 10, 25, 3.0], [1, 40, 41, -1.0]]
    values, truth = run("scm", B=B, T=60, function="tanh", interventions=rows, intervention=kind, n_realizations=2)
    gap = residual(values, B, "tanh") - truth["noise"].values.transpose(2, 0, 1)[:, 2:]
    mask = truth["intervention"].values[2:]
    np.testing.assert_allclose(gap[:, ~mask], 0.0, atol=1e-12)
    inside = gap[:, mask[:, 1], 1]
    if kind == "soft":
        np.testing.assert_allclose(inside, np.broadcast_to([3.0] * 15 + [-1.0], inside.shape), atol=1e-12)
    else:
        np.testing.assert_array_equal(values[:, mask[:, 1].nonzero()[0] + 2, 1][0], [3.0] * 15 + [-1.0])
        assert np.abs(inside - 3.0).max() > 0.5  # what the causes say is not heard


def test_an_effect_at_once_is_the_coefficient_times_the_shift() -> None:
    _, truth = run("scm", B=B, T=30, interventions=[[2, 10, 11, 1.5]], intervention="soft")
    effect = truth["effect"].values[10, :, 0]
    np.testing.assert_allclose(effect, [0.8 * 1.5, -0.5 * 0.8 * 1.5, 1.5, 0.0], rtol=1e-12)
    np.testing.assert_allclose(truth["effect"].values[11, 2, 0], -0.4 * 1.5 + 0.4 * effect[1], rtol=1e-10)


def test_two_soft_interventions_add_up() -> None:
    rows = [[0, 5, 9, 1.0], [0, 7, 12, 2.0]]
    values, truth = run("scm", B=B, T=20, interventions=rows, intervention="soft")
    gap = (residual(values, B, "linear") - truth["noise"].values.transpose(2, 0, 1)[:, 2:])[0, :, 0]
    np.testing.assert_allclose(gap[3:11], [1, 1, 3, 3, 2, 2, 2, 0], atol=1e-12)


def test_drawn_graphs_have_a_hidden_order_and_the_radius() -> None:
    sorted_graphs = 0
    for seed in range(8):
        _, truth = run("scm", M=8, contemporaneous=0.9, topology="erdos_renyi", rho=0.6, T=2, seed=seed)
        b = truth["coefficients"].values
        assert not np.linalg.matrix_power((b[0] != 0).astype(float), 8).any()
        sorted_graphs += not np.triu(b[0]).any()
        inverse = np.linalg.inv(np.eye(8) - b[0])
        companion = np.vstack([np.hstack([inverse @ b[1], inverse @ b[2]]), np.eye(16)[:8]])
        assert np.abs(np.linalg.eigvals(companion)).max() < 0.6 + 1e-9
        assert (np.count_nonzero(b * (1 - np.eye(8)), axis=0) <= 1).all()
    assert sorted_graphs == 0


def test_depth_is_that_of_the_longest_path() -> None:
    chain = np.diag([1.0, 1.0, 1.0], -1)
    assert depth(np.stack([np.zeros((4, 4)), chain])) == 3
    assert depth(np.zeros((2, 3, 3))) == 0


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"B": [[[0.0, 1.0], [1.0, 0.0]], [[0.0, 0.0], [0.0, 0.0]]]}, "B must have an acyclic lag 0"),
        ({"B": [[[0.0, 0.0], [0.0, 0.0]], [[1.0, 0.0], [0.0, 0.1]]]}, "B must be stable, .* got 1"),
        ({"interventions": [[10, 0, 5, 1.0]]}, "interventions must name a channel from 0 to 9, got 10"),
        ({"interventions": [[0, 5, 5, 1.0]]}, "interventions must run from a sample to a later one"),
        ({"interventions": [[0, 5, 2000, 1.0]]}, "at most T = 1000, got 5 to 2000"),
        ({"interventions": [[0, 1, 5, 1.0], [0, 4, 6, 2.0]]}, "must not overlap on a channel"),
        ({"interventions": [[0, 1, 5]]}, "interventions must have rows of the form"),
    ],
)
def test_what_does_not_fit_is_refused(given: dict[str, object], sentence: str) -> None:
    with pytest.raises(InvalidParameterError, match=sentence):
        Configuration.of("scm", given)
