"""Views of parts of a source, without reading them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, overload

import numpy as np
import pandas as pd
import xarray as xr

from pymts.adapters.origin import Origin
from pymts.adapters.part import Part
from pymts.adapters.sources import Member, Source, fitting, members
from pymts.errors import InvalidParameterError, nearest
from pymts.plan.choosing import matching, positions


@dataclass(frozen=True, eq=False)
class View(Sequence[xr.Dataset]):
    """Selected configurations, realizations, channels and time ranges of a source; accepted by every adapter.

    A view of stored data is lazy, and ``WindowDataset(view, ..., mapped=True)`` reads it in place.

    Examples
    --------
    >>> from pymts.adapters import View
    >>> from pymts.datasets import load_grid
    >>> grid = load_grid([{"model": "var", "T": 100, "M": 3, "rho": [0.5, 0.9], "n_realizations": 4}], cache=False)
    >>> part = View.of(grid).where(rho=0.9).select(realization=[0, 1], channel=[2, 0], time=slice(0, 50))
    >>> part[0].data.shape
    (50, 2, 2)
    """

    whole: tuple[Member, ...]
    parts: tuple[Part, ...]
    origin: Origin | None = None

    @classmethod
    def of(cls, source: Source | View) -> View:
        """Return a source as a view of all of it.

        Missing datasets of a stored grid are generated now; afterwards the view only reads.
        """
        if isinstance(source, View):
            return source
        origin = Origin.of(source, must=False)
        found = members(source) if origin is None else origin.members()
        return cls(tuple(found), tuple(Part(index) for index in range(len(found))), origin)

    def as_members(self) -> list[Member]:
        """Return the parts as the members of a source."""
        if not self.parts:
            raise InvalidParameterError("the view is empty; select at least one dataset")
        return fitting([part.member(self.whole[part.index], number) for number, part in enumerate(self.parts)])

    def as_origin(self) -> Origin | None:
        """Return where the parts are stored, if they are."""
        return None if self.origin is None else replace(self.origin, parts=self.parts)

    def __len__(self) -> int:
        """Return the number of datasets."""
        return len(self.parts)

    @overload
    def __getitem__(self, key: int | str) -> xr.Dataset: ...

    @overload
    def __getitem__(self, key: Any) -> View: ...

    def __getitem__(self, key: Any) -> xr.Dataset | View:
        """Return one dataset by position or config_id, or a view for a slice, a list or a boolean mask."""
        if isinstance(key, int | str):
            part = self.parts[self._position(key) if isinstance(key, str) else key]
            return part.cut(self.whole[part.index].load())
        chosen = positions(key, len(self), self._position)
        return replace(self, parts=tuple(self.parts[index] for index in chosen))

    def _position(self, name: str) -> int:
        names = self.config_ids
        if name not in names:
            raise KeyError(f"{name!r} is not in this view{nearest(name, names)}")
        return names.index(name)

    @property
    def config_ids(self) -> list[str]:
        """The names of the configurations, in order."""
        return [self.whole[part.index].name for part in self.parts]

    @cached_property
    def table(self) -> pd.DataFrame:
        """One row per dataset: model, the shape of the part, and every parameter in which the datasets differ."""
        rows = []
        for part in self.parts:
            member = self.whole[part.index]
            realizations, times, channels = part.shape(member.shape)
            shape = {"M": channels, "T": times, "n_realizations": realizations}
            rows.append({"model": member.model, **member.params, **shape})
        own = ("model", "M", "T", "n_realizations")
        names = dict.fromkeys(name for row in rows for name in row if name not in (*own, "seed"))
        varying = [name for name in names if len({repr(row.get(name)) for row in rows}) > 1]
        kept = [{name: row.get(name) for name in (*own, *varying, "seed")} for row in rows]
        return pd.DataFrame(kept, index=pd.Index(self.config_ids, name="config_id"))

    def where(self, **conditions: Any) -> View:
        """Return the datasets whose model and parameters have the given values, or one of a list of values.

        Raises
        ------
        InvalidParameterError
            If no dataset has a parameter of this name, or none matches.
        """
        of_parts = [self.whole[part.index] for part in self.parts]
        return self[list(matching(({"model": one.model, **one.params} for one in of_parts), conditions))]

    def select(self, *, realization: Any = None, channel: Any = None, time: slice | None = None) -> View:
        """Return the same part of every dataset, by position within the view.

        Parameters
        ----------
        realization, channel : int, list of int, slice or None
        time : slice or None
            Sample numbers, without a step.

        Raises
        ------
        InvalidParameterError
            If a position does not exist, or nothing is left.
        """
        if time is not None and (not isinstance(time, slice) or time.step not in (None, 1)):
            raise InvalidParameterError(f"time must be a slice of sample numbers without a step, got {time!r}")
        parts = []
        for part in self.parts:
            realizations, times, channels = part.shape(self.whole[part.index].shape)
            changes: dict[str, Any] = {}
            if realization is not None:
                changes["realizations"] = _inside("realization", realization, realizations, part.realizations)
            if channel is not None:
                changes["channels"] = _inside("channel", channel, channels, part.channels)
            if time is not None:
                start, stop, _ = time.indices(times)
                if start >= stop:
                    raise InvalidParameterError(f"time={time!r} leaves nothing of {times} samples")
                offset = part.time[0] if part.time else 0
                changes["time"] = (offset + start, offset + stop)
            parts.append(replace(part, **changes))
        return replace(self, parts=tuple(parts))

    def __repr__(self) -> str:
        """Show the number of datasets and their store."""
        where = "" if self.origin is None else f" in {self.origin.root}"
        return f"<View of {len(self)} datasets{where}>"


def _inside(name: str, key: Any, total: int, before: tuple[int, ...] | None) -> tuple[int, ...]:
    """Map positions within the view to positions in the dataset."""
    if isinstance(key, slice):
        chosen = list(range(total)[key])
    else:
        asked = np.atleast_1d(np.asarray(key))
        chosen = np.flatnonzero(asked).tolist() if asked.dtype == bool and asked.shape == (total,) else asked.tolist()
    wrong = [one for one in chosen if isinstance(one, bool) or not isinstance(one, int) or not -total <= one < total]
    if wrong or not chosen:
        raise InvalidParameterError(f"{name} must be positions from 0 to {total - 1}, at least one, got {key!r}")
    inside = [one % total for one in chosen]
    return tuple(inside if before is None else (before[one] for one in inside))
