"""Chaotic flows against adaptive integrators: the same points, and the accuracy of ours.

A peer's tolerance is the loosest that comes as near to a tight solution as ours does, before chaos hides it. Where
peers make one trajectory at a time, one is timed and counted as many times as there are realizations.
"""

from __future__ import annotations

import importlib.util
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.integrate import solve_ivp

from benchmarks.speed.workload import Row, compare, configuration, work
from pymts.run.simulate import simulate_whole

Solve = Callable[[Any, Any, float], Any]  # start, points in time, tolerance -> states (T, M)
POINTS = 1000


@dataclass(frozen=True)
class Flow:
    """A model's parameters, its equation, how long errors stay comparable (s), and its name in dysts."""

    given: dict[str, Any]
    velocity: Callable[[Any, Any], Any]
    comparable: float
    dysts: str | None = None


FLOWS = {
    "lorenz": Flow(
        {"M": 3, "observable": "all", "K": 0.0, "x0": [1.0, 1.0, 1.0]},
        lambda _t, s: (10 * (s[1] - s[0]), s[0] * (28 - s[2]) - s[1], s[0] * s[1] - 8 / 3 * s[2]),
        1.0,
        "Lorenz",
    ),
    "rossler": Flow(
        {"M": 3, "observable": "all", "K": 0.0, "x0": [1.0, 1.0, 1.0]},
        lambda _t, s: (-s[1] - s[2], s[0] + 0.2 * s[1], 0.2 + s[2] * (s[0] - 5.7)),
        5.0,
        "Rossler",
    ),
    "lorenz96": Flow(
        {"M": 40, "x0": [8.0 + 0.1 * (site % 7) for site in range(40)]},
        lambda _t, x: (np.roll(x, -1) - np.roll(x, 2)) * np.roll(x, 1) - x + 8.0,
        0.5,
    ),
}


def flows(rounds: int, realizations: int = 100) -> list[Row]:
    """Time one realization and many against every integrator that is installed."""
    rows = []
    for name, flow in FLOWS.items():
        options = {**flow.given, "burn_in": 0, "sample_every": 1}
        m, start = options.pop("M"), np.array(flow.given["x0"])
        mine = configuration(name, m, POINTS, 1, **options)
        points = mine.params.step * np.arange(POINTS)
        early = points[points <= flow.comparable]
        tight = _scipy("DOP853", flow)(start, early, 1e-12)
        error = np.abs(simulate_whole(mine).values[0][: len(early)] - tight).max()
        del options["x0"]
        many = work(configuration(name, m, POINTS, realizations, **options))
        what = f"{name} M{m}, {POINTS} points, error {error:.0e}, R"
        for peer, solve in _solvers(flow).items():
            tolerance = _loosest(solve, start, early, tight, error)
            label = f"{peer} rtol {tolerance:.0e}"
            one = lambda solve=solve, start=start, points=points, tolerance=tolerance: solve(start, points, tolerance)  # noqa: E731
            rows += compare("peers", f"{what}1", {"ours": work(mine), label: one}, rounds)
            goal = ">= 5" if peer.startswith("solve_ivp") else ">= 15" if peer.startswith("dysts") else ""
            works = {"ours": many, f"{label}, one of them": one}
            rows += compare("peers", f"{what}{realizations}", works, rounds, goal, times=realizations)
        if name == "lorenz":
            rows += _diffrax(many, points, start, error, tight, len(early), realizations, rounds)
    return rows


def _loosest(solve: Solve, start: Any, early: Any, tight: Any, error: float) -> float:
    tried = (10.0**-k for k in range(3, 13))
    return next(t for t in tried if np.abs(solve(start, early, t) - tight).max() <= error)


def _scipy(method: str, flow: Flow) -> Solve:
    def solve(start: Any, points: Any, tolerance: float) -> Any:
        return solve_ivp(flow.velocity, (0.0, points[-1]), start, method, points, rtol=tolerance, atol=tolerance).y.T

    return solve


def _solvers(flow: Flow) -> dict[str, Solve]:
    found = {"solve_ivp RK45": _scipy("RK45", flow)}
    if flow.dysts and importlib.util.find_spec("dysts"):
        found["dysts RK45"] = _dysts(flow.dysts)
    if importlib.util.find_spec("jitcode"):
        found["jitcode dopri5"] = _jitcode(flow, len(flow.given["x0"]))
    return found


def _dysts(name: str) -> Solve:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from dysts import flows as systems
    system = getattr(systems, name)()
    if "beta" in system.params:  # its 2.667 is another equation after a few units of time
        place = sorted(system.params).index("beta")
        system.param_list[place] = 8 / 3

    def solve(start: Any, points: Any, tolerance: float) -> Any:
        # Its points are n times period / pts_per_period long and include both ends.
        n, step = len(points), points[1] - points[0]
        system.period, per_period = (n - 1) * step, n
        options = {"method": "RK45", "rtol": tolerance, "atol": tolerance, "postprocess": False}
        return system.make_trajectory(n, init_cond=start, pts_per_period=per_period, **options)

    return solve


def _jitcode(flow: Flow, m: int) -> Solve:
    import symengine
    from jitcode import jitcode, y

    states = np.array([y(k) for k in range(m)], dtype=object)
    equation = [symengine.sympify(part) for part in flow.velocity(0.0, states)]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        system = jitcode(equation, verbose=False)
        system.compile_C()

    def solve(start: Any, points: Any, tolerance: float) -> Any:
        system.set_integrator("dopri5", rtol=tolerance, atol=tolerance, nsteps=100_000)
        system.set_initial_value(start, points[0])
        return np.array([start, *(system.integrate(t) for t in points[1:])])

    return solve


def _diffrax(
    ours: Callable[[], object], points: Any, start: Any, error: float, tight: Any, n_early: int, many: int, rounds: int
) -> list[Row]:
    """All trajectories in one compiled program, 64 bits; the compilation is listed apart."""
    if not importlib.util.find_spec("diffrax"):
        return []
    import diffrax
    import jax
    import jax.numpy as jnp

    jax.config.update("jax_enable_x64", True)

    def velocity(_t: Any, s: Any, _args: Any) -> Any:
        return jnp.stack([10 * (s[1] - s[0]), s[0] * (28 - s[2]) - s[1], s[0] * s[1] - 8 / 3 * s[2]])

    def program(tolerance: float) -> Any:
        def solve(state: Any) -> Any:
            control = diffrax.PIDController(rtol=tolerance, atol=tolerance)
            options = {"saveat": diffrax.SaveAt(ts=points), "stepsize_controller": control, "max_steps": 100_000}
            return diffrax.diffeqsolve(
                diffrax.ODETerm(velocity), diffrax.Tsit5(), 0.0, points[-1], None, state, **options
            ).ys

        return jax.jit(jax.vmap(solve))

    one = np.array(start)[None]
    tried = (10.0**-k for k in range(3, 13))
    tolerance = next(t for t in tried if np.abs(program(t)(one)[0, :n_early] - tight).max() <= error)
    starts = one + np.random.default_rng(1).standard_normal((many, len(start)))
    solve = program(tolerance)
    began = time.perf_counter()
    jax.block_until_ready(solve(starts))
    spent = time.perf_counter() - began
    label = f"diffrax Tsit5 rtol {tolerance:.0e}"
    works = {"ours": ours, label: lambda: jax.block_until_ready(solve(starts))}
    rows = compare("peers", f"lorenz M3, {POINTS} points, error {error:.0e}, R{many}", works, rounds)
    return [*rows, Row("peers", "diffrax: compiling and the first run", f"{spent:.1f} s", "", "")]
