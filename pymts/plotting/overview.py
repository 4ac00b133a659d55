"""One figure with the panels that suit a dataset."""

from __future__ import annotations

from typing import Any

import pandas as pd
import xarray as xr

from pymts.plotting.canvas import sign
from pymts.plotting.correlation import plot_correlation
from pymts.plotting.graph import has_links, plot_graph
from pymts.plotting.heatmap import plot_heatmap
from pymts.plotting.portrait import plot_embedding
from pymts.plotting.source import as_dataset, series
from pymts.plotting.spectrum import SHORTEST, plot_spectrum
from pymts.plotting.timeseries import plot_timeseries
from pymts.plotting.titles import title as title_of

WIDE = 100  # characters that fit above the figure
FEW = 6  # channels whose lines can be distinguished


def plot_overview(ds: xr.Dataset | pd.DataFrame, realization: int = 0, *, title: str | None = None) -> Any:
    """Plot the series, its heatmap, its spectrum, and its graph, theory or portrait in a new pyplot figure.

    Parameters
    ----------
    ds : xarray.Dataset or DataFrame
    realization : int
    title : str or None
        ``None`` names the model and its parameters.

    Returns
    -------
    array of Axes, (2, 2)
        ``axes[0, 0].figure`` is the figure.

    Raises
    ------
    InvalidParameterError
        If the realization does not exist.
    """
    from matplotlib import pyplot as plt  # noqa: PLC0415  (slow to import)

    dataset = as_dataset(ds)
    few = series(dataset, realization).channels[:FEW]  # raises for a missing realization before creating a figure
    figure, panels = plt.subplots(2, 2, figsize=(11, 7), layout="constrained")
    (lines, heat), (spectrum, last) = panels
    plot_timeseries(dataset, realization, channels=few, ax=lines, title="")
    plot_heatmap(dataset, realization, ax=heat, title="")
    if dataset.sizes["time"] >= SHORTEST:
        plot_spectrum(dataset, channels=few, ax=spectrum, title="")
    else:
        spectrum.set_axis_off()
    if has_links(dataset):
        plot_graph(dataset, ax=last, title="")
    elif "theory_acov" in dataset and dataset.sizes["time"] > 1:
        plot_correlation(dataset, ax=last, title="")
    elif dataset.sizes["time"] > 1:
        plot_embedding(dataset, realization=realization, ax=last, title="")
    else:
        last.set_axis_off()
    figure.suptitle(title_of(dataset, realization, WIDE) if title is None else title)
    sign(figure, dataset)
    return panels
