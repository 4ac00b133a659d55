from __future__ import annotations

from functools import reduce
from typing import Any

import numpy as np
import pytest
from sklearn.gaussian_process import kernels as sk
from support import assert_same_bits, block, run, whole

from pymts.errors import InvalidParameterError
from pymts.models.gp import JITTER, MAX_STEPS
from pymts.numerics.kernels import ADD, KERNELS, KINDS, MULTIPLY, Term, compose
from pymts.plan.configuration import Configuration
from pymts.streams import Streams

TIMES = np.array([0.0, 1.0, 2.5, 7.0, 19.0, 60.0, 300.0])


def _sklearn(term: Term) -> Any:
    """Return the same kernel of an independent package."""
    made: dict[str, Any] = {
        "rbf": lambda: sk.RBF(term.length),
        "matern12": lambda: sk.Matern(term.length, nu=0.5),
        "matern32": lambda: sk.Matern(term.length, nu=1.5),
        "matern52": lambda: sk.Matern(term.length, nu=2.5),
        "rational_quadratic": lambda: sk.RationalQuadratic(term.length, alpha=term.shape),
        "periodic": lambda: sk.ExpSineSquared(term.length, periodicity=term.shape),
    }
    return made[term.kind]()


def _covariance(term: Term, times: np.ndarray) -> np.ndarray:
    if term.kind == "linear":  # a dot product of scaled times
        return sk.DotProduct(sigma_0=1.0)(times[:, None] / term.length)
    return _sklearn(term)(times[:, None])


def _terms(truth: dict[str, Any]) -> list[list[Term]]:
    """Return the compositions that the truth describes."""
    columns = [truth[f"kernel_{name}"].values for name in ("kind", "length_scale", "shape", "operation")]
    return [
        [Term(KINDS[kind], length, shape, int(how)) for kind, length, shape, how in zip(*rows, strict=True) if how]
        for rows in zip(*columns, strict=True)
    ]


def _reference(terms: list[Term], times: np.ndarray) -> np.ndarray:
    def join(total: np.ndarray, term: Term) -> np.ndarray:
        value = _covariance(term, times)
        return total * value if term.operation == MULTIPLY else total + value

    return reduce(join, terms, np.zeros((len(times), len(times))))


@pytest.mark.parametrize("kind", KERNELS)
@pytest.mark.parametrize(("length", "shape"), [(1.0, 3.0), (12.5, 0.7), (80.0, 50.0)])
def test_kernels_equal_those_of_an_independent_package(kind: str, length: float, shape: float) -> None:
    term = Term(kind, length, shape)
    found = compose([term], TIMES, TIMES)
    np.testing.assert_allclose(found, _covariance(term, TIMES), rtol=1e-10, atol=1e-10)
    np.testing.assert_array_equal(found, found.T)


def test_compositions_equal_sums_and_products_of_an_independent_package() -> None:
    seen = set()
    for seed in range(30):
        _, truth = run("gp", seed=seed, n_kernels=3, max_terms=4, T=2)
        for terms in _terms(truth):
            np.testing.assert_allclose(compose(terms, TIMES, TIMES), _reference(terms, TIMES), rtol=1e-10, atol=1e-10)
            assert terms[0].operation == ADD
            seen |= {(term.kind, term.operation) for term in terms[1:]}
            for term in terms:
                low, high = {"periodic": (1, 1), "linear": (50, 800)}.get(term.kind, (5, 80))
                assert low <= term.length <= high
    assert seen == {(kind, operation) for kind in KINDS for operation in (ADD, MULTIPLY)}


