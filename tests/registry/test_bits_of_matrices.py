"""What bits may depend on, where matrices and vectors are given and products of matrices come in."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from support import MODELS, assert_same_bits, block, small, whole

import pymts.streams

S = [[1.0, 0.5, 0.0], [0.5, 2.0, 0.1], [0.0, 0.1, 1.0]]
A = [[0.0, 1.0, 0.0], [0.0, 0.0, 2.0], [0.5, 0.0, 0.0]]
# Graphs on which a product of matrices has sums of many terms, whose last bit tells in which order they were added.
DENSE = {"M": 24, "topology": "erdos_renyi", "density": 0.8, "weights": "uniform", "normalization": "degree"}
CASES: list[tuple[str, dict[str, Any]]] = [
    ("brownian", {"Sigma": S}),
    ("abm", {"mu": [1.0, 2.0, 3.0], "sigma": [1.0, 0.0, 2.0]}),
    ("gbm", {"M": 3, "correlation": 0.4}),
    ("gbm", {"correlation": [[1.0, -0.5], [-0.5, 1.0]], "S0": [1.0, 2.0]}),
    ("noise_gaussian", {"Sigma": S}),
    ("noise_cauchy", {"gamma": [1.0, 2.0]}),
    ("ar", {"p": 3, "shared": False}),
    ("ar", {"phi": [0.5, -0.3]}),
    ("var", {"Sigma": S, "M": 3}),
    ("var", {"p": 5, "M": 12}),
    ("ou", {"Sigma": S, "M": 3}),
    ("ou", {"Theta": [[1.0, 0.2, 0.0], [0.0, 1.0, 0.3], [0.0, 0.0, 2.0]]}),
    ("ou", {"Theta": [1.0, 2.0, 3.0], "mu": [0.0, 1.0, 2.0]}),
    ("kuramoto", {"A": A, "alpha": 0.3, "noise_std": 0.1}),
    ("kuramoto", {"omega": [1.0, 2.0, 3.0], "M": 3}),
    ("cml", {"A": A}),
    *((name, {**DENSE, "noise_std": 0.01}) for name in ("stuart_landau", "wilson_cowan", "mackey_glass")),
    ("lorenz", {**DENSE, "observable": "all"}),
    ("lorenz", {"A": A, "observable": "all", "x0": list(range(9)), "noise_std": 0.1}),
    ("rossler", DENSE),
    ("mackey_glass", {"A": A, "x0": [0.5, 0.9, 1.2]}),
    ("wilson_cowan", {"A": A, "drive": [1.0, 1.2, 1.5], "observable": "I"}),
    ("garch", {"correlation": [[1.0, 0.5, 0.0], [0.5, 1.0, 0.1], [0.0, 0.1, 1.0]], "alpha": [0.1, 0.12, 0.05]}),
    ("garch", {"M": 17, "dynamics": "constant"}),
    ("garch", {"M": 1}),
    ("narma", {"M": 1}),
    ("ms_var", {"Phi": [A, [[0.5, 0.0, 0.0], [0.0, 0.5, 0.0], [0.2, 0.0, 0.5]]], "stay": 0.01, "sigma": [1.0, 2.0]}),
    ("ms_var", {"M": 17, "n_regimes": 4}),
    ("ms_var", {"M": 1}),
    ("piecewise", {"M": 17, "change": "all", "min_length": 5, "max_length": 9}),
    ("piecewise", {"M": 1, "change": "coupling", "change_points": [3, 120, 290]}),
    ("seasonal", {"slope": [0.1, 0.2], "periods": [2, 3, 100]}),
    ("varma", {"p": 0, "q": 3, "M": 12}),
    ("varma", {"p": 3, "q": 2, "M": 3, "Sigma": S}),
    ("varma", {"M": 1, "Theta": [[2.0]]}),
    ("vecm", {"M": 12, "rank": 5, "p": 3}),
    ("vecm", {"alpha": [[-0.4], [0.1], [0.0]], "beta": [[1.0], [-0.5], [0.3]], "Sigma": S}),
    ("vecm", {"M": 1, "rank": 0, "p": 1}),
    ("gp", {"M": 1, "kernel": "rbf", "rank": 3}),
    ("gp", {"n_kernels": 5, "length_scale": [1.0, 2.0, 5.0, 10.0, 20.0]}),
]


@pytest.mark.parametrize(("name", "params"), CASES, ids=str)
def test_a_realization_has_its_bits_wherever_it_is_made(
    name: str, params: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    model = MODELS[name]
    batch = [small(model, **params, seed=seed, n_realizations=5, T=300) for seed in range(7)]
    for made, configuration in zip(whole(batch), batch, strict=True):
        assert_same_bits(made, block(configuration))
    five = block(small(model, **params, n_realizations=5, T=300))
    for count in (1, 2, 8, 33):
        other = block(small(model, **params, n_realizations=count, T=300)).values
        np.testing.assert_array_equal(other[:5], five.values[: min(5, count)])
    np.testing.assert_array_equal(block(small(model, **params, n_realizations=5, T=101)).values, five.values[:, :101])
    monkeypatch.setattr(pymts.streams, "BLOCK_VALUES", 1)
    assert_same_bits(block(small(model, **params, n_realizations=5, T=300)), five)
