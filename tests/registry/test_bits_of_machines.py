"""The same bits on every machine: every model and option in processes that look like other machines."""

from __future__ import annotations

import json
import os
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import golden
import pytest
from bits_cases import cases
from bits_exceptions import EXCEPTIONS
from support import MODELS

from benchmarks.bits.compare import differences
from benchmarks.bits.environments import KERNELS, PROCESSORS, Environment, numpy_simd, run, without_avx512


def machine(name: str, processor: str, kernel: str, numpy: str, threads: str) -> Environment:
    """Return a machine of which everything is different at once; ``python -m benchmarks.bits`` tells what matters."""
    settings = {"NUMBA_CPU_NAME": processor, "NUMBA_CPU_FEATURES": "", "OPENBLAS_CORETYPE": kernel}
    settings |= {"NPY_DISABLE_CPU_FEATURES": numpy, "PYMTS_NUM_THREADS": threads}
    return Environment(name, settings, (*PROCESSORS[processor], *KERNELS[kernel]))


MACHINES = [
    machine("a processor of 2008", "generic", "Nehalem", " ".join(numpy_simd()), "1"),
    machine("one of 2013", "haswell", "Haswell", without_avx512(), "2"),
    machine("one of 2017", "skylake-avx512", "SkylakeX", "", "5"),
    Environment("the interpreter", {"NUMBA_DISABLE_JIT": "1"}, size="tiny"),
]


def unlike_recorded(digests: dict[str, Any]) -> list[str]:
    """Return what differs from tests/golden.json, but for the exceptions."""
    recorded = json.loads(golden.FILE.read_text())
    return [
        f"{name}: {what}"
        for name, made in digests.items()
        for what in golden.changed(name, recorded[name]["digests"], made)
    ]


def test_a_difference_and_a_failure_would_be_found() -> None:
    plain = {"var": {"small": {"data": "1", "noise": "2"}, "wide": {"data": "3", "noise": "4"}}}
    assert differences(plain, plain) == {}
    other = {"var": {"small": {"data": "1", "noise": "5"}, "wide": {"data": "3"}}}
    assert differences(plain, other) == {"var": {"noise": ["small", "wide"]}}
    assert differences(other, plain) == {"var": {"noise": ["small", "wide"]}}
    failed = {"var": {"small": {"data": "TypeError: no"}}}
    assert differences(failed, failed) == {"var": {"data": ["small"]}}


def test_a_setting_without_effect_would_be_found() -> None:
    environment = machine("", "haswell", "Haswell", "AVX2", "1")
    assert environment.not_in_force({"BLAS kernels": ["Haswell", "Zen"], "NumPy SIMD": []}) == "BLAS took Haswell, Zen"
    assert environment.not_in_force({"BLAS kernels": ["Haswell"], "NumPy SIMD": ["AVX2"]}) == "NumPy still uses AVX2"
    assert environment.not_in_force({"BLAS kernels": ["Haswell"], "NumPy SIMD": []}) == ""


@pytest.mark.slow
def test_every_machine_gives_the_same_bits_and_those_recorded() -> None:
    sizes = {size: cases(size) for size in ("all", "tiny")}
    assert {*sizes["all"]} == {*sizes["tiny"]} == {*MODELS}
    # One after the other: processes that compile for one processor must not write machine code at the same time.
    plain = {size: run(Environment("this machine", size=size), sizes[size])["digests"] for size in sizes}
    here = [environment for environment in MACHINES if not environment.lacking]
    assert unlike_recorded(plain["all"]) == []

    def compared(environment: Environment) -> dict[str, dict[str, list[str]]]:
        found: dict[str, Any] = run(environment, sizes[environment.size])
        assert environment.not_in_force(found["about"]) == ""
        assert environment.size == "tiny" or unlike_recorded(found["digests"]) == []
        return differences(plain[environment.size], found["digests"])

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        results = dict(zip([environment.name for environment in here], pool.map(compared, here), strict=True))
    new = [
        f"{model}: {variable} under {name} ({', '.join(where)})"
        for name, models in results.items()
        for model, variables in models.items()
        for variable, where in variables.items()
        if variable not in EXCEPTIONS.get(model, ("", ""))[1].split()
    ]
    assert new == [], "these differ; see python -m benchmarks.bits"
    if here == MACHINES:  # where one was left out, what differs only there cannot be seen
        differing = {(model, variable) for models in results.values() for model in models for variable in models[model]}
        stated = {(model, variable) for model, (_, variables) in EXCEPTIONS.items() for variable in variables.split()}
        assert stated - differing == set(), "these no longer differ: take them out of tests/bits_exceptions.py"
