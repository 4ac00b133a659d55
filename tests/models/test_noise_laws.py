"""White noise of every law against SciPy's, and the copula against its rank correlation."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from scipy import stats
from support import run

from pymts.errors import InvalidParameterError
from pymts.numerics.laws import LAWS, copula_covariance, moments, quantile
from pymts.plan.configuration import Configuration

KOLMOGOROV = 2.5  # exceeded with a probability of 7e-6, see test_noise.py
SHAPES = {"student_t": 4.5, "gamma": 0.7, "weibull": 1.6}
SCIPY: dict[str, Any] = {
    "normal": stats.norm(),
    "student_t": stats.t(4.5),
    "laplace": stats.laplace(),
    "uniform": stats.uniform(),
    "exponential": stats.expon(),
    "gamma": stats.gamma(0.7),
    "weibull": stats.weibull_min(1.6),
    "cauchy": stats.cauchy(),
}


def shape(law: str) -> float:
    return SHAPES.get(law, 1.0)


@pytest.mark.parametrize("law", LAWS)
def test_quantiles_and_moments_are_those_of_an_independent_package(law: Any) -> None:
    z = np.linspace(-6, 6, 241)
    theirs = np.where(z > 0, SCIPY[law].isf(stats.norm.sf(z)), SCIPY[law].ppf(stats.norm.cdf(z)))
    np.testing.assert_allclose(quantile(law, z, shape(law)), theirs, rtol=1e-9, atol=1e-12)
    if law != "cauchy":
        np.testing.assert_allclose(moments(law, shape(law)), SCIPY[law].stats(), rtol=1e-12)
    else:
        assert math.isinf(moments(law, 1.0)[1])


@pytest.mark.parametrize("law", LAWS)
def test_far_tails_are_finite_and_keep_their_order(law: Any) -> None:
    x = quantile(law, np.linspace(-12, 12, 97), shape(law))
    assert np.isfinite(x).all()
    assert (np.diff(x[8:-8] if law == "uniform" else x) >= 0).all()
    assert law == "uniform" or x[-1] > x[-2]


@pytest.mark.parametrize("law", LAWS)
def test_every_channel_has_its_law_and_ranks_have_the_copulas_correlation(law: Any) -> None:
    parameter = {"student_t": "df", "gamma": "shape", "weibull": "shape"}.get(law)
    given = {parameter: SHAPES[law]} if parameter else {}
    loc, scale, rho = np.array([1.0, -2.0]), np.array([0.5, 3.0]), -0.7
    values, truth = run(
        "noise", law=law, **given, M=2, loc=loc, scale=scale, correlation=rho, T=2000, n_realizations=10
    )
    x = ((values - loc) / scale).reshape(-1, 2)
    n = len(x)
    for channel in range(2):
        assert stats.kstest(x[:, channel], SCIPY[law].cdf).statistic * math.sqrt(n) < KOLMOGOROV
    spearman = stats.spearmanr(x).statistic
    assert abs(spearman - 6 / math.pi * math.asin(rho / 2)) < 5 / math.sqrt(n)  # the error is below that of rho = 0
    paths = values[..., 0]
    assert abs(stats.spearmanr(paths[:, 1:].ravel(), paths[:, :-1].ravel()).statistic) < 5 / math.sqrt(paths.size)
    assert ("noise_cov" in truth) == (law != "cauchy")
    if law == "cauchy":
        return
    covariance = truth["noise_cov"].values
    np.testing.assert_allclose(np.diag(covariance), SCIPY[law].var() * scale**2, rtol=1e-9)
    if law != "student_t" or SHAPES[law] > 8:  # products of those have no fourth moment to bound the error by
        product = (values - values.mean(axis=(0, 1))).prod(axis=-1).ravel()
        assert abs(product.mean() - covariance[0, 1]) < 5 * product.std() / math.sqrt(n)


def test_the_copulas_covariance_is_exact_where_it_has_a_closed_form_and_else_that_of_a_double_integral() -> None:
    rho = np.array([-1.0, -0.99, -0.5, 0.0, 0.3, 0.95, 1.0])
    np.testing.assert_allclose(copula_covariance("normal", 1.0, rho), rho, atol=1e-9)
    np.testing.assert_allclose(
        copula_covariance("uniform", 1.0, rho), np.arcsin(rho / 2) / (2 * math.pi), rtol=0, atol=1e-9
    )
    grid = np.linspace(-10, 10, 401)
    for law in ("student_t", "laplace", "gamma", "weibull", "exponential"):
        x = np.broadcast_to(grid[:, None], (401, 401)).copy()
        for one in (-0.6, 0.9):
            y = one * x + math.sqrt(1 - one**2) * grid
            weight = np.exp(-(x**2 + grid**2) / 2) / (2 * math.pi) * (grid[1] - grid[0]) ** 2
            integral = (quantile(law, x, shape(law)) * quantile(law, y, shape(law)) * weight).sum()
            expected = integral - moments(law, shape(law))[0] ** 2
            found = copula_covariance(law, shape(law), np.array([one]))[0]
            assert found == pytest.approx(expected, abs=2e-5 * moments(law, shape(law))[1])


def test_without_a_variance_there_is_no_covariance() -> None:
    assert "noise_cov" not in run("noise", df=2.0, T=3)[1]
    assert "noise_cov" in run("noise", df=2.5, T=3)[1]


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"scale": 0.0}, "scale must be .*greater than 0"),
        ({"df": 0.0}, "df must be .*greater than 0"),
        ({"law": "levy"}, "law must be one of"),
        ({"M": 3, "correlation": -0.6}, r"correlation must lie from -1/\(M-1\)"),
    ],
)
def test_what_does_not_fit_is_refused(given: dict[str, object], sentence: str) -> None:
    with pytest.raises(InvalidParameterError, match=sentence):
        Configuration.of("noise", given)
