"""One table of what differs: rows are models, columns are environments."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.bits.compare import Differences
from benchmarks.bits.environments import Environment


@dataclass(frozen=True)
class Column:
    """What one environment gave: differences, or why there are none to show."""

    environment: Environment
    about: Mapping[str, Any] = field(default_factory=dict)
    differs: Differences = field(default_factory=dict)
    skipped: str = ""
    failed: str = ""

    @property
    def name(self) -> str:
        """The name in the head of the table; of another interpreter what it is, not where it lies."""
        if self.environment.python == Environment("").python:
            return self.environment.name
        if not self.about:
            return "another interpreter"
        return f"{self.about['machine']}, Python {self.about['python']}, NumPy {self.about['numpy']}"


def processor() -> str:
    """Return the name of the processor, where the system tells."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return "an unnamed processor"
    return next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), "unnamed")


def versions(about: Mapping[str, Any]) -> str:
    """Return the versions of a process in words."""
    names = {"Python": "python", "NumPy": "numpy", "SciPy": "scipy", "numba": "numba"}
    return ", ".join(f"{name} {about[key]}" for name, key in names.items()) + f", {about['libc']}"


def runs_on(about: Mapping[str, Any]) -> str:
    """Return what the settings of a process came to, by its own words."""
    simd, kernels = (", ".join(about[key]) or "none" for key in ("NumPy SIMD", "BLAS kernels"))
    return f"{about['compiled for']} | {kernels} | {simd}"


def cell(column: Column, model: str) -> str:
    """Return ``=``, or the variables that differ."""
    if not column.about or column.skipped:
        return "-"
    return ", ".join(column.differs.get(model, ())) or "="


def where(columns: Sequence[Column], counts: Mapping[str, int]) -> Iterator[str]:
    """Yield a line a model: in how many cases each variable differs, in the environment where it does in most."""
    worst: dict[str, dict[str, tuple[int, str, str]]] = {}
    for column in columns:
        for model, variables in column.differs.items():
            for name, cases in variables.items():
                known = worst.setdefault(model, {}).setdefault(name, (0, "", ""))
                if len(cases) > known[0]:
                    worst[model][name] = len(cases), column.name, cases[0]
    for model in sorted(worst):
        found = [f"{name} {count} ({under}; {case})" for name, (count, under, case) in worst[model].items()]
        yield f"- `{model}`, {counts[model]} cases: {', '.join(found)}."


def summary(models: Sequence[str], columns: Sequence[Column]) -> str:
    """Return the result in one sentence."""
    ran = [column for column in columns if column.about and not column.skipped]
    data = {model for column in ran for model, variables in column.differs.items() if "data" in variables}
    truth = {model for column in ran for model in column.differs} - data
    text = f"**{len(models) - len(data | truth)} of {len(models)} models have the same bits in all {len(ran)}"
    text += " environments and this one.**"
    if data:
        text += f" Data differ: {', '.join(sorted(data))}."
    if truth:
        text += f" Only truth differs: {', '.join(sorted(truth))}."
    return text


def report(plain: Mapping[str, Any], columns: Sequence[Column], counts: Mapping[str, int]) -> str:
    """Return the whole page in Markdown."""
    models, about = list(plain["digests"]), plain["about"]
    lines = [
        "# The same bits on every machine",
        "",
        f"Made by `python -m benchmarks.bits --save` on {datetime.now(UTC):%Y-%m-%d}.",
        f"{processor()}, {about['machine']}; {versions(about)}.",
        f"{counts['all']} configurations, {counts['tiny']} tiny ones in the interpreter; data and all truth.",
        "`=` is bit for bit what this machine gives; else the variables that differ are named.",
        "",
        summary(models, columns),
        "",
        f"| model | {' | '.join(column.name for column in columns)} |",
        "|---" * (len(columns) + 1) + "|",
        *(f"| `{model}` | {' | '.join(cell(column, model) for column in columns)} |" for model in models),
        "",
        "| environment | compiled for | BLAS kernels | NumPy's instructions | |",
        "|---|---|---|---|---|",
        f"| this machine | {runs_on(about)} | |",
    ]
    for column in columns:
        facts = runs_on(column.about) if column.about else " | | "
        note = versions(column.about) if column.about and column.name != column.environment.name else ""
        for word, reason in (("failed", column.failed), ("skipped", column.skipped)):
            note = f"{word}: {reason}" if reason else note
        lines.append(f"| {column.name} | {facts} | {note} |")
    if any(column.differs for column in columns):
        lines += [
            "",
            "## Where",
            "",
            "The number of cases, the environment where it is largest, and the first of them.",
            "",
        ]
        lines += where(columns, {model: len(cases) for model, cases in plain["digests"].items()})
    return "\n".join(lines)
