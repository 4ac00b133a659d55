"""The README tells the truth: every code block runs, and prints what it shows."""

from __future__ import annotations

import os
import re
import runpy
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import readme_parts
import yaml
from PIL import Image

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "README.md").read_text()
BLOCKS = [(kind, body) for kind, body in re.findall(r"^```(\w+)\n(.*?)^```$", TEXT, flags=re.MULTILINE | re.DOTALL)]
RECIPE = next(body for kind, body in BLOCKS if "@model(" in body)
MAKE = next(body for kind, body in BLOCKS if "= make(" in body)
CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text()
SETUP = [body.strip() for kind, body in BLOCKS if kind == "bash" and "venv" in body]


def copy_of_the_checkout(target: Path) -> Path:
    """Copy what git would give."""
    names = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    for name in names:
        if (ROOT / name).is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, target / name)
    return target


def with_checkout(checkout: Path) -> dict[str, str]:
    """Return the environment in which Python finds a checkout first."""
    return {**os.environ, "PYTHONPATH": str(checkout)}


@pytest.mark.slow
@pytest.mark.parametrize("name", readme_parts.MADE)
def test_the_parts_that_are_made_are_fresh(name: str) -> None:
    written = readme_parts.parts(name, TEXT)[1]
    assert readme_parts.without_times(written) == readme_parts.without_times(readme_parts.MADE[name]())


def test_only_times_differ_between_recordings() -> None:
    assert readme_parts.without_times("a  1.25 s") == readme_parts.without_times("a 17.00 s")
    assert readme_parts.without_times("a 5 ok") != readme_parts.without_times("a 6 ok")


def test_every_block_is_of_a_kind_that_is_tested() -> None:
    assert {kind for kind, _ in BLOCKS} == {"bash", "python", "text", "yaml"}


def test_the_python_blocks_run_in_order_and_print_what_is_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(ROOT / "configs", tmp_path / "configs")
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("PYMTS_DATA_HOME", raising=False)
    namespace: dict[str, object] = {}
    ran = 0
    for index, (kind, body) in enumerate(BLOCKS):
        if kind != "python" or body in (RECIPE, MAKE):
            continue
        exec(compile(body, f"README block {index}", "exec"), namespace)
        ran += 1
        printed = capsys.readouterr().out
        if index + 1 < len(BLOCKS) and BLOCKS[index + 1][0] == "text":
            assert printed == BLOCKS[index + 1][1]
    assert ran >= 6
    assert (tmp_path / "data").is_dir()


def test_the_pictures_are_those_that_the_project_draws(tmp_path: Path) -> None:
    drawing = runpy.run_path(str(ROOT / "docs" / "pictures.py"))
    shown = re.findall(r"^!\[.+\]\(docs/(.+)\)$", TEXT, flags=re.MULTILINE)
    drawn = drawing["draw"](tmp_path)
    assert {path.name for path in drawn} == set(shown)
    for path in drawn:
        committed = ROOT / "docs" / path.name
        assert committed.stat().st_size < 100_000
        with Image.open(committed) as ours, Image.open(path) as again:
            assert ours.size == again.size


@pytest.mark.slow
def test_the_yaml_block_is_the_example() -> None:
    shown = next(yaml.safe_load(body) for kind, body in BLOCKS if kind == "yaml")
    assert shown == yaml.safe_load((ROOT / "configs" / "example_grid.yaml").read_text())


def test_the_command_lines_run(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "configs", tmp_path / "configs")
    commands = next(body for kind, body in BLOCKS if kind == "bash" and body.startswith("pymts list"))
    scripts = str(Path(sys.executable).parent)
    environment = {**os.environ, "PATH": f"{scripts}{os.pathsep}{os.environ['PATH']}"}
    environment.pop("PYMTS_DATA_HOME", None)
    for command in commands.splitlines():
        done = subprocess.run(
            command, shell=True, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
        assert done.stdout


@pytest.mark.slow
def test_a_model_works_from_a_file_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "mymodel.py").write_text(RECIPE + MAKE)
    done = subprocess.run(
        [sys.executable, "mymodel.py"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        env=with_checkout(ROOT),
    )
    assert done.stdout == BLOCKS[BLOCKS.index(("python", MAKE)) + 1][1], done.stderr


def test_a_model_joins_the_package_with_one_file_and_two_lines(tmp_path: Path) -> None:
    checkout = copy_of_the_checkout(tmp_path)
    (checkout / "pymts" / "models" / "mymodel.py").write_text(f'"""Noisy maps."""\n\n{RECIPE}')
    lines = re.findall(
        r"^    ((?:from pymts\.models import|make_logistic_noise =) .*)$", CONTRIBUTING, flags=re.MULTILINE
    )
    assert len(lines) == 2
    with (checkout / "pymts" / "datasets.py").open("a") as front:
        front.write("\n".join(lines) + "\n")
    tests = ["tests/registry", "-q", "-k", "logistic_noise", "-p", "no:cacheprovider", "-n0"]
    environment = with_checkout(checkout)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *tests],
        cwd=checkout,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    assert int(re.search(r"(\d+) passed", done.stdout)[1]) > 50  # type: ignore[index]
    listed = subprocess.run(
        [sys.executable, "-m", "pymts", "list"],
        cwd=checkout,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert "logistic_noise" in listed


@pytest.mark.slow
@pytest.mark.parametrize("tool", ["python3", "uv"])
def test_the_main_job_runs_on_a_fresh_copy_with_the_readmes_own_line(tool: str, tmp_path: Path) -> None:
    checkout = copy_of_the_checkout(tmp_path)
    line = next(line for line in SETUP if line.startswith(tool) and "pymts generate" in line)
    drop = ("PYTHONPATH", "VIRTUAL_ENV", "PYMTS_DATA_HOME")
    environment = {key: value for key, value in os.environ.items() if key not in drop}
    if tool == "uv":  # it is one of the development tools; python3 is the system's
        environment["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{environment['PATH']}"
    done = subprocess.run(line, shell=True, cwd=checkout, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert len(list((checkout / "data").glob("*/*/*.parquet"))) == 6


def test_the_test_command_is_what_continuous_integration_runs_and_uv_says_the_same() -> None:
    plain = next(line for line in SETUP if line.startswith("python3") and "pytest" in line)
    script = (ROOT / ".ci" / "run").read_text()
    for command in plain.split(" && "):
        assert command.replace("install -r", "install --quiet -r") in script
    make, install, test = plain.split(" && ")
    same = [
        make.replace("python3 -m venv .venv", "uv venv --clear"),
        install.replace(".venv/bin/pip", "uv pip"),
        test.replace(".venv/bin/", "uv run --no-sync "),
    ]
    assert " && ".join(same) in SETUP
