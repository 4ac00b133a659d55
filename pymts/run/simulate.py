"""Simulates batches: one array program for all configurations of the same structure."""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import cache
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from threadpoolctl import ThreadpoolController

from pymts.data.block import Block, merge_truth
from pymts.data.dataset import ITEM, coordinates, data_bytes, truth_coordinates, truth_variables
from pymts.data.limits import BLOCK_BYTES
from pymts.data.truth import TRUTH
from pymts.errors import DivergenceError
from pymts.params.base import Params
from pymts.params.fields import is_batchable
from pymts.params.validation import EXECUTION
from pymts.plan.configuration import Configuration
from pymts.run.returned import checked
from pymts.streams import Streams

# Beyond this many state values, larger batches no longer save call overhead and overflow the cache.
STATE_VALUES = 8192


@cache
def _batchable(params: type[Params]) -> tuple[str, ...]:
    return tuple(name for name, field in params.model_fields.items() if is_batchable(field))


@cache
def _structural(params: type[Params]) -> tuple[str, ...]:
    skip = EXECUTION | {"seed"} | set(_batchable(params))
    return tuple(name for name in params.model_fields if name not in skip)


def batch_key(configuration: Configuration) -> tuple[object, ...]:
    """Return what configurations must share to be simulated together."""
    params = configuration.params
    kind = type(params)
    # A batchable field that holds a vector or None is structural here.
    other = tuple(None if isinstance(v, float) else (v,) for v in (getattr(params, n) for n in _batchable(kind)))
    return configuration.model.name, tuple(getattr(params, n) for n in _structural(kind)), other, params.batch_key()


def batch_size(configuration: Configuration) -> int:
    """Return how many configurations like this one form a batch."""
    realizations, _, channels = configuration.shape
    by_memory = BLOCK_BYTES // data_bytes(configuration)
    by_state = -(-STATE_VALUES // (realizations * channels))
    return max(1, min(by_memory, by_state))


def realization_blocks(configuration: Configuration, block_bytes: int | None = None) -> Iterator[range]:
    """Split the realizations so that each block stays within the size limit (at least one realization)."""
    realizations, times, channels = configuration.shape
    bound = BLOCK_BYTES if block_bytes is None else block_bytes
    size = max(1, bound // (ITEM * times * channels))
    for start in range(0, realizations, size):
        yield range(start, min(start + size, realizations))


def batch_params(configurations: Sequence[Configuration]) -> Params:
    """Return the parameters passed to a model: numbers that differ within the batch become arrays (B, 1, 1)."""
    first = configurations[0].params
    values: dict[str, Any] = {name: getattr(first, name) for name in type(first).model_fields}
    for name in _batchable(type(first)):
        column = [getattr(c.params, name) for c in configurations]
        if any(value != column[0] for value in column):
            values[name] = np.array(column, dtype=np.float64)[:, None, None]  # (B, 1, 1)
    return type(first).model_construct(**values)


@cache
def _blas() -> ThreadpoolController:
    return ThreadpoolController()


_BLAS_LOCK = threading.Lock()
_blas_users: list[AbstractContextManager[object]] = []  # one entry per active thread; the first holds the limit


@contextmanager
def one_blas_thread() -> Iterator[None]:
    """Limit BLAS to one thread: the number of threads affects the last bit of sums.

    The limit applies to the whole process, so the first simulating thread sets it and the last one lifts it.
    """
    with _BLAS_LOCK:
        _blas_users.append(_blas().limit(limits=1, user_api="blas") if not _blas_users else nullcontext())
        if len(_blas_users) == 1:
            _blas_users[0].__enter__()
    try:
        yield
    finally:
        with _BLAS_LOCK:
            if len(_blas_users) == 1:
                _blas_users.pop().__exit__(None, None, None)
            else:
                _blas_users.pop()


def simulate(
    configurations: Sequence[Configuration], realizations: range | None = None, *, truth: Collection[str] | None = None
) -> list[Block | DivergenceError]:
    """Simulate a batch; a diverging configuration returns its error without affecting the others.

    All configurations must have the same ``batch_key``. Each is bit-identical to a run on its own. ``truth`` names the
    wanted variables; ``None`` means all.
    """
    first = configurations[0]
    chosen = range(first.params.n_realizations) if realizations is None else realizations
    streams = Streams([c.seed for c in configurations], chosen)
    with one_blas_thread(), np.errstate(all="ignore"):
        returned = first.model.simulate(batch_params(configurations), streams)
    simulated = checked(first.model, returned, (len(configurations), len(chosen), *first.shape[1:]))
    kept = {name: item for name, item in simulated.truth.items() if truth is None or name in truth}
    lags = truth_coordinates(kept)
    results: list[Block | DivergenceError] = []
    for index, configuration in enumerate(configurations):
        values = simulated.data[index]
        error = _divergence(configuration, values, chosen)
        if error is not None:
            results.append(error)
            continue
        variables = truth_variables(kept, index)
        if configuration.params.zscore:
            variables |= _standardise(values)
        results.append(Block(chosen, values, variables, lags))
    return results


def simulate_blocks(configuration: Configuration, block_bytes: int | None = None) -> Iterator[Block]:
    """Simulate one configuration block by block of realizations."""
    for realizations in realization_blocks(configuration, block_bytes):
        result = simulate([configuration], realizations)[0]
        if isinstance(result, DivergenceError):
            raise result
        yield result


def simulate_whole(configuration: Configuration) -> Block:
    """Simulate all realizations of one configuration, with working memory for a block at a time."""
    blocks = simulate_blocks(configuration)
    first = next(blocks)
    everything = range(configuration.params.n_realizations)
    if len(first.realizations) == len(everything):
        return first
    values = np.empty(configuration.shape)
    truths, lags = [], first.lags
    while first is not None:
        values[first.realizations.start : first.realizations.stop] = first.values
        truths.append(first.truth)
        first = next(blocks, None)  # type: ignore[assignment]
    return Block(everything, values, merge_truth(truths), lags)


def _divergence(
    configuration: Configuration, values: NDArray[np.float64], realizations: range
) -> DivergenceError | None:
    for realization, path in zip(realizations, values, strict=True):  # a path is (T, M)
        finite = np.isfinite(path)
        if finite.all():
            continue
        time, channel = np.argwhere(~finite)[0]
        when = coordinates(configuration)["time"][time]
        return DivergenceError(
            f"{configuration.config_id}: {configuration.model.name} diverged, realization {realization} is "
            f"{path[time, channel]} from time {when:g} {configuration.params.time_unit} on (channel {channel}); "
            "nothing is kept; use a smaller step or weaker parameters"
        )
    return None


def _standardise(values: NDArray[np.float64]) -> dict[str, xr.Variable]:
    """Standardise each path in place; return the means and deviations taken out (a constant keeps deviation 1)."""
    means, deviations = np.empty((2, values.shape[0], values.shape[2]))
    for index in range(len(values)):  # path by path, so that sums do not depend on the batch
        path = values[index]  # (T, M)
        means[index] = path.mean(axis=0)
        np.subtract(path, means[index], out=path)
        spread = np.sqrt(np.mean(path * path, axis=0))
        deviations[index] = np.where(spread > 0, spread, 1.0)
        np.divide(path, deviations[index], out=path)
    return {
        name: xr.Variable(
            TRUTH[name].dims,
            column.T,
            {"long_name": name.replace("_", " "), "description": TRUTH[name].meaning},
        )
        for name, column in (("zscore_mean", means), ("zscore_std", deviations))
    }
