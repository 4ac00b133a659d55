"""The disk fails at the n-th call, n = 1, 2, 3 ... until what is tried succeeds: a clear error, and nothing is lost."""

from __future__ import annotations

import errno
import io
import os
import shutil
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import xarray as xr
from stored import configured, made

from pymts.errors import DamagedEntryError, DamagedEntryWarning, StoreError
from pymts.plan.configuration import Configuration
from pymts.run.simulate import simulate_blocks
from pymts.store import disk
from pymts.store.cache import Store
from pymts.store.files import load_parquet, save_csv, save_parquet
from pymts.store.format import parquet

ERRORS = [errno.ENOSPC, errno.EIO, errno.EROFS, errno.EACCES, errno.EMFILE, errno.EDQUOT]
NEW = {"seed": 2}


class Faults:
    """Counts the calls that touch the disk, and makes the n-th (or all from there on) fail."""

    def __init__(
        self, fail_at: int, number: int, *, persistent: bool = False, done: bool = False, part: bool = False
    ) -> None:
        self.fail_at, self.number = fail_at, number
        self.persistent, self.done, self.part = persistent, done, part
        self.calls: list[str] = []

    def call(self, name: str, real: Callable[..., Any], *arguments: Any) -> Any:
        self.calls.append(name)
        count = len(self.calls)
        if count == self.fail_at or (self.persistent and count > self.fail_at):
            if self.part and name == "write":  # as a full disk does: some of it fits
                file, data = arguments
                file.write(memoryview(data)[: len(data) // 2])
            if self.done and name != "create":  # it was done, and the reply was lost
                real(*arguments)
            raise OSError(self.number, os.strerror(self.number))
        return real(*arguments)

    @property
    def hit(self) -> str | None:
        return self.calls[self.fail_at - 1] if len(self.calls) >= self.fail_at else None


@contextmanager
def failing(faults: Faults) -> Iterator[Faults]:
    with pytest.MonkeyPatch.context() as patch:
        for name in disk.SEAM:
            real = getattr(disk, name)
            patch.setattr(disk, name, lambda *a, name=name, real=real: faults.call(name, real, *a))
        yield faults


def attempt(action: Callable[[], object]) -> str:
    """Return what a StoreError says, or nothing if there is none."""
    try:
        action()
    except StoreError as error:
        return str(error)
    return ""


def temporaries(path: Path) -> list[Path]:
    return [found for found in path.rglob(".tmp-*") if not any(p.name.startswith(".tmp-") for p in found.parents)]


def tries(make: Callable[[int], Faults]) -> Iterator[Faults]:
    """Yield faults at the first call, the second ... until one is not reached."""
    for n in range(1, 200):
        faults = make(n)
        yield faults
        if faults.hit is None:
            assert n > 5, "the faults were never in the way"
            return
    raise AssertionError("it never succeeded")


@pytest.fixture(scope="module")
def good() -> xr.Dataset:
    return made(configured())


@pytest.fixture(scope="module")
def other() -> xr.Dataset:
    return made(configured(**NEW))


def save_into(root: Path, other: xr.Dataset, faults: Faults) -> tuple[Store, Configuration, str]:
    """Save a second entry beside a good one while the disk fails."""
    store, new = Store(root), configured(**NEW)
    with failing(faults):
        return store, new, attempt(lambda: store.save(new, other))


@pytest.mark.parametrize(
    ("number", "fresh", "persistent"),
    [
        *((number, False, False) for number in ERRORS),
        (errno.ENOSPC, True, False),
        *((n, True, True) for n in ERRORS[:2]),
    ],
    ids=lambda value: errno.errorcode[value] if value > 1 else str(value),
)
def test_a_save_that_fails_says_so_and_leaves_nothing(
    tmp_path: Path, good: xr.Dataset, other: xr.Dataset, number: int, fresh: bool, persistent: bool
) -> None:
    if not fresh:
        Store(tmp_path / "template").save(configured(), good)
    count = 0
    for faults in tries(lambda n: Faults(n, number, persistent=persistent, part=number == errno.ENOSPC)):
        root = tmp_path / f"store{faults.fail_at}"
        if not fresh:
            shutil.copytree(tmp_path / "template", root)
        store, new, error = save_into(root, other, faults)
        count += 1
        if faults.hit is None:
            assert not error
        else:
            assert os.strerror(number) in error, faults.hit
            assert str(root) in error
            assert "\n" not in error
        # What is there is whole, and what was there is unharmed.
        found = store.load(new)
        assert found is None or found.identical(other)
        # Only a failure after the name was given leaves the entry: it is whole, but perhaps not on the disk for good.
        assert found is None or faults.hit in (None, "sync_directory")
        if not fresh:
            xr.testing.assert_identical(store.load(configured()), good)
        left = temporaries(root)
        assert not left or persistent, faults.hit
        if left and (root / "CACHEDIR.TAG").exists():
            assert set(store.prune(stale_after=0.0)) == set(left)
            assert not temporaries(root)
        # The next run is not hindered.
        store.save(new, other)
        xr.testing.assert_identical(store.load(new), other)
    print(f"\n{count - 1} failing calls of a save, {errno.errorcode[number]}")


def test_streaming_fails_as_cleanly(tmp_path: Path, other: xr.Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parquet, "GROUP_VALUES", 2 * 6 * 3)  # two realizations
    new = configured(**NEW)
    for faults in tries(lambda n: Faults(n, errno.ENOSPC, part=True)):
        store = Store(tmp_path / f"store{faults.fail_at}")
        with failing(faults):
            error = attempt(lambda store=store: store.write(new, simulate_blocks(new, 1)))  # type: ignore[misc]
        assert ("No space left on device; free some space" in error) == (faults.hit is not None)
        found = store.load(new)
        assert found is None or found.identical(other)
        assert not temporaries(store.root)


@pytest.mark.parametrize("number", [errno.ENOENT, errno.EIO, errno.ESTALE, errno.EEXIST])
def test_a_rename_whose_reply_is_lost_is_a_success(
    tmp_path: Path, good: xr.Dataset, other: xr.Dataset, number: int
) -> None:
    renames = 0
    for faults in tries(lambda n: Faults(n, number, done=True)):
        root = tmp_path / f"store{faults.fail_at}"
        Store(root).save(configured(), good)
        store, new, error = save_into(root, other, faults)
        if faults.hit == "rename":
            renames += 1
            assert not error
            xr.testing.assert_identical(store.load(new), other)
        xr.testing.assert_identical(store.load(configured()), good)
        assert not temporaries(root)
    assert renames == 1


@pytest.mark.parametrize("number", ERRORS[:2], ids=lambda number: errno.errorcode[number])
def test_save_parquet_never_leaves_a_mixture_that_is_served(
    tmp_path: Path, good: xr.Dataset, other: xr.Dataset, number: int
) -> None:
    for faults in tries(lambda n: Faults(n, number)):
        folder = tmp_path / f"{faults.fail_at}"
        folder.mkdir()
        path = save_parquet(good, folder / "a.parquet")
        with failing(faults):
            error = attempt(lambda path=path: save_parquet(other, path))  # type: ignore[misc]
        # What is left of the directory that it worked in is no reason to fail: everything is in place.
        failed = faults.hit not in (None, "remove_tree")
        assert (os.strerror(number) in error) == (str(path) in error) == failed
        try:
            found = load_parquet(path)
        except DamagedEntryError:
            assert faults.hit == "replace"  # some files are the new ones, and the metadata the old
        else:
            assert found.identical(good) or found.identical(other)
        assert not temporaries(folder) or faults.hit == "remove_tree"
        save_parquet(other, path)
        xr.testing.assert_identical(load_parquet(path), other)


def test_save_csv_leaves_the_old_file(tmp_path: Path, good: xr.Dataset, other: xr.Dataset) -> None:
    path = save_csv(good, tmp_path / "a.csv")
    before = path.read_bytes()
    for faults in tries(lambda n: Faults(n, errno.ENOSPC, part=True)):
        with failing(faults):
            error = attempt(lambda: save_csv(other, path))
        failed = faults.hit not in (None, "remove_tree")
        assert ("No space left" in error) == (path.read_bytes() == before) == failed
        if not failed:
            save_csv(good, path)
        for left in temporaries(tmp_path):
            assert faults.hit == "remove_tree"
            shutil.rmtree(left)
        assert [file.name for file in tmp_path.iterdir()] == ["a.csv"]


@pytest.mark.parametrize("spoil", ["dropped", "flipped", "cut"])
def test_writes_that_go_wrong_silently_are_never_published(
    tmp_path: Path, good: xr.Dataset, other: xr.Dataset, spoil: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, new = disk.write, configured(**NEW)
    for n in range(1, 200):
        store = Store(tmp_path / f"store{n}", durability="batch")
        store.save(configured(), good)
        sizes: list[int] = []

        def write(file: io.FileIO, data: bytes, n: int = n, sizes: list[int] = sizes) -> None:
            sizes.append(len(data))
            if len(sizes) == n:
                copy = bytearray(data)
                copy[len(copy) // 2] ^= 8
                data = {"dropped": b"", "flipped": bytes(copy), "cut": bytes(data[:-1])}[spoil]
            real(file, data)

        monkeypatch.setattr(disk, "write", write)
        error = attempt(lambda store=store: store.save(new, other))  # type: ignore[misc]
        assert ("nothing of it is kept" in error) == (len(sizes) >= n), "a write that went wrong was published"
        assert (store.load(new) is None) == (len(sizes) >= n)
        monkeypatch.setattr(disk, "write", real)
        xr.testing.assert_identical(store.load(configured()), good)
        assert not temporaries(store.root)
        if len(sizes) < n:
            print(f"\n{len(sizes)} writes {spoil}")
            assert n > 10
            return
    raise AssertionError("it never succeeded")


@pytest.mark.parametrize("number", [errno.EROFS, errno.EIO, errno.ENOSPC])
def test_damage_that_cannot_be_set_aside_is_a_miss(tmp_path: Path, good: xr.Dataset, number: int) -> None:
    for faults in (Faults(n, number) for n in range(1, 5)):
        store = Store(tmp_path / f"{faults.fail_at}")
        path = store.save(configured(), good)
        path.write_bytes(path.read_bytes()[:-1])
        with failing(faults), pytest.warns(DamagedEntryWarning, match="is damaged"):
            assert store.load(configured()) is None
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DamagedEntryWarning)
            store.save(configured(), good)
        xr.testing.assert_identical(store.load(configured()), good)


def test_removal_that_fails_says_so_and_can_be_repeated(tmp_path: Path, good: xr.Dataset, other: xr.Dataset) -> None:
    Store(tmp_path / "template").save(configured(), good)
    Store(tmp_path / "template").save(configured(**NEW), other)
    for n in range(1, 20):
        root = tmp_path / f"store{n}"
        shutil.copytree(tmp_path / "template", root)
        store, faults = Store(root), Faults(n, errno.EACCES)
        with failing(faults):
            error = attempt(store.clear)
        # A directory that stays, empty, is no reason to fail.
        assert ("Permission denied" in error) == (faults.hit not in (None, "remove_directory"))
        for configuration, dataset in ((configured(), good), (configured(**NEW), other)):
            found = store.load(configuration)
            assert found is None or found.identical(dataset)
        store.prune(stale_after=0.0)
        store.clear()
        assert [file.name for file in root.iterdir()] == ["CACHEDIR.TAG"]
        if faults.hit is None:
            return
    raise AssertionError("it never succeeded")


def test_every_write_goes_through_the_seam() -> None:
    """No other module opens a file to write it, or moves or removes one."""
    import ast

    package = Path(disk.__file__).parent
    forbidden = {
        "mkdir", "rename", "unlink", "rmdir", "rmtree", "write_bytes", "write_text", "symlink_to", "touch", "makedirs",
        "remove", "fsync", "copytree", "move",
    }  # fmt: skip
    modules = [path for path in package.rglob("*.py") if path.name != "disk.py" and path.parent.name != "remote"]
    assert len(modules) > 10
    for path in modules:
        name = str(path.relative_to(package))
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                owner = node.func.value.id if isinstance(node.func.value, ast.Name) else ""
                assert owner == "disk" or node.func.attr not in forbidden, f"{name}: {ast.unparse(node)}"
            if (
                isinstance(node, ast.Call)
                and ast.unparse(node.func).endswith("open")
                and len(node.args) + len(node.keywords)
            ):
                assert "'rb'" in ast.unparse(node) or "config_id" in ast.unparse(node), f"{name}: {ast.unparse(node)}"
