"""What a command is asked to check or bring is there, or the command fails: one sentence, exit code 2."""

from __future__ import annotations

from pathlib import Path

import pytest
from stored import configured, made

from pymts.cli.app import run
from pymts.cli.exitcodes import Exit
from pymts.store.cache import Store
from pymts.store.entries import housekeeping

COMMANDS = [
    ["verify"],
    ["pack"],
    ["pack", "--rebuild"],
    ["push", "memory://somewhere"],
    ["cache", "ls"],
    ["cache", "du"],
    ["cache", "prune"],
    ["cache", "path", "var_M3_T10_seed1__0123abcd"],
]


def refused(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    """Run a command that fails, and return its one sentence."""
    assert run(arguments) == Exit.USAGE
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("pymts: ")
    assert captured.err.count("\n") == 1
    return captured.err


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_a_store_that_is_not_there(command: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    nowhere = tmp_path / "typo"
    assert f"there is no store at {nowhere}" in refused([*command, "--outdir", str(nowhere)], capsys)
    assert not nowhere.exists()


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_a_directory_that_is_no_store(command: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "note.txt").write_text("mine")
    assert "is not a store of PyMTS" in refused([*command, "--outdir", str(tmp_path)], capsys)
    assert (tmp_path / "note.txt").read_text() == "mine"


@pytest.mark.parametrize("command", [["verify"], ["cache", "ls"], ["cache", "du"], ["cache", "prune"], ["pack"]])
def test_an_empty_store_is_a_store(command: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    housekeeping.mark(tmp_path, sync=False)
    assert run([*command, "--outdir", str(tmp_path)]) == Exit.OK


def test_nothing_to_upload(tmp_path: Path, url: str, capsys: pytest.CaptureFixture[str]) -> None:
    housekeeping.mark(tmp_path, sync=False)
    assert "is empty; there is nothing to upload" in refused(["push", url, "--outdir", str(tmp_path)], capsys)


def test_a_prefix_with_nothing_in_it(tmp_path: Path, url: str, capsys: pytest.CaptureFixture[str]) -> None:
    store = ["--outdir", str(tmp_path / "store")]
    assert f"there are no datasets at {url}" in refused(["pull", url, *store], capsys)
    grid = tmp_path / "grid.yaml"
    grid.write_text("configs: [{model: kuramoto, M: 3, T: 6, n_realizations: 4, seed: [1, 2]}]")
    told = refused(["pull", url, "-c", str(grid), *store], capsys)
    assert f"none of the 2 configurations of {grid} is at {url}" in told
    assert not (tmp_path / "store").exists()
    source = Store(tmp_path / "source")
    source.save(configured(), made(configured()))
    assert run(["push", url, "--outdir", str(source.root)]) == Exit.OK
    assert run(["pull", url, "-c", str(grid), *store]) == Exit.OK  # a part of a grid is something


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["list", "--tag", "nope"], "no model has the tag 'nope'"),
        (["gallery", "-o", "site", "--store", "typo"], "typo contains no datasets"),
        (["gallery", "-o", "site", "--model", "nope"], "there is no model 'nope'"),
        (["generate", "-c", "typo.yaml"], "typo.yaml does not exist"),
        (["verify", "-c", "typo.yaml"], "typo.yaml does not exist"),
    ],
)
def test_a_pattern_that_matches_nothing(
    arguments: list[str], told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert told in refused(arguments, capsys)
