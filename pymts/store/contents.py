"""What is in a store, in either form: found by name, listed, verified, and looked after."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from pathlib import Path
from typing import Any

import pandas as pd
import xarray as xr

from pymts.errors import DamagedEntryError, StoreError, UnreadableWarning, nearest
from pymts.store.entries import housekeeping
from pymts.store.entries.housekeeping import EntryInfo, is_name, is_real_directory
from pymts.store.entries.inspection import Finding, identify, inspect
from pymts.store.packing.inspection import inspect_packed, inspect_shard
from pymts.store.packing.pack import SHARD_BYTES, Packing, pack, rebuild
from pymts.store.packing.packed import PackedEntry
from pymts.store.packing.shards import shards, with_name
from pymts.store.place import LooseEntry, Place
from pymts.store.remote.remote import Remote
from pymts.store.remote.transfer import Transfer, push
from pymts.store.stored import Stored


class Contents:
    """What lies under the root of a store, whatever configuration it is of."""

    root: Path

    def __repr__(self) -> str:
        """Say where it is."""
        return f"{type(self).__name__}({str(self.root)!r})"

    def open_id(self, config_id: str, *, lazy: bool = False) -> xr.Dataset:
        """Return a stored dataset by its name.

        Raises
        ------
        StoreError
            If there is none of this name.
        DamagedEntryError
            If it is not what was written.
        """
        return self.locate_id(config_id).read(lazy=lazy)

    def locate_id(self, config_id: str) -> Place:
        """Return where a stored dataset is, by its name.

        Raises
        ------
        StoreError
            If there is none of this name.
        DamagedEntryError
            If it is not what was written.
        """
        folder = self._folder(config_id)
        packed = list(self._packed(config_id))
        if folder is not None:
            try:
                if identify(folder) is not None:
                    return LooseEntry(folder)
            except DamagedEntryError:
                if not packed:
                    raise
        if not packed:
            raise self._unknown(config_id)
        return next((entry for entry in packed if entry.is_whole()), packed[0])

    def _packed(self, config_id: str) -> Iterator[PackedEntry]:
        return (entry for model in housekeeping.models(self.root) for entry in with_name(model, config_id))

    def _unknown(self, config_id: str) -> StoreError:
        return StoreError(f"{config_id!r} is not stored in {self.root}{nearest(config_id, self.ids())}")

    def _folder(self, config_id: str) -> Path | None:
        if is_name(config_id):
            for model in housekeeping.models(self.root):
                if is_real_directory(model / config_id):
                    return model / config_id
        return None

    def entries(self) -> Iterator[EntryInfo]:
        """Yield what is stored, in no order, from directories and manifests alone; what is in both forms once."""
        for model in housekeeping.models(self.root):
            try:
                yield from _entries_of(model)
            except StoreError as error:
                warnings.warn(f"{error}; it is left out", UnreadableWarning, stacklevel=2)

    def ids(self) -> Iterator[str]:
        """Yield the names of what is stored."""
        return (entry.config_id for entry in self.entries())

    def places(self) -> list[Place]:
        """Return where everything is, by name; the loose form is taken where there are both."""
        found: dict[str, Place] = {}
        for model in housekeeping.models(self.root):
            for shard in shards(model):
                for entry in shard.entries():
                    found.setdefault(entry.name, entry)
            for loose in housekeeping.entries_of(model):
                found[loose.config_id] = LooseEntry(loose.path)
        return [found[name] for name in sorted(found)]

    def __len__(self) -> int:
        """Count what is stored."""
        return len(self.places())

    def __bool__(self) -> bool:
        """Return True: an empty store is a store."""
        return True

    @property
    def datasets(self) -> Stored:
        """Everything that is stored, as a sequence of datasets that are read when they are asked for."""
        return Stored(self.root, tuple(self.places()))

    @property
    def table(self) -> pd.DataFrame:
        """One row per dataset: model, shape, seed and every parameter in which they differ."""
        return self.datasets.table

    def where(self, **conditions: Any) -> Stored:
        """Return the datasets whose model and parameters have the values given, or one of a list of values."""
        return self.datasets.where(**conditions)

    def verify(self, config_ids: Iterable[str] | None = None) -> Iterator[Finding]:
        """Compare every byte of every entry, or of some, with its digest; nothing is changed.

        A packed entry is reported as a loose one is. Without names, so is what is wrong with the files of a shard.
        """
        if config_ids is None:
            return self._verify_all()
        return (finding for config_id in config_ids for finding in self._verify_id(config_id))

    def _verify_id(self, config_id: str) -> Iterator[Finding]:
        folder, packed = self._folder(config_id), list(self._packed(config_id))
        if folder is None and not packed:
            raise self._unknown(config_id)
        return verify_forms(folder, packed)

    def _verify_all(self) -> Iterator[Finding]:
        for model in housekeeping.models(self.root):
            try:
                for loose in housekeeping.entries_of(model):
                    yield from verify_forms(loose.path, ())
                for shard in shards(model):
                    yield from verify_forms(None, shard.entries())
                    yield from inspect_shard(shard)
            except StoreError as error:
                yield Finding(f"{model.name}/", model.name, model, "unreadable", str(error))

    def quarantined(self) -> list[Path]:
        """Return the damaged entries that were set aside, the newest first."""
        return housekeeping.quarantined(self.root)

    def prune(self, stale_after: float = housekeeping.STALE_SECONDS) -> list[Path]:
        """Remove the quarantine and what dead writers left behind, and return it.

        A temporary is a dead writer's if its process has ended, or if nothing in it changed for so many seconds.
        """
        return housekeeping.prune(self.root, stale_after)

    def clear(self) -> list[Path]:
        """Remove every stored dataset as well, and return what was removed; files of others are left alone."""
        return housekeeping.clear(self.root)

    def pack(
        self, *, shard_bytes: int = SHARD_BYTES, remove: bool = False, advance: Callable[[], object] = lambda: None
    ) -> Packing:
        """Pack many small entries into few large files; see ``pymts.store.packing.pack.pack``."""
        return pack(self.root, shard_bytes=shard_bytes, remove=remove, advance=advance)

    def rebuild(self) -> Packing:
        """Make the manifests of the shards again; see ``pymts.store.packing.pack.rebuild``."""
        return rebuild(self.root)

    def push(self, remote: str | Remote, advance: Callable[[], object] = lambda: None) -> Transfer:
        """Upload everything that object storage lacks; see ``pymts.store.remote.transfer.push``."""
        return push(self.root, Remote(remote) if isinstance(remote, str) else remote, advance)


def _entries_of(model: Path) -> Iterator[EntryInfo]:
    seen = set()
    for loose in housekeeping.entries_of(model):
        seen.add(loose.config_id)
        yield loose
    for shard in shards(model):
        for entry in shard.entries():
            if entry.name not in seen:
                seen.add(entry.name)
                yield entry.info()


def verify_forms(folder: Path | None, packed: Iterable[PackedEntry]) -> Iterator[Finding]:
    """Compare every byte of the forms in which an entry is stored with its digests."""
    loose = [] if folder is None else [inspect(EntryInfo(folder.name, folder.parent.name, folder, 0, 0.0))]
    yield from (finding for finding in chain(loose, map(inspect_packed, packed)) if finding is not None)
