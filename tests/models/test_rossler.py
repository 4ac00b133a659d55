"""Rossler systems against their identities, fixed points, thresholds and an independent integration."""

from __future__ import annotations

from typing import Any

import lyapunov_table
import numpy as np
import pytest
from flows import GRAPH, batch_means, divisors, exact, final_state, moved_derivatives, orders, strong_orders
from numpy.typing import NDArray
from support import run

from pymts.errors import DivergenceError
from pymts.numerics.lyapunov import local_exponents, mean_and_error, tangent_flow

Array = NDArray[np.float64]
A, B, C = 0.2, 0.2, 5.7
START = [1.0, -2.0, 3.0, 2.0, 5.0, -4.0, 0.1, 3.0, 0.5]  # x, y and z of three units


def pairwise(graph: Array, strength: float, rule: str, a: float = A, b: float = B, c: float = C) -> Any:
    """Return the right-hand side as the equation has it, one unit and one pair at a time."""
    n, over = len(graph), divisors(graph, rule)

    def rate(s: Array) -> Array:
        out = np.zeros(3 * n)
        for i in range(n):
            x, y, z = s[i], s[n + i], s[2 * n + i]
            out[i] = -y - z + sum(strength / over[i] * graph[i, j] * (s[j] - x) for j in range(n))
            out[n + i], out[2 * n + i] = x + a * y, b + z * (x - c)
        return out

    return rate


@pytest.mark.parametrize("rule", ["none", "degree", "N"])
def test_it_follows_the_equation_over_the_first_lyapunov_times(rule: str) -> None:
    numbers = {"a": 0.25, "b": 0.3, "c": 5.0}
    params = {"A": GRAPH, "K": 0.3, "normalization": rule, "x0": START, "observable": "all", **numbers}
    values, _ = run("rossler", dt=0.01, T=41, sample_every=75, burn_in=0, **params)
    expected = exact(pairwise(GRAPH, 0.3, rule, **numbers), START, 0.75 * np.arange(41))
    # 30 s are two Lyapunov times. RK4 errs most in the spikes of z, where (rate dt)^4 is (15 * 0.01)^4 / 120 = 4e-6.
    np.testing.assert_allclose(values[0], expected, atol=2e-4)
    turned, _ = run("rossler", dt=0.01, T=41, sample_every=75, burn_in=0, **{**params, "A": GRAPH.T})
    assert np.abs(turned[0] - expected).max() > 1


def test_the_error_falls_with_the_fourth_power_of_the_step() -> None:
    params = {"A": GRAPH, "K": 0.3, "x0": START, "observable": "all"}
    expected = exact(pairwise(GRAPH, 0.3, "none"), START, np.array([0.0, 8.0]))[-1]
    errors = [np.abs(final_state("rossler", 8.0, steps, **params) - expected).max() for steps in (400, 800, 1600)]
    np.testing.assert_allclose(orders(errors), 4, atol=0.15)


def test_the_strong_order_with_noise_is_one() -> None:
    found = strong_orders("rossler", 2.0, 9, A=GRAPH, K=0.3, x0=START, observable="all", noise_std=0.02)
    np.testing.assert_allclose(found, 1, atol=0.15)


def test_influence_runs_from_source_to_target() -> None:
    state = np.array(START)
    params = {"A": GRAPH, "K": 0.3}
    _, truth = run("rossler", M=9, T=2, observable="all", **params)
    np.testing.assert_array_equal(moved_derivatives("rossler", state, **params), truth["adjacency"].values != 0)
    np.testing.assert_array_equal(truth["adjacency"].values[:3, :3], GRAPH - np.diag(GRAPH.sum(axis=1)))
    np.testing.assert_array_equal(run("rossler", T=2, **params)[1]["adjacency"], GRAPH)


def test_observables_are_parts_of_the_whole() -> None:
    params = {"K": 0.1, "T": 30, "n_realizations": 3, "noise_std": 0.05}
    whole, _ = run("rossler", M=6, observable="all", **params)
    for index, name in enumerate("xyz"):
        part, _ = run("rossler", M=2, observable=name, **params)
        np.testing.assert_array_equal(part, whole[..., 2 * index : 2 * index + 2])


def test_a_given_start_is_used_as_given() -> None:
    start = [1.0, 2.0, -3.0]
    values, _ = run("rossler", M=3, observable="all", x0=start, burn_in=0, T=2)
    np.testing.assert_array_equal(values[0, 0], start)
    drawn, _ = run("rossler", M=6, observable="all", burn_in=0, T=1, n_realizations=50)
    assert (drawn[:, 0, 4:] > 0).all()


