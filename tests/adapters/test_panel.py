"""Shapes for other libraries, without them: values, order, names and types against a plain loop."""

from __future__ import annotations

import builtins
import importlib
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from statsmodels.tsa.api import VAR

from pymts.adapters import panel
from pymts.adapters.libraries import require
from pymts.adapters.sklearn import to_xy, train_test_split
from pymts.datasets import make_kuramoto, make_var
from pymts.errors import InvalidParameterError, MissingLibraryError

DAY = pd.Timedelta(days=1)


@pytest.fixture(scope="module")
def source() -> list[xr.Dataset]:
    return [make_var(M=3, T=8, n_realizations=2, seed=1), make_kuramoto(M=3, T=8, n_realizations=3, seed=2)]


def series(source: list[xr.Dataset]) -> list[tuple[str, np.ndarray]]:
    """Return the name and the values (time, channel) of every realization, in order."""
    return [
        (f"{ds.attrs['config_id']}/{r}", ds.data.sel(realization=r).values)
        for ds in source
        for r in ds.realization.values
    ]


def uneven(source: list[xr.Dataset]) -> list[xr.Dataset]:
    return [source[0].isel(time=slice(2, 7), realization=[1, 0]), source[1]]


def test_numpy3d(source: list[xr.Dataset]) -> None:
    array = panel.to_numpy3d(source)
    assert array.shape == (5, 3, 8)
    assert array.dtype == np.float64
    np.testing.assert_array_equal(array, [values.T for _, values in series(source)])
    X, y = to_xy(source, target="model", flatten=False, return_X_y=True)
    np.testing.assert_array_equal(array, X.transpose(0, 2, 1))  # so that the labels of to_xy belong to its cases
    assert y.tolist() == [1, 1, 0, 0, 0]
    np.testing.assert_array_equal(source[0].pymts.to_numpy3d(), array[:2])


def test_multiindex(source: list[xr.Dataset]) -> None:
    frame = panel.to_multiindex(uneven(source))
    assert list(frame.columns) == ["x0", "x1", "x2"]
    assert list(frame.index.names) == ["instance", "time"]
    assert frame.dtypes.tolist() == [np.float64] * 3
    assert list(dict.fromkeys(frame.index.get_level_values(0))) == [name for name, _ in series(uneven(source))]
    for (name, values), first in zip(series(uneven(source)), [2, 2, 0, 0, 0], strict=True):
        part = frame.loc[name]
        np.testing.assert_array_equal(part, values)
        assert part.index.tolist() == list(range(first, first + len(values)))


@pytest.mark.parametrize("start", [None, "2024-02-28"])
def test_long(source: list[xr.Dataset], start: str | None) -> None:
    frame = panel.to_long(uneven(source), start=start, freq="D")
    assert list(frame.columns) == ["unique_id", "ds", "y"]
    rows = [
        (
            f"{name}/x{channel}",
            first + t if start is None else pd.Timestamp(start) + pd.Timedelta(days=first + t),
            value,
        )
        for (name, values), first in zip(series(uneven(source)), [2, 2, 0, 0, 0], strict=True)
        for channel in range(3)
        for t, value in enumerate(values[:, channel])
    ]
    assert list(frame.itertuples(index=False, name=None)) == rows
    assert pd.api.types.is_integer_dtype(frame["ds"]) == (start is None)
    pd.testing.assert_frame_equal(source[0].pymts.to_long(start=start), panel.to_long(source[0], start=start))


@pytest.mark.parametrize("multivariate", [True, False])
def test_gluonts(source: list[xr.Dataset], multivariate: bool) -> None:
    entries = panel.to_gluonts(uneven(source), start="2024-01-01 00:00", freq="15min", multivariate=multivariate)
    expected = []
    for (name, values), first in zip(series(uneven(source)), [2, 2, 0, 0, 0], strict=True):
        start = pd.Period("2024-01-01 00:00", freq="15min") + first
        if multivariate:
            expected.append((name, start, values.T))
        else:
            expected += [(f"{name}/x{channel}", start, values[:, channel]) for channel in range(3)]
    for entry, (name, start, target) in zip(entries, expected, strict=True):
        assert list(entry) == ["item_id", "start", "target"]
        assert (entry["item_id"], entry["start"]) == (name, start)
        np.testing.assert_array_equal(entry["target"], target)


def test_statsmodels_estimates_the_coefficients() -> None:
    phi = [[[0.5, 0.3], [0.0, -0.4]], [[0.0, 0.2], [0.1, 0.0]]]
    ds = make_var(Phi=phi, T=4000, n_realizations=2, seed=1)
    first, second = panel.to_statsmodels(ds)
    assert list(first.columns) == ["x0", "x1"]
    np.testing.assert_array_equal(second, ds.data.sel(realization=1))
    fitted = VAR(first).fit(2)
    z = (fitted.params.to_numpy()[1:] - np.concatenate([np.transpose(m) for m in phi])) / fitted.stderr.to_numpy()[1:]
    assert np.abs(z).max() < 5
    assert fitted.params.index.tolist() == ["const", "L1.x0", "L1.x1", "L2.x0", "L2.x1"]
    assert panel.to_statsmodels(ds, start="2024-01-01", freq="D")[0].index.freqstr == "D"


def test_the_part_to_test_on_goes_on_where_the_part_to_train_on_ends() -> None:
    train, test = train_test_split(make_kuramoto(M=2, T=40, seed=1), 10, by="time")
    frames = [panel.to_long(part) for part in (train, test)]
    assert (frames[0]["ds"].max(), frames[1]["ds"].min()) == (29, 30)
    starts = [panel.to_gluonts(part, start="2024-01-01", freq="D")[0]["start"] for part in (train, test)]
    assert starts[1] - starts[0] == 30 * pd.offsets.Day()
    dates = [panel.to_statsmodels(part, start="2024-01-01", freq="D")[0].index for part in (train, test)]
    assert dates[0].append(dates[1]).equals(pd.date_range("2024-01-01", periods=40, freq="D"))


