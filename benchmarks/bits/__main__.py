"""``python -m benchmarks.bits [--models a,b] [--quick] [--python PATH] [--save]``: the same bits on every machine?

Every model of the registry, in two shapes, with every option and with given matrices: data and every truth variable,
in processes that look like other machines. Code for other processors (``NUMBA_CPU_NAME``), other kernels of OpenBLAS,
NumPy without its newer instructions, other numbers of threads, and no compiled code at all, in tiny sizes. Prints one
table, and ends with status 1 if anything differs. ``--save`` writes it to ``benchmarks/BITS.md``.

Another version of NumPy or Python: an environment with PyMTS's dependencies, without PyMTS itself, say the oldest
supported and the newest:

    python -m venv OLD && OLD/bin/pip install "numpy==2.0.*" "scipy==1.15.*" numba pandas pyarrow xarray \\
        pydantic annotated-types pyyaml threadpoolctl xxhash
    python -m venv NEW && NEW/bin/pip install --pre --upgrade numpy scipy numba pandas pyarrow xarray \\
        pydantic annotated-types pyyaml threadpoolctl xxhash
    python -m benchmarks.bits --python OLD/bin/python --python NEW/bin/python

Another kind of processor, aarch64, emulated on Debian, in a folder outside the repository; a run takes minutes:

    bash benchmarks/bits/aarch64.sh ARM
    python -m benchmarks.bits --python ARM/python
"""

from __future__ import annotations

import argparse
import os
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from benchmarks.bits.compare import differences
from benchmarks.bits.environments import ROOT, Environment, environments, run
from benchmarks.bits.table import Column, report

sys.path.append(str(ROOT / "tests"))  # the cases are those of the tests

HERE = Path(__file__).parents[1]


def column(environment: Environment, cases: dict[str, Any], plain: dict[str, Any]) -> Column:
    """Run one environment, or say why not."""
    if environment.lacking:
        return Column(environment, skipped=environment.lacking)
    try:
        found = run(environment, cases)
    except (RuntimeError, OSError) as error:
        return Column(environment, failed=str(error).strip().splitlines()[-1])
    if idle := environment.not_in_force(found["about"]):
        return Column(environment, skipped=idle, about=found["about"])
    return Column(environment, about=found["about"], differs=differences(plain["digests"], found["digests"]))


def main() -> int:
    """Run everything and print the table."""
    from bits_cases import cases
    from support import MODELS

    parser = argparse.ArgumentParser(prog="python -m benchmarks.bits", description=__doc__.split("\n\n")[1])
    parser.add_argument("--models", default="", help="names with commas between; all without")
    parser.add_argument("--quick", action="store_true", help="two shapes of each model at its defaults, no options")
    parser.add_argument("--python", action="append", default=[], metavar="PATH", help="another interpreter as well")
    parser.add_argument("--save", action="store_true", help="write benchmarks/BITS.md")
    asked = parser.parse_args()
    names = [name for name in asked.models.split(",") if name]
    if unknown := set(names) - set(MODELS):
        parser.error(f"unknown: {', '.join(sorted(unknown))}; choose from {', '.join(sorted(MODELS))}")
    sizes = {"all": cases("shapes" if asked.quick else "all", names), "tiny": cases("tiny", names)}
    others = [*environments(), *(Environment(path, python=(path,)) for path in asked.python)]
    plain = {size: run(Environment("plain", size=size), sizes[size]) for size in sizes}  # first, alone: it compiles
    with ThreadPoolExecutor(len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 1) as pool:
        columns = list(pool.map(lambda other: column(other, sizes[other.size], plain[other.size]), others))
    text = report(plain["all"], columns, {size: sum(map(len, sizes[size].values())) for size in sizes})
    print(text)
    if asked.save:
        (HERE / "BITS.md").write_text(text + "\n")
    return int(any(column.differs or column.failed for column in columns))


if __name__ == "__main__":
    sys.exit(main())
