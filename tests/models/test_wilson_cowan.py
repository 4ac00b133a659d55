"""Wilson-Cowan units against fixed points, Jacobians, bounds and an independent integration."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from flows import GRAPH, divisors, exact, final_state, moved_derivatives, orders, strong_orders
from numpy.typing import NDArray
from scipy import linalg, optimize
from support import run

from pymts.errors import InvalidParameterError

Array = NDArray[np.float64]
DRIVE = [1.2, 1.5, 0.9]
START = [0.1, 0.3, 0.2, 0.05, 0.2, 0.4]  # E and I of three units
TAU = 0.008
DEFAULTS = {
    "c_ee": 16.0, "c_ei": 12.0, "c_ie": 15.0, "c_ii": 3.0, "a_e": 1.3, "a_i": 2.0, "theta_e": 4.0, "theta_i": 3.7,
    "refractory": 1.0, "tau_e": TAU, "tau_i": TAU, "Q": 0.0,
}  # fmt: skip
# Every number different from its default and from any other.
OTHERS = {
    "c_ee": 15.0, "c_ei": 11.0, "c_ie": 14.0, "c_ii": 2.0, "a_e": 1.4, "a_i": 1.9, "theta_e": 3.9, "theta_i": 3.6,
    "refractory": 0.9, "tau_e": 0.009, "tau_i": 0.007, "Q": 0.2,
}  # fmt: skip


def sigmoid(u: Any) -> Any:
    return 0.5 * (1 + np.tanh(u / 2))


def pairwise(graph: Array, strength: float, rule: str, drive: list[float], **numbers: float) -> Any:
    """Return the right-hand side as the equation has it, one unit and one pair at a time."""
    n, over, p = len(graph), divisors(graph, rule), SimpleNamespace(**{**DEFAULTS, **numbers})

    def rate(s: Array) -> Array:
        out = np.zeros(2 * n)
        for i in range(n):
            e, inh = s[i], s[n + i]
            other = sum(strength / over[i] * graph[i, j] * s[j] for j in range(n))
            of_e = sigmoid(p.a_e * (p.c_ee * e - p.c_ei * inh + drive[i] + other - p.theta_e))
            of_i = sigmoid(p.a_i * (p.c_ie * e - p.c_ii * inh + p.Q - p.theta_i))
            out[i] = (-e + (1 - p.refractory * e) * of_e) / p.tau_e
            out[n + i] = (-inh + (1 - p.refractory * inh) * of_i) / p.tau_i
        return out

    return rate


@pytest.mark.parametrize("rule", ["none", "degree", "N"])
def test_it_follows_the_equation(rule: str) -> None:
    params = {"A": GRAPH, "K": 2.0, "drive": DRIVE, "normalization": rule, "x0": START, "observable": "all", **OTHERS}
    values, _ = run("wilson_cowan", dt=2e-4, T=41, sample_every=25, burn_in=0, **params)
    expected = exact(pairwise(GRAPH, 2.0, rule, DRIVE, **OTHERS), START, 0.005 * np.arange(41))
    # RK4: rates of up to 600 / s in jumps between the states, (600 dt)^4 / 120 = 2e-6.
    np.testing.assert_allclose(values[0], expected, atol=1e-5)
    turned, _ = run("wilson_cowan", dt=2e-4, T=41, sample_every=25, burn_in=0, **{**params, "A": GRAPH.T})
    assert np.abs(turned[0] - expected).max() > 0.05


def test_the_error_falls_with_the_fourth_power_of_the_step() -> None:
    params = {"A": GRAPH, "K": 2.0, "drive": DRIVE, "x0": START, "observable": "all"}
    expected = exact(pairwise(GRAPH, 2.0, "none", DRIVE), START, np.array([0.0, 0.03]))[-1]
    errors = [np.abs(final_state("wilson_cowan", 0.03, steps, **params) - expected).max() for steps in (100, 200, 400)]
    np.testing.assert_allclose(orders(errors), 4, atol=0.2)


def test_the_strong_order_with_noise_is_one() -> None:
    params = {"A": GRAPH, "K": 2.0, "drive": DRIVE, "x0": START, "observable": "all", "noise_std": 0.1}
    np.testing.assert_allclose(strong_orders("wilson_cowan", 0.02, 6, coarse=32, **params), 1, atol=0.15)


def fixed_points(drive: float) -> list[Array]:
    """Return the fixed points of one unit, from many starts."""
    rate = pairwise(np.zeros((1, 1)), 0.0, "none", [drive])
    found: dict[tuple[float, ...], Array] = {}
    for start in np.random.default_rng(0).random((30, 2)):
        root = optimize.root(lambda s: TAU * rate(s), start, tol=1e-14)
        if np.abs(TAU * rate(root.x)).max() < 1e-12:
            found[tuple(np.round(root.x, 6))] = root.x
    return [found[key] for key in sorted(found)]


def jacobian(point: Array, drive: float) -> Array:
    e, i = point
    se, si = sigmoid(1.3 * (16 * e - 12 * i + drive - 4)), sigmoid(2 * (15 * e - 3 * i - 3.7))
    de, di = (1 - e) * 1.3 * se * (1 - se), (1 - i) * 2 * si * (1 - si)
    return np.array([[-1 - se + 16 * de, -12 * de], [15 * di, -1 - si - 3 * di]]) / TAU


def one_unit(start: Array, drive: float, **params: Any) -> Array:
    values, _ = run("wilson_cowan", M=2, observable="all", x0=start, drive=[drive], burn_in=0, **params)
    return np.asarray(values[0])


@pytest.mark.parametrize(("drive", "how_many"), [(0.0, 1), (1.0, 3), (1.25, 1), (1.75, 1), (2.0, 1), (3.0, 1)])
def test_fixed_points_stay_and_their_jacobian_tells_how_they_are_left(drive: float, how_many: int) -> None:
    points = fixed_points(drive)
    assert len(points) == how_many
    for point in points:
        stayed = one_unit(point, drive, T=2, sample_every=1)
        np.testing.assert_allclose(stayed[1], stayed[0], atol=1e-10)
        eigenvalues, vectors = np.linalg.eig(jacobian(point, drive))
        which = np.argmax(eigenvalues.real)
        rate = eigenvalues[which]
        period = 2 * np.pi / abs(rate.imag) if rate.imag else 0.01
        away = one_unit(point + 1e-7 * vectors[:, which].real, drive, dt=period / 200, sample_every=200, T=4) - point
        grown = np.linalg.norm(away[1:], axis=1) / np.linalg.norm(away[:-1], axis=1)
        np.testing.assert_allclose(np.log(grown), rate.real * period, atol=2e-4)


def test_weak_noise_spreads_as_the_jacobian_says() -> None:
    """About a stable fixed point the deviations are an Ornstein-Uhlenbeck process: J P + P J' = -noise^2 1."""
    drive, noise = 3.0, 0.02
    (point,) = fixed_points(drive)
    theory = linalg.solve_continuous_lyapunov(jacobian(point, drive), -(noise**2) * np.eye(2))
    params = {"M": 2, "observable": "all", "drive": [drive], "x0": point, "noise_std": noise}
    values, _ = run("wilson_cowan", dt=2e-4, T=1, burn_in=1000, n_realizations=8000, **params)
    deviation = values[:, 0] - point
    products = deviation[:, :, None] * deviation[:, None]
    errors = products.std(axis=0) / np.sqrt(len(products))
    # Noise at the ends of steps: rates of 400 / s times dt, 0.02 of the size, at most.
    assert (np.abs(products.mean(axis=0) - theory) < 5 * errors + 0.02 * theory[0, 0]).all()
    assert (errors < 0.1 * np.abs(theory)).all()


