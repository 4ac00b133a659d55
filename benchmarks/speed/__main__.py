"""``python -m benchmarks.speed [--quick] [--save] [SECTION ...]``: time everything in one run and print the table.

``--save`` also writes ``benchmarks/RESULTS.md`` and ``benchmarks/growth.svg``.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.speed.calls import calls
from benchmarks.speed.grids import batches, building, end_to_end
from benchmarks.speed.growth import growth
from benchmarks.speed.limits import limits
from benchmarks.speed.peers import peers
from benchmarks.speed.startup import startup
from benchmarks.speed.storage import storage
from benchmarks.speed.workload import Row
from pymts.store.format.sidecar import machine_class

HERE = Path(__file__).parents[1]
# section -> rows(rounds, quick, whether the figure is saved)
SECTIONS: dict[str, Callable[[int, bool, bool], list[Row]]] = {
    "limits": lambda rounds, _quick, _save: limits(rounds),
    "calls": lambda rounds, quick, _save: calls(rounds, quick),
    "peers": lambda rounds, quick, _save: peers(rounds, quick),
    "grids": lambda rounds, quick, _save: batches(rounds, quick),
    "building": lambda rounds, quick, _save: building(rounds, quick),
    "end-to-end": lambda _rounds, quick, _save: end_to_end(quick),
    "storage": lambda rounds, quick, _save: storage(rounds, quick),
    "start-up": lambda rounds, _quick, _save: startup(rounds),
    "growth": lambda rounds, _quick, save: growth(max(1, rounds // 3), HERE / "growth.svg" if save else None),
}
HEAD = "| what | ours | against | theirs over ours | goal |\n|---|---:|---|---:|---|"


def line(row: Row) -> str:
    """Return a line of the table."""
    return f"| {row.what} | {row.measured} | {row.against} | {row.ratio} | {row.goal} |"


def main() -> None:
    """Run the sections that are named, or all."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.speed", description=__doc__)
    parser.add_argument("sections", nargs="*", metavar="SECTION", help=f"of: {', '.join(SECTIONS)}")
    parser.add_argument("--quick", action="store_true", help="fewer rounds and smaller workloads")
    parser.add_argument("--save", action="store_true", help="write benchmarks/RESULTS.md and benchmarks/growth.svg")
    asked = parser.parse_args()
    if unknown := set(asked.sections) - set(SECTIONS):
        parser.error(f"unknown: {', '.join(sorted(unknown))}; choose from {', '.join(SECTIONS)}")
    rounds = 3 if asked.quick else 5
    lines = []
    for name in asked.sections or SECTIONS:
        lines += [f"\n## {name.capitalize()}\n", HEAD]
        print("\n".join(lines[-2:]), flush=True)
        for row in SECTIONS[name](rounds, asked.quick, asked.save):
            lines.append(line(row))
            print(lines[-1], flush=True)
    if asked.save:
        machine = machine_class()
        about = (
            "# Speed\n\n"
            f"Made by `python -m benchmarks.speed --save` on {datetime.now(UTC):%Y-%m-%d}: medians and half the\n"
            "distance of the quartiles, everything in one run. "
            f"{os.cpu_count()} cores, Python {machine['python']}, NumPy {machine['numpy']}, SciPy {machine['scipy']}.\n"
            "Ratios can be compared between machines, times cannot.\n"
        )
        (HERE / "RESULTS.md").write_text(about + "\n".join(lines) + "\n\n![Growth](growth.svg)\n")


if __name__ == "__main__":
    main()
