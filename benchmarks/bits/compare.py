"""What differs between two runs of the worker."""

from __future__ import annotations

from collections.abc import Mapping

Digests = Mapping[str, Mapping[str, Mapping[str, str]]]  # model -> case -> variable -> digest
Differences = dict[str, dict[str, list[str]]]  # model -> variable -> cases, data first; only what differs


def differences(plain: Digests, other: Digests) -> Differences:
    """Return every variable of every model that is not the same; what failed counts as different from anything."""
    found: Differences = {}
    for model, cases in plain.items():
        for case, variables in cases.items():
            there = other[model][case]
            for name in sorted({*variables, *there}, key=lambda name: (name != "data", name)):
                here = variables.get(name, "missing: here")
                if here != there.get(name) or ":" in here:  # the words of an error have a colon, digests do not
                    found.setdefault(model, {}).setdefault(name, []).append(case)
    return found
