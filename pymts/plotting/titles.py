"""Titles of plots: the model and its non-default parameters."""

from __future__ import annotations

import json
from typing import Any

import xarray as xr

from pymts.models.docstrings import ordered_fields
from pymts.models.registry import MODELS

LONGEST = 46  # characters that fit above axes
# Omitted from titles: visible in the plot, or only useful in a name.
_LEFT_OUT = frozenset({"T", "n_realizations", "seed", "burn_in", "sample_every"})


def title(dataset: xr.Dataset, realization: int | None = None, longest: int = LONGEST) -> str:
    """Return a title such as "Kuramoto, K=4, M=200, realization 0".

    The realization is named if there are several. Parameters beyond ``longest`` characters are replaced by "...".
    """
    parts = _parts(dataset)
    end = [] if realization is None or dataset.sizes.get("realization", 1) == 1 else [f"realization {realization}"]
    while len(parts) > 2 and len(", ".join(parts + end)) > longest:
        parts = [*parts[:-1], "..."] if parts[-1] != "..." else [*parts[:-2], "..."]
    return ", ".join(parts + end)


def _parts(dataset: xr.Dataset) -> list[str]:
    """Return the model's title and its non-default parameters, the model's own first."""
    text = dataset.attrs.get("config")
    if not isinstance(text, str):
        return [str(dataset.attrs.get("config_id", ""))]
    config: dict[str, Any] = json.loads(text)
    model = MODELS.get(str(config.get("model")))
    if model is None:
        return [str(config.get("model"))]
    given = config.get("params", {})
    parts = [model.title]
    for name, field in ordered_fields(model.params):
        value = given.get(name, field.default)
        if name in _LEFT_OUT or field.exclude or value == field.default:
            continue
        if isinstance(value, bool | int | float | str):
            parts.append(f"{name}={value:g}" if isinstance(value, float) else f"{name}={value}")
    return parts
