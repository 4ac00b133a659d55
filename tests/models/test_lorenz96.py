"""The Lorenz model of 1996 against its conservation laws, its linear theory and an independent integration."""

from __future__ import annotations

from typing import Any

import lyapunov_table
import numpy as np
import pytest
from flows import batch_means, exact, final_state, orders, strong_orders, velocity_of
from numpy.typing import NDArray
from support import run

from pymts.errors import InvalidParameterError
from pymts.models import lorenz96
from pymts.plan.configuration import Configuration

Array = NDArray[np.float64]
START = 8 + np.sin(1.0 + np.arange(9) ** 2)


def velocity(x: Array, forcing: float) -> Array:
    """Return the derivatives of states (rows, site)."""
    p: Any = Configuration.of("lorenz96", {"M": x.shape[1], "F": forcing}).params
    return velocity_of(lorenz96.FLOW, lorenz96._problem(p, 1))(x)


def one_by_one(forcing: float) -> Any:
    """Return the right-hand side as the equation has it, one site at a time."""

    def rate(x: Array) -> Array:
        n = len(x)
        return np.array([(x[(i + 1) % n] - x[i - 2]) * x[i - 1] - x[i] + forcing for i in range(n)])

    return rate


def test_it_follows_the_equation_over_the_first_lyapunov_times() -> None:
    values, _ = run("lorenz96", M=9, F=9.0, x0=START, dt=0.0025, sample_every=20, T=41, burn_in=0)
    expected = exact(one_by_one(9.0), START, 0.05 * np.arange(41))
    # RK4 errs by about (15 dt)^5 / 120 a step, 2e-7 a second; chaos multiplies it by e^(1.7 * 2) = 30 and more.
    np.testing.assert_allclose(values[0], expected, atol=2e-5)


def test_the_error_falls_with_the_fourth_power_of_the_step() -> None:
    expected = exact(one_by_one(8.0), START, np.array([0.0, 1.0]))[-1]
    errors = [np.abs(final_state("lorenz96", 1.0, steps, M=9, x0=START) - expected).max() for steps in (100, 200, 400)]
    np.testing.assert_allclose(orders(errors), 4, atol=0.15)


def test_the_strong_order_with_noise_is_one() -> None:
    found = strong_orders("lorenz96", 0.5, 9, M=9, x0=START, noise_std=0.5)
    np.testing.assert_allclose(found, 1, atol=0.15)


def test_without_forcing_and_damping_the_energy_is_conserved() -> None:
    x = 3 * np.random.default_rng(0).standard_normal((100, 40))
    advection = velocity(x, 0.0) + x
    scale = np.abs(x * advection).sum(axis=1)
    np.testing.assert_array_less(np.abs((x * advection).sum(axis=1)), 40 * np.finfo(float).eps * scale)
    # With damping alone the energy falls as e^(-2 t), whatever the advection does.
    values, _ = run("lorenz96", M=9, F=0.0, x0=START, dt=0.01, T=101, sample_every=1, burn_in=0)
    energy = (values[0] ** 2).sum(axis=1)
    # RK4: (15 dt)^5 / 120 a step of 0.01, so 1e-6 a step and 1e-5 in all as the state falls.
    np.testing.assert_allclose(energy / energy[0], np.exp(-2 * 0.01 * np.arange(101)), rtol=1e-4)


def test_the_divergence_is_minus_the_number_of_sites() -> None:
    _, jacobian = lyapunov_table.lorenz96_system(*lyapunov_table.orbit("lorenz96", {}))
    x = np.random.default_rng(0).standard_normal((3, 40))
    np.testing.assert_array_equal(np.trace(jacobian(x), axis1=1, axis2=2), -40.0)


