"""``python -m pymts`` and the ``pymts`` command."""

from __future__ import annotations

import warnings
from typing import Any


def main() -> None:
    """Run the command line."""
    from pymts.cli.app import run  # noqa: PLC0415

    warnings.formatwarning = _in_one_line  # type: ignore[assignment]
    raise SystemExit(run())


def _in_one_line(message: Warning | str, *_: Any) -> str:
    """Print a warning like an error: its place in the code does not help the user."""
    return f"pymts: {message}\n"


if __name__ == "__main__":
    main()
