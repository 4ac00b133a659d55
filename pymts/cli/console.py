"""Tables and JSON on stdout, progress on stderr."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Protocol

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.table import Table

# Without a terminal, report progress this often (seconds).
LINE_EVERY = 10.0
PIPED_WIDTH = 160


def print_json(value: Any) -> None:
    """Print a value as one JSON document."""
    sys.stdout.write(json.dumps(value, indent=2, allow_nan=False) + "\n")


def print_table(
    columns: Sequence[str], rows: Iterable[Sequence[str]], numeric: Iterable[str] = (), folds: Iterable[str] = ()
) -> None:
    """Print a table. On a narrow terminal, the first column (or ``folds``) wraps; nothing is truncated."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    right, folded = frozenset(numeric), frozenset(folds) or {columns[0]}
    for column in columns:
        table.add_column(
            column,
            justify="right" if column in right else "left",
            overflow="fold",
            no_wrap=column not in folded,
        )
    for row in rows:
        table.add_row(*row)
    console = Console(highlight=False, markup=False)
    if not console.is_terminal and "COLUMNS" not in os.environ:
        console.width = PIPED_WIDTH
    console.print(table)


class Advance(Protocol):
    """Called once per finished configuration."""

    def __call__(self, note: str = "") -> None:
        """Count one more; ``note`` is printed above the bar."""


@contextmanager
def progress(total: int, label: str) -> Iterator[Advance]:
    """Show progress on stderr: a bar on a terminal, an occasional line elsewhere."""
    console = Console(stderr=True, highlight=False, markup=False)
    if console.is_terminal:
        with _bar(console) as bar:
            task = bar.add_task(label, total=total)

            def advance_bar(note: str = "") -> None:
                if note:
                    bar.console.print(note, style="red")
                bar.advance(task)

            yield advance_bar
        return
    began = last = time.monotonic()
    done = 0

    def advance_line(note: str = "") -> None:
        nonlocal done, last
        done += 1
        if note:
            sys.stderr.write(note + "\n")
        now = time.monotonic()
        if now - last >= LINE_EVERY and done < total:
            last = now
            left = (now - began) / done * (total - done)
            sys.stderr.write(f"{label}: {done} of {total}, about {left:.0f} s left\n")

    yield advance_line


def _bar(console: Console) -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
        console=console,
    )
