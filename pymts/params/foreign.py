"""Parameter names used by other packages, and their equivalents here."""

from __future__ import annotations

from collections.abc import Collection

# name elsewhere -> candidate names here; the first one that the model has is suggested
NAMES: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(("n_samples", "n_timesteps", "n_steps", "n_points", "n_obs", "length", "series_length"), ("T",)),
    **dict.fromkeys(("N", "n", "d", "dim", "n_nodes", "n_vars", "n_variables", "n_features", "n_dims"), ("M",)),
    **dict.fromkeys(("n_series", "n_trials", "n_repeats", "n_instances", "n_replicates"), ("n_realizations",)),
    **dict.fromkeys(("random_seed", "rng", "rng_seed"), ("seed",)),
    **dict.fromkeys(("coupling", "coupling_strength", "epsilon"), ("K", "eps", "cross_strength")),
    **dict.fromkeys(("noise", "noise_level", "noise_sigma", "noise_strength"), ("noise_scale", "noise_std", "sigma")),
    **dict.fromkeys(("adjacency", "adj", "graph", "network", "W"), ("A",)),
    **dict.fromkeys(("graph_type", "network_type", "graph_family"), ("topology",)),
    **dict.fromkeys(("coefs", "coefficients", "ar_params", "params"), ("Phi", "phi", "B")),
    **dict.fromkeys(("cov", "covariance", "noise_cov", "cov_matrix"), ("Sigma",)),
    **dict.fromkeys(("order", "lag", "lags", "n_lags", "max_lag", "p_order"), ("p",)),
    **dict.fromkeys(("intercept", "const", "constant"), ("c",)),
    **dict.fromkeys(("transient", "discard", "warmup", "burnin", "burn"), ("burn_in",)),
    **dict.fromkeys(("subsample", "downsample", "thin", "stride"), ("sample_every",)),
    **dict.fromkeys(("normalize", "standardize", "scale"), ("zscore",)),
    **dict.fromkeys(("x_init", "init", "initial_state", "y0", "ic"), ("x0", "theta0")),
    **dict.fromkeys(("natural_frequencies", "frequencies", "w"), ("omega",)),
    **dict.fromkeys(("time_step", "delta_t", "h"), ("dt",)),
}
# Names that need more than a rename.
SENTENCES: dict[str, tuple[str, str]] = {
    **dict.fromkeys(("fs", "sfreq", "sampling_rate", "sample_rate"), ("dt", "give dt = 1 / (sample_every * {name})")),
    **dict.fromkeys(("t_max", "duration", "tmax", "T_max"), ("dt", "give T = {name} / (dt * sample_every)")),
}


def advice(name: str, known: Collection[str]) -> str:
    """Return the equivalent of a name used elsewhere, as the end of a sentence, or an empty string."""
    for here in NAMES.get(name, ()):
        if here in known:
            return f"; here it is called {here!r}"
    needed, sentence = SENTENCES.get(name, ("", ""))
    return f"; {sentence.format(name=name)}" if needed in known else ""
