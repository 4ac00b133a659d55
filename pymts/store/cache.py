"""The store: a directory of generated datasets, each published whole and compared before it is served."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Literal

import xarray as xr

from pymts.data.block import Block
from pymts.errors import DamagedEntryError, DamagedEntryWarning, InvalidParameterError, StoreError
from pymts.plan import configuration as configurations
from pymts.plan.configuration import Configuration
from pymts.store import disk
from pymts.store.contents import Contents, verify_forms
from pymts.store.entries import housekeeping
from pymts.store.entries.entry import Source, read_entry, source_of, write_entry
from pymts.store.entries.housekeeping import check_real_directory, is_name
from pymts.store.entries.inspection import Finding, identify, may_hold
from pymts.store.entries.publish import publish
from pymts.store.entries.streamed import source_of_blocks
from pymts.store.packing.shards import with_digest, with_name
from pymts.store.place import LooseEntry, Place
from pymts.store.remote.remote import Item, Remote
from pymts.store.remote.transfer import Transfer, entry_in, pull, take

Durability = Literal["entry", "batch"]
VARIABLE = "PYMTS_DATA_HOME"


class Store(Contents):
    """A directory of datasets, ``<root>/<model>/<config_id>/<config_id>.parquet`` with its truth and metadata.

    Nothing is created before something is written.

    Parameters
    ----------
    root : path or None
        ``None`` takes the variable PYMTS_DATA_HOME, or else ./data.
    durability : "entry" or "batch"
        "entry" waits until each entry is on the disk. "batch" leaves that to one call of ``sync`` at the end: a power
        cut before it loses entries; what is lost in part is found out, as all damage is, and never served.
    remote : str, Remote or None
        Object storage such as ``s3://bucket/prefix``. What is not in the directory is fetched from there if it is
        there, and what is written is uploaded before it appears in the directory.
    """

    def __init__(
        self,
        root: str | Path | None = None,
        durability: Durability = "entry",
        remote: str | Remote | None = None,
    ) -> None:
        self.root = Path(root if root is not None else os.environ.get(VARIABLE) or "data").expanduser()
        if durability not in ("entry", "batch"):
            raise InvalidParameterError(f"durability must be 'entry' or 'batch', got {durability!r}")
        self.durability = durability
        self.remote = Remote(remote) if isinstance(remote, str) else remote

    # Looking

    def _rungs(self, configuration: Configuration) -> list[Path]:
        """Return where a configuration may be, in order: longer names are for those whose shorter one is taken."""
        names = [configuration.name(length) for length in configurations.HASH_LENGTHS]
        for name in (configuration.model.name, *names):
            if not is_name(name):
                raise StoreError(f"{name!r} cannot be the name of a directory of the store")
        return [self.root / configuration.model.name / name for name in names]

    def path(self, configuration: Configuration) -> Path:
        """Return the Parquet file of a configuration: where it is, in a shard if it is packed, or would be written."""
        return self.place(configuration).path

    def place(self, configuration: Configuration) -> Place:
        """Return where a configuration is, or would be written."""
        found = self.locate(configuration)
        return LooseEntry(self._target(configuration)) if found is None else found

    def find(self, configuration: Configuration) -> Path | None:
        """Return the directory that holds a configuration, if its identity and sizes are right; values are not read."""
        place = self.locate(configuration)
        return None if place is None else place.path.parent

    def locate(self, configuration: Configuration) -> Place | None:
        """Return where a configuration is, loose or packed, if its identity and sizes are right; it may be fetched."""
        found = self._locate(configuration)
        return self._locate(configuration) if found is None and self._fetch(configuration) else found

    def _locate(self, configuration: Configuration) -> Place | None:
        for folder in self._rungs(configuration):
            with suppress(DamagedEntryError):
                metadata = identify(folder)
                if metadata is not None and metadata.digest == configuration.digest:
                    return LooseEntry(folder)
        for entry in with_digest(self.root / configuration.model.name, configuration.digest):
            with suppress(DamagedEntryError):
                entry.layout(entry.metadata())
                return entry
        return None

    def __contains__(self, configuration: Configuration) -> bool:
        """Tell whether a configuration is stored, here or remotely; nothing is fetched."""
        return self._locate(configuration) is not None or self._item(configuration) is not None

    def load(self, configuration: Configuration, *, lazy: bool = False, heal: bool = True) -> xr.Dataset | None:
        """Return the dataset of a configuration, or None if it is not stored.

        A damaged entry counts as not stored: a DamagedEntryWarning says what is wrong with it, and it is moved to
        quarantine.

        Parameters
        ----------
        configuration : Configuration
        lazy : bool
            Read the series when it is asked for. Its values are compared then, and a difference raises
            DamagedEntryError.
        heal : bool
            False leaves a damaged entry where it is.

        Raises
        ------
        StoreError
            If an entry is there and cannot be read.
        TooLargeError
            If the series does not fit in memory and is not asked for lazily.
        """
        found = self._load(configuration, lazy, heal)
        return self._load(configuration, lazy, heal) if found is None and self._fetch(configuration) else found

    def _load(self, configuration: Configuration, lazy: bool, heal: bool) -> xr.Dataset | None:
        for folder in self._rungs(configuration):
            for again in (False, True):  # another process may have replaced or removed it while it was read
                try:
                    dataset = _serve(folder, configuration, lazy)
                except DamagedEntryError as error:
                    if again:
                        self._dismiss(folder, error, heal)
                    continue
                if dataset is not None:
                    return dataset
                break
        for entry in with_digest(self.root / configuration.model.name, configuration.digest):
            try:
                return entry.read(lazy=lazy)
            except DamagedEntryError as error:
                _warn(entry.name, error, "it is not served")
        return None

    def _item(self, configuration: Configuration) -> Item | None:
        """Return a configuration, or a shard that has it, in object storage; what is damaged there is told."""
        if self.remote is None:
            return None
        try:
            return self.remote.find(configuration.model.name, configuration.config_id, configuration.digest)
        except DamagedEntryError as error:
            _warn(configuration.config_id, error, "it is not taken from there")
            return None

    def _fetch(self, configuration: Configuration) -> bool:
        item = self._item(configuration)
        if item is None or self.remote is None:
            return False
        if item.digest is not None and item.name != self._target(configuration).name:
            return False  # what bears its name here is another configuration
        try:
            self._prepare()
            take(self.root, self.remote, item, self._dismiss, sync=self._sync)
        except DamagedEntryError as error:
            _warn(configuration.config_id, error, "it is not taken from there")
            return False
        return True

    def _dismiss(self, folder: Path, error: DamagedEntryError, heal: bool = True) -> None:
        """Move a damaged entry out of the way, and say so."""
        outcome = "it is not served"
        if heal:
            try:
                outcome = f"it is not served, and has been moved to {housekeeping.set_aside(self.root, folder)}"
            except OSError as failure:
                outcome = f"it is not served, and cannot be moved to quarantine: {disk.reason(failure)}"
        _warn(folder.name, error, outcome)

    # Writing

    def save(self, configuration: Configuration, dataset: xr.Dataset) -> Path:
        """Store the dataset of a configuration and return its Parquet file.

        Raises
        ------
        InvalidParameterError
            If the dataset is not that of the configuration.
        StoreError
            If it cannot be written; nothing of it is left then, and what is stored is unharmed.
        """
        source = source_of(dataset)
        same = dataset.attrs.get("config") == configuration.canonical
        if not same or dataset.attrs.get("digest") != configuration.digest or source.shape != configuration.shape:
            raise InvalidParameterError(
                f"the dataset is not the one of {configuration.config_id}; keep what you changed with save_parquet"
            )
        return self._publish(configuration, source)

    def write(self, configuration: Configuration, blocks: Iterable[Block]) -> Path:
        """Store a configuration from consecutive blocks of realizations and return its Parquet file.

        No more than a block is in memory at a time, beside the truth.

        Raises
        ------
        StoreError
            If it cannot be written; nothing of it is left then, and what is stored is unharmed.
        """
        return self._publish(configuration, source_of_blocks(configuration, blocks))

    def check_writable(self) -> None:
        """Raise StoreError unless the store can be written; its root is made if it is missing."""
        try:
            self._prepare()
            with disk.temporary_directory(self.root):
                pass
        except OSError as error:
            raise disk.cannot_write(self.root, error) from None

    def sync(self) -> None:
        """Wait until everything is on the disk; needed at the end with durability "batch"."""
        disk.sync_all()

    @property
    def _sync(self) -> bool:
        return self.durability == "entry"

    def _prepare(self) -> None:
        disk.make_directories(self.root, self._sync)
        housekeeping.mark(self.root, self._sync)

    def _target(self, configuration: Configuration) -> Path:
        """Return where a configuration may be written: the first name that is not another's."""
        for folder in self._rungs(configuration):
            try:
                metadata = identify(folder)
            except DamagedEntryError:
                return folder  # it is moved to quarantine when it stands in the way
            if metadata is None:
                named = with_name(folder.parent, folder.name)
                if all(entry.digest == configuration.digest for entry in named):
                    return folder
            elif metadata.digest == configuration.digest:
                return folder
        raise StoreError(f"every name of {configuration.config_id} in {self.root} is taken by another configuration")

    def _publish(self, configuration: Configuration, source: Source) -> Path:
        model = self.root / configuration.model.name
        folder = self._target(configuration)
        try:
            self._prepare()
            disk.make_directories(model, self._sync)
            check_real_directory(model)
            with disk.temporary_directory(model) as draft:
                write_entry(draft, folder.name, replace(source, config_id=folder.name), sync=self._sync)
                if self.remote is not None:  # first, so that what is here is there
                    self.remote.upload(entry_in(draft, model.name, folder.name), draft)
                publish(draft, folder, configuration.digest, self._dismiss)
            if self._sync:
                disk.sync_directory(model)
        except OSError as error:
            raise disk.cannot_write(folder, error) from None
        return folder / f"{folder.name}.parquet"

    # Verifying and copying

    def verify_configuration(self, configuration: Configuration) -> Iterator[Finding]:
        """Do the same for each form in which a configuration is stored."""
        target = next((f for f in self._rungs(configuration) if may_hold(f, configuration.digest)), None)
        return verify_forms(target, with_digest(self.root / configuration.model.name, configuration.digest))

    def pull(
        self, remote: str | Remote, keys: Iterable[str] | None = None, advance: Callable[[], object] = lambda: None
    ) -> Transfer:
        """Download everything that is missing here, or some of it by key; see ``pymts.store.remote.transfer.pull``."""
        source = Remote(remote) if isinstance(remote, str) else remote
        wanted = source.finished() if keys is None else keys
        self._prepare()
        return pull(self.root, source, wanted, self._dismiss, advance, sync=self._sync)


def _warn(name: str, error: DamagedEntryError, outcome: str) -> None:
    warnings.warn(f"{name} is damaged: {error}; {outcome}", DamagedEntryWarning, stacklevel=4)


def _serve(folder: Path, configuration: Configuration, lazy: bool) -> xr.Dataset | None:
    metadata = identify(folder)
    if metadata is None or metadata.digest != configuration.digest:
        return None
    return read_entry(folder, folder.name, lazy=lazy, metadata=metadata)
