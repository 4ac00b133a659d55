"""The store: identity, publishing, races, containment, housekeeping."""

from __future__ import annotations

import json
import multiprocessing
import os
import pickle
import shutil
import stat
import subprocess
import sys
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr
from conftest import configured, made

from pymts import disk, housekeeping, inspection, publish, simulate
from pymts import store as store_module
from pymts.configuration import Configuration
from pymts.entry import SUFFIXES
from pymts.errors import DamagedEntryError, DamagedEntryWarning, InvalidParameterError, StoreError
from pymts.housekeeping import MARKER, QUARANTINE
from pymts.simulate import Block, simulate_blocks, simulate_whole
from pymts.store import Store


def files_below(path: Path) -> dict[str, bytes]:
    return {str(file.relative_to(path)): file.read_bytes() for file in sorted(path.rglob("*")) if file.is_file()}


# Saving and serving


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


# Identity


def collide(comers: list[Configuration], digits: int) -> None:
    """Make configurations share the slug and so many digits of their digests."""
    for comer, rest in zip(comers, "0ab", strict=True):
        comer.__dict__["slug"] = "kuramoto_same"
        comer.__dict__["digest"] = "1" * digits + rest * (64 - digits)


@pytest.mark.parametrize("digits", [8, 15, 16, 63])
def test_a_collision_takes_the_next_rung_and_all_are_served(
    store: Store, monkeypatch: pytest.MonkeyPatch, digits: int
) -> None:
    comers = [configured(seed=seed) for seed in (1, 2, 3)]
    collide(comers, digits)
    # The store believes a digest only if it is that of the configuration: pretend that these are.
    forged = {comer.canonical.encode(): comer.digest for comer in comers}
    fake = type("hashlib", (), {"sha256": staticmethod(lambda raw: _Digest(forged[raw]))})
    monkeypatch.setattr(inspection, "hashlib", fake)
    datasets = []
    for comer in comers[: 3 if digits >= 16 else 2]:
        assert store.load(comer) is None
        announced = store.path(comer)
        datasets.append(made(comer))
        assert store.save(comer, datasets[-1]) == announced
    for comer, dataset, length in zip(comers, datasets, (8, 16, 64), strict=False):
        assert store.path(comer).parent.name == comer.name(length)
        xr.testing.assert_identical(store.load(comer), dataset)
        xr.testing.assert_identical(store.open_id(comer.name(length)), dataset)
    assert len(list(store.entries())) == len(datasets)
    assert all(finding.status == "ok" for finding in store.verify())


class _Digest:
    def __init__(self, text: str) -> None:
        self._text = text

    def hexdigest(self) -> str:
        return self._text


def test_an_entry_of_another_version_is_not_served(store: Store, configuration: Configuration, entry: Path) -> None:
    model = configuration.model
    newer = Configuration(type(model)(**{**vars(model), "version": model.version + 1}), configuration.params)
    assert newer.digest != configuration.digest
    assert store.load(newer) is None
    shutil.copytree(entry, entry.with_name(newer.config_id))
    for file in entry.with_name(newer.config_id).iterdir():
        file.rename(file.with_name(file.name.replace(entry.name, newer.config_id)))
    with pytest.warns(DamagedEntryWarning, match="moved here"):
        assert store.load(newer) is None


@pytest.mark.parametrize("where", ["name", "model"])
def test_an_entry_moved_to_another_directory_is_not_served_as_something_else(
    store: Store, configuration: Configuration, entry: Path, where: str
) -> None:
    other = configured(seed=2)
    if where == "name":
        target = entry.with_name(other.config_id)
        entry.rename(target)
        for file in target.iterdir():
            file.rename(target / file.name.replace(entry.name, target.name))
    else:
        target = store.root / "ar" / entry.name
        target.parent.mkdir()
        entry.rename(target)
    with pytest.raises(DamagedEntryError, match="moved here"):
        store.open_id(target.name)
    assert [finding.status for finding in store.verify()] == ["damaged"]
    if where == "name":
        with pytest.warns(DamagedEntryWarning, match="moved here"):
            assert store.load(other) is None
    assert store.load(configuration) is None


