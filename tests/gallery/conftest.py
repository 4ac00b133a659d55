"""One small site that the tests of its structure share: three models, a store and a grid."""

from __future__ import annotations

from pathlib import Path

import pytest

from pymts.cli.app import run
from pymts.datasets import load_grid

MODELS = ("brownian", "noise_cauchy", "ou")
GRID = """
seed: 3
defaults: {T: 50}
configs:
  - {model: ou, Theta: [0.5, 2.0], M: 2}
  - {model: noise_gaussian, M: 3}
"""


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("gallery")
    (folder / "some grid.yaml").write_text(GRID)
    for dataset in load_grid([{"model": "lorenz", "M": 3, "T": [20, 30, 100]}], outdir=folder / "data"):
        assert dataset.sizes["channel"] == 3
    options = [part for model in MODELS for part in ("--model", model)]
    options += ["--store", str(folder / "data"), "--config", str(folder / "some grid.yaml")]
    assert run(["gallery", "-o", str(folder / "site"), *options]) == 0
    return folder / "site"
