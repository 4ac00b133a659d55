"""Lorenz systems against their identities, fixed points, thresholds and an independent integration."""

from __future__ import annotations

from functools import cache
from typing import Any

import lyapunov_table
import numpy as np
import pytest
from flows import GRAPH, batch_means, divisors, exact, final_state, moved_derivatives, orders, strong_orders
from numpy.typing import NDArray
from support import run

from pymts.errors import InvalidParameterError
from pymts.numerics.lyapunov import local_exponents, mean_and_error, tangent_flow

Array = NDArray[np.float64]
BETA = 8 / 3
START = [1.0, -2.0, 3.0, 2.0, 1.0, -1.0, 20.0, 25.0, 30.0]  # x, y and z of three units


def pairwise(
    graph: Array, strength: float, rule: str, sigma: float = 10.0, rho: float = 28.0, beta: float = BETA
) -> Any:
    """Return the right-hand side as the equation has it, one unit and one pair at a time."""
    n, over = len(graph), divisors(graph, rule)

    def rate(s: Array) -> Array:
        out = np.zeros(3 * n)
        for i in range(n):
            x, y, z = s[i], s[n + i], s[2 * n + i]
            out[i] = sigma * (y - x) + sum(strength / over[i] * graph[i, j] * (s[j] - x) for j in range(n))
            out[n + i], out[2 * n + i] = x * (rho - z) - y, x * y - beta * z
        return out

    return rate


@pytest.mark.parametrize("rule", ["none", "degree", "N"])
def test_it_follows_the_equation_over_the_first_lyapunov_times(rule: str) -> None:
    numbers = {"sigma": 9.0, "rho": 30.0, "beta": 2.5}
    params = {"A": GRAPH, "K": 3.0, "normalization": rule, "x0": START, "observable": "all", **numbers}
    values, _ = run("lorenz", dt=0.002, T=41, sample_every=25, burn_in=0, **params)
    expected = exact(pairwise(GRAPH, 3.0, rule, **numbers), START, 0.05 * np.arange(41))
    # RK4 errs by about (20 dt)^5 / 120 a step, 3e-8 a second, and chaos multiplies it by e^(1.05 * 2) = 8 and more
    # where orbits are stretched.
    np.testing.assert_allclose(values[0], expected, atol=2e-5)
    turned, _ = run("lorenz", dt=0.002, T=41, sample_every=25, burn_in=0, **{**params, "A": GRAPH.T})
    assert np.abs(turned[0] - expected).max() > 1


def test_the_error_falls_with_the_fourth_power_of_the_step() -> None:
    params = {"A": GRAPH, "K": 3.0, "x0": START, "observable": "all"}
    expected = exact(pairwise(GRAPH, 3.0, "none"), START, np.array([0.0, 0.5]))[-1]
    errors = [np.abs(final_state("lorenz", 0.5, steps, **params) - expected).max() for steps in (100, 200, 400)]
    np.testing.assert_allclose(orders(errors), 4, atol=0.15)


def test_the_strong_order_with_noise_is_one() -> None:
    found = strong_orders("lorenz", 0.5, 9, coarse=32, A=GRAPH, K=3.0, x0=START, observable="all", noise_std=1.0)
    np.testing.assert_allclose(found, 1, atol=0.15)


def test_observables_are_parts_of_the_whole() -> None:
    params = {"K": 1.0, "T": 30, "n_realizations": 3, "noise_std": 0.5}
    whole, _ = run("lorenz", M=6, observable="all", **params)
    for index, name in enumerate("xyz"):
        part, truth = run("lorenz", M=2, observable=name, **params)
        np.testing.assert_array_equal(part, whole[..., 2 * index : 2 * index + 2])
        np.testing.assert_array_equal(truth["adjacency"], [[0, 1], [1, 0]])


def test_influence_runs_from_source_to_target() -> None:
    state = np.array(START)
    params = {"A": GRAPH, "K": 3.0}
    _, truth = run("lorenz", M=9, T=2, observable="all", **params)
    np.testing.assert_array_equal(moved_derivatives("lorenz", state, **params), truth["adjacency"].values != 0)
    np.testing.assert_array_equal(truth["adjacency"].values[:3, :3], GRAPH + np.eye(3))
    np.testing.assert_array_equal(run("lorenz", T=2, **params)[1]["adjacency"], GRAPH)