def test_edited_metadata_are_not_believed_even_with_a_right_digest(
    store: Store, configuration: Configuration, dataset: xr.Dataset, entry: Path
) -> None:
    from pymts.sidecar import Metadata

    path = entry / f"{entry.name}.metadata.json"
    original = path.read_bytes()
    plain = json.loads(original)
    edits: list[Any] = [
        {"attrs": plain["attrs"] | {"seed": 2, "config": plain["attrs"]["config"].replace('"seed":1', '"seed":2')}},
        {"digest": "0" * 64},
        {"attrs": {}},
        {"configuration": {"model": "ar"}},
        {"configuration": None},
        {"name": "other"},
        {"parquet": plain["parquet"] | {"xxh3_128": "0" * 32}},
        {"truth": plain["truth"] | {"size": 1}},
        {"data": plain["data"] | {"shape": [4, 3, 6], "dtype": "<f4"}},
        {"data": plain["data"] | {"shape": [2**40, 2**40, 2**40]}},
        {"data": plain["data"] | {"dims": ["time", "time", "time"]}},
        {"data": plain["data"] | {"row_groups": []}},
        {"data": plain["data"] | {"row_groups": [plain["data"]["row_groups"][0] | {"offset": 4}]}},
        {"data": plain["data"] | {"row_groups": [plain["data"]["row_groups"][0] | {"offset": 10**9}]}},
        {"data": plain["data"] | {"tail_xxh3_128": "0" * 32}},
        {"variables": [plain["variables"][0] | {"shape": [2**31, 2**31]}]},
        {"variables": [plain["variables"][0] | {"offset": 10**6}]},
        {"variables": [plain["variables"][0] | {"dims": ["time"]}]},
        {"variables": [plain["variables"][0] | {"name": "data"}]},
        {"variables": [plain["variables"][0] | {"name": "omega", "dims": ["target", "time"]}, *plain["variables"][1:]]},
    ]
    for edit in edits:
        changed = Metadata.model_construct(**({k: v for k, v in plain.items() if k != "self_xxh3_128"} | edit))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # pydantic's, about plain values
            path.write_bytes(changed.to_bytes())
        for lazy in (False, True):
            with warnings.catch_warnings(record=True) as caught:
                warnings.simplefilter("always")
                try:
                    found = store.load(configuration, lazy=lazy, heal=False)
                    values = None if found is None else found.load()
                except DamagedEntryError:
                    continue
            if values is None:
                assert [warning.category for warning in caught] == [DamagedEntryWarning], edit
            else:  # a digest that was not needed for this way of reading
                assert set(edit) == {"parquet", "data"} & set(edit)
                xr.testing.assert_identical(values, dataset)
    path.write_bytes(original)
    xr.testing.assert_identical(store.load(configuration), dataset)


# Publishing


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


# Containment


@pytest.mark.parametrize("linked", ["model", "entry"])
@pytest.mark.parametrize("inside", [False, True])
def test_links_are_not_followed(
    store: Store,
    configuration: Configuration,
    dataset: xr.Dataset,
    entry: Path,
    tmp_path: Path,
    linked: str,
    inside: bool,
) -> None:
    away = (store.root if inside else tmp_path) / "away"
    original = entry.parent if linked == "model" else entry
    original.rename(away)
    before = files_below(away)
    original.symlink_to(away)
    assert store.load(configuration) is None
    assert configuration not in store
    assert [item.path for item in store.entries() if item.model == "kuramoto"] == []
    with pytest.raises(StoreError, match=r"is not stored|moved here"):
        store.open_id(entry.name)
    with pytest.raises(StoreError, match=r"is a link|is not a directory"):
        store.save(configuration, dataset)
    store.prune(0.0)
    assert files_below(away) == before
    if not inside:  # a directory inside that looks like an entry is one
        store.clear()
        assert files_below(away) == before
    assert original.is_symlink()


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_linked_file_in_an_entry_is_damage(
    store: Store, configuration: Configuration, entry: Path, tmp_path: Path, suffix: str
) -> None:
    file = entry / f"{entry.name}{suffix}"
    shutil.move(file, tmp_path / "away")
    file.symlink_to(tmp_path / "away")
    with pytest.warns(DamagedEntryWarning, match="is not a file but a link"):
        assert store.load(configuration) is None
    assert (tmp_path / "away").exists()


