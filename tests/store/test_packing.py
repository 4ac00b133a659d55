"""Packed entries: found as loose ones are, never served wrong, and nothing is lost while they are made."""

from __future__ import annotations

import errno
import shutil
import warnings
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pyarrow.parquet as pq
import pytest
import xarray as xr
from stored import configured, made
from test_faults import Faults, attempt, failing, tries

from pymts.data.dataset import to_dataframe
from pymts.errors import DamagedEntryError, DamagedEntryWarning, InvalidParameterError, StoreError
from pymts.plan.configuration import Configuration
from pymts.store.cache import Store
from pymts.store.entries.housekeeping import PACKED
from pymts.store.format import parquet
from pymts.store.packing import pack as packing
from pymts.store.packing import shard_writer
from pymts.store.packing.inspection import check_shard
from pymts.store.packing.manifest import MANIFEST, SEAL, SERIES, SIDECARS
from pymts.store.packing.packed import PackedEntry
from pymts.store.packing.shards import shards

SEEDS = (1, 2)
LONE = 4  # stays loose


def small(seed: int) -> Configuration:
    return configured(T=3, M=2, n_realizations=2, seed=seed)


@pytest.fixture(scope="module")
def datasets() -> dict[int, xr.Dataset]:
    return {seed: made(small(seed)) for seed in (*SEEDS, LONE)}


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory, datasets: dict[int, xr.Dataset]) -> Path:
    """Two entries, loose."""
    root = tmp_path_factory.mktemp("template") / "store"
    for seed in SEEDS:
        Store(root).save(small(seed), datasets[seed])
    return root


@pytest.fixture
def packed(template: Path, tmp_path: Path, datasets: dict[int, xr.Dataset]) -> Store:
    """Two entries packed and no longer loose, and one that is loose."""
    shutil.copytree(template, tmp_path / "store")
    store = Store(tmp_path / "store")
    assert store.pack(remove=True).removed == len(SEEDS)
    store.save(small(LONE), datasets[LONE])
    return store


def shard_of(store: Store) -> Path:
    (folder,) = (store.root / "kuramoto" / PACKED).iterdir()
    return folder


def file_of(store: Store, suffix: str) -> Path:
    folder = shard_of(store)
    return folder / f"{folder.name}{suffix}"


def entries_of(store: Store) -> dict[int, PackedEntry]:
    (shard,) = shards(store.root / "kuramoto")
    found = {entry.digest: entry for entry in shard.entries()}
    return {seed: found[small(seed).digest] for seed in SEEDS}


def outcomes(store: Store, datasets: dict[int, xr.Dataset], *, lazy: bool) -> list[str]:
    """Load every entry, and say of each whether damage was refused, harmless or wrong."""
    found = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DamagedEntryWarning)
        for seed in SEEDS:
            try:
                dataset = store.load(small(seed), lazy=lazy)
                whole = None if dataset is None else dataset.load()
            except DamagedEntryError:
                whole = None
            found.append("refused" if whole is None else "whole" if whole.identical(datasets[seed]) else "WRONG")
    xr.testing.assert_identical(store.load(small(LONE)), datasets[LONE])
    return found


def test_a_packed_entry_is_served_wherever_a_loose_one_is(packed: Store, datasets: dict[int, xr.Dataset]) -> None:
    for seed in SEEDS:
        configuration = small(seed)
        assert configuration in packed
        for lazy in (False, True):
            xr.testing.assert_identical(packed.load(configuration, lazy=lazy), datasets[seed])
            xr.testing.assert_identical(packed.open_id(configuration.config_id, lazy=lazy), datasets[seed])
        values = packed.locate_id(configuration.config_id).values()
        expected = datasets[seed].data.transpose("realization", "time", "channel").values
        assert (values.read() == expected).all()
        assert packed.path(configuration) == file_of(packed, SERIES)
    assert sorted(packed.ids()) == sorted(small(seed).config_id for seed in (*SEEDS, LONE))
    assert [finding.status for finding in packed.verify()] == ["ok"] * 3
    assert configured(seed=99) not in packed


