"""Saving and serving."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import pytest
import xarray as xr
from stored import configured, files_below, made

from pymts.data.block import Block
from pymts.errors import InvalidParameterError
from pymts.plan.configuration import Configuration
from pymts.run.simulate import simulate_blocks
from pymts.store import disk
from pymts.store.cache import Store
from pymts.store.entries.entry import SUFFIXES
from pymts.store.entries.housekeeping import MARKER


def test_what_is_saved_is_served(store: Store, configuration: Configuration, dataset: xr.Dataset) -> None:
    assert store.load(configuration) is None
    announced = store.path(configuration)
    assert configuration not in store
    assert not store.root.exists(), "nothing is created on a read"
    path = store.save(configuration, dataset)
    name = configuration.config_id
    assert path == announced == store.root / "kuramoto" / name / f"{name}.parquet" == store.path(configuration)
    assert sorted(file.name for file in path.parent.iterdir()) == sorted(f"{name}{suffix}" for suffix in SUFFIXES)
    assert configuration in store
    assert store.find(configuration) == path.parent
    for found in (store.load(configuration), store.load(configuration, lazy=True), store.open_id(name)):
        assert found is not None
        xr.testing.assert_identical(found, dataset)
        assert found.pymts.config == dataset.pymts.config
    assert list(store.ids()) == [name]
    assert not list(store.root.rglob(".tmp-*"))


def test_saving_twice_leaves_the_first(
    store: Store, configuration: Configuration, dataset: xr.Dataset, entry: Path
) -> None:
    before = entry.stat().st_ino
    store.save(configuration, dataset)
    assert entry.stat().st_ino == before
    assert not list(store.root.rglob(".tmp-*"))


def test_two_seeds_are_two_entries(store: Store) -> None:
    both = [configured(seed=seed) for seed in (1, 2)]
    for configuration in both:
        store.save(configuration, made(configuration))
    assert len(set(map(store.path, both))) == 2
    for configuration in both:
        xr.testing.assert_identical(store.load(configuration), made(configuration))
    assert configured(seed=3) not in store


@pytest.mark.parametrize(
    "params", [{"T": 1, "M": 1, "n_realizations": 1}, {"zscore": True, "noise_std": 0.3}, {"theta0": [0.1, 0.2, 0.3]}]
)
@pytest.mark.parametrize("realizations", [1, 3, 4, 100])
def test_blocks_and_the_whole_give_the_same_files(
    tmp_path: Path, small_groups: None, params: dict[str, Any], realizations: int
) -> None:
    configuration = configured(**{"n_realizations": 11, **params})
    block_bytes = 8 * realizations * configuration.shape[1] * configuration.shape[2]
    Store(tmp_path / "whole").save(configuration, made(configuration))
    Store(tmp_path / "blocks").write(configuration, simulate_blocks(configuration, block_bytes))
    assert files_below(tmp_path / "whole") == files_below(tmp_path / "blocks")
    xr.testing.assert_identical(Store(tmp_path / "blocks").load(configuration), made(configuration))


def test_blocks_that_are_not_the_whole_are_refused(store: Store, configuration: Configuration) -> None:
    blocks = list(simulate_blocks(configuration, 1))
    assert len(blocks) == 4
    for wrong, complaint in (
        (blocks[:3], "3 realizations were given of 4"),
        ([], "0 realizations were given of 4"),
        ([blocks[0], blocks[2]], "realization 1 comes next, got 2"),
        ([blocks[1]], "realization 0 comes next"),
        ([*blocks, Block(range(4, 5), blocks[0].values, blocks[0].truth, {})], "5 realizations were given of 4"),
        (simulate_blocks(configured(T=7)), r"a block has the shape \(4, 7, 3\)"),
    ):
        with pytest.raises(InvalidParameterError, match=complaint):
            store.write(configuration, wrong)
    assert not list(store.root.rglob("*.parquet"))
    assert not list(store.root.rglob(".tmp-*"))


def test_an_error_between_blocks_leaves_nothing(store: Store, configuration: Configuration) -> None:
    def failing() -> Any:
        yield next(iter(simulate_blocks(configuration, 1)))
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        store.write(configuration, failing())
    assert [file.name for file in store.root.rglob("*")] == [MARKER, "kuramoto"] or not list(store.root.rglob(".tmp-*"))


def test_a_dataset_of_another_configuration_is_refused(
    store: Store, configuration: Configuration, dataset: xr.Dataset
) -> None:
    for wrong in (
        made(configured(seed=2)),
        dataset.isel(realization=[0]),
        dataset.assign_attrs(digest="0" * 64),
        dataset.assign_attrs(config="{}"),
        dataset.drop_attrs(),
    ):
        with pytest.raises(InvalidParameterError, match=r"the dataset is not the one of kuramoto_M3.*save_parquet"):
            store.save(configuration, wrong)
    assert not store.root.exists()


def test_batch_durability_syncs_once(
    tmp_path: Path, dataset: xr.Dataset, configuration: Configuration, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[str] = []
    for name in ("sync_file", "sync_directory", "sync_all"):
        monkeypatch.setattr(disk, name, lambda *_, name=name: calls.append(name))
    Store(tmp_path / "entry").save(configuration, dataset)
    # The marker, three files; the directory, its parent, and each directory that was made.
    assert (calls.count("sync_file"), calls.count("sync_directory")) == (4, 5)
    calls.clear()
    batch = Store(tmp_path / "batch", durability="batch")
    batch.save(configuration, dataset)
    assert calls == []
    batch.sync()
    assert calls == ["sync_all"]
    xr.testing.assert_identical(batch.load(configuration), dataset)
    with pytest.raises(InvalidParameterError, match="durability must be 'entry' or 'batch', got 'none'"):
        Store(tmp_path, durability="none")  # type: ignore[arg-type]


def test_the_root_is_argument_then_variable_then_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PYMTS_DATA_HOME", raising=False)
    assert Store().root == Path("data")
    monkeypatch.setenv("PYMTS_DATA_HOME", "")
    assert Store().root == Path("data")
    monkeypatch.setenv("PYMTS_DATA_HOME", "~/somewhere")
    assert Store().root == Path.home() / "somewhere"
    assert Store(tmp_path).root == tmp_path
    assert pickle.loads(pickle.dumps(Store(tmp_path))).root == tmp_path
    assert repr(Store("here")) == "Store('here')"