def test_a_linked_quarantine_is_not_used(
    store: Store, configuration: Configuration, entry: Path, tmp_path: Path
) -> None:
    (tmp_path / "away").mkdir()
    (store.root / QUARANTINE).symlink_to(tmp_path / "away")
    store.path(configuration).write_bytes(b"")
    with pytest.warns(DamagedEntryWarning, match="cannot be moved to quarantine"):
        assert store.load(configuration) is None
    assert list((tmp_path / "away").iterdir()) == []
    assert store.quarantined() == []


@pytest.mark.parametrize(
    "name", ["../../etc/passwd", "..", ".", "", "a/b", ".hidden", "x" * 201, "a\0b", "kuramoto", "ä"]
)
def test_names_that_lead_elsewhere_are_not_looked_for(store: Store, entry: Path, name: str) -> None:
    with pytest.raises(StoreError, match="is not stored"):
        store.open_id(name)
    with pytest.raises(StoreError, match="is not stored"):
        list(store.verify([name]))


def test_a_name_that_is_no_directory_name_is_refused(store: Store, dataset: xr.Dataset) -> None:
    wrong = configured()
    wrong.__dict__["slug"] = "../../outside"
    for call in (store.load, store.path, store.find, lambda c: store.save(c, dataset)):
        with pytest.raises(StoreError, match="cannot be the name of a directory of the store"):
            call(wrong)


# A root that cannot be written


@pytest.fixture
def read_only(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*arguments: Any) -> None:
        raise OSError(30, "Read-only file system")

    for name in disk.SEAM:
        monkeypatch.setattr(disk, name, refuse)


def test_a_read_only_root_serves_and_says_that_it_cannot_write(
    store: Store, configuration: Configuration, dataset: xr.Dataset, entry: Path, read_only: None
) -> None:
    xr.testing.assert_identical(store.load(configuration), dataset)
    other = configured(seed=2)
    with pytest.raises(StoreError) as failure:
        store.save(other, made(other))
    expected = (
        f"{store.path(other).parent} cannot be written: Read-only file system; choose a place that can be written"
    )
    assert str(failure.value) == expected
    with pytest.raises(StoreError, match="cannot be written: Read-only"):
        store.check_writable()
    store.path(configuration).write_bytes(b"")
    with pytest.warns(DamagedEntryWarning, match="cannot be moved to quarantine: Read-only file system"):
        assert store.load(configuration) is None
    for removal in (store.clear, lambda: housekeeping.remove_entry(entry)):
        with pytest.raises(StoreError, match="Read-only"):
            removal()


def test_check_writable_makes_the_root_and_names_what_is_in_the_way(store: Store, tmp_path: Path) -> None:
    store.check_writable()
    assert [file.name for file in store.root.iterdir()] == [MARKER]
    (tmp_path / "file").write_text("mine")
    for root in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(StoreError, match=rf"{root} cannot be written"):
            Store(root).check_writable()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_directory_without_permission(store: Store, configuration: Configuration, dataset: xr.Dataset) -> None:
    store.root.mkdir(mode=0o555)
    with pytest.raises(StoreError, match="cannot be written: Permission denied; choose a place that you may write to"):
        store.save(configuration, dataset)


# Housekeeping


def test_the_root_bears_a_mark_and_only_then_is_anything_removed(
    store: Store, configuration: Configuration, entry: Path
) -> None:
    mark = store.root / MARKER
    assert mark.read_bytes().startswith(b"Signature: 8a477f597d28d172789f06886806bc55\n")
    before = files_below(store.root)
    for content in (None, b"Signature: 8a477f597d28d172789f06886806bc55\n# of another program\n"):
        mark.unlink()
        if content is not None:
            mark.write_bytes(content)
        for removal in (store.prune, store.clear):
            with pytest.raises(StoreError, match="is not a store of PyMTS"):
                removal()
        store.save(configured(seed=2), made(configured(seed=2)))
        assert mark.read_bytes() == (before[MARKER] if content is None else content)
    assert {name: raw for name, raw in files_below(store.root).items() if name in before and name != MARKER} == {
        name: raw for name, raw in before.items() if name != MARKER
    }


