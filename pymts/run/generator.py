"""Configurations to datasets: loads stored ones and simulates the rest in batches."""

from __future__ import annotations

import time
import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import xarray as xr

from pymts.data.block import Block
from pymts.data.dataset import build, data_bytes, truth_bytes
from pymts.data.limits import BLOCK_BYTES, check_fits, memory_told
from pymts.errors import DivergenceError, InvalidParameterError, PymtsError, SlowWarning, TooLargeError
from pymts.models.registry import Model
from pymts.params.validation import EXECUTION, validate
from pymts.plan.configuration import Configuration
from pymts.plan.grid import Grid
from pymts.run.simulate import batch_key, batch_size, simulate, simulate_blocks, simulate_whole
from pymts.store.cache import Store
from pymts.streams import fresh_seed

Cache = bool | Literal["read"]
Status = Literal["cached", "generated", "failed"]

# Configurations considered together when forming batches: enough to fill batches, few enough to stream a grid.
WINDOW = 1024
SLOW_SECONDS = 30.0  # of set-up time above which the user is warned
WINDOW_BYTES = 2 * BLOCK_BYTES


@dataclass(frozen=True)
class Outcome:
    """The outcome of one configuration. The dataset is set if it was to be kept and did not fail."""

    index: int
    configuration: Configuration
    status: Status
    seconds: float
    dataset: xr.Dataset | None = None
    error: PymtsError | None = None


def check_memory(configuration: Configuration, streamed: bool, max_bytes: int | None = None) -> None:
    """Raise, before anything is allocated, if the configuration does not fit in memory.

    A streamed configuration needs memory for its truth and one realization at a time.
    """
    realizations, times, channels = configuration.shape
    seconds, working = configuration.params.preparation
    held = data_bytes(configuration) // (realizations if streamed else 1) + truth_bytes(configuration) + working
    what = f"{configuration.config_id} (n_realizations={realizations}, T={times}, M={channels})"
    remedy = "lower T or M" if streamed else "lower n_realizations, T or M, or store it with pymts generate --save"
    check_fits(what, held, remedy, max_bytes)
    if seconds > SLOW_SECONDS:
        warnings.warn(
            f"{what} takes about {seconds:.0f} s before its first sample, growing with M^3; lower M",
            SlowWarning,
            stacklevel=2,
        )


def to_dataset(configuration: Configuration, block: Block) -> xr.Dataset:
    """Return the dataset of a whole configuration."""
    return build(configuration, block.values, block.truth, block.lags)


def obtain(configuration: Configuration, store: Store, cache: Cache) -> xr.Dataset:
    """Return one dataset: from the store if allowed and present, else simulated, and stored if requested."""
    if cache:
        found = store.load(configuration, heal=cache is True)
        if found is not None:
            return found
    check_memory(configuration, streamed=False)
    with memory_told(configuration.config_id):
        dataset = to_dataset(configuration, simulate_whole(configuration))
        if cache is True:
            store.save(configuration, dataset)
    return dataset


def make_dataset(model: Model[...], given: Mapping[str, Any]) -> xr.Dataset:
    """Return the dataset of ``make_<model>(**given)``."""
    params = validate(model.name, model.params, given)
    configuration = Configuration.of(model, {key: value for key, value in given.items() if key not in EXECUTION})
    # A dataset with a freshly drawn seed cannot be stored yet.
    cache = params.cache if params.seed is not None or params.cache is True else False
    return obtain(configuration, Store(params.store), cache)


def run(
    configurations: Iterable[tuple[int, Configuration]],
    store: Store,
    *,
    cache: Cache = True,
    keep: bool = True,
) -> Iterator[Outcome]:
    """Yield the outcome of every configuration, in order; failures do not stop the others.

    Parameters
    ----------
    configurations : iterable of (index, configuration)
    store : Store
    cache : bool or "read"
        True reads and writes the store, "read" only reads it, False bypasses it.
    keep : bool
        Whether outcomes include the datasets. If False, memory does not grow with the grid, and a configuration larger
        than memory is streamed into the store.
    """
    window: list[tuple[int, Configuration]] = []
    size = 0
    for item in configurations:
        window.append(item)
        size += data_bytes(item[1])
        if len(window) >= WINDOW or size >= WINDOW_BYTES:
            yield from _run_window(window, store, cache, keep)
            window, size = [], 0
    yield from _run_window(window, store, cache, keep)


def _run_window(
    window: Sequence[tuple[int, Configuration]], store: Store, cache: Cache, keep: bool
) -> Iterator[Outcome]:
    """Load stored datasets, simulate the rest in batches, and yield in the order of the window."""
    outcomes: dict[int, Outcome] = {}
    groups: dict[object, list[tuple[int, Configuration]]] = {}
    for index, configuration in window:
        served = _serve(index, configuration, store, cache, keep)
        if served is not None:
            outcomes[index] = served
        else:
            groups.setdefault(batch_key(configuration), []).append((index, configuration))
    for group in groups.values():
        size = batch_size(group[0][1])
        for start in range(0, len(group), size):
            for outcome in _run_batch(group[start : start + size], store, cache, keep):
                outcomes[outcome.index] = outcome
    for index, _ in window:
        yield outcomes.pop(index)


