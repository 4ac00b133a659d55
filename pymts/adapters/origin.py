"""Where the datasets of a source are stored, so that worker processes can reopen them."""

from __future__ import annotations

import json
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

from pymts.adapters.part import Part
from pymts.adapters.sources import Member, Source, fitting
from pymts.errors import InvalidParameterError, StoreError
from pymts.plan.configuration import Configuration
from pymts.plan.grid import Grid
from pymts.run.collection import DatasetSequence, load_grid
from pymts.run.generator import run
from pymts.store.cache import Store
from pymts.store.format.mapped import MappedValues
from pymts.store.place import Place
from pymts.store.stored import Stored


@dataclass(frozen=True)
class Origin:
    """A store, and the grid that selects from it unless all datasets are meant. It pickles as names, not data.

    ``places`` are the locations of the entries, in the order of the source.
    """

    root: Path
    grid: str | None = None  # as JSON
    indices: Sequence[int] = range(0)
    places: list[Place] = field(default_factory=list, compare=False)
    parts: tuple[Part, ...] | None = None  # parts of the places; None means all of each

    @classmethod
    def of(cls, source: Source, *, must: bool) -> Origin | None:
        """Return the origin of a source; missing datasets of a grid are generated and stored now.

        Raises
        ------
        InvalidParameterError
            If the source must be stored and is not.
        """
        found: Any = source
        if isinstance(found, str | Path) and Path(found).suffix != ".parquet":
            found = Store(found) if Path(found).is_dir() else load_grid(found)
        if isinstance(found, DatasetSequence) and found.cache is True:
            for outcome in run(((i, found.grid[i]) for i in found.indices), found.store, keep=False):
                if outcome.error is not None:
                    raise outcome.error
            return cls._located(found.store, found.grid, found.indices)
        if isinstance(found, Store):
            return cls._located(found, None, range(0))
        if isinstance(found, Stored):
            every = {place.name: index for index, place in enumerate(Store(found.root).places())}
            whole = cls._located(Store(found.root), None, range(0))
            return replace(whole, parts=tuple(Part(every[place.name]) for place in found.places))
        if not must:
            return None
        raise InvalidParameterError(
            "mapped=True needs a stored source: give a Store, a store's path, or a grid loaded with cache=True"
        )

    @classmethod
    def _located(cls, store: Store, grid: Grid | None, indices: Sequence[int]) -> Origin:
        if grid is None:
            return cls(store.root.absolute(), None, indices, store.places())
        places = [_place(store, grid[i]) for i in indices]
        text = json.dumps({**grid.to_mapping(), "max_cells": len(grid)})
        return cls(store.root.absolute(), text, indices, places)

    def __reduce__(self) -> tuple[Any, tuple[Any, ...]]:
        """Pickle as the names of the store and the grid."""
        grid = None if self.grid is None else zlib.compress(self.grid.encode())
        return _again, (self.root, grid, self.indices, len(self.places), self.parts)

    def members(self) -> list[Member]:
        """Return the datasets from their metadata, checked like those of any source."""
        if not self.places:
            raise InvalidParameterError(f"the source {self.root} is empty; give at least one dataset")
        whole = [_member(place, number) for number, place in enumerate(self.places)]
        if self.parts is None:
            return fitting(whole)
        return fitting([part.member(whole[part.index], number) for number, part in enumerate(self.parts)])

    def part(self, index: int) -> Part:
        """Return the place and the part of the dataset at a position."""
        return Part(index) if self.parts is None else self.parts[index]

    def open(self, index: int) -> MappedValues:
        """Return the mapped values of the whole dataset that contains the one at a position."""
        return self.places[self.part(index).index].values()


def _member(place: Place, number: int) -> Member:
    metadata = place.metadata()
    realizations, times, channels = metadata.data.shape
    truth = {one.name: tuple(one.dims) for one in metadata.variables if not one.is_coordinate}
    load = partial(place.read, lazy=True)
    return Member(number, metadata.attrs, (realizations, times, channels), truth, load)


def _place(store: Store, configuration: Configuration) -> Place:
    place = store.locate(configuration)
    if place is None:
        raise StoreError(f"{configuration.config_id} is no longer stored in {store.root}; create the dataset again")
    return place


def _again(
    root: Path, grid: bytes | None, indices: Sequence[int], count: int, parts: tuple[Part, ...] | None
) -> Origin:
    store = Store(root)
    content = None if grid is None else json.loads(zlib.decompress(grid))
    read = None if content is None else Grid.read(content, max_cells=content.pop("max_cells"))
    origin = Origin._located(store, read, indices)  # noqa: SLF001  (this is its constructor)
    if len(origin.places) != count:
        raise StoreError(
            f"{root} has {len(origin.places)} datasets, not the {count} it had before; create the dataset again"
        )
    return replace(origin, parts=parts)