def test_time_averages_satisfy_the_identities_of_the_equation() -> None:
    values, _ = run("lorenz", M=3, K=0.0, observable="all", T=4000, burn_in=3000, sample_every=1, n_realizations=100)
    x, y, z = np.moveaxis(values, -1, 0)
    identities = {
        "d x^2": x * y - x * x,
        "d z": x * y - BETA * z,
        "d y^2": 28 * x * y - x * y * z - y * y,
        "d z^2": x * y * z - BETA * z * z,
        "d xy": 10 * (y * y - x * y) + x * x * (28 - z) - x * y,
    }
    for name, residual in identities.items():
        mean, error = batch_means(residual)
        assert abs(mean) < 5 * error, name
        assert error < 0.01 * np.abs(residual).mean(), name  # the bound can fail


def test_coupled_units_balance_what_they_give() -> None:
    values, _ = run(
        "lorenz", M=6, K=2.0, topology="complete", observable="all", T=4000, sample_every=1, n_realizations=100
    )
    (x0, x1), (y0, _), _ = np.split(np.moveaxis(values, -1, 0), 3)
    mean, error = batch_means(10 * x0 * (y0 - x0) + 2.0 * x0 * (x1 - x0))
    assert abs(mean) < 5 * error
    without, error = batch_means(10 * x0 * (y0 - x0))
    assert abs(without) > 5 * error


def jacobian_at(point: Array, rho: float) -> Array:
    x, y, z = point
    return np.array([[-10, 10, 0], [rho - z, -1, -x], [y, x, -BETA]])


@pytest.mark.parametrize("rho", [20.0, 23.5, 26.0, 28.0])
def test_the_spiral_about_a_fixed_point_grows_or_decays_as_the_jacobian_says(rho: float) -> None:
    """On both sides of the Hopf bifurcation at rho = sigma (sigma + beta + 3) / (sigma - beta - 1) = 24.74."""
    side = np.sqrt(BETA * (rho - 1))
    point = np.array([side, side, rho - 1])
    eigenvalues, vectors = np.linalg.eig(jacobian_at(point, rho))
    slow = eigenvalues[np.argmax(eigenvalues.real)]
    critical = 10 * (10 + BETA + 3) / (10 - BETA - 1)
    assert (slow.real > 0) == (rho > critical)
    turns = 3
    period = 2 * np.pi / abs(slow.imag)
    start = point + 1e-6 * vectors[:, np.argmax(eigenvalues.real)].real
    values, _ = run(
        "lorenz", M=3, observable="all", rho=rho, x0=start, dt=period / 400, sample_every=400, T=turns + 1, burn_in=0
    )
    away = np.linalg.norm(values[0] - point, axis=1)
    # Whole turns later the deviation has its direction again; what is left is of second order, 1e-6, and RK4's 1e-7.
    np.testing.assert_allclose(np.log(away[1:] / away[:-1]), slow.real * period, atol=1e-4)


def transverse_exponent(strength: float) -> tuple[float, float]:
    """Return the exponent at which a difference of two units in step grows: J - 2 K on x."""
    p, none = lyapunov_table.orbit("lorenz", {"M": 1})
    field, jacobian = lyapunov_table.lorenz_system(p, none)
    pull = np.diag([2 * strength, 0.0, 0.0])
    advance = tangent_flow(field, lambda x: jacobian(x) - pull, 0.02)
    starts = 10 * np.random.default_rng(2).standard_normal((100, 3)) + [0, 0, 28]
    mean, error = mean_and_error(local_exponents(advance, starts, 1, n_steps=1000, transient=700, dt=0.02, every=10))
    return float(mean[0]), float(error[0])


@pytest.mark.parametrize(("strength", "together"), [(3.3, False), (5.0, True)])
def test_a_pair_synchronises_where_its_difference_shrinks(strength: float, together: bool) -> None:
    """The threshold is K = 3.90: long runs of the transverse exponent cross zero at 3.902 with an error of 0.008."""
    exponent, error = transverse_exponent(strength)
    assert abs(exponent) > 5 * error
    assert (exponent < 0) == together
    values, _ = run("lorenz", M=2, topology="complete", K=strength, T=200, burn_in=8000, n_realizations=20)
    apart = np.abs(values[..., 0] - values[..., 1]).max(axis=1)
    if together:
        # 80 s at the mean rate of 0.2 leave e^-16; stretches where the difference grows cost a part of it.
        assert np.median(apart) < 1e-4
        assert apart.max() < 0.1
    else:
        assert np.median(apart) > 1


