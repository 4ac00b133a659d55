"""The machines that this one can be made to look like, one process each."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import llvmlite.binding
import numpy as np

ROOT = Path(__file__).parents[2]
WORKER = Path(__file__).with_name("worker.py")
COMPILED = Path(__file__).with_name("__pycache__")  # machine code, a folder for each processor that it is made for
PATIENCE = 3600.0  # seconds for one process, emulated or not
_OURS = ("NUMBA_", "NPY_", "OPENBLAS_", "PYMTS_", "OMP_")  # settings that no process inherits

_AVX2 = ("avx2", "fma")
_AVX512 = ("avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl")
# What code for a processor, or a kernel of OpenBLAS, needs of the one that runs it.
PROCESSORS = {"generic": (), "haswell": _AVX2, "skylake-avx512": _AVX512}
KERNELS = {"Nehalem": ("sse4.2",), "Sandybridge": ("avx",), "Haswell": _AVX2, "SkylakeX": _AVX512}


@dataclass(frozen=True)
class Environment:
    """Settings of a process, and what the processor must have for them."""

    name: str
    settings: Mapping[str, str] = field(default_factory=dict)
    needs: tuple[str, ...] = ()
    size: str = "all"  # of the cases, see tests/bits_cases.py
    python: tuple[str, ...] = (sys.executable,)

    @property
    def cache(self) -> dict[str, str]:
        """Where the machine code is kept: the package's own place, or one for each other processor and interpreter.

        Numba's keys hold the processor, but two processes that write at once can take one file name for two codes.
        """
        if self.python != (sys.executable,):
            return {"NUMBA_CACHE_DIR": str(COMPILED / "".join(filter(str.isalnum, self.python[0])))}
        target = self.settings.get("NUMBA_CPU_NAME")
        return {"NUMBA_CACHE_DIR": str(COMPILED / target)} if target else {}

    @property
    def lacking(self) -> str:
        """Why this cannot run here, or nothing."""
        features = dict(llvmlite.binding.get_host_cpu_features())
        missing = [name for name in self.needs if not features.get(name)]
        return f"this processor has no {', '.join(missing)}" if missing else ""

    def not_in_force(self, about: Mapping[str, Any]) -> str:
        """Return which setting had no effect, by what the process says of itself, or nothing."""
        kernel = self.settings.get("OPENBLAS_CORETYPE")
        if kernel and about["BLAS kernels"] != [kernel]:
            return f"BLAS took {', '.join(about['BLAS kernels']) or 'no kernel of OpenBLAS'}"
        left = set(self.settings.get("NPY_DISABLE_CPU_FEATURES", "").split()) & set(about["NumPy SIMD"])
        return f"NumPy still uses {', '.join(sorted(left))}" if left else ""


def numpy_simd() -> list[str]:
    """Return the processor features that NumPy has code for and finds here, beyond its baseline."""
    multiarray = np._core._multiarray_umath  # noqa: SLF001  (show_config tells of the build only)
    return [name for name in multiarray.__cpu_dispatch__ if multiarray.__cpu_features__.get(name)]


def without_avx512() -> str:
    """Return NumPy's names of what needs AVX-512: AVX512_SKX and its like, or X86_V4 from NumPy 2.4 on."""
    return " ".join(name for name in numpy_simd() if name.startswith("AVX512") or name == "X86_V4")


def environments() -> Iterator[Environment]:
    """Yield every environment but the plain one."""
    for name, needs in PROCESSORS.items():
        settings = {"NUMBA_CPU_NAME": name, "NUMBA_CPU_FEATURES": ""}
        yield Environment(f"code for {name}", settings, needs)
    for kernel, needs in KERNELS.items():
        yield Environment(f"BLAS {kernel}", {"OPENBLAS_CORETYPE": kernel}, needs)
    if without_avx512():
        yield Environment("NumPy without AVX-512", {"NPY_DISABLE_CPU_FEATURES": without_avx512()})
    yield Environment("NumPy's baseline", {"NPY_DISABLE_CPU_FEATURES": " ".join(numpy_simd())})
    for threads in ("1", "2", "5"):
        yield Environment(f"{threads} thread{'s' * (threads != '1')}", {"PYMTS_NUM_THREADS": threads})
    yield Environment("interpreter", {"NUMBA_DISABLE_JIT": "1"}, size="tiny")


def run(environment: Environment, cases: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the worker prints in this environment; a process that fails raises with the end of its words."""
    inherited = {key: value for key, value in os.environ.items() if not key.startswith((*_OURS, "PYTHONPATH"))}
    done = subprocess.run(
        [*environment.python, str(WORKER)],
        input=json.dumps(cases),
        env=inherited | {"PYTHONPATH": str(ROOT)} | environment.cache | dict(environment.settings),
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"{environment.name}: {done.stderr[-2000:] or f'exit status {done.returncode}'}")
    found: dict[str, Any] = json.loads(done.stdout)
    return found
