"""Where an entry lies: in a directory of its own, or packed in a shard."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import xarray as xr

from pymts.errors import DamagedEntryError
from pymts.store.entries.entry import PARQUET, read_entry
from pymts.store.entries.inspection import identify
from pymts.store.files import open_values
from pymts.store.format.mapped import MappedValues
from pymts.store.format.sidecar import Metadata
from pymts.store.packing.packed import PackedEntry


@dataclass(frozen=True)
class LooseEntry:
    """An entry in a directory of its own."""

    folder: Path

    @property
    def name(self) -> str:
        """The config_id, as the directory is named."""
        return self.folder.name

    @property
    def path(self) -> Path:
        """The Parquet file that holds the series."""
        return self.folder / f"{self.name}{PARQUET}"

    def metadata(self) -> Metadata:
        """Return the metadata, if they are those of this name and the files have the sizes that were written."""
        found = identify(self.folder)
        if found is None:
            raise DamagedEntryError(f"{self.folder} is missing")
        return found

    def values(self, *, verify: bool = True) -> MappedValues:
        """Return the series as views of the file."""
        return open_values(self.path, verify=verify)

    def read(self, *, lazy: bool = False) -> xr.Dataset:
        """Return the dataset; errors are those of ``read_entry``."""
        return read_entry(self.folder, self.name, lazy=lazy)


Place: TypeAlias = LooseEntry | PackedEntry