@pytest.mark.parametrize("drive", [0.5, 1.25, 1.7, 2.25, 3.0])
def test_it_oscillates_where_its_only_fixed_point_is_unstable(drive: float) -> None:
    """In a plane, bounded and with one fixed point that repels: a limit cycle (Poincare and Bendixson)."""
    point, *others = fixed_points(drive)
    assert not others
    unstable = np.linalg.eigvals(jacobian(point, drive)).real.max() > 0
    assert unstable == (1.1 < drive < 1.83)
    late = one_unit(np.array([0.1, 0.3]), drive, T=400, sample_every=10)
    if unstable:
        assert np.ptp(late[200:, 0]) > 0.03
    else:
        np.testing.assert_allclose(late[200:], np.broadcast_to(point, (200, 2)), atol=1e-4)  # e^-10


@pytest.mark.parametrize("params", [{"K": 20.0, "topology": "complete"}, {"K": 8.0, "weights": "signed"}, {"P": 30.0}])
def test_without_noise_rates_stay_between_nothing_and_all(params: dict[str, Any]) -> None:
    values, _ = run("wilson_cowan", M=20, observable="all", T=400, burn_in=0, n_realizations=20, P_scale=2.0, **params)
    assert values.min() >= 0
    assert values.max() <= 1


def test_influence_runs_from_source_to_target() -> None:
    params = {"A": GRAPH, "K": 2.0, "drive": DRIVE}
    _, truth = run("wilson_cowan", M=6, T=2, observable="all", **params)
    moved = moved_derivatives("wilson_cowan", np.array(START), dt=1e-9, **params)
    np.testing.assert_array_equal(moved, truth["adjacency"].values != 0)
    np.testing.assert_array_equal(truth["adjacency"].values[:3, :3], GRAPH + np.eye(3))
    np.testing.assert_array_equal(run("wilson_cowan", T=2, **params)[1]["adjacency"], GRAPH)


def test_the_drive_is_that_of_the_channels_population() -> None:
    whole, truth = run("wilson_cowan", M=6, observable="all", T=30, n_realizations=3, Q=0.3)
    np.testing.assert_array_equal(truth["drive"][3:], 0.3)
    for index, name in enumerate("EI"):
        part, seen = run("wilson_cowan", M=3, observable=name, T=30, n_realizations=3, Q=0.3)
        np.testing.assert_array_equal(part, whole[..., 3 * index : 3 * index + 3])
        np.testing.assert_array_equal(seen["drive"], truth["drive"][3 * index : 3 * index + 3])
    again, _ = run("wilson_cowan", M=3, T=30, n_realizations=3, Q=0.3, drive=truth["drive"].values[:3])
    np.testing.assert_array_equal(again, whole[..., :3])
    n = 2000
    drawn = run("wilson_cowan", M=n, T=1, burn_in=0, P=2.0, P_scale=0.5)[1]["drive"].values
    assert abs(drawn.mean() - 2.0) < 5 * 0.5 / np.sqrt(n)
    assert abs(drawn.std() / 0.5 - 1) < 5 / np.sqrt(2 * n)


def test_sizes_must_fit() -> None:
    with pytest.raises(InvalidParameterError, match="drive must be one number or M / 2 = 3 numbers, got 2 numbers"):
        run("wilson_cowan", M=6, observable="all", drive=[1.0, 2.0])
