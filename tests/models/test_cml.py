"""Coupled map lattices against plain loops, exact conjugacy and the arcsine law."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, get_args

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats
from support import run

from pymts.errors import InvalidParameterError
from pymts.models.cml import Preset
from pymts.plan.configuration import Configuration

Array = NDArray[np.float64]
EPS = np.finfo(float).eps
X0 = [0.12, 0.34, 0.56, 0.78]
OLD = {"r": 3.8, "a": 1.71}
# A weighted, directed graph with a self-loop and a node that receives nothing.
GRAPH = [[0.0, 1.5, 0.0, 0.0], [0.7, 0.0, 0.4, 1.1], [0.0, 0.0, 0.0, 0.0], [2.0, 0.0, 0.3, 0.5]]

MAPS: dict[str, tuple[Callable[[float], float], Callable[[float], float]]] = {  # f and f' at r 3.8 and a 1.71
    "logistic": (lambda x: 3.8 * x * (1.0 - x), lambda x: 3.8 * (1.0 - 2.0 * x)),
    "quadratic": (lambda x: 1.0 - 1.71 * x * x, lambda x: -3.42 * x),
}


def plain(local_map: str, graph: Any, eps: float, x0: list[float], steps: int) -> tuple[Array, Array]:
    """Iterate one node at a time; return the states (time, node) and how far rounding may have carried them."""
    f, slope = MAPS[local_map]
    states, bounds = [list(x0)], [[0.0] * len(x0)]
    for _ in range(steps):
        x, off = states[-1], bounds[-1]
        new, wide = [], []
        for i, row in enumerate(graph):
            strength = sum(abs(weight) for weight in row)
            share = eps if strength else 0.0
            value = (1.0 - share) * f(x[i])
            # Rounding of earlier steps grows with the slope along the orbit; each step adds a few units more.
            carried = (1.0 - share) * abs(slope(x[i])) * off[i] + 16 * EPS
            for j, weight in enumerate(row):
                if weight:
                    value += share / strength * weight * f(x[j])
                    carried += share / strength * abs(weight * slope(x[j])) * off[j]
            new.append(value)
            wide.append(carried)
        states.append(new)
        bounds.append(wide)
    return np.array(states), np.array(bounds)


def assert_follows(values: Array, expected: Array, bounds: Array) -> None:
    assert bounds.max() < 1e-3, "the comparison says nothing once rounding has grown"
    assert (np.abs(values - expected) <= 4 * bounds).all()


@pytest.mark.parametrize("local_map", ["logistic", "quadratic"])
@pytest.mark.parametrize("eps", [0.0, 0.3, 1.0])
def test_it_equals_a_plain_loop_on_a_weighted_directed_graph(local_map: str, eps: float) -> None:
    params = {
        "A": GRAPH,
        "local_map": local_map,
        "eps": eps,
        "x0": X0,
        "T": 41,
        "burn_in": 0,
        "n_realizations": 2,
        **OLD,
    }
    values, truth = run("cml", **params)
    expected, bounds = plain(local_map, GRAPH, eps, X0, 40)
    assert_follows(values, expected, bounds)
    np.testing.assert_array_equal(truth["adjacency"], GRAPH)
    if eps:
        turned, _ = run("cml", **{**params, "A": np.transpose(GRAPH)})
        assert np.abs(turned - expected)[:, :6].max() > 0.05


@pytest.mark.parametrize("local_map", ["logistic", "quadratic"])
def test_without_coupling_the_maps_are_independent(local_map: str) -> None:
    f, slope = MAPS[local_map]
    values, _ = run("cml", M=4, local_map=local_map, eps=0.0, x0=X0, T=41, burn_in=0, **OLD)
    for channel, x in enumerate(X0):
        off = 0.0
        for step in range(41):
            assert abs(values[0, step, channel] - x) <= 4 * off
            x, off = f(x), abs(slope(x)) * off + 16 * EPS  # noqa: PLW2901  (the iteration is the point)


def test_a_node_that_receives_nothing_is_uncoupled() -> None:
    values, _ = run("cml", A=GRAPH, eps=0.7, T=200, **OLD)
    x = values[0, :, 2]
    np.testing.assert_allclose(x[1:], 3.8 * x[:-1] * (1 - x[:-1]), atol=8 * EPS)
    alone, _ = run("cml", A=[[2.5]], eps=0.7, T=200, **OLD)  # a self-loop alone is no coupling either
    np.testing.assert_allclose(alone[0, 1:], 3.8 * alone[0, :-1] * (1 - alone[0, :-1]), atol=8 * EPS)


def test_the_quadratic_lattice_at_1_71_is_the_logistic_one_at_3_8() -> None:
    a = 1.71
    r = 1 + np.sqrt(1 + 4 * a)
    assert r == 3.8
    scale = 4 / (r - 2)  # u = scale (x - 1/2) turns one map into the other, and mixing keeps affine relations
    ring = 1.0 * (np.abs(np.subtract.outer(range(4), range(4))) % 2)
    params = {"M": 4, "eps": 0.2, "T": 41, "burn_in": 0}
    logistic, _ = run("cml", r=r, x0=X0, **params)
    quadratic, _ = run("cml", local_map="quadratic", a=a, x0=scale * (np.array(X0) - 0.5), **params)
    _, bounds = plain("logistic", ring, 0.2, X0, 40)
    assert_follows(quadratic[0] / scale + 0.5, logistic[0], 2 * bounds)


def test_at_a_2_values_follow_the_arcsine_law_and_errors_double() -> None:
    values, _ = run("cml", local_map="quadratic", a=2.0, eps=0.0, M=5, T=1000, n_realizations=80)
    paths = np.moveaxis(values, 1, -1).reshape(400, 1000)
    for statistic, theory in (
        (paths, 0.0),
        (paths**2, 0.5),
        (paths**4, 0.375),
        (paths[:, 1:] * paths[:, :-1], 0.0),
        (np.log(np.abs(4 * paths)), np.log(2)),
    ):
        means = statistic.mean(axis=1)  # one a path, and the paths are independent
        assert abs(means.mean() - theory) < 5 * means.std(ddof=1) / np.sqrt(means.size)


@pytest.mark.parametrize(("eps", "stable"), [(0.35, False), (0.39, False), (0.42, True), (0.6, True)])
def test_a_complete_graph_synchronises_when_its_transverse_exponent_is_negative(eps: float, stable: bool) -> None:
    m = 5
    transverse = np.log(2) + np.log(abs(1 - eps * m / (m - 1)))
    assert (transverse < 0) == stable
    x0 = 0.123 + 1e-7 * np.array([1.0, -2.0, 0.5, 1.5, -1.0])
    values, _ = run("cml", M=m, topology="complete", local_map="quadratic", a=2.0, eps=eps, x0=x0, T=6000, burn_in=0)
    spread = np.ptp(values[0], axis=-1)
    assert (spread[-1] < 1e-9) if stable else (spread[-1000:].max() > 1e-2)
    # While the spread is small it is the sum of the slopes along the orbit, to first order, exactly.
    steps = 20
    slopes = np.log(np.abs(4 * values[0, :steps].mean(axis=-1))).sum()
    predicted = slopes + steps * np.log(abs(1 - eps * m / (m - 1)))
    np.testing.assert_allclose(np.log(spread[steps] / spread[0]), predicted, atol=1e-2)


REGIMES = {
    "frozen_chaos": (1.45, 0.2),
    "pattern_selection": (1.71, 0.4),
    "brownian_defect": (1.85, 0.1),
    "defect_turbulence": (1.895, 0.1),
    "st_intermittency_i": (1.7522, 0.00115),
    "st_intermittency_ii": (1.75, 0.3),
    "st_chaos": (2.0, 0.3),
    "traveling_wave": (1.67, 0.5),
    "chaotic_traveling_wave": (1.69, 0.5),
}


def test_the_nine_regimes_set_map_a_and_eps() -> None:
    assert set(get_args(Preset)) == set(REGIMES)
    seen = []
    for preset, (a, eps) in REGIMES.items():
        params = {"M": 40, "T": 300, "burn_in": 200}
        values, _ = run("cml", preset=preset, **params)
        assert np.isfinite(values).all()
        assert np.abs(values).max() <= 1
        same, _ = run("cml", local_map="quadratic", a=a, eps=eps, **params)
        np.testing.assert_array_equal(values, same)
        seen.append(values.tobytes())
    assert len(set(seen)) == 9


def test_a_preset_is_resolved_in_the_identity_and_may_not_be_contradicted() -> None:
    resolved = Configuration.of("cml", {"preset": "st_chaos", "seed": 1})
    assert (resolved.values["local_map"], resolved.values["a"], resolved.values["eps"]) == ("quadratic", 2.0, 0.3)
    assert Configuration.of("cml", resolved.values).digest == resolved.digest
    spelled_out = {"preset": "st_chaos", "seed": 1, "local_map": "quadratic", "a": 2, "eps": 0.3}
    assert Configuration.of("cml", spelled_out).digest == resolved.digest
    for name, value in (("a", 1.9), ("eps", 0.1), ("local_map", "logistic")):
        with pytest.raises(
            InvalidParameterError, match=rf"^cml: {name} must be .*, or left out, with preset 'st_chaos'"
        ):
            Configuration.of("cml", {"preset": "st_chaos", name: value})
    with pytest.raises(InvalidParameterError, match="preset must be one of 'frozen_chaos'"):
        Configuration.of("cml", {"preset": "boiling"})
    with pytest.raises(InvalidParameterError, match="preset must be one of"):
        Configuration.of("cml", {"preset": ["st_chaos"]})


def test_a_ring_keeps_the_symmetry_of_its_start() -> None:
    steps, x0 = 25, np.array([0.2, 0.5, 0.7, 0.4, 0.3, 0.6])
    params = {"M": 6, "eps": 0.3, "T": steps, "burn_in": 0}
    base, _ = run("cml", x0=x0, **params)
    tolerance = EPS * 2.0 ** np.arange(steps)[:, None] * 64  # rounding doubles at most each step, on average
    for shift in range(6):
        turned, _ = run("cml", x0=np.roll(x0, shift), **params)
        assert (np.abs(np.roll(turned[0], -shift, axis=-1) - base[0]) < tolerance).all()
    mirrored, _ = run("cml", x0=x0[::-1], **params)
    assert (np.abs(mirrored[0, :, ::-1] - base[0]) < tolerance).all()
    alternating, _ = run("cml", x0=[0.2, 0.7] * 3, **params)
    assert (np.abs(alternating[0, :, 2:] - alternating[0, :, :-2]) < tolerance).all()


def test_influence_runs_from_source_to_target() -> None:
    params = {"M": 3, "topology": "chain", "T": 30, "burn_in": 0}
    base, _ = run("cml", x0=[0.2, 0.4, 0.6], **params)
    first, _ = run("cml", x0=[0.3, 0.4, 0.6], **params)
    last, _ = run("cml", x0=[0.2, 0.4, 0.5], **params)
    assert (np.abs(first - base)[0, -5:].max(axis=0) > 1e-3).all()
    np.testing.assert_array_equal(first[0, 1, 2], base[0, 1, 2])  # two edges away, two steps away
    np.testing.assert_array_equal(last[..., :2], base[..., :2])


@pytest.mark.parametrize(("local_map", "low"), [("logistic", 0.0), ("quadratic", -1.0)])
def test_the_start_is_uniform_on_the_interval_of_the_map(local_map: str, low: float) -> None:
    values, _ = run("cml", local_map=local_map, T=1, burn_in=0, n_realizations=400)
    law = stats.uniform(low, 1.0 - low)
    assert stats.kstest(values.ravel(), law.cdf).statistic < 2.74 / np.sqrt(values.size)  # five standard deviations


def test_a_thousand_steps_are_left_out_by_default() -> None:
    default, _ = run("cml", T=5)
    np.testing.assert_array_equal(default, run("cml", T=1005, burn_in=0)[0][:, 1000:])


def test_what_does_not_fit_is_refused_in_a_sentence() -> None:
    for given, message in (
        ({"x0": [0.1, 0.2]}, "x0 must be one number or M = 5 numbers, got 2 numbers"),
        ({"weights": "normal"}, "weights must be one of 'binary', 'uniform', got 'normal'"),
        ({"r": 4.1}, "r must be a finite number from 0 to 4, got 4.1"),
        ({"eps": -0.1}, "eps must be a finite number from 0 to 1, got -0.1"),
    ):
        with pytest.raises(InvalidParameterError, match=message):
            run("cml", **given)
