"""Entries appear whole, once, and damaged ones go."""

from __future__ import annotations

import multiprocessing
import os
import shutil
import stat
from pathlib import Path
from typing import Any

import pytest
import xarray as xr
from stored import configured, made

from pymts.errors import DamagedEntryError, DamagedEntryWarning, StoreError
from pymts.plan.configuration import Configuration
from pymts.run.simulate import simulate_whole
from pymts.store import cache as store_module
from pymts.store.cache import Store
from pymts.store.entries import housekeeping, publish


def test_a_damaged_entry_is_set_aside_and_generated_again(
    store: Store, configuration: Configuration, dataset: xr.Dataset, entry: Path
) -> None:
    parquet = store.path(configuration)
    parquet.write_bytes(parquet.read_bytes()[:-1])
    assert configuration not in store
    with pytest.warns(DamagedEntryWarning) as caught:
        assert store.load(configuration, heal=False) is None
    assert entry.name in str(caught[0].message)
    assert "bytes, not" in str(caught[0].message)
    assert entry.exists(), "heal=False changes nothing"
    with pytest.warns(DamagedEntryWarning, match="has been moved to") as caught:
        assert store.load(configuration) is None
    assert not entry.exists()
    (aside,) = store.quarantined()
    assert str(aside) in str(caught[0].message)
    assert store.path(configuration) == parquet
    store.save(configuration, dataset)
    xr.testing.assert_identical(store.load(configuration), dataset)
    assert [entry.config_id for entry in store.entries()] == [configuration.config_id]


def test_writing_over_a_damaged_entry_replaces_it(
    store: Store, configuration: Configuration, dataset: xr.Dataset, entry: Path
) -> None:
    parquet = store.path(configuration)
    raw = bytearray(parquet.read_bytes())
    raw[200] ^= 1
    parquet.write_bytes(raw)
    with pytest.warns(DamagedEntryWarning, match="is not what was written; it is not served, and has been moved"):
        assert store.save(configuration, dataset) == parquet
    xr.testing.assert_identical(store.load(configuration), dataset)
    assert len(store.quarantined()) == 1


def test_damage_that_is_gone_at_the_second_look_is_no_damage(
    store: Store, configuration: Configuration, dataset: xr.Dataset, entry: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another process removes an entry, or puts a whole one in its place, while this one reads."""
    real = store_module._serve
    calls = []

    def once(*arguments: Any) -> Any:
        calls.append(1)
        if len(calls) == 1:
            raise DamagedEntryError("half of the old one, half of the new one")
        return real(*arguments)

    monkeypatch.setattr(store_module, "_serve", once)
    xr.testing.assert_identical(store.load(configuration), dataset)
    assert store.quarantined() == []
    shutil.rmtree(entry)
    calls.clear()
    assert store.load(configuration) is None


def test_the_quarantine_does_not_grow_without_bound(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(housekeeping, "KEPT_IN_QUARANTINE", 3)
    for seed in range(6):
        configuration = configured(seed=seed)
        path = store.save(configuration, made(configuration))
        path.write_bytes(b"")
        with pytest.warns(DamagedEntryWarning):
            store.load(configuration)
    assert [path.name.split("_seed")[1][0] for path in store.quarantined()] == ["5", "4", "3"]


def test_an_empty_directory_in_the_way_is_replaced(
    store: Store, configuration: Configuration, dataset: xr.Dataset
) -> None:
    store.path(configuration).parent.mkdir(parents=True)
    store.save(configuration, dataset)
    xr.testing.assert_identical(store.load(configuration), dataset)


def test_a_file_in_the_way_is_named(store: Store, configuration: Configuration, dataset: xr.Dataset) -> None:
    folder = store.path(configuration).parent
    folder.parent.mkdir(parents=True)
    folder.write_text("mine")
    with pytest.raises(StoreError, match="is not a directory, so no dataset can be stored there; remove it"):
        store.save(configuration, dataset)
    assert folder.read_text() == "mine"
    assert not list(store.root.rglob(".tmp-*"))
    assert store.load(configuration) is None


def test_a_race_lost_to_another_configuration_is_an_error(
    store: Store, configuration: Configuration, dataset: xr.Dataset, entry: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    draft = entry.with_name(".tmp-x")
    shutil.copytree(entry, draft)
    with pytest.raises(StoreError, match="taken by another configuration meanwhile; try again"):
        publish.publish(draft, entry, "0" * 64, lambda *_: None)


def _race(root: str, barrier: Any, results: Any) -> None:
    store = Store(root)
    for seed in range(5):
        configuration = configured(seed=seed)
        dataset = made(configuration)
        barrier.wait()
        store.save(configuration, dataset)
        found = store.load(configuration)
        results.put((seed, found is not None and found.identical(dataset)))


def test_processes_that_save_the_same_leave_one_entry(store: Store) -> None:
    context = multiprocessing.get_context("spawn")
    barrier, results = context.Barrier(3), context.Queue()
    workers = [context.Process(target=_race, args=(str(store.root), barrier, results)) for _ in range(3)]
    for worker in workers:
        worker.start()
    found = [results.get(timeout=60) for _ in range(15)]
    for worker in workers:
        worker.join()
        assert worker.exitcode == 0
    assert all(equal for _, equal in found)
    assert len(list(store.entries())) == 5
    assert not list(store.root.rglob(".tmp-*"))
    assert store.quarantined() == []


def test_a_root_removed_meanwhile_is_an_error_and_not_a_puzzle(
    store: Store, configuration: Configuration, dataset: xr.Dataset
) -> None:
    def blocks() -> Any:
        yield simulate_whole(configuration)
        shutil.rmtree(store.root)

    with pytest.raises(
        StoreError, match=r"is missing; what was read back is not what was written, so nothing of it is kept"
    ):
        store.write(configuration, blocks())
    assert not store.root.exists()
    store.save(configuration, dataset)
    shutil.rmtree(store.root)
    assert store.load(configuration) is None
    store.save(configuration, dataset)
    xr.testing.assert_identical(store.load(configuration), dataset)


@pytest.mark.parametrize("mask", [0o022, 0o002, 0o077])
def test_permissions_follow_the_umask(
    store: Store, configuration: Configuration, dataset: xr.Dataset, mask: int
) -> None:
    old = os.umask(mask)
    try:
        store.save(configuration, dataset)
    finally:
        os.umask(old)
    for path in (store.root, *store.root.rglob("*")):
        assert stat.S_IMODE(path.stat().st_mode) == (0o777 if path.is_dir() else 0o666) & ~mask, path