def test_another_parquet_tool_reads_the_long_form_and_the_parameters(
    packed: Store, datasets: dict[int, xr.Dataset]
) -> None:
    table = pq.read_table(file_of(packed, SERIES), use_threads=False).to_pandas()
    manifest = pq.read_table(file_of(packed, MANIFEST), use_threads=False).to_pandas().set_index("config_id")
    for seed in SEEDS:
        name = small(seed).config_id
        rows = table[table.config_id == name]
        expected = to_dataframe(datasets[seed])
        for column in ("time", "channel", "realization", "value"):
            assert rows[column].astype(expected[column].dtype).tolist() == expected[column].tolist()
        assert manifest.loc[name, "digest"] == small(seed).digest
        assert manifest.loc[name, "parameters"] == small(seed).canonical
        group = pq.ParquetFile(file_of(packed, SERIES)).read_row_group(
            int(manifest.loc[name, "row_group"]), use_threads=False
        )
        assert set(group["config_id"].to_pylist()) == {name}


def test_long_realizations_keep_their_row_groups(
    store: Store, configuration: Configuration, dataset: xr.Dataset, small_groups: None
) -> None:
    store.save(configuration, dataset)
    store.pack(remove=True)
    (shard,) = shards(store.root / "kuramoto")
    assert len(shard.manifest.offsets_of(0)) > dataset.sizes["realization"]
    xr.testing.assert_identical(store.load(configuration), dataset)
    xr.testing.assert_identical(store.load(configuration, lazy=True).load(), dataset)


