"""Memory that runs out is one configuration's failure in one sentence; the others go on."""

from __future__ import annotations

import json
import resource
from concurrent.futures import Executor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pymts import generate
from pymts.cli.app import run
from pymts.cli.exitcodes import Exit
from pymts.datasets import make_ar
from pymts.errors import TooLargeError
from pymts.run import generator

REFUSED = "did not fit in memory (Unable to allocate"


@pytest.fixture
def hungry(monkeypatch: pytest.MonkeyPatch) -> None:
    """A batch with a configuration of rho 0.5 needs working memory that no machine has."""
    simulate = generator.simulate

    def needing(configurations: Any, *args: Any, **kwargs: Any) -> Any:
        if any(configuration.params.rho == 0.5 for configuration in configurations):
            np.empty(2**50)
        return simulate(configurations, *args, **kwargs)

    monkeypatch.setattr(generator, "simulate", needing)
    monkeypatch.setattr(generator, "simulate_whole", lambda configuration: needing([configuration])[0])


def test_the_others_of_a_batch_are_made(hungry: None, tmp_path: Path) -> None:
    report = generate([{"model": "ar", "T": 20, "rho": [0.1, 0.5, 0.9], "seed": 1}], tmp_path)
    assert dict(report.counts) == {"generated": 2, "failed": 1}
    (failure,) = report.failures
    assert failure.index == 1
    assert REFUSED in str(failure.error)
    assert "lower n_realizations, T or M" in str(failure.error)


def test_one_call_says_it_in_a_sentence(hungry: None) -> None:
    with pytest.raises(TooLargeError, match="did not fit in memory"):
        make_ar(T=20, rho=0.5, seed=1)


def test_the_command_line_goes_on(hungry: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "grid.yaml").write_text("configs: [{model: ar, T: 20, rho: [0.5, 0.9]}]")
    command = ["generate", "-c", str(tmp_path / "grid.yaml"), "--save", "--outdir", str(tmp_path / "store"), "--json"]
    assert run(command) == Exit.SOME_FAILED
    rows = json.loads(capsys.readouterr().out)
    assert [row["status"] for row in rows] == ["failed", "generated"]
    assert REFUSED in rows[0]["error"]


def _limited() -> Executor:
    """One process that may not take more than 3 GiB of addresses."""
    from concurrent.futures import ProcessPoolExecutor
    from multiprocessing import get_context

    return ProcessPoolExecutor(1, get_context("spawn"), initializer=_limit)


def _limit() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (3 * 2**30, 3 * 2**30))


@pytest.mark.slow
def test_a_worker_under_a_limit_of_the_system_goes_on(tmp_path: Path) -> None:
    large = {"model": "noise_gaussian", "T": 100_000, "M": 100, "n_realizations": 1, "seed": 1}
    grid = [{**large, "Sigma": None}, {"model": "ar", "T": 20, "seed": [1, 2]}]
    grid[0]["M"] = 4000  # 3 GiB
    report = generate(grid, tmp_path, executor=_limited)
    assert dict(report.counts) == {"generated": 2, "failed": 1}
    assert "memory" in str(report.failures[0].error)
