"""Damage of every kind to a small entry: refused, or harmless because everything served is identical; never wrong."""

from __future__ import annotations

import json
import os
import shutil
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import xarray as xr
from stored import configured, made

from pymts.errors import DamagedEntryError, DamagedEntryWarning, StoreError
from pymts.plan.configuration import Configuration
from pymts.store import cache as store_module
from pymts.store.cache import Store
from pymts.store.entries.entry import SUFFIXES
from pymts.store.files import load_parquet

Outcome = Counter[str]


@pytest.fixture
def configuration() -> Configuration:
    return configured(T=3, M=2, n_realizations=2)


@pytest.fixture
def files(entry: Path) -> list[Path]:
    return [entry / f"{entry.name}{suffix}" for suffix in SUFFIXES]


def outcome(load: Callable[[], xr.Dataset | None], expected: xr.Dataset) -> str:
    """Load, and say whether damage was refused, harmless or wrong."""
    try:
        found = load()
        if found is None:
            return "refused"
        found.load()
    except DamagedEntryError:
        return "refused"
    return "harmless" if found.identical(expected) else "WRONG"


def eager(configuration: Configuration, folder: Path) -> Callable[[], xr.Dataset | None]:
    """What ``Store.load`` does, without moving the entry to quarantine each time."""
    return lambda: store_module._serve(folder, configuration, lazy=False)


def lazy(configuration: Configuration, folder: Path) -> Callable[[], xr.Dataset | None]:
    return lambda: store_module._serve(folder, configuration, lazy=True)


def changed(path: Path, versions: Iterator[bytes]) -> Iterator[None]:
    """Put each version in the place of a file, and the file back in the end."""
    original = path.read_bytes()
    for version in versions:
        path.write_bytes(version)
        yield
    path.write_bytes(original)


def flipped(path: Path, bits: range | None) -> Iterator[None]:
    """Flip one bit of a file at a time: some bits of every byte, or one that depends on the place."""
    raw = path.read_bytes()
    with path.open("r+b", buffering=0) as file:
        for offset, byte in enumerate(raw):
            for bit in (offset * 5 % 8,) if bits is None else bits:
                os.pwrite(file.fileno(), bytes([byte ^ 1 << bit]), offset)
                yield
            os.pwrite(file.fileno(), bytes([byte]), offset)
    assert path.read_bytes() == raw


def truncated(path: Path) -> Iterator[None]:
    """Cut a file to every length, the longest first."""
    raw = path.read_bytes()
    for length in reversed(range(len(raw))):
        os.truncate(path, length)
        yield
    path.write_bytes(raw)


def zeroed(raw: bytes) -> Iterator[bytes]:
    for start in range(0, len(raw), 512):
        if any(raw[start : start + 512]):
            yield raw[:start] + bytes(len(raw[start : start + 512])) + raw[start + 512 :]


def report(what: str, found: Outcome) -> None:
    print(f"\n{what}: {dict(found)}, {found.total()} tried")
    assert found["WRONG"] == 0
    assert found.total() > 0


@pytest.mark.slow
@pytest.mark.parametrize("suffix", SUFFIXES)
def test_all_eight_bits_of_every_byte_are_found_at_load(
    configuration: Configuration, dataset: xr.Dataset, entry: Path, suffix: str
) -> None:
    path = entry / f"{entry.name}{suffix}"
    found: Outcome = Counter()
    for _ in flipped(path, range(8)):
        found[outcome(eager(configuration, entry), dataset)] += 1
    report(f"bit flips in {suffix}, eager", found)
    assert found["harmless"] == 0, "every byte of the three files is compared when all of it is read"
    assert outcome(eager(configuration, entry), dataset) == "harmless"


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_one_bit_of_every_byte_is_found_or_harmless_when_loaded_lazily(
    configuration: Configuration, dataset: xr.Dataset, entry: Path, suffix: str, small_groups: None
) -> None:
    path = entry / f"{entry.name}{suffix}"
    found: Outcome = Counter()
    for _ in flipped(path, None):
        found[outcome(lazy(configuration, entry), dataset)] += 1
    report(f"bit flips in {suffix}, lazy", found)
    if suffix != ".parquet":  # its coordinate columns are for other tools: nothing served comes from them
        assert found["harmless"] == 0


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_every_truncation_and_every_zeroed_block_is_found(
    configuration: Configuration, dataset: xr.Dataset, entry: Path, suffix: str
) -> None:
    path = entry / f"{entry.name}{suffix}"
    raw = path.read_bytes()
    found: Outcome = Counter()
    for way in (eager, lazy):
        for _ in truncated(path):
            found[outcome(way(configuration, entry), dataset)] += 1
        for _ in changed(path, zeroed(raw)):
            found[outcome(way(configuration, entry), dataset)] += 1
        for _ in changed(path, iter((raw + b"\0", raw + raw, b"\0" * len(raw), raw[::-1], raw[1:] + raw[:1]))):
            found[outcome(way(configuration, entry), dataset)] += 1
    report(f"truncations and zeroed blocks of {suffix}", found)
    assert found["harmless"] == 0


