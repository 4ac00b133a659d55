"""The same bits for any processor, in the interpreter, and from new and old machine code."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import pymts

HERE = Path(__file__).parent
ROOT = Path(pymts.__file__).parent.parent


def run(script: Path, *args: str, root: Path = ROOT, **settings: str) -> str:
    """Run a script in a process with these settings of numba and no others."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith("NUMBA_")}
    path = os.pathsep.join([str(root), str(HERE)])
    environment |= {"PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "1"} | settings
    command = [sys.executable, str(script), *args]
    return subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout


def digests(n: int, **settings: str) -> list[str]:
    """Return the lines of the digests."""
    lines = run(HERE / "portable_digests.py", str(n), **settings).splitlines()
    assert len(lines) > 20
    return lines


@pytest.mark.slow
@pytest.mark.parametrize("processor", ["generic", "haswell", "skylake-avx512"])
def test_code_for_another_processor_gives_the_same_bits(processor: str, tmp_path: Path) -> None:
    settings = {"NUMBA_CPU_NAME": processor, "NUMBA_CPU_FEATURES": "", "NUMBA_CACHE_DIR": str(tmp_path)}
    assert digests(20_000, **settings) == digests(20_000)


@pytest.mark.slow
def test_the_interpreter_gives_the_same_bits() -> None:
    assert digests(40, NUMBA_DISABLE_JIT="1") == digests(40)


@pytest.mark.slow
def test_kernels_call_no_library_and_fuse_nothing(tmp_path: Path) -> None:
    """What the machine code of the kernels calls, for a processor that has neither floor nor fused operations."""
    for processor in ("generic", "haswell"):
        settings = {"NUMBA_CPU_NAME": processor, "NUMBA_CPU_FEATURES": "", "NUMBA_CACHE_DIR": str(tmp_path / processor)}
        found = json.loads(run(HERE / "portable_calls.py", **settings))
        assert found["kernels"] > 60
        assert found["square roots"] > 0  # the names are read from the right place
        assert found["mathematics"] == []
        assert found["fused"] == 0


COUNT = """
import numpy as np
from pymts.numerics.portable import exponential, random
print(exponential.exp(1.0))
random.fill_normal(np.ones((1, 4), np.uint64), np.empty((1, 3)))
print(sum(sum(k.stats.cache_misses.values()) for k in (exponential.exp, random.fill_normal)))
"""


@pytest.mark.slow
def test_a_second_process_compiles_nothing_and_a_change_in_any_file_counts(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "pymts", tmp_path / "pymts", ignore=shutil.ignore_patterns("__pycache__"))
    script = tmp_path / "count.py"
    script.write_text(COUNT)
    first, second = (run(script, root=tmp_path).split() for _ in range(2))
    assert (first[1], second[1]) == ("2", "0")
    # exp has the function of another file in its code: a change there must not leave it as it was
    changed = tmp_path / "pymts/numerics/portable/double.py"
    source = changed.read_text()
    changed.write_text(source.replace("return s, b - (s - a)", "return s + 1.0, b - (s - a)"))
    assert changed.read_text() != source
    third = run(script, root=tmp_path).split()
    assert third[1] == "2"
    assert float(third[0]) > float(first[0]) + 1.0


@pytest.mark.slow
def test_code_goes_to_the_users_folder_where_the_package_cannot_be_written(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "pymts", tmp_path / "pymts", ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "pymts/numerics/portable/__pycache__").write_text("a file, so that no folder can be made here")
    script, cache = tmp_path / "count.py", tmp_path / "home"
    script.write_text(COUNT)
    first, second = (run(script, root=tmp_path, XDG_CACHE_HOME=str(cache)).split() for _ in range(2))
    assert (first[1], second[1]) == ("2", "0")
    assert list(cache.rglob("*.nbi"))
