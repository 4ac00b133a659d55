"""Object storage: what was uploaded is served, what fails is never seen, and what is damaged is never believed."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import fsspec
import numpy as np
import pytest
import s3fs
import xarray as xr
from stored import configured, made

from pymts.cli import app as cli
from pymts.datasets import load_grid
from pymts.errors import (
    DamagedEntryWarning,
    InvalidParameterError,
    MissingLibraryError,
    StoreError,
)
from pymts.plan.configuration import Configuration
from pymts.store import disk
from pymts.store.cache import Store
from pymts.store.remote import objects
from pymts.store.remote.remote import COMMIT, Remote
from pymts.store.remote.transfer import entry_in


def storage() -> Any:
    return fsspec.filesystem("s3", use_listings_cache=False)


def objects_below(url: str) -> list[str]:
    return sorted(storage().find(url))


def reader(folder: Path, url: str) -> Store:
    """A store of another machine, with nothing in it."""
    shutil.rmtree(folder, ignore_errors=True)
    return Store(folder, remote=url)


class Requests:
    """The requests to the storage in order, of which one may fail: before it is done, or after (a lost reply)."""

    def __init__(self, fail_at: int = 0, *, done: bool = False) -> None:
        self.fail_at, self.done = fail_at, done
        self.made: list[tuple[str, str, bool]] = []  # method, key, only where there is none

    @contextmanager
    def __call__(self) -> Iterator[Requests]:
        real = s3fs.S3FileSystem._call_s3

        async def call(fs: Any, method: str, *args: Any, **kwargs: Any) -> Any:
            self.made.append((method, str(kwargs.get("Key", "")), kwargs.get("IfNoneMatch") == "*"))
            if len(self.made) != self.fail_at:
                return await real(fs, method, *args, **kwargs)
            if self.done:
                await real(fs, method, *args, **kwargs)
            raise ConnectionError("the line is dead")

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(s3fs.S3FileSystem, "_call_s3", call)
            yield self


@pytest.mark.parametrize("form", ["loose", "packed"])
def test_what_was_uploaded_is_served_elsewhere(tmp_path: Path, url: str, form: str) -> None:
    configurations = [configured(seed=seed) for seed in (1, 2)]
    datasets = [made(one) for one in configurations]
    here = Store(tmp_path / "here", remote=url if form == "loose" else None)
    for configuration, dataset in zip(configurations, datasets, strict=True):
        here.save(configuration, dataset)
    if form == "packed":
        here.pack(remove=True)
        assert here.push(url).copied == 1
    there = reader(tmp_path / "there", url)
    assert all(one in there for one in configurations)
    assert not list(there.ids())  # nothing is fetched to be told so
    assert configured(seed=3) not in there
    assert there.load(configured(seed=3)) is None
    for configuration, dataset in zip(configurations, datasets, strict=True):
        xr.testing.assert_identical(there.load(configuration), dataset)
    place = reader(tmp_path / "there", url).locate(configurations[1])
    assert place is not None
    xr.testing.assert_identical(place.read(lazy=True), datasets[1])
    assert [finding.status for finding in Store(tmp_path / "there").verify()] == ["ok"] * (1 if form == "loose" else 2)


def test_data_come_first_and_the_metadata_last_and_only_once(
    store: Store, url: str, configuration: Configuration, dataset: xr.Dataset
) -> None:
    store.remote = Remote(url)
    with Requests()() as requests:
        store.save(configuration, dataset)
    writes = [
        (key.rpartition("/")[2].partition(".")[2], only) for method, key, only in requests.made if "put" in method
    ]
    assert writes == [("parquet", False), ("truth.npz", False), ("json", True)]
    names = {key.rpartition("/")[2].partition(".")[0] for key in objects_below(url)}
    assert {len(name) for name in names - {"metadata"}} == {32}
    assert len(names) == 3


def test_what_arrives_short_is_never_seen(
    store: Store, url: str, configuration: Configuration, dataset: xr.Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.remote = Remote(url)
    real = objects.Objects.put
    monkeypatch.setattr(objects.Objects, "put", lambda self, path, key: real(self, path, key) - 1)
    with pytest.raises(StoreError, match=r"has \d+ bytes, not \d+; it is not visible"):
        store.save(configuration, dataset)
    assert not any(key.endswith(COMMIT) for key in objects_below(url))


@pytest.mark.parametrize("done", [False, True], ids=["before", "lost-reply"])
def test_an_upload_that_fails_at_any_request_is_never_seen(
    tmp_path: Path, url: str, configuration: Configuration, dataset: xr.Dataset, done: bool
) -> None:
    for n in range(1, 40):
        place = f"{url}/{n}"
        here = Store(tmp_path / f"here{n}", remote=place)
        with Requests(n, done=done)() as requests:
            try:
                here.save(configuration, dataset)
                error = ""
            except StoreError as failure:
                error = str(failure)
        if len(requests.made) < n:
            assert n > 4, "no request failed"
            return
        assert f"{place} cannot be written: the line is dead" in error
        visible = any(key.endswith(COMMIT) for key in objects_below(place))
        assert visible == (done and requests.made[n - 1][2])
        assert not list(here.ids())  # what is here is there
        found = reader(tmp_path / "there", place).load(configuration)
        assert (found is not None) == visible
        here.save(configuration, dataset)  # the same call goes on
        xr.testing.assert_identical(reader(tmp_path / "there", place).load(configuration), dataset)
        assert len(objects_below(place)) == 3
    raise AssertionError("it never succeeded")


def test_a_download_that_fails_at_any_request_leaves_nothing(
    tmp_path: Path, url: str, configuration: Configuration, dataset: xr.Dataset
) -> None:
    Store(tmp_path / "here", remote=url).save(configuration, dataset)
    for n in range(1, 20):
        there = reader(tmp_path / "there", url)
        with Requests(n)() as requests:
            try:
                found = there.load(configuration)
                error = ""
            except StoreError as failure:
                error = str(failure)
        if len(requests.made) < n:
            xr.testing.assert_identical(found, dataset)
            assert n >= 4  # a listing, and three objects
            return
        assert "cannot be read: the line is dead" in error
        assert not list(there.ids())
        assert not list(there.root.rglob(".tmp-*"))
    raise AssertionError("it never succeeded")


@pytest.mark.parametrize("form", ["loose", "packed"])
def test_what_the_disk_spoils_silently_on_arrival_is_not_served(
    tmp_path: Path, url: str, configuration: Configuration, dataset: xr.Dataset, form: str
) -> None:
    here = Store(tmp_path / "here")
    here.save(configuration, dataset)
    if form == "packed":
        here.pack(remove=True)
    here.push(url)
    real, sizes = disk.write, []
    for n in range(1, 10):
        there, sizes = reader(tmp_path / "there", url), []
        there.check_writable()

        def write(file: Any, data: Any, n: int = n, sizes: list[int] = sizes) -> None:
            sizes.append(len(data))
            spoilt = bytearray(data)
            if len(sizes) == n:
                spoilt[len(spoilt) // 2] ^= 2
            real(file, spoilt)

        with pytest.MonkeyPatch.context() as patch, warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            patch.setattr(disk, "write", write)
            found = there.load(configuration)
        if len(sizes) < n:
            xr.testing.assert_identical(found, dataset)
            assert n > 3
            return
        assert found is None
        assert [one.category for one in caught] == [DamagedEntryWarning]
        assert not list(there.ids())
        assert not there.quarantined()  # it was never published
    raise AssertionError("nothing was ever whole")


@contextmanager
def steps(act: Callable[[int], object]) -> Iterator[list[str]]:
    """Call something before each step of ours at the storage, with the number of the step."""
    calls: list[str] = []
    with pytest.MonkeyPatch.context() as patch:
        for name in ("put", "create", "get", "stream"):
            real = getattr(objects.Objects, name)

            def call(self: Any, *args: Any, name: str = name, real: Any = real) -> Any:
                calls.append(name)
                act(len(calls))
                return real(self, *args)

            patch.setattr(objects.Objects, name, call)
        yield calls


def test_two_writers_of_different_bits_never_make_a_mixture(
    tmp_path: Path, url: str, configuration: Configuration, dataset: xr.Dataset
) -> None:
    """As two machine classes may: the other's whole upload happens before any step of ours, and after any too."""
    other = dataset.copy(deep=True)
    other.data.values[0, 0, 0] = np.nextafter(other.data.values[0, 0, 0], np.inf)
    first_to_commit = []
    for n in range(1, 20):
        place = f"{url}/{n}"
        one, two = Store(tmp_path / f"one{n}", remote=place), Store(tmp_path / f"two{n}", remote=place)
        with steps(lambda step, two=two, n=n: two.save(configuration, other) if step == n else None) as calls:  # type: ignore[misc]
            one.save(configuration, dataset)
        found = reader(tmp_path / "there", place).load(configuration)
        assert found is not None
        assert found.identical(dataset) or found.identical(other)
        assert {key.count("/") for key in objects_below(place)} == {4 + place.count("/") - 3}
        if len(calls) < n:
            break
        first_to_commit.append("other" if found.identical(other) else "ours")
    assert first_to_commit[:3] == ["other"] * 3  # until ours is there, the other is the first
    assert len(first_to_commit) >= 3


