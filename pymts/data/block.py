"""Some realizations of one configuration, before they become a dataset."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
import xarray as xr
from numpy.typing import NDArray


@dataclass(frozen=True)
class Block:
    """Some realizations of one configuration: values of shape (realization, time, channel) and the truth."""

    realizations: range
    values: NDArray[np.float64]
    truth: dict[str, xr.Variable]
    lags: dict[str, NDArray[np.generic]]


def merge_truth(blocks: Sequence[dict[str, xr.Variable]]) -> dict[str, xr.Variable]:
    """Join the truth of consecutive blocks along realization; truth without that dimension is the same in all."""
    return {
        name: _join([block[name] for block in blocks], variable.dims)
        if "realization" in variable.dims and len(blocks) > 1
        else variable
        for name, variable in blocks[0].items()
    }


def _join(parts: Sequence[xr.Variable], dims: tuple[Hashable, ...]) -> xr.Variable:
    axis = dims.index("realization")
    return xr.Variable(dims, np.concatenate([part.values for part in parts], axis), parts[0].attrs)
