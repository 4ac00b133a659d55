"""``pymts cache``: the commands that manage the store."""

from __future__ import annotations

from typing import Annotated

import typer

from pymts.cli.group import Group
from pymts.cli.options import JsonOption, StoreOption

cache_app = typer.Typer(cls=Group, help="Manage the store of generated datasets.", no_args_is_help=True)


@cache_app.command("ls")
def cache_ls(root: StoreOption = None, json: JsonOption = False) -> None:
    """List the stored datasets."""
    from pymts.cli.cache import list_entries  # noqa: PLC0415

    list_entries(root, json)


@cache_app.command("du")
def cache_du(root: StoreOption = None, json: JsonOption = False) -> None:
    """Show the disk space used by each model."""
    from pymts.cli.cache import disk_usage  # noqa: PLC0415

    disk_usage(root, json)


@cache_app.command("prune")
def cache_prune(
    root: StoreOption = None,
    everything: Annotated[bool, typer.Option("--all", help="Also remove every stored dataset.")] = False,
    json: JsonOption = False,
) -> None:
    """Remove leftovers of interrupted runs, and quarantined datasets."""
    from pymts.cli.cache import prune  # noqa: PLC0415

    prune(root, everything, json)


@cache_app.command("rm")
def cache_rm(
    pattern: Annotated[
        str,
        typer.Argument(
            help="Name of a stored dataset, or a pattern such as 'var_*'.", metavar="PATTERN", show_default=False
        ),
    ],
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Remove without asking.")] = False,
    root: StoreOption = None,
    json: JsonOption = False,
) -> None:
    """Remove stored datasets by name or pattern."""
    from pymts.cli.cache import remove_matching  # noqa: PLC0415

    remove_matching(pattern, root, yes, json)


@cache_app.command("path")
def cache_path(
    config_id: Annotated[
        str | None, typer.Argument(help="Name of a stored dataset.", metavar="NAME", show_default=False)
    ] = None,
    root: StoreOption = None,
) -> None:
    """Print the path of the store, or of a dataset in it."""
    from pymts.cli.cache import print_path  # noqa: PLC0415

    print_path(config_id, root)
