"""A site appears whole or not at all, and never over what is not a gallery."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from pymts.errors import StoreError
from pymts.gallery.publish import MANIFEST, write_site
from pymts.store import disk


def pages(*names: str) -> Callable[[Path], None]:
    def write(folder: Path) -> None:
        for name in names:
            (folder / name).parent.mkdir(exist_ok=True)
            (folder / name).write_text(name)

    return write


def found(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def refused(folder: Path, match: str) -> None:
    def write(_: Path) -> None:
        raise AssertionError("nothing may be made for a target that is refused")

    before = found(folder.parent)
    with pytest.raises(StoreError, match=match):
        write_site(folder, write)
    assert found(folder.parent) == before


def test_new_empty_and_earlier_galleries_are_written(tmp_path: Path) -> None:
    target = tmp_path / "deep" / "site"
    write_site(target, pages("index.html", "models/a.html"))
    assert found(target) == [MANIFEST, "index.html", "models/a.html"]
    write_site(target, pages("index.html", "models/b.html"))
    assert found(tmp_path) == [f"deep/site/{name}" for name in (MANIFEST, "index.html", "models/b.html")]
    (tmp_path / "empty").mkdir()
    write_site(tmp_path / "empty", pages("index.html"))
    assert found(tmp_path / "empty") == [MANIFEST, "index.html"]


def test_what_is_no_gallery_is_left_alone(tmp_path: Path) -> None:
    other = tmp_path / "thesis"
    other.mkdir()
    (other / "chapter.tex").write_text("years of work")
    refused(other, "contains other files and no gallery")
    for wrong in ("", "[]", "{}", '{"kind": "pymts gallery"}', '{"kind": "other", "files": ["chapter.tex"]}'):
        (other / MANIFEST).write_text(wrong)
        refused(other, "contains other files and no gallery")
    file = tmp_path / "file"
    file.write_text("")
    refused(file, "is not a directory")
    link = tmp_path / "link"
    link.symlink_to(other)
    refused(link, "is not a directory")
    assert (other / "chapter.tex").read_text() == "years of work"


def test_files_that_came_to_a_gallery_later_are_not_lost(tmp_path: Path) -> None:
    target = tmp_path / "site"
    write_site(target, pages("index.html"))
    (target / "mine").mkdir()
    (target / "mine" / "notes.txt").write_text("keep")
    refused(target, "contains 'mine/notes.txt', which is not part of a gallery")
    (target / "mine" / "notes.txt").unlink()
    write_site(target, pages("index.html"))


def test_a_failure_leaves_the_earlier_gallery_and_nothing_else(tmp_path: Path) -> None:
    target = tmp_path / "site"
    write_site(target, pages("old.html"))

    def breaks(folder: Path) -> None:
        (folder / "new.html").write_text("half")
        raise RuntimeError("out of paper")

    with pytest.raises(RuntimeError, match="out of paper"):
        write_site(target, breaks)
    assert found(tmp_path) == [f"site/{MANIFEST}", "site/old.html"]


@pytest.mark.parametrize("failing", [1, 2])
def test_a_rename_that_fails_brings_the_earlier_gallery_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failing: int
) -> None:
    target, calls, rename = tmp_path / "site", [0], disk.rename
    write_site(target, pages("old.html"))

    def fails(source: Path, to: Path) -> None:
        calls[0] += 1
        if calls[0] == failing:
            raise OSError(28, "No space left on device")
        rename(source, to)

    monkeypatch.setattr(disk, "rename", fails)
    with pytest.raises(StoreError, match="site"):
        write_site(target, pages("new.html"))
    assert found(tmp_path) == [f"site/{MANIFEST}", "site/old.html"]
    assert [path.name for path in tmp_path.iterdir()] == ["site"]


def test_what_comes_while_the_site_is_made_is_seen(tmp_path: Path) -> None:
    target = tmp_path / "site"

    def write(folder: Path) -> None:
        (folder / "index.html").write_text("")
        target.mkdir()
        (target / "other.txt").write_text("somebody else's")

    with pytest.raises(StoreError, match="contains other files"):
        write_site(target, write)
    assert found(tmp_path) == ["site/other.txt"]
