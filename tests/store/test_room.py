"""Before a grid is made: does it fit on the disk, and can the store be written if it has to be?"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from stored import unprivileged

from pymts import generate
from pymts.cli.app import run
from pymts.cli.exitcodes import Exit
from pymts.errors import StoreError, TooLargeError
from pymts.run import room

HUGE = "configs: [{model: var, M: 1000, T: 10000000, n_realizations: 10, seed: {sweep: [1, 2, 3, 4, 5, 6, 7, 8, 9]}}]"
SMALL = [{"model": "ar", "T": 20, "rho": [0.1, 0.9], "seed": 1}]


@pytest.mark.parametrize("options", [["--dry-run"], ["--save"]])
def test_a_grid_larger_than_the_disk_is_refused(
    options: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "huge.yaml").write_text(HUGE)
    arguments = ["generate", "-c", str(tmp_path / "huge.yaml"), "--outdir", str(tmp_path / "a" / "store"), *options]
    assert run(arguments) == Exit.USAGE
    told = capsys.readouterr().err
    assert "huge.yaml needs 6.5 TiB" in told
    assert "are free; lower n_realizations, T or M, choose another store, or continue with --force" in told
    assert not (tmp_path / "a").exists()


def test_the_dry_run_lists_a_grid_that_is_forced(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "huge.yaml").write_text(HUGE)
    assert run(["generate", "-c", str(tmp_path / "huge.yaml"), "--dry-run", "--force"]) == Exit.OK
    assert "9 configurations, 6.5 TiB of data" in capsys.readouterr().out


def test_what_is_stored_needs_no_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert generate(SMALL, tmp_path).counts["generated"] == 2
    monkeypatch.setattr(room, "free_bytes", lambda root: 0)
    assert generate(SMALL, tmp_path).counts["cached"] == 2
    with pytest.raises(TooLargeError, match=r"grid needs .* but only 0 B are free; .* or continue with force=True"):
        generate([*SMALL, {"model": "ar", "T": 30, "seed": 1}], tmp_path)
    assert generate([{"model": "ar", "T": 30, "seed": 1}], tmp_path, force=True).counts["generated"] == 1


def test_the_free_space_is_that_of_the_store_to_be(tmp_path: Path) -> None:
    there = room.free_bytes(tmp_path / "not" / "there" / "yet")
    assert abs(there - shutil.disk_usage(tmp_path).free) < 2**30


@pytest.fixture
def read_only() -> Iterator[Path]:
    """A store that has a grid, and that may be read and not written."""
    place = Path(tempfile.mkdtemp())
    place.chmod(0o755)
    generate(SMALL, place / "store")
    (place / "grid.yaml").write_text("configs: [{model: ar, T: 20, rho: [0.1, 0.9], seed: 1}]")
    for folder in (place / "store", *(path for path in (place / "store").rglob("*") if path.is_dir())):
        folder.chmod(0o555)
    yield place
    for folder in (place / "store", *(path for path in (place / "store").rglob("*") if path.is_dir())):
        folder.chmod(0o755)
    shutil.rmtree(place)


def test_a_read_only_store_serves_what_it_has(read_only: Path, capsys: pytest.CaptureFixture[str]) -> None:
    store = ["--outdir", str(read_only / "store")]
    with unprivileged():
        assert run(["generate", "-c", str(read_only / "grid.yaml"), "--save", *store]) == Exit.OK
        assert "Stored in" in capsys.readouterr().out
        assert generate(SMALL, read_only / "store").counts["cached"] == 2
        with pytest.raises(StoreError, match="cannot be written: Permission denied"):
            generate([*SMALL, {"model": "ar", "T": 30, "seed": 1}], read_only / "store")
