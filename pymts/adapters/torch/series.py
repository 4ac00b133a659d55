"""Whole series for PyTorch: classification, parameter regression, graph recovery."""

from __future__ import annotations

import torch

from pymts.adapters.sources import Source
from pymts.adapters.targets import FUTURE, MODEL
from pymts.adapters.torch.windows import Layout, WindowDataset
from pymts.errors import InvalidParameterError


class SeriesDataset(WindowDataset):
    """Whole realizations, each with a label.

    Parameters
    ----------
    source : xarray.Dataset, list of xarray.Dataset, DatasetSequence, Store or path
        All series must have the same T and M.
    target : str
        "model", the name of a parameter, or of a truth variable such as "adjacency". Models, strings and booleans are
        numbered as ``classes``.
    layout : "TC" or "CT"
    dtype : torch.dtype
    mapped : bool
        Read the series from the files of the store on access.

    Raises
    ------
    InvalidParameterError
        If the series differ in length, or the target is unknown.

    Examples
    --------
    >>> from pymts.adapters.torch import SeriesDataset
    >>> from pymts.datasets import make_ar, make_cml
    >>> series = SeriesDataset([make_ar(T=50, seed=1), make_cml(T=50, seed=1)])
    >>> x, label = series[1]
    >>> tuple(x.shape), series.classes[label]
    ((50, 5), 'cml')
    """

    def __init__(
        self,
        source: Source,
        target: str = MODEL,
        layout: Layout = "TC",
        dtype: torch.dtype = torch.float32,
        *,
        mapped: bool = False,
    ) -> None:
        if target == FUTURE:
            raise InvalidParameterError("a whole series has no future; use WindowDataset for target 'future'")
        super().__init__(source, None, target=target, layout=layout, dtype=dtype, mapped=mapped)
