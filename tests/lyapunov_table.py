"""Lyapunov exponents of the models: ``python tests/lyapunov_table.py [model ...]`` computes them and records them.

Takes some minutes. The tests compare the Jacobians below with the models' own velocities and look at the numbers.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
from flows import velocity_of
from numpy.typing import NDArray
from support import MODELS

from pymts.models import lorenz, lorenz96, rossler
from pymts.models.shared.lyapunov_table import FILE
from pymts.numerics.lyapunov import local_exponents, mean_and_error, tangent_flow, tangent_map
from pymts.plan.configuration import Configuration
from pymts.streams import Role, generator

Array = NDArray[np.float64]
Field = Callable[[Array], Array]


def diagonals(blocks: list[list[Any]], n: int) -> Array:
    """Return the matrix of diagonal blocks: each a number or an array (R, n) along the diagonal; (R, v n, v n)."""
    rows = max((len(block) for line in blocks for block in line if isinstance(block, np.ndarray)), default=1)
    v = len(blocks)
    out = np.zeros((rows, v, n, v, n))
    index = np.arange(n)
    for i, line in enumerate(blocks):
        for j, block in enumerate(line):
            out[:, i, index, j, index] = block
    return out.reshape(rows, v * n, v * n)


def laplacian(coupling: Array) -> Array:
    return coupling - np.diag(coupling.sum(axis=1))


def lorenz_system(p: Any, coupling: Array) -> tuple[Field, Field]:
    n = len(coupling)

    def jacobian(s: Array) -> Array:
        x, y, z = s.reshape(len(s), 3, n).transpose(1, 0, 2)
        out = diagonals([[-p.sigma, p.sigma, 0], [p.rho - z, -1, -x], [y, x, -p.beta]], n)
        out[:, :n, :n] += laplacian(coupling)
        return out

    return velocity_of(lorenz.FLOW, lorenz._problem(p, coupling[None])), jacobian


def rossler_system(p: Any, coupling: Array) -> tuple[Field, Field]:
    n = len(coupling)

    def jacobian(s: Array) -> Array:
        x, _, z = s.reshape(len(s), 3, n).transpose(1, 0, 2)
        out = diagonals([[0, -1, -1], [1, p.a, 0], [z, 0, x - p.c]], n)
        out[:, :n, :n] += laplacian(coupling)
        return out

    return velocity_of(rossler.FLOW, rossler._problem(p, coupling[None])), jacobian


def lorenz96_system(p: Any, _coupling: Array) -> tuple[Field, Field]:
    def jacobian(s: Array) -> Array:
        n = s.shape[1]
        out = np.zeros((len(s), n, n))
        i = np.arange(n)
        out[:, i, i] = -1.0
        out[:, i, (i + 1) % n] += s[:, i - 1]
        out[:, i, i - 2] -= s[:, i - 1]
        out[:, i, i - 1] += s[:, (i + 1) % n] - s[:, i - 2]
        return out

    return velocity_of(lorenz96.FLOW, lorenz96._problem(p, 1)), jacobian


def cml_system(p: Any, graph: Array) -> tuple[Field, Field]:
    mixing = (1.0 - p.eps) * np.eye(len(graph)) + p.eps * graph / np.abs(graph).sum(axis=1, keepdims=True)

    def jacobian(x: Array) -> Array:
        return mixing * (p.r * (1.0 - 2.0 * x))[:, None, :]

    return lambda x: p.r * x * (1.0 - x) @ mixing.T, jacobian


SYSTEMS = {"lorenz": lorenz_system, "rossler": rossler_system, "lorenz96": lorenz96_system, "cml": cml_system}
NUMBERS = {
    "lorenz": {"sigma": "sigma", "rho": "rho", "beta": "beta"},
    "rossler": {"a": "a", "b": "b", "c": "c"},
    "lorenz96": {"F": "F"},
    "cml": {"growth": "r", "eps": "eps"},
}
# What is computed: the model's parameters, the number of orbits, their length and what comes before, in seconds, and
# the time between two orthonormalisations.
RUNS: dict[str, list[tuple[dict[str, Any], int, float, float, float]]] = {
    "lorenz": [({"M": 1}, 200, 1000.0, 50.0, 0.1), ({}, 32, 400.0, 50.0, 0.1)],
    "rossler": [({"M": 1}, 200, 5000.0, 500.0, 0.5), ({}, 32, 2000.0, 1000.0, 0.5)],
    "lorenz96": [({}, 24, 250.0, 25.0, 0.1)],
    "cml": [({}, 100, 20_000.0, 2000.0, 5.0)],
}


def orbit(name: str, params: dict[str, Any]) -> tuple[Any, Array]:
    """Return the parameters of a model and its coupling matrix (unit, unit)."""
    p: Any = Configuration.of(name, {"seed": 1, **params}).params
    if name == "lorenz96":
        return p, lorenz96._graph(p.M)
    if name == "cml":
        return p, p.draw_graph(generator(0, Role.STRUCTURE))
    return p, p.coupling(p.draw_graph(generator(0, Role.STRUCTURE))[None])[0]


def compute(
    name: str, params: dict[str, Any], orbits: int, length: float, before: float, every: float
) -> dict[str, Any]:
    """Return one entry of the table."""
    p, coupling = orbit(name, params)
    field, jacobian = SYSTEMS[name](p, coupling)
    variables = 3 if name in ("lorenz", "rossler") else 1
    size = variables * len(coupling)
    start = np.random.default_rng(7).standard_normal((orbits, size))
    if name == "lorenz":
        start *= 10
        start[:, -len(coupling) :] += p.rho
    if name == "rossler":
        start *= 3
        start[:, -len(coupling) :] = np.abs(start[:, -len(coupling) :])
    if name == "cml":
        start = np.random.default_rng(7).random((orbits, size))
    dt = p.step
    steps, transient, interval = (round(t / dt) for t in (length, before, every))
    advance = tangent_map(field, jacobian) if name == "cml" else tangent_flow(field, jacobian, dt)
    local = local_exponents(advance, start, size, n_steps=steps, transient=transient, dt=dt, every=interval)
    mean, error = mean_and_error(local)
    how = "the map itself" if name == "cml" else f"RK4 with dt {dt:g} s"
    return {
        "parameters": {key: getattr(p, field) for key, field in NUMBERS[name].items()},
        "coupling": coupling.tolist(),
        "dt": dt,
        "method": f"QR of tangents (Benettin et al. 1980, doi:10.1007/BF02128236), {how}, {orbits} orbits of "
        f"{length:g} {p.time_unit} after {before:g}; the error is over the orbits",
        "exponents": np.round(mean, 6).tolist(),
        "errors": np.round(error, 7).tolist(),
    }


if __name__ == "__main__":
    table = json.loads(FILE.read_text()) if FILE.exists() else {}
    for name in sys.argv[1:] or RUNS:
        assert name in MODELS
        table[name] = []
        for params, *how in RUNS[name]:
            entry = compute(name, params, *how)
            table[name].append(entry)
            print(name, params, entry["exponents"], entry["errors"])
    FILE.write_text(json.dumps(table) + "\n")
