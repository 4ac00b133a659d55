"""The parts of the README that the project makes: ``python tests/readme_parts.py`` writes them.

The table of models comes from the registry, the recording from running the commands that it shows.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from pymts.models.registry import MODELS

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"
RECORDED = (
    "pymts generate --config configs/example_grid.yaml --save",
    "pymts generate --config configs/example_grid.yaml --save",
    "pymts verify",
    "pymts describe kuramoto | head -3",
    "pymts describe kuramotto",
    "pymts plot kuramoto -o kuramoto.png",
)


def models() -> str:
    """Return the table of all models."""
    lines = ["| model | what it is | truth | tags |", "|---|---|---|---|"]
    for name, model in sorted(MODELS.items()):
        truth = ", ".join(f"`{item}`" for item in model.truth)
        lines.append(f"| `{name}` | {model.summary} | {truth} | {', '.join(model.tags)} |")
    return "\n".join(lines) + "\n"


def recording() -> str:
    """Run the commands in a new folder and return what a terminal of 100 columns shows."""
    scripts = str(Path(sys.executable).parent)
    environment = {**os.environ, "PATH": f"{scripts}{os.pathsep}{os.environ['PATH']}", "COLUMNS": "100"}
    environment.pop("PYMTS_DATA_HOME", None)
    shown = []
    with tempfile.TemporaryDirectory() as folder:
        shutil.copytree(ROOT / "configs", Path(folder) / "configs")
        for command in RECORDED:
            done = subprocess.run(
                command,
                shell=True,
                cwd=folder,
                env=environment,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                check=False,
            )
            shown.append(f"$ {command}\n{done.stdout}")
    lines = (line.rstrip() for line in "\n".join(shown).splitlines())
    return "```text\n" + "\n".join(lines) + "\n```\n"


MADE: dict[str, Callable[[], str]] = {"models": models, "recording": recording}


def without_times(text: str) -> str:
    """Return a recording without what differs from run to run: times, and the spaces that align them."""
    return re.sub(r" +", " ", re.sub(r"\d+\.\d+ s\b", "_ s", text))


def parts(name: str, text: str) -> tuple[str, str, str]:
    """Return a text before, in and after one of these parts."""
    begin = f"<!-- {name}: made by `python tests/readme_parts.py` -->\n"
    end = f"<!-- end of {name} -->"
    before, rest = text.split(begin)
    inside, after = rest.split(end)
    return before + begin, inside, end + after


if __name__ == "__main__":
    text = README.read_text()
    for part, make in MADE.items():
        head, _, tail = parts(part, text)
        text = head + make() + tail
    README.write_text(text)