@pytest.mark.parametrize("harm", ["flip", "cut", "lose"])
@pytest.mark.parametrize("part", [".parquet", ".truth.npz", ".json"])
def test_damage_is_told_and_made_again_and_mended(
    tmp_path: Path, url: str, configuration: Configuration, dataset: xr.Dataset, part: str, harm: str
) -> None:
    Store(tmp_path / "here", remote=url).save(configuration, dataset)
    (path,) = (key for key in objects_below(url) if key.endswith(part))
    raw = bytearray(storage().cat_file(path))
    if harm == "lose":
        storage().rm_file(path)
    else:
        raw[len(raw) // 2] ^= 16
        storage().pipe_file(path, bytes(raw if harm == "flip" else raw[:-7]))
    there = reader(tmp_path / "there", url)
    if part == ".json" and harm == "lose":
        assert there.load(configuration) is None  # it was never finished, for all that can be seen
    else:
        with pytest.warns(DamagedEntryWarning, match="it is not taken from there"):
            assert there.load(configuration) is None
    assert not list(there.ids())
    there.save(configuration, dataset)
    xr.testing.assert_identical(reader(tmp_path / "third", url).load(configuration), dataset)
    assert len(objects_below(url)) == 3


def test_damage_of_other_bits_is_replaced_by_what_is_whole(
    tmp_path: Path, url: str, configuration: Configuration, dataset: xr.Dataset
) -> None:
    other = dataset.copy(deep=True)
    other.data.values[0, 0, 0] += 1
    Store(tmp_path / "other", remote=url).save(configuration, other)
    (path,) = (key for key in objects_below(url) if key.endswith(".parquet"))
    raw = bytearray(storage().cat_file(path))
    raw[-30] ^= 1
    storage().pipe_file(path, bytes(raw))
    Store(tmp_path / "here", remote=url).save(configuration, dataset)
    xr.testing.assert_identical(reader(tmp_path / "there", url).load(configuration), dataset)


def test_a_damaged_entry_here_is_fetched_again(
    tmp_path: Path, url: str, configuration: Configuration, dataset: xr.Dataset
) -> None:
    here = Store(tmp_path / "here", remote=url)
    path = here.save(configuration, dataset)
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.warns(DamagedEntryWarning, match="has been moved to"):
        xr.testing.assert_identical(here.load(configuration), dataset)
    assert here.find(configuration) == path.parent


def test_a_damaged_shard_does_not_hide_another(tmp_path: Path, url: str) -> None:
    here = Store(tmp_path / "here")
    for seed in (1, 2):
        here.save(configured(seed=seed), made(configured(seed=seed)))
    here.pack(shard_bytes=1)
    assert here.push(url).copied == 4
    for seed in (1, 2):
        storage().rm(f"{url}/{configured(seed=seed).model.name}/{configured(seed=seed).name(64)}", recursive=True)
    first = min(key for key in objects_below(url) if key.endswith(COMMIT))
    storage().pipe_file(first, b"{}")
    served = 0
    for seed in (1, 2):
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            found = reader(tmp_path / "there", url).load(configured(seed=seed))
        assert (found is None) == any(one.category is DamagedEntryWarning for one in caught)
        served += found is not None
    assert served == 1


def test_what_lies_there_under_a_wrong_name_is_not_believed(tmp_path: Path, url: str, dataset: xr.Dataset) -> None:
    here = Store(tmp_path / "here", remote=url)
    here.save(configured(), dataset)
    (commit,) = (key for key in objects_below(url) if key.endswith(COMMIT))
    wanted = configured(seed=2)
    storage().copy(commit, f"{url}/kuramoto/{wanted.name(64)}/{COMMIT}")
    with pytest.warns(DamagedEntryWarning, match="moved here"):
        assert reader(tmp_path / "there", url).load(wanted) is None
    elsewhere = Store(tmp_path / "here").root / "kuramoto"
    here.pack()
    here.push(url)
    (shard,) = (elsewhere / "packed").iterdir()
    for name in ("..", ".hidden", "x y"):
        storage().copy(f"{url}/kuramoto/packed/{shard.name}", f"{url}/kuramoto/packed/{name}", recursive=True)
    for odd in ("..", "kuramoto/../x", ".hidden/y", "a b/c", f"kuramoto/{'x' * 300}", "lonely", "a/b/c/d"):
        storage().pipe_file(f"{url}/{odd}/{COMMIT}", b"{}")
    there = Store(tmp_path / "there")
    result = there.pull(url)
    assert (result.copied, len(result.problems)) == (2, 1)
    assert f"kuramoto/{wanted.name(64)} is not copied" in result.problems[0]
    assert sorted(item.name for item in there.root.iterdir()) == ["CACHEDIR.TAG", "kuramoto"]
    assert [item.name for item in (there.root / "kuramoto" / "packed").iterdir()] == [shard.name]
    assert sorted(item.name for item in tmp_path.iterdir()) == ["here", "there"]


def test_a_name_that_is_taken_here_is_not_given_to_what_comes(
    tmp_path: Path, url: str, dataset: xr.Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two configurations of one hash8: what is fetched bears the short name, which is another's here."""
    Store(tmp_path / "here", remote=url).save(configured(), dataset)
    there = reader(tmp_path / "there", url)
    monkeypatch.setattr(Store, "_target", lambda self, one: self.root / one.model.name / one.name(16))
    assert there.load(configured()) is None
    assert there.save(configured(), dataset).stem == configured().name(16)
    xr.testing.assert_identical(there.load(configured()), dataset)


def test_push_and_pull_copy_what_is_missing_and_tell_of_damage(tmp_path: Path, url: str) -> None:
    here = Store(tmp_path / "here")
    datasets = {seed: made(configured(seed=seed)) for seed in range(1, 6)}
    paths = {seed: here.save(configured(seed=seed), dataset) for seed, dataset in datasets.items()}
    raw = bytearray(paths[5].read_bytes())
    raw[len(raw) // 2] ^= 1
    paths[5].write_bytes(raw)
    first = here.push(url)
    assert (first.copied, first.there) == (4, 0)
    assert [problem.split(" is not copied: ")[0] for problem in first.problems] == [configured(seed=5).config_id]
    assert first.bytes == sum(item.stat().st_size for seed in range(1, 5) for item in paths[seed].parent.iterdir())
    again = here.push(url)
    assert (again.copied, again.there, len(again.problems)) == (0, 4, 1)
    there = Store(tmp_path / "there")
    there.save(configured(seed=1), datasets[1])
    (parquet,) = (key for key in objects_below(f"{url}/kuramoto/{configured(seed=2).name(64)}") if "parquet" in key)
    storage().pipe_file(parquet, b"no")
    result = there.pull(url)
    assert (result.copied, result.there, len(result.problems)) == (2, 1, 1)
    assert "missing or not what was written" in result.problems[0]
    for seed in (1, 3, 4):
        xr.testing.assert_identical(there.load(configured(seed=seed)), datasets[seed])
    assert there.load(configured(seed=2)) is None


def test_shards_travel_as_they_are(tmp_path: Path, url: str, dataset: xr.Dataset) -> None:
    here = Store(tmp_path / "here")
    here.save(configured(), dataset)
    here.pack(remove=True)
    assert here.push(url).copied == 1
    there = Store(tmp_path / "there")
    assert there.pull(url).copied == 1
    assert there.pull(url).there == 1
    below = {
        root: {str(item.relative_to(root)): item.read_bytes() for item in root.rglob("*") if item.is_file()}
        for root in (here.root, there.root)
    }
    assert below[here.root] == below[there.root]


@pytest.mark.parametrize("link", ["kuramoto", "kuramoto/packed"])
def test_nothing_is_brought_through_a_link(tmp_path: Path, url: str, dataset: xr.Dataset, link: str) -> None:
    here = Store(tmp_path / "here")
    here.save(configured(), dataset)
    if "packed" in link:
        here.pack(remove=True)
    here.push(url)
    there = reader(tmp_path / "there", url)
    there.check_writable()
    (tmp_path / "away").mkdir()
    (there.root / link).parent.mkdir(exist_ok=True)
    (there.root / link).symlink_to(tmp_path / "away")
    with pytest.raises(StoreError, match="is a link, which the store does not follow"):
        there.load(configured())
    assert not list((tmp_path / "away").iterdir())


@pytest.mark.slow
def test_workers_share_what_they_make(tmp_path: Path, url: str) -> None:
    from pymts.run.executors import processes

    grid = [{"model": "var", "M": 2, "T": 30, "seed": list(range(6))}]
    made_here = load_grid(grid, outdir=tmp_path / "here", remote=url, executor=processes(2))
    assert sum(key.endswith(COMMIT) for key in objects_below(url)) == 6
    there = load_grid(grid, outdir=tmp_path / "there", remote=url, cache="read")
    for one, other in zip(made_here, there, strict=True):
        xr.testing.assert_identical(one, other)
    assert len(list(there.store.ids())) == 6
    lazy = load_grid(grid, outdir=tmp_path / "third", remote=url, cache="read").to_xarray()
    assert isinstance(lazy, xr.Dataset)
    np.testing.assert_array_equal(lazy.data.values[3], made_here[3].data.values)
    assert made_here.configuration(3) in Store(tmp_path / "third")  # it was fetched, not made


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ("data", "remote must be a URL of object storage such as s3://bucket/prefix, got 'data'"),
        ("s3://", "remote must be a URL of object storage such as s3://bucket/prefix, got 's3://'"),
        ("file:///tmp", "a directory is given as store"),
        ("s4://bucket/x", "remote 's4://bucket/x' cannot be used: Protocol not known: s4"),
    ],
)
def test_what_is_no_object_storage_is_refused(given: str, sentence: str) -> None:
    with pytest.raises(InvalidParameterError) as caught:
        load_grid([{"model": "var"}], remote=given)
    assert sentence in str(caught.value)


def test_storage_that_is_not_there_is_told(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(StoreError, match="s3://nobody/x cannot be used: there is no 'nobody'; create it"):
        load_grid([{"model": "var"}], remote="s3://nobody/x")
    with pytest.raises(InvalidParameterError, match="cache must be True or 'read', got False"):
        load_grid([{"model": "var"}], remote=url, cache=False)

    def no_library(name: str) -> Any:
        raise ImportError("Install s3fs to access S3")

    monkeypatch.setattr(objects.importlib, "import_module", no_library)
    with pytest.raises(MissingLibraryError, match=r"Install s3fs to access S3 \(pip install 'pymts\[s3\]'\)"):
        Remote(url).check()


def test_a_filesystem_that_cannot_create_only_once_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    from fsspec.implementations.memory import MemoryFileSystem

    Remote("memory://place/x").check()
    monkeypatch.setattr(MemoryFileSystem, "pipe_file", lambda self, path, value: None)
    with pytest.raises(
        InvalidParameterError, match="MemoryFileSystem cannot create an object only where there is none"
    ):
        Remote("memory://place/x").check()


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = cli.run(list(arguments))
    return code, *capsys.readouterr()


def test_the_command_line(tmp_path: Path, url: str, capsys: pytest.CaptureFixture[str]) -> None:
    config = tmp_path / "grid.yaml"
    config.write_text("configs:\n  - {model: var, M: 2, T: 20, seed: [1, 2, 3]}\n")
    here, there = str(tmp_path / "here"), str(tmp_path / "there")
    code, out, _ = run(capsys, "generate", "-c", str(config), "--save", "--limit", "2", "-o", here, "--remote", url)
    assert (code, out.splitlines()[-1]) == (0, f"Stored in {here} and {url}")
    code, out, _ = run(capsys, "push", url, "-o", here)
    assert (code, out) == (0, f"Copied 0 entries from {here} to {url} (0 B); 2 already present\n")
    code, out, _ = run(capsys, "pull", url, "-o", there, "--config", str(config), "--json")
    assert code == 0
    assert json.loads(out) | {"bytes": 0} == {"copied": 2, "there": 0, "missing": 1, "bytes": 0, "problems": []}
    code, out, _ = run(capsys, "pull", url, "-o", there)
    assert (code, out) == (0, f"Copied 0 entries from {url} to {there} (0 B); 2 already present\n")
    code, out, _ = run(capsys, "generate", "-c", str(config), "--save", "-o", str(tmp_path / "new"), "--remote", url)
    assert code == 0
    assert [row.split()[1:4] for row in out.splitlines() if row.startswith("var")] == [["3", "1", "2"]]
    victim = next(key for key in objects_below(url) if key.endswith(".npz"))
    storage().pipe_file(victim, b"no")
    code, out, err = run(capsys, "pull", url, "-o", str(tmp_path / "last"))
    assert code == 1
    assert err.count("is not copied:") == 1
    assert out.startswith("Copied 2 entries from")
    for arguments in (
        ["push", url, "-o", str(tmp_path / "no")],
        ["pull", "s3://nobody/x"],
        ["push", "data", "-o", here],
    ):
        code, out, err = run(capsys, *arguments)
        assert (code, out) == (2, "")
        assert len(err.splitlines()) == 1
    code, _, err = run(capsys, "generate", "-c", str(config), "--remote", url)
    assert code == 2
    assert "--remote mirrors the store; add --save" in err


def test_the_documents_commands_run(
    tmp_path: Path, url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    text = (Path(__file__).parents[2] / "docs" / "cluster.md").read_text()
    blocks = re.findall(r"```bash\n(.*?)```", text, flags=re.DOTALL)
    monkeypatch.chdir(tmp_path)
    Path("grid.yaml").write_text("configs: [{model: ar, T: 5, rho: [0.1, 0.2, 0.3]}]")
    out = ""
    for command in "".join(blocks).replace("s3://bucket", url).splitlines():
        name, *arguments = shlex.split(command)
        code, out, err = run(capsys, *arguments)
        assert (name, code) == ("pymts", 0), f"{command}\n{out}{err}"
    assert out.startswith("Copied 1 entry from data to")
    assert len(list(Store("scratch").ids())) == 3
    assert sum(key.endswith(COMMIT) for key in objects_below(url)) == 4


def test_an_item_of_a_store_tells_where_it_lies(store: Store, configuration: Configuration, entry: Path) -> None:
    item = entry_in(entry, "kuramoto", entry.name)
    assert item.key == f"kuramoto/{configuration.name(64)}"