@pytest.mark.parametrize("kernel", ["matern12", "matern52", "rational_quadratic", "linear"])
def test_the_latent_processes_are_the_factor_times_the_noise(kernel: str) -> None:
    values, truth = run("gp", kernel=kernel, length_scale=[7.0, 20.0], rank=2, noise_std=0.3, T=150, n_realizations=3)
    noise = Streams([1], range(3)).process().normal(192, 9)[0]  # (R, whole tiles of time, 4 latent and 5 channels)
    times = np.arange(150.0)
    latent = truth["latent"].values.transpose(2, 0, 1)  # (R, T, state)
    for state in range(4):
        covariance = _covariance(Term(kernel, (7.0, 20.0)[state // 2]), times)
        covariance[np.diag_indices(150)] *= 1 + JITTER
        expected = noise[:, :150, state] @ np.linalg.cholesky(covariance).T
        np.testing.assert_allclose(latent[:, :, state], expected, rtol=0, atol=1e-6)
    loadings = truth["loadings"].values
    np.testing.assert_allclose(values, latent @ loadings.T + 0.3 * noise[:, :150, 4:], rtol=0, atol=1e-12)
    b = truth["coregionalization"].values
    np.testing.assert_allclose(b[0], loadings[:, :2] @ loadings[:, :2].T, rtol=1e-13)
    np.testing.assert_allclose(b[1], loadings[:, 2:] @ loadings[:, 2:].T, rtol=1e-13)


@pytest.mark.parametrize(
    "given",
    [
        {"kernel": "matern32", "length_scale": [3.0, 30.0]},
        {"kernel": "periodic", "n_kernels": 1, "rank": 3, "period": 13.0},
        {"kernel": "random", "n_kernels": 3, "seed": 5},
    ],
)
def test_the_covariance_is_the_sum_of_coregionalized_kernels(given: dict[str, Any]) -> None:
    values, truth = run("gp", **given, M=3, T=80, noise_std=0.2, n_realizations=4000)
    at = np.array([0, 1, 5, 70, 79])
    covariance = 0.04 * np.einsum("ts,ij->tisj", np.eye(5), np.eye(3))
    for b, terms in zip(truth["coregionalization"].values, _terms(truth), strict=True):
        covariance += np.einsum("ts,ij->tisj", _reference(terms, at.astype(float)), b)
    x = values[:, at].reshape(4000, 15)
    theory = covariance.reshape(15, 15)
    variance = np.diag(theory)
    error = np.sqrt((np.outer(variance, variance) + theory**2) / 4000)
    assert (np.abs(x.T @ x / 4000 - theory) / error).max() < 5
    assert (np.abs(x.mean(axis=0)) / np.sqrt(variance / 4000)).max() < 5
    fourth = (x**4).mean(axis=0) / variance**2
    assert (np.abs(fourth - 3) / np.sqrt(96 / 4000)).max() < 5


def test_a_periodic_process_repeats_and_a_linear_one_is_a_line() -> None:
    _, truth = run("gp", kernel="periodic", period=25.0, T=200)
    latent = truth["latent"].values
    np.testing.assert_allclose(latent[25:], latent[:-25], rtol=0, atol=10 * np.sqrt(2 * JITTER))
    _, truth = run("gp", kernel="linear", length_scale=10.0, T=200)
    bent = np.diff(truth["latent"].values, n=2, axis=0)
    scale = np.sqrt(6 * JITTER * (1 + (np.arange(2, 200) / 10.0) ** 2))  # of what the jitter adds
    assert (np.abs(bent) < 5 * scale[:, None, None]).all()


def test_the_exponential_kernel_is_an_autoregression() -> None:
    _, truth = run("gp", kernel="matern12", n_kernels=1, length_scale=4.0, T=1000, n_realizations=40)
    latent = truth["latent"].values[:, 0]  # (T, R)
    innovation = latent[1:] - np.exp(-0.25) * latent[:-1]
    assert abs(innovation.var() - (1 - np.exp(-0.5))) < 5 * (1 - np.exp(-0.5)) * np.sqrt(2 / innovation.size)
    for past in (innovation[:-1], latent[:-2], latent[:-2] ** 3):
        products = innovation[1:] * past
        assert abs(products.mean()) < 5 * products.std() / np.sqrt(products.size)


@pytest.mark.parametrize("kernel", ["random", "rbf", "matern32"])
def test_no_bit_depends_on_length_realizations_or_batch(kernel: str) -> None:
    base = {"kernel": kernel, "M": 2, "rank": 3, "n_realizations": 5, "T": 300}
    long = block(Configuration.of("gp", {**base, "seed": 1}))
    for steps in (1, 63, 64, 65, 128, 129, 299):
        short = block(Configuration.of("gp", {**base, "seed": 1, "T": steps}))
        np.testing.assert_array_equal(short.values, long.values[:, :steps])
        np.testing.assert_array_equal(short.truth["latent"], long.truth["latent"][:steps])
    for count in (1, 2, 33):
        other = block(Configuration.of("gp", {**base, "seed": 1, "n_realizations": count}))
        np.testing.assert_array_equal(other.values[:5], long.values[: min(5, count)])
    batch = [Configuration.of("gp", {**base, "seed": seed, "period": 20.0 + seed}) for seed in range(3)]
    for made, configuration in zip(whole(batch), batch, strict=True):
        assert_same_bits(made, block(configuration))


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"T": MAX_STEPS + 1}, r"burn_in \+ \(T - 1\) sample_every must be less than 8192 steps, got 8192"),
        ({"length_scale": [1.0, 0.0]}, r"length_scale must be at least 0\.001, got 0"),
        ({"length_scale": [1.0]}, "length_scale must be one number or n_kernels = 2 numbers, got 1 numbers"),
        ({"W": [[1.0, 2.0, 3.0]]}, r"W must have shape \(M, n_kernels rank\) = \(1, 2\), got shape \(1, 3\)"),
        ({"kernel": "cosine"}, "kernel must be one of 'random', 'rbf'"),
    ],
)
def test_what_does_not_fit_is_refused(given: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidParameterError, match=message):
        run("gp", **given)


def test_given_loadings_are_used_and_tell_the_channels() -> None:
    loadings = [[1.0, 0.0], [0.5, -1.0], [0.0, 2.0]]
    _, truth = run("gp", W=loadings, T=3)
    np.testing.assert_array_equal(truth["loadings"], loadings)
    np.testing.assert_array_equal(truth["coregionalization"][1], np.outer([0, -1, 2], [0, -1, 2]))
