"""The recipes for schedulers, run against a stand-in for the scheduler's variables."""

from __future__ import annotations

import os
import random
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from pymts.plan.grid import Grid
from pymts.store.cache import Store

ROOT = Path(__file__).parents[2]
RECIPES = ROOT / "configs" / "cluster"
GRID = "configs: [{model: ar, T: 5, rho: [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7]}]"

pytestmark = pytest.mark.slow


def environment(**variables: str) -> dict[str, str]:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return {**os.environ, "PATH": path, **variables}


def test_a_slurm_array_makes_the_whole_in_any_order(tmp_path: Path) -> None:
    grid = tmp_path / "grid.yaml"
    grid.write_text(GRID)
    tasks = [7, 9, 11]  # sbatch --array=7-11:2
    random.Random(1).shuffle(tasks)
    for task in tasks:
        scheduler = {"ID": str(task), "MIN": "7", "STEP": "2", "COUNT": "3"}
        variables = {f"SLURM_ARRAY_TASK_{name}": value for name, value in scheduler.items()}
        command = ["bash", str(RECIPES / "slurm.sh"), str(grid), str(tmp_path / "store")]
        done = subprocess.run(command, env=environment(**variables), capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        assert re.search(r"ar +[123] +[123] +0 +0", done.stdout)  # all generated, none made twice
    assert set(Store(tmp_path / "store").ids()) == {c.config_id for c in Grid.read(grid)}


def test_an_indexed_job_makes_the_whole(tmp_path: Path) -> None:
    job = yaml.safe_load((RECIPES / "indexed-job.yaml").read_text())["spec"]
    container = job["template"]["spec"]["containers"][0]
    variables = {entry["name"]: entry["value"] for entry in container["env"]}
    assert job["completionMode"] == "Indexed"
    assert int(variables["PARTS"]) == job["completions"]
    (tmp_path / "grid.yaml").write_text(GRID)
    here = {"GRID": str(tmp_path / "grid.yaml"), "PYMTS_DATA_HOME": str(tmp_path / "store"), "PARTS": "2"}
    for index in (1, 0):
        scheduler = environment(**here, JOB_COMPLETION_INDEX=str(index))
        done = subprocess.run(container["command"], env=scheduler, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
    assert len(list(Store(tmp_path / "store").ids())) == 7


@pytest.mark.filterwarnings("ignore")
def test_the_documents_script_runs(tmp_path: Path) -> None:
    (block,) = re.findall(r"```python\n(.*?)```", (ROOT / "docs" / "cluster.md").read_text(), flags=re.DOTALL)
    script = tmp_path / "script.py"
    script.write_text(block)
    done = subprocess.run(
        [sys.executable, str(script)],
        cwd=ROOT,
        env=environment(PYMTS_DATA_HOME=str(tmp_path / "store")),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout == "{'generated': 6}\n", done.stderr
