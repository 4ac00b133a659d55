"""Precomputed Lyapunov exponents, used only for the exact parameters they were computed for."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pymts.data.truth import Truth
from pymts.numerics.linear import per_configuration

Array = NDArray[np.float64]

FILE = Path(__file__).with_name("lyapunov.json")


@cache
def entries(model: str) -> tuple[dict[str, Any], ...]:
    """Return the table of a model.

    An entry holds the ``parameters`` of a unit, the ``coupling`` matrix K A_ij / n_i (or the graph, if it is part of
    the model), the ``exponents``, their ``errors`` and the ``method`` by which they were computed.
    """
    return tuple(json.loads(FILE.read_text())[model])


def lyapunov_truth(
    model: str, numbers: Mapping[str, Any], coupling: Any, *, dt: float = 1.0, noise_std: Any = 0.0
) -> dict[str, Truth]:
    """Return the exponents and their errors for the configurations of a batch that are in the table.

    Parameters
    ----------
    model : name of the model
    numbers : the parameters of a unit, name -> a number, or numbers (B, 1, 1)
    coupling : array of shape (B, target, source)
    dt, noise_std : exponents are those of the noise-free equation, integrated with a step of ``dt``
    """
    if isinstance(coupling, list):  # a sparse graph, larger than any in the table
        return {}
    batch, n, _ = coupling.shape
    columns = {name: per_configuration(value, batch) for name, value in numbers.items()}
    found: dict[int, tuple[Array, Array, str]] = {}
    for entry in entries(model):
        table = np.asarray(entry["coupling"])
        matching = np.full(batch, dt <= entry["dt"] and not np.any(np.asarray(noise_std) > 0))
        for name, column in columns.items():
            matching &= column == entry["parameters"][name]
        if table.shape == (n, n):
            matching &= (coupling == table).all(axis=(1, 2))
            copies = 1
        elif table.shape == (1, 1):  # a single unit: n uncoupled units have each exponent n times
            matching &= (coupling == table).all(axis=(1, 2))
            copies = n
        else:
            continue
        values = tuple(np.repeat(np.asarray(entry[key]), copies) for key in ("exponents", "errors"))
        for index in np.flatnonzero(matching):
            found[int(index)] = (*values, entry["method"])
    if not found:
        return {}
    known = np.array([index in found for index in range(batch)])
    some = next(iter(found.values()))
    attrs = {"method": some[2]}
    truth = {}
    for position, name in enumerate(("lyapunov", "lyapunov_error")):
        rows = np.stack([found.get(index, some)[position] for index in range(batch)])
        truth[name] = Truth(("exponent",), rows, attrs, known=known)
    return truth
