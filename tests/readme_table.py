"""The README's model table, generated from the registry: ``python tests/readme_table.py`` writes it."""

from __future__ import annotations

from pathlib import Path

import pymts.models  # noqa: F401  (registers the models)
from pymts.registry import MODELS

README = Path(__file__).parents[1] / "README.md"
BEGIN = "<!-- models: generated from the registry by `python tests/readme_table.py` -->\n"
END = "<!-- end of models -->"


def table() -> str:
    """Return the table of all models."""
    lines = ["| model | what it is | truth | tags |", "|---|---|---|---|"]
    for name, model in sorted(MODELS.items()):
        truth = ", ".join(f"`{item}`" for item in model.truth)
        lines.append(f"| `{name}` | {model.summary} | {truth} | {', '.join(model.tags)} |")
    return "\n".join(lines) + "\n"


def parts() -> tuple[str, str, str]:
    """Return the README before, in and after the table."""
    before, rest = README.read_text().split(BEGIN)
    inside, after = rest.split(END)
    return before + BEGIN, inside, END + after


if __name__ == "__main__":
    head, _, tail = parts()
    README.write_text(head + table() + tail)
