"""A store's datasets in object storage: data first, then the metadata that make them visible, and these only once.

Two writers of one name may come in any order, so data bear the digest of their content as name: to write one again
changes nothing. The metadata are created only where there are none, after the data: what they name is there, and an
upload that stops before them is never seen.

``<url>/<model>/<config_id, with the whole digest>/`` holds ``metadata.json``, ``<xxh3>.parquet`` and
``<xxh3>.truth.npz``; ``<url>/<model>/packed/<shard>/`` holds a shard in the same way.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import xxhash

from pymts.errors import DamagedEntryError, StoreError
from pymts.store import disk
from pymts.store.entries.entry import METADATA, PARQUET, TRUTH
from pymts.store.entries.housekeeping import PACKED, is_name
from pymts.store.format.sidecar import File, Metadata
from pymts.store.packing.manifest import MANIFEST, SERIES, SIDECARS, Manifest, Seal, parse_manifest
from pymts.store.remote.objects import Objects

COMMIT = "metadata.json"
LISTING_SECONDS = 30.0  # a listing is believed for so long; what has come since is made again, and found to be there


@dataclass(frozen=True)
class Item:
    """An entry or a shard as objects.

    ``name`` is that of its directory in a store, ``key`` where it lies below the URL, ``files`` are its files but the
    metadata, by suffix, and ``seal`` the bytes of the metadata, which tell the digest of each file. ``digest`` is that
    of the configuration, None for a shard.
    """

    model: str
    name: str
    key: str
    files: Mapping[str, File]
    seal: bytes
    digest: str | None

    @classmethod
    def shard(cls, model: str, name: str, raw: bytes, where: object) -> Item:
        """Return a shard from its metadata, or raise DamagedEntryError."""
        seal = Seal.from_bytes(raw, where)
        if seal.model != model:
            raise DamagedEntryError(f"{where} is a shard of {seal.model!r}, moved here")
        files = {SERIES: seal.series, SIDECARS: seal.sidecars, MANIFEST: seal.manifest}
        return cls(model, name, f"{model}/{PACKED}/{name}", files, raw, None)

    @classmethod
    def entry(cls, model: str, raw: bytes, where: object) -> Item:
        """Return an entry from its metadata, or raise DamagedEntryError."""
        metadata = Metadata.from_bytes(raw, where)
        metadata.check_identity(model, metadata.name, where)
        if metadata.digest is None or not is_name(metadata.name):
            raise DamagedEntryError(f"{where} is named {metadata.name!r}")
        files = {PARQUET: metadata.parquet, TRUTH: metadata.truth}
        key = entry_key(model, metadata.name, metadata.digest)
        return cls(model, metadata.name, key, files, raw, metadata.digest)

    def paths(self, folder: Path) -> dict[str, Path]:
        """Return its files in a directory, by suffix, the metadata last."""
        return {suffix: folder / f"{self.name}{suffix}" for suffix in (*self.files, METADATA)}

    def object(self, suffix: str) -> str:
        """Return the key of a file."""
        return f"{self.key}/{self.files[suffix].xxh3_128}{suffix}"


def entry_key(model: str, name: str, digest: str) -> str:
    """Return where an entry lies below the URL: short digests may meet, whole ones do not."""
    return f"{model}/{name.rpartition('__')[0]}__{digest}"


def _is_key(key: str) -> bool:
    """Tell whether a key may become a directory of a store."""
    parts = key.split("/")
    return all(map(is_name, parts)) and (len(parts) == 2 or (len(parts) == 3 and parts[1] == PACKED))


@dataclass(frozen=True)
class Remote:
    """Object storage that holds the datasets of stores; see `pymts.store.remote.objects.Objects` for the URL."""

    url: str
    _listed: dict[str, tuple[float, frozenset[str]]] = field(default_factory=dict, compare=False, repr=False)
    _shards: dict[str, tuple[Item, Manifest]] = field(default_factory=dict, compare=False, repr=False)

    def __post_init__(self) -> None:
        Objects(self.url)  # refuses what is no URL

    def __reduce__(self) -> tuple[type[Remote], tuple[str]]:
        """Travel as the URL."""
        return type(self), (self.url,)

    @property
    def objects(self) -> Objects:
        """What is there, by key."""
        return Objects(self.url)

    def check(self) -> None:
        """Raise StoreError unless the storage answers, MissingLibraryError if its library is not installed."""
        self.objects.check()

    def find(self, model: str, name: str, digest: str) -> Item | None:
        """Return the entry of a configuration, or a shard that has it; None if neither is there.

        Raises
        ------
        DamagedEntryError
            If its metadata are not what was written.
        """
        key = entry_key(model, name, digest)
        if key.rpartition("/")[2] in self._names(model):
            found = self.item(key)
            if found is not None:
                return found
        damage: DamagedEntryError | None = None
        for shard in sorted(self._names(f"{model}/{PACKED}")):
            try:
                opened = self._shard(f"{model}/{PACKED}/{shard}")
            except DamagedEntryError as error:
                damage = error
                continue
            if opened is not None and opened[1].row_of_digest(digest) is not None:
                return opened[0]
        if damage is not None:
            raise damage
        return None

    def item(self, key: str) -> Item | None:
        """Return what lies at a key, or None if nothing has been finished there.

        Raises
        ------
        DamagedEntryError
            If its metadata are not what was written, or another's.
        """
        raw = self.objects.get(f"{key}/{COMMIT}") if _is_key(key) else None
        if raw is None:
            return None
        model, *packed, name = key.split("/")
        where = self.objects.where(key)
        found = Item.shard(model, name, raw, where) if packed else Item.entry(model, raw, where)
        if found.key != key:
            raise DamagedEntryError(f"{where} is {found.key}, moved here")
        return found

    def finished(self) -> list[str]:
        """Return the keys of all entries and shards that are finished; what bears no name of a store is left alone."""
        found = (path.rpartition("/") for path in self.objects.everything())
        return sorted(key for key, _, last in found if last == COMMIT and _is_key(key))

    def upload(self, item: Item, folder: Path) -> bool:
        """Upload an entry or a shard whose files are in a directory and whole; False if it was there.

        Raises
        ------
        StoreError
            If it cannot be uploaded; it is not visible then.
        """
        paths = item.paths(folder)
        for suffix, file in item.files.items():
            key = item.object(suffix)
            size = self.objects.put(paths[suffix], key)
            if size != file.size:
                raise StoreError(f"{self.objects.where(key)} has {size} bytes, not {file.size}; it is not visible")
        for _ in range(2):
            if self.objects.create(f"{item.key}/{COMMIT}", item.seal):
                return True
            if self._is_whole(item):
                return False
            self.objects.remove(f"{item.key}/{COMMIT}")
        raise StoreError(f"{self.objects.where(item.key)} is damaged, and others write it too; try again")

    def download(self, item: Item, folder: Path, *, sync: bool) -> None:
        """Write the files of an entry or a shard into a directory that nobody reads yet.

        Raises
        ------
        DamagedEntryError
            If they are not what was written.
        """
        for suffix, path in item.paths(folder).items():
            with disk.new_file(path, sync) as file:
                for part in self._stream(item, suffix) if suffix in item.files else [item.seal]:
                    file.write(part)
        if sync:
            disk.sync_directory(folder)

    def _is_whole(self, item: Item) -> bool:
        """Tell whether what lies at the key of an item is whole; every byte of it is compared."""
        try:
            found = self.item(item.key)
            if found is None:
                return False
            if found.seal != item.seal:  # if it is ours, its data have just been uploaded
                for suffix in found.files:
                    for _ in self._stream(found, suffix):
                        pass
        except DamagedEntryError:
            return False
        return True

    def _stream(self, item: Item, suffix: str) -> Iterator[bytes]:
        """Yield the bytes of a file, and raise DamagedEntryError at the end if they are not those that were written."""
        hasher = xxhash.xxh3_128()
        for part in self.objects.stream(item.object(suffix), item.files[suffix].size):
            hasher.update(part)
            yield part
        if hasher.hexdigest() != item.files[suffix].xxh3_128:
            raise DamagedEntryError(f"{self.objects.where(item.object(suffix))} is missing or not what was written")

    def _names(self, place: str) -> frozenset[str]:
        """Return what is next below a place, as it was a short while ago at most."""
        taken, names = self._listed.get(place, (0.0, frozenset()))
        if place not in self._listed or time.monotonic() - taken >= LISTING_SECONDS:
            taken, names = time.monotonic(), self.objects.names(place)
            self._listed[place] = taken, names
        return names

    def _shard(self, key: str) -> tuple[Item, Manifest] | None:
        """Return a shard and what is in it; a shard that was finished does not change."""
        if key not in self._shards:
            found = self.item(key)
            if found is None:
                return None
            raw = b"".join(self._stream(found, MANIFEST))
            manifest = parse_manifest(raw, found.files[MANIFEST], self.objects.where(found.object(MANIFEST)))
            self._shards[key] = found, manifest
        return self._shards[key]
