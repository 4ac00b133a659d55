"""Options that several commands have."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

ConfigOption = Annotated[
    Path | None, typer.Option("--config", "-c", help="The same, as an option.", show_default=False)
]
GridArgument = Annotated[Path | None, typer.Argument(help="YAML file of the grid.", show_default=False)]
StoreOption = Annotated[
    Path | None,
    typer.Option("--store", "--outdir", "-o", help="Store [PYMTS_DATA_HOME, or ./data].", show_default=False),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON for a program to read.")]
