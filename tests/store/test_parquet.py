"""The layout of the Parquet file, as other tools see it."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
import xarray as xr

from pymts.data.dataset import to_dataframe
from pymts.errors import DamagedEntryError, InvalidParameterError
from pymts.store.disk import digest, new_file
from pymts.store.files import save_parquet
from pymts.store.format import parquet
from pymts.store.format.parquet import RowGroup, ValueWriter, locate, pieces, read_ordinarily

LABELS: dict[str, Any] = {"time": np.arange(50) * 0.05, "channel": np.arange(4), "realization": np.arange(30)}
VALUES = np.random.default_rng(1).standard_normal((30, 50, 4))


def write(
    path: Path, values: Any = VALUES, cuts: tuple[int, ...] = (), labels: dict[str, Any] = LABELS
) -> list[RowGroup]:
    with new_file(path, sync=False) as file, ValueWriter(file, labels, "some_id", values.dtype) as writer:
        for block in np.split(values, cuts):
            writer.append(block)
    assert writer.written == len(values)
    return locate(path, writer.groups, values.dtype)


@pytest.mark.parametrize("group_values", [2**20, 1000, 200, 199, 4, 1])
def test_rows_are_ordered_realization_time_channel(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, group_values: int
) -> None:
    monkeypatch.setattr(parquet, "GROUP_VALUES", group_values)
    values = VALUES[:6, :, :]
    labels = LABELS | {"realization": np.arange(6)}
    groups = write(tmp_path / "a.parquet", values, labels=labels)
    assert max(group.rows for group in groups) <= max(group_values, 4)
    table = pd.read_parquet(tmp_path / "a.parquet")
    assert list(table) == ["time", "channel", "realization", "value", "config_id"]
    np.testing.assert_array_equal(table["time"], np.tile(np.repeat(LABELS["time"], 4), 6))
    np.testing.assert_array_equal(table["channel"], np.tile(np.arange(4), 300))
    np.testing.assert_array_equal(table["realization"], np.repeat(np.arange(6), 200))
    np.testing.assert_array_equal(table["value"], values.reshape(-1))
    assert set(table["config_id"]) == {"some_id"}


def test_pandas_reads_ordinary_columns_equal_to_the_long_form(tmp_path: Path, dataset: xr.Dataset) -> None:
    save_parquet(dataset, tmp_path / "a.parquet")
    table = pd.read_parquet(tmp_path / "a.parquet")
    assert [str(table[name].dtype) for name in ("time", "channel", "realization", "value")] == [
        "float64",
        "int64",
        "int64",
        "float64",
    ]
    assert pd.api.types.is_string_dtype(table["config_id"])
    expected = to_dataframe(dataset)
    pd.testing.assert_frame_equal(table.drop(columns="config_id"), expected.drop(columns="config_id"))
    assert list(table["config_id"]) == list(expected["config_id"].astype(str))


def test_values_are_plain_required_uncompressed_and_one_page_per_group(tmp_path: Path) -> None:
    size = 250_000  # more than the rows of a page that newer releases of pyarrow make by default
    values = np.random.default_rng(2).standard_normal((2, size, 5))
    labels = {"time": np.arange(size), "channel": np.arange(5), "realization": np.arange(2)}
    groups = write(tmp_path / "a.parquet", values, labels=labels)
    with pq.ParquetFile(tmp_path / "a.parquet") as file:
        footer, schema = file.metadata, file.schema
    assert footer.num_row_groups == len(groups) == 6
    assert [group.rows for group in groups] == [524_285, 524_285, 201_430] * 2
    for index in range(6):
        chunk = footer.row_group(index).column(3)
        assert (chunk.path_in_schema, chunk.compression, chunk.has_dictionary_page) == ("value", "UNCOMPRESSED", False)
        assert 0 < chunk.total_compressed_size - 8 * chunk.num_values < 100
        for name, column in zip(("time", "channel", "realization", "", "config_id"), range(5), strict=True):
            if name:
                coordinate = footer.row_group(index).column(column)
                assert coordinate.compression == "ZSTD"
                assert coordinate.total_compressed_size < 0.1 * chunk.total_compressed_size or name == "time"
    assert [schema.column(i).max_definition_level for i in range(5)] == [0] * 5
    raw = (tmp_path / "a.parquet").read_bytes()
    for group, part in zip(groups, np.split(values.reshape(-1), np.cumsum([g.rows for g in groups])[:-1]), strict=True):
        assert group.offset is not None
        assert raw[group.offset : group.offset + 8 * group.rows] == part.tobytes()
        assert group.xxh3_128 == digest(part.tobytes())


@pytest.mark.parametrize("cuts", [(1,), (7, 14, 21), (29,), tuple(range(1, 30)), (10, 10, 20)])
@pytest.mark.parametrize("group_values", [2**20, 1000, 999, 150])
def test_blocks_leave_no_trace_in_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cuts: tuple[int, ...], group_values: int
) -> None:
    monkeypatch.setattr(parquet, "GROUP_VALUES", group_values)
    write(tmp_path / "once.parquet")
    write(tmp_path / "blocks.parquet", cuts=cuts)
    assert (tmp_path / "once.parquet").read_bytes() == (tmp_path / "blocks.parquet").read_bytes()


def test_a_row_group_of_some_realizations_is_found_by_its_statistics(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parquet, "GROUP_VALUES", 1000)
    write(tmp_path / "a.parquet")
    table = pq.ParquetFile(tmp_path / "a.parquet")
    statistics = [table.metadata.row_group(i).column(2).statistics for i in range(table.metadata.num_row_groups)]
    assert [(s.min, s.max) for s in statistics] == [(k, k + 4) for k in range(0, 30, 5)]
    found = pd.read_parquet(tmp_path / "a.parquet", filters=[("realization", "==", 17)])
    np.testing.assert_array_equal(found["value"], VALUES[17].reshape(-1))


def test_page_checksums_are_written(tmp_path: Path) -> None:
    groups = write(tmp_path / "a.parquet")
    raw = bytearray((tmp_path / "a.parquet").read_bytes())
    assert groups[0].offset is not None
    raw[groups[0].offset + 100] ^= 1
    (tmp_path / "a.parquet").write_bytes(raw)
    with pytest.raises(DamagedEntryError, match="cannot be read as Parquet"):
        read_ordinarily(tmp_path / "a.parquet", VALUES.shape, VALUES.dtype)
    with pytest.raises(OSError, match="CRC checksum"):
        pq.ParquetFile(tmp_path / "a.parquet", page_checksum_verification=True).read(use_threads=False)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_bits_survive(tmp_path: Path, dtype: Any) -> None:
    bits = {8: np.uint64, 4: np.uint32}[np.dtype(dtype).itemsize]
    values = np.random.default_rng(3).integers(0, np.iinfo(bits).max, (30, 50, 4), dtype=bits).view(dtype)
    values[0, 0, :4] = [np.nan, -0.0, np.inf, np.finfo(dtype).smallest_subnormal]
    write(tmp_path / "a.parquet", values)
    read = read_ordinarily(tmp_path / "a.parquet", values.shape, values.dtype)
    np.testing.assert_array_equal(read.view(bits), values.view(bits))


@pytest.mark.parametrize(
    "labels",
    [
        np.array(["left", "right", "ü", ""]),
        np.array([True, False, True, False]),
        np.array(["2020-01-01", "2021-01-01", "2022-01-01", "2023-01-01"], dtype="datetime64[ns]"),
        np.arange(4, dtype=np.int8),
        np.arange(4, dtype=np.float32),
    ],
    ids=lambda labels: labels.dtype.str,
)
def test_labels_of_any_plain_type(tmp_path: Path, labels: Any) -> None:
    write(tmp_path / "a.parquet", labels=LABELS | {"channel": labels})
    column = pd.read_parquet(tmp_path / "a.parquet")["channel"]
    assert list(column[:4]) == list(labels)


def test_labels_that_parquet_cannot_hold_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidParameterError, match="labels of a dimension cannot be stored"):
        write(tmp_path / "a.parquet", labels=LABELS | {"channel": np.arange(4) + 1j})


def test_blocks_of_another_shape_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidParameterError, match=r"a block has the shape \(30, 4, 50\), and must have"):
        write(tmp_path / "a.parquet", VALUES.transpose(0, 2, 1))


def test_older_releases_of_pyarrow_do_not_get_the_new_option(monkeypatch: pytest.MonkeyPatch) -> None:
    old = inspect.signature(pq.ParquetWriter.__init__).parameters
    assert "max_rows_per_page" not in old or "max_rows_per_page" in parquet.options()
    monkeypatch.setattr(parquet, "options", parquet.options.__wrapped__)
    monkeypatch.setattr(inspect, "signature", lambda _: type("S", (), {"parameters": {}}))
    assert "max_rows_per_page" not in parquet.options()


@pytest.mark.parametrize("shape", [(1, 1, 1), (7, 3, 2), (2, 10, 3), (5, 1, 9), (0, 3, 3), (3, 0, 3), (3, 3, 0)])
@pytest.mark.parametrize("limit", [1, 4, 6, 7, 100])
def test_pieces_make_up_the_whole(shape: tuple[int, int, int], limit: int) -> None:
    counts = np.zeros(shape, dtype=int)
    for realizations, times in pieces(shape, limit):
        counts[realizations, times] += 1
        assert counts[realizations, times].size <= max(limit, shape[2])
    assert (counts == 1).all()
