"""``python -m benchmarks.reliability [--quick] [--seed N] [NAME ...]``: every proof, and a table of what it tried."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable

from benchmarks.reliability.common import Proof
from benchmarks.reliability.cost import cost
from benchmarks.reliability.crash import crash
from benchmarks.reliability.crowd import crowd
from benchmarks.reliability.exits import exits
from benchmarks.reliability.fuzz import fuzz
from benchmarks.reliability.race import race

# name -> proof(seed), long form and quick form
PROOFS: dict[str, tuple[Callable[[int], Proof], Callable[[int], Proof]]] = {
    "crash": (lambda seed: crash(300, seed), lambda seed: crash(25, seed)),
    "race": (lambda _: race(rounds=20), lambda _: race()),
    "exits": (lambda _: exits(300), lambda _: exits(8)),
    "fuzz": (lambda seed: fuzz(100_000, seed), lambda seed: fuzz(2_000, seed)),
    "crowd": (lambda seed: crowd(100_000, seed), lambda seed: crowd(1_000, seed)),
    "cost": (lambda _: cost(9), lambda _: cost(3, 8)),
}


def main() -> int:
    """Run the proofs that are named, or all."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.reliability")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of: {', '.join(PROOFS)}; all if none is named")
    parser.add_argument("--quick", action="store_true", help="the short form that the tests run")
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    if unknown := set(asked.names) - set(PROOFS):
        parser.error(f"unknown: {', '.join(sorted(unknown))}; choose from {', '.join(PROOFS)}")
    failed = False
    for name in asked.names or PROOFS:
        found = PROOFS[name][asked.quick](asked.seed)
        failed |= bool(found.failures)
        print(
            f"{found.promise}: {found.tried} tried, {len(found.failures)} failures, {found.seconds:.1f} s", flush=True
        )
        for key, value in found.notes.items():
            print(f"    {key}: {value}", flush=True)
        for failure in found.failures[:20]:
            print(f"  FAILED {failure}", flush=True)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
