"""The one seam through which the disk is written, so that a test can make any of these calls fail.

``SEAM`` names the calls. Nothing else in the package creates, writes, renames or removes a file.
"""

from __future__ import annotations

import errno
import io
import os
import re
import secrets
import shutil
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path

import xxhash

from pymts.errors import DamagedEntryError, StoreError

SEAM = (
    "make_directory", "create", "write", "sync_file", "sync_directory", "sync_all", "rename", "replace", "remove_file",
    "remove_directory", "remove_tree",
)  # fmt: skip
TEMPORARY = ".tmp-"
# What a target that exists and is not empty answers to the rename of a directory.
TAKEN = frozenset({errno.ENOTEMPTY, errno.EEXIST})
_WINDOWS_BUSY = frozenset({5, 32})  # access denied, sharing violation: an indexer or a virus scanner is looking
_RETRIES = 8
_NO_SUCH_SYNC = frozenset({errno.EINVAL, errno.ENOTSUP})  # some network file systems have none for directories
_CHUNK = 2**18
_HINTS = {
    errno.ENOSPC: "free some space",
    errno.EDQUOT: "free some of your quota",
    errno.EROFS: "choose a place that can be written",
    errno.EACCES: "choose a place that you may write to",
    errno.EPERM: "choose a place that you may write to",
}


def make_directory(path: Path) -> None:
    """Make one directory; its mode follows the umask."""
    path.mkdir()


def create(path: Path) -> io.FileIO:
    """Create a file that must not exist; unbuffered, so that every write is a call that can be seen to fail."""
    return path.open("xb", buffering=0)


def write(file: io.FileIO, data: bytes | memoryview) -> None:
    """Write all of ``data``; the system may take it in parts."""
    rest = memoryview(data)
    while rest:
        rest = rest[file.write(rest) :]


def sync_file(file: io.FileIO) -> None:
    """Wait until a file's bytes are on the disk."""
    os.fsync(file.fileno())


def sync_directory(path: Path) -> None:
    """Wait until a directory's names are on the disk; a system that cannot sync a directory is left alone."""
    if sys.platform == "win32":
        return
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    except OSError as error:
        if error.errno not in _NO_SUCH_SYNC:
            raise
    finally:
        os.close(handle)


def sync_all() -> None:
    """Wait until everything written so far, by anyone, is on the disk."""
    if sys.platform != "win32":
        os.sync()


def rename(source: Path, target: Path) -> None:
    """Rename, waiting a little where another program holds the file open (Windows)."""
    for attempt in range(_RETRIES):
        try:
            source.rename(target)
        except OSError as error:
            busy = getattr(error, "winerror", None) in _WINDOWS_BUSY and not target.exists()
            if not busy or attempt == _RETRIES - 1:
                raise
            time.sleep(0.01 * 2**attempt)
        else:
            return


def replace(source: Path, target: Path) -> None:
    """Put a file in the place of another in one step."""
    source.replace(target)


def remove_file(path: Path) -> None:
    """Remove a file or a link."""
    path.unlink()


def remove_directory(path: Path) -> None:
    """Remove an empty directory."""
    path.rmdir()


def remove_tree(path: Path) -> None:
    """Remove a directory and what is in it; links in it are removed, not followed."""
    shutil.rmtree(path)


class HashingFile:
    """A binary file that digests what is written to it, for writers that want a file object."""

    closed = False

    def __init__(self, file: io.FileIO) -> None:
        self._file = file
        self._digest = xxhash.xxh3_128()
        self.size = 0
        self.broken = False

    def write(self, data: bytes) -> int:
        """Write all of ``data``; after a failure nothing more is written, so that it can only fail once."""
        if not self.broken:
            self._digest.update(data)
            self.size += len(data)
            try:
                write(self._file, data)
            except BaseException:
                self.broken = True
                raise
        return len(data)

    def tell(self) -> int:
        """Return how many bytes have been written."""
        return self.size

    def flush(self) -> None:
        """Do nothing: there is no buffer."""

    def close(self) -> None:
        """Do nothing: the file belongs to whoever opened it."""

    def readable(self) -> bool:
        """Say no."""
        return False

    def writable(self) -> bool:
        """Say yes."""
        return True

    def seekable(self) -> bool:
        """Say no."""
        return False

    def hexdigest(self) -> str:
        """Return the xxh3-128 of everything written."""
        return self._digest.hexdigest()


