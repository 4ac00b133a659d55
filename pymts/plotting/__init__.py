"""Pictures of a dataset. Each function returns the Axes that it drew on, and none of them shows or saves anything."""

from pymts.plotting.graph import plot_graph as plot_graph
from pymts.plotting.heatmap import plot_heatmap as plot_heatmap
from pymts.plotting.timeseries import plot_timeseries as plot_timeseries
