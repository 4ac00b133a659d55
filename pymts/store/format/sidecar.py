"""What stands beside a Parquet file: the metadata (JSON) and every array but the series (npz)."""

from __future__ import annotations

import hashlib
import io
import json
import math
import platform
import re
import struct
import zipfile
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from importlib.metadata import version
from typing import Annotated, Any, Literal

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from threadpoolctl import threadpool_info

from pymts.data.dataset import DATA, DIMS
from pymts.errors import DamagedEntryError, InvalidParameterError
from pymts.plan.configuration import canonical_json
from pymts.store.disk import digest
from pymts.store.format.layout import Layout
from pymts.store.format.parquet import RowGroup

FORMAT: Literal[1] = 1
SELF = "self_xxh3_128"
# Numbers, booleans, text and times: what an npz file holds without pickle.
_DTYPE = r"[<>|=][biufcUSmM][1-9][0-9]*(\[[0-9]*[A-Za-z]+\])?"
_LOCAL_HEADER = struct.Struct("<26xHH")

Count = Annotated[int, Field(ge=0, le=2**62)]
Hash = Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]
Attrs = dict[str, Any]


class Part(BaseModel):
    """A part of what is sealed: strict, so that only what was written is read."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Group(Part):
    """One row group of the Parquet file."""

    rows: Count
    offset: Count | None
    xxh3_128: Hash


class Series(Part):
    """The series: the variable ``data`` and where its values are."""

    dims: Annotated[list[str], Field(min_length=3, max_length=3)]
    shape: Annotated[list[Count], Field(min_length=3, max_length=3)]  # (realization, time, channel)
    dtype: Literal["<f8", "<f4"]
    attrs: Attrs
    row_groups: list[Group]
    tail_xxh3_128: Hash
    rest_xxh3_128: Hash


class Array(Part):
    """Any other variable: what it is and where its bytes are in the npz file."""

    name: str
    dims: list[str]
    shape: list[Count]
    dtype: Annotated[str, Field(pattern=f"^{_DTYPE}$")]
    is_object: bool  # text that was kept as Python objects
    is_coordinate: bool
    offset: Count
    attrs: Attrs


class File(Part):
    """Size and digest of a file."""

    size: Count
    xxh3_128: Hash


class Metadata(Part):
    """The content of the metadata file."""

    format: Literal[1]
    name: str
    config_id: str | None
    digest: str | None
    configuration: Any
    attrs: Attrs
    data: Series
    variables: list[Array]
    parquet: File
    truth: File
    environment: dict[str, Any]

    @cached_property
    def layout(self) -> Layout:
        """Where the values are in the Parquet file."""
        data = self.data
        realizations, times, channels = data.shape
        return Layout(
            shape=(realizations, times, channels),
            dtype=np.dtype(data.dtype),
            groups=[RowGroup(group.rows, group.xxh3_128, group.offset) for group in data.row_groups],
            size=self.parquet.size,
            xxh3_128=self.parquet.xxh3_128,
            tail_xxh3_128=data.tail_xxh3_128,
            rest_xxh3_128=data.rest_xxh3_128,
        )

    def to_bytes(self) -> bytes:
        """Return the file: JSON, one key a line, the first of them a digest of all that follows."""
        return sealed(self.model_dump())

    @classmethod
    def from_bytes(cls, raw: bytes, where: object) -> Metadata:
        """Read the file, or raise DamagedEntryError if a single byte of it is not as it was written."""
        content = unsealed(raw, where)
        try:
            metadata = cls.model_validate(content)
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            field = ".".join(map(str, first["loc"]))
            raise DamagedEntryError(f"{where}: {field!r} is invalid: {first['msg']}") from None
        problem = metadata.layout.problem()
        if sorted(metadata.data.dims) != sorted(DIMS):
            problem = "the dims of the series are not known"
        if len({DATA, *(array.name for array in metadata.variables)}) != 1 + len(metadata.variables):
            problem = "two variables have one name"
        if problem is not None:
            raise DamagedEntryError(f"{where}: {problem}")
        return metadata

    def check_identity(self, model: str, name: str, where: object) -> None:
        """Raise DamagedEntryError unless this is the entry of a name, and says truly which configuration it is."""
        config = self.attrs.get("config")
        identity = hashlib.sha256(config.encode()).hexdigest() if isinstance(config, str) else None
        if identity is None or self.digest != identity:
            raise DamagedEntryError(f"{where} does not say truly which configuration it is")
        own = self.configuration.get("model") if isinstance(self.configuration, dict) else None
        if (own, self.name) != (model, name):
            raise DamagedEntryError(f"{where} is the entry {self.name!r} of {own!r}, moved here")


def sealed(items: Mapping[str, Any]) -> bytes:
    """Return JSON, one key a line, the first of them a digest of all that follows."""
    rest = ",\n".join(f" {json.dumps(key)}: {json.dumps(value, allow_nan=False)}" for key, value in items.items())
    raw = f"{rest}\n}}\n".encode("ascii")
    return _head(raw) + raw


def unsealed(raw: bytes, where: object) -> dict[str, Any]:
    """Return what was sealed, or raise DamagedEntryError if a single byte is not as it was written."""
    length = len(_head(b""))
    if raw[:length] != _head(raw[length:]):
        raise DamagedEntryError(f"{where} has been changed since it was written")
    try:
        content: dict[str, Any] = json.loads(raw.decode("ascii"))
        if b"\\ud" in raw.lower():  # half of a surrogate pair is not text, and would fail wherever it goes
            json.dumps(content, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        raise DamagedEntryError(f"{where} is not JSON") from None
    del content[SELF]
    if content.get("format") != FORMAT:
        raise DamagedEntryError(f"{where} has format {content.get('format')!r}, and this version reads {FORMAT}")
    return content


def _head(rest: bytes) -> bytes:
    return f'{{\n "{SELF}": "{digest(rest)}",\n'.encode("ascii")


@cache
def machine_class() -> dict[str, Any]:
    """Return what the bits of a simulation may depend on: library versions and the processor's features."""
    built: Mapping[str, Any] = np.show_config(mode="dicts") or {}
    features = built.get("SIMD Extensions", {})
    # Which BLAS NumPy was built with, not which are loaded now: SciPy brings its own when it is first used.
    blas = built.get("Build Dependencies", {}).get("blas", {})
    kernels = {item.get("architecture") for item in threadpool_info() if item.get("user_api") == "blas"}
    return {
        "pymts": version("pymts"),
        "python": platform.python_version(),
        "numpy": np.__version__,
        "scipy": version("scipy"),
        "pyarrow": version("pyarrow"),
        "xarray": xr.__version__,
        "system": platform.system(),
        "machine": platform.machine(),
        "libc": "-".join(platform.libc_ver()),
        "blas": f"{blas.get('name')} {blas.get('version')}",
        "blas_kernels": sorted(kernel for kernel in kernels if kernel),
        "simd": [*features.get("baseline", []), *features.get("found", [])],
    }


