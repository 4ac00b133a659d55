"""A configuration that is simulated block by block, as what is to be written: no more than a block is in memory."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from pymts.data.block import Block, merge_truth
from pymts.data.dataset import DATA, DIMS, build, coordinates
from pymts.errors import InvalidParameterError
from pymts.plan.configuration import Configuration
from pymts.store.entries.entry import Source


def source_of_blocks(configuration: Configuration, blocks: Iterable[Block]) -> Source:
    """Return consecutive blocks of realizations as what is to be written.

    Raises
    ------
    InvalidParameterError
        While it is written, if a block is not the next one.
    """
    truths: list[dict[str, xr.Variable]] = []
    lags: dict[str, NDArray[np.generic]] = {}

    def values() -> Iterator[NDArray[np.float64]]:
        expected = 0
        for block in blocks:
            if block.realizations.start != expected:
                raise InvalidParameterError(f"realization {expected} comes next, got {block.realizations.start}")
            expected = block.realizations.stop
            truths.append(block.truth)
            lags.update(block.lags)
            yield block.values

    def rest() -> xr.Dataset:
        return _shell(configuration, merge_truth(truths) if truths else {}, lags).drop_vars(DATA)

    attrs = _shell(configuration, {}, {})[DATA].attrs
    labels = coordinates(configuration)
    return Source(labels, DIMS, np.dtype(np.float64), attrs, configuration.config_id, values(), rest)


def _shell(
    configuration: Configuration, truth: Mapping[str, xr.Variable], lags: Mapping[str, NDArray[np.generic]]
) -> xr.Dataset:
    """Return the dataset of a configuration around a series that takes no memory."""
    return build(configuration, np.broadcast_to(np.float64(0), configuration.shape), truth, lags)
