"""Digests that must not change, on any machine, unless a version rises: ``python tests/golden.py`` records them."""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bits_cases import cases
from bits_exceptions import EXCEPTIONS
from support import MODELS

FILE = Path(__file__).with_name("golden.json")


def condensed(digests: Mapping[str, Mapping[str, str]]) -> dict[str, Any]:
    """Return the digest of each variable for the shapes at the defaults, and one digest for every other case."""
    whole = {"small", "wide"}
    return {
        case: dict(variables)
        if case in whole
        else hashlib.sha256(json.dumps(variables, sort_keys=True).encode()).hexdigest()[:16]
        for case, variables in digests.items()
    }


def changed(model: str, kept: Mapping[str, Any], digests: Mapping[str, Mapping[str, str]]) -> list[str]:
    """Return what is not as it was recorded, but for what is known to follow the machine."""
    excepted = set(EXCEPTIONS.get(model, ("", ""))[1].split())
    found = []
    for case, made in condensed(digests).items():
        before = kept.get(case, {})
        if isinstance(made, dict):
            names = sorted((made.keys() | before.keys()) - excepted)
            found += [f"{case}: {name}" for name in names if made.get(name) != before.get(name)]
        elif made != before and not excepted:
            found.append(case)
    return found


if __name__ == "__main__":
    sys.path.append(str(FILE.parents[1]))
    from benchmarks.bits.environments import Environment, run

    recorded = run(Environment("this machine"), cases("all"))["digests"]
    content = {
        name: {"version": MODELS[name].version, "digests": condensed(digests)} for name, digests in recorded.items()
    }
    FILE.write_text(json.dumps(content, indent=0) + "\n")
