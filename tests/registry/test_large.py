"""Many channels: the memory used stays within the estimate, and what takes long or does not fit is said before."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
from support import models

from pymts.data.dataset import data_bytes, truth_bytes
from pymts.datasets import make_colored_noise, make_garch, make_var
from pymts.errors import SlowWarning, TooLargeError
from pymts.models.registry import Model
from pymts.plan.configuration import Configuration
from pymts.run import generator
from pymts.run.simulate import simulate

M = 240


@pytest.mark.parametrize("model", models())
def test_working_memory_stays_within_the_estimate(model: Model[...]) -> None:
    configuration = Configuration.of(model, {"M": M, "T": 3, "seed": 1, "burn_in": 0})
    simulate(
        [Configuration.of(model, {"M": max(3, model.params.model_fields["M"].default), "T": 3, "seed": 1})]
    )  # warm
    tracemalloc.start()
    simulate([configuration])
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    held = data_bytes(configuration) + truth_bytes(configuration) + configuration.params.preparation[1]
    matrices = 12 * 8 * M * M  # a dozen matrices of the channels, and what a step holds for each
    assert peak < 2 * held + matrices + 2**24 * (1 + M / 1000), f"{peak / 2**20:.0f} MiB, estimated {held / 2**20:.0f}"


def test_what_takes_long_is_said_before(monkeypatch: pytest.MonkeyPatch) -> None:
    large = Configuration.of("var", {"M": 3000, "T": 3, "seed": 1})
    with pytest.warns(SlowWarning, match=r"var_M3000_.* takes about \d+ s before its first sample, .*; lower M"):
        generator.check_memory(large, streamed=False, max_bytes=2**50)
    with pytest.warns(SlowWarning, match="garch_M2000_"):
        generator.check_memory(Configuration.of("garch", {"M": 2000, "T": 3, "seed": 1}), False, 2**50)
    generator.check_memory(Configuration.of("var", {"M": 500, "T": 3, "seed": 1}), False, 2**50)


def test_what_cannot_fit_is_refused_with_its_size() -> None:
    with pytest.raises(TooLargeError, match=r"var_M50000_.* needs .* TiB, but at most .* fit; lower"):
        make_var(M=50_000, T=3, seed=1, density=0.0)


def test_coloured_noise_of_many_channels_takes_matrices_and_no_more() -> None:
    ds = make_colored_noise(M=500, T=3, seed=1)
    small = make_colored_noise(M=4, T=3, seed=1, correlation=0.5, beta=[0.0, 1.0, 1.0, 2.0])
    assert ds.theory_cov.shape == (500, 500)
    np.testing.assert_allclose(np.diag(small.theory_cov), 1.0, rtol=1e-4)
    np.testing.assert_allclose(small.theory_cov[1, 2], 0.5, rtol=1e-4)


def test_costly_truth_is_left_out_named_and_had_on_request() -> None:
    kept = make_var(M=4, p=2, T=3, seed=1)
    assert "theory_acov" in kept
    assert "truth_left_out" not in kept.attrs
    large = Configuration.of("var", {"M": 501, "p": 2, "T": 3, "seed": 1})
    assert large.params.left_out == {"theory_acov"}
    assert Configuration.of("var", {**large.values, "truth": "all"}).params.left_out == frozenset()
    asked = Configuration.of("var", {"M": 501, "p": 2, "T": 3, "seed": 1, "truth": "all"})
    assert asked.digest != large.digest, "a dataset with more truth is another one, and is never served for it"
    long = {"M": 80, "n_realizations": 1, "seed": 1, "burn_in": 0, "T": 22_000}
    assert Configuration.of("garch", long).params.left_out == {"conditional_correlation"}
    ds = make_garch(M=3, T=50, seed=1)
    assert "conditional_correlation" in ds


@pytest.mark.slow
def test_left_out_truth_is_told_in_the_attributes() -> None:
    ds = make_var(M=501, p=2, T=3, seed=1)
    assert "theory_acov" not in ds
    assert ds.attrs["truth_left_out"] == "theory_acov: far more costly than the data; pass truth='all' to include it"
    assert "theory_acov" in make_var(M=501, p=2, T=3, seed=1, truth="all")
    np.testing.assert_array_equal(make_var(M=501, p=2, T=3, seed=1, truth="all").data, ds.data)
