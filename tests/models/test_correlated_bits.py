"""Bits of walks and noises with matrices, and of batches whose numbers differ beside given arrays."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from support import assert_same_bits, block, whole

from pymts.data.block import Block, merge_truth
from pymts.plan.configuration import Configuration
from pymts.run.simulate import simulate_blocks, simulate_whole

M = 7
T = 300  # steps that fill no whole number of products


def _covariance() -> np.ndarray:
    root = np.random.default_rng(0).standard_normal((M, M))
    return root @ root.T


def _correlation() -> np.ndarray:
    deviations = np.sqrt(np.diag(_covariance()))
    return _covariance() / np.outer(deviations, deviations)


MATRICES: list[tuple[str, dict[str, Any]]] = [
    ("brownian", {"Sigma": _covariance(), "mu": np.linspace(-1, 1, M)}),
    ("abm", {"Sigma": _covariance()}),
    ("gbm", {"correlation": _correlation(), "sigma": np.linspace(0.1, 0.4, M)}),
    ("gbm", {"correlation": 0.6}),
    ("noise_gaussian", {"Sigma": _covariance(), "mu": np.arange(M)}),
]
every_matrix = pytest.mark.parametrize(("name", "given"), MATRICES)


def _of(name: str, given: dict[str, Any], **more: Any) -> Configuration:
    return Configuration.of(name, {"M": M, "T": T, "n_realizations": 3, "seed": 5, **given, **more})


@every_matrix
def test_chunks_of_a_product(name: str, given: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    at_once = block(_of(name, given))
    monkeypatch.setattr("pymts.models.shared.noise.CHUNK_VALUES", 1)
    assert_same_bits(block(_of(name, given)), at_once)


@every_matrix
def test_blocks_of_realizations(name: str, given: dict[str, Any]) -> None:
    many = simulate_whole(_of(name, given, n_realizations=13))
    parts = list(simulate_blocks(_of(name, given, n_realizations=13), 5 * 8 * T * M))
    assert [len(part.realizations) for part in parts] == [5, 5, 3]
    values = np.concatenate([part.values for part in parts])
    assert_same_bits(Block(range(13), values, merge_truth([part.truth for part in parts]), {}), many)


@every_matrix
def test_burn_in_and_sampling(name: str, given: dict[str, Any]) -> None:
    fine = block(_of(name, given, T=3 * T)).values
    coarse = block(_of(name, given, T=40, burn_in=70, sample_every=19)).values
    np.testing.assert_array_equal(coarse, fine[:, 70 : 70 + 40 * 19 : 19])


@pytest.mark.parametrize(
    ("name", "column"),
    [
        ("brownian", [{"Sigma": _covariance(), "mu": 0.1 * i, "x0": 1.0 - i} for i in range(6)]),
        ("brownian", [{"sigma": 0.5 + i, "mu": np.arange(M)} for i in range(6)]),
        ("gbm", [{"correlation": rho, "sigma": 0.1 + rho * rho} for rho in (-0.1, 0.3, 0.9, 1.0)]),
        ("gbm", [{"correlation": _correlation(), "S0": 1.0 + i, "mu": -0.1 * i} for i in range(6)]),
        ("noise_gaussian", [{"Sigma": _covariance(), "mu": 2.0 * i} for i in range(6)]),
        ("noise_cauchy", [{"gamma": 0.1 + i, "loc": -1.0 * i} for i in range(6)]),
        ("noise_cauchy", [{"gamma": np.arange(1, M + 1), "loc": -1.0 * i} for i in range(6)]),
    ],
)
def test_a_batch_gives_what_each_gives_alone(name: str, column: list[dict[str, Any]]) -> None:
    configurations = [_of(name, given, seed=seed) for seed, given in enumerate(column)]
    for batched, configuration in zip(whole(configurations), configurations, strict=True):
        assert_same_bits(batched, block(configuration))