def _serve(index: int, configuration: Configuration, store: Store, cache: Cache, keep: bool) -> Outcome | None:
    if not cache:
        return None
    began = time.perf_counter()
    try:
        if keep:
            found = store.load(configuration, heal=cache is True)
        else:
            found = None
            if configuration not in store:
                return None
    except PymtsError as error:
        return Outcome(index, configuration, "failed", time.perf_counter() - began, error=error)
    if keep and found is None:
        return None
    return Outcome(index, configuration, "cached", time.perf_counter() - began, found)


def _run_batch(batch: Sequence[tuple[int, Configuration]], store: Store, cache: Cache, keep: bool) -> Iterator[Outcome]:
    began = time.perf_counter()
    configurations = [configuration for _, configuration in batch]
    streamed = data_bytes(configurations[0]) > BLOCK_BYTES and cache is True and not keep
    try:
        results = _simulated(configurations, store if streamed else None)
    except PymtsError as error:
        if isinstance(error, TooLargeError) and len(batch) > 1:  # each may fit on its own
            for item in batch:
                yield from _run_batch([item], store, cache, keep)
            return
        for index, configuration in batch:
            yield Outcome(index, configuration, "failed", (time.perf_counter() - began) / len(batch), error=error)
        return
    simulated = (time.perf_counter() - began) / len(batch)
    for (index, configuration), result in zip(batch, results, strict=True):
        began = time.perf_counter()
        dataset: xr.Dataset | None = None
        problem: PymtsError | None = result if isinstance(result, DivergenceError) else None
        if isinstance(result, Block) and (keep or cache is True):
            try:
                with memory_told(configuration.config_id):
                    dataset = to_dataset(configuration, result)
                    if cache is True:
                        store.save(configuration, dataset)
            except PymtsError as error:
                problem = error
        spent = simulated + time.perf_counter() - began
        if problem is not None:
            yield Outcome(index, configuration, "failed", spent, error=problem)
        else:
            yield Outcome(index, configuration, "generated", spent, dataset if keep else None)


def _simulated(
    configurations: Sequence[Configuration], stream_to: Store | None
) -> Sequence[Block | DivergenceError | None]:
    """Simulate a batch, or stream its only configuration into a store and return no dataset."""
    first = configurations[0]
    check_memory(first, stream_to is not None)
    with memory_told(first.config_id):
        if stream_to is not None:
            stream_to.write(first, simulate_blocks(first))
            return [None]
        return [simulate_whole(first)] if len(configurations) == 1 else simulate(configurations)


def store_of(store: Store | str | Path | None, outdir: str | Path | None = None, remote: str | None = None) -> Store:
    """Return the given store, or the one at a root given by ``store`` or ``outdir``.

    Raises
    ------
    InvalidParameterError
        If both are given, or a store is given with a remote that is not its own.
    """
    if store is not None and outdir is not None:
        raise InvalidParameterError("store and outdir are both given and mean the same; keep store")
    if not isinstance(store, Store):
        return Store(outdir if store is None else store, remote=remote)
    if remote is not None:
        raise InvalidParameterError("remote must be set on the given store; create it with Store(root, remote=...)")
    return store


class Generator:
    """Generate a list of configurations in one call.

    Examples
    --------
    >>> from pymts import Generator
    >>> first, second = Generator().generate([{"model": "ar", "seed": 1}, {"model": "gbm", "seed": 2}])
    >>> first.data.dims
    ('time', 'channel', 'realization')
    """

    def generate(
        self,
        records: Sequence[Mapping[str, Any]],
        *,
        seed: int | None = None,
        save: bool = False,
        store: Store | str | Path | None = None,
        outdir: str | Path | None = None,
        zscore: bool | None = None,
    ) -> list[xr.Dataset]:
        """Return the datasets of all records, in order; lists are swept as in a grid file.

        Parameters
        ----------
        records : list of dict
            Each has a ``model`` and its parameters.
        seed : int or None
            Each configuration without its own seed gets one derived from this seed and its content. ``None`` draws a
            seed; every dataset records its seed.
        save : bool
            Read and write the store; otherwise it is bypassed.
        store : Store, path or None
            The store or its root; ``None`` uses the environment variable PYMTS_DATA_HOME, or else ./data.
        outdir : path or None
            Synonym of ``store``.
        zscore : bool or None
            Default of ``zscore`` for records that do not set it.

        Returns
        -------
        list of xarray.Dataset

        Raises
        ------
        GridError
            If a record is invalid; nothing is simulated.
        DivergenceError
            If a simulation produces values that are not finite. Earlier datasets are stored, if requested.
        """
        defaults = {} if zscore is None else {"zscore": zscore}
        grid = Grid(records, seed=fresh_seed() if seed is None else seed, defaults=defaults, source="records")
        for configuration in grid:
            check_memory(configuration, streamed=False)
        datasets = []
        for outcome in run(enumerate(grid), store_of(store, outdir), cache=save):
            if outcome.error is not None:
                raise outcome.error
            assert outcome.dataset is not None  # noqa: S101  (kept, and no error)
            datasets.append(outcome.dataset)
        return datasets
