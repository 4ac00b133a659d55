"""Nothing outside the root is touched, and a root that cannot be written says so."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

import pytest
import xarray as xr
from stored import configured, files_below, made

from pymts.errors import DamagedEntryWarning, StoreError
from pymts.plan.configuration import Configuration
from pymts.store import disk
from pymts.store.cache import Store
from pymts.store.entries import housekeeping
from pymts.store.entries.entry import SUFFIXES
from pymts.store.entries.housekeeping import MARKER, QUARANTINE


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
