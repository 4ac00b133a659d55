"""The proofs of ``benchmarks/reliability``, in their short form."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.reliability.__main__ import PROOFS
from benchmarks.reliability.common import Proof

TRIED = {"crash": 25, "race": 240, "exits": 8, "fuzz": 2000, "crowd": 1000, "cost": 6}


@pytest.mark.parametrize("name", sorted(PROOFS.keys() - {"crash"}))
def test_the_promise_is_kept(name: str) -> None:
    found: Proof = PROOFS[name][True](0)
    assert found.failures == []
    assert found.tried == TRIED[name]


def test_the_promise_is_kept_though_writers_are_killed_in_the_act() -> None:
    leftovers = 0
    for seed in range(5):  # a kill may come when nothing is being written, on a busy machine more often
        found = PROOFS["crash"][True](seed)
        assert found.failures == []
        assert found.tried == TRIED["crash"]
        leftovers += found.notes["leftovers"]
        if leftovers and found.notes["rounds_cut_short"] >= 5:
            return
    raise AssertionError("no writer was killed while it wrote")


def test_an_unknown_proof_is_refused() -> None:
    command = [sys.executable, "-m", "benchmarks.reliability", "crahs"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=Path(__file__).parents[2], check=False)
    assert done.returncode == 2
    assert "unknown: crahs; choose from crash" in done.stderr
