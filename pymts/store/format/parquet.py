"""The Parquet layout: the long form, built straight from the array, whose values can be mapped as an array.

Rows are ordered realization, time, channel. A row group holds whole realizations, up to half a million values (a
longer realization is split by time). The ``value`` column is required, plain, uncompressed and one page per row group,
so that the last bytes of its chunk are the values themselves; the other columns are dictionary-encoded and compressed.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray

from pymts.errors import DamagedEntryError, InvalidParameterError, StoreError
from pymts.store.disk import HashingFile, cannot_read, digest

if TYPE_CHECKING:
    import pyarrow as pa

GROUP_VALUES = 2**19  # with 2**20 a write takes twice the memory and no less time
COLUMNS = ("time", "channel", "realization", "value", "config_id")
Shape = tuple[int, int, int]
# A page header is a few dozen bytes; a chunk that is longer than its values by more holds something else.
_MAX_PAGE_HEADER = 1024
_PHYSICAL = {np.dtype(np.float64): "DOUBLE", np.dtype(np.float32): "FLOAT"}
DICTIONARY_KINDS = "iufU"  # types of labels that pyarrow writes from a dictionary


@dataclass(frozen=True)
class RowGroup:
    """Where the values of one row group are: ``offset`` is None if they cannot be mapped."""

    rows: int
    xxh3_128: str
    offset: int | None = None


def pieces(shape: Shape, limit: int) -> Iterator[tuple[slice, slice]]:
    """Yield realizations and times that make up parts of at most ``limit`` values (one time step at least)."""
    realizations, times, channels = shape
    if times * channels <= limit:
        size = max(1, limit // max(1, times * channels))
        for start in range(0, realizations, size):
            yield slice(start, min(start + size, realizations)), slice(0, times)
        return
    steps = max(1, limit // channels)
    for realization in range(realizations):
        for first in range(0, times, steps):
            yield slice(realization, realization + 1), slice(first, min(first + steps, times))


@cache
def options() -> dict[str, Any]:
    """Return how every Parquet file of the store is written."""
    from pyarrow import parquet as pq  # noqa: PLC0415  (heavy, and only a writer needs it)

    one_page = 2**30
    options: dict[str, Any] = {
        "use_dictionary": [name for name in COLUMNS if name != "value"],
        "compression": {name: "NONE" if name == "value" else "ZSTD" for name in COLUMNS},
        "write_statistics": ["time", "realization"],  # every row group has all channels and one name
        "write_page_checksum": True,
        "store_schema": False,
        "data_page_size": one_page,
        "write_batch_size": one_page,
    }
    # Newer releases start a page every 20,000 rows unless told otherwise; older ones do not know the option.
    if "max_rows_per_page" in inspect.signature(pq.ParquetWriter.__init__).parameters:
        options["max_rows_per_page"] = one_page
    return options


class ValueWriter:
    """Writes blocks of realizations, one after another; the row groups do not depend on how the blocks were cut.

    To be used in a ``with`` statement, whose end writes the footer.

    Parameters
    ----------
    sink : HashingFile
    labels : {"time", "channel", "realization"} -> labels
    config_id : str
        What the column of this name says.
    dtype : float64 or float32
    """

    def __init__(
        self, sink: HashingFile, labels: Mapping[str, NDArray[Any]], config_id: str, dtype: np.dtype[Any]
    ) -> None:
        import pyarrow as pa  # noqa: PLC0415
        from pyarrow import parquet as pq  # noqa: PLC0415

        self._labels, self._sink = labels, sink
        self._dtype = dtype.newbyteorder("<")
        self._times, self._channels = len(labels["time"]), len(labels["channel"])
        self._pending: list[NDArray[Any]] = []  # realizations that do not fill a row group yet
        self._given = self.written = 0  # realizations
        self._frame_key: tuple[int, int, int] | None = None
        self._frame: dict[str, pa.Array] = {}
        self.groups: list[RowGroup] = []
        try:
            self._values = {name: pa.array(labels[name]) for name in ("time", "channel", "realization")}
            self._values["config_id"] = pa.array([config_id])
            types = {name: self._column(name, self._numbers(name, 0, 0)).type for name in self._values}
            types["value"] = pa.from_numpy_dtype(dtype)
            self._schema = pa.schema([pa.field(name, types[name], nullable=False) for name in COLUMNS])
            self._writer = pq.ParquetWriter(sink, self._schema, **options())
        except MemoryError:  # Arrow's is one of its exceptions too, and no damage
            raise
        except (pa.ArrowException, TypeError) as error:
            if sink.broken:
                raise
            message = " ".join(str(error).split())
            raise InvalidParameterError(
                f"the labels of a dimension cannot be stored: {message}; replace them"
            ) from None

    def append(self, values: NDArray[Any]) -> None:
        """Write the next realizations, an array (realization, time, channel)."""
        if values.shape[1:] != (self._times, self._channels):
            expected = f"(..., {self._times}, {self._channels})"
            raise InvalidParameterError(f"a block has the shape {values.shape}, and must have {expected}")
        self._given += len(values)
        if self._given > len(self._labels["realization"]):
            count = len(self._labels["realization"])
            raise InvalidParameterError(f"{self._given} realizations were given of {count}; give as many as there are")
        size = max(1, GROUP_VALUES // max(1, self._times * self._channels))
        if self._times * self._channels > GROUP_VALUES:
            for part in values:
                self._write_split(part)
            return
        start = 0
        while start < len(values):
            taken = values[start : start + size - sum(map(len, self._pending))]
            self._pending.append(taken)
            start += len(taken)
            if sum(map(len, self._pending)) == size:
                self._write_pending()

    def _write_pending(self) -> None:
        if self._pending:
            part = self._pending[0] if len(self._pending) == 1 else np.concatenate(self._pending)
            self._pending = []
            self._write(part, 0)
            self.written += len(part)

    def _write_split(self, path: NDArray[Any]) -> None:
        for _, times in pieces((1, *path.shape), GROUP_VALUES):
            self._write(path[None, times], times.start)
        self.written += 1

    def _write(self, part: NDArray[Any], first_time: int) -> None:
        """Write one row group."""
        import pyarrow as pa  # noqa: PLC0415

        part = np.ascontiguousarray(part, dtype=self._dtype)
        rows = part.reshape(-1)
        self._set_frame(len(part), first_time, part.shape[1])
        columns = self._frame | {"value": pa.array(rows)}
        table = pa.table([columns[name] for name in COLUMNS], schema=self._schema)
        self._writer.write_table(table, row_group_size=max(1, rows.size))
        self.groups.append(RowGroup(rows.size, digest(rows.view(np.uint8).data)))

    def _set_frame(self, realizations: int, first_time: int, times: int) -> None:
        """Set the columns of labels: row groups of the same size differ in the realizations alone."""
        step, rows = self._channels, realizations * times * self._channels
        if self._frame_key != (realizations, first_time, times):
            self._frame_key = realizations, first_time, times
            indices = {
                "time": np.tile(np.repeat(self._numbers("time", first_time, times), step), realizations),
                "channel": np.tile(self._numbers("channel", 0, step), realizations * times),
                "config_id": np.zeros(rows, dtype=np.int8),
            }
            self._frame = {name: self._column(name, numbers) for name, numbers in indices.items()}
        numbers = np.repeat(self._numbers("realization", self.written, realizations), times * step)
        self._frame["realization"] = self._column("realization", numbers)

    def _numbers(self, name: str, start: int, count: int) -> NDArray[Any]:
        """Return consecutive positions among the labels, in the smallest type that holds them: there are millions."""
        size = len(self._values[name])
        dtype = next(kind for kind in (np.int8, np.int16, np.int32, np.int64) if size <= np.iinfo(kind).max + 1)
        return np.arange(start, start + count, dtype=dtype)

    def _column(self, name: str, indices: NDArray[Any]) -> pa.Array:
        import pyarrow as pa  # noqa: PLC0415

        values = self._values[name]
        if name == "config_id" or self._labels[name].dtype.kind in DICTIONARY_KINDS:
            return pa.DictionaryArray.from_arrays(indices, values, safe=False)  # in range by construction
        return values.take(pa.array(indices))

    def __enter__(self) -> Self:
        """Begin."""
        return self

    def __exit__(self, error: type[BaseException] | None, *_: object) -> None:
        """Write what is left and the footer; after an error, let go of the file without another word to the disk."""
        try:
            if error is None:
                self._write_pending()
        finally:
            self._sink.broken |= error is not None
            self._writer.close()


def locate(path: Path, groups: list[RowGroup], dtype: np.dtype[Any]) -> list[RowGroup]:
    """Return where the values of each row group are in a file just written; no offsets if they cannot be mapped.

    Raises
    ------
    DamagedEntryError
        If the file does not have the row groups that were written.
    """
    import pyarrow as pa  # noqa: PLC0415
    from pyarrow import parquet as pq  # noqa: PLC0415

    try:
        with path.open("rb") as file:
            footer = pq.read_metadata(file)
        rows = [footer.row_group(index).num_rows for index in range(footer.num_row_groups)]
        if rows != [group.rows for group in groups]:
            raise DamagedEntryError(f"{path} has row groups of {rows[:5]} rows, not those that were written")
        offsets = [_offset(footer.row_group(index), dtype) for index in range(len(groups))]
    except MemoryError:  # Arrow's is one of its exceptions too, and no damage
        raise
    except (pa.ArrowException, ValueError, OSError) as error:
        raise _unreadable(path, error) from None
    if None in offsets:
        offsets = [None] * len(groups)
    return [RowGroup(group.rows, group.xxh3_128, offset) for group, offset in zip(groups, offsets, strict=True)]


def _offset(group: Any, dtype: np.dtype[Any]) -> int | None:
    """Return where the values of a row group begin, or None if they are not plain bytes at the end of their chunk."""
    chunk = group.column(COLUMNS.index("value"))
    header = chunk.total_compressed_size - dtype.itemsize * group.num_rows
    plain = (
        chunk.path_in_schema == "value"
        and chunk.physical_type == _PHYSICAL[dtype.newbyteorder("=")]
        and chunk.compression == "UNCOMPRESSED"
        and not chunk.has_dictionary_page
        and 0 < header <= _MAX_PAGE_HEADER
    )
    return int(chunk.data_page_offset) + header if plain else None


def read_ordinarily(path: Path, shape: Shape, dtype: np.dtype[Any]) -> NDArray[Any]:
    """Return the values by way of the Parquet reader: slower than reading them in place, and equal to it.

    Without threads: those of pyarrow can abort the interpreter when it exits (apache/arrow#34314).
    """
    import pyarrow as pa  # noqa: PLC0415
    from pyarrow import parquet as pq  # noqa: PLC0415

    try:
        with pq.ParquetFile(path, page_checksum_verification=True) as file:
            column = file.read(columns=["value"], use_threads=False)["value"]
        return np.asarray(column.to_numpy(), dtype=dtype).reshape(shape)
    except MemoryError:  # Arrow's is one of its exceptions too, and no damage
        raise
    except (pa.ArrowException, ValueError, KeyError, OSError) as error:
        raise _unreadable(path, error) from None


def _unreadable(path: Path, error: Exception) -> StoreError:
    """Return the error to raise: pyarrow's own, which have no number, are about what the file holds."""
    if isinstance(error, OSError) and (isinstance(error, StoreError) or error.errno):
        return cannot_read(path, error)
    return DamagedEntryError(f"{path} cannot be read as Parquet: {' '.join(str(error).split())}")
