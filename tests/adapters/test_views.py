"""Views: what is chosen of grids, stores and lists; three-way splits; and training on more than fits in memory."""

from __future__ import annotations

import itertools
import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import xarray as xr

from pymts.adapters import View, split, train_test_split
from pymts.adapters.panel import to_numpy3d
from pymts.adapters.sklearn import to_xy
from pymts.adapters.torch import WindowDataset, make_dataloader
from pymts.datasets import load_grid, make_var
from pymts.errors import InvalidParameterError
from pymts.store.cache import Store
from pymts.store.format import parquet

RECORDS = [
    {"model": "var", "M": 3, "T": 40, "n_realizations": 4, "rho": [0.1, 0.5, 0.9], "seed": [1, 2]},
    {"model": "ar", "M": 3, "T": 30, "n_realizations": 5, "seed": [3, 4]},
]


@pytest.fixture(scope="module")
def grid(tmp_path_factory: pytest.TempPathFactory) -> Any:
    made = load_grid(RECORDS, outdir=tmp_path_factory.mktemp("views") / "store")
    assert len(list(made)) == 8  # stored
    return made


@pytest.fixture(params=["grid", "store", "packed", "list"])
def source(request: pytest.FixtureRequest, grid: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    if request.param == "grid":
        return grid
    if request.param == "list":
        return list(grid)
    if request.param == "store":
        return grid.store
    monkeypatch.setattr(parquet, "GROUP_VALUES", 50)  # so that windows span row groups
    packed = load_grid(RECORDS, outdir=tmp_path)
    assert len(list(packed)) == 8
    packed.store.pack(remove=True)
    return packed


def test_masks_lists_and_where_give_parts_of_a_grid(grid: Any) -> None:
    ids = grid.config_ids
    assert grid[grid.table.rho == 0.9].config_ids == [
        i for i, rho in zip(ids, grid.table.rho, strict=True) if rho == 0.9
    ]
    assert grid[[3, 0, -1]].config_ids == [ids[3], ids[0], ids[7]]
    assert grid[[ids[2]]].config_ids == [ids[2]]
    assert grid.where(model="var", rho=[0.1, 0.9]).where(seed=2).config_ids == [ids[1], ids[5]]
    part = grid[[5, 1]]
    assert list(part.table.index) == [ids[5], ids[1]]
    xr.testing.assert_identical(part[1], grid[1])
    xr.testing.assert_identical(part[ids[5]], grid[5])
    assert grid[2:6][np.array([True, False, False, True])].config_ids == [ids[2], ids[5]]
    assert [ds.pymts.config_id for ds in part] == [ids[5], ids[1]]


@pytest.mark.parametrize(
    ("choose", "told"),
    [
        (lambda g: g[[True, False]], "a mask must have one value for each of 8 configurations, got 2"),
        (lambda g: g[1.5], "select by a position, a config_id, a slice, a list of these or a boolean mask, got 1.5"),
        (lambda g: g.where(rhoo=1), "rhoo is not a parameter of any configuration here; did you mean 'rho'"),
        (lambda g: g.where(rho=0.7), r"no configuration has rho=0.7 \(rho is .*0.1"),
    ],
)
def test_what_chooses_nothing_is_said(grid: Any, choose: Any, told: str) -> None:
    for one in (grid, View.of(grid), grid.store.datasets):
        with pytest.raises(InvalidParameterError, match=told):
            choose(one)


def test_a_store_has_a_length_a_table_and_where(grid: Any, tmp_path: Path) -> None:
    store = Store(grid.store.root)
    assert len(store) == 8
    assert Store(tmp_path / "nothing"), "an empty store is a store"
    assert len(Store(tmp_path / "nothing")) == 0
    table = store.table
    assert sorted(table.index) == sorted(grid.config_ids)
    assert {"model", "M", "T", "n_realizations", "rho", "seed"} <= set(table.columns)
    found = store.where(model="var", rho=0.5)
    assert sorted(found.config_ids) == sorted(grid.where(model="var", rho=0.5).config_ids)
    xr.testing.assert_identical(found[0], grid[found.config_ids[0]])
    assert WindowDataset(found, 10, mapped=True)[:].shape == (2 * 4 * 31, 10, 3)


def test_a_view_is_the_part_it_names_for_every_adapter(source: Any) -> None:
    view = View.of(source).where(model="var").select(realization=[3, 1], channel=[2, 0], time=slice(5, 35))
    whole = list(source.datasets if isinstance(source, Store) else source)
    by_hand = [
        ds.pymts.select(channel=[2, 0]).isel(time=slice(5, 35), realization=[3, 1])
        for ds in whole
        if ds.attrs["model"] == "var"
    ]
    assert len(view) == len(by_hand) == 6
    for one, other in zip(view, by_hand, strict=True):
        xr.testing.assert_identical(one.load(), other)
    assert view.table.M.tolist() == [2] * 6
    assert view.table["T"].tolist() == [30] * 6
    np.testing.assert_array_equal(to_numpy3d(view), to_numpy3d(by_hand))
    np.testing.assert_array_equal(to_xy(view, context_length=3).X, to_xy(by_hand, context_length=3).X)
    plain = WindowDataset(by_hand, 6, 2, 3, dtype=torch.float64)
    again = view.select(realization=[1]).select(time=slice(1, None))
    xr.testing.assert_identical(again[0].load(), by_hand[0].isel(realization=[1], time=slice(1, None)))
    for mapped in (False, True):
        if mapped and isinstance(source, list):
            with pytest.raises(InvalidParameterError, match="mapped=True needs a stored source"):
                WindowDataset(view, 6, mapped=True)
            continue
        windows = WindowDataset(view, 6, 2, 3, mapped=mapped, dtype=torch.float64)
        order = torch.randperm(len(plain), generator=torch.Generator().manual_seed(1))
        for got in (windows, pickle.loads(pickle.dumps(windows))):
            for one, other in zip(got[order], plain[order], strict=True):
                assert torch.equal(one, other)


def test_windows_know_their_configuration_and_their_series(grid: Any) -> None:
    windows = WindowDataset(grid, 8, 1, mapped=True)
    rows = to_xy(list(grid), context_length=8, horizon=1)
    np.testing.assert_array_equal(windows.groups, rows.groups)
    np.testing.assert_array_equal(windows.configuration, rows.configuration)
    assert windows.config_ids == rows.config_ids


@pytest.mark.parametrize("by", ["realization", "configuration", "time", "rho", "model"])
def test_three_sides_share_nothing_and_leave_nothing(source: Any, by: str) -> None:
    if by in ("rho", "configuration"):
        source = View.of(source).where(model="var")
    sizes = {"validation": 1, "test": 1} if by != "time" else {"validation": 0.2, "test": 0.3}
    if by == "model":
        with pytest.raises(InvalidParameterError, match="the source has 2 values of model; give more"):
            split(source, by=by, **sizes)  # type: ignore[arg-type]
        return
    sides = split(source, by=by, **sizes)  # type: ignore[arg-type]
    assert len(sides) == 3
    whole = View.of(source)
    seen: list[set[tuple[str, int, int]]] = []
    for side in sides:
        samples = set()
        for ds in side:
            own = ds.pymts.config["params"]
            key = f"{ds.attrs['model']} {own['seed']} {own.get('rho')}"
            samples |= {
                (key, r, t) for r, t in itertools.product(ds.realization.values.tolist(), ds.time.values.tolist())
            }
        seen.append(samples)
    for one, other in itertools.combinations(seen, 2):
        assert not one & other
    assert sum(map(len, seen)) == sum(ds.sizes["time"] * ds.sizes["realization"] for ds in whole)
    if by == "rho":
        assert [len({ds.pymts.config["params"]["rho"] for ds in side}) for side in sides] == [1, 1, 1]
    if by == "time":
        for one, two, three in zip(*sides, strict=True):
            assert one.time.max() < two.time.min()
            assert two.time.max() < three.time.min()


def test_two_sides_are_train_test_split_and_a_dataset_gives_datasets(grid: Any) -> None:
    one, two = train_test_split(grid, 0.5, random_state=3), split(grid, test=0.5, random_state=3)
    for a, b in zip(one, two, strict=True):
        assert a.parts == b.parts
    assert {p for side in split(grid, test=0.5, random_state=4) for p in side.parts} != {
        p for s in two for p in s.parts
    }
    train, validation, test = split(make_var(T=20, n_realizations=10, seed=1), validation=2, test=3)
    assert [ds.sizes["realization"] for ds in (train, validation, test)] == [5, 2, 3]
    few = split(grid, train=0.25, test=0.25)
    assert [part[0].sizes["realization"] for part in few] == [1, 1], "what no side asks for is left out"
    gapped = split(make_var(T=50, seed=1), validation=10, test=10, by="time", gap=3)
    assert [ds.sizes["time"] for ds in gapped] == [24, 10, 10]
    assert [int(ds.time[0]) for ds in gapped] == [0, 27, 40]


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({}, "validation and test are both missing; give at least one of them"),
        ({"test": 1.5}, "test must be a fraction between 0 and 1 or an integer of at least 1, got 1.5"),
        ({"validation": 2, "test": 3}, "validation=2 and test=3 leave nothing to train on: var_"),
        ({"train": 4, "test": 1}, "train=4 and test=1 exceed what is available: var_"),
        (
            {"test": 0.2, "by": "colour"},
            "by must be one of 'realization', 'configuration', 'time', 'model' or a",
        ),
    ],
)
def test_bad_splits_are_refused_in_one_sentence(grid: Any, options: dict[str, Any], told: str) -> None:
    with pytest.raises(InvalidParameterError, match=told):
        split(grid, **options)