@dataclass(frozen=True)
class Packed:
    """The bytes of an npz file, and where each variable is in it."""

    raw: bytes
    arrays: list[Array]


def plain_attrs(attrs: Mapping[Hashable, Any], where: Hashable) -> Attrs:
    """Return attributes as JSON has them, or name the one that it cannot hold."""
    found: Attrs = {}
    for name, value in attrs.items():
        plain = value.tolist() if isinstance(value, np.ndarray | np.generic) else value
        try:
            canonical_json(plain).encode()
            storable = isinstance(name, str)
        except (TypeError, ValueError):
            storable = False
        if not storable:
            raise InvalidParameterError(
                f"the attribute {name!r} of {where} cannot be stored: {value!r:.80} is not plain JSON; remove it"
            )
        found[str(name)] = plain
    return found


def pack_arrays(dataset: xr.Dataset) -> Packed:
    """Return every variable as the bytes of an npz file, and how to find each in it."""
    arrays = {name: _plain_array(name, variable) for name, variable in dataset.variables.items()}
    buffer = io.BytesIO()
    np.savez(buffer, *arrays.values())
    raw = buffer.getvalue()
    with zipfile.ZipFile(buffer) as archive:
        members = archive.infolist()
    entries = []
    for (name, array), member in zip(arrays.items(), members, strict=True):
        variable = dataset.variables[name]
        start = member.header_offset + 30 + sum(_LOCAL_HEADER.unpack_from(raw, member.header_offset))
        entries.append(
            Array(
                name=str(name),
                dims=[str(dim) for dim in variable.dims],
                shape=list(array.shape),
                dtype=array.dtype.str,
                is_object=variable.dtype.kind == "O",
                is_coordinate=name in dataset.coords,
                offset=start + member.file_size - array.nbytes,  # an array's bytes end its file
                attrs=plain_attrs(variable.attrs, name),
            )
        )
    return Packed(raw, entries)


def _is_text(values: NDArray[Any]) -> bool:
    """Tell whether an array of text holds characters only; other bytes make code points that are none."""
    if values.dtype.itemsize == 0 or values.size == 0:
        return True
    points = np.atleast_1d(values).view(np.dtype("u4").newbyteorder(values.dtype.byteorder))
    return not np.any((points > 0x10FFFF) | ((points >= 0xD800) & (points < 0xE000)))


def _plain_array(name: Hashable, variable: xr.Variable) -> NDArray[Any]:
    values = np.asarray(variable.values, order="C")
    if values.dtype.kind == "O" and all(isinstance(item, str) for item in values.flat):
        values = np.asarray(values.astype(str), order="C")
    dims_are_names = all(isinstance(dim, str) for dim in variable.dims)
    storable = re.fullmatch(_DTYPE, values.dtype.str) and (values.dtype.kind != "U" or _is_text(values))
    if not storable or not isinstance(name, str) or not dims_are_names:
        raise InvalidParameterError(
            f"the variable {name!r} cannot be stored: it holds {values.dtype}, not plain numbers or text; remove it"
        )
    return values


def unpack_arrays(
    raw: bytes, entries: list[Array], where: object
) -> tuple[dict[str, xr.Variable], dict[str, xr.Variable]]:
    """Return the variables and the coordinates; ``raw`` has been compared with its digest, nothing in it is parsed."""
    variables: dict[str, xr.Variable] = {}
    coordinates: dict[str, xr.Variable] = {}
    for entry in entries:
        try:
            dtype = np.dtype(entry.dtype)
            count = math.prod(entry.shape)
            if count * dtype.itemsize > len(raw) - entry.offset:
                raise ValueError("its bytes are not in the file")  # noqa: TRY301  (told as the others are)
            # A copy of its own: aligned, writable, and the file's bytes can go.
            values = np.frombuffer(raw, dtype, count, entry.offset).copy() if count else np.empty(0, dtype)
            values = values.reshape(entry.shape)
            if dtype.kind == "U" and not _is_text(values):
                raise ValueError("it is not text")  # noqa: TRY301
            variable = xr.Variable(entry.dims, values.astype(object) if entry.is_object else values, entry.attrs)
        except (ValueError, TypeError, OverflowError) as error:
            raise DamagedEntryError(f"{where}: the variable {entry.name!r} cannot be read: {error}") from None
        (coordinates if entry.is_coordinate else variables)[entry.name] = variable
    return variables, coordinates
