"""The command line: what is printed where, and the exit codes."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from pymts.cli.app import run
from pymts.cli.exitcodes import Exit
from pymts.cli.generate import read_shard
from pymts.errors import DamagedEntryWarning, InvalidParameterError
from pymts.models.docstrings import is_equation
from pymts.models.registry import MODELS
from pymts.run.executors.report import shard_range
from pymts.store import disk

ROOT = Path(__file__).parents[1]
EXAMPLE = str(ROOT / "configs" / "example_grid.yaml")


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PYMTS_DATA_HOME", str(tmp_path / "store"))
    monkeypatch.setenv("COLUMNS", "200")
    return tmp_path / "store"


@pytest.fixture
def small_grid(tmp_path: Path) -> str:
    path = tmp_path / "small.yaml"
    path.write_text(
        "seed: 1\nconfigs: [{model: ar, T: 20, rho: [0.1, 0.2, 0.3]}, {model: gbm, T: 2000, mu: [0.1, 1.0e+4]}]"
    )
    return str(path)


@pytest.fixture
def good_grid(tmp_path: Path) -> str:
    path = tmp_path / "good.yaml"
    path.write_text("configs: [{model: ar, T: 20, rho: [0.1, 0.2, 0.3]}, {model: kuramoto, T: 20, K: [0.5, 1.0]}]")
    return str(path)


def stored(home: Path) -> list[Path]:
    """Return the published Parquet files; what is being written lies under a name with a dot."""
    return sorted(home.glob("*/[!.]*/*.parquet"))


class Output:
    def __init__(self, code: int, out: str, err: str) -> None:
        self.code, self.out, self.err = code, out, err

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@pytest.fixture
def pymts(capsys: pytest.CaptureFixture[str]) -> Any:
    def call(*arguments: str) -> Output:
        code = run([str(argument) for argument in arguments])
        captured = capsys.readouterr()
        return Output(code, captured.out, captured.err)

    return call


def test_generate_save_and_resume(pymts: Any, home: Path) -> None:
    first = pymts("generate", "--config", EXAMPLE, "--save")
    assert first.code == Exit.OK
    assert len(stored(home)) == 6
    assert re.search(r"kuramoto +4 +4 +0 +0", first.out)
    again = pymts("generate", "--config", EXAMPLE, "--save")
    assert re.search(r"kuramoto +4 +0 +4 +0", again.out)
    assert str(home) in again.out.replace("\n", "")


def test_without_save_nothing_is_written(pymts: Any, home: Path) -> None:
    done = pymts("generate", "--config", EXAMPLE)
    assert done.code == Exit.OK
    assert "Nothing was stored; add --save" in done.out
    assert not home.exists()


def test_the_dry_run_announces_the_paths_that_are_written(pymts: Any, home: Path) -> None:
    announced = pymts("generate", "--config", EXAMPLE, "--dry-run", "--json").json
    assert not home.exists()
    assert {row["status"] for row in announced} == {"to generate"}
    written = pymts("generate", "--config", EXAMPLE, "--save", "--json").json
    assert [row["path"] for row in written] == [row["path"] for row in announced]
    assert {str(path) for path in stored(home)} == {row["path"] for row in announced}
    assert {row["status"] for row in pymts("generate", "-c", EXAMPLE, "--dry-run", "--json").json} == {"cached"}
    table = pymts("generate", "-c", EXAMPLE, "--dry-run").out
    assert all(row["config_id"] in table for row in announced)
    assert re.search(r"6 configurations, [0-9.]+ KiB of data, to ", table)


def test_tables_fit_80_columns_and_lose_nothing(pymts: Any, good_grid: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    pymts("generate", "-c", good_grid, "--save")
    for command in (("list",), ("generate", "-c", good_grid, "--dry-run"), ("cache", "ls"), ("cache", "du")):
        out = pymts(*command).out
        tabular = [line for line in out.splitlines() if "store" not in line]
        assert max(map(len, tabular)) <= 80
        assert "…" not in out
    listed = pymts("list").out
    assert all(word in listed for model in MODELS.values() for word in model.summary.split())


def test_csv_is_written_beside(pymts: Any, home: Path, good_grid: str) -> None:
    assert pymts("generate", "-c", good_grid, "--save", "--csv", "--limit", "1").code == Exit.OK
    (table,) = home.glob("*/*/*.csv")
    lines = table.read_text().splitlines()
    assert lines[0] == "time,channel,realization,value,config_id"
    assert len(lines) == 1 + 20 * 5
    assert pymts("verify").code == Exit.OK, "a CSV beside an entry does not make it wrong"


def test_a_failure_does_not_stop_the_others_and_can_be_reproduced(pymts: Any, home: Path, small_grid: str) -> None:
    done = pymts("generate", "-c", small_grid, "--save")
    assert done.code == Exit.SOME_FAILED
    assert len(stored(home)) == 4
    assert "diverged" in done.err
    command = re.search(r"reproduce: (.*)", done.err)
    assert command is not None
    words = shlex.split(command[1])
    assert words[:2] == ["python", "-c"]
    failing = subprocess.run([sys.executable, *words[1:]], capture_output=True, text=True, check=False)
    assert failing.returncode == 1
    assert "DivergenceError" in failing.stderr
    rows = pymts("generate", "-c", small_grid, "--save", "--json").json
    assert [row["status"] for row in rows] == ["cached"] * 3 + ["cached", "failed"]
    assert rows[-1]["path"] is None
    assert "diverged" in rows[-1]["error"]


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_jobs_give_the_same_files(pymts: Any, tmp_path: Path, small_grid: str, jobs: str) -> None:
    done = pymts("generate", "-c", small_grid, "--save", "--jobs", jobs, "--outdir", tmp_path / jobs, "--json")
    assert done.code == Exit.SOME_FAILED
    assert [row["index"] for row in done.json] == [0, 1, 2, 3, 4]
    from pymts.datasets import load_grid

    for stored, fresh in zip(
        load_grid(small_grid, outdir=tmp_path / jobs, cache="read")[:4],
        load_grid(small_grid, cache=False)[:4],
        strict=True,
    ):
        assert stored.identical(fresh)


def test_shards_are_disjoint_and_make_up_the_whole(pymts: Any, home: Path, good_grid: str) -> None:
    for total in (0, 1, 5, 7):
        for parts in (1, 2, 3, 9):
            pieces = [shard_range(total, read_shard(f"{part}/{parts}")) for part in range(1, parts + 1)]
            assert [index for piece in pieces for index in piece] == list(range(total))
    for part in ("2/3", "1/3", "3/3"):
        assert pymts("generate", "-c", good_grid, "--save", "--shard", part).code == Exit.OK
    assert len(stored(home)) == 5
    for wrong in ("0/3", "4/3", "1/0", "x", "1/2/3", "-1/2"):
        with pytest.raises(InvalidParameterError, match="i/n with 1 <= i <= n"):
            read_shard(wrong)


def test_limit_and_seed(pymts: Any, good_grid: str) -> None:
    assert len(pymts("generate", "-c", good_grid, "--limit", "2", "--dry-run", "--json").json) == 2
    plain = pymts("generate", "-c", good_grid, "--dry-run", "--json").json
    seeded = pymts("generate", "-c", good_grid, "--dry-run", "--json", "--seed", "9").json
    assert not {row["config_id"] for row in plain} & {row["config_id"] for row in seeded}


def test_list_and_describe(pymts: Any) -> None:
    listed = pymts("list").out
    assert all(name in listed for name in MODELS)
    assert {model["name"] for model in pymts("list", "--json").json} == set(MODELS)
    oscillators = pymts("list", "--tag", "oscillator").out
    assert "kuramoto" in oscillators
    assert "gbm" not in oscillators
    described = pymts("describe", "kuramoto").out
    assert "d theta_i / dt" in described
    assert "K = 1.0" in described
    schema = pymts("describe", "kuramoto", "--json").json
    assert schema["parameters"]["properties"]["K"]["default"] == 1.0
    assert pymts("--version").out.startswith("pymts ")


@pytest.mark.parametrize("command", [[], ["generate"], ["cache"], ["cache", "prune"]])
def test_flags_are_shown_without_a_type(pymts: Any, command: list[str]) -> None:
    shown = pymts(*command, "--help").out
    assert "--help" in shown
    assert "bool" not in shown.replace("boolean", "")


@pytest.mark.parametrize("name", sorted(MODELS))
def test_a_description_fits_the_terminal(pymts: Any, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    equations = {line for part in MODELS[name].doc.split("\n\n") if is_equation(part) for line in part.splitlines()}
    lines = pymts("describe", name).out.splitlines()
    assert equations
    assert equations <= set(lines)
    assert max(len(line) for line in lines if line not in equations) <= 80


def test_the_cache_commands(pymts: Any, home: Path, good_grid: str) -> None:
    assert pymts("cache", "path").out.strip() == str(home)
    assert pymts("cache", "ls").code == Exit.USAGE  # there is none yet
    assert not home.exists()
    pymts("generate", "-c", good_grid, "--save")
    entries = pymts("cache", "ls", "--json").json
    assert len(entries) == 5
    name = entries[0]["config_id"]
    assert name in pymts("cache", "ls").out
    usage = pymts("cache", "du", "--json").json
    assert {(row["model"], row["datasets"]) for row in usage} == {("ar", 3), ("kuramoto", 2)}
    on_disk = sum(path.stat().st_size for path in home.glob("*/*/*"))
    assert sum(row["bytes"] for row in usage) == on_disk
    assert pymts("cache", "path", name).out.strip() == str(home / name.split("_")[0] / name / f"{name}.parquet")
    missing = pymts("cache", "path", name + "x")
    assert missing.code == Exit.USAGE
    assert "did you mean" in missing.err
    assert pymts("cache", "prune").code == Exit.OK
    assert len(pymts("cache", "ls", "--json").json) == 5
    assert pymts("cache", "prune", "--all").code == Exit.OK
    assert pymts("cache", "ls", "--json").json == []


def test_verify_finds_damage_and_says_where(pymts: Any, home: Path, good_grid: str) -> None:
    pymts("generate", "-c", good_grid, "--save")
    assert pymts("verify").code == Exit.OK
    assert pymts("verify", "-c", good_grid, "--regenerate").code == Exit.OK
    victim = min(home.glob("ar/*/*.parquet"))
    raw = bytearray(victim.read_bytes())
    raw[len(raw) // 2] ^= 4
    victim.write_bytes(raw)
    found = pymts("verify")
    assert found.code == Exit.MISMATCH
    assert victim.stem in found.out.replace("\n", "")
    assert [row["status"] for row in pymts("verify", "--json").json].count("damaged") == 1
    assert pymts("verify", "-c", good_grid).code == Exit.MISMATCH


BAD = [
    (["generate"], "give exactly one YAML grid"),
    (["nonsense"], "No such command"),
    (["generate", "-c", "nowhere.yaml"], "nowhere.yaml does not exist"),
    (["generate", "-c", "."], "is a directory"),
    (["generate", "-c", EXAMPLE, "--csv"], "add --save"),
    (["generate", "-c", EXAMPLE, "--jobs", "2"], "add --save"),
    (["generate", "-c", EXAMPLE, "--jobs", "0"], "--jobs"),
    (["generate", "-c", EXAMPLE, "--limit", "0"], "--limit"),
    (["generate", "-c", EXAMPLE, "--shard", "3/2"], "i/n with 1 <= i <= n"),
    (["generate", "-c", EXAMPLE, "--max-cells", "5"], "has 6 configurations and the limit is 5"),
    (["generate", "-c", EXAMPLE, "--seed", "-1"], "seed must be an integer from 0"),
    (["describe", "kuramotto"], "did you mean 'kuramoto'?"),
    (["list", "--tag", "oscilator"], "did you mean 'oscillator'?"),
    (["cache", "path", "../../etc/passwd"], "there is no store at"),
]


@pytest.mark.parametrize(
    ("arguments", "complaint"), BAD, ids=lambda value: " ".join(value) if isinstance(value, list) else ""
)
def test_wrong_usage_is_one_sentence_and_exit_2(pymts: Any, home: Path, arguments: list[str], complaint: str) -> None:
    done = pymts(*arguments)
    assert done.code == Exit.USAGE
    assert complaint in " ".join(done.err.replace("│", " ").split())
    assert "Traceback" not in done.err + done.out
    assert done.out == ""
    assert not home.exists()


def test_an_unwritable_outdir_is_said_before_anything_runs(pymts: Any, tmp_path: Path) -> None:
    occupied = tmp_path / "file"
    occupied.write_text("")
    for outdir in (occupied, occupied / "below", Path("/proc/nowhere")):
        done = pymts("generate", "-c", EXAMPLE, "--save", "--outdir", outdir)
        assert done.code == Exit.USAGE
        assert str(outdir) in done.err.replace("\n", "")
        assert "Traceback" not in done.err
    assert occupied.read_text() == ""


def test_data_on_stdout_progress_on_stderr_and_no_colour_when_piped(small_grid: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "pymts", "generate", "-c", small_grid, "--json"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == Exit.SOME_FAILED
    assert len(json.loads(done.stdout)) == 5
    assert "diverged" in done.stderr
    listed = subprocess.run([sys.executable, "-m", "pymts", "list"], capture_output=True, check=True).stdout
    assert b"\x1b" not in listed


def test_a_reader_that_goes_away_is_no_error() -> None:
    done = subprocess.run(
        f"{shlex.quote(sys.executable)} -m pymts describe kuramoto | head -1; exit ${{PIPESTATUS[0]}}",
        shell=True,
        executable="/bin/bash",
        capture_output=True,
        text=True,
        check=False,
    )
    assert "Traceback" not in done.stderr


def test_a_saved_grid_waits_for_the_disk_once(good_grid: str, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[str] = []
    for name in ("sync_all", "sync_file", "sync_directory"):
        monkeypatch.setattr(disk, name, lambda *_, name=name: synced.append(name))
    assert run(["generate", "--config", good_grid, "--save"]) == Exit.OK
    assert synced == ["sync_all"]
    assert len(stored(home)) == 5


def test_pack_and_what_looks_after_the_store(pymts: Any, home: Path, good_grid: str) -> None:
    pymts("generate", "--config", good_grid, "--save")
    names = [row["config_id"] for row in pymts("cache", "ls", "--json").json]
    packed = pymts("pack", "--remove")
    assert packed.code == Exit.OK
    assert re.search(
        r"^Packed 5 datasets into 2 shards \(.*\) in .*; removed the files of 5$", packed.out, re.MULTILINE
    )
    assert pymts("pack").out == f"Nothing to pack in {home}\n"
    assert not stored(home)
    assert [row["config_id"] for row in pymts("cache", "ls", "--json").json] == names
    assert {row["model"]: row["datasets"] for row in pymts("cache", "du", "--json").json} == {"ar": 3, "kuramoto": 2}
    path = Path(pymts("cache", "path", names[0]).out.strip())
    assert path.parent.parent == home / "ar" / "packed"
    again = pymts("generate", "--config", good_grid, "--save", "--csv", "--json").json
    assert {row["status"] for row in again} == {"cached"}
    assert {row["config_id"] for row in again} == set(names)
    assert sorted(file.stem for file in home.glob("*/*.csv")) == sorted(names)
    assert pymts("verify", "--config", good_grid, "--regenerate").code == Exit.OK
    path.with_name(path.stem + ".manifest.parquet").unlink()
    with pytest.warns(DamagedEntryWarning, match="run pymts pack --rebuild"):
        wrong = pymts("verify")
    assert wrong.code == Exit.MISMATCH
    assert "is missing; run pymts pack --rebuild" in wrong.out
    assert wrong.out.endswith("5 OK, 0 failed; 1 shard damaged\n")
    shown = subprocess.run([sys.executable, "-m", "pymts", "cache", "du"], capture_output=True, text=True, check=True)
    assert re.fullmatch(r"pymts: .*is missing; .* run pymts pack --rebuild\n", shown.stderr)
    rebuilt = pymts("pack", "--rebuild", "--json")
    assert (rebuilt.code, rebuilt.json["packed"], len(rebuilt.json["shards"])) == (Exit.OK, 5, 2)
    assert pymts("verify").code == Exit.OK
    assert pymts("cache", "prune", "--all").code == Exit.OK
    assert not pymts("cache", "ls", "--json").json
    assert pymts("pack", "--outdir", home / "elsewhere").code == Exit.USAGE
