"""Object storage as fsspec gives it: whole objects, and one that is created only where there is none."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pymts.errors import InvalidParameterError, MissingLibraryError, PymtsError, StoreError

CHUNK = 2**25  # bytes asked for at once


@dataclass(frozen=True)
class Objects:
    """The objects below a URL, by keys relative to it.

    Parameters
    ----------
    url : str
        Such as ``s3://bucket/prefix``. Keys and endpoints are taken where the library takes them: for S3 from
        AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_ENDPOINT_URL, a profile or the machine's role.

    Raises
    ------
    InvalidParameterError
        If it is not a URL of object storage.
    """

    url: str

    def __post_init__(self) -> None:
        scheme, separator, rest = self.url.partition("://")
        if not separator or not rest.strip("/") or scheme in ("file", "local"):
            raise InvalidParameterError(
                f"remote must be a URL of object storage such as s3://bucket/prefix, got {self.url!r}; "
                "a directory is given as store"
            )

    def where(self, key: str) -> str:
        """Return the URL of a key."""
        return f"{self.url.rstrip('/')}/{key}"

    def check(self) -> None:
        """Raise StoreError unless the storage answers and the bucket is there."""
        fs, base = self._open()
        bucket = base.strip("/").partition("/")[0]
        with self._reaching("read"):
            try:
                fs.ls(base, detail=False)
            except FileNotFoundError:
                if fs.protocol != "memory" and not fs.exists(bucket):
                    raise StoreError(f"{self.url} cannot be used: there is no {bucket!r}; create it") from None

    def get(self, key: str) -> bytes | None:
        """Return an object, or None if there is none."""
        fs, base = self._open()
        with self._reaching("read"):
            try:
                raw: bytes = fs.cat_file(f"{base}/{key}")
            except FileNotFoundError:
                return None
        return raw

    def stream(self, key: str, size: int) -> Iterator[bytes]:
        """Yield an object of a known size in parts; they end early if it is shorter or not there."""
        fs, base = self._open()
        for start in range(0, size, CHUNK):
            with self._reaching("read"):
                try:
                    part: bytes = fs.cat_file(f"{base}/{key}", start=start, end=min(size, start + CHUNK))
                except FileNotFoundError:
                    return
            yield part

    def put(self, path: Path, key: str) -> int:
        """Make a file an object, in the place of what is there, and return its size as the storage tells it."""
        fs, base = self._open()
        with self._reaching("written"):
            fs.put_file(str(path), f"{base}/{key}")
            return int(fs.info(f"{base}/{key}")["size"])

    def create(self, key: str, raw: bytes) -> bool:
        """Make an object where there is none, in one step; False if there is one."""
        fs, base = self._open()
        with self._reaching("written"):
            try:
                fs.pipe_file(f"{base}/{key}", raw, mode="create")
            except FileExistsError:
                return False
        return True

    def remove(self, key: str) -> None:
        """Remove an object; one that is gone is no error."""
        fs, base = self._open()
        with self._reaching("written"):
            try:
                fs.rm_file(f"{base}/{key}")
            except FileNotFoundError:
                return

    def names(self, place: str) -> frozenset[str]:
        """Return the names next below a place."""
        fs, base = self._open()
        with self._reaching("read"):
            try:
                found = fs.ls(f"{base}/{place}", detail=False)
            except FileNotFoundError:
                return frozenset()
        return frozenset(path.rstrip("/").rpartition("/")[2] for path in found)

    def everything(self) -> list[str]:
        """Return the keys of all objects."""
        fs, base = self._open()
        with self._reaching("read"):
            return [path.removeprefix(base).lstrip("/") for path in fs.find(base)]

    def _open(self) -> tuple[Any, str]:
        """Return the filesystem and the path of the URL in it; the library keeps one filesystem for equal ones."""
        scheme = self.url.partition("://")[0]
        try:
            fs, base = importlib.import_module("fsspec.core").url_to_fs(self.url, use_listings_cache=False)
        except ImportError as error:
            extra = " (pip install 'pymts[s3]')" if scheme in ("s3", "s3a") else ""
            raise MissingLibraryError(f"{self.url} needs a library that is not installed: {error}{extra}") from None
        except ValueError as error:
            raise InvalidParameterError(f"remote {self.url!r} cannot be used: {error}") from None
        except Exception as error:  # noqa: BLE001  (some connect already)
            raise self._failure("reached", error) from None
        if "mode" not in inspect.signature(fs.pipe_file).parameters:
            raise InvalidParameterError(
                f"remote {self.url!r} cannot be used: {type(fs).__name__} cannot create an object only where there is "
                "none; use one that can, such as s3://"
            )
        return fs, str(base).rstrip("/")

    @contextmanager
    def _reaching(self, verb: str) -> Iterator[None]:
        try:
            yield
        except PymtsError:
            raise
        except Exception as error:  # noqa: BLE001  (every library has errors of its own)
            raise self._failure(verb, error) from None

    def _failure(self, verb: str, error: Exception) -> StoreError:
        """Return in one sentence what a library reports."""
        return StoreError(f"{self.url} cannot be {verb}: {' '.join(str(error).split()) or type(error).__name__}")
