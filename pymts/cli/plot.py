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
from pymts.plan.safe_yaml import load
from pymts.store import disk
from pymts.store.cache import Store

FORMATS = (".png", ".svg", ".pdf")
GRIDS = (".yaml", ".yml")


def plot_source(
    source: str,
    output: Path | None,
    kind: str,
    realization: int,
    *,
    settings: list[str],
    seed: int | None,
    root: Path | None,
    as_json: bool,
) -> None:
    """Plot the source and print the path of each image; the images of a grid are numbered."""
    import matplotlib as mpl  # noqa: PLC0415  (slow to import)

    from pymts.plotting import KINDS  # noqa: PLC0415

    mpl.use("Agg")  # files only: there may be no display

    if kind not in KINDS:
        raise InvalidParameterError(f"--kind must be one of {', '.join(KINDS)}, got {kind!r}{nearest(kind, KINDS)}")
    if output is None:
        output = Path(f"{Path(source).stem if Path(source).suffix in GRIDS else source}.png")
    if output.suffix not in FORMATS:
        raise InvalidParameterError(f"--output must end in {', '.join(FORMATS)}, got {str(output)!r}")
    datasets, total = _datasets(source, root, _parameters(settings, seed))
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


def _parameters(settings: list[str], seed: int | None) -> dict[str, Any]:
    """Return the parameters given by --set and --seed; values are parsed as YAML."""
    found: dict[str, Any] = {} if seed is None else {"seed": seed}
    for setting in settings:
        name, equals, value = setting.partition("=")
        if not equals or not name:
            raise InvalidParameterError(f"--set must be NAME=VALUE, such as --set K=3, got {setting!r}")
        found[name] = load(value.encode())
    return found


def _datasets(source: str, root: Path | None, parameters: dict[str, Any]) -> tuple[Iterator[xr.Dataset], int]:
    if source in MODELS:
        return iter([make(MODELS[source])(**{"seed": 0, **parameters}, cache=False)]), 1
    if parameters:
        raise InvalidParameterError(f"--set and --seed apply to models only, and {source!r} is not a model")
    if Path(source).suffix in GRIDS:
        grid = load_grid(source, store=root, cache="read")
        return iter(grid), len(grid)
    try:
        return iter([Store(root).open_id(source, lazy=True)]), 1
    except StoreError as error:
        raise InvalidParameterError(
            f"{source!r} is not a model{nearest(source, MODELS)}, a YAML grid, or a stored dataset: {error}"
        ) from None


def _draw(function: Any, dataset: xr.Dataset, realization: int) -> Any:
    """Return the Figure."""
    takes = "realization" in inspect.signature(function).parameters
    drawn = function(dataset, **({"realization": realization} if takes else {}))
    return np.ravel(drawn)[0].figure


def _save(figure: Any, path: Path) -> None:
    """Save a figure completely or not at all, and close it."""
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