class _Library:
    """Stands for a library: keeps what it is called with."""

    def __init__(self, **attributes: Any) -> None:
        self.__dict__.update(attributes)


def test_what_libraries_own_types_are_made_of(source: list[xr.Dataset], monkeypatch: pytest.MonkeyPatch) -> None:
    made = _Library(from_times_and_values=lambda times, values, columns: (times, values, columns))
    monkeypatch.setitem(sys.modules, "darts", _Library(TimeSeries=made))
    monkeypatch.setitem(sys.modules, "datasets", _Library(Dataset=_Library(from_dict=dict)))
    processing = _Library(DataFrame=lambda data, **options: (data, options))
    monkeypatch.setitem(sys.modules, "tigramite", _Library())
    monkeypatch.setitem(sys.modules, "tigramite.data_processing", processing)
    expected = series(uneven(source))
    for (times, values, columns), (_, same), first in zip(
        panel.to_darts(uneven(source)), expected, [2, 2, 0, 0, 0], strict=True
    ):
        assert times.equals(pd.RangeIndex(first, first + len(same)))
        np.testing.assert_array_equal(values, same)
        assert list(columns) == ["x0", "x1", "x2"]
    table = panel.to_hf(uneven(source))
    assert table["id"] == [name for name, _ in expected]
    assert table["config_id"] == [name.split("/")[0] for name, _ in expected]
    assert table["model"] == ["var", "var", "kuramoto", "kuramoto", "kuramoto"]
    assert table["realization"] == [1, 0, 0, 1, 2]
    for target, time, (_, same) in zip(table["target"], table["timestamp"], expected, strict=True):
        np.testing.assert_array_equal(target, same.T)
        assert len(time) == len(same)
    data, options = panel.to_tigramite(uneven(source))
    assert list(data) == list(range(5))
    for number, (_, same) in enumerate(expected):
        np.testing.assert_array_equal(data[number], same)
    assert options == {"var_names": ["x0", "x1", "x2"], "analysis_mode": "multiple"}


OWN_TYPES: dict[str, tuple[Callable[..., Any], str]] = {
    "darts": (panel.to_darts, "to_darts needs darts, which is not installed; pip install darts"),
    "datasets": (panel.to_hf, "to_hf needs datasets, which is not installed; pip install datasets"),
    "tigramite": (panel.to_tigramite, "to_tigramite needs tigramite, which is not installed; pip install tigramite"),
}


@pytest.mark.parametrize("library", OWN_TYPES)
def test_a_library_that_is_not_installed_is_named_with_its_command(
    source: list[xr.Dataset], library: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    convert, message = OWN_TYPES[library]
    without(library, monkeypatch)
    with pytest.raises(MissingLibraryError) as refusal:
        convert(source)
    assert str(refusal.value) == message


def without(library: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make the import of a library fail as it does where it is not installed."""
    for name in [name for name in sys.modules if name.split(".")[0] == library]:
        monkeypatch.delitem(sys.modules, name)

    class Absent:
        def find_spec(self, name: str, path: object = None, target: object = None) -> None:
            if name.split(".", maxsplit=1)[0] == library:
                raise ModuleNotFoundError(f"No module named {name!r}", name=library)

    monkeypatch.setattr(sys, "meta_path", [Absent(), *sys.meta_path])


def test_what_is_missing_inside_a_library_is_its_own_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(name: str) -> None:
        raise ModuleNotFoundError("No module named 'inner'", name="inner")

    monkeypatch.setattr(importlib, "import_module", broken)
    with pytest.raises(ModuleNotFoundError, match="inner") as error:
        require("darts", "to_darts", "pip install darts")
    assert not isinstance(error.value, MissingLibraryError)


def test_no_library_is_imported_for_plain_shapes(source: list[xr.Dataset], monkeypatch: pytest.MonkeyPatch) -> None:
    imported: list[str] = []
    original = builtins.__import__

    def noting(name: str, *args: Any, **kwargs: Any) -> Any:
        imported.append(name.split(".", maxsplit=1)[0])
        return original(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", noting)
    for convert in (panel.to_numpy3d, panel.to_multiindex, panel.to_long, panel.to_gluonts, panel.to_statsmodels):
        convert(source)
    assert not {"aeon", "sktime", "gluonts", "statsmodels", "sklearn", "darts", "datasets"} & set(imported)


def test_what_does_not_fit_is_refused(source: list[xr.Dataset]) -> None:
    for convert, given, options, message in [
        (panel.to_numpy3d, uneven(source), {}, "differ in length: var_.* has T=5 and kuramoto_.* has T=8; cut them"),
        (panel.to_long, [source[0], make_var(M=2, seed=1)], {}, "differ in the number of channels"),
        (panel.to_long, [], {}, "is empty; give at least one dataset"),
        (panel.to_long, [source[0], source[0]], {}, "the series var_.*/0 appears 2 times in the source; give it once"),
        (panel.to_long, source, {"start": "soon"}, "start='soon' and freq='h' are not valid dates; use pandas"),
        (panel.to_multiindex, source, {"start": "2024", "freq": "fortnight"}, "start='2024' and freq='fortnight' are"),
        (panel.to_gluonts, source, {"freq": "fortnight"}, "start='2000-01-01' and freq='fortnight' are not valid"),
    ]:
        with pytest.raises(InvalidParameterError, match=message):
            convert(given, **options)  # type: ignore[operator]