@cache
def truth_of(**params: Any) -> dict[str, Any]:
    return run("lorenz", T=2, **params)[1]


def test_exponents_sum_to_the_trace_and_stand_where_they_were_computed() -> None:
    alone = truth_of(M=3, K=0.0)["lyapunov"].values
    assert alone.shape == (9,)
    np.testing.assert_array_equal(alone[0::3], alone[1::3])
    # RK4 with dt 0.01 keeps the volume to about 1e-5 of its rate.
    np.testing.assert_allclose(alone.sum(), -3 * (10 + 1 + BETA), atol=1e-3)
    default = truth_of()["lyapunov"].values
    assert (np.diff(default) < 0).all()
    np.testing.assert_allclose(default.sum(), -6 * (10 + 1 + BETA) - 6 * 1.0, atol=3e-3)
    for other in ({"rho": 27.0}, {"noise_std": 0.1}, {"K": 1.1}, {"dt": 0.02}, {"M": 5}, {"topology": "ring"}):
        assert "lyapunov" not in truth_of(**other), other
    assert "lyapunov" in truth_of(observable="y")
    assert "lyapunov" in truth_of(M=4, A=tuple((0.0,) * 4 for _ in range(4)))


def test_in_a_batch_each_configuration_has_the_exponents_that_are_known_for_it() -> None:
    from pymts.plan.configuration import Configuration
    from pymts.run.simulate import simulate

    kinds = [{"K": 0.0}, {"K": 0.5}, {}, {"rho": 30.0, "K": 0.0}]
    blocks = simulate([Configuration.of("lorenz", {"T": 2, "burn_in": 0, "seed": 1, **kind}) for kind in kinds])
    assert ["lyapunov" in block.truth for block in blocks] == [True, False, True, False]  # type: ignore[union-attr]
    np.testing.assert_array_equal(blocks[2].truth["lyapunov"], truth_of()["lyapunov"])  # type: ignore[union-attr]
    np.testing.assert_array_equal(blocks[0].truth["lyapunov"], truth_of(K=0.0)["lyapunov"])  # type: ignore[union-attr]


@pytest.mark.parametrize("params", [{"M": 1}, {}])
def test_the_jacobian_of_the_table_is_that_of_the_model(params: dict[str, Any]) -> None:
    p, coupling = lyapunov_table.orbit("lorenz", params)
    field, jacobian = lyapunov_table.lorenz_system(p, coupling)
    s = 5 * np.random.default_rng(0).standard_normal((1, 3 * len(coupling)))
    h = 1e-4  # the velocity is quadratic: central differences are exact
    columns = [(field(s + h * unit) - field(s - h * unit))[0] / (2 * h) for unit in np.eye(s.size)]
    np.testing.assert_allclose(jacobian(s)[0], np.stack(columns, axis=1), atol=1e-8)


def test_the_table_holds_what_a_short_computation_finds() -> None:
    entry = lyapunov_table.compute("lorenz", {"M": 1, "dt": 0.02}, 100, 20.0, 20.0, 0.1)
    known, error = truth_of(M=1)["lyapunov"].values, truth_of(M=1)["lyapunov_error"].values
    both = np.hypot(entry["errors"], error)
    np.testing.assert_array_less(np.abs(np.array(entry["exponents"]) - known) / both, 5)


def test_sizes_must_fit() -> None:
    for params, message in (
        (
            {"M": 5, "observable": "all"},
            "M must be a multiple of 3 with observable 'all', one channel each for x, y, z of every",
        ),
        ({"M": 2, "x0": [1.0]}, "x0 must be 6 numbers, x, y, z of 2 units each, got 1"),
        ({"M": 6, "observable": "all", "A": GRAPH}, "A must have shape (M / 3, M / 3) = (2, 2), got shape (3, 3)"),
        ({"M": 6, "observable": "all", "topology": "ring", "k": 2}, "k must be less than M / 3 = 2 on a ring, got 2"),
    ):
        with pytest.raises(InvalidParameterError) as refusal:
            run("lorenz", **params)
        assert message in str(refusal.value)
    assert run("lorenz", A=GRAPH, observable="all", T=2)[0].shape[2] == 9
