"""VAR with an intercept or a mean, given starts and exogenous inputs, against a plain loop and closed forms."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from statsmodels.tsa.api import VAR
from support import run

from pymts.datasets import load_grid, make_var
from pymts.errors import InvalidParameterError

PHI = np.array([[[0.5, 0.2], [0.0, 0.3]], [[-0.2, 0.0], [0.1, 0.1]]])
C = [1.0, -2.0]
MEAN = np.linalg.solve(np.eye(2) - PHI.sum(axis=0), C)
T = 60
EXOG = np.random.default_rng(0).standard_normal((T, 3))
B = np.array([[1.0, 0.0, 0.5], [0.0, -2.0, 0.0]])


def noise_of(values: Any, c: Any = 0.0, exog: Any = None) -> Any:
    """Return what the equation leaves of (T, M) values from the third sample on."""
    left = values[2:] - values[1:-1] @ PHI[0].T - values[:-2] @ PHI[1].T - np.asarray(c)
    return left if exog is None else left - exog[2:] @ B.T


def test_the_equation_holds_with_an_intercept_and_inputs() -> None:
    plain, _ = run("var", Phi=PHI, T=T, seed=3)
    for given, c, exog in (
        ({"c": C}, C, None),
        ({"mean": MEAN}, C, None),
        ({"exog": EXOG, "exog_coefficients": B}, 0.0, EXOG),
        ({"c": C, "exog": EXOG, "exog_coefficients": B}, C, EXOG),
    ):
        values, truth = run("var", Phi=PHI, T=T, seed=3, **given)
        np.testing.assert_allclose(noise_of(values[0], c, exog), noise_of(plain[0]), atol=1e-12)
        np.testing.assert_allclose(truth["intercept"], np.broadcast_to(c, 2), atol=1e-12)
        np.testing.assert_allclose(values[0] - truth["mean_path"].values, plain[0], atol=1e-12)
        np.testing.assert_array_equal(truth["theory_cov"], run("var", Phi=PHI, T=T, seed=3)[1]["theory_cov"])
        assert ("exog" in truth) == (exog is not None)


def test_the_mean_is_that_of_the_intercept_and_of_the_sample() -> None:
    _, one = run("var", Phi=PHI, c=C, T=5)
    _, two = run("var", Phi=PHI, mean=MEAN, T=5)
    for name in ("intercept", "mean_path"):
        np.testing.assert_allclose(one[name], two[name], atol=1e-12)
    np.testing.assert_allclose(one["mean_path"], np.tile(MEAN, (5, 1)), atol=1e-12)
    values, _ = run("var", Phi=PHI, c=C, T=2000, n_realizations=200)
    gain = np.linalg.inv(np.eye(2) - PHI.sum(axis=0))  # of the mean of the noise on the mean of the series
    error = np.sqrt(np.diag(gain @ gain.T) / 400_000)
    assert (np.abs(values.mean(axis=(0, 1)) - MEAN) < 5 * error).all()
    assert "mean_path" not in run("var", Phi=PHI, T=5)[1]


def test_statsmodels_finds_the_intercept_and_the_coefficients_of_the_inputs() -> None:
    inputs = np.random.default_rng(1).standard_normal((20_000, 3))
    given = {"exog": inputs, "exog_coefficients": B, "c": C, "Phi": PHI}
    values, _ = run("var", T=20_000, seed=5, **given)
    fit = VAR(values[0], exog=inputs).fit(2)
    error = 5 / np.sqrt(20_000)
    np.testing.assert_allclose(fit.coefs, PHI, atol=error)
    np.testing.assert_allclose(fit.coefs_exog[:, -3:], B, atol=error)


def test_p_different_starts_are_the_oldest_first() -> None:
    start = [[1.0, 2.0], [-3.0, 0.5]]
    values, truth = run("var", Phi=PHI, x0=start, T=4, noise_scale=0.0, c=C)
    path = [np.array(row) for row in start]
    for _ in range(3):
        path.append(C + PHI[0] @ path[-1] + PHI[1] @ path[-2])
    np.testing.assert_allclose(values[0], path[1:], atol=1e-12)
    np.testing.assert_allclose(truth["mean_path"], path[1:], atol=1e-12)
    thinned, sparse = run("var", Phi=PHI, x0=start, T=4, noise_scale=0.0, c=C, burn_in=3, sample_every=2)
    np.testing.assert_allclose(thinned[0], sparse["mean_path"], atol=1e-12)
    same, _ = run("var", Phi=PHI, x0=start[1], T=4, noise_scale=0.0)
    other, _ = run("var", Phi=PHI, x0=[start[1], start[1]], T=4, noise_scale=0.0)
    np.testing.assert_array_equal(same, other)


def test_a_grid_sweeps_the_intercept() -> None:
    record = {"model": "var", "Phi": {"value": PHI.tolist()}, "c": [0.0, 3.0], "T": 50, "seed": 1}
    low, high = load_grid([record], cache=False)
    shift = np.linalg.solve(np.eye(2) - PHI.sum(axis=0), [3.0, 3.0])
    np.testing.assert_allclose(high.data - low.data, np.broadcast_to(shift[:, None], (50, 2, 1)), atol=1e-12)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"c": 1.0, "mean": 1.0}, "c and mean are both given; keep one"),
        ({"c": [1.0, 2.0, 3.0]}, "c must be one number or M = 2 numbers, got 3"),
        ({"exog": EXOG}, "exog and exog_coefficients belong together"),
        ({"exog": EXOG[:5], "exog_coefficients": B}, r"exog must have shape \(T, k\) = \(60, k\), got shape \(5, 3\)"),
        ({"exog": EXOG, "exog_coefficients": B.T}, r"must have shape \(M, k\) = \(2, 3\), got shape \(3, 2\)"),
        ({"exog": EXOG, "exog_coefficients": B, "burn_in": 5}, "requires burn_in = 0 and sample_every = 1"),
        ({"x0": [[1.0, 2.0]] * 3}, r"x0 must be M = 2 numbers or p = 2 rows of them, got shape \(3, 2\)"),
    ],
)
def test_what_does_not_fit_is_refused_in_one_sentence(given: dict[str, Any], told: str) -> None:
    with pytest.raises(InvalidParameterError, match=told):
        make_var(Phi=PHI, T=T, seed=1, **given)