def test_time_averages_satisfy_the_identities_of_the_equation() -> None:
    values, _ = run("lorenz96", T=2000, n_realizations=50, sample_every=1)
    residuals = values**2 - 8.0 * values  # d x^2 of all sites
    mean, error = batch_means(residuals.mean(axis=2, keepdims=True))
    assert abs(mean[0]) < 5 * error[0]
    assert error[0] < 1e-3 * (values**2).mean()  # the bound can fail
    x = values
    flux = (np.roll(x, -1, 2) - np.roll(x, 2, 2)) * np.roll(x, 1, 2)
    mean, error = batch_means((flux - x + 8.0).mean(axis=2, keepdims=True))  # d x of all sites
    assert abs(mean[0]) < 5 * error[0]


@pytest.mark.parametrize("forcing", [0.6, 0.85, 0.95, 2.0])
def test_the_constant_state_turns_unstable_as_its_linear_theory_says(forcing: float) -> None:
    """Waves e^{ikj} about x = F grow at F (e^{ik} - e^{-2ik}) - 1: unstable from F = 8/9 on where a wave allows it."""
    m = 40
    wave = 2 * np.pi * np.arange(m) / m
    growth = forcing * (np.exp(1j * wave) - np.exp(-2j * wave)) - 1
    fastest = int(np.argmax(growth.real[: m // 2]))
    assert (growth.real.max() > 0) == (forcing > 8 / 9)
    start = forcing + 1e-7 * np.cos(wave[fastest] * np.arange(m))
    values, _ = run("lorenz96", F=forcing, x0=start, dt=0.01, T=5, sample_every=100, burn_in=0)
    amplitude = np.abs(np.fft.fft(values[0] - forcing, axis=1)[:, fastest])
    # The second order in 1e-7 is beyond rounding of the state, which is eps F / 1e-7 = 1e-9.
    np.testing.assert_allclose(np.log(amplitude[1:] / amplitude[:-1]), growth.real[fastest], atol=1e-6)


def test_influence_runs_from_source_to_target() -> None:
    m, push = 9, 1e-3
    x = START[None]
    base = velocity(x, 8.0)[0]
    moved = np.stack([np.abs(velocity(x + push * unit, 8.0)[0] - base) > 1e-9 for unit in np.eye(m)], axis=1)
    _, truth = run("lorenz96", M=m, T=2, burn_in=0)
    np.testing.assert_array_equal(moved, truth["adjacency"].values != 0)
    row = truth["adjacency"].values[4]
    np.testing.assert_array_equal(np.flatnonzero(row), [2, 3, 4, 5])
    four = run("lorenz96", M=4, T=2, burn_in=0)[1]["adjacency"].values
    assert (four == 1).all()


def test_exponents_sum_to_the_divergence_and_stand_where_they_were_computed() -> None:
    truth = run("lorenz96", T=2)[1]
    exponents, errors = truth["lyapunov"].values, truth["lyapunov_error"].values
    assert exponents.shape == (40,)
    # RK4 with dt 0.025 keeps the volume to (10 dt)^5 / 120 a step, 3e-4 of its rate.
    np.testing.assert_allclose(exponents.sum(), -40, atol=0.01)
    assert (exponents > 5 * errors).sum() == 13
    for other in ({"F": 7.9}, {"M": 39}, {"noise_std": 0.1}, {"dt": 0.05}):
        assert "lyapunov" not in run("lorenz96", T=2, burn_in=0, **other)[1], other


def test_the_jacobian_of_the_table_is_that_of_the_model() -> None:
    field, jacobian = lyapunov_table.lorenz96_system(*lyapunov_table.orbit("lorenz96", {"M": 7}))
    s = 5 * np.random.default_rng(0).standard_normal((1, 7))
    h = 1e-4  # the velocity is quadratic: central differences are exact
    columns = [(field(s + h * unit) - field(s - h * unit))[0] / (2 * h) for unit in np.eye(7)]
    np.testing.assert_allclose(jacobian(s)[0], np.stack(columns, axis=1), atol=1e-8)


def test_sizes_must_fit() -> None:
    with pytest.raises(InvalidParameterError, match="M must be an integer from 4 to 1000000, got 3"):
        run("lorenz96", M=3)
    with pytest.raises(InvalidParameterError, match="x0 must be one number or M = 40 numbers, got 3 numbers"):
        run("lorenz96", x0=[1.0, 2.0, 3.0])
