"""One figure with the panels that fit a dataset."""

from __future__ import annotations

from typing import Any

import pandas as pd
import xarray as xr

from pymts.adapters.libraries import require
from pymts.plotting.canvas import COMMAND
from pymts.plotting.correlation import plot_correlation
from pymts.plotting.embedding import plot_embedding
from pymts.plotting.graph import plot_graph
from pymts.plotting.heatmap import plot_heatmap
from pymts.plotting.source import as_dataset
from pymts.plotting.spectrum import plot_spectrum
from pymts.plotting.timeseries import plot_timeseries

FEW = 6  # channels whose lines can be told apart


def plot_overview(ds: xr.Dataset | pd.DataFrame, realization: int = 0) -> Any:
    """Draw the series, its heatmap, its spectrum, and its graph, theory or phase portrait; return the Figure.

    Raises
    ------
    InvalidParameterError
        If the realization does not exist.
    MissingLibraryError
        If matplotlib or seaborn is not installed.
    """
    dataset = as_dataset(ds)
    figure = require("matplotlib.figure", "plotting", COMMAND).Figure(figsize=(11, 7), layout="constrained")
    (lines, heat), (spectrum, last) = figure.subplots(2, 2)
    plot_timeseries(dataset, realization, channels=dataset["channel"].values[:FEW], ax=lines)
    plot_heatmap(dataset, realization, ax=heat)
    if dataset.sizes["time"] >= 8:
        plot_spectrum(dataset, channels=dataset["channel"].values[:FEW], ax=spectrum)
    else:
        spectrum.set_axis_off()
    if "adjacency" in dataset and bool(dataset["adjacency"].any()):
        plot_graph(dataset, ax=last)
    elif "theory_acov" in dataset and dataset.sizes["time"] > 1:
        plot_correlation(dataset, ax=last)
    elif dataset.sizes["time"] > 1:
        plot_embedding(dataset, realization=realization, ax=last)
    else:
        last.set_axis_off()
    for ax in (lines, heat, spectrum, last):
        ax.set_title("")
    figure.suptitle(str(dataset.attrs.get("config_id", "")))
    return figure
