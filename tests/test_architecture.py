"""The house: floors, no circles, and the walks of docs/architecture.md."""

from __future__ import annotations

import inspect
import re
import runpy
from pathlib import Path
from typing import Any

import pytest

import pymts
from pymts.datasets import make_kuramoto, make_var
from pymts.models import var as var_file
from pymts.numerics import networks

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "docs" / "architecture.md").read_text()
HOUSE = runpy.run_path(str(ROOT / "docs" / "house.py"))


def test_there_is_no_circle_and_no_arrow_up() -> None:
    house = HOUSE["arrows"]()
    assert len(house) > 100
    assert HOUSE["circles"](house) == []
    assert HOUSE["upward"](house) == []


def test_a_circle_and_an_arrow_up_would_be_found() -> None:
    house = {
        "pymts.plan.grid": {"pymts.models.var"},
        "pymts.models.var": {"pymts.errors", "pymts.plan.grid"},
        "pymts.errors": set(),
    }
    assert HOUSE["circles"](house) == [{"pymts.plan.grid", "pymts.models.var"}]
    assert HOUSE["upward"](house) == [("pymts.models.var", "pymts.plan.grid")]


def test_the_drawing_is_of_this_house() -> None:
    shown = re.search(r"```mermaid\n(.*?)\n```", TEXT, flags=re.DOTALL)
    assert shown is not None
    assert shown[1] == HOUSE["drawing"](HOUSE["arrows"]())


def test_what_the_page_names_is_there() -> None:
    named = re.findall(r"`(pymts/[a-z_/]+(?:\.py)?)`", TEXT)
    assert len(named) >= 10
    assert all((ROOT / name).exists() for name in named)


def walk() -> list[str]:
    """Return the files of the package on the call stack, from the call to here; one after itself counts once."""
    package = Path(pymts.__file__).parent
    files: list[str] = []
    for frame in reversed(inspect.stack()):
        path = Path(frame.filename)
        if path.is_relative_to(package) and (name := str(path.relative_to(package))) not in files[-1:]:
            files.append(name)
    return files


def listed(call: str) -> list[str]:
    """Return the files that the page lists under a call."""
    part = TEXT[TEXT.index(call) :]
    return re.findall(r"^\d\. `(.*?)`", part[: part.index("\n\n", part.index("1. "))], flags=re.MULTILINE)


@pytest.mark.parametrize(
    ("call", "module", "name", "make"),
    [
        (
            "`make_kuramoto(",
            networks,
            "erdos_renyi",
            lambda: make_kuramoto(topology="erdos_renyi", density=0.3, T=5, seed=1),
        ),
        ("`make_var(Phi", var_file, "matrices", lambda: make_var(Phi=[[0.5, 0.1], [0.0, 0.2]], T=5, seed=1)),
    ],
)
def test_the_walk_from_the_call_to_the_array(
    call: str, module: Any, name: str, make: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PYMTS_DATA_HOME", str(tmp_path))
    seen: list[list[str]] = []
    original = getattr(module, name)

    def noting(*args: Any, **kwargs: Any) -> Any:
        end = inspect.getsourcefile(original)
        assert end is not None
        seen.append([*walk(), str(Path(end).relative_to(Path(pymts.__file__).parent))])
        return original(*args, **kwargs)

    monkeypatch.setattr(module, name, noting)
    make()
    walked = [name for index, name in enumerate(seen[0]) if name not in seen[0][:index]]
    assert walked == listed(call)
    assert len(walked) <= 6
    floors = [HOUSE["floor"]("pymts." + name.removesuffix(".py").replace("/", ".")) for name in walked]
    assert floors == sorted(floors)
