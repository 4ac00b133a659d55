"""``python -m pymts`` and the ``pymts`` command."""

from __future__ import annotations


def main() -> None:
    """Run the command line."""
    from pymts.cli import run  # noqa: PLC0415

    raise SystemExit(run())


if __name__ == "__main__":
    main()