def test_time_averages_satisfy_the_identities_of_the_equation() -> None:
    values, _ = run(
        "rossler", M=3, K=0.0, observable="all", T=6000, burn_in=4000, dt=0.05, sample_every=1, n_realizations=100
    )
    x, y, z = np.moveaxis(values, -1, 0)
    identities = {
        "d x": -y - z,
        "d y": x + A * y,
        "d z": B + x * z - C * z,
        "d log z": B / z + x - C,
        "d (x^2 + y^2)": -x * z + A * y * y,
        "d xy": -y * y - y * z + x * x + A * x * y,
    }
    for name, residual in identities.items():
        mean, error = batch_means(residual)
        assert abs(mean) < 5 * error, name
        assert error < 0.02 * np.abs(residual).mean(), name  # the bound can fail


@pytest.mark.parametrize("a", [0.1, 0.2])
def test_the_inner_fixed_point_turns_away_as_the_jacobian_says(a: float) -> None:
    """x = a z, y = -z with a z^2 - c z + b = 0."""
    z = (C - np.sqrt(C * C - 4 * a * B)) / (2 * a)
    point = np.array([a * z, -z, z])
    eigenvalues, vectors = np.linalg.eig(np.array([[0, -1, -1], [1, a, 0], [z, 0, a * z - C]]))
    which = np.argmax(eigenvalues.real)
    slow, period = eigenvalues[which], 2 * np.pi / abs(eigenvalues[which].imag)
    start = point + 1e-6 * vectors[:, which].real
    values, _ = run("rossler", M=3, observable="all", a=a, x0=start, dt=period / 400, sample_every=400, T=4, burn_in=0)
    away = np.linalg.norm(values[0] - point, axis=1)
    np.testing.assert_allclose(np.log(away[1:] / away[:-1]), slow.real * period, atol=1e-4)


def transverse_exponent(strength: float) -> tuple[float, float]:
    """Return the exponent at which a difference of two units in step grows: J - 2 K on x."""
    p, none = lyapunov_table.orbit("rossler", {"M": 1})
    field, jacobian = lyapunov_table.rossler_system(p, none)
    pull = np.diag([2 * strength, 0.0, 0.0])
    advance = tangent_flow(field, lambda x: jacobian(x) - pull, 0.05)
    starts = 3 * np.abs(np.random.default_rng(2).standard_normal((50, 3)))
    mean, error = mean_and_error(local_exponents(advance, starts, 1, n_steps=2000, transient=1000, dt=0.05, every=10))
    return float(mean[0]), float(error[0])


@pytest.mark.parametrize(("strength", "together"), [(0.03, False), (0.5, True), (4.0, False)])
def test_a_pair_synchronises_where_its_difference_shrinks(strength: float, together: bool) -> None:
    """In x the stable strengths are an interval: both of its ends."""
    exponent, error = transverse_exponent(strength)
    assert abs(exponent) > 5 * error
    assert (exponent < 0) == together
    near = np.array([[1.0, -2.0, 0.1], [0.1, 0.0, 0.0]])
    start = np.stack([near[0], near.sum(axis=0)], axis=1).ravel()
    try:
        values, _ = run(
            "rossler", M=2, topology="complete", K=strength, x0=start, dt=0.05, T=200, burn_in=3000, sample_every=10
        )
    except DivergenceError:  # beyond the interval a pair that comes apart may escape
        assert not together
        return
    apart = np.abs(values[0, :, 0] - values[0, :, 1]).max()
    assert apart < 1e-8 if together else apart > 0.5


def test_exponents_sum_to_the_mean_divergence_and_stand_where_they_were_computed() -> None:
    truth = run("rossler", M=1, T=2)[1]
    # The divergence is a + x - c, and <x> = a <z>; the table's sum is the time average of it over the same orbits.
    values, _ = run("rossler", M=1, T=1000, sample_every=8, burn_in=3000, n_realizations=400)
    mean, error = batch_means(A + values[..., 0] - C)
    both = np.hypot(error, np.abs(truth["lyapunov_error"].values).sum())
    assert abs(truth["lyapunov"].values.sum() - mean) < 5 * both
    default = run("rossler", T=2)[1]["lyapunov"].values
    assert default.shape == (18,)
    assert default[0] > default[17]
    assert abs(default.sum() + 6 * 0.1 - 6 * mean) < 0.05
    for other in ({"c": 5.0}, {"noise_std": 0.01}, {"K": 0.2}, {"dt": 0.03}):
        assert "lyapunov" not in run("rossler", T=2, **other)[1], other


@pytest.mark.parametrize("params", [{"M": 1}, {}])
def test_the_jacobian_of_the_table_is_that_of_the_model(params: dict[str, Any]) -> None:
    p, coupling = lyapunov_table.orbit("rossler", params)
    field, jacobian = lyapunov_table.rossler_system(p, coupling)
    s = 5 * np.random.default_rng(0).standard_normal((1, 3 * len(coupling)))
    h = 1e-4  # the velocity is quadratic: central differences are exact
    columns = [(field(s + h * unit) - field(s - h * unit))[0] / (2 * h) for unit in np.eye(s.size)]
    np.testing.assert_allclose(jacobian(s)[0], np.stack(columns, axis=1), atol=1e-8)
