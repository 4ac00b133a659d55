"""The same work by others: plain NumPy, statsmodels, SciPy, and a compiled kernel where numba is installed.

``requirements-benchmarks.txt`` has the peers that are no part of the development set.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.signal import lfilter
from statsmodels.tsa.vector_ar.util import varsim

from benchmarks.speed.flows import flows
from benchmarks.speed.workload import Row, compare, configuration, work
from pymts.run.simulate import simulate_whole


def pairwise_kuramoto(m: int, steps: int, realizations: int, dt: float = 0.05, coupling: float = 1.0) -> None:
    """Integrate Kuramoto's equations by RK4 as they are usually written: every pair's sine."""
    rng = np.random.default_rng(1)
    omega = rng.standard_normal(m)[:, None]
    theta = 2 * np.pi * rng.random((m, realizations))
    out = np.empty((steps, m, realizations))

    def velocity(x: np.ndarray) -> np.ndarray:
        return omega + coupling / m * np.sin(x[None, :, :] - x[:, None, :]).sum(axis=1)

    for step in range(steps):
        out[step] = theta
        k1 = velocity(theta)
        k2 = velocity(theta + dt / 2 * k1)
        k3 = velocity(theta + dt / 2 * k2)
        k4 = velocity(theta + dt * k3)
        theta = theta + dt / 6 * (k1 + 2 * k2 + 2 * k3 + k4)


def kuramoto(rounds: int, quick: bool) -> list[Row]:
    """Same method, step and number of steps, complete graph; the others keep no truth."""
    rows = []
    sizes = [(5, 1000, 1, ""), (10, 1000, 100, ">= 6"), (100, 200 if quick else 1000, 10, ">= 80")]
    for m, steps, realizations, goal in sizes:
        ours = work(configuration("kuramoto", m, steps, realizations))
        peer = lambda m=m, t=steps, r=realizations: pairwise_kuramoto(m, t, r)  # noqa: E731
        rows += compare(
            "peers", f"kuramoto M{m} T{steps} R{realizations}", {"ours": ours, "pairwise NumPy": peer}, rounds, goal
        )
    sparse = configuration("kuramoto", 100, 1000, 10, topology="erdos_renyi", density=0.05)
    dense = work(configuration("kuramoto", 100, 1000, 10, topology="erdos_renyi", density=0.99))
    rows += compare("peers", "kuramoto M100 T1000 R10, 5 % of the edges", {"ours": work(sparse), "99 %": dense}, rounds)
    return rows


def linear(rounds: int) -> list[Row]:
    """The same coefficients, noise and length; statsmodels and SciPy start at zero, ours in stationarity."""
    rows = []
    for m, realizations, goal in ((5, 1, ">= 8"), (10, 100, ">= 2")):
        mine = configuration("var", m, 1000, realizations, p=2)
        truth = simulate_whole(mine).truth
        phi, sigma = truth["coefficients"].values, truth["noise_cov"].values

        def peer(phi: np.ndarray = phi, sigma: np.ndarray = sigma, r: int = realizations) -> None:
            for seed in range(r):
                varsim(phi, None, sigma, steps=1000, rng=np.random.RandomState(seed))

        rows += compare(
            "peers", f"var(2) M{m} T1000 R{realizations}", {"ours": work(mine), "statsmodels": peer}, rounds, goal
        )
    mine = configuration("ar", 10, 1000, 100, phi=[0.5, 0.2])

    def filtered() -> None:
        noise = np.random.default_rng(1).standard_normal((100, 1000, 10))
        lfilter([1.0], [1.0, -0.5, -0.2], noise, axis=1)

    return rows + compare("peers", "ar(2) M10 T1000 R100", {"ours": work(mine), "scipy lfilter": filtered}, rounds)


def compiled(rounds: int) -> list[Row]:
    """Kuramoto in a compiled kernel, if numba is there: what a compiled extra would gain."""
    try:
        import numba
    except ImportError:
        return []
    import time

    @numba.njit(cache=False)
    def kernel(omega: Any, theta: Any, steps: int, dt: float, coupling: float) -> Any:
        realizations, m = theta.shape
        out = np.empty((realizations, steps, m))
        k = np.empty((4, m))
        x = np.empty(m)
        for r in range(realizations):
            state = theta[r].copy()
            for step in range(steps):
                out[r, step] = state
                for stage in range(4):
                    scale = 0.0 if stage == 0 else dt if stage == 3 else dt / 2
                    sines = cosines = 0.0
                    for i in range(m):
                        x[i] = state[i] + (scale * k[stage - 1, i] if stage else 0.0)
                        sines += np.sin(x[i])
                        cosines += np.cos(x[i])
                    for i in range(m):
                        k[stage, i] = omega[i] + coupling / m * (sines * np.cos(x[i]) - cosines * np.sin(x[i]))
                for i in range(m):
                    state[i] += dt / 6 * (k[0, i] + 2 * k[1, i] + 2 * k[2, i] + k[3, i])
        return out

    rng = np.random.default_rng(1)
    began = time.perf_counter()
    kernel(np.zeros(2), np.zeros((1, 2)), 2, 0.05, 1.0)
    spent = time.perf_counter() - began
    rows = [Row("peers", "numba: compiling the Kuramoto kernel", f"{spent:.1f} s", "", "")]
    for m, t, r in ((5, 1000, 1), (10, 1000, 100), (100, 1000, 10)):
        omega, theta = rng.standard_normal(m), 2 * np.pi * rng.random((r, m))
        ours = work(configuration("kuramoto", m, t, r))
        peer = lambda o=omega, s=theta, t=t: kernel(o, s, t, 0.05, 1.0)  # noqa: E731
        rows += compare("peers", f"kuramoto M{m} T{t} R{r}, complete", {"ours": ours, "numba kernel": peer}, rounds)
    return rows


def peers(rounds: int, quick: bool) -> list[Row]:
    """Time all of them."""
    return kuramoto(rounds, quick) + linear(rounds) + flows(max(1, rounds // 3)) + compiled(rounds)
