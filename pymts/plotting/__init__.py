"""Plots of a dataset.

Each function returns the Axes it drew on. Without ``ax`` it creates a pyplot figure, so notebooks display it and
``plt.show()`` and ``plt.savefig()`` work as usual.
"""

from pymts.plotting.correlation import plot_correlation as plot_correlation
from pymts.plotting.distribution import plot_acf as plot_acf
from pymts.plotting.distribution import plot_hist as plot_hist
from pymts.plotting.graph import plot_graph as plot_graph
from pymts.plotting.heatmap import plot_heatmap as plot_heatmap
from pymts.plotting.overview import plot_overview as plot_overview
from pymts.plotting.phase import plot_phase as plot_phase
from pymts.plotting.portrait import plot_embedding as plot_embedding
from pymts.plotting.portrait import plot_portrait as plot_portrait
from pymts.plotting.spectrum import plot_spectrogram as plot_spectrogram
from pymts.plotting.spectrum import plot_spectrum as plot_spectrum
from pymts.plotting.timeseries import plot_timeseries as plot_timeseries

KINDS = {
    function.__name__.removeprefix("plot_"): function
    for function in (
        plot_timeseries, plot_heatmap, plot_phase, plot_graph, plot_spectrum, plot_spectrogram, plot_portrait,
        plot_embedding, plot_correlation, plot_acf, plot_hist, plot_overview,
    )
}  # fmt: skip
