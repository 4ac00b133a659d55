"""Identity: canonical text, digest, slug, and what they do not depend on."""

from __future__ import annotations

import hashlib
import json
import re
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pymts.errors import InvalidParameterError
from pymts.plan.configuration import SLUG_LENGTH, Configuration, canonical_json


def of(**given: Any) -> Configuration:
    return Configuration.of("kuramoto", {"seed": 1, **given})


def test_the_identity_is_the_sha256_of_the_canonical_json() -> None:
    configuration = of(K=2)
    identity = {
        "model": "kuramoto",
        "version": configuration.model.version,
        "params": {name: configuration.values[name] for name in configuration.values},
    }
    text = json.dumps(identity, sort_keys=True, separators=(",", ":"))
    assert configuration.canonical == text
    assert configuration.digest == hashlib.sha256(text.encode()).hexdigest()
    assert configuration.config_id == f"{configuration.slug}__{configuration.digest[:8]}"
    assert '"K":2.0' in text
    assert "cache" not in configuration.values
    assert "outdir" not in configuration.values


def test_the_slug_shows_model_shape_what_differs_and_the_seed() -> None:
    assert of().slug == "kuramoto_M5_T1000_seed1"
    assert of(K=2.5, topology="ring", zscore=True).slug == "kuramoto_M5_T1000_zscoretrue_topologyring_K2.5_seed1"
    assert of(K=-1e20).slug == "kuramoto_M5_T1000_K-1e20_seed1"


def test_two_seeds_are_two_names() -> None:
    assert of(seed=1).config_id != of(seed=2).config_id


@settings(max_examples=100, deadline=None)
@given(
    st.integers(0, 2**63 - 1),
    st.floats(-1e300, 1e300),
    st.integers(1, 10**12),
    st.floats(0, 1e300),
    st.sampled_from(["complete", "chain", "erdos_renyi"]),
)
def test_every_slug_is_a_safe_short_name(seed: int, coupling: float, length: int, noise: float, topology: str) -> None:
    configuration = of(seed=seed, K=coupling, T=length, noise_std=noise, alpha=coupling, topology=topology)
    assert len(configuration.slug) <= SLUG_LENGTH
    assert re.fullmatch(r"[a-z][A-Za-z0-9._-]*", configuration.name(64))
    assert configuration.slug.endswith(f"_seed{seed}")


@settings(max_examples=100, deadline=None)
@given(st.floats(-1e6, 1e6), st.permutations(["K", "alpha", "T", "M", "seed", "zscore"]), st.integers(1, 9))
def test_order_aliases_and_number_types_change_nothing(coupling: float, order: list[str], size: int) -> None:
    given = {"K": coupling, "alpha": 0.0, "T": 10, "M": size, "seed": 3, "zscore": False}
    plain = Configuration.of("kuramoto", given)
    assert Configuration.of("kuramoto", {name: given[name] for name in order}).digest == plain.digest
    renamed = {"K": np.float64(coupling), "alpha": -0.0, "n_timepoints": np.int32(10), "n_channels": float(size)}
    assert Configuration.of("kuramoto", {**renamed, "random_state": np.uint8(3)}).digest == plain.digest


def test_arrays_tuples_and_lists_are_one_value() -> None:
    matrix = [[0.0, 1.0], [1.0, 0.0]]
    digests = {of(A=value).digest for value in (matrix, np.array(matrix), tuple(map(tuple, matrix)), [[0, 1], [1, 0]])}
    assert len(digests) == 1
    assert of(A=np.array(matrix).T * 2).digest not in digests


def test_a_missing_seed_is_drawn_and_recorded() -> None:
    first, second = Configuration.of("kuramoto", {}), Configuration.of("kuramoto", {"seed": None})
    assert first.seed != second.seed
    assert 0 <= first.seed < 2**53
    assert Configuration.of("kuramoto", first.values).digest == first.digest


def test_how_to_run_is_not_part_of_what_to_make() -> None:
    with pytest.raises(InvalidParameterError, match="outdir controls how to run, not what to generate"):
        of(outdir="x")


def test_canonical_json_has_no_nan_and_one_form() -> None:
    assert canonical_json({"b": 1.0, "a": [1e-7, "ä"]}) == '{"a":[1e-07,"\\u00e4"],"b":1.0}'
    with pytest.raises(ValueError, match="Out of range"):
        canonical_json(float("nan"))
