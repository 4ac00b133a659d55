"""``pymts plot``."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import typer
import xarray as xr

from pymts.cli.console import print_json, progress
from pymts.datasets import load_grid, make
from pymts.errors import InvalidParameterError, StoreError, nearest
from pymts.models.registry import MODELS
from pymts.store import disk
from pymts.store.cache import Store

FORMATS = (".png", ".svg", ".pdf")


def plot_source(source: str, output: Path, kind: str, realization: int, *, outdir: Path | None, as_json: bool) -> None:
    """Draw what is named and say where each picture is; a grid's pictures carry a number in their names."""
    import matplotlib as mpl  # noqa: PLC0415  (slow to import)

    from pymts.plotting import KINDS  # noqa: PLC0415

    mpl.use("Agg")  # files only: there may be no screen

    if kind not in KINDS:
        raise InvalidParameterError(f"--kind must be one of {', '.join(KINDS)}, got {kind!r}{nearest(kind, KINDS)}")
    if output.suffix not in FORMATS:
        raise InvalidParameterError(f"--output must end in {', '.join(FORMATS)}, got {str(output)!r}")
    datasets, total = _datasets(source, outdir)
    rows = []
    with progress(total, "drawing") as advance:
        for number, dataset in enumerate(datasets):
            path = output if total == 1 else output.with_name(f"{output.stem}_{number}{output.suffix}")
            rows.append({"config_id": dataset.attrs["config_id"], "kind": kind, "path": str(path)})
            _save(_draw(KINDS[kind], dataset, realization), path)
            advance()
    if as_json:
        print_json(rows)
    else:
        for row in rows:
            typer.echo(f"{row['config_id']}: {row['path']}")


def _datasets(source: str, outdir: Path | None) -> tuple[Iterator[xr.Dataset], int]:
    if source in MODELS:
        return iter([make(MODELS[source])(seed=0, cache=False)]), 1
    if Path(source).suffix in (".yaml", ".yml"):
        grid = load_grid(source, outdir=outdir, cache="read")
        return iter(grid), len(grid)
    try:
        return iter([Store(outdir).open_id(source, lazy=True)]), 1
    except StoreError as error:
        raise InvalidParameterError(
            f"{source!r} is no model{nearest(source, MODELS)}, no YAML grid, and {error}"
        ) from None


def _draw(function: Any, dataset: xr.Dataset, realization: int) -> Any:
    """Return the Figure."""
    takes = "realization" in inspect.signature(function).parameters
    drawn = function(dataset, **({"realization": realization} if takes else {}))
    return np.ravel(drawn)[0].figure


def _save(figure: Any, path: Path) -> None:
    """Write a picture whole or not at all, and let go of it."""
    from matplotlib import pyplot as plt  # noqa: PLC0415  (slow to import)

    draft = path.with_name(f"{disk.temporary_name()}{path.suffix}")
    try:
        figure.savefig(draft, dpi=120)
        disk.replace(draft, path)
    except OSError as error:
        raise disk.cannot_write(path, error) from None
    finally:
        plt.close(figure)
        draft.unlink(missing_ok=True)