def test_splitting_needs_no_scikit_learn() -> None:
    code = (
        "import sys; sys.modules['sklearn'] = None\n"
        "from pymts.adapters import split; from pymts.datasets import make_var\n"
        "print([ds.sizes['realization'] for ds in split(make_var(T=9, n_realizations=4, seed=1), test=1)])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[3, 1]\n"


def test_a_loader_tells_its_batch_size_and_takes_a_subset(grid: Any) -> None:
    windows = WindowDataset(grid, 8)
    assert make_dataloader(windows, 16).batch_size == 16
    some, rest = torch.utils.data.random_split(windows, [100, len(windows) - 100])
    loader = make_dataloader(some, 32, shuffle=True, seed=1)
    batches = list(loader)
    assert [len(batch) for batch in batches] == [32, 32, 32, 4]
    wanted = {windows[i].numpy().tobytes() for i in some.indices}
    assert {row.numpy().tobytes() for batch in batches for row in batch} == wanted
    assert len(rest) + 100 == len(windows)


TRAINING = """
import resource, sys, torch
from pymts.adapters import split
from pymts.adapters.torch import WindowDataset, make_dataloader
from pymts.datasets import load_grid
records = [{"model": "ar", "M": 8, "T": 20_000, "n_realizations": 50, "rho": 0.9, "seed": [1, 2, 3, 4]}]
grid = load_grid(records)
grid.store.check_writable()
for configuration in grid.grid:
    assert configuration in grid.store
torch.set_num_threads(1)
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
train, validation, test = split(grid, validation=0.1, test=0.1)
sets = [WindowDataset(part, 8, 1, stride=997, mapped=True) for part in (train, validation, test)]
model = torch.nn.Linear(64, 8)
step = torch.optim.Adam(model.parameters(), 0.01)
def error(batch): x, y = batch; return ((model(x.flatten(1)) - y[:, 0]) ** 2).mean()
first = float(error(sets[1][:]).detach())
for _ in range(3):
    for batch in make_dataloader(sets[0], 64, shuffle=True, seed=0):
        step.zero_grad(); loss = error(batch); loss.backward(); step.step()
last = float(error(sets[2][:]).detach())
print(first, last, (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 - before) / 2**20)
"""


@pytest.mark.slow
def test_training_on_a_split_of_more_than_is_held_in_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Train on 256 MB in the store; the process grows by a fraction of it, although mapped pages count."""
    monkeypatch.setenv("PYMTS_DATA_HOME", str(tmp_path))
    grid = {"configs": [{"model": "ar", "M": 8, "T": 20_000, "n_realizations": 50, "rho": 0.9, "seed": [1, 2, 3, 4]}]}
    from pymts import generate

    assert generate(grid, tmp_path).counts["generated"] == 4
    done = subprocess.run([sys.executable, "-c", TRAINING], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    first, last, grown = map(float, done.stdout.splitlines()[0].split())
    assert last < first / 2
    assert grown < 4 * 50 * 20_000 * 8 * 8 / 2**20 * 1.2
