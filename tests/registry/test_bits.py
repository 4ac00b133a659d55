"""What bits may depend on: the configuration, its seed and the realization, and nothing else. Every model."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import numpy as np
import pytest
from support import assert_same_bits, block, cases, models, small, whole

import pymts.streams
from pymts.data.block import Block, merge_truth
from pymts.models.registry import Model
from pymts.plan.configuration import Configuration
from pymts.run.simulate import batch_key, simulate, simulate_blocks, simulate_whole


@pytest.mark.parametrize(("model", "params"), cases())
def test_same_seed_same_bits_other_seed_other_data(model: Model, params: dict[str, Any]) -> None:
    first, again = block(small(model, **params)), block(small(model, **params))
    other = block(small(model, **params, seed=8))
    assert_same_bits(first, again)
    assert not np.array_equal(first.values, other.values)


@pytest.mark.parametrize(("model", "params"), cases())
def test_more_realizations_leave_the_earlier_ones_alone(model: Model, params: dict[str, Any]) -> None:
    few, many = block(small(model, **params, n_realizations=3)), block(small(model, **params, n_realizations=11))
    np.testing.assert_array_equal(few.values, many.values[:3])
    for name, variable in few.truth.items():
        expected = many.truth[name]
        if "realization" in variable.dims:
            expected = expected.isel(realization=slice(3))
        np.testing.assert_array_equal(variable.values, expected.values, err_msg=name)


@pytest.mark.parametrize(("model", "params"), cases())
@pytest.mark.parametrize("n_realizations", [1, pytest.param(3, marks=pytest.mark.slow)])
def test_a_batch_gives_what_each_gives_alone(model: Model, params: dict[str, Any], n_realizations: int) -> None:
    configurations = [small(model, **params, n_realizations=n_realizations, seed=seed) for seed in range(9)]
    for batched, configuration in zip(whole(configurations), configurations, strict=True):
        assert_same_bits(batched, block(configuration))


def _mixed(model: Model, n: int) -> list[Configuration]:
    """Configurations that share a batch and differ in every number that may differ in one."""
    from pymts.params.fields import is_batchable

    found: list[Configuration] = []
    for i in range(n):
        given: dict[str, Any] = {}
        for name, field in model.params.model_fields.items():
            if is_batchable(field) and isinstance(field.default, float):
                given[name] = field.default * (1.0 - 0.03 * i) if field.default else 0.01 * i
                if (
                    i
                    and not field.default
                    and found[0].params.batch_key() != small(model, **{name: 0.01}).params.batch_key()
                ):
                    given[name] = 0.0  # whether it is zero is structure
        found.append(small(model, **given, seed=i))
    return found


@pytest.mark.parametrize("model", models())
def test_a_batch_of_different_numbers_gives_what_each_gives_alone(model: Model) -> None:
    configurations = _mixed(model, 6)
    assert len({batch_key(c) for c in configurations}) == 1
    for batched, configuration in zip(whole(configurations), configurations, strict=True):
        assert_same_bits(batched, block(configuration))


@pytest.mark.parametrize("model", models())
def test_the_order_of_a_batch_does_not_matter(model: Model) -> None:
    configurations = _mixed(model, 5)
    for forward, backward in zip(whole(configurations), whole(configurations[::-1])[::-1], strict=True):
        assert_same_bits(forward, backward)


@pytest.mark.parametrize(("model", "params"), cases())
def test_blocks_of_realizations_make_up_the_whole(model: Model, params: dict[str, Any]) -> None:
    configuration = small(model, **params, n_realizations=5)
    bytes_of_two = 2 * 8 * configuration.params.T * configuration.params.M
    parts = list(simulate_blocks(configuration, bytes_of_two))
    assert [len(part.realizations) for part in parts] == [2, 2, 1]
    joined = Block(
        range(5), np.concatenate([p.values for p in parts]), merge_truth([p.truth for p in parts]), parts[0].lags
    )
    assert_same_bits(joined, simulate_whole(configuration))


@pytest.mark.parametrize(("model", "params"), cases())
def test_blocks_of_noise_change_no_bit(model: Model, params: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    configuration = small(model, **params, T=300)
    whole_run = block(configuration)
    monkeypatch.setattr(pymts.streams, "BLOCK_VALUES", 1)
    assert_same_bits(block(configuration), whole_run)


@pytest.mark.parametrize(("model", "params"), cases())
def test_a_longer_run_begins_with_the_shorter_one(model: Model, params: dict[str, Any]) -> None:
    if params.get("zscore"):  # standardising looks at the whole series, by definition
        return
    short, long = block(small(model, **params, T=30)), block(small(model, **params, T=171))
    np.testing.assert_array_equal(short.values, long.values[:, :30])


@pytest.mark.parametrize("model", models())
def test_sampling_keeps_what_the_fine_run_has(model: Model) -> None:
    fine = block(small(model, T=60, burn_in=0, sample_every=1)).values
    coarse = block(small(model, T=8, burn_in=5, sample_every=7)).values
    np.testing.assert_array_equal(coarse, fine[:, 5:60:7])


@pytest.mark.parametrize("model", models())
def test_the_global_generator_is_neither_read_nor_moved(model: Model) -> None:
    np.random.seed(5)  # noqa: NPY002  (the global generator is the point)
    before = block(small(model)).values
    state = np.random.get_state()[1].copy()  # noqa: NPY002
    np.random.seed(6)  # noqa: NPY002
    np.testing.assert_array_equal(block(small(model)).values, before)
    np.random.seed(5)  # noqa: NPY002
    assert np.array_equal(np.random.get_state()[1], state)  # noqa: NPY002


def test_another_process_gives_the_same_bits_and_names() -> None:
    code = (
        "import sys; sys.path.insert(0, sys.argv[1]); import hashlib; from support import *\n"
        "for name, model in sorted(MODELS.items()):\n"
        "    c = small(model); print(c.digest, hashlib.sha256(block(c).values.tobytes()).hexdigest())"
    )
    here = __import__("pathlib").Path(__file__).parents[1]
    outputs = {
        subprocess.run(
            [sys.executable, "-c", code, str(here)],
            env={"PYTHONHASHSEED": seed, "PATH": ""},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(outputs) == 1
    assert len(outputs.pop().splitlines()) >= 10


@pytest.mark.parametrize("model", models())
def test_realizations_and_channels_differ(model: Model) -> None:
    values = block(small(model, n_realizations=3, T=200)).values
    assert len({path.tobytes() for path in values}) == 3
    assert (values.std(axis=1) > 0).all(), "a channel is constant"


@pytest.mark.parametrize("model", [p for p in models() if "stationary" in p.values[0].tags])
def test_a_stationary_model_starts_at_random(model: Model) -> None:
    start = block(small(model, n_realizations=5, burn_in=0)).values[:, 0]
    assert len(np.unique(start)) == start.size


def test_a_diverging_configuration_leaves_its_batch_alone() -> None:
    from pymts.errors import DivergenceError
    from pymts.models.registry import get_model

    gbm = get_model("gbm")
    configurations = [small(gbm, mu=mu, T=2000, seed=3) for mu in (0.05, 1e3, 0.1)]
    results = simulate(configurations)
    assert isinstance(results[1], DivergenceError)
    message = str(results[1])
    assert configurations[1].config_id in message
    assert "realization 0" in message
    assert "from time" in message
    for index in (0, 2):
        alone, batched = block(configurations[index]), results[index]
        assert isinstance(batched, Block)
        assert_same_bits(alone, batched)
