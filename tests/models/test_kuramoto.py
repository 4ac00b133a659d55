"""Kuramoto oscillators against closed forms and an independent pairwise integration."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import integrate, optimize, stats
from support import run

from pymts.errors import InvalidParameterError

Array = NDArray[np.float64]
EPS = np.finfo(float).eps

# A weighted, asymmetric graph with a negative edge, a self-loop and a node that receives nothing.
GRAPH = np.array(
    [[0.0, 1.5, 0.0, 0.0], [0.7, 0.0, -0.4, 1.1], [0.0, 0.0, 0.0, 0.0], [2.0, 0.0, 0.3, 0.5]], dtype=np.float64
)
OMEGA = [1.0, -0.5, 0.3, 2.0]
THETA0 = [0.1, 2.0, 4.0, 5.5]


def pairwise(coupling: Array, omega: Array, alpha: float) -> Callable[[float, Array], Array]:
    """Return the right-hand side as the equation has it, one pair at a time."""

    def velocity(_time: float, theta: Array) -> Array:
        rate = np.array(omega, dtype=float)
        for i in range(len(theta)):
            for j in range(len(theta)):
                rate[i] += coupling[i, j] * np.sin(theta[j] - theta[i] - alpha)
        return rate

    return velocity


def exact(coupling: Array, omega: Any, alpha: float, theta0: Any, times: Array) -> Array:
    """Integrate the pairwise form to rounding; return (time, oscillator)."""
    solution = integrate.solve_ivp(
        pairwise(coupling, omega, alpha), (0, times[-1]), theta0, "DOP853", times, rtol=1e-13, atol=1e-13
    )
    return np.asarray(solution.y.T)


def divisors(graph: Array, rule: str) -> Array:
    if rule == "N":
        return np.full(len(graph), len(graph))
    strength = [sum(abs(weight) for weight in row) for row in graph]
    return np.array([1.0 if rule == "none" or total == 0 else total for total in strength])


def test_without_coupling_phases_grow_with_their_own_frequency_in_channel_order() -> None:
    omega = [1.0, 2.0, 3.0, 4.0]
    values, truth = run("kuramoto", M=4, K=0.0, omega=omega, T=1000)
    time = 0.05 * np.arange(1000)
    expected = values[0, 0] + np.outer(time, omega)
    # Each step rounds the phase once (and the increment, which is far smaller), by half a unit in the last place.
    np.testing.assert_allclose(values[0], expected, atol=1000 * EPS * expected.max(), rtol=0)
    np.testing.assert_array_equal(truth["omega"], omega)


@pytest.mark.parametrize(
    "params", [{"topology": "complete"}, {"topology": "watts_strogatz", "k": 2, "weights": "normal"}]
)
def test_a_symmetric_graph_conserves_the_mean_frequency(params: dict[str, Any]) -> None:
    values, truth = run("kuramoto", M=9, K=3.0, normalization="N", T=500, n_realizations=3, **params)
    mean = values.mean(axis=-1)
    np.testing.assert_allclose((mean[:, -1] - mean[:, 0]) / (499 * 0.05), truth["omega"].values.mean(), atol=1e-12)


@pytest.mark.parametrize("rule", ["N", "degree", "none"])
@pytest.mark.parametrize("alpha", [0.0, 0.4])
@pytest.mark.parametrize("complete", [True, False])
def test_it_follows_the_pairwise_equation(rule: str, alpha: float, complete: bool) -> None:
    graph = 1.0 - np.eye(4) if complete else GRAPH
    given = {} if complete else {"A": GRAPH}
    params = {"M": 4, "K": 1.3, "alpha": alpha, "normalization": rule, "omega": OMEGA, "theta0": THETA0, "dt": 0.01}
    values, truth = run("kuramoto", T=300, **params, **given)
    np.testing.assert_array_equal(truth["adjacency"], graph)
    expected = exact(1.3 * graph / divisors(graph, rule)[:, None], OMEGA, alpha, THETA0, 0.01 * np.arange(300))
    # RK4: (rate dt)^4 per unit of time, with rates up to about 6 rad/s, is 1e-5 at its worst and 1e-7 typically.
    np.testing.assert_allclose(values[0], expected, atol=1e-6)
    if not complete:
        wrong, _ = run("kuramoto", T=300, **{**params, "A": GRAPH.T})
        assert np.abs(wrong[0] - expected).max() > 0.1
        turned = exact(1.3 * graph / divisors(graph, rule)[:, None], OMEGA, -alpha, THETA0, 0.01 * np.arange(300))
        assert alpha == 0 or np.abs(turned - values[0]).max() > 0.1


def test_the_matrix_of_a_complete_graph_gives_what_the_mean_field_gives() -> None:
    params = {"M": 6, "K": 2.0, "alpha": 0.3, "T": 100, "n_realizations": 3}
    field, truth = run("kuramoto", **params)
    matrix, _ = run("kuramoto", A=1.0 - np.eye(6), omega=truth["omega"].values, **params)
    np.testing.assert_allclose(matrix, field, atol=1e-12)  # 100 steps of rounding, in no chaotic regime


def test_influence_runs_from_source_to_target() -> None:
    params = {"M": 3, "topology": "chain", "K": 2.0, "omega": [1.0, 1.2, 0.9], "T": 50}
    base, truth = run("kuramoto", theta0=[0.0, 1.0, 2.0], **params)
    np.testing.assert_array_equal(truth["adjacency"], [[0, 0, 0], [1, 0, 0], [0, 1, 0]])
    first, _ = run("kuramoto", theta0=[0.5, 1.0, 2.0], **params)
    last, _ = run("kuramoto", theta0=[0.0, 1.0, 2.5], **params)
    assert (np.abs(first - base)[0, -1] > 1e-3).all()
    np.testing.assert_array_equal(last[..., :2], base[..., :2])


@pytest.mark.parametrize(("method", "order"), [("rk4", 4), ("euler", 1)])
def test_the_error_falls_with_the_order_of_the_method(method: str, order: int) -> None:
    end = 2.0
    expected = exact(2.0 / 4 * GRAPH, OMEGA, 0.2, THETA0, np.array([0.0, end]))[-1]
    errors = []
    for steps in (20, 40, 80):
        values, _ = run(
            "kuramoto", A=GRAPH, K=2.0, alpha=0.2, omega=OMEGA, theta0=THETA0, method=method, dt=end / steps,
            T=2, sample_every=steps,
        )  # fmt: skip
        errors.append(np.abs(values[0, -1] - expected).max())
    slopes = -np.diff(np.log2(errors))
    assert abs(slopes[-1] - order) < 0.15, slopes


G_ZERO = {"normal": 1 / np.sqrt(2 * np.pi), "uniform": 0.5, "lorentzian": 1 / np.pi}  # density at the centre
LAWS = {"normal": stats.norm(), "uniform": stats.uniform(-1, 2), "lorentzian": stats.cauchy()}


def quantiles(law: str, n: int) -> Array:
    return np.asarray(LAWS[law].ppf((np.arange(n) + 0.5) / n))


def self_consistent(law: str, coupling: float) -> float:
    """Return r > 0 with 1 = K times the integral of cos^2(x) g(K r sin x) over the locked phases."""

    def excess(r: float) -> float:
        inner = lambda x: np.cos(x) ** 2 * LAWS[law].pdf(coupling * r * np.sin(x))  # noqa: E731
        edges = [np.arcsin(1 / (coupling * r))] if law == "uniform" and coupling * r > 1 else None
        bounds = (-edges[0], edges[0]) if edges else (-np.pi / 2, np.pi / 2)
        return float(coupling * integrate.quad(inner, *bounds)[0] - 1)

    return float(optimize.brentq(excess, 1e-6, 1.0 - 1e-9))


@pytest.mark.parametrize("law", ["normal", "uniform", "lorentzian"])
def test_order_sets_in_at_the_critical_coupling(law: str) -> None:
    critical = 2 / (np.pi * G_ZERO[law])
    n = 1000
    params = {"M": n, "omega": quantiles(law, n), "burn_in": 600, "T": 100, "sample_every": 4}
    below = run("kuramoto", K=0.7 * critical, **params)[1]["order_parameter"].values.mean()
    above = run("kuramoto", K=1.3 * critical, **params)[1]["order_parameter"].values.mean()
    # Incoherent phases of n oscillators give r of about n^(-1/2) = 0.03, raised by 1 / (1 - K / Kc)^(1/2).
    assert below < 4 * n**-0.5
    # Quantiles leave an error of about 1 / n, and a remaining transient.
    assert abs(above - self_consistent(law, 1.3 * critical)) < 2e-3


@pytest.mark.parametrize("coupling", [3.0, 4.0, 6.0])
def test_lorentzian_order_is_the_square_root_law(coupling: float) -> None:
    values = run("kuramoto", M=2000, K=coupling, omega=quantiles("lorentzian", 2000), T=400, burn_in=400)
    r = values[1]["order_parameter"].values.mean()
    # Quantiles in place of draws: what is left is 1/N times the tail that 2000 quantiles miss, 1e-3.
    assert abs(r - np.sqrt(1 - 2 / coupling)) < 2e-3


@pytest.mark.parametrize("law", ["normal", "uniform", "lorentzian"])
def test_frequencies_follow_their_law(law: str) -> None:
    n = 1000
    omega = run("kuramoto", M=n, T=1, frequency=law, omega_mean=0.7, omega_scale=1.9)[1]["omega"].values
    statistic = stats.kstest((omega - 0.7) / 1.9, LAWS[law].cdf).statistic
    assert statistic < 2.74 / np.sqrt(n)  # as unlikely as five standard deviations: sqrt(ln(2 / 5.7e-7) / 2)


@pytest.mark.parametrize("gap", [0.5, 0.99])
def test_two_oscillators_lock_when_their_frequencies_differ_by_at_most_the_coupling(gap: float) -> None:
    values, _ = run("kuramoto", M=2, omega=[gap, 0.0], T=2, sample_every=4000, theta0=[0.0, 1.0])
    difference = values[0, -1, 0] - values[0, -1, 1]
    # The approach is exponential at the rate sqrt(1 - gap^2) of at least 0.14 over 200 s: e^-28.
    np.testing.assert_allclose(difference, np.arcsin(gap), atol=1e-10)


@pytest.mark.parametrize("gap", [1.01, 1.5, 4.0])
def test_two_oscillators_beat_beyond_it_with_the_known_period(gap: float) -> None:
    period = 2 * np.pi / np.sqrt(gap**2 - 1.0)
    values, _ = run("kuramoto", M=2, omega=[gap, 0.0], T=6, dt=period / 1000, sample_every=1000, theta0=[0.3, 0.0])
    difference = values[0, :, 0] - values[0, :, 1]
    np.testing.assert_allclose(difference - 0.3, 2 * np.pi * np.arange(6), atol=1e-5)  # RK4 with (gap dt)^4 below 1e-5


def test_a_phase_lag_slows_a_locked_pair_and_widens_their_angle() -> None:
    alpha, coupling = 0.6, 2.0
    together, _ = run("kuramoto", M=2, K=coupling, alpha=alpha, omega=[0, 0], theta0=[1.0, 1.0], T=200)
    time = 0.05 * np.arange(200)
    # Either pulls the other with K / 2 sin(-alpha); RK4 is exact on a constant rate.
    np.testing.assert_allclose(together[0, :, 0], 1.0 - coupling / 2 * np.sin(alpha) * time, atol=1e-12)
    apart, _ = run("kuramoto", M=2, K=coupling, alpha=alpha, omega=[1.0, 0.0], T=2, sample_every=2000)
    angle = np.angle(np.exp(1j * (apart[0, -1, 0] - apart[0, -1, 1])))
    np.testing.assert_allclose(angle, np.arcsin(1.0 / (coupling * np.cos(alpha))), atol=1e-10)


def test_noise_alone_makes_brownian_phases() -> None:
    n, std, dt = 500, 0.7, 0.05
    values, truth = run("kuramoto", M=3, K=0.0, noise_std=std, dt=dt, T=41, n_realizations=n)
    walk = values - values[:, :1] - truth["omega"].values * dt * np.arange(41)[:, None]
    for step in (1, 7, 40):
        law = std**2 * dt * step
        sample = walk[:, step].ravel()
        assert abs(sample.mean()) < 5 * np.sqrt(law / sample.size)
        assert abs(np.mean(sample**2) / law - 1) < 5 * np.sqrt(2 / sample.size)
    kicks = np.diff(walk, axis=1) / (std * np.sqrt(dt))  # (R, steps, M)
    for one, other in (
        (kicks[:, 1:], kicks[:, :-1]),
        (kicks[..., 1:], kicks[..., :-1]),
        (kicks[1:], kicks[:-1]),
        (kicks[1:, 1:], kicks[:-1, :-1]),
    ):
        assert abs(np.mean(one * other)) < 5 / np.sqrt(one.size)


@pytest.mark.parametrize("method", ["rk4", "euler"])
def test_noise_adds_to_the_deterministic_step(method: str) -> None:
    params = {"M": 4, "T": 2, "method": method, "theta0": THETA0, "omega": OMEGA}
    smooth, _ = run("kuramoto", **params)
    kicks = [run("kuramoto", noise_std=std, **params)[0][0, 1] - smooth[0, 1] for std in (0.1, 0.3)]
    np.testing.assert_allclose(kicks[1], 3 * kicks[0], atol=1e-14)


@pytest.mark.parametrize("observable", ["sin", "cos"])
def test_observables_are_functions_of_the_phase(observable: str) -> None:
    params = {"M": 4, "T": 200, "n_realizations": 2, "noise_std": 0.2}
    phase, truth = run("kuramoto", **params)
    seen, same_truth = run("kuramoto", observable=observable, **params)
    np.testing.assert_allclose(seen, getattr(np, observable)(phase), atol=2 * np.finfo(float).eps)
    np.testing.assert_array_equal(same_truth["order_parameter"], truth["order_parameter"])


@pytest.mark.parametrize("shape", [(5, 700, 3), (3, 1, 1), (1, 20, 2)])
def test_the_order_parameter_is_the_length_of_the_mean_phasor(shape: tuple[int, int, int]) -> None:
    m, t, n = shape
    values, truth = run("kuramoto", M=m, T=t, n_realizations=n, K=2.0)
    expected = np.abs(np.exp(1j * values).mean(axis=-1)).T  # (time, realization)
    assert truth["order_parameter"].dims == ("time", "realization")
    np.testing.assert_allclose(truth["order_parameter"], expected, atol=1e-14)


@pytest.mark.parametrize("params", [{}, {"topology": "erdos_renyi"}])
def test_memory_never_holds_a_matrix_a_realization(params: dict[str, Any]) -> None:
    m, n = 200, 40
    run("kuramoto", M=3, T=2, **params)  # what the first call imports is not of interest
    tracemalloc.start()
    try:
        run("kuramoto", M=m, T=3, n_realizations=n, **params)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 0.5 * 8 * m * m * n


def test_vectors_must_have_one_value_a_channel() -> None:
    for name in ("omega", "theta0"):
        with pytest.raises(InvalidParameterError, match=f"{name} must be one number or M = 5 numbers, got 2 numbers"):
            run("kuramoto", **{name: [1.0, 2.0]})
