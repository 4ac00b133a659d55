"""Mackey-Glass equations against fixed points, their linear theory, identities and an independent integration."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from flows import GRAPH, batch_means, divisors, orders, strong_orders
from numpy.typing import NDArray
from scipy import integrate, optimize
from support import run

from pymts.errors import InvalidParameterError
from pymts.numerics.coupling import Graph
from pymts.numerics.delay import DelayFlow, DelayProblem, HistoryMap
from pymts.numerics.portable.compiled import inlined

Array = NDArray[np.float64]
START = [0.5, 0.9, 1.2]


BETA, GAMMA, STEEPNESS, TAU = 0.22, 0.11, 9.0, 17.0


def by_steps(graph: Array, strength: float, rule: str, start: list[float], delays: int) -> Array:
    """Integrate delay after delay to rounding, each reading the dense solution before it; (M,) at the end."""
    n, over, tau = len(graph), divisors(graph, rule), TAU
    before: Callable[[float], Array] = lambda _: np.array(start)  # noqa: E731
    x = np.array(start)
    for k in range(delays):

        def rate(t: float, y: Array, late: Callable[[float], Array] = before) -> Array:
            old = late(t - tau)
            out = BETA * old / (1 + old**STEEPNESS) - GAMMA * y
            for i in range(n):
                out[i] += sum(strength / over[i] * graph[i, j] * (y[j] - y[i]) for j in range(n))
            return out

        found = integrate.solve_ivp(
            rate, (k * tau, (k + 1) * tau), x, "DOP853", dense_output=True, rtol=1e-12, atol=1e-13, max_step=0.5
        )
        before, x = found.sol, found.y[:, -1]
    return np.asarray(x)


@pytest.mark.parametrize("rule", ["none", "degree", "N"])
def test_it_follows_the_equation_with_an_error_of_fourth_order(rule: str) -> None:
    expected = by_steps(GRAPH, 0.02, rule, START, 5)
    params = {"A": GRAPH, "K": 0.02, "normalization": rule, "x0": START, "burn_in": 0, "T": 2}
    params |= {"beta": BETA, "gamma": GAMMA, "n": STEEPNESS, "tau": TAU}
    errors = []
    for steps in (17, 34, 68):
        values, _ = run("mackey_glass", dt=17 / steps, sample_every=5 * steps, **params)
        errors.append(float(np.abs(values[0, 1] - expected).max()))
    np.testing.assert_allclose(orders(errors), 4, atol=0.2)
    assert errors[1] < 1e-5  # the default step
    turned, _ = run("mackey_glass", dt=0.25, sample_every=340, **{**params, "A": GRAPH.T})
    assert np.abs(turned[0, 1] - expected).max() > 0.01


def test_the_strong_order_with_noise_is_one() -> None:
    params = {"A": GRAPH, "K": 0.02, "x0": START, "noise_std": 0.02}
    np.testing.assert_allclose(strong_orders("mackey_glass", 51.0, 3, coarse=12, **params), 1, atol=0.15)


@pytest.mark.parametrize(("beta", "gamma", "n"), [(0.2, 0.1, 10.0), (0.3, 0.1, 4.0), (0.15, 0.2, 3.0)])
def test_fixed_points_stay(beta: float, gamma: float, n: float) -> None:
    point = (beta / gamma - 1) ** (1 / n) if beta > gamma else 0.0
    # Rounding grows at the rate of the linear theory, below 0.1 a second.
    values, _ = run("mackey_glass", beta=beta, gamma=gamma, n=n, x0=[point] * 5, T=100, burn_in=0)
    np.testing.assert_allclose(values, point, atol=1e-10)


def fastest_root(tau: float) -> complex:
    """Return the root s of s = slope e^(-s tau) - gamma of largest real part; the slope at x = 1 is -0.4."""
    slope = 0.2 * (1 - 9) / 4

    def characteristic(parts: Array) -> list[float]:
        s = complex(*parts)
        value = s - slope * np.exp(-s * tau) + 0.1
        return [value.real, value.imag]

    found = [optimize.root(characteristic, [0.0, w], tol=1e-13) for w in np.linspace(0.05, 1.0, 20)]
    return max((complex(*one.x) for one in found if one.success), key=lambda s: s.real)


@pytest.mark.parametrize("tau", [4.0, 4.5, 5.0, 6.0])
def test_the_fixed_point_turns_unstable_at_the_delay_that_the_characteristic_equation_gives(tau: float) -> None:
    slope, gamma = -0.4, 0.1
    frequency = np.sqrt(slope**2 - gamma**2)
    critical = np.arccos(gamma / slope) / frequency  # s = i w on the axis: 4.71
    root = fastest_root(tau)
    assert (root.real > 0) == (tau > critical)
    dt = tau / 40
    values, _ = run("mackey_glass", M=1, tau=tau, dt=dt, x0=[1 + 1e-8], T=401, sample_every=1, burn_in=800)
    time = dt * np.arange(401)
    # Far from the start only the slowest pair of roots is left: fit its cosine and sine with the known growth.
    wave = np.exp(root * time)
    basis = np.stack([wave.real, wave.imag], axis=1)
    weights = np.exp(-root.real * time)[:, None]
    deviation = (values[0] - 1) * weights
    left = deviation - (basis * weights) @ np.linalg.lstsq(basis * weights, deviation, rcond=None)[0]
    assert np.abs(left).max() < 1e-3 * np.abs(deviation).max()


def test_production_balances_decay_on_average() -> None:
    n, steps = 200, 34
    values, _ = run("mackey_glass", M=1, K=0.0, T=4000, sample_every=1, n_realizations=n, burn_in=10_000)
    x = values[..., 0]
    late, now = x[:, :-steps], x[:, steps:]
    mean, error = batch_means(0.2 * late / (1 + late**10) - 0.1 * now)
    assert abs(mean) < 5 * error
    assert error < 1e-3 * 0.1 * now.mean()  # the bound can fail
    early, error = batch_means(0.2 * late[:, 1:] / (1 + late[:, 1:] ** 10) - 0.1 * late[:, :-1])
    assert (
        abs(early) < 5 * error
    )  # stationary: the mean does not know the delay; the path does, which the next line says
    assert np.abs(np.diff(now, axis=1) / 0.5 - (0.2 * late / (1 + late**10) - 0.1 * now)[:, :-1]).max() < 0.02


def test_influence_runs_from_source_to_target_and_each_unit_hears_itself_after_tau() -> None:
    params = {"A": GRAPH, "K": 0.1, "dt": 1e-3, "tau": 1.0, "burn_in": 0, "T": 2, "sample_every": 1}
    base, truth = run("mackey_glass", x0=START, **params)
    np.testing.assert_array_equal(truth["adjacency"], GRAPH)
    np.testing.assert_array_equal(truth["delay"], [1.0, 1.0, 1.0])
    step = (base[0, 1] - base[0, 0]) / 1e-3
    moved = np.zeros((3, 3), dtype=bool)
    for j in range(3):
        start = np.array(START)
        start[j] += 0.01
        pushed, _ = run("mackey_glass", x0=start, **params)
        moved[:, j] = np.abs((pushed[0, 1] - pushed[0, 0]) / 1e-3 - step) > 1e-5
    np.testing.assert_array_equal(moved, (GRAPH != 0) | np.eye(3, dtype=bool))


def repeats(tau: float) -> float:
    """Return how far the path is from repeating itself after some time of 20 to 400 s, over its range."""
    values, _ = run("mackey_glass", M=1, tau=tau, T=2401, sample_every=1, burn_in=12_000, x0=[0.9])
    x = values[0, :, 0]
    return float(min(np.abs(x[lag : 1601 + lag] - x[:1601]).max() for lag in range(40, 800)) / np.ptp(x))


def test_a_delay_of_14_is_periodic_and_one_of_17_is_not() -> None:
    # A period falls between two steps: half a step at the steepest slope, 0.1 a second, is 0.03 of the range.
    assert repeats(14.0) < 0.04
    assert repeats(17.0) > 0.15


@inlined
def production(x: Any, _params: Any) -> Any:
    power = x * x * x * x * x * x * x * x * x * x
    return 0.2 * x / (1.0 + power)


@inlined
def decay(x: Any, arrived: Any, _params: Any) -> Any:
    return arrived - 0.1 * x


def largest_exponent(tau: float, orbits: int, length: int) -> tuple[float, float]:
    """Return the largest Lyapunov exponent and its error, from how fast neighbours part that are pulled together again.

    Two uncoupled units of a path start 1e-8 apart; histories of a delay are shrunk to that distance after each.
    """
    dt, apart = 0.5, 1e-8
    steps = round(tau / dt)
    graph = Graph.of(np.zeros((2, 2)))
    problem = DelayProblem(DelayFlow("pair", production, decay), [graph], [(0.0,)], steps, dt, np.zeros(1))
    move = HistoryMap(problem)
    start = 0.5 + np.random.default_rng(0).random((orbits, 1)) + apart * np.arange(2)
    state = move.at_rest(start)
    delays, settling = round(length / steps), round(2000 / steps)
    growth = np.zeros((delays, orbits))
    for n in range(settling + delays):
        state = move(state)
        both = state.reshape(orbits, 2, steps + 1, 2)
        distance = both[..., 1] - both[..., 0]
        size = np.linalg.norm(distance[:, 0], axis=1)
        both[..., 1] = both[..., 0] + distance * (apart / size)[:, None, None]
        if n >= settling:
            growth[n - settling] = np.log(size / apart)
    # The first pull is from another distance: it belongs to what settles.
    rates = growth[1:].mean(axis=0) / tau
    return float(rates.mean()), float(rates.std(ddof=1) / np.sqrt(orbits))


def test_the_largest_lyapunov_exponent_is_positive_at_17_and_zero_at_14() -> None:
    """Long runs, 400 orbits of 10,000 s, give 0.00514 with an error of 0.00002 at tau = 17."""
    chaotic, error = largest_exponent(17.0, 200, 8000)
    assert chaotic > 5 * error
    periodic, _ = largest_exponent(14.0, 50, 8000)
    assert abs(periodic) < np.log(100) / 4000  # a cycle: 0, up to a ratio of norms


def test_the_delay_is_a_whole_number_of_steps_or_refused() -> None:
    with pytest.raises(InvalidParameterError) as refusal:
        run("mackey_glass", dt=0.3)
    assert str(refusal.value) == (
        "mackey_glass: tau must be a multiple of dt = 0.3, got 17; the nearest is 17.1, or take dt = 0.298245614035"
    )
    with pytest.raises(
        InvalidParameterError, match="tau must be at most 100000 steps of dt = 1e-06, got 17; take a larger"
    ):
        run("mackey_glass", dt=1e-6)
    assert run("mackey_glass", tau=17.1, dt=0.3, T=2)[0].shape == (1, 2, 5)
    assert run("mackey_glass", tau=0.3, dt=0.1, T=2)[0].shape == (1, 2, 5)
    with pytest.raises(InvalidParameterError, match=r"a multiple of dt = 1, got 0\.2; the nearest is 1, or"):
        run("mackey_glass", tau=0.2, dt=1.0)


def test_weak_noise_spreads_as_the_linear_theory_says() -> None:
    """Without feedback the units are Ornstein-Uhlenbeck processes with the rate gamma."""
    params = {"M": 2, "beta": 0.0, "K": 0.0, "noise_std": 0.3, "x0": [0.0, 0.0], "T": 2, "n_realizations": 4000}
    values, _ = run("mackey_glass", dt=0.1, tau=17.0, burn_in=300, sample_every=50, **params)
    for index, time in ((0, 30.0), (1, 35.0)):
        law = 0.3**2 / 0.2 * (1 - np.exp(-0.2 * time))
        sample = values[:, index].ravel()
        # Noise added at the ends of steps: the variance is off by gamma dt, 0.01 of it.
        assert abs(np.mean(sample**2) / law - 1) < 5 * np.sqrt(2 / sample.size) + 0.011
