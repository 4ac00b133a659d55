"""Phases, spectra, portraits, correlations, networks and overviews, by their structure."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import xarray as xr
from support import models

from pymts import plotting
from pymts.datasets import make, make_kuramoto, make_lorenz, make_noise_gaussian, make_piecewise, make_var
from pymts.errors import InvalidParameterError
from pymts.models.registry import Model
from pymts.plotting.canvas import fewer_columns
from pymts.plotting.correlation import sample_covariances

PHI = [[0.5, 0.4], [0.0, 0.3]]


def test_phases_are_those_of_the_oscillators() -> None:
    ds = make_kuramoto(M=3, T=60, seed=1)
    ax = plotting.plot_phase(ds)
    image = ax.images[0]
    np.testing.assert_array_equal(image.get_array(), np.mod(ds.data.values[:, :, 0], 2 * np.pi).T)
    assert image.get_cmap().name == "twilight"
    assert image.get_clim() == (0.0, 2 * np.pi)
    order = next(other for other in ax.figure.axes if other.get_ylabel() == "order r")
    ax.figure.draw_without_rendering()
    assert order.get_position().y0 > ax.get_position().y1, "it has a panel of its own above the map"
    np.testing.assert_array_equal(order.lines[0].get_ydata(), ds.order_parameter.values[:, 0])


def test_the_phase_of_a_cosine_turns_at_its_frequency() -> None:
    time = np.arange(400) * 0.1
    ds = make_noise_gaussian(M=1, T=400, seed=1)
    ds["data"].values[:, 0, 0] = 3.0 + np.cos(2 * np.pi * 0.5 * time)
    found = np.unwrap(plotting.plot_phase(ds).images[0].get_array()[0])
    np.testing.assert_allclose(np.diff(found)[20:-20], 2 * np.pi * 0.05, rtol=1e-6)


def test_the_spectrum_has_its_peak_where_the_series_turns() -> None:
    ds = make_noise_gaussian(M=2, T=1000, seed=1)
    time = ds.time.values
    ds["data"].values[:, 1, 0] += 10 * np.sin(2 * np.pi * 0.125 * time)
    ax = plotting.plot_spectrum(ds)
    frequency, power = ax.lines[1].get_data()
    assert frequency[np.argmax(power)] == 0.125
    noise = ax.lines[0].get_ydata()
    assert abs(np.mean(noise) * 0.5 - 1) < 0.2  # a one-sided density of 2 from 0 to 1/2 integrates to the variance 1
    assert ax.get_xscale() == ax.get_yscale() == "log"
    assert ax.get_xlabel() == "frequency (1/step)"


def test_a_portrait_shows_the_past_below_and_the_present_beside() -> None:
    ds = make_lorenz(M=3, observable="all", T=50, seed=1)
    values = ds.data.values[:, :, 0]
    across, up = plotting.plot_embedding(ds, lag=5).lines[0].get_data()
    np.testing.assert_array_equal(across, values[:-5, 0])
    np.testing.assert_array_equal(up, values[5:, 0])
    across, up = plotting.plot_embedding(ds, 0, 2).lines[0].get_data()
    np.testing.assert_array_equal(across, values[:, 0])
    np.testing.assert_array_equal(up, values[:, 2])


def test_sample_and_theory_agree_in_their_direction() -> None:
    ds = make_var(Phi=PHI, T=4000, n_realizations=10, seed=1)
    ax = plotting.plot_correlation(ds, 0, 1)
    lines = {line.get_label(): line.get_ydata() for line in ax.lines}
    sample, theory = lines["sample, mean of 10"], lines["theory"]
    np.testing.assert_array_equal(theory, ds.theory_acov.values[:, 0, 1])
    error = 1 / np.sqrt(10 * 4000 / 5)
    assert np.abs(sample - theory).max() < 5 * error
    assert np.abs(sample - ds.theory_acov.values[:, 1, 0]).max() > 10 * error  # the other way round would show
    pair = np.array([[1.0, 0.0], [3.0, 2.0], [2.0, 4.0]])
    np.testing.assert_allclose(sample_covariances(pair, 1), [(2 + 0 + 0) / 3, (1 * -2 + 0 * 0) / 2])


@pytest.mark.parametrize("kind", ["matrix", "network"])
def test_the_direction_of_the_graph_is_visible(kind: Any) -> None:
    ds = make_var(Phi=[[0.5, 0.4, 0.0], [0.0, 0.3, 0.0], [0.0, 0.0, 0.2]], T=5, seed=1)  # 1 drives 0, and nothing else
    ax = plotting.plot_graph(ds, kind)
    if kind == "matrix":
        shown = np.asarray(ax.images[0].get_array())
        assert shown[0, 1] == 0.4
        assert shown[1, 0] == 0.0
        assert (ax.get_xlabel(), ax.get_ylabel()) == ("source", "target")
        return
    arrows = [text for text in ax.texts if getattr(text, "arrowprops", None)]
    assert len(arrows) == 1
    place = dict(zip([t.get_text() for t in ax.texts if t.get_text()], ax.lines[0].get_xydata(), strict=True))
    np.testing.assert_allclose(arrows[0].xy, place["0"])  # the arrow's head
    np.testing.assert_allclose(arrows[0].xyann, place["1"])


def test_segments_are_shaded() -> None:
    ds = make_piecewise(T=100, M=2, change_points=[30, 60], n_regimes=3, seed=1)
    regime = ds.regime.values[:, 0]
    spans = plotting.plot_timeseries(ds).patches
    stretches = np.count_nonzero(np.diff(regime)) + 1
    assert len(spans) == stretches - sum(1 for start in (0, 30, 60) if regime[start] == 0)
    quiet = ds.drop_vars("regime")
    dashed = [line.get_xdata()[0] for line in plotting.plot_timeseries(quiet).lines if line.get_linestyle() == "--"]
    assert dashed == ds.time.values[np.flatnonzero(ds.change_point.values[:, 0])].tolist()


def test_a_long_heatmap_keeps_its_extremes() -> None:
    values = np.random.default_rng(0).standard_cauchy((50_003, 3))
    fewer = fewer_columns(values)
    assert fewer.shape == (2000, 3)
    centre = np.median(values, axis=0)
    np.testing.assert_array_equal(np.abs(fewer - centre).max(axis=0), np.abs(values - centre).max(axis=0))


@pytest.mark.parametrize("model", models())
def test_every_model_has_an_overview(model: Model) -> None:
    ds = make(model)(T=30, n_realizations=2, seed=1, cache=False)
    axes = ds.pymts.plot(realization=1)
    figure = axes[0, 0].figure
    assert figure.get_suptitle() == f"{model.title}, realization 1"
    assert figure.get_supxlabel() == ds.pymts.config_id
    figure.draw_without_rendering()


@pytest.mark.parametrize("options", [{"T": 1}, {"M": 1, "T": 20}, {"M": 80, "T": 20}, {"sigma": 0.0, "T": 20}])
def test_edges_draw_too(options: dict[str, Any]) -> None:
    make_noise_gaussian(seed=1, **options).pymts.plot()[0, 0].figure.draw_without_rendering()


def test_the_accessor_names_its_plots() -> None:
    ds = make_var(M=2, T=20, seed=1)
    assert dir(ds.pymts.plot) == sorted(plotting.KINDS)
    assert ds.pymts.plot.heatmap(channels=[1]).images[0].get_array().shape == (1, 20)
    with pytest.raises(AttributeError, match="there is no plot 'heat'; choose from timeseries, heatmap"):
        _ = ds.pymts.plot.heat


def made() -> xr.Dataset:
    return make_noise_gaussian(M=2, T=20, seed=1)


@pytest.mark.parametrize(
    ("draw", "problem"),
    [
        (lambda: plotting.plot_graph(made()), "plot_graph needs the variable 'adjacency'"),
        (
            lambda: plotting.plot_graph(make_var(T=5, seed=1), "tree"),
            "kind must be 'matrix', 'network' or None, got 'tree'",
        ),
        (lambda: plotting.plot_embedding(made(), lag=20), "lag must be less than T = 20, got 20"),
        (lambda: plotting.plot_embedding(made(), lag=0), "lag must be an integer of at least 1, got 0"),
        (lambda: plotting.plot_correlation(made(), lags=20), "lags must be less than T = 20, got 20"),
        (lambda: plotting.plot_spectrum(made().isel(time=slice(3))), "a spectrum needs at least 8 samples, got T=3"),
        (lambda: plotting.plot_phase(made(), channels=[7]), "channels must name at least one of 0 to 1"),
        (lambda: plotting.plot_heatmap(made(), 3), "realization must be from 0 to 0, got 3"),
        (lambda: plotting.plot_phase(made(), 0, 1), r"channels must be a list of channels such as \[0, 1\], got 1"),
        (lambda: plotting.plot_portrait(made(), [0]), r"channels must be two or three labels, got \[0\]"),
        (lambda: plotting.plot_acf(made(), lags=20), "lags must be less than T = 20, got 20"),
        (lambda: plotting.plot_hist(made(), bins=0), "bins must be an integer of at least 1, got 0"),
    ],
)
def test_bad_input_is_one_sentence(draw: Any, problem: str) -> None:
    with pytest.raises(InvalidParameterError, match=problem):
        draw()
