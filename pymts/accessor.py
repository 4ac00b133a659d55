"""``ds.pymts``: shortcuts to plain functions, on every dataset with dims (time, channel, realization)."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from pymts.adapters import graphs
from pymts.data import dataset as functions
from pymts.data import selection
from pymts.data.truth import TRUTH


class Plotter:
    """The functions of ``pymts.plotting`` for one dataset."""

    def __init__(self, dataset: xr.Dataset) -> None:
        self._dataset = dataset

    def __call__(self, **options: Any) -> Any:
        """Draw ``pymts.plotting.plot_overview`` and return its Axes."""
        return self.overview(**options)

    def __getattr__(self, name: str) -> Any:
        """Return ``pymts.plotting.plot_<name>`` bound to the dataset."""
        from pymts.plotting import KINDS  # noqa: PLC0415  (needs matplotlib)

        if name not in KINDS:
            raise AttributeError(f"there is no plot {name!r}; choose from {', '.join(KINDS)}")
        return partial(KINDS[name], self._dataset)

    def __dir__(self) -> list[str]:
        """List the plots."""
        from pymts.plotting import KINDS  # noqa: PLC0415

        return list(KINDS)


@xr.register_dataset_accessor("pymts")  # type: ignore[no-untyped-call]  # xarray declares no type
class PymtsAccessor:
    """Methods that PyMTS adds to a dataset."""

    def __init__(self, dataset: xr.Dataset) -> None:
        self._dataset = dataset

    def to_numpy(self) -> NDArray[np.float64]:
        """Return the series as an array of shape (time, channel, realization)."""
        return functions.to_numpy(self._dataset)

    def to_dataframe(self) -> pd.DataFrame:
        """Return the long form: time, channel, realization, value, config_id."""
        return functions.to_dataframe(self._dataset)

    def select(self, channel: Any = None, time: slice | None = None, realization: Any = None) -> xr.Dataset:
        """Return a part of the dataset and its truth: ``pymts.data.selection.select``."""
        return selection.select(self._dataset, channel, time, realization)

    def rename(self, channels: Sequence[Any]) -> xr.Dataset:
        """Return the dataset with new channel labels, in the series and in the truth."""
        return selection.rename(self._dataset, channels)

    def graph(self, *, diagonal: bool = True, signed: bool = False) -> xr.DataArray:
        """Return the true graph, (target, source): ``pymts.adapters.graphs.graph``."""
        return graphs.graph(self._dataset, diagonal=diagonal, signed=signed)

    def edges(self, *, diagonal: bool = True) -> pd.DataFrame:
        """Return the true graph with one row per edge, with lag and sign: ``pymts.adapters.graphs.edges``."""
        return graphs.edges(self._dataset, diagonal=diagonal)

    def to_networkx(self, *, diagonal: bool = True) -> Any:
        """Return the true graph as a ``networkx.DiGraph``."""
        return graphs.to_networkx(self._dataset, diagonal=diagonal)

    @property
    def plot(self) -> Plotter:
        """Plots: ``ds.pymts.plot()`` for an overview, or a single one such as ``ds.pymts.plot.heatmap()``."""
        return Plotter(self._dataset)

    def to_xy(self, **options: Any) -> Any:
        """Return rows of features and labels for scikit-learn: ``pymts.adapters.sklearn.to_xy``."""
        from pymts.adapters.sklearn import to_xy  # noqa: PLC0415  (needs scikit-learn)

        return to_xy(self._dataset, **options)

    def to_torch(self, context_length: int, **options: Any) -> Any:
        """Return windows for PyTorch: ``pymts.adapters.torch.WindowDataset``."""
        from pymts.adapters.torch import WindowDataset  # noqa: PLC0415  (needs torch)

        return WindowDataset(self._dataset, context_length, **options)

    def to_numpy3d(self) -> NDArray[np.float64]:
        """Return the series as expected by aeon and sktime, (realization, channel, time)."""
        from pymts.adapters.panel import to_numpy3d  # noqa: PLC0415  (a call up the layers)

        return to_numpy3d(self._dataset)

    def to_long(self, **options: Any) -> pd.DataFrame:
        """Return the series in the format of Nixtla's libraries: ``pymts.adapters.panel.to_long``."""
        from pymts.adapters.panel import to_long  # noqa: PLC0415  (a call up the layers)

        return to_long(self._dataset, **options)

    @property
    def truth(self) -> xr.Dataset:
        """The ground truth: every variable except the series."""
        return self._dataset[[str(name) for name in self._dataset.data_vars if name in TRUTH]]

    @property
    def config(self) -> dict[str, Any]:
        """The configuration that made the dataset: model, version and every parameter."""
        config: dict[str, Any] = json.loads(self._dataset.attrs["config"])
        return config

    @property
    def config_id(self) -> str:
        """The name of the configuration, ``<slug>__<hash8>``."""
        return str(self._dataset.attrs["config_id"])
