"""Arguments and options shared by several commands."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

ConfigOption = Annotated[
    Path | None, typer.Option("--config", "-c", help="Same as GRID.", metavar="FILE", show_default=False)
]
OnlyGridOption = Annotated[
    Path | None,
    typer.Option(
        "--config", "-c", help="Only the configurations of this YAML grid.", metavar="FILE", show_default=False
    ),
]
GridArgument = Annotated[Path | None, typer.Argument(help="YAML file of the grid.", metavar="GRID", show_default=False)]
UrlArgument = Annotated[
    str, typer.Argument(metavar="URL", help="Object storage, such as s3://bucket/prefix.", show_default=False)
]
StoreOption = Annotated[
    Path | None,
    typer.Option(
        "--store",
        "--outdir",
        "-o",
        help="Directory of the store (default: PYMTS_DATA_HOME, or ./data).",
        metavar="DIR",
        show_default=False,
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print machine-readable JSON.")]
JobsOption = Annotated[
    int | None,
    typer.Option(
        "--jobs",
        "-j",
        min=1,
        help="Number of processes (default: 1, or one per core with --dask local).",
        metavar="N",
        show_default=False,
    ),
]
DaskOption = Annotated[
    str | None,
    typer.Option(help="Dask scheduler, such as tcp://host:8786, or local.", metavar="ADDRESS", show_default=False),
]
MaxCellsOption = Annotated[
    int | None,
    typer.Option(min=1, help="Raise the limit on the number of configurations.", metavar="N", show_default=False),
]
RemoteOption = Annotated[
    str | None,
    typer.Option(
        help="Object storage that mirrors the store, such as s3://bucket/prefix.", metavar="URL", show_default=False
    ),
]
ImageOption = Annotated[
    Path | None,
    typer.Option(
        "--output",
        "-o",
        help="Image file, .png, .svg or .pdf (default: SOURCE with .png).",
        metavar="FILE",
        show_default=False,
    ),
]
SettingsOption = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="NAME=VALUE", help="Set a parameter of the model (repeatable).", show_default=False),
]
