"""What many tests need."""

from __future__ import annotations

import typing
from typing import Any

import numpy as np
import pytest
import xarray as xr
from numpy.typing import NDArray
from pydantic.fields import FieldInfo

from pymts.data.block import Block
from pymts.models import registry
from pymts.models.registry import MODELS, Model
from pymts.params.validation import EXECUTION
from pymts.plan.configuration import Configuration
from pymts.run.simulate import simulate
from pymts.streams import Generator, Role, generator


def numbers(seed: int) -> Generator:
    """Return random numbers for structure."""
    return generator(seed, Role.STRUCTURE)


def forget(name: str) -> None:
    """Take a model that a test registered out of the registry."""
    registry._REGISTRY._models.pop(name, None)


def run(model: str, **params: Any) -> tuple[NDArray[np.float64], dict[str, xr.Variable]]:
    """Return the values (realization, time, channel) and the truth of one configuration."""
    result = simulate([Configuration.of(model, {"seed": 1, **params})])[0]
    if not isinstance(result, Block):
        raise result
    return result.values, result.truth


def small(model: Model, **params: Any) -> Configuration:
    """Return a configuration of few numbers, and of few steps before them."""
    return Configuration.of(model, {"T": 40, "n_realizations": 2, "seed": 7, "burn_in": 20, **params})


def variants(model: Model) -> dict[str, dict[str, Any]]:
    """Return the default and one change for every option of every choice and every switch of the model's own."""
    found: dict[str, dict[str, Any]] = {"default": {}}
    for name, field in model.params.model_fields.items():
        if name in EXECUTION:
            continue
        for option in choices(field):
            if option is not None and option != field.default:
                found[f"{name}={option}"] = {name: option}
    found["burn_in=7,sample_every=3"] = {"burn_in": 7, "sample_every": 3}
    return found


def choices(field: FieldInfo) -> list[Any]:
    """Return the options of a choice or a switch, and nothing for other fields."""
    options: list[Any] = []
    for leaf in typing.get_args(field.annotation) or (field.annotation,):
        if typing.get_origin(leaf) is typing.Literal:
            options += typing.get_args(leaf)
        elif leaf is bool:
            options += [True, False]
        elif typing.get_origin(field.annotation) is typing.Literal:
            options.append(leaf)
    return options


def cases() -> list[Any]:
    """Return every variant of every model, as pytest parameters."""
    return [
        pytest.param(model, params, id=f"{name}-{label}")
        for name, model in sorted(MODELS.items())
        for label, params in variants(model).items()
    ]


def models() -> list[Any]:
    """Return every model, as pytest parameters."""
    return [pytest.param(model, id=name) for name, model in sorted(MODELS.items())]


def block(configuration: Configuration) -> Block:
    """Simulate one configuration alone."""
    return whole([configuration])[0]


def whole(configurations: list[Configuration]) -> list[Block]:
    """Simulate a batch in which nothing fails."""
    results = simulate(configurations)
    for result in results:
        if not isinstance(result, Block):
            raise result
    return [result for result in results if isinstance(result, Block)]


def assert_same_bits(one: Block, other: Block) -> None:
    """Compare values and truth bit for bit."""
    np.testing.assert_array_equal(one.values.view(np.uint64), other.values.view(np.uint64))
    assert one.truth.keys() == other.truth.keys()
    for name, variable in one.truth.items():
        assert variable.dims == other.truth[name].dims
        np.testing.assert_array_equal(variable.values, other.truth[name].values, err_msg=name)
