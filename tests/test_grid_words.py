"""What a grid file may say, and how: rules of numbers, the model in defaults, lines, digest, citation."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support import MODELS

from pymts import Generator, Store, load_grid, make_ar, make_kuramoto, make_var
from pymts.errors import GridError, InvalidParameterError
from pymts.params.foreign import NAMES, SENTENCES
from pymts.plan.grid import Grid

TEXT = """\
name: Small benchmark
version: 1.2
description: Two models.
license: CC-BY-4.0
authors: [A. One, B. Two]
seed: 3
defaults: {model: var, M: 3, T: 20}
configs:
  - rho: [0.5, 0.9]

  - {model: ar, rho: {linspace: [0, 0.8, 3]}}
"""


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "small.yaml"
    path.write_text(text)
    return path


@pytest.mark.parametrize(
    ("rule", "values"),
    [
        ({"linspace": [0, 4, 9]}, [0.0, 0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 3.5, 4.0]),
        ({"linspace": [0.1, 0.3, 3]}, [0.1, 0.2, 0.3]),
        ({"logspace": [-2, 0, 3]}, [0.01, 0.1, 1.0]),
        ({"range": [0, 1, 0.25]}, [0.0, 0.25, 0.5, 0.75]),
        ({"range": [0, 0.3, 0.1]}, [0.0, 0.1, 0.2]),
        ({"range": [3, 0, -1]}, [3, 2, 1]),
    ],
)
def test_rules_spell_out_their_numbers(rule: dict[str, Any], values: list[float]) -> None:
    grid = Grid([{"model": "kuramoto", "K": rule}])
    assert [cell.params.K for cell in grid] == values
    explicit = Grid([{"model": "kuramoto", "K": values}])
    assert [cell.digest for cell in grid] == [cell.digest for cell in explicit]


def test_whole_numbers_of_a_rule_are_integers() -> None:
    assert [cell.params.M for cell in Grid([{"model": "kuramoto", "M": {"range": [2, 8, 2]}}])] == [2, 4, 6]


@pytest.mark.parametrize(
    ("rule", "told"),
    [
        ({"linspace": [0, 4]}, r"K must be {linspace: \[first, last, count\]}, got \[0, 4\]"),
        ({"range": [0, 4, 0]}, "with 1 to 100000 values"),
        ({"range": [0, 4, -1]}, "with 1 to 100000 values"),
        ({"linspace": [0, 4, 2.5]}, "with 1 to 100000 values"),
        ({"logspace": ["a", 1, 2]}, "K must be {logspace"),
        ({"linspace": [0, 1, 1000000]}, "with 1 to 100000 values"),
    ],
)
def test_a_rule_that_makes_no_list_is_refused(rule: dict[str, Any], told: str) -> None:
    with pytest.raises(GridError, match=told):
        Grid([{"model": "kuramoto", "K": rule}])


def test_a_file_says_what_it_is_and_its_model_once(tmp_path: Path) -> None:
    grid = Grid.read(written(tmp_path, TEXT))
    assert [cell.model.name for cell in grid] == ["var", "var", "ar", "ar", "ar"]
    assert grid.info.name == "Small benchmark"
    assert grid.info.version == "1.2"
    assert grid.info.authors == ("A. One", "B. Two")
    again = Grid.read(grid.to_mapping())
    assert again.info == grid.info
    assert again.digest == grid.digest


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (("name: Small benchmark", "name: [a]"), r"small.yaml: name must be a string, got \['a'\]"),
        (("authors: [A. One, B. Two]", "authors: {a: 1}"), "authors must be a string or a list of strings"),
        (("rho: [0.5, 0.9]", "rho: [0.5, 2.0]"), r"line 9, record 1 \(var\): rho must be"),
        (("{linspace: [0, 0.8, 3]}", "{linspace: [0, 3]}"), r"line 11, record 2 \(ar\): rho must be {linspace"),
        (("model: ar, ", "model: arr, "), "line 11, record 2: there is no model 'arr'"),
        (
            ("defaults: {model: var, ", "defaults: {"),
            "line 9, record 1 has no model; name one of .* here or in",
        ),
    ],
)
def test_a_mistake_is_told_with_its_line(tmp_path: Path, change: tuple[str, str], told: str) -> None:
    with pytest.raises(GridError, match=told):
        Grid.read(written(tmp_path, TEXT.replace(*change)))


def test_the_digest_is_of_the_datasets_and_of_nothing_else(tmp_path: Path) -> None:
    grid = Grid.read(written(tmp_path, TEXT))
    other = Grid.read(written(tmp_path, TEXT.replace("Small benchmark", "Renamed")))
    assert other.digest == grid.digest
    assert len(grid.digest) == 64
    records = [{"model": "ar", "seed": 1}, {"model": "var", "seed": 2}]
    assert Grid(records).digest == Grid(records[::-1]).digest
    assert Grid(records).digest != Grid([{"model": "ar", "seed": 3}, {"model": "var", "seed": 2}]).digest


def test_citations_name_the_grid_the_package_and_each_model_once(tmp_path: Path) -> None:
    text = Grid.read(written(tmp_path, TEXT)).cite()
    assert text.count("@") == 4
    assert "@misc{Small_benchmark,\n  title = {Small benchmark},\n  author = {A. One and B. Two}," in text
    assert "@software{pymts," in text
    assert "@misc{pymts_var,\n  author = {H. Lütkepohl},\n  year = {2005}," in text
    assert "doi = {10.1007/978-3-540-27752-1}" in text
    own = TEXT + 'citation: "@article{me, title = {Mine}}"\n'
    assert Grid.read(written(tmp_path, own)).cite().startswith("@article{me, title = {Mine}}")


def test_names_are_short_and_a_label_shows_what_is_swept() -> None:
    grid = load_grid([{"model": "var", "rho": [0.5, 0.9], "n_realizations": 10, "T": 20}], cache=False)
    seeds = [cell.seed for cell in grid.grid]
    assert all(seed < 2**32 for seed in seeds)
    assert all("_R10_" in name for name in grid.config_ids)
    assert grid.table.label.tolist() == ["var, rho=0.5", "var, rho=0.9"]


@pytest.mark.parametrize("name", sorted(NAMES))
def test_names_of_other_packages_are_answered_by_ours(name: str) -> None:
    for model in MODELS.values():
        wanted = next((here for here in NAMES[name] if here in model.params.model_fields), None)
        if wanted is None or name in model.params.model_fields:
            continue
        with pytest.raises(InvalidParameterError, match=f"{name} is not a parameter; here it is called '{wanted}'"):
            Grid([{"model": model.name, name: 1}])


@pytest.mark.parametrize("name", sorted(SENTENCES))
def test_what_takes_more_than_a_name_is_explained(name: str) -> None:
    with pytest.raises(InvalidParameterError, match=rf"{name} is not a parameter; give \w+ = "):
        make_kuramoto(**{name: 1})


def test_where_nothing_is_near_the_names_come_in_groups() -> None:
    with pytest.raises(InvalidParameterError) as refusal:
        make_kuramoto(wavelet=1)
    told = str(refusal.value)
    assert "it takes model parameters: K, alpha" in told
    assert "; graph parameters: topology, A" in told
    assert "; common parameters: " in told
    assert "cache" not in told


def test_one_word_for_the_store_and_the_old_one_is_understood(tmp_path: Path) -> None:
    one = make_ar(T=9, seed=1, cache=True, store=tmp_path / "a")
    assert make_ar(T=9, seed=1, cache=True, outdir=tmp_path / "a").identical(one)
    records = [{"model": "ar", "T": 9, "seed": 1}]
    for given in ({"store": tmp_path / "a"}, {"outdir": tmp_path / "a"}, {"store": Store(tmp_path / "a")}):
        assert load_grid(records, cache="read", **given)[0].identical(one)
        assert Generator().generate(records, save=True, **given)[0].identical(one)
    assert len(Store(tmp_path / "a")) == 1
    with pytest.raises(InvalidParameterError, match="store and outdir are both given and mean the same; keep store"):
        load_grid(records, store="a", outdir="b")
    with pytest.raises(InvalidParameterError, match="store is given twice, as store and as outdir; keep one"):
        make_var(store="a", outdir="b", seed=1)
    np.testing.assert_array_equal(one.data.shape, (9, 5, 1))
