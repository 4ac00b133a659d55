"""Pictures by their structure: artists, data, limits, labels and colour map."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from pymts.datasets import make_kuramoto, make_scm, make_var
from pymts.errors import InvalidParameterError
from pymts.plotting import plot_graph, plot_heatmap, plot_timeseries
from pymts.plotting.envelope import envelope
from pymts.plotting.heatmap import limits


def test_every_extreme_survives() -> None:
    values = np.random.default_rng(0).standard_cauchy(1_000_003)
    at = envelope(values)
    assert len(at) <= 4002
    assert np.all(np.diff(at) > 0)
    assert at[0] == 0
    assert at[-1] == len(values) - 1
    edges = np.linspace(0, len(values), 2001).astype(int)
    for start, stop in itertools.pairwise(edges):
        kept = values[at[(at >= start) & (at < stop)]]
        assert kept.min() == values[start:stop].min()
        assert kept.max() == values[start:stop].max()


@pytest.mark.parametrize("frame", [False, True])
def test_lines_are_the_channels_of_the_realization(frame: bool) -> None:
    ds = make_var(M=3, T=20, n_realizations=2, seed=0)
    ax = plot_timeseries(ds.pymts.to_dataframe() if frame else ds, realization=1, channels=[2, 0])
    assert [line.get_label() for line in ax.lines] == ["2", "0"]
    for line, channel in zip(ax.lines, [2, 0], strict=True):
        np.testing.assert_array_equal(line.get_ydata(), ds.data.values[:, channel, 1])
        np.testing.assert_array_equal(line.get_xdata(), ds.time.values)
    assert ax.get_title() == (f"{ds.pymts.config_id}, realization 1" if frame else "VAR, M=3, realization 1")
    assert ax.get_legend() is not None


def test_many_channels_are_drawn_above_one_another() -> None:
    ds = make_var(M=12, T=50, seed=0)
    ax = plot_timeseries(ds)
    assert ax.get_legend() is None
    assert [text.get_text() for text in ax.get_yticklabels()] == [str(label) for label in range(12)]
    centres = [np.mean(line.get_ydata()) for line in ax.lines]
    apart = np.diff(ax.get_yticks())[0]
    np.testing.assert_allclose(np.diff(centres), apart, rtol=0.2)
    np.testing.assert_allclose(np.ptp(ax.lines[3].get_ydata()), np.ptp(ds.data.values[:, 3, 0]))
    many = plot_timeseries(make_kuramoto(M=80, T=5, seed=0))
    assert len(many.lines) == 40
    assert many.get_title().endswith("(first 40 of 80)")


def test_stems_are_few_enough_to_be_seen() -> None:
    assert len(plot_timeseries(make_var(M=2, T=9, seed=0), stems=True).containers) == 2
    ax = plot_timeseries(make_var(M=2, T=500, seed=0), stems=True)
    assert len(ax.containers[0].markerline.get_xdata()) == 200
    assert ax.get_title().endswith("(first 200 samples)")


def test_a_phase_is_drawn_as_its_sine_and_in_colours_that_go_round() -> None:
    ds = make_kuramoto(M=3, T=50, K=0.1, seed=0)
    ax = plot_timeseries(ds)
    np.testing.assert_array_equal(ax.lines[1].get_ydata(), np.sin(ds.data.values[:, 1, 0]))
    assert ax.get_ylabel() == "sin(phase)"
    assert ax.get_xlabel() == "time (s)"
    image = plot_heatmap(ds).images[0]
    assert image.get_cmap().name == "twilight"
    np.testing.assert_array_equal(image.get_array(), np.mod(ds.data.values[:, :, 0], 2 * np.pi).T)
    assert plot_heatmap(ds).get_ylabel() == "oscillator"


def test_interventions_are_shaded_and_the_counterfactual_is_dashed() -> None:
    ds = make_scm(M=4, T=60, interventions=[[0, 20, 30, 3.0]], seed=1)
    ax = plot_timeseries(ds)
    (span,) = ax.patches
    assert span.get_x() == 20
    assert span.get_x() + span.get_width() == 30
    dashed = [line for line in ax.lines if line.get_linestyle() == "--"]
    np.testing.assert_array_equal(dashed[0].get_ydata(), ds.counterfactual.values[:, 0, 0])
    assert dashed[0].get_color() == ax.lines[0].get_color()
    assert not plot_timeseries(ds, channels=[1]).patches, "channel 1 is not intervened upon"


def test_heatmap_shows_channels_as_rows() -> None:
    ds = make_var(M=4, T=30, seed=0)
    ax = plot_heatmap(ds)
    image = ax.images[0]
    np.testing.assert_array_equal(image.get_array(), ds.data.values[:, :, 0].T)
    assert image.get_cmap().name == "icefire"
    assert image.get_clim()[0] == -image.get_clim()[1] < 0
    assert image.origin == "lower"
    assert image.get_interpolation() == "nearest"


def test_outliers_do_not_set_the_colours() -> None:
    values = np.random.default_rng(0).standard_normal(10_000)
    values[0] = 1e9
    assert limits(values)[1] < 4
    assert limits(np.full(5, 3.0)) == (2.5, 3.5)


@pytest.mark.parametrize(("weight", "limits"), [(0.5, (0.0, 0.5)), (-0.5, (-0.5, 0.5))])
def test_colours_of_a_graph_are_symmetric_only_if_a_weight_is_negative(
    weight: float, limits: tuple[float, float]
) -> None:
    ds = make_kuramoto(A=[[0.0, weight], [0.25, 0.0]], T=5, seed=0)
    assert plot_graph(ds, "matrix").images[0].get_clim() == limits


def test_a_binary_graph_has_two_colours_and_few_nodes_are_a_network() -> None:
    ds = make_kuramoto(M=30, T=5, topology="ring", seed=0)
    image = plot_graph(ds).images[0]
    assert image.get_cmap().N == 2
    assert plot_graph(make_kuramoto(M=12, T=5, seed=0)).images[:] == []
    labels = [text.get_text() for text in image.colorbar.ax.get_yticklabels()]
    assert labels == ["no link", "link"]
    assert image.get_cmap()(0)[2] > image.get_cmap()(1)[2], "no link is the light one"


def test_graph_has_targets_as_rows() -> None:
    ds = make_var(M=4, T=9, seed=0)
    ax = plot_graph(ds, "matrix")
    np.testing.assert_array_equal(ax.images[0].get_array(), ds.adjacency.values)
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("source", "target")


def test_bad_input_is_one_sentence() -> None:
    ds = make_var(M=2, T=9, seed=0)
    with pytest.raises(InvalidParameterError, match="realization must be from 0 to 0, got 3"):
        plot_timeseries(ds, realization=3)
    with pytest.raises(InvalidParameterError, match=r"channels must name .* got \[9\]"):
        plot_heatmap(ds, channels=[9])
    with pytest.raises(InvalidParameterError, match="adjacency"):
        plot_graph(ds.drop_vars("adjacency"))
