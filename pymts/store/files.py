"""Datasets to files and back: Parquet with its truth and metadata, and CSV."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import xarray as xr

from pymts.data.dataset import to_dataframe
from pymts.errors import InvalidParameterError, StoreError
from pymts.store import disk

if TYPE_CHECKING:
    from pymts.store.format.mapped import MappedValues

CSV_ROWS = 2**18


def save_parquet(dataset: xr.Dataset, path: str | Path) -> Path:
    """Store a dataset as a Parquet file, its truth and its metadata, beside each other.

    Parameters
    ----------
    dataset : xarray.Dataset
        With ``data`` of dims (time, channel, realization), float64 or float32, and any other variables.
    path : path
        Name of the Parquet file, ending in ``.parquet``. A dataset that stands there is replaced, file by file and
        the metadata last: until then what is there is refused by ``load_parquet``, never read as one or the other.

    Returns
    -------
    Path

    Raises
    ------
    InvalidParameterError
        If the dataset holds what the format cannot.
    StoreError
        If the files cannot be written.
    """
    from pymts.store.entries.entry import SUFFIXES, source_of, write_entry  # noqa: PLC0415

    target = _parquet_path(path)
    source = source_of(dataset)
    _check_parent(target)
    try:
        with disk.temporary_directory(target.parent) as folder:
            write_entry(folder, target.stem, source, sync=True)
            for suffix in SUFFIXES:
                disk.replace(folder / f"{target.stem}{suffix}", target.with_name(f"{target.stem}{suffix}"))
            disk.sync_directory(target.parent)
    except OSError as error:
        raise disk.cannot_write(target, error) from None
    return target


def load_parquet(path: str | Path, *, lazy: bool = False, verify: bool = True) -> xr.Dataset:
    """Load a dataset that ``save_parquet`` or the store has written.

    Parameters
    ----------
    path : path
        Name of the Parquet file; the truth and the metadata lie beside it.
    lazy : bool
        Read the series when it is asked for, from the mapped file. The file must not be cut short meanwhile.
    verify : bool
        Compare every value with its digest when it is read. The metadata and the truth are always compared.

    Returns
    -------
    xarray.Dataset
        Identical to the one stored.

    Raises
    ------
    StoreError
        If one of the files cannot be read.
    DamagedEntryError
        If one of them is missing or is not what was written.
    TooLargeError
        If the series does not fit in memory and is not asked for lazily.
    """
    from pymts.store.entries.entry import read_entry  # noqa: PLC0415

    target = _existing(path)
    return read_entry(target.parent, target.stem, lazy=lazy, verify=verify)


def open_values(path: str | Path, *, verify: bool = True) -> MappedValues:
    """Return the series of a stored dataset as views of its file: no copy, and nothing read before it is touched.

    Parameters
    ----------
    path : path
        Name of the Parquet file; the metadata lie beside it.
    verify : bool
        Compare the digest of each row group when it is first touched.

    Returns
    -------
    MappedValues
        ``len(values)`` realizations; ``values[i]`` is one, of shape (time, channel) and read-only;
        ``values.read([0, 5])`` a new array of some. It pickles by its path.

    Raises
    ------
    StoreError, DamagedEntryError
        As ``load_parquet`` does.
    """
    from pymts.store.entries.entry import check_sizes, read_metadata  # noqa: PLC0415
    from pymts.store.format.mapped import MappedValues  # noqa: PLC0415

    target = _existing(path)
    metadata = read_metadata(target.parent, target.stem)
    check_sizes(target.parent, target.stem, metadata)
    if not metadata.layout.can_be_mapped:
        raise StoreError(f"{target} was written by a Parquet library whose files cannot be mapped; use load_parquet")
    return MappedValues(target, metadata.layout, verify)


def save_csv(dataset: xr.Dataset, path: str | Path) -> Path:
    """Write the long form (time, channel, realization, value, config_id) as a CSV file, part by part.

    Parameters
    ----------
    dataset : xarray.Dataset
        With ``data`` of dims (time, channel, realization).
    path : path
        Name of the file; one that stands there is replaced in one step.

    Returns
    -------
    Path

    Raises
    ------
    InvalidParameterError
        If the dataset has no such series.
    StoreError
        If the file cannot be written; a file that stood there before is unharmed.
    """
    from pymts.store.entries.entry import source_of  # noqa: PLC0415
    from pymts.store.format.parquet import pieces  # noqa: PLC0415

    target = _file_path(path)
    shape = source_of(dataset).shape
    _check_parent(target)
    try:
        with disk.temporary_directory(target.parent) as folder:
            with disk.new_file(folder / target.name, sync=True) as file:
                for realizations, times in list(pieces(shape, CSV_ROWS)) or [(slice(0), slice(0))]:
                    part = to_dataframe(dataset.isel(realization=realizations, time=times))
                    file.write(part.to_csv(index=False, header=file.size == 0, lineterminator="\n").encode())
            disk.replace(folder / target.name, target)
    except OSError as error:
        raise disk.cannot_write(target, error) from None
    return target


def _file_path(path: str | Path) -> Path:
    target = Path(path).expanduser()
    if target.is_dir():
        raise StoreError(f"{target} is a directory; give the name of a file")
    return target


def _parquet_path(path: str | Path) -> Path:
    target = _file_path(path)
    if target.suffix != ".parquet":
        raise InvalidParameterError(f"path must end in .parquet, got {str(path)!r}; give the name of the Parquet file")
    return target


def _existing(path: str | Path) -> Path:
    target = _parquet_path(path)
    if not target.exists():
        raise StoreError(f"{target} does not exist; give the name of a stored dataset")
    return target


def _check_parent(target: Path) -> None:
    if not target.parent.is_dir():
        raise StoreError(f"{target.parent} is not a directory, so {target.name} cannot be written; make it first")
