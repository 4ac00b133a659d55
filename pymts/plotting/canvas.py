"""Axes to draw on, without pyplot's list of open figures."""

from __future__ import annotations

from typing import Any

from pymts.adapters.libraries import require

COMMAND = "pip install matplotlib seaborn"


def axes(ax: Any = None) -> Any:
    """Return ``ax``, or the only Axes of a new figure; the figure is freed with the last name of it.

    Raises
    ------
    MissingLibraryError
        If matplotlib is not installed.
    """
    figure = require("matplotlib.figure", "plotting", COMMAND)
    return figure.Figure(layout="constrained").subplots() if ax is None else ax