def test_shards_are_closed_at_their_size_and_packing_again_adds_what_is_new(
    template: Path, tmp_path: Path, datasets: dict[int, xr.Dataset], monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(template, tmp_path / "store")
    store = Store(tmp_path / "store")
    first = store.pack(shard_bytes=1)
    assert (first.packed, len(first.shards), first.already, first.removed) == (2, 2, 0, 0)
    store.save(small(LONE), datasets[LONE])
    again = store.pack(remove=True)
    assert (again.packed, again.already, again.removed) == (1, 2, 3)
    for seed, dataset in datasets.items():
        xr.testing.assert_identical(store.load(small(seed)), dataset)
    shutil.rmtree(store.root)
    shutil.copytree(template, store.root)
    monkeypatch.setattr(packing, "MAX_GROUPS", 1)
    assert len(store.pack().shards) == 2
    with pytest.raises(InvalidParameterError, match="shard_bytes must be at least 1, got 0"):
        store.pack(shard_bytes=0)


def test_files_of_others_keep_an_entry_loose(template: Path, tmp_path: Path) -> None:
    shutil.copytree(template, tmp_path / "store")
    store = Store(tmp_path / "store")
    folder = store.path(small(1)).parent
    (folder / f"{folder.name}.csv").write_text("mine")
    result = store.pack(remove=True)
    assert (result.packed, result.removed) == (2, 1)
    assert "it holds other files too" in result.problems[0]
    assert (folder / f"{folder.name}.csv").read_text() == "mine"


def test_a_damaged_entry_is_not_packed_and_not_removed(
    template: Path, tmp_path: Path, datasets: dict[int, xr.Dataset]
) -> None:
    for suffix in (".parquet", ".truth.npz", ".metadata.json"):
        root = tmp_path / f"store{suffix}"
        shutil.copytree(template, root)
        store = Store(root)
        path = store.path(small(1)).with_suffix("")
        file = path.with_name(path.name + suffix)
        raw = bytearray(file.read_bytes())
        place = (
            pq.ParquetFile(file).metadata.row_group(0).column(3).data_page_offset + 60 if suffix == ".parquet" else 9
        )
        raw[place] ^= 4
        file.write_bytes(raw)
        result = store.pack(remove=True)
        assert (result.packed, result.removed, len(result.problems)) == (1, 1, 1)
        assert path.name in result.problems[0]
        assert file.exists()
        for seed in SEEDS[1:]:
            xr.testing.assert_identical(store.load(small(seed)), datasets[seed])


def test_what_cannot_be_mapped_stays_loose(template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(template, tmp_path / "store")
    store, options = Store(tmp_path / "store"), parquet.options()
    for module in (parquet, shard_writer):
        monkeypatch.setattr(module, "options", lambda: {**options, "compression": "zstd"})
    assert "cannot be mapped" in attempt(lambda: store.pack(remove=True))
    store.clear()
    store.save(small(1), made(small(1)))
    result = store.pack(remove=True)
    assert (result.packed, result.removed) == (0, 0)
    assert "cannot be mapped" in result.problems[0]
    assert small(1) in store


def bits(path: Path, step: int) -> Iterator[int]:
    """Flip one bit of every so many bytes, one at a time."""
    raw = path.read_bytes()
    for offset in range(0, len(raw), step):
        path.write_bytes(raw[:offset] + bytes([raw[offset] ^ 1 << offset * 5 % 8]) + raw[offset + 1 :])
        yield offset
    path.write_bytes(raw)


@pytest.mark.parametrize(("suffix", "step"), [(SERIES, 67), (SIDECARS, 151), (MANIFEST, 97), (SEAL, 13)])
def test_flipped_bits_are_found_and_harm_one_entry_at_most(
    packed: Store, datasets: dict[int, xr.Dataset], suffix: str, step: int
) -> None:
    found: Counter[str] = Counter()
    for offset in bits(file_of(packed, suffix), step):
        shard_of(packed).touch()  # what is remembered of the shard is read again
        for lazy in (False, True):
            one = outcomes(packed, datasets, lazy=lazy)
            found.update(one)
            allowed = 1 if suffix in (SERIES, SIDECARS) else 0  # without a manifest the entries tell of themselves
            assert one.count("refused") <= allowed, (suffix, offset)
        with pytest.raises(DamagedEntryError, match=shard_of(packed).name):
            check_shard(shard_of(packed), "kuramoto")
    print(f"\nbit flips in {suffix}: {dict(found)}")
    assert found["WRONG"] == 0
    assert found["whole"] > 0
    assert (found["refused"] > 0) == (suffix in (SERIES, SIDECARS))
    check_shard(shard_of(packed), "kuramoto")


@pytest.mark.parametrize("suffix", [SERIES, SIDECARS, MANIFEST, SEAL])
def test_truncation_and_loss_are_found_and_the_rest_is_served(
    packed: Store, datasets: dict[int, xr.Dataset], suffix: str
) -> None:
    path = file_of(packed, suffix)
    raw = path.read_bytes()
    found: Counter[str] = Counter()
    for length in (*range(0, len(raw), max(1, len(raw) // 12)), None):
        path.unlink()
        if length is not None:
            path.write_bytes(raw[:length])
        for lazy in (False, True):
            found.update(outcomes(packed, datasets, lazy=lazy))
        problems = [finding for finding in packed.verify() if finding.status != "ok"]
        assert problems
        assert all("\n" not in finding.problem for finding in problems)
    print(f"\ntruncations of {suffix}: {dict(found)}")
    assert found["WRONG"] == 0
    assert found["whole"] > 0
    assert (found["refused"] > 0) == (suffix in (SERIES, SIDECARS))


def test_a_lost_manifest_is_told_and_made_again(packed: Store, datasets: dict[int, xr.Dataset]) -> None:
    for lost in ((MANIFEST,), (SEAL,), (MANIFEST, SEAL)):
        before = {suffix: file_of(packed, suffix).read_bytes() for suffix in (MANIFEST, SEAL)}
        for suffix in lost:
            file_of(packed, suffix).unlink()
        with pytest.warns(DamagedEntryWarning, match=r"is missing; .* run pymts pack --rebuild"):
            xr.testing.assert_identical(packed.load(small(1)), datasets[1])
        result = packed.rebuild()
        assert (result.packed, result.problems) == (2, [])
        assert {suffix: file_of(packed, suffix).read_bytes() for suffix in (MANIFEST, SEAL)} == before
        assert [finding.status for finding in packed.verify()] == ["ok"] * 3


def test_rebuilding_does_not_declare_damage_whole(packed: Store) -> None:
    places = entries_of(packed)[2].layout(entries_of(packed)[2].metadata()).places
    raw = bytearray(file_of(packed, SERIES).read_bytes())
    raw[places[0][0]] ^= 1
    file_of(packed, SERIES).write_bytes(raw)
    file_of(packed, MANIFEST).unlink()
    packed.rebuild()
    with pytest.raises(DamagedEntryError, match="is not what was written"):
        check_shard(shard_of(packed), "kuramoto")
    file_of(packed, SEAL).unlink()
    assert "is not rebuilt" in packed.rebuild().problems[0]
    assert not file_of(packed, SEAL).exists()


def test_a_damaged_packed_entry_is_generated_anew_and_packed_again(
    packed: Store, datasets: dict[int, xr.Dataset]
) -> None:
    place = entries_of(packed)[2].layout(entries_of(packed)[2].metadata()).places[0][0]
    raw = bytearray(file_of(packed, SERIES).read_bytes())
    raw[place] ^= 1
    file_of(packed, SERIES).write_bytes(raw)
    with pytest.warns(DamagedEntryWarning, match=small(2).config_id):
        assert packed.load(small(2)) is None
    packed.save(small(2), datasets[2])
    xr.testing.assert_identical(packed.load(small(2)), datasets[2])  # no warning: the loose one comes first
    result = packed.pack(remove=True)
    assert (result.packed, result.removed) == (2, 2)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DamagedEntryWarning)
        xr.testing.assert_identical(packed.load(small(2)), datasets[2])
        xr.testing.assert_identical(packed.open_id(small(2).config_id), datasets[2])


@pytest.mark.slow
@pytest.mark.parametrize(("number", "persistent"), [(errno.ENOSPC, False), (errno.EIO, True)])
def test_packing_that_fails_at_any_call_loses_nothing(
    template: Path, tmp_path: Path, datasets: dict[int, xr.Dataset], number: int, persistent: bool
) -> None:
    renamed = 0
    step = 2 if persistent else 1  # a disk that is gone for good is so at every other call as well
    for faults in tries(lambda n: Faults(step * n, number, persistent=persistent, part=number == errno.ENOSPC)):
        root = tmp_path / f"store{faults.fail_at}"
        shutil.copytree(template, root)
        store = Store(root)
        with failing(faults):
            error = attempt(lambda store=store: store.pack(remove=True))  # type: ignore[misc]
        # What is left of the directory that was worked in is no reason to fail.
        assert faults.hit in (None, "remove_tree") or bool(error), faults.hit
        assert "\n" not in error
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # nothing half made is ever seen
            for seed in SEEDS:
                xr.testing.assert_identical(store.load(small(seed)), datasets[seed])
        assert all(finding.status == "ok" for finding in store.verify())
        renamed += bool(error) and (root / "kuramoto" / PACKED).exists() and any((root / "kuramoto" / PACKED).iterdir())
        # The same call goes on where it stopped.
        store.prune(stale_after=0.0)
        store.pack(remove=True)
        assert not list(store.root.rglob(".tmp-*"))
        for seed in SEEDS:
            xr.testing.assert_identical(store.load(small(seed)), datasets[seed])
        shutil.rmtree(root)
    assert renamed > 0, "no fault struck after the shard had its name"


def test_a_call_that_is_done_and_whose_reply_is_lost_loses_nothing(
    template: Path, tmp_path: Path, datasets: dict[int, xr.Dataset]
) -> None:
    for faults in tries(lambda n: Faults(n, errno.EIO, done=True)):
        root = tmp_path / f"store{faults.fail_at}"
        shutil.copytree(template, root)
        with failing(faults):
            attempt(lambda root=root: Store(root).pack(remove=True))  # type: ignore[misc]
        for seed in SEEDS:
            xr.testing.assert_identical(Store(root).load(small(seed)), datasets[seed])
        shutil.rmtree(root)


class Killed(BaseException):
    """The process ends here."""


def test_a_process_that_is_killed_between_any_two_calls_loses_nothing(
    template: Path, tmp_path: Path, datasets: dict[int, xr.Dataset], monkeypatch: pytest.MonkeyPatch
) -> None:
    from pymts.store import disk

    for n in range(1, 200):
        root = tmp_path / f"store{n}"
        shutil.copytree(template, root)
        calls: list[str] = []

        def strike(name: str, calls: list[str] = calls, n: int = n) -> None:
            calls.append(name)
            if len(calls) >= n:  # nothing is tidied up by a process that is gone
                raise Killed

        with pytest.MonkeyPatch.context() as patch:
            for name in disk.SEAM:
                real = getattr(disk, name)

                def call(*a: object, name: str = name, real: object = real, strike: object = strike) -> object:
                    strike(name)  # type: ignore[operator]
                    return real(*a)  # type: ignore[operator]

                patch.setattr(disk, name, call)
            try:
                Store(root).pack(remove=True)
                ended = True
            except Killed:
                ended = False
        for seed in SEEDS:
            xr.testing.assert_identical(Store(root).load(small(seed)), datasets[seed])
        assert all(finding.status == "ok" for finding in Store(root).verify())
        shutil.rmtree(root)
        if ended:
            assert n > 20
            return
    raise AssertionError("it never succeeded")


@pytest.mark.parametrize("spoil", ["dropped", "flipped", "cut"])
def test_writes_that_go_wrong_silently_are_never_published(
    template: Path, tmp_path: Path, datasets: dict[int, xr.Dataset], spoil: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pymts.store import disk

    real = disk.write
    for n in range(1, 400, 3):
        root = tmp_path / f"store{n}"
        shutil.copytree(template, root)
        sizes: list[int] = []

        def write(file: object, data: bytes, n: int = n, sizes: list[int] = sizes) -> None:
            sizes.append(len(data))
            if len(sizes) == n and len(data):
                copy = bytearray(data)
                copy[len(copy) // 2] ^= 8
                data = {"dropped": b"", "flipped": bytes(copy), "cut": bytes(data[:-1])}[spoil]
            real(file, data)  # type: ignore[arg-type]

        monkeypatch.setattr(disk, "write", write)
        error = attempt(lambda root=root: Store(root).pack(remove=True))  # type: ignore[misc]
        monkeypatch.setattr(disk, "write", real)
        assert ("nothing of it is kept" in error) == (len(sizes) >= n), (n, error)
        for seed in SEEDS:
            xr.testing.assert_identical(Store(root).load(small(seed)), datasets[seed])
        shutil.rmtree(root)
        if len(sizes) < n:
            return
    raise AssertionError("it never succeeded")


def test_two_who_pack_at_once_leave_one_shard(
    template: Path, tmp_path: Path, datasets: dict[int, xr.Dataset], monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(template, tmp_path / "store")
    store, real = Store(tmp_path / "store"), packing.publish_shard

    def after_another(*arguments: object) -> None:
        monkeypatch.setattr(packing, "publish_shard", real)
        assert store.pack().packed == 2
        real(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(packing, "publish_shard", after_another)
    assert store.pack(remove=True).removed == 2
    check_shard(shard_of(store), "kuramoto")
    for seed in SEEDS:
        xr.testing.assert_identical(store.load(small(seed)), datasets[seed])


def test_a_name_that_a_packed_entry_has_is_not_given_to_another(packed: Store) -> None:
    """Two configurations of one hash8: the later comer takes the next rung, though the first is only packed."""
    later = configured(T=3, M=2, n_realizations=2, seed=50)
    taken = small(1)
    later.__dict__["slug"] = taken.slug
    later.__dict__["digest"] = taken.digest[:8] + later.digest[8:]
    assert packed.path(later).parent.name == later.name(16)


def test_clearing_and_links(packed: Store, tmp_path: Path) -> None:
    away = tmp_path / "away"
    shutil.move(packed.root / "kuramoto" / PACKED, away)
    (packed.root / "kuramoto" / PACKED).symlink_to(away)
    assert small(1) not in packed
    with pytest.raises(StoreError, match="packed is a link, which the store does not follow"):
        packed.pack()
    packed.clear()
    assert len(list(away.iterdir())) == 1
    (packed.root / "kuramoto" / PACKED).unlink()
    shutil.move(away, packed.root / "kuramoto" / PACKED)
    assert small(1) in packed
    packed.clear()
    assert [item.name for item in packed.root.iterdir()] == ["CACHEDIR.TAG"]
    with pytest.raises(StoreError, match="is not a store of PyMTS"):
        Store(tmp_path / "nothing").pack()
