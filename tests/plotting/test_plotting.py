"""Pictures by their structure: artists, data, limits, labels and colour map."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from pymts.datasets import make_kuramoto, make_var
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
    assert ax.get_title() == ds.pymts.config_id
    assert ax.get_legend() is not None


def test_eighty_channels_have_no_legend() -> None:
    assert plot_timeseries(make_kuramoto(M=80, T=5, seed=0)).get_legend() is None


def test_stems() -> None:
    assert len(plot_timeseries(make_var(M=2, T=9, seed=0), stems=True).containers) == 2


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
    assert plot_graph(ds).images[0].get_clim() == limits


def test_graph_has_targets_as_rows() -> None:
    ds = make_var(M=4, T=9, seed=0)
    ax = plot_graph(ds)
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
