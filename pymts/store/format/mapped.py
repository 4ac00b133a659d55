"""Values of a stored dataset read in place: the row groups of the Parquet file are arrays already."""

from __future__ import annotations

import io
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any, Self, SupportsIndex

import numpy as np
import xxhash
from numpy.typing import DTypeLike, NDArray
from xarray.backends import BackendArray
from xarray.core import indexing

from pymts.errors import DamagedEntryError
from pymts.store.disk import cannot_read, digest, file_digest
from pymts.store.format.layout import Layout
from pymts.store.format.parquet import Shape, read_ordinarily

_CHUNK = 2**18  # bytes read and digested together: they stay in the processor's cache between the two


class MappedValues:
    """The values of a stored dataset, shape (realization, time, channel), as read-only views of the file.

    The file is mapped when the object is made; nothing of it is read before it is touched, and no file stays open.
    The object travels between processes by its path.

    Parameters
    ----------
    path : Path
    layout : Layout
    verify : bool
        Compare each row group with its digest when it is first touched, and with the last of them every other byte of
        the file.
    """

    has_own_map = True

    def __init__(self, path: Path, layout: Layout, verify: bool = True) -> None:
        self.path = path.absolute()
        self.layout = layout
        self.verify = verify
        self.raw = raw = self._map()  # the whole file, read-only
        self._chunks = [raw[start:end].view(layout.dtype) for start, end in layout.places]
        self._unchecked = set(range(len(self._chunks))) if verify else set()
        self._ends = np.cumsum([chunk.size for chunk in self._chunks], dtype=np.int64)

    def __reduce__(self) -> tuple[type[Self], tuple[Path, Layout, bool]]:
        """Travel by path, not by value."""
        return type(self), (self.path, self.layout, self.verify)

    def _map(self) -> NDArray[np.uint8]:
        return map_file(self.path, self.layout)

    @property
    def shape(self) -> Shape:
        """(realization, time, channel)."""
        return self.layout.shape

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of the values."""
        return self.layout.dtype

    def __len__(self) -> int:
        """Count the realizations."""
        return self.shape[0]

    def _chunk(self, index: int) -> NDArray[Any]:
        chunk = self._chunks[index]
        if index in self._unchecked:
            if digest(chunk.view(np.uint8).data) != self.layout.groups[index].xxh3_128:
                raise DamagedEntryError(f"{self.path}: the values of row group {index} are not those that were written")
            if self._unchecked == {index}:
                self._check_rest()
            self._unchecked.discard(index)
        return chunk

    def _check_rest(self) -> None:
        """Compare what is no value, once all values have been: whoever has read everything has a whole file."""
        rest = xxhash.xxh3_128()
        bounds = [(0, 0), *self.layout.places, (self.raw.size, self.raw.size)]
        for (_, end), (start, _) in pairwise(bounds):
            rest.update(self.raw[end:start].data)
        if rest.hexdigest() != self.layout.rest_xxh3_128:
            raise DamagedEntryError(f"{self.path} is not what was written")

    @property
    def ends(self) -> NDArray[np.int64]:
        """How many values there are up to the end of each row group."""
        return self._ends

    def group(self, index: int) -> NDArray[Any]:
        """Return the values of a row group as a read-only view, (rows,), compared with their digest."""
        return self._chunk(index)

    def parts(self, start: int, stop: int) -> list[NDArray[Any]]:
        """Return the read-only views that make up consecutive values of the flat series."""
        parts = []
        index = int(np.searchsorted(self._ends, start, side="right"))
        while start < stop:
            first = int(self._ends[index - 1]) if index else 0
            end = min(stop, int(self._ends[index]))
            parts.append(self._chunk(index)[start - first : end - first])
            start, index = end, index + 1
        return parts

    def realization(self, index: SupportsIndex) -> NDArray[Any]:
        """Return one realization, (time, channel): a read-only view, or a copy where it spans row groups."""
        count, times, channels = self.shape
        position = index.__index__()
        if not -count <= position < count:
            raise IndexError(f"realization {position} of {count}")
        size = times * channels
        start = position % count * size
        parts = self.parts(start, start + size)
        if len(parts) == 1:
            return parts[0].reshape(times, channels)
        path = np.concatenate(parts) if parts else np.empty(0, self.dtype)
        path.flags.writeable = False  # a view and a copy behave alike
        return path.reshape(times, channels)

    __getitem__ = realization

    def read(self, realizations: Sequence[int] | slice | NDArray[np.integer] = slice(None)) -> NDArray[Any]:
        """Return some realizations as a new array, (realization, time, channel)."""
        chosen = np.arange(len(self))[realizations]
        _, times, channels = self.shape
        out = np.empty((len(chosen), times, channels), dtype=self.dtype)
        size = times * channels
        for path, index in zip(out.reshape(len(chosen), size), chosen, strict=True):
            start = 0
            for part in self.parts(int(index) * size, (int(index) + 1) * size):
                path[start : start + part.size] = part
                start += part.size
        return out

    def __array__(self, dtype: DTypeLike | None = None, copy: bool | None = None) -> NDArray[Any]:
        """Return everything: a view where one row group has it all and no copy is asked for."""
        if copy or len(self._chunks) != 1:
            if copy is False:
                raise ValueError("values in several row groups cannot be one array without a copy")
            return self.read().astype(dtype or self.dtype, copy=False)
        whole = self._chunk(0).reshape(self.shape)
        if copy is False and np.dtype(dtype or self.dtype) != self.dtype:
            raise ValueError(f"values of type {self.dtype} cannot be {np.dtype(dtype)} without a copy")
        return whole.astype(dtype or self.dtype, copy=False)

    def check(self) -> None:
        """Compare the digest of every row group."""
        for index in range(len(self._chunks)):
            self._chunk(index)


def map_file(path: Path, layout: Layout) -> NDArray[np.uint8]:
    """Return a file as bytes, mapped; its size and its footer have been compared."""
    try:
        size = path.stat().st_size
        if size != layout.size:
            raise DamagedEntryError(f"{path} has {size} bytes, not {layout.size}")
    except OSError as error:
        raise cannot_read(path, error) from None
    raw = map_bytes(path)
    if raw.size != layout.size:
        raise DamagedEntryError(f"{path} has {raw.size} bytes, not {layout.size}")
    if digest(raw[layout.tail() :].data) != layout.tail_xxh3_128:
        raise DamagedEntryError(f"{path} does not end as it was written")
    return raw


def map_bytes(path: Path) -> NDArray[np.uint8]:
    """Return a file as bytes, mapped, read-only."""
    import pyarrow as pa  # noqa: PLC0415

    try:
        # pyarrow's map outlives the file it was made from; Python's keeps a file open for every dataset.
        with pa.memory_map(str(path)) as file:
            return np.frombuffer(file.read_buffer(), dtype=np.uint8)
    except OSError as error:
        raise cannot_read(path, error) from None


def check_values(path: Path, layout: Layout) -> None:
    """Raise DamagedEntryError unless every row group holds the values that were written."""
    if layout.can_be_mapped:  # read, not mapped: what is mapped would count as memory of this process
        found = [file_digest(path, *place) for place in layout.places]
    else:
        values = read_ordinarily(path, layout.shape, layout.dtype).reshape(-1).view(np.uint8)
        ends = np.cumsum([0, *(layout.dtype.itemsize * group.rows for group in layout.groups)])
        found = [digest(values[start:end].data) for start, end in pairwise(ends)]
    for index, group in enumerate(layout.groups):
        if found[index] != group.xxh3_128:
            raise DamagedEntryError(f"{path}: the values of row group {index} are not those that were written")


def read_whole(path: Path, layout: Layout, verify: bool = True) -> NDArray[Any]:
    """Return all values as a new array; every byte of the file is compared with its digest as it is read."""
    if not layout.can_be_mapped:
        _check_file(path, layout)
        return read_ordinarily(path, layout.shape, layout.dtype)
    values = np.empty(layout.shape, dtype=layout.dtype)
    target = values.reshape(-1).view(np.uint8).data
    rest = xxhash.xxh3_128()
    position = filled = 0
    try:
        with path.open("rb", buffering=0) as file:
            for group, (start, end) in zip(layout.groups, layout.places, strict=True):
                read_into(file, memoryview(bytearray(start - position)), rest)
                hasher = xxhash.xxh3_128() if verify else None
                read_into(file, target[filled : filled + end - start], hasher)
                if hasher is not None and hasher.hexdigest() != group.xxh3_128:
                    raise DamagedEntryError(f"{path}: the values from byte {start} on are not those that were written")
                position, filled = end, filled + end - start
            read_into(file, memoryview(bytearray(layout.size - position)), rest)
    except OSError as error:
        raise cannot_read(path, error) from None
    if verify and rest.hexdigest() != layout.rest_xxh3_128:
        raise DamagedEntryError(f"{path} is not what was written")
    return values


def read_into(file: io.FileIO, target: memoryview, hasher: xxhash.xxh3_128 | None) -> None:
    """Fill ``target`` from a file, and digest it while it is in the processor's cache."""
    position = 0
    while position < len(target):
        count = file.readinto(target[position : position + _CHUNK])
        if not count:
            raise DamagedEntryError(f"{file.name} is shorter than it was")
        if hasher is not None:
            hasher.update(target[position : position + count])
        position += count


