"""Stuart-Landau oscillators against closed forms, the region of amplitude death and an independent integration."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from flows import GRAPH, divisors, exact, final_state, moved_derivatives, orders, strong_orders
from numpy.typing import NDArray
from scipy import integrate
from support import run

from pymts.errors import InvalidParameterError

Array = NDArray[np.float64]
OMEGA = [1.0, -0.5, 2.0]
START = [1.0, 0.3, -0.5, 0.2, -1.5, 0.7]  # x and y of three oscillators
QUIET = {"noise_std": 0.0, "burn_in": 0}


def pairwise(graph: Array, strength: float, rule: str, a: float) -> Any:
    """Return the right-hand side in complex numbers, one oscillator and one pair at a time."""
    n, over = len(graph), divisors(graph, rule)

    def rate(s: Array) -> Array:
        z = s[:n] + 1j * s[n:]
        out = np.zeros(n, complex)
        for i in range(n):
            out[i] = (a + 1j * OMEGA[i] - abs(z[i]) ** 2) * z[i]
            out[i] += sum(strength / over[i] * graph[i, j] * (z[j] - z[i]) for j in range(n))
        return np.concatenate([out.real, out.imag])

    return rate


@pytest.mark.parametrize("rule", ["none", "degree", "N"])
def test_it_follows_the_equation(rule: str) -> None:
    params = {"A": GRAPH, "K": 0.8, "a": 1.3, "omega": OMEGA, "normalization": rule, "x0": START, "observable": "all"}
    values, _ = run("stuart_landau", dt=0.01, T=41, sample_every=50, **params, **QUIET)
    expected = exact(pairwise(GRAPH, 0.8, rule, 1.3), START, 0.5 * np.arange(41))
    # RK4: (rate dt)^4 / 120 with rates up to about 7 at the start is 2e-7.
    np.testing.assert_allclose(values[0], expected, atol=1e-6)
    turned, _ = run("stuart_landau", dt=0.01, T=41, sample_every=50, **{**params, "A": GRAPH.T}, **QUIET)
    assert np.abs(turned[0] - expected).max() > 0.1


def test_the_error_falls_with_the_fourth_power_of_the_step() -> None:
    params = {"A": GRAPH, "K": 0.8, "omega": OMEGA, "x0": START, "observable": "all", "noise_std": 0.0}
    expected = exact(pairwise(GRAPH, 0.8, "none", 1.0), START, np.array([0.0, 3.0]))[-1]
    errors = [np.abs(final_state("stuart_landau", 3.0, steps, **params) - expected).max() for steps in (60, 120, 240)]
    np.testing.assert_allclose(orders(errors), 4, atol=0.2)


def test_the_strong_order_with_noise_is_one() -> None:
    params = {"A": GRAPH, "K": 0.8, "omega": OMEGA, "x0": START, "observable": "all", "noise_std": 0.3}
    np.testing.assert_allclose(strong_orders("stuart_landau", 2.0, 6, **params), 1, atol=0.15)


@pytest.mark.parametrize("a", [2.0, 1.0, -0.5])
def test_alone_the_amplitude_is_logistic_and_the_phase_is_even(a: float) -> None:
    values, _ = run("stuart_landau", M=6, K=0.0, a=a, omega=OMEGA, x0=START, observable="all", dt=0.01, T=601, **QUIET)
    z = values[0, :, :3] + 1j * values[0, :, 3:]
    time = 0.02 * np.arange(601)[:, None]
    start = np.abs(z[0]) ** 2
    growth = np.exp(2 * a * time)
    np.testing.assert_allclose(np.abs(z) ** 2, a * start * growth / (a + start * (growth - 1)), atol=1e-7)
    turned = np.unwrap(np.angle(z), axis=0)
    np.testing.assert_allclose(turned - turned[0], time * OMEGA, atol=1e-7)
    if a > 0:
        np.testing.assert_allclose(np.abs(z[-1]), np.sqrt(a), atol=2 * np.exp(-2 * a * 12))


def pair(strength: float, gap: float, start: list[float], time: float) -> Array:
    """Return z1 and z2 of a pair with a = 1 at times 0, time and 2 time."""
    values, _ = run(
        "stuart_landau", M=4, observable="all", topology="complete", K=strength, omega=[gap / 2, -gap / 2], x0=start,
        dt=0.05, T=3, sample_every=round(time / 0.05), **QUIET,
    )  # fmt: skip
    return np.asarray(values[0, :, :2] + 1j * values[0, :, 2:])


@pytest.mark.parametrize(
    ("strength", "gap"),
    [(1.1, 2.4), (1.1, 2.0), (0.9, 4.0), (1.5, 3.2), (1.5, 2.7), (3.0, 4.6), (3.0, 4.3), (1.05, 6.0), (0.95, 6.0)],
)
def test_a_pair_dies_where_the_linear_theory_says(strength: float, gap: float) -> None:
    """Death of a pair with a = 1: K > 1 and the gap of frequencies above 2 sqrt(2 K - 1)."""
    eigenvalues = np.linalg.eigvals([[1 - strength + 0.5j * gap, strength], [strength, 1 - strength - 0.5j * gap]])
    dies = strength > 1 and gap > 2 * np.sqrt(2 * strength - 1)
    assert (eigenvalues.real.max() < 0) == dies
    z = np.abs(pair(strength, gap, [1.0, -0.3, 0.2, 0.9], 80.0))
    if dies:
        assert z[2].max() < 10 * np.exp(eigenvalues.real.max() * 160)
    else:
        assert z[2].max() > 0.05


def test_a_locked_pair_has_the_amplitude_and_angle_of_the_closed_form() -> None:
    strength, gap = 1.5, 2.5
    z = pair(strength, gap, [1.0, 0.9, 0.0, 0.2], 40.0)[2]
    angle = np.arcsin(gap / (2 * strength))
    np.testing.assert_allclose(np.abs(z) ** 2, 1 - strength + strength * np.cos(angle), atol=1e-6)
    np.testing.assert_allclose(np.angle(z[0] / z[1]), angle, atol=1e-6)


@pytest.mark.parametrize(("a", "noise"), [(1.0, 0.5), (-0.5, 0.7), (0.0, 1.0)])
def test_noise_alone_gives_the_stationary_law(a: float, noise: float) -> None:
    """The density of r = |z| is r exp((a r^2 - r^4 / 2) / noise^2), whatever the frequency."""

    def moment(power: int) -> float:
        inner = lambda r: r ** (power + 1) * np.exp((a * r * r - r**4 / 2) / noise**2)  # noqa: E731
        return float(integrate.quad(inner, 0, 6)[0])

    params = {"M": 10, "observable": "all", "K": 0.0, "a": a, "noise_std": noise, "omega_mean": 3.0}
    values, _ = run("stuart_landau", dt=0.01, burn_in=800, T=1, n_realizations=2000, **params)
    square = (values[:, 0, :5] ** 2 + values[:, 0, 5:] ** 2).ravel()
    for power, sample in ((2, square), (4, square**2)):
        theory = moment(power) / moment(0)
        error = sample.std() / np.sqrt(sample.size)
        # Noise added at the ends of steps: a bias of the order of a rate times dt.
        assert abs(sample.mean() - theory) < 5 * error + 0.005 * theory
        assert error < 0.02 * theory
    # The mean of d|z|^2 vanishes: a <r^2> - <r^4> + noise^2 = 0.
    residual = a * square - square**2 + noise**2
    assert abs(residual.mean()) < 5 * residual.std() / np.sqrt(square.size) + 0.005 * noise**2


def test_equal_oscillators_end_in_step() -> None:
    values, _ = run("stuart_landau", M=6, topology="ring", K=1.0, omega=[2.0] * 6, T=10, **{**QUIET, "burn_in": 4000})
    assert np.ptp(values[0], axis=1).max() < 1e-9
    assert np.ptp(values[0, :, 0]) > 0.5


def test_influence_runs_from_source_to_target() -> None:
    params = {"A": GRAPH, "K": 0.8, "omega": OMEGA, "noise_std": 0.0}
    _, truth = run("stuart_landau", M=6, T=2, observable="all", **params)
    moved = moved_derivatives("stuart_landau", np.array(START), **params)
    np.testing.assert_array_equal(moved, truth["adjacency"].values != 0)
    np.testing.assert_array_equal(truth["adjacency"].values[3:, 3:], GRAPH + np.eye(3))
    np.testing.assert_array_equal(truth["omega"], OMEGA + OMEGA)
    np.testing.assert_array_equal(run("stuart_landau", T=2, **params)[1]["adjacency"], GRAPH)


def test_observables_are_parts_of_the_whole_and_frequencies_follow_their_law() -> None:
    whole, _ = run("stuart_landau", M=6, observable="all", T=30, n_realizations=3)
    for index, name in enumerate("xy"):
        part, _ = run("stuart_landau", M=3, observable=name, T=30, n_realizations=3)
        np.testing.assert_array_equal(part, whole[..., 3 * index : 3 * index + 3])
    n = 2000
    omega = run("stuart_landau", M=n, T=1, burn_in=0, omega_mean=3.0, omega_scale=2.0)[1]["omega"].values
    assert abs(omega.mean() - 3.0) < 5 * 2.0 / np.sqrt(n)
    assert abs(omega.std() / 2.0 - 1) < 5 / np.sqrt(2 * n)


def test_sizes_must_fit() -> None:
    with pytest.raises(InvalidParameterError, match="omega must be one number or M / 2 = 3 numbers, got 2 numbers"):
        run("stuart_landau", M=6, observable="all", omega=[1.0, 2.0])
