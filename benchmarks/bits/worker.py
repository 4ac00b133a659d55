"""Simulate configurations and print a digest of every array, with what this process runs on, as JSON.

A script for any interpreter that has PyMTS's dependencies, in a process of its own: NumPy, OpenBLAS and numba read
their settings once. Standard input is ``{model: {case: parameters}}``.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import sys
from collections.abc import Iterator
from typing import Any

import llvmlite.binding
import numba
import numpy as np
import scipy.linalg
from numpy.typing import NDArray
from threadpoolctl import threadpool_info

from pymts.plan.configuration import Configuration
from pymts.run.simulate import simulate_whole

LENGTH = 16  # hexadecimal digits of a digest: 64 bits


def digest(values: NDArray[Any]) -> str:
    """Return a digest of shape, kind and bits; every NaN counts as the same one, since processors make several."""
    if values.dtype.kind == "f":
        values = np.where(np.isnan(values), np.array(np.nan, values.dtype), values)
    if values.dtype.kind == "O":
        values = values.astype(str)
    values = np.ascontiguousarray(values, values.dtype.newbyteorder("<"))
    head = f"{values.dtype.str} {values.shape} "
    return hashlib.sha256(head.encode() + values.tobytes()).hexdigest()[:LENGTH]


def arrays(model: str, given: dict[str, Any]) -> Iterator[tuple[str, NDArray[Any]]]:
    """Yield the data, every truth variable and every coordinate of one configuration."""
    block = simulate_whole(Configuration.of(model, given))
    yield "data", block.values
    for name, variable in sorted(block.truth.items()):
        yield name, np.asarray(variable.values)
    for name, values in sorted(block.lags.items()):
        yield f"coordinate {name}", np.asarray(values)


def digests(model: str, given: dict[str, Any]) -> dict[str, str]:
    """Return a digest of each array by its name; of an error its words, so that one case does not end the run."""
    try:
        return {name: digest(values) for name, values in arrays(model, given)}
    except Exception as error:  # noqa: BLE001  (whatever it is, the table shows it)
        return {"data": f"{type(error).__name__}: {error}"}


def about() -> dict[str, Any]:
    """Return the versions, and what the settings came to: the processor code is made for, BLAS kernels, SIMD."""
    scipy.linalg.cholesky(np.eye(2))  # loads SciPy's own BLAS
    multiarray = np._core._multiarray_umath  # noqa: SLF001  (show_config prints, and tells of the build only)
    asked = os.environ.get("NUMBA_CPU_NAME") or llvmlite.binding.get_host_cpu_name()
    return {
        "machine": platform.machine(),
        "python": platform.python_version(),
        "numpy": np.__version__,
        "scipy": scipy.__version__,
        "numba": numba.__version__,
        "libc": "-".join(platform.libc_ver()),
        "compiled for": "nothing" if numba.config.DISABLE_JIT else asked,
        "BLAS kernels": sorted({str(p["architecture"]) for p in threadpool_info() if "architecture" in p}),
        "NumPy SIMD": [name for name in multiarray.__cpu_dispatch__ if multiarray.__cpu_features__.get(name)],
        "threads": os.environ.get("PYMTS_NUM_THREADS", ""),
    }


if __name__ == "__main__":
    asked = json.load(sys.stdin)
    found = {model: {case: digests(model, given) for case, given in cases.items()} for model, cases in asked.items()}
    json.dump({"about": about(), "digests": found}, sys.stdout)
