"""Listing, pruning, clearing and verifying."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from stored import configured, files_below, made

from pymts.data.block import Block
from pymts.errors import DamagedEntryError, DamagedEntryWarning, StoreError
from pymts.plan.configuration import Configuration
from pymts.run import simulate
from pymts.store import disk
from pymts.store.cache import Store
from pymts.store.entries import housekeeping, inspection
from pymts.store.entries.housekeeping import MARKER


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

    here = inspection.machine_class()
    monkeypatch.setattr(inspection, "machine_class", lambda: here | {"numpy": "0.0"})
    (finding,) = store.verify()
    assert (finding.status, finding.same_machine_class) == ("ok", False)


def test_the_machine_class_does_not_depend_on_what_is_loaded(store: Store, entry: Path) -> None:
    code = (
        "import scipy.linalg, pandas, pyarrow.parquet\nfrom pymts.store.cache import Store\n"
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
