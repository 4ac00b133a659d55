"""The command line as people type it: a grid as it is, --set, cache rm, cite, and numbers that agree."""

from __future__ import annotations

from pathlib import Path

import pytest

from pymts.cli.app import run
from pymts.cli.exitcodes import Exit
from pymts.datasets import make_ar, make_var
from pymts.store.cache import Store

GRID = "name: Two\nconfigs: [{model: ar, T: 9, rho: [0.1, 0.5], seed: 1}]\n"


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PYMTS_DATA_HOME", str(tmp_path / "store"))
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "grid.yaml").write_text(GRID)
    return tmp_path


def test_a_grid_is_given_as_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["generate", "grid.yaml"]) == Exit.OK
    assert capsys.readouterr().err.startswith("pymts: nothing will be stored; add --save to keep the datasets")
    assert run(["generate", "grid.yaml", "--save", "--store", "mine"]) == Exit.OK
    assert len(Store("mine")) == 2
    capsys.readouterr()
    assert run(["generate", "grid.yaml", "-c", "grid.yaml"]) == Exit.USAGE
    assert "give exactly one YAML grid" in capsys.readouterr().err


def test_plot_takes_parameters_and_names_its_file(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    settings = ["--set", "K=3", "--set", "topology=ring", "--set", "T=40", "--seed", "7"]
    assert run(["plot", "kuramoto", *settings]) == Exit.OK
    printed = capsys.readouterr().out
    assert "_K3_" in printed
    assert "topologyring" in printed
    assert "_seed7__" in printed
    assert printed.endswith(": kuramoto.png\n")
    assert (place / "kuramoto.png").exists()
    assert run(["plot", "grid.yaml", "--kind", "acf"]) == Exit.OK
    assert sorted(path.name for path in place.glob("grid_*.png")) == ["grid_0.png", "grid_1.png"]
    for arguments, told in (
        (["plot", "kuramoto", "--set", "K"], "--set must be NAME=VALUE, such as --set K=3, got 'K'"),
        (["plot", "kuramoto", "--set", "K=many"], "K must be a finite number"),
        (
            ["plot", "grid.yaml", "--set", "K=3"],
            "--set and --seed apply to models only, and 'grid.yaml' is not a model",
        ),
    ):
        capsys.readouterr()
        assert run(arguments) == Exit.USAGE
        assert told in capsys.readouterr().err


def test_cache_rm_removes_what_matches_after_asking(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = make_var(T=9, seed=1, cache=True)
    for seed in (1, 2):
        make_ar(T=9, seed=seed, cache=True)
    assert run(["cache", "rm", "ma_*"]) == Exit.USAGE
    assert "no dataset in" in capsys.readouterr().err
    monkeypatch.setattr("typer.confirm", lambda *args, **kwargs: False)
    assert run(["cache", "rm", "ar_*"]) == Exit.USAGE
    assert "nothing was removed; give --yes" in capsys.readouterr().err
    assert len(Store()) == 3
    assert run(["cache", "rm", "ar_*", "--yes"]) == Exit.OK
    assert capsys.readouterr().out.startswith("Removed 2 datasets from")
    assert Store().datasets.config_ids == [kept.attrs["config_id"]]
    Store().pack(remove=True)
    assert run(["cache", "rm", kept.attrs["config_id"], "--yes"]) == Exit.USAGE
    assert "is packed with others" in capsys.readouterr().err


def test_cite_prints_bibtex(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["cite", "grid.yaml"]) == Exit.OK
    printed = capsys.readouterr().out
    assert printed.startswith("@misc{Two,")
    assert "@misc{pymts_ar," in printed


def test_numbers_and_nouns_agree(capsys: pytest.CaptureFixture[str]) -> None:
    make_ar(T=9, seed=1, cache=True)
    for arguments, told in (
        (["verify"], "Checked 1 dataset in"),
        (["cache", "ls"], "1 dataset, "),
        (["cache", "prune"], "Removed 0 directories from"),
        (["pack"], "Packed 1 dataset into 1 shard"),
        (["generate", "grid.yaml", "--dry-run", "--limit", "1"], "1 configuration, "),
    ):
        assert run(arguments) == Exit.OK
        assert told in capsys.readouterr().out


def test_describe_has_an_example_and_three_groups(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["describe", "kuramoto"]) == Exit.OK
    printed = capsys.readouterr().out
    parts = ("\nModel parameters", "\nGraph parameters", "\nCommon parameters", "make_kuramoto(K=1.0, T=500, seed=0)")
    places = [printed.index(part) for part in parts]
    assert places == sorted(places)
    assert printed.index("  K = ") < printed.index("  topology = ") < printed.index("  M = ")
