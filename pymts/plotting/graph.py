"""The true graph as a matrix."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from pymts.adapters.libraries import require
from pymts.errors import InvalidParameterError
from pymts.plotting.canvas import COMMAND, axes
from pymts.plotting.source import as_dataset


def plot_graph(ds: xr.Dataset | pd.DataFrame, ax: Any = None) -> Any:
    """Draw the adjacency, sources along x and targets along y, and return the Axes.

    Raises
    ------
    InvalidParameterError
        If the dataset has no adjacency.
    MissingLibraryError
        If matplotlib or seaborn is not installed.
    """
    dataset = as_dataset(ds)
    if "adjacency" not in dataset:
        raise InvalidParameterError("plot_graph needs the variable 'adjacency', which this dataset does not have")
    ax = axes(ax)
    weights = np.asarray(dataset["adjacency"].transpose("target", "source").values, dtype=float)
    bound = float(np.abs(weights).max()) or 1.0
    colours = require("seaborn.cm", "the graph", COMMAND).icefire
    image = ax.imshow(weights, cmap=colours, vmin=-bound, vmax=bound)
    ax.figure.colorbar(image, ax=ax, label="weight")
    ax.set(xlabel="source", ylabel="target", title=str(dataset.attrs.get("config_id", "")))
    return ax
