from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from support import run, whole

from pymts.errors import InvalidParameterError
from pymts.plan.configuration import Configuration


def _z(x: np.ndarray, y: np.ndarray, variance_x: float, variance_y: float, covariance: float) -> float:
    """Return how many standard errors the mean product of Gaussian samples is off their covariance."""
    error = np.sqrt((variance_x * variance_y + covariance**2) / x.size)
    return float(abs((x * y).mean() - covariance) / error)


def _radius(phi: np.ndarray) -> float:
    return float(np.abs(np.roots([1.0, *-phi])).max())


def test_an_ar1_has_its_closed_form() -> None:
    phi, sigma = 0.8, 1.5
    _, truth = run("ar", phi=[phi], sigma=sigma, M=2)
    variance = sigma**2 / (1 - phi**2)
    np.testing.assert_allclose(truth["theory_cov"], variance * np.eye(2), rtol=1e-13)
    expected = variance * phi ** np.arange(6)[:, None, None] * np.eye(2)
    np.testing.assert_allclose(truth["theory_acov"], expected, rtol=1e-13)
    np.testing.assert_array_equal(truth["noise_cov"], sigma**2 * np.eye(2))


def test_autocovariances_count_samples() -> None:
    fine = run("ar", phi=[[0.5, 0.3], [1.2, -0.6]])[1]["theory_acov"].values
    coarse = run("ar", phi=[[0.5, 0.3], [1.2, -0.6]], sample_every=2)[1]["theory_acov"].values
    np.testing.assert_allclose(coarse[:3], fine[::2], rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("phi", [[0.5, 0.3], [1.2, -0.6], [0.3, -0.2, 0.4], [0.1, 0.0, 0.0, 0.0, 0.6]])
def test_autocovariances_solve_the_yule_walker_equations(phi: list[float]) -> None:
    p, sigma = len(phi), 0.7
    # Unknowns g_0 ... g_5 (at least p + 1): g_k - sum_j phi_j g_|k-j| = sigma^2 where k is 0, else 0.
    n = max(p + 1, 6)
    system = np.eye(n)
    for k in range(n):
        for j, coefficient in enumerate(phi, start=1):
            system[k, abs(k - j)] -= coefficient
    expected = np.linalg.solve(system, sigma**2 * (np.arange(n) == 0))
    found = run("ar", phi=phi, sigma=sigma, M=1)[1]["theory_acov"].values[:, 0, 0]
    np.testing.assert_allclose(found, expected[:6], rtol=1e-11)


@pytest.mark.parametrize("shared", [True, False])
def test_the_series_is_stationary_from_its_first_sample(shared: bool) -> None:
    given = {"phi": [1.2, -0.6]} if shared else {"phi": [[1.2, -0.6], [0.5, 0.3], [-0.9, 0.0], [0.0, 0.8]]}
    values, truth = run("ar", **given, M=4, T=40, n_realizations=4000, sigma=[0.5, 1.0, 2.0, 3.0])
    acov = truth["theory_acov"].values
    for channel in range(4):
        gamma = acov[:, channel, channel]
        x = values[:, :, channel]
        for t in (0, 1, 2, 39 - 5):
            for lag in range(6):
                assert _z(x[:, t], x[:, t + lag], gamma[0], gamma[0], gamma[lag]) < 5
    assert _z(values[:, 0, 0], values[:, 0, 1], acov[0, 0, 0], acov[0, 1, 1], 0.0) < 5  # channels are independent


def test_residuals_are_the_white_innovations() -> None:
    values, truth = run("ar", p=3, M=4, T=2000, n_realizations=20, sigma=[0.5, 1.0, 2.0, 3.0])
    phi = truth["coefficients"].values  # (lag, target, source)
    residual = values[:, 3:] - sum(values[:, 3 - k : -k] @ phi[k - 1].T for k in (1, 2, 3))
    n = residual[..., 0].size
    for i, variance in enumerate([0.25, 1.0, 4.0, 9.0]):
        e = residual[..., i]
        assert _z(e.ravel(), e.ravel(), variance, variance, variance) < 5
        for lag in (1, 2, 3, 4):
            assert _z(e[:, lag:].ravel(), e[:, :-lag].ravel(), variance, variance, 0.0) < 5
    assert n == 20 * 1997


@pytest.mark.parametrize("p", [1, 2, 3, 5, 8])
@pytest.mark.parametrize("shared", [True, False])
def test_drawn_coefficients_have_the_radius_that_was_asked_for(p: int, shared: bool) -> None:
    found = []
    for seed in range(5):
        phi = run("ar", p=p, rho=0.85, seed=seed, T=5, shared=shared)[1]["coefficients"].values
        assert phi.shape == (p, 5, 5)
        lags = np.einsum("kii->ik", phi)
        np.testing.assert_array_equal(phi, lags.T[:, :, None] * np.eye(5))
        assert all(abs(_radius(each) - 0.85) < 1e-9 for each in lags)
        assert (len(np.unique(lags, axis=0)) == 1) is shared or p == 1
        assert (np.abs(lags) > 0).all()
        found.append(lags)
    assert len(np.unique(found)) > 1


def test_the_graph_is_the_channels_themselves() -> None:
    _, truth = run("ar", phi=[[0.5, -0.7], [0.0, 0.0], [0.2, 0.1]])
    np.testing.assert_array_equal(truth["adjacency"], np.diag([0.7, 0.0, 0.2]))
    assert truth["adjacency"].attrs["graph_kind"] == "summary"


def test_given_coefficients_tell_sizes_and_are_used_as_given() -> None:
    phi = [[0.5, -0.7], [0.1, 0.0], [0.2, 0.1]]
    values, truth = run("ar", phi=np.array(phi), sigma=0.0, x0=[1.0, 2.0, 3.0], T=4)
    assert values.shape == (1, 4, 3)
    np.testing.assert_array_equal(np.einsum("kii->ik", truth["coefficients"].values), phi)
    expected = [[1.0, 2.0, 3.0], [1.0, 2.0, 3.0]]
    for _ in range(3):
        expected.append([a * x + b * y for (a, b), x, y in zip(phi, expected[-1], expected[-2], strict=True)])
    np.testing.assert_allclose(values[0], expected[1:], rtol=1e-14)
    assert not {"theory_cov", "theory_acov"} & truth.keys()


def test_unstable_coefficients_are_refused_with_their_radius() -> None:
    with pytest.raises(InvalidParameterError, match=r"phi must be stable.* got 1\.05;.*c less than 0\.9524"):
        run("ar", phi=[1.05])
    with pytest.raises(InvalidParameterError, match="got 1;"):
        run("ar", phi=[[0.5, 0.1], [0.0, 1.0]])


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"phi": [0.5], "p": 2}, r"phi must have shape \(p,\) = \(2,\) or \(M, p\) = \(5, 2\), got shape \(1,\)"),
        ({"phi": [[0.5], [0.5]], "M": 3}, r"got shape \(2, 1\)"),
        ({"phi": [[0.5, 0.1], [0.5]]}, "phi has rows of different lengths"),
        ({"phi": []}, r"got shape \(0,\)"),
        ({"sigma": [1.0, 2.0]}, "sigma must be one number or M = 5 numbers"),
        ({"sigma": [1.0, -2.0], "M": 2}, "sigma must be"),
        ({"x0": [1.0]}, "x0 must be one number or M = 5"),
        ({"phi": np.float64(0.5)}, "phi must be a vector"),
        ({"phi": np.array(0.5)}, "phi must be a vector"),
    ],
)
def test_what_does_not_fit_is_refused(given: dict[str, object], message: str) -> None:
    with pytest.raises(InvalidParameterError, match=message):
        run("ar", **given)


@pytest.mark.parametrize("shared", [True, False])
@pytest.mark.parametrize("channels", [1, 3, 10])
def test_mixed_numbers_in_a_batch_change_no_bit(shared: bool, channels: int) -> None:
    configurations = [
        Configuration.of(
            "ar",
            {"M": channels, "T": 150, "n_realizations": 3, "seed": i, "shared": shared, "rho": rho, "sigma": sigma},
        )
        for i, (rho, sigma) in enumerate([(0.9, 1.0), (0.0, 2.0), (0.99, 1e-3), (0.5, 0.0)])
    ]
    for batched, configuration in zip(whole(configurations), configurations, strict=True):
        alone = whole([configuration])[0]
        np.testing.assert_array_equal(batched.values, alone.values)
        for name, variable in alone.truth.items():
            np.testing.assert_array_equal(batched.truth[name], variable)


def test_it_works_without_scipy_signal_which_is_slow_to_import() -> None:
    make = "from pymts.datasets import make_ar; make_ar(T=9, cache=False)"
    code = f"import sys; {make}; print('scipy.signal' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
