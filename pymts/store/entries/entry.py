"""One dataset as three files beside each other.

``<name>.parquet`` holds the series in long form, ``<name>.truth.npz`` every other array, ``<name>.metadata.json`` what
they are, with a digest of each. The metadata are written last and checked first.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from pymts.data.dataset import DATA, DIMS
from pymts.data.limits import BLOCK_BYTES, available_memory, check_fits
from pymts.errors import DamagedEntryError, InvalidParameterError, StoreError
from pymts.store import disk
from pymts.store.format.layout import Layout
from pymts.store.format.mapped import LazyValues, MappedValues, check_values, read_whole, rest_digest
from pymts.store.format.parquet import RowGroup, Shape, ValueWriter, locate
from pymts.store.format.sidecar import (
    FORMAT,
    File,
    Group,
    Metadata,
    Packed,
    Series,
    machine_class,
    pack_arrays,
    plain_attrs,
    unpack_arrays,
)

PARQUET, TRUTH, METADATA = ".parquet", ".truth.npz", ".metadata.json"
SUFFIXES = (PARQUET, TRUTH, METADATA)  # in the order in which they may appear
ORDER = ("realization", "time", "channel")  # of the values in the file


@dataclass(frozen=True)
class Source:
    """What is to be written: the series in blocks of shape (realization, time, channel), and everything else.

    ``rest`` gives the dataset without its series; it is called after the last block.
    """

    labels: Mapping[str, NDArray[Any]]
    dims: tuple[str, ...]
    dtype: np.dtype[Any]
    attrs: Mapping[Any, Any]
    config_id: str
    blocks: Iterable[NDArray[Any]]
    rest: Callable[[], xr.Dataset]

    @property
    def shape(self) -> Shape:
        """(realization, time, channel)."""
        realizations, times, channels = (len(self.labels[dim]) for dim in ORDER)
        return realizations, times, channels


def source_of(dataset: xr.Dataset) -> Source:
    """Return a dataset as what is to be written, or say why the format cannot hold it."""
    if DATA not in dataset.data_vars or sorted(map(str, dataset[DATA].dims)) != sorted(DIMS):
        found = f"the dims {dataset[DATA].dims}" if DATA in dataset.data_vars else "no such variable"
        raise InvalidParameterError(
            f"the dataset must have {DATA!r} with the dims {DIMS}, got {found}; keep a dim by selecting with a list"
        )
    data = dataset[DATA]
    if data.dtype not in (np.float64, np.float32):
        raise InvalidParameterError(f"{DATA!r} must be float64 or float32, got {data.dtype}; convert it with astype")
    labels = {dim: _text(np.asarray(data[dim].values)) for dim in DIMS}
    config_id = str(dataset.attrs.get("config_id", ""))
    dims = tuple(map(str, data.dims))
    return Source(labels, dims, data.dtype, data.attrs, config_id, _blocks(data), lambda: dataset.drop_vars(DATA))


def _text(labels: NDArray[Any]) -> NDArray[Any]:
    is_text = labels.dtype.kind == "O" and all(isinstance(item, str) for item in labels)
    return labels.astype(str) if is_text else labels


def _blocks(data: xr.DataArray) -> Iterator[NDArray[Any]]:
    """Yield the values in blocks that fit in memory where the series does not."""
    per_realization = data.dtype.itemsize * data.sizes["time"] * data.sizes["channel"]
    size = max(1, BLOCK_BYTES // max(1, per_realization))
    for start in range(0, data.sizes["realization"], size):
        yield data.isel(realization=slice(start, start + size)).transpose(*ORDER).values  # a view if it is in memory


def write_entry(folder: Path, name: str, source: Source, *, sync: bool) -> None:
    """Write the three files into a directory that nobody reads yet, read them back and compare.

    Raises
    ------
    StoreError, OSError
        If a file cannot be written, or is not on the disk as it was written.
    """
    parquet = folder / f"{name}{PARQUET}"
    with disk.new_file(parquet, sync) as file:
        groups = _write_values(file, source)
    try:
        groups = locate(parquet, groups, source.dtype)
        layout = _layout(source, groups, parquet, File(size=file.size, xxh3_128=file.hexdigest()))
        dataset = source.rest()
        packed = pack_arrays(dataset)
        metadata = _describe(name, source, layout, dataset, packed).to_bytes()
        for suffix, raw in ((TRUTH, packed.raw), (METADATA, metadata)):
            with disk.new_file(folder / f"{name}{suffix}", sync) as other:
                other.write(raw)
        # Bytes that were dropped or changed on the way are found here, before anyone is served.
        check_entry(folder, name)
        check_values(parquet, layout)
    except DamagedEntryError as error:
        raise StoreError(f"{error}; what was read back is not what was written, so nothing of it is kept") from None
    if sync:
        disk.sync_directory(folder)


def _write_values(file: disk.HashingFile, source: Source) -> list[RowGroup]:
    with ValueWriter(file, source.labels, source.config_id, source.dtype) as writer:
        for values in source.blocks:
            writer.append(values)
    if writer.written != source.shape[0]:
        given = f"{writer.written} realizations were given of {source.shape[0]}"
        raise InvalidParameterError(f"{source.config_id}: {given}; give all of them")
    return writer.groups


def _layout(source: Source, groups: list[RowGroup], parquet: Path, file: File) -> Layout:
    draft = Layout(source.shape, source.dtype, groups, file.size, file.xxh3_128, "", "")
    tail = disk.file_digest(parquet, draft.tail())
    return replace(draft, tail_xxh3_128=tail, rest_xxh3_128=rest_digest(parquet, draft))


def _describe(name: str, source: Source, layout: Layout, dataset: xr.Dataset, packed: Packed) -> Metadata:
    attrs = plain_attrs(dataset.attrs, "the dataset")
    series = Series(
        dims=list(source.dims),
        shape=list(source.shape),
        dtype="<f8" if source.dtype.itemsize == 8 else "<f4",
        attrs=plain_attrs(source.attrs, DATA),
        row_groups=[Group(rows=g.rows, offset=g.offset, xxh3_128=g.xxh3_128) for g in layout.groups],
        tail_xxh3_128=layout.tail_xxh3_128,
        rest_xxh3_128=layout.rest_xxh3_128,
    )
    texts = {key: value for key in ("config_id", "digest", "config") if isinstance(value := attrs.get(key), str)}
    return Metadata(
        format=FORMAT,
        name=name,
        config_id=texts.get("config_id"),
        digest=texts.get("digest"),
        configuration=_parsed(texts.get("config")),
        attrs=attrs,
        data=series,
        variables=packed.arrays,
        parquet=File(size=layout.size, xxh3_128=layout.xxh3_128),
        truth=File(size=len(packed.raw), xxh3_128=disk.digest(packed.raw)),
        environment=machine_class(),
    )


def _parsed(config: str | None) -> Any:
    """Return the configuration for people and programs that read the metadata; the attributes keep its text."""
    try:
        return None if config is None else json.loads(config)
    except (ValueError, RecursionError):
        return None


def read_metadata(folder: Path, name: str) -> Metadata:
    """Return the metadata, compared with their own digest."""
    path = folder / f"{name}{METADATA}"
    return Metadata.from_bytes(_read(path), path)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise disk.cannot_read(path, error) from None


def check_sizes(folder: Path, name: str, metadata: Metadata) -> None:
    """Raise DamagedEntryError unless the files are there with the sizes that were written."""
    for suffix, file in ((PARQUET, metadata.parquet), (TRUTH, metadata.truth)):
        path = folder / f"{name}{suffix}"
        try:
            size = path.stat().st_size
        except OSError as error:
            raise disk.cannot_read(path, error) from None
        if size != file.size:
            raise DamagedEntryError(f"{path} has {size} bytes, not {file.size}")


def check_entry(folder: Path, name: str) -> Metadata:
    """Raise DamagedEntryError unless every byte of the three files is as it was written."""
    metadata = read_metadata(folder, name)
    check_sizes(folder, name, metadata)
    _read_rest(folder, name, metadata)
    path = folder / f"{name}{PARQUET}"
    try:
        found = disk.file_digest(path)
    except OSError as error:
        raise disk.cannot_read(path, error) from None
    if found != metadata.parquet.xxh3_128:
        raise DamagedEntryError(f"{path} is not what was written")
    return metadata


def _read_rest(folder: Path, name: str, metadata: Metadata) -> tuple[dict[str, xr.Variable], dict[str, xr.Variable]]:
    path = folder / f"{name}{TRUTH}"
    return unpack_truth(_read(path), metadata, path)


def unpack_truth(
    raw: bytes, metadata: Metadata, where: object
) -> tuple[dict[str, xr.Variable], dict[str, xr.Variable]]:
    """Return the variables and the coordinates from the bytes of the npz file, compared with their digest."""
    if disk.digest(raw) != metadata.truth.xxh3_128:
        raise DamagedEntryError(f"{where} is not what was written")
    return unpack_arrays(raw, metadata.variables, where)


def read_entry(
    folder: Path, name: str, *, lazy: bool = False, verify: bool = True, metadata: Metadata | None = None
) -> xr.Dataset:
    """Return the dataset of three files; what is served has been compared with its digest.

    Raises
    ------
    DamagedEntryError
        If a file is missing or is not what was written.
    StoreError
        If a file cannot be read.
    TooLargeError
        If the series does not fit in memory and is not asked for lazily.
    """
    found = read_metadata(folder, name) if metadata is None else metadata
    check_sizes(folder, name, found)
    variables, coordinates = _read_rest(folder, name, found)
    path = folder / f"{name}{PARQUET}"
    layout = found.layout
    if lazy and layout.can_be_mapped:
        from xarray.core.indexing import LazilyIndexedArray  # noqa: PLC0415  (where xarray keeps it may change)

        array: Any = LazilyIndexedArray(LazyValues(MappedValues(path, layout, verify)))
    else:
        size = found.parquet.size
        if size > BLOCK_BYTES:
            check_fits(str(path), size, "load it with lazy=True", available_memory())
        array = read_whole(path, layout, verify).transpose(1, 2, 0)
    return assemble(found, array, variables, coordinates, path)


def assemble(
    metadata: Metadata,
    array: Any,
    variables: Mapping[str, xr.Variable],
    coordinates: Mapping[str, xr.Variable],
    where: object,
) -> xr.Dataset:
    """Return the dataset of a series (time, channel, realization) and what stands beside it."""
    data = xr.Variable(DIMS, array, metadata.data.attrs)
    if tuple(metadata.data.dims) != DIMS:
        data = data.transpose(*metadata.data.dims)
    try:
        return xr.Dataset({DATA: data, **variables}, coords=coordinates, attrs=metadata.attrs)
    except ValueError as error:
        raise DamagedEntryError(f"{where}: the variables do not fit together: {error}") from None
