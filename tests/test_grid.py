"""Grids: what sweeps, what is counted, what is refused."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pymts.errors import GridError, InvalidParameterError, TooLargeError
from pymts.plan.configuration import Configuration
from pymts.plan.grid import Grid

CONFIGS = sorted((Path(__file__).parents[1] / "configs").glob("*.yaml"))


def write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "grid.yaml"
    path.write_text(text)
    return path


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.stem)
def test_every_example_is_valid(path: Path) -> None:
    grid = Grid.read(path)
    ids = [configuration.config_id for configuration in grid]
    assert len(ids) == len(set(ids)) == len(grid)


def test_the_users_example_has_six_configurations() -> None:
    grid = Grid.read(CONFIGS[0].parent / "example_grid.yaml")
    cells = [(c.model.name, c.params.M, c.values.get("K"), c.values.get("sigma")) for c in grid]
    assert cells == [
        ("kuramoto", 5, 0.5, None),
        ("kuramoto", 5, 2.0, None),
        ("kuramoto", 10, 0.5, None),
        ("kuramoto", 10, 2.0, None),
        ("gbm", 5, None, 0.1),
        ("gbm", 5, None, 0.3),
    ]


def test_all_models_has_what_its_first_line_says() -> None:
    path = CONFIGS[0].parent / "all_models.yaml"
    grid = Grid.read(path)
    models = {configuration.model.name for configuration in grid}
    assert path.read_text().splitlines()[0] == f"# {len(models)} models: {len(grid)} configurations."


@settings(max_examples=50, deadline=None)
@given(
    st.lists(st.integers(1, 4), min_size=1, max_size=3, unique=True),
    st.lists(st.floats(-5, 5), min_size=1, max_size=4, unique=True),
    st.lists(st.integers(0, 2**40), min_size=1, max_size=3, unique=True),
)
def test_expansion_is_the_cartesian_product(sizes: list[int], couplings: list[float], seeds: list[int]) -> None:
    grid = Grid([{"model": "kuramoto", "M": sizes, "K": couplings, "seed": seeds}])
    expected = list(itertools.product(sizes, couplings, seeds))
    assert len(grid) == len(expected)
    assert [(c.params.M, c.values["K"], c.seed) for c in grid] == expected
    assert [grid[i].digest for i in range(len(grid))] == [c.digest for c in grid]
    assert grid[-1].digest == list(grid)[-1].digest
    assert [c.digest for c in grid[1:3]] == [c.digest for c in list(grid)[1:3]]
    with pytest.raises(IndexError, match="out of range"):
        grid[len(grid)]


PHI = [[0.5, 0.3], [0.0, 0.5]]


@pytest.mark.parametrize(
    ("record", "count"),
    [
        ({"model": "var", "Phi": PHI}, 1),  # a matrix is a value
        ({"model": "var", "Phi": [PHI, np.zeros((2, 2)).tolist()]}, 1),  # two lags are a value
        ({"model": "var", "Phi": [[PHI], [np.zeros((2, 2)).tolist()]]}, 2),  # a list of values sweeps
        ({"model": "var", "Phi": {"sweep": [PHI, [[0.1, 0.0], [0.0, 0.1]]]}}, 2),
        ({"model": "kuramoto", "A": [[0, 1], [1, 0]]}, 1),
        ({"model": "kuramoto", "A": [[[0, 1], [1, 0]], [[0, 0], [1, 0]]]}, 2),
        ({"model": "kuramoto", "M": 2, "omega": [0.0, 1.0]}, 1),
        ({"model": "kuramoto", "M": 2, "omega": [None, [0.0, 1.0]]}, 2),
        ({"model": "gbm", "M": 2, "sigma": [0.1, 0.2]}, 2),  # scalars sweep where a scalar is allowed
        ({"model": "gbm", "M": 2, "sigma": {"value": [0.1, 0.2]}}, 1),
        ({"model": "gbm", "M": 2, "sigma": [[0.1, 0.2]]}, 1),  # a list of one vector
        ({"model": "kuramoto", "topology": ["ring", "star"], "zscore": [True, False]}, 4),
        ({"model": "kuramoto", "n_channels": [3, 4]}, 2),
        ({"model": "kuramoto", "K": np.linspace(0, 1, 5)}, 5),
    ],
)
def test_the_declared_type_decides_what_sweeps(record: dict[str, Any], count: int) -> None:
    grid = Grid([record])
    assert len(grid) == count
    assert len({c.digest for c in grid}) == count


def test_a_grid_read_back_from_its_mapping_is_the_same() -> None:
    grid = Grid([{"model": "gbm", "sigma": {"value": [0.1, 0.2]}, "M": 2, "mu": [0.1, 0.2]}, {"model": "ar"}], seed=3)
    again = Grid.read(grid.to_mapping())
    assert [c.digest for c in again] == [c.digest for c in grid]


def test_derived_seeds_depend_on_content_alone() -> None:
    records: list[dict[str, Any]] = [{"model": "ar", "rho": [0.1, 0.2, 0.3]}, {"model": "ou"}]
    before = {c.digest for c in Grid(records, seed=1)}
    reordered = [{"model": "cml"}, {"model": "ou"}, {"model": "ar", "rho": [0.3, 0.15, 0.2, 0.1]}]
    after = {c.digest for c in Grid(reordered, seed=1)}
    assert before < after
    assert not before & {c.digest for c in Grid(records, seed=2)}
    seeds = [c.seed for c in Grid(records, seed=1)]
    assert len(set(seeds)) == len(seeds)
    assert all(0 <= seed < 2**53 for seed in seeds)


def test_a_derived_seed_can_be_replayed_alone() -> None:
    cell = Grid([{"model": "ar", "rho": 0.5}], seed=1)[0]
    assert Configuration.of("ar", {"rho": 0.5, "seed": cell.seed}).digest == cell.digest


def test_a_seed_of_the_record_is_used_by_all_its_cells() -> None:
    assert {c.seed for c in Grid([{"model": "ar", "rho": [0.1, 0.2], "seed": 9}], seed=1)} == {9}
    assert {c.seed for c in Grid([{"model": "ar", "random_state": [9, 8]}], seed=1)} == {9, 8}


def test_defaults_reach_the_models_that_have_them() -> None:
    grid = Grid([{"model": "kuramoto"}, {"model": "ar", "T": 20}], defaults={"T": 10, "K": [1.0, 2.0]})
    assert [(c.model.name, c.params.T, c.values.get("K")) for c in grid] == [
        ("kuramoto", 10, 1.0),
        ("kuramoto", 10, 2.0),
        ("ar", 20, None),
    ]


def test_a_huge_grid_is_counted_at_once_and_refused() -> None:
    thousand = list(range(1000))
    record = {"model": "kuramoto", "seed": thousand, "K": [k / 10 for k in thousand], "T": [t + 1 for t in thousand]}
    with pytest.raises(TooLargeError, match=r"the grid has 1,000,000,000 configurations and the limit is 100,000"):
        Grid([record])


BAD_FILES = {
    "": "an empty file",
    "configs:": "configs must be a list of records, got None",
    "configs: []": "configs is empty",
    "configs: {model: ar}": "configs must be a list of records, got {'model': 'ar'}",
    "just text": "a grid must be a mapping with the key configs, or a list of records; got 'just text'",
    "config: []": "license, citation, authors); did you mean 'configs'?",
    "seed: 1": "the key configs is missing",
    "seed: x\nconfigs: [{model: ar}]": "seed must be an integer from 0 to 9223372036854775807, got 'x'",
    "seed: -1\nconfigs: [{model: ar}]": "seed must be an integer from 0",
    "seed: true\nconfigs: [{model: ar}]": "seed must be an integer from 0",
    "defaults: [1]\nconfigs: [{model: ar}]": "defaults must be a mapping of parameters, got [1]",
    "defaults: {n_realisations: 2}\nconfigs: [{model: ar}]": "did you mean 'n_realizations'?",
    "configs: [ar]": "record 1 must be a mapping such as {model: var, M: 5}, got 'ar'",
    "configs: [{M: 3}]": "record 1 has no model; name one of abm, ar",
    "configs: [{model: kuramotto}]": "record 1: there is no model 'kuramotto'; did you mean 'kuramoto'?",
    "configs: [{model: [ar, var]}]": "record 1: there is no model ['ar', 'var']",
    "configs: [{model: ar, MM: 3}]": "record 1 (ar): MM is not a parameter; did you mean 'M'?",
    "configs: [{model: ar, M: []}]": "record 1 (ar): M has an empty list to sweep",
    "configs: [{model: ar, M: [2, 0]}]": "(ar): M must be an integer from 1 to 1000000, got 0; the default is 5",
    "configs: [{model: ar, M: '3'}]": "record 1 (ar): M must be an integer from 1 to 1000000, got '3'",
    "configs: [{model: ar, outdir: /etc}]": "record 1 (ar): outdir controls how to run, not what to generate",
    "configs: [{model: ../../etc}]": "record 1: there is no model '../../etc'",
    "configs: [{model: kuramoto, K: .nan}]": "record 1 (kuramoto): K must be a finite number, got nan",
    "configs: [{model: kuramoto, K: {a: 1}}]": "record 1 (kuramoto): K must be a finite number, got {'a': 1}",
    "configs: [{model: kuramoto, A: [[1, 2], [3]]}]": "A has rows of different lengths",
    "configs: [{model: kuramoto, M: 3, A: [[0, 1], [1, 0]]}]": "A must have shape (M, M) = (3, 3), got shape (2, 2)",
    "configs:\n\t- model: ar": "indent with spaces, not tabs",
    "configs: [{model: ar, model: var}]": "the key 'model' is repeated",
}


@pytest.mark.parametrize("text", BAD_FILES)
def test_a_bad_file_is_refused_in_one_sentence_with_its_name(tmp_path: Path, text: str) -> None:
    path = write(tmp_path, text)
    with pytest.raises(GridError) as refusal:
        Grid.read(path)
    message = str(refusal.value)
    assert message.startswith(f"{path}: ")
    assert BAD_FILES[text] in message
    assert "\n" not in message


def test_all_problems_are_said_at_once(tmp_path: Path) -> None:
    path = write(tmp_path, "configs: [{model: ar, M: [0, -1, 3], T: 0}, {model: nope}, {model: gbm, sigm: 1}]")
    with pytest.raises(GridError) as refusal:
        Grid.read(path)
    lines = str(refusal.value).splitlines()
    assert lines[0] == f"{path}: 5 problems"
    assert sum("record 1 (ar): M must be" in line for line in lines) == 2
    assert sum("record 1 (ar): T must be" in line for line in lines) == 1


def test_a_missing_file_and_a_directory_are_refused(tmp_path: Path) -> None:
    with pytest.raises(GridError, match=r"nope.yaml does not exist"):
        Grid.read(tmp_path / "nope.yaml")
    with pytest.raises(GridError, match="is a directory; give the YAML file itself"):
        Grid.read(tmp_path)


@settings(max_examples=300, deadline=None)
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(["model", "configs", "seed", "defaults", "M", "T", "K", "sweep", "value"])
                | st.text(max_size=5),
                inner | st.sampled_from(["ar", "var", "kuramoto"]),
                max_size=4,
            )
        ),
        max_leaves=12,
    )
)
def test_whatever_is_given_is_a_grid_or_a_clear_refusal(content: Any) -> None:
    try:
        grid = Grid.read({"configs": content} if isinstance(content, list) else content)
    except InvalidParameterError as error:
        assert str(error)
    except TypeError:
        assert not isinstance(content, dict | list)
        raise
    else:
        assert len(grid) >= 1
