"""What holds for every plot: pyplot's figure, the Axes given, the words and the options that go through."""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np
import pytest
import xarray as xr
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from pymts import plotting
from pymts.datasets import list_models, make, make_kuramoto, make_lorenz, make_noise_gaussian, make_var
from pymts.models.registry import MODELS
from pymts.plotting.distribution import autocorrelations
from pymts.plotting.titles import LONGEST, title

ONE = sorted(set(plotting.KINDS) - {"overview"})
OPTIONS: dict[str, dict[str, Any]] = {
    "timeseries": {"color": "red"}, "heatmap": {"cmap": "viridis", "vmin": -1}, "phase": {"cmap": "hsv"},
    "graph": {"color": "red"}, "spectrum": {"lw": 3}, "spectrogram": {"cmap": "viridis"}, "portrait": {"color": "red"},
    "embedding": {"color": "red"}, "correlation": {"color": "red"}, "acf": {"ls": ":"}, "hist": {"lw": 3},
}  # fmt: skip


@pytest.fixture(scope="module")
def ds() -> xr.Dataset:
    return make_var(M=3, T=200, n_realizations=2, seed=1)


@pytest.mark.parametrize("kind", ONE)
def test_without_axes_a_pyplot_figure_is_made(ds: xr.Dataset, kind: str) -> None:
    ax = plotting.KINDS[kind](ds)
    assert isinstance(ax, Axes)
    assert plt.get_fignums() == [1]
    assert plt.gcf() is ax.figure
    assert ax.figure.get_supxlabel() == ds.pymts.config_id
    plotting.KINDS[kind](ds)
    assert plt.get_fignums() == [1, 2], "a second call draws a picture of its own"


@pytest.mark.parametrize("kind", ONE)
def test_axes_that_are_given_are_used_and_pyplot_is_left_alone(ds: xr.Dataset, kind: str) -> None:
    projection = "3d" if kind == "portrait" else None
    given = Figure().add_subplot(projection=projection)
    assert plotting.KINDS[kind](ds, ax=given, title="Mine") is given
    assert "Mine" in {ax.get_title() for ax in given.figure.axes}
    assert plt.get_fignums() == []


@pytest.mark.parametrize("kind", ONE)
def test_keywords_go_through_to_matplotlib(ds: xr.Dataset, kind: str) -> None:
    def drawn(**options: Any) -> bytes:
        figure = plotting.KINDS[kind](ds, **options).figure
        figure.canvas.draw()
        return bytes(figure.canvas.buffer_rgba())

    plain = drawn()
    assert drawn(**OPTIONS[kind]) != plain
    assert drawn() == plain
    with pytest.raises(AttributeError, match="no_such_option"):
        plotting.KINDS[kind](ds, no_such_option=1)


@pytest.mark.parametrize("kind", [kind for kind in plotting.KINDS if kind != "graph"])
def test_every_plot_of_a_series_takes_a_realization(ds: xr.Dataset, kind: str) -> None:
    assert "realization" in inspect.signature(plotting.KINDS[kind]).parameters
    drawn = np.ravel(plotting.KINDS[kind](ds, realization=1))[0].figure
    texts = [drawn.get_suptitle(), *(ax.get_title() for ax in drawn.axes)]
    assert any("VAR, M=3, realization 1" in text for text in texts)


def test_titles_are_for_people() -> None:
    assert title(make_kuramoto(M=200, T=5, K=4, seed=3)) == "Kuramoto, K=4, M=200"
    assert title(make_kuramoto(T=5, seed=3, n_realizations=2), 1) == "Kuramoto, realization 1"
    long = make_kuramoto(M=9, T=5, K=4, frequency="lorentzian", omega_scale=0.25, normalization="degree", seed=3)
    assert title(long).startswith("Kuramoto, K=4")
    assert title(long).endswith(", ...")
    assert len(title(long)) <= LONGEST


def test_every_model_has_a_title_of_its_own() -> None:
    titles = [MODELS[name].title for name in list_models()]
    assert len(set(titles)) == len(titles)
    assert all(text[0].isupper() and len(text) < 30 for text in titles)


@pytest.mark.parametrize("name", sorted(MODELS))
def test_xarrays_own_plot_has_names_and_units(name: str) -> None:
    made = make(MODELS[name])(T=20, seed=1, cache=False)
    assert made.data.attrs["long_name"]
    assert made.time.attrs == {"units": made.time.attrs["units"], "long_name": "time"}
    assert all(made[coordinate].attrs["long_name"] for coordinate in made.coords)
    made.data.isel(channel=0, realization=0).plot()
    unit = made.data.attrs.get("units")
    assert plt.gca().get_ylabel() == made.data.attrs["long_name"] + (f" [{unit}]" if unit else "")
    assert plt.gca().get_xlabel() == f"time [{made.time.attrs['units']}]"


def test_a_portrait_shows_the_variables_of_one_unit_in_space() -> None:
    ds = make_lorenz(M=6, observable="all", T=50, seed=1)
    ax = plotting.plot_portrait(ds)
    x, y, z = ax.lines[0].get_data_3d()
    for drawn, channel in ((x, 0), (y, 2), (z, 4)):
        np.testing.assert_array_equal(drawn, ds.data.values[:, channel, 0])
    assert (ax.get_xlabel(), ax.get_zlabel()) == ("x of unit 0", "z of unit 0")
    flat = plotting.plot_portrait(ds, [4, 1])
    np.testing.assert_array_equal(flat.lines[0].get_xdata(), ds.data.values[:, 4, 0])
    np.testing.assert_array_equal(flat.lines[0].get_ydata(), ds.data.values[:, 1, 0])


def test_autocorrelations_are_those_of_an_autoregression() -> None:
    ds = make_var(Phi=[[0.8]], T=20_000, seed=1)
    found = autocorrelations(ds.data.values[:, :, 0], 5)[:, 0]
    np.testing.assert_allclose(found, 0.8 ** np.arange(6), atol=5 * np.sqrt(1 / 20_000 * (1 + 0.64) / (1 - 0.64)))
    ax = plotting.plot_acf(ds, lags=5)
    np.testing.assert_array_equal(ax.lines[0].get_ydata(), found)
    low, high = ax.patches[0].get_y(), ax.patches[0].get_y() + ax.patches[0].get_height()
    np.testing.assert_allclose((low, high), (-1.96 / np.sqrt(20_000), 1.96 / np.sqrt(20_000)))


def test_a_histogram_is_a_density_and_a_spectrogram_follows_the_frequency() -> None:
    ds = make_noise_gaussian(M=1, T=20_000, seed=1)
    heights = plotting.plot_hist(ds).patches[0].get_xy()
    widths = np.diff(heights[:, 0])
    np.testing.assert_allclose(np.sum(widths * heights[1:, 1]) / 2, 0.5, atol=0.02)
    time = np.arange(20_000)
    ds["data"].values[:, 0, 0] = np.sin(2 * np.pi * np.where(time < 10_000, 0.1, 0.3) * time)
    mesh = plotting.plot_spectrogram(ds).collections[0]
    power = np.asarray(mesh.get_array())
    frequency = np.linspace(0, 0.5, power.shape[0])
    assert abs(frequency[power[:, 5].argmax()] - 0.1) < 0.01
    assert abs(frequency[power[:, -5].argmax()] - 0.3) < 0.01
