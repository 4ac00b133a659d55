"""Mixtures: draws known by their number, the distributions that were declared, and refusals in a sentence."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import stats

from pymts import Mixture
from pymts.errors import GridError, InvalidParameterError

RECORDS: list[dict[str, Any]] = [
    {"model": "kuramoto", "weight": 3, "M": 4, "K": {"uniform": [0.5, 3.0]}, "method": {"choice": ["rk4", "euler"]}},
    {"model": "ar", "M": {"integers": [2, 4]}, "rho": 0.5, "sigma": {"loguniform": [0.01, 100.0]}},
    {"model": "gbm", "mu": {"normal": [0.1, 0.02]}},
]
DRAWS = 1500


@pytest.fixture(scope="module")
def drawn() -> list[Any]:
    mixture = Mixture(RECORDS, seed=1)
    return [mixture[index] for index in range(DRAWS)]


def test_weights_and_distributions_are_those_declared(drawn: list[Any]) -> None:
    by_model = {name: [c for c in drawn if c.model.name == name] for name in ("kuramoto", "ar", "gbm")}
    counts = [len(found) for found in by_model.values()]
    assert stats.chisquare(counts, DRAWS * np.array([0.6, 0.2, 0.2])).pvalue > 1e-4
    K = [c.params.K for c in by_model["kuramoto"]]
    assert stats.kstest(K, stats.uniform(0.5, 2.5).cdf).pvalue > 1e-4
    sigma = [c.params.sigma for c in by_model["ar"]]
    assert stats.kstest(sigma, stats.loguniform(0.01, 100.0).cdf).pvalue > 1e-4
    mu = [c.params.mu for c in by_model["gbm"]]
    assert stats.kstest(mu, stats.norm(0.1, 0.02).cdf).pvalue > 1e-4
    M = [c.params.M for c in by_model["ar"]]
    assert set(M) == {2, 3, 4}
    assert stats.chisquare(np.bincount(M)[2:]).pvalue > 1e-4
    assert {c.params.method for c in by_model["kuramoto"]} == {"rk4", "euler"}
    assert {c.params.rho for c in by_model["ar"]} == {0.5}


def test_every_draw_is_a_configuration_of_its_own(drawn: list[Any]) -> None:
    assert len({c.config_id for c in drawn}) == DRAWS
    assert len({c.seed for c in drawn}) == DRAWS


def test_a_draw_depends_on_its_number_alone(drawn: list[Any]) -> None:
    mixture = Mixture(RECORDS, seed=1)
    for index in (77, 3, 1499):
        assert mixture[index].digest == drawn[index].digest
    assert Mixture(RECORDS, seed=2)[3].digest != drawn[3].digest
    assert mixture.draw(3, epoch=1).digest != drawn[3].digest
    assert mixture.draw(3, attempt=1).digest != drawn[3].digest


def test_the_order_of_the_parameters_plays_no_part() -> None:
    one = Mixture([{"model": "kuramoto", "K": {"uniform": [0, 1]}, "alpha": {"uniform": [0, 1]}}], seed=1)
    other = Mixture([{"alpha": {"uniform": [0, 1]}, "K": {"uniform": [0, 1]}, "model": "kuramoto"}], seed=1)
    assert one[5].digest == other[5].digest


def test_a_file_says_the_same(tmp_path: Path) -> None:
    path = tmp_path / "mixture.yaml"
    path.write_text(
        "seed: 1\ndefaults: {M: 3, K: 2.0}\nmixture:\n"
        "  - {model: kuramoto, weight: 2}\n  - {model: var, rho: {uniform: [0.1, 0.9]}}\n"
    )
    records = [
        {"model": "kuramoto", "weight": 2, "M": 3, "K": 2.0},
        {"model": "var", "M": 3, "rho": {"uniform": [0.1, 0.9]}},
    ]
    read, given = Mixture.read(path), Mixture(records, seed=1)
    assert [read[i].digest for i in range(20)] == [given[i].digest for i in range(20)]
    assert read.models == ["kuramoto", "var"]
    assert repr(read) == "<Mixture of 2 records (kuramoto, var), seed 1>"


REFUSED: dict[str, tuple[Any, str]] = {
    "empty": ([], "a mixture must be a list of at least one record, got []"),
    "no mapping": (["ar"], "record 1 must be a mapping such as"),
    "model": ([{"model": "arr"}], "record 1: there is no model 'arr'; did you mean 'ar'"),
    "parameter": ([{"model": "ar", "rhoo": 1}], "record 1 (ar): rhoo is not a parameter; did you mean 'rho'"),
    "drawn parameter": ([{"model": "ar", "rhoo": {"uniform": [0, 1]}}], "rhoo is not a parameter; did you mean 'rho'"),
    "value": ([{"model": "cml", "r": 7}], "record 1 (cml): r must be a finite number from 0 to 4, got 7"),
    "end": (
        [{"model": "cml", "r": {"uniform": [3, 5]}}],
        "record 1 (cml): r must be a finite number from 0 to 4, got 5",
    ),
    "choice": ([{"model": "kuramoto", "method": {"choice": ["rk4", "x"]}}], "method must be one of 'rk4', 'euler'"),
    "weight": ([{"model": "ar", "weight": 0}], "weight must be a finite number greater than 0, got 0"),
    "law": ([{"model": "ar", "rho": {"beta": [1, 2]}}], "rho: a distribution must be one of uniform, loguniform"),
    "ends": ([{"model": "ar", "rho": {"uniform": [0.9, 0.1]}}], "uniform needs the lower bound first, got [0.9, 0.1]"),
    "numbers": ([{"model": "ar", "rho": {"uniform": [0.9]}}], "uniform needs a list of two finite numbers, got [0.9]"),
    "nan": ([{"model": "ar", "rho": {"uniform": [0.1, float("nan")]}}], "uniform needs a list of two finite numbers"),
    "log": ([{"model": "ar", "sigma": {"loguniform": [0, 1]}}], "loguniform needs bounds greater than 0, got [0, 1]"),
    "spread": ([{"model": "ar", "sigma": {"normal": [1, -1]}}], "normal needs a standard deviation of at least 0"),
    "whole": ([{"model": "ar", "M": {"integers": [1.5, 2]}}], "integers needs a list of two whole numbers"),
    "seed": ([{"model": "ar", "seed": {"integers": [1, 2]}}], "seed cannot be drawn from a distribution"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_bad_input_is_one_sentence(case: str) -> None:
    records, problem = REFUSED[case]
    with pytest.raises(GridError) as refusal:
        Mixture(records)
    assert problem in str(refusal.value)
    assert "\n" not in str(refusal.value)


def test_a_grid_is_the_mixture_of_its_cells(tmp_path: Path) -> None:
    path = tmp_path / "grid.yaml"
    path.write_text(
        "configs: [{model: ar, M: [2, 3], rho: [0.1, 0.2, 0.3], seed: 5}, {model: cml, M: 4, n_realizations: 9}]"
    )
    mixture = Mixture.read(path, seed=3)
    drawn = [mixture[index] for index in range(700)]
    cells = [(c.model.name, c.params.M, getattr(c.params, "rho", None)) for c in drawn]
    counts = [cells.count(cell) for cell in sorted(set(cells))]
    assert len(counts) == 7
    assert stats.chisquare(counts).pvalue > 1e-4
    assert len({c.seed for c in drawn}) == 700
    assert {c.params.n_realizations for c in drawn} == {1}


def test_a_mixture_travels(drawn: list[Any]) -> None:
    assert pickle.loads(pickle.dumps(Mixture(RECORDS, seed=1)))[5].digest == drawn[5].digest


def test_bad_files_and_numbers_are_one_sentence(tmp_path: Path) -> None:
    path = tmp_path / "mixture.yaml"
    with pytest.raises(GridError, match="cannot be read: No such file"):
        Mixture.read(path)
    path.write_text("[1]")
    with pytest.raises(GridError, match="record 1 must be a mapping"):
        Mixture.read(path)
    with pytest.raises(GridError, match=r"defaults: rhoo is not a parameter of any model .* mean 'rho'"):
        Mixture([{"model": "ar"}], defaults={"rhoo": 1})
    path.write_text("records: [{model: ar}]")
    with pytest.raises(GridError, match="a mixture file must be a mapping with the key mixture"):
        Mixture.read(path)
    path.write_text("mixture: [{model: ar}]\nseeds: 1")
    with pytest.raises(GridError, match="'seeds' is not a key of a mixture file"):
        Mixture.read(path)
    with pytest.raises(GridError, match="seed must be an integer from 0 to"):
        Mixture([{"model": "ar"}], seed=-1)
    with pytest.raises(InvalidParameterError, match="index must be from 0 to 4294967295, got -1"):
        Mixture([{"model": "ar"}])[-1]