def test_clear_removes_what_is_ours_and_nothing_else(store: Store, configuration: Configuration, entry: Path) -> None:
    kept = {
        store.root / "notes.txt": "mine",
        store.root / "kuramoto" / "notes.txt": "mine",
        store.root / "mine" / "sub" / "data.bin": "mine",
        store.root / "kuramoto" / "not_an_entry" / "x": "mine",
        store.path(configured(seed=5)).parent / "notes.txt": "mine",
        store.root / ".git" / "config": "mine",
    }
    for path, text in kept.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    (entry / f"{entry.name}.csv").write_text("time,channel")
    assert store.clear() == [entry]
    assert files_below(store.root) == {
        MARKER: housekeeping._MARK,
        **{str(path.relative_to(store.root)): text.encode() for path, text in kept.items()},
    }
    assert store.load(configuration) is None


def test_clear_empties_a_store(store: Store) -> None:
    for seed in range(3):
        store.save(configured(seed=seed), made(configured(seed=seed)))
    assert len(store.clear()) == 3
    assert [path.name for path in store.root.iterdir()] == [MARKER]
    assert store.clear() == []


def abandoned_name(process: int) -> str:
    return disk.temporary_name().replace(f"-{os.getpid()}-", f"-{process}-")


def test_prune_removes_what_dead_writers_left_and_not_what_live_ones_do(store: Store, entry: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as gone:
        pass
    model = entry.parent
    dead = model / abandoned_name(gone.pid)
    alive = model / abandoned_name(os.getppid())
    elsewhere = model / f".tmp-otherhost-{gone.pid}-0123456789ab"
    old = model / ".tmp-otherhost-1-0123456789ac"
    strange = model / ".tmp-"
    for folder in (dead, alive, elsewhere, old, strange):
        folder.mkdir()
        (folder / "x.parquet").write_bytes(b"x")
    draft = store.root / abandoned_name(gone.pid)
    draft.write_bytes(b"of the mark")
    for path in (old / "x.parquet", old):
        os.utime(path, (0, 0))
    os.utime(alive, (0, 0))  # what it writes is new
    assert set(store.prune()) == {dead, old, draft}
    assert alive.exists()
    assert elsewhere.exists()
    assert set(store.prune(stale_after=0.0)) == {alive, elsewhere, strange}
    assert [finding.status for finding in store.verify()] == ["ok"]


def test_prune_does_not_follow_links(store: Store, entry: Path, tmp_path: Path) -> None:
    (tmp_path / "away").mkdir()
    (tmp_path / "away" / "file").write_text("mine")
    (entry.parent / ".tmp-host-1-0123456789ab").symlink_to(tmp_path / "away")
    (entry.parent / ".tmp-host-1-0123456789ac").mkdir()
    (entry.parent / ".tmp-host-1-0123456789ac" / "link").symlink_to(tmp_path / "away")
    assert len(store.prune(0.0)) == 2
    assert (tmp_path / "away" / "file").read_text() == "mine"


def test_prune_removes_the_quarantine(store: Store, configuration: Configuration, entry: Path) -> None:
    store.path(configuration).write_bytes(b"")
    with pytest.warns(DamagedEntryWarning):
        store.load(configuration)
    (aside,) = store.quarantined()
    assert store.prune() == [aside]
    assert store.quarantined() == []
    assert store.prune() == []


def test_entries_tell_name_size_and_time(store: Store, configuration: Configuration, entry: Path) -> None:
    (found,) = store.entries()
    assert (found.config_id, found.model, found.path) == (configuration.config_id, "kuramoto", entry)
    assert found.size == sum(file.stat().st_size for file in entry.iterdir())
    assert found.modified == max(file.stat().st_mtime for file in entry.iterdir())
    assert json.loads(json.dumps(found.to_json()))["bytes"] == found.size
    assert list(Store(store.root / "nowhere").entries()) == []


def test_verify_tells_what_is_wrong_and_changes_nothing(store: Store) -> None:
    paths = [store.save(configured(seed=seed), made(configured(seed=seed))) for seed in range(4)]
    raw = bytearray(paths[0].read_bytes())
    raw[5] ^= 1  # not a value that is served: a page that other tools read
    paths[0].write_bytes(raw)
    paths[1].with_suffix(".metadata.json").unlink()
    paths[2].with_suffix(".truth.npz").write_bytes(b"")
    before = files_below(store.root)
    findings = {finding.config_id: finding for finding in store.verify()}
    assert [findings[path.stem].status for path in paths] == ["damaged"] * 3 + ["ok"]
    for path, complaint in zip(paths, ("is not what was written", "is missing", "has 0 bytes", ""), strict=True):
        assert complaint in findings[path.stem].problem
        assert findings[path.stem].path == path.parent
    assert findings[paths[3].stem].same_machine_class
    assert [finding.status for finding in store.verify([paths[3].stem, paths[0].stem])] == ["ok", "damaged"]
    assert files_below(store.root) == before
    with pytest.raises(StoreError, match=r"is not stored in .*; did you mean"):
        store.open_id(paths[3].stem[:-1])


def test_another_machine_class_is_seen(store: Store, entry: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from pymts import inspection

    here = inspection.machine_class()
    monkeypatch.setattr(inspection, "machine_class", lambda: here | {"numpy": "0.0"})
    (finding,) = store.verify()
    assert (finding.status, finding.same_machine_class) == ("ok", False)


def test_the_machine_class_does_not_depend_on_what_is_loaded(store: Store, entry: Path) -> None:
    code = (
        "import scipy.linalg, pandas, pyarrow.parquet\nfrom pymts.store import Store\n"
        f"(finding,) = Store({str(store.root)!r}).verify()\nassert finding.same_machine_class"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
    (finding,) = store.verify()
    assert finding.same_machine_class


def test_a_file_system_that_cannot_sync_directories_is_written_all_the_same(
    store: Store, configuration: Configuration, dataset: xr.Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = os.fsync

    def fsync(handle: int) -> None:
        if stat.S_ISDIR(os.fstat(handle).st_mode):
            raise OSError(22, "Invalid argument")
        real(handle)

    monkeypatch.setattr(os, "fsync", fsync)
    store.save(configuration, dataset)
    xr.testing.assert_identical(store.load(configuration), dataset)


def test_an_entry_that_cannot_be_read_is_an_error_and_not_damage(
    store: Store, configuration: Configuration, entry: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = Path.read_bytes

    def refuse(path: Path) -> bytes:
        if path.suffix == ".npz":
            raise PermissionError(13, "Permission denied")
        return real(path)

    monkeypatch.setattr(Path, "read_bytes", refuse)
    with pytest.raises(StoreError, match=r"truth\.npz cannot be read: Permission denied"):
        store.load(configuration)
    assert entry.exists()
    assert [finding.status for finding in store.verify()] == ["unreadable"]


def test_values_damaged_after_a_lazy_open_are_not_served(
    store: Store, configuration: Configuration, dataset: xr.Dataset, entry: Path
) -> None:
    lazy = store.load(configuration, lazy=True)
    assert lazy is not None
    path = store.path(configuration)
    raw = bytearray(path.read_bytes())
    offset = json.loads(path.with_suffix(".metadata.json").read_text())["data"]["row_groups"][0]["offset"]
    raw[offset + 11] ^= 64
    path.write_bytes(raw)
    with pytest.raises(DamagedEntryError, match="row group 0"):
        lazy.load()


def test_simulation_is_what_the_store_serves(store: Store, configuration: Configuration, entry: Path) -> None:
    block = simulate.simulate([configuration])[0]
    assert isinstance(block, Block)
    found = store.load(configuration)
    assert found is not None
    np.testing.assert_array_equal(found["data"].transpose("realization", "time", "channel"), block.values)
