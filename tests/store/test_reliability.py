"""The proofs of ``benchmarks/reliability``, in their short form."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.reliability.__main__ import PROOFS
from benchmarks.reliability.common import Proof

TRIED = {"crash": 25, "race": 240, "exits": 8, "fuzz": 2000, "crowd": 1000, "cost": 6}


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(PROOFS))
def test_the_promise_is_kept(name: str) -> None:
    found: Proof = PROOFS[name][True](0)
    assert found.failures == []
    assert found.tried == TRIED[name]
    if name == "crash":
        assert found.notes["rounds_cut_short"] >= 5  # or the kills came when nothing was being written
        assert found.notes["leftovers"] >= 1


def test_an_unknown_proof_is_refused() -> None:
    command = [sys.executable, "-m", "benchmarks.reliability", "crahs"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=Path(__file__).parents[2], check=False)
    assert done.returncode == 2
    assert "unknown: crahs; choose from crash" in done.stderr
