"""Checks whether regenerating a stored dataset gives the stored values."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from pymts.data.dataset import DATA
from pymts.errors import PymtsError
from pymts.models.registry import get_model
from pymts.plan.configuration import Configuration
from pymts.run.simulate import simulate_blocks

# Elementary functions differ in the last bit between machine classes; contracting systems keep this small.
RTOL = 1e-9


def compare_with_regenerated(stored: xr.Dataset, same_machine_class: bool) -> str:
    """Return a description of the difference, or an empty string.

    On the machine class that made the dataset, every bit must be equal; on another, values must agree to 1e-9 of their
    spread. Chaotic models achieve this only over the first Lyapunov times, and the text says so.
    """
    identity = json.loads(stored.attrs["config"])
    try:
        configuration = Configuration.of(get_model(identity["model"]), identity["params"])
        if configuration.digest != stored.attrs["digest"]:
            version = configuration.model.version
            return f"it was made by version {identity['version']} of the model; version {version} cannot regenerate it"
        for block in simulate_blocks(configuration):
            part = slice(block.realizations.start, block.realizations.stop)
            found = stored[DATA].isel(realization=part).transpose("realization", "time", "channel").values
            problem = _difference(found, block.values, same_machine_class)
            if problem:
                return f"realizations {part.start} to {part.stop - 1}: {problem}"
            for name, variable in block.truth.items():
                expected = variable.values
                kept = stored[name].isel(realization=part) if "realization" in variable.dims else stored[name]
                problem = _difference(kept.values, expected, same_machine_class)
                if problem:
                    return f"{name}: {problem}"
    except PymtsError as error:
        return f"it cannot be regenerated: {error}"
    return ""


def _difference(stored: NDArray[Any], made: NDArray[Any], same_machine_class: bool) -> str:
    if stored.shape != made.shape:
        return f"the stored shape is {stored.shape}, the regenerated shape {made.shape}"
    if same_machine_class:
        count = int(np.count_nonzero(stored.view(f"u{stored.itemsize}") != made.view(f"u{made.itemsize}")))
        return f"{count} of {made.size} values differ in their bits" if count else ""
    spread = float(np.max(np.abs(made), initial=1e-300))
    worst = float(np.max(np.abs(stored - made), initial=0.0)) / spread
    note = "made on another machine class; chaotic models agree over the first Lyapunov times only"
    return f"values differ by up to {worst:.1e} of their size ({note})" if worst > RTOL else ""
