"""``make_*`` type-checks with no plugin: mypy and pyright see names and types, and refuse typos and wrong types."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from support import MODELS

ROOT = Path(__file__).parents[1]
GOOD = """\
import numpy as np
import xarray as xr
from pymts.datasets import list_models, load_grid, make_kuramoto, make_var
from pymts.models.registry import MODELS

ds: xr.Dataset = make_var(M=3, p=2, seed=0, Sigma=np.eye(3))
ds = make_var(Phi=[[[0.5, 0.0], [0.1, 0.5]]], cache=True, store="here")
ds = make_kuramoto(K=1, topology="ring", omega=[0.0] * 5)
schema: dict[str, object] = make_var.params()
make_var.help()
names: list[str] = list_models(tag="network")
first: xr.Dataset = load_grid("grid.yaml")[0]
"""
BAD = [
    "make_var(n_realisations=3)",
    'make_var(M="three")',
    "make_var(5)",
    'make_kuramoto(topology="rings")',
    "make_kuramoto(omega=1.0)",
    "make_var.hlep()",
    "load_grid(3)",
]


def check(tool: list[str], folder: Path) -> str:
    # An editable installation is an import hook, which type checkers do not follow: tell them where the package is.
    settings = {"pythonVersion": "3.11", "extraPaths": [str(ROOT)], "typeCheckingMode": "standard"}
    (folder / "pyrightconfig.json").write_text(json.dumps(settings))
    environment = {**os.environ, "MYPYPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-m", *tool], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    return done.stdout + done.stderr


@pytest.mark.slow
@pytest.mark.parametrize(
    "tool", [["mypy", "--strict"], ["pyright", "--pythonpath", sys.executable]], ids=["mypy", "pyright"]
)
def test_good_calls_pass_and_each_bad_one_is_an_error(tool: list[str], tmp_path: Path) -> None:
    calls = [f"make_{name}(M=2, T=3, n_realizations=4, seed=5, zscore=True)" for name in sorted(MODELS)]
    imports = f"from pymts.datasets import {', '.join(f'make_{name}' for name in sorted(MODELS))}\n"
    good = GOOD + imports + "\n".join(calls) + "\n"
    (tmp_path / "good.py").write_text(good)
    (tmp_path / "bad.py").write_text(good + "\n".join(BAD) + "\n")
    first_bad = good.count("\n") + 1
    told = check([*tool, "good.py", "bad.py"], tmp_path)
    assert not re.search(r"good\.py:.*error", told), told
    found = {int(line) for line in re.findall(r"bad\.py:(\d+)(?::\d+)?[:\s-]+error", told)}
    assert found == set(range(first_bad, first_bad + len(BAD)))
