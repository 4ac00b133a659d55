"""The ground truth of a dataset: a fixed vocabulary of names and dimensions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class TruthKind:
    """One name of the vocabulary: its dimensions, meaning, whether it is optional, and its scope."""

    dims: tuple[str, ...]
    meaning: str
    optional: bool = False
    whole: bool = False  # about the whole system, so not reduced when channels are selected

    @property
    def told(self) -> str:
        """The meaning, with a note if it is optional."""
        return f"{self.meaning} Only on request." if self.optional else self.meaning


# Separate lag dimensions: coefficients use the lags of the model, past noise its own lags, autocovariances 0, 1, 2 ...
TRUTH: dict[str, TruthKind] = {
    "adjacency": TruthKind(
        ("target", "source"),
        "Weight of the direct influence source -> target; nonzero means that source drives target.",
    ),
    "edge_target": TruthKind(("edge",), "Channel that the edge leads to: the graph of many channels.", optional=True),
    "edge_source": TruthKind(("edge",), "Channel that the edge comes from: the graph of many channels.", optional=True),
    "edge_weight": TruthKind(("edge",), "Weight of the edge: the graph of many channels.", optional=True),
    "coefficients": TruthKind(("lag", "target", "source"), "Linear coefficient of the source, lag steps ago."),
    "ma_coefficients": TruthKind(
        ("ma_lag", "target", "source"), "Linear coefficient of the source's noise, ma_lag steps ago."
    ),
    "difference_coefficients": TruthKind(
        ("difference_lag", "target", "source"), "Linear coefficient of the source's change, difference_lag steps ago."
    ),
    "rank": TruthKind((), "Number of stationary relations between nonstationary channels.", whole=True),
    "beta": TruthKind(("channel", "relation"), "Weight of each channel in each stationary relation.", whole=True),
    "alpha": TruthKind(
        ("channel", "relation"), "Response of a channel's next change to the deviation from each relation.", whole=True
    ),
    "relation_cov": TruthKind(
        ("relation", "relation_"), "Covariance of the stationary relations in closed form.", whole=True
    ),
    "long_run": TruthKind(
        ("target", "source"), "Permanent effect on the target of one unit of the source's noise.", whole=True
    ),
    "noise_cov": TruthKind(("channel", "channel_"), "Covariance of the noise of one step."),
    "intercept": TruthKind(("channel",), "Constant term of the equation.", optional=True),
    "exog": TruthKind(("time", "regressor"), "Exogenous inputs; row t acts on the sample at t.", optional=True),
    "exog_coefficients": TruthKind(
        ("channel", "regressor"), "Coefficient of each exogenous input in each channel.", optional=True
    ),
    "mean_path": TruthKind(
        ("time", "channel"),
        "Expected value of each sample, given intercept, inputs and start.",
        optional=True,
    ),
    "omega": TruthKind(("channel",), "Natural angular frequency, rad/s."),
    "delay": TruthKind(("channel",), "Time after which a channel's own past acts on it, s."),
    "drive": TruthKind(("channel",), "Constant external input of the channel's population."),
    "lyapunov": TruthKind(("exponent",), "Lyapunov exponents of the whole system, largest first, 1/s.", whole=True),
    "lyapunov_error": TruthKind(("exponent",), "Standard error of each Lyapunov exponent, 1/s.", whole=True),
    "order_parameter": TruthKind(("time", "realization"), "Kuramoto order parameter r(t), 0 to 1.", whole=True),
    "theory_mean": TruthKind(("time", "channel"), "Expected value in closed form."),
    "theory_cov": TruthKind(
        ("channel", "channel_"),
        "Covariance in closed form: stationary, or per unit of time if the process is not stationary.",
    ),
    "theory_acov": TruthKind(
        ("acov_lag", "channel", "channel_"), "Cov(x[t + lag], x[t]) in closed form; the lag counts samples."
    ),
    "frequency": TruthKind(("frequency_",), "Frequencies of the spectra, cycles per step."),
    "theory_psd": TruthKind(
        ("channel", "frequency_"),
        "Power spectral density in closed form, two-sided: its mean over all frequencies is the variance.",
    ),
    "input": TruthKind(("time", "channel", "realization"), "External input of each channel."),
    "redraws": TruthKind(("channel", "realization"), "Number of input segments redrawn because the system exploded."),
    "regime": TruthKind(("time", "realization"), "Active regime, counted from 0."),
    "transition": TruthKind(("state", "state_next"), "Probability of moving from one regime to another in one step."),
    "regime_probability": TruthKind(("state",), "Long-run fraction of time in each regime."),
    "regime_coefficients": TruthKind(
        ("state", "target", "source"), "Coefficient of the source one step ago, per regime."
    ),
    "regime_intercept": TruthKind(("state", "channel"), "Intercept of each regime."),
    "regime_noise_std": TruthKind(("state",), "Standard deviation of the noise of one step in each regime."),
    "change_point": TruthKind(("time", "realization"), "True if a new segment began since the last sample."),
    "local_mean": TruthKind(("time", "channel", "realization"), "Expected value, given the segments."),
    "regime_mean": TruthKind(("state", "channel"), "Mean of each regime, before any trend."),
    "regime_slope": TruthKind(("state", "channel"), "Rise of the mean per step in each regime."),
    "regime_cov": TruthKind(("state", "channel", "channel_"), "Covariance around the mean in each regime."),
    "trend": TruthKind(("time", "channel"), "Part of the series that grows at a constant rate."),
    "seasonal": TruthKind(("time", "channel", "realization"), "Periodic part of the series, all periods together."),
    "level": TruthKind(("time", "channel", "realization"), "Level of the series, moved by past noise."),
    "noise": TruthKind(("time", "channel", "realization"), "Noise of the step, as it enters the equation."),
    "intervention": TruthKind(("time", "channel"), "True where the channel is under intervention.", optional=True),
    "counterfactual": TruthKind(
        ("time", "channel", "realization"), "Series with the same noise but no interventions.", optional=True
    ),
    "effect": TruthKind(
        ("time", "channel", "realization"), "Effect of the interventions: data - counterfactual.", optional=True
    ),
    "latent": TruthKind(("time", "state", "realization"), "Hidden process that the channels share.", whole=True),
    "loadings": TruthKind(("channel", "state"), "Weight of each hidden process in each channel."),
    "latent_coefficients": TruthKind(
        ("state", "state_next"), "Weight of one hidden process in another, one step later."
    ),
    "coregionalization": TruthKind(("kernel", "channel", "channel_"), "Covariance between channels of each kernel."),
    "kernel_kind": TruthKind(("kernel", "term"), "Covariance function of a term of a kernel."),
    "kernel_operation": TruthKind(
        ("kernel", "term"), "How a term is combined: added to or multiplied with those before it."
    ),
    "kernel_length_scale": TruthKind(("kernel", "term"), "Length scale of a term, in steps."),
    "kernel_shape": TruthKind(("kernel", "term"), "Shape of a term that has one."),
    "theory_var": TruthKind(("channel",), "Variance in closed form."),
    "variance": TruthKind(("time", "channel", "realization"), "Variance of the next value given the past, h(t)."),
    "correlation": TruthKind(("channel", "channel_"), "Correlation of the noise of one step."),
    "conditional_correlation": TruthKind(
        ("time", "channel", "channel_", "realization"), "Correlation of the next value given the past, R(t)."
    ),
    "zscore_mean": TruthKind(("channel", "realization"), "Mean over time subtracted by zscore."),
    "zscore_std": TruthKind(("channel", "realization"), "Standard deviation over time by which zscore divided."),
}

# Dimensions whose labels are the channels' own.
CHANNEL_DIMS = frozenset({"target", "source", "channel_"})
# Dimensions that count lags.
LAG_DIMS = frozenset({"lag", "ma_lag", "difference_lag", "acov_lag"})


@dataclass(frozen=True)
class Truth:
    """One true quantity of a batch.

    ``values`` has the configuration as its first axis; ``dims`` names the others, in any order. If it is known only for
    some configurations of the batch, ``known`` (B,) marks them.
    """

    dims: tuple[str, ...]
    values: NDArray[np.generic]
    attrs: Mapping[str, str] = field(default_factory=dict)
    first_lag: int = 0
    known: NDArray[np.bool_] | None = None


@dataclass(frozen=True)
class Simulated:
    """What a model returns for a batch: data of shape (configuration, realization, time, channel) and its truth."""

    data: NDArray[np.float64]
    truth: Mapping[str, Truth] = field(default_factory=dict)


def adjacency(values: NDArray[np.float64], graph_kind: str = "structural") -> Truth:
    """Return the adjacency of a batch, (configuration, target, source)."""
    return Truth(("target", "source"), values, {"graph_kind": graph_kind})