def test_a_missing_file_or_a_directory_in_its_place_is_found(
    store: Store, configuration: Configuration, dataset: xr.Dataset
) -> None:
    for suffix in SUFFIXES:
        for directory in (False, True):
            folder = store.save(configuration, dataset).parent
            path = folder / f"{folder.name}{suffix}"
            path.unlink()
            if directory:
                path.mkdir()
            with pytest.warns(DamagedEntryWarning, match=r"is missing|is not a file") as caught:
                assert store.load(configuration) is None
            assert path.name in str(caught[0].message)
            assert not folder.exists()
    assert len(store.quarantined()) == 6


def test_files_of_other_entries_are_found(tmp_path: Path, configuration: Configuration, dataset: xr.Dataset) -> None:
    """Every choice of the three files from two entries that differ in nothing but the seed."""
    store = Store(tmp_path / "store")
    folder = store.save(configuration, dataset).parent
    other = configured(T=3, M=2, n_realizations=2, seed=9)
    away = store.save(other, made(other)).parent
    originals = {suffix: (folder / f"{folder.name}{suffix}").read_bytes() for suffix in SUFFIXES}
    found: Outcome = Counter()
    for choice in range(1, 8):
        for index, suffix in enumerate(SUFFIXES):
            source = (away / f"{away.name}{suffix}").read_bytes() if choice >> index & 1 else originals[suffix]
            (folder / f"{folder.name}{suffix}").write_bytes(source)
        for way in (eager, lazy):
            found[outcome(way(configuration, folder), dataset)] += 1
            found[outcome(lambda: load_parquet(folder / f"{folder.name}.parquet"), dataset)] += choice != 7
    report("files of two entries mixed", found)
    assert found["harmless"] == 0


def test_the_store_dismisses_what_is_damaged(store: Store, configuration: Configuration, dataset: xr.Dataset) -> None:
    """The whole way once for a few: warning, quarantine, a miss, and the same dataset stored anew."""
    for suffix in SUFFIXES:
        path = store.save(configuration, dataset).parent
        file = path / f"{path.name}{suffix}"
        raw = bytearray(file.read_bytes())
        raw[len(raw) // 2] ^= 1
        file.write_bytes(raw)
        with pytest.warns(DamagedEntryWarning, match=path.name):
            assert store.load(configuration) is None
        assert store.load(configuration) is None
        store.save(configuration, dataset)
        xr.testing.assert_identical(store.load(configuration), dataset)
        store.clear()


def test_text_that_means_the_same_is_refused_as_edited(
    configuration: Configuration, dataset: xr.Dataset, entry: Path
) -> None:
    path = entry / f"{entry.name}.metadata.json"
    content = json.loads(path.read_text())
    path.write_text(json.dumps(content))
    assert outcome(eager(configuration, entry), dataset) == "refused"


def test_a_lost_directory_of_files_is_a_miss(store: Store, configuration: Configuration, entry: Path) -> None:
    shutil.rmtree(entry)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert store.load(configuration) is None
    with pytest.raises(StoreError, match="is not stored"):
        store.open_id(entry.name)