def rest_digest(path: Path, layout: Layout) -> str:
    """Return the digest of every byte that is not a value."""
    rest, position = xxhash.xxh3_128(), 0
    with path.open("rb", buffering=0) as file:
        for start, end in [*layout.places, (layout.size, layout.size)]:
            read_into(file, memoryview(bytearray(start - position)), rest)
            position = file.seek(end)
    return rest.hexdigest()


def _check_file(path: Path, layout: Layout) -> None:
    try:
        found = file_digest(path)
    except OSError as error:
        raise cannot_read(path, error) from None
    if found != layout.xxh3_128:
        raise DamagedEntryError(f"{path} is not what was written")


class LazyValues(BackendArray):
    """The values as xarray's lazy indexing wants them, with dims (time, channel, realization)."""

    def __init__(self, values: MappedValues) -> None:
        self.values = values
        self.shape = (*values.shape[1:], values.shape[0])
        self.dtype = values.dtype

    def __getitem__(self, key: indexing.ExplicitIndexer) -> Any:
        """Read what an index asks for, and no more than its realizations."""
        return indexing.explicit_indexing_adapter(key, self.shape, indexing.IndexingSupport.OUTER, self._get)

    def _get(self, key: tuple[Any, ...]) -> NDArray[Any]:
        time, channel, realization = key
        if isinstance(realization, int | np.integer):
            return np.array(_outer(self.values.realization(realization), time, channel))
        chosen = np.arange(len(self.values))[realization]
        if _is_all(time, self.shape[0]) and _is_all(channel, self.shape[1]):
            values = self.values.read(chosen)
        else:
            empty = _outer(np.empty(self.shape[:2], dtype=self.dtype), time, channel)
            values = np.empty((len(chosen), *empty.shape), dtype=self.dtype)
            for out, index in zip(values, chosen, strict=True):
                out[...] = _outer(self.values.realization(index), time, channel)
        return np.moveaxis(values, 0, -1)  # one realization stays contiguous, as it is in a dataset just made


def _is_all(key: Any, size: int) -> bool:
    return isinstance(key, slice) and range(size)[key] == range(size)


def _outer(path: NDArray[Any], time: Any, channel: Any) -> NDArray[Any]:
    """Index time and channel one after the other, each by an integer, a slice or a list."""
    return path[time][..., channel]  # type: ignore[no-any-return]
