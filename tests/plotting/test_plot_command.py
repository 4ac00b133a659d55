"""``pymts plot``: pictures of models, stored datasets and grids, and refusals in a sentence."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pymts.cli.app import run
from pymts.cli.exitcodes import Exit
from pymts.datasets import make_var

PNG = b"\x89PNG\r\n\x1a\n"


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYMTS_DATA_HOME", str(tmp_path / "store"))
    monkeypatch.chdir(tmp_path)


def test_a_model_with_its_defaults(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["plot", "kuramoto", "-o", "k.png"]) == Exit.OK
    assert (tmp_path / "k.png").read_bytes().startswith(PNG)
    name, path = capsys.readouterr().out.strip().split(": ")
    assert name.startswith("kuramoto_M5_T1000_seed0__")
    assert path == "k.png"
    assert [item.name for item in tmp_path.iterdir()] == ["k.png"]  # no draft, and no store


def test_a_stored_dataset_and_a_grid(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ds = make_var(T=40, seed=1, cache=True)
    assert run(["plot", ds.pymts.config_id, "-o", "v.svg", "--kind", "heatmap"]) == Exit.OK
    assert "<svg" in (tmp_path / "v.svg").read_text()
    (tmp_path / "grid.yaml").write_text("configs: [{model: ar, T: 20, rho: [0.1, 0.5]}]")
    capsys.readouterr()
    assert run(["plot", "grid.yaml", "-o", "g.png", "--json"]) == Exit.OK
    rows = json.loads(capsys.readouterr().out)
    assert [row["path"] for row in rows] == ["g_0.png", "g_1.png"]
    assert all((tmp_path / row["path"]).read_bytes().startswith(PNG) for row in rows)


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["kuramotto", "-o", "x.png"], "'kuramotto' is not a model; did you mean 'kuramoto'"),
        (["var", "-o", "x.bmp"], "--output must end in .png, .svg, .pdf, got 'x.bmp'"),
        (["var", "-o", "x.png", "--kind", "heatmaps"], "got 'heatmaps'; did you mean 'heatmap'"),
        (["var", "-o", "x.png", "--realization", "4"], "realization must be from 0 to 0, got 4"),
        (["var", "-o", "nowhere/x.png"], "nowhere/x.png cannot be written: No such file or directory"),
    ],
)
def test_bad_input_is_one_sentence(
    arguments: list[str], problem: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["plot", *arguments]) == Exit.USAGE
    said = capsys.readouterr().err
    assert problem in said
    assert "Traceback" not in said
    assert not list(tmp_path.iterdir())
