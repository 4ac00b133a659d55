"""What a store has, as a sequence: listed from the metadata, read when it is asked for."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, overload

import pandas as pd
import xarray as xr

from pymts.errors import nearest
from pymts.plan.choosing import matching, positions
from pymts.store.place import Place


@dataclass(frozen=True)
class Stored(Sequence[xr.Dataset]):
    """Datasets of a store, in the order of their names. Index by position or config_id, slice, list or mask."""

    root: Path
    places: tuple[Place, ...]

    def __len__(self) -> int:
        """Count them."""
        return len(self.places)

    @overload
    def __getitem__(self, key: int | str) -> xr.Dataset: ...

    @overload
    def __getitem__(self, key: Any) -> Stored: ...

    def __getitem__(self, key: Any) -> xr.Dataset | Stored:
        """Return the dataset at a position or of a config_id, or those of a slice, a list or a boolean mask."""
        if isinstance(key, str):
            return self.places[self._position(key)].read()
        if isinstance(key, int):
            return self.places[key].read()
        return Stored(self.root, tuple(self.places[index] for index in positions(key, len(self), self._position)))

    def _position(self, name: str) -> int:
        names = self.config_ids
        if name not in names:
            raise KeyError(f"{name!r} is not stored here{nearest(name, names)}")
        return names.index(name)

    @property
    def config_ids(self) -> list[str]:
        """The names of the datasets, in order."""
        return [place.name for place in self.places]

    @cached_property
    def parameters(self) -> list[dict[str, Any]]:
        """The model and the parameters of each dataset, from its metadata."""
        found = []
        for place in self.places:
            config = json.loads(place.metadata().attrs.get("config", "{}"))
            found.append({"model": config.get("model"), **config.get("params", {})})
        return found

    @cached_property
    def table(self) -> pd.DataFrame:
        """One row per dataset: model, shape, seed and every parameter in which they differ; no series is read."""
        first = ["model", "M", "T", "n_realizations"]
        names = dict.fromkeys(name for row in self.parameters for name in row if name not in (*first, "seed"))
        varying = [name for name in names if len({repr(row.get(name)) for row in self.parameters}) > 1]
        rows = [{name: row.get(name) for name in (*first, *varying, "seed")} for row in self.parameters]
        return pd.DataFrame(rows, index=pd.Index(self.config_ids, name="config_id"))

    def where(self, **conditions: Any) -> Stored:
        """Return the datasets whose model and parameters have the values given, or one of a list of values.

        Raises
        ------
        InvalidParameterError
            If no dataset has a parameter of this name, or none matches.
        """
        return self[list(matching(self.parameters, conditions))]

    def __repr__(self) -> str:
        """Say how many there are and where."""
        return f"<Stored: {len(self)} datasets in {self.root}>"
