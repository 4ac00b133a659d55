"""The package as a house: ``python docs/house.py`` counts its rooms, arrows and circles, and draws its wings.

A room is a module, an arrow an import (those inside functions too, those for type checkers not), a circle a set of
modules that import one another. ``--draw`` prints the drawing of docs/architecture.md, in Mermaid's notation.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping

import grimp

# From the roof to the ground: the layers that the import rules hold.
FLOORS = (
    ("cli", "__main__"),
    ("gallery",),
    ("datasets", "accessor", "io", "analysis", "versions"),
    ("plotting", "adapters"),
    ("run",),
    ("store",),
    ("plan",),
    ("models",),
    ("data", "params", "numerics", "streams", "errors"),
)


def arrows() -> dict[str, set[str]]:
    """Return what every module imports."""
    graph = grimp.build_graph("pymts", exclude_type_checking_imports=True, cache_dir=None)
    rooms = {name for name in graph.modules if name != "pymts"}
    return {room: graph.find_modules_directly_imported_by(room) & rooms for room in rooms}


def circles(house: Mapping[str, set[str]]) -> list[set[str]]:
    """Return the sets of modules that import one another, by Tarjan's algorithm."""
    order: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    found: list[set[str]] = []

    def visit(room: str) -> None:
        order[room] = low[room] = len(order)
        stack.append(room)
        for other in house[room]:
            if other not in order:
                visit(other)
            if other in stack:
                low[room] = min(low[room], low[other])
        if low[room] == order[room]:
            part = set(stack[stack.index(room) :])
            del stack[stack.index(room) :]
            if len(part) > 1:
                found.append(part)

    for room in sorted(house):
        if room not in order:
            visit(room)
    return found


def wing(room: str) -> str:
    """Return the wing of a module: the first name after the package's."""
    return room.split(".")[1]


def floor(room: str) -> int:
    """Return the floor of a module, counted from the roof."""
    return next(number for number, names in enumerate(FLOORS) if wing(room) in names)


def upward(house: Mapping[str, set[str]]) -> list[tuple[str, str]]:
    """Return the arrows that go up."""
    return [(room, other) for room in sorted(house) for other in sorted(house[room]) if floor(other) < floor(room)]


def drawing(house: Mapping[str, set[str]]) -> str:
    """Return the wings and the arrows between them; an arrow that a longer way implies is left out."""
    below: dict[str, set[str]] = {name: set() for names in FLOORS for name in names}
    for room, others in house.items():
        below[wing(room)] |= {wing(other) for other in others} - {wing(room)}
    lines = ["graph TD"]
    for upper, lowers in below.items():
        implied = {far for near in lowers for far in _reached(near, below)}
        lines += [f"  {upper} --> {lower}" for lower in sorted(lowers - implied)]
    return "\n".join(lines)


def _reached(start: str, below: Mapping[str, set[str]]) -> set[str]:
    """Return what can be reached from a wing by one arrow or more."""
    return set().union(*({near} | _reached(near, below) for near in below[start]))


def main() -> None:
    """Print the counts, or the drawing."""
    sys.setrecursionlimit(10_000)
    house = arrows()
    if "--draw" in sys.argv:
        sys.stdout.write(drawing(house) + "\n")
        return
    rings = circles(house)
    largest = max(map(len, rings), default=0)
    sys.stdout.write(
        f"{len(house)} rooms on {len(FLOORS)} floors, {sum(map(len, house.values()))} arrows\n"
        f"{len(rings)} circles (largest through {largest} rooms), {len(upward(house))} arrows up\n"
    )


if __name__ == "__main__":
    main()
