"""What is served is the configuration asked for."""

from __future__ import annotations

import json
import shutil
import warnings
from pathlib import Path
from typing import Any

import pytest
import xarray as xr
from stored import configured, made

from pymts.errors import DamagedEntryError, DamagedEntryWarning
from pymts.plan.configuration import Configuration
from pymts.store.cache import Store
from pymts.store.format import sidecar


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
    monkeypatch.setattr(sidecar, "hashlib", fake)
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
    from pymts.store.format.sidecar import Metadata

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
