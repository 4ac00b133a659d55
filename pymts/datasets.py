"""The front door: ``make_*`` for one configuration, ``load_grid`` for many, ``list_models`` for what there is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pymts import accessor as accessor  # registers ds.pymts
from pymts.errors import InvalidParameterError
from pymts.models import *  # noqa: F403  (every make_*, from the one list there is)
from pymts.models.registry import MODELS
from pymts.plan.grid import MAX_CELLS, Grid
from pymts.run.collection import DatasetSequence
from pymts.store.cache import Store

if TYPE_CHECKING:
    from pymts.run.executors import ExecutorLike


def load_grid(
    grid: str | Path | Mapping[str, Any] | Sequence[Mapping[str, Any]],
    *,
    seed: int | None = None,
    outdir: str | Path | None = None,
    cache: bool | Literal["read"] = True,
    max_cells: int = MAX_CELLS,
    executor: ExecutorLike | None = None,
    remote: str | None = None,
) -> DatasetSequence:
    """Return the datasets of a parameter grid as a lazy sequence, backed by the store.

    Parameters
    ----------
    grid : path, mapping or list of dict
        A YAML file; or its content, a mapping with ``configs``; or the list of records alone.
    seed : int or None
        Takes the place of the grid's own seed, which is 0 if the grid has none.
    outdir : path or None
        Root of the store; ``None`` takes the variable PYMTS_DATA_HOME, or else ./data.
    cache : bool or "read"
        True reads and writes the store, "read" only reads it, False leaves it alone.
    max_cells : int
        Refuse a grid of more configurations.
    executor : concurrent.futures.Executor, function that makes one, or None
        Generate what the store does not have now, on these workers, as `pymts.generate` does; ``cache`` must be True.
        A configuration that fails raises when it is asked for.
    remote : str or None
        Object storage such as ``s3://bucket/prefix`` that the store belongs to: what is there is fetched, not
        simulated, and what is written is uploaded.

    Returns
    -------
    DatasetSequence
        Indexed by position, slice or config_id; ``.table`` lists the configurations.

    Raises
    ------
    GridError
        If the grid cannot be read or a record is invalid; every problem is listed.
    TooLargeError
        If the grid has too many configurations, or one of them does not fit in memory.
    StoreError
        If the object storage cannot be reached.
    """
    read = Grid.read(grid, seed=seed, max_cells=max_cells)
    store = Store(outdir, remote=remote)
    if store.remote is not None:
        if cache is False:
            raise InvalidParameterError("remote belongs to the store: cache must be True or 'read', got False")
        store.remote.check()
    if executor is not None:
        from pymts.run.executors import generate  # noqa: PLC0415  (few need it)

        if cache is not True:
            raise InvalidParameterError(f"executor leaves its work in the store: cache must be True, got {cache!r}")
        generate(read, Store(outdir, "batch", remote), executor=executor, max_cells=max_cells)
    return DatasetSequence(read, store, cache)


def list_models(tag: str | None = None) -> list[str]:
    """Return the names of the models, of those with a tag if one is given."""
    return sorted(name for name, model in MODELS.items() if tag is None or tag in model.tags)


def __dir__() -> list[str]:
    """List the public names, without the helpers that this module imports."""
    return ["list_models", "load_grid", *(model.make.__name__ for model in MODELS.values())]