def digest(data: bytes | memoryview) -> str:
    """Return the xxh3-128 of some bytes, 32 hex digits: a check against accidents, not against forgery."""
    return xxhash.xxh3_128_hexdigest(data)


def file_digest(path: Path, start: int = 0, stop: int = sys.maxsize) -> str:
    """Return the xxh3-128 of a file, from byte ``start`` to byte ``stop``."""
    hasher = xxhash.xxh3_128()
    buffer = memoryview(bytearray(_CHUNK))
    with path.open("rb", buffering=0) as file:
        file.seek(start)
        while start < stop and (count := file.readinto(buffer[: min(_CHUNK, stop - start)])):
            hasher.update(buffer[:count])
            start += count
    return hasher.hexdigest()


@contextmanager
def new_file(path: Path, sync: bool) -> Iterator[HashingFile]:
    """Create a file that must not exist; on leaving, its bytes are handed over and, if asked, on the disk."""
    with create(path) as raw:
        yield HashingFile(raw)
        if sync:
            sync_file(raw)


def make_directories(path: Path, sync: bool) -> None:
    """Make a directory and those above it that are missing; a name that another process makes first is no error."""
    missing = [path]
    while not missing[-1].is_dir() and missing[-1] != missing[-1].parent:
        missing.append(missing[-1].parent)
    for directory in reversed(missing[:-1]):
        try:
            make_directory(directory)
        except FileExistsError:
            if not directory.is_dir():
                raise
        if sync:
            sync_directory(directory.parent)


@cache
def _host() -> str:
    """Return where a process id means what it says: the host, and on Linux the namespace of process ids."""
    name = re.sub(r"[^A-Za-z0-9]+", "", socket.gethostname())[:32] or "host"
    with suppress(OSError):
        name += f".{Path('/proc/self/ns/pid').stat().st_ino}"
    return name


def temporary_name() -> str:
    """Return a name that nobody else has and that says who made it."""
    return f"{TEMPORARY}{_host()}-{os.getpid()}-{secrets.token_hex(6)}"


def is_abandoned(path: Path, after: float) -> bool:
    """Tell whether a temporary has no worker: its process is gone, or nothing in it changed for so many seconds."""
    _, _, maker = path.name.partition(TEMPORARY)
    host, _, process = maker.rpartition("-")[0].rpartition("-")
    if host == _host() and process.isdigit() and not _is_alive(int(process)):
        return True
    try:
        touched: float = max(item.lstat().st_mtime for item in (path, *(path.iterdir() if path.is_dir() else ())))
    except OSError:
        return False  # it is going or gone
    return time.time() - touched >= after


def _is_alive(process: int) -> bool:
    if sys.platform == "win32":  # signal 0 would end it there
        return True
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        return True
    return True


@contextmanager
def temporary_directory(parent: Path) -> Iterator[Path]:
    """Make a directory to prepare something in; what is left of it is removed, whatever happens."""
    path = parent / temporary_name()
    try:
        make_directory(path)
        yield path
    finally:
        # It is gone if it was published, and a failure here must not hide the one that brought us here.
        if path.is_dir():
            with suppress(OSError):
                remove_tree(path)


def reason(error: OSError) -> str:
    """Return why a call failed; libraries put more into an error than its number says."""
    return os.strerror(error.errno) if error.errno else " ".join(str(error).split())


def cannot_write(path: Path, error: OSError) -> StoreError:
    """Return the error to raise when something cannot be written: what, why, and what to do."""
    if isinstance(error, StoreError):
        return error
    hint = _HINTS.get(error.errno or 0)
    return StoreError(f"{path} cannot be written: {reason(error)}{f'; {hint}' if hint else ''}")


def cannot_read(path: Path, error: OSError) -> StoreError:
    """Return the error to raise when something cannot be read; a file that is missing is damage."""
    if isinstance(error, StoreError):
        return error
    if isinstance(error, FileNotFoundError | NotADirectoryError):
        return DamagedEntryError(f"{path} is missing")
    return StoreError(f"{path} cannot be read: {reason(error)}")
