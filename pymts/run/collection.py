"""A grid's datasets as a lazy sequence, returned by ``load_grid``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, overload

import pandas as pd
import xarray as xr

from pymts.errors import InvalidParameterError, nearest
from pymts.plan.choosing import matching, positions
from pymts.plan.configuration import Configuration
from pymts.plan.grid import MAX_CELLS, Grid
from pymts.run.generator import Cache, obtain, run, store_of
from pymts.run.lazy import to_xarray
from pymts.store.cache import Store

if TYPE_CHECKING:
    from pymts.run.executors import ExecutorLike


class DatasetSequence(Sequence[xr.Dataset]):
    """The datasets of a grid, each loaded from the store or simulated on access.

    Index by position, config_id, slice, list or boolean mask. Iteration is fastest, since it simulates whole batches.
    """

    def __init__(self, grid: Grid, store: Store, cache: Cache = True, indices: Sequence[int] | None = None) -> None:
        self.grid = grid
        self.store = store
        self.cache = cache
        self.indices: Sequence[int] = range(len(grid)) if indices is None else indices

    def __len__(self) -> int:
        """Return the number of configurations, without expanding them."""
        return len(self.indices)

    @overload
    def __getitem__(self, key: int | str) -> xr.Dataset: ...

    @overload
    def __getitem__(self, key: Any) -> DatasetSequence: ...

    def __getitem__(self, key: Any) -> xr.Dataset | DatasetSequence:
        """Return one dataset by position or config_id, or a sequence for a slice, a list or a boolean mask.

        ``grid[grid.table.M == 4]`` selects the configurations with four channels.
        """
        if isinstance(key, str):
            key = self._position(key)
        if isinstance(key, int):
            return obtain(self.configuration(key), self.store, self.cache)
        chosen = positions(key, len(self), self._position)
        if isinstance(key, slice):
            return DatasetSequence(self.grid, self.store, self.cache, self.indices[key])
        return DatasetSequence(self.grid, self.store, self.cache, tuple(self.indices[index] for index in chosen))

    def _position(self, name: str) -> int:
        if name not in self._positions:
            raise KeyError(f"{name!r} is not in this grid{nearest(name, self._positions)}")
        return self._positions[name]

    def where(self, **conditions: Any) -> DatasetSequence:
        """Return the configurations whose model and parameters have the given values, or one of a list of values.

        Raises
        ------
        InvalidParameterError
            If no configuration has a parameter of this name, or none matches.
        """
        configurations = [self.grid[index] for index in self.indices]
        rows = ({"model": one.model.name, **one.values} for one in configurations)
        return self[list(matching(rows, conditions))]

    def __iter__(self) -> Iterator[xr.Dataset]:
        """Yield the datasets in order, simulated in batches; raise if one fails."""
        for outcome in run(((i, self.grid[i]) for i in self.indices), self.store, cache=self.cache):
            if outcome.error is not None:
                raise outcome.error
            assert outcome.dataset is not None  # noqa: S101  (kept, and no error)
            yield outcome.dataset

    def __contains__(self, key: object) -> bool:
        """Return whether a config_id belongs to the grid."""
        if not isinstance(key, str):
            raise InvalidParameterError(f"membership is tested by config_id, got a {type(key).__name__}")
        return key in self._positions

    def configuration(self, position: int) -> Configuration:
        """Return the configuration at a position, without its data."""
        configuration: Configuration = self.grid[self.indices[position]]
        return configuration

    @cached_property
    def _positions(self) -> dict[str, int]:
        return {self.grid[index].config_id: position for position, index in enumerate(self.indices)}

    @property
    def config_ids(self) -> list[str]:
        """The names of the configurations, in order."""
        return list(self._positions)

    @cached_property
    def table(self) -> pd.DataFrame:
        """One row per configuration: model, shape, seed, every swept parameter, and a label made of these."""
        rows = []
        names = list(dict.fromkeys(["M", "T", "n_realizations", *self.grid.swept, "seed"]))
        for index in self.indices:
            configuration = self.grid[index]
            values = configuration.values
            row: dict[str, Any] = {"config_id": configuration.config_id, "model": configuration.model.name}
            swept = [f"{name}={values[name]}" for name in self.grid.swept if name in values]
            label = ", ".join([configuration.model.name, *swept])
            rows.append(row | {name: values.get(name) for name in names} | {"label": label})
        return pd.DataFrame(rows).set_index("config_id")

    def to_xarray(
        self, variables: Sequence[str] | str = "data", *, chunks: int | None = None
    ) -> xr.Dataset | xr.DataTree:
        """Return all datasets as one, backed by dask; nothing is read or simulated until needed.

        Parameters
        ----------
        variables : list of str or str
            Variables to include: "data", truth such as ``["data", "order_parameter"]``, or "all". Shapes of truth are
            found by simulating one sample; datasets that lack a variable are filled with nan.
        chunks : int or None
            Number of configurations computed together; ``None`` takes about 64 MB of them.

        Returns
        -------
        xarray.Dataset or xarray.DataTree
            ``data`` with dims (configuration, time, channel, realization), labelled by config_id, with the model and
            every swept parameter as coordinates. If shapes (including those of the requested truth) or time steps
            differ, a tree with one dataset for each.

        Raises
        ------
        MissingLibraryError
            If dask is not installed.
        InvalidParameterError
            If a variable is in none of the datasets, ``chunks`` is not a positive integer or None, or the selection is
            empty.

        Examples
        --------
        >>> from pymts.datasets import load_grid
        >>> grid = load_grid([{"model": "kuramoto", "M": 50, "T": 200, "K": [0.5, 4.0], "seed": 1}], cache=False)
        >>> curve = grid.to_xarray("order_parameter").order_parameter.mean(("time", "realization"))
        >>> bool(curve[0] < curve[1])
        True
        """
        configurations = [self.grid[i] for i in self.indices]
        return to_xarray(configurations, self.grid.swept, variables, (self.store, self.cache), chunks)

    def __repr__(self) -> str:
        """Show the size, the models and the store."""
        models = ", ".join(dict.fromkeys(record.model.name for record in self.grid.records))
        return f"<DatasetSequence of {len(self)} configurations ({models}) in {self.store.root}>"


def load_grid(
    grid: str | Path | Mapping[str, Any] | Sequence[Mapping[str, Any]],
    *,
    seed: int | None = None,
    store: Store | str | Path | None = None,
    cache: Cache = True,
    max_cells: int = MAX_CELLS,
    executor: ExecutorLike | None = None,
    remote: str | None = None,
    outdir: str | Path | None = None,
) -> DatasetSequence:
    """Return the datasets of a parameter grid as a lazy sequence backed by the store.

    Parameters
    ----------
    grid : path, mapping or list of dict
        A YAML file, its content (a mapping with ``configs``), or just the list of records.
    seed : int or None
        Overrides the grid's own seed, which defaults to 0.
    store : Store, path or None
        The store or its root; ``None`` uses the environment variable PYMTS_DATA_HOME, or else ./data.
    cache : bool or "read"
        True reads and writes the store, "read" only reads it, False bypasses it.
    max_cells : int
        Largest number of configurations allowed.
    executor : concurrent.futures.Executor, function that makes one, or None
        Generate missing datasets now on these workers, like `pymts.generate`; requires ``cache=True``. A configuration
        that fails raises on access.
    remote : str or None
        Object storage such as ``s3://bucket/prefix`` that mirrors the store: datasets found there are downloaded
        instead of simulated, and new ones are uploaded.
    outdir : path or None
        Synonym of ``store``.

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
    place = store_of(store, outdir, remote)
    if place.remote is not None:
        if cache is False:
            raise InvalidParameterError("remote requires the store: cache must be True or 'read', got False")
        place.remote.check()
    if executor is not None:
        from pymts.run.executors import generate  # noqa: PLC0415  (few need it)

        if cache is not True:
            raise InvalidParameterError(f"executor writes to the store: cache must be True, got {cache!r}")
        generate(read, Store(place.root, "batch", place.remote), executor=executor, max_cells=max_cells)
    return DatasetSequence(read, place, cache)
