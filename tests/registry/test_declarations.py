"""Everything that follows from a declaration: documents, signatures, identities, refusals. Every model."""

from __future__ import annotations

import copy
import inspect
import itertools
import json
import math
import pickle
import pkgutil
import subprocess
import sys
from typing import Any

import annotated_types as at
import pytest
from support import cases, models, small

import pymts.datasets
import pymts.models
from pymts.data.truth import TRUTH
from pymts.datasets import make
from pymts.errors import InvalidParameterError
from pymts.models.registry import MODELS, Model
from pymts.params.base import Params
from pymts.params.fields import admits, allowed
from pymts.params.validation import EXECUTION, synonyms
from pymts.plan.configuration import Configuration


def test_the_users_ten_models_are_there() -> None:
    wanted = {"kuramoto", "cml", "ar", "var", "ou", "brownian", "abm", "gbm", "noise_gaussian", "noise_cauchy"}
    assert wanted <= set(pymts.datasets.list_models())


def test_every_file_of_a_model_registers_one_and_every_model_has_its_line_at_the_front_door() -> None:
    files = {module.name for module in pkgutil.iter_modules(pymts.models.__path__)}
    files -= {"registry", "docstrings", "shared"}
    assert files == {model.module.rsplit(".", 1)[1] for model in MODELS.values()}
    made = {name for name in dir(pymts.datasets) if name.startswith("make_")}
    assert made == {f"make_{name}" for name in MODELS}


@pytest.mark.parametrize("first", ["from pymts.models.registry import MODELS", "from pymts.models.var import var"])
def test_the_registry_fills_itself_when_it_is_first_read(first: str) -> None:
    code = f"{first}\nfrom pymts.models.registry import MODELS\nprint(len(MODELS), 'var' in MODELS)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == [str(len(MODELS)), "True"]


@pytest.mark.parametrize("model", models())
def test_a_model_and_its_configuration_pickle_by_name(model: Model) -> None:
    assert pickle.loads(pickle.dumps(model)) is model
    configuration = small(model)
    assert pickle.loads(pickle.dumps(configuration)) == configuration


@pytest.mark.parametrize("model", models())
def test_make_is_the_function_of_the_front_door(model: Model) -> None:
    make = getattr(pymts.datasets, f"make_{model.name}")
    assert make is pymts.datasets.make(model)
    assert make.__name__ == f"make_{model.name}"
    assert pickle.loads(pickle.dumps(make)) is make
    signature = inspect.signature(make)
    assert set(signature.parameters) == set(model.params.model_fields)
    for name, parameter in signature.parameters.items():
        assert parameter.kind is parameter.KEYWORD_ONLY
        assert parameter.default == model.params.model_fields[name].default
    with pytest.raises(TypeError):
        make(5)


@pytest.mark.parametrize("model", models())
def test_everything_is_documented(model: Model, capsys: pytest.CaptureFixture[str]) -> None:
    assert model.summary.endswith(".")
    assert len(model.summary) <= 100
    assert "Truth" in model.doc
    assert any(str(year) in model.reference for year in range(1800, 2030))
    assert model.tags
    doc = inspect.getdoc(make(model)) or ""
    for section in ("Parameters", "Returns", "Raises", "References"):
        assert f"\n{section}\n{'-' * len(section)}\n" in doc
    make(model).help()
    printed = capsys.readouterr().out
    schema = make(model).params()
    json.dumps(schema)
    for name, field in model.params.model_fields.items():
        description = field.description or ""
        assert len(description) > 10, f"{name} has no description"
        assert description[0].isupper() or not description[0].isalpha()
        assert description.endswith("."), name
        assert f"{name} : " in doc
        assert f"  {name} = " in printed
        if name not in EXECUTION:
            assert schema["properties"][name]["description"] == description
    for name in model.truth:
        assert name in TRUTH
        assert f"`{name}`" in doc


@pytest.mark.parametrize(("model", "params"), cases())
def test_parameters_survive_json(model: Model, params: dict[str, Any]) -> None:
    configuration = small(model, **params)
    values = json.loads(configuration.canonical)["params"]
    again = Configuration.of(model, values)
    assert again.params == configuration.params
    assert again.digest == configuration.digest
    shuffled = dict(reversed(values.items()))
    assert Configuration.of(model, shuffled).digest == configuration.digest


@pytest.mark.parametrize("model", models())
def test_names_defaults_and_number_types_do_not_change_the_identity(model: Model) -> None:
    plain = Configuration.of(model, {"seed": 3})
    also = {name: alias for alias, name in synonyms(model.params).items()}
    written_out = {also.get(name, name): getattr(plain.params, name) for name in plain.values}
    assert Configuration.of(model, written_out).digest == plain.digest
    for name, field in model.params.model_fields.items():
        if isinstance(field.default, float) and field.default.is_integer():
            assert Configuration.of(model, {"seed": 3, name: int(field.default)}).digest == plain.digest


@pytest.mark.parametrize("model", models())
def test_every_parameter_and_the_version_are_in_the_identity(model: Model) -> None:
    base = small(model)
    assert set(base.identity["params"]) == set(model.params.model_fields) - EXECUTION
    assert small(model, seed=8).digest != base.digest
    newer = copy.replace(model, version=model.version + 1) if hasattr(copy, "replace") else _replace(model)
    assert Configuration(newer, base.params).digest != base.digest


def _replace(model: Model) -> Model:
    import dataclasses

    return dataclasses.replace(model, version=model.version + 1)


def _bad_values(  # noqa: C901  (a list of cases)
    model: type[Params],
) -> list[tuple[str, Any]]:
    """Return values that the declared types and bounds rule out."""
    bad: list[tuple[str, Any]] = []
    for name, field in model.model_fields.items():
        numeric = admits(field.annotation, float) or admits(field.annotation, int)
        if numeric:
            bad += [(name, value) for value in (math.nan, math.inf, -math.inf, "1.0", {}, object(), 1 + 2j)]
            if not admits(field.annotation, bool):
                bad.append((name, True))
        if admits(field.annotation, int) and not admits(field.annotation, float):
            bad.append((name, 2.5))
        if not admits(field.annotation, type(None)):
            bad.append((name, None))
        bad.append((name, {"a": 1}))
        for constraint in field.metadata:
            match constraint:
                case at.Gt(gt=bound):
                    bad.append((name, bound))
                case at.Ge(ge=bound):
                    bad.append((name, bound - 1))
                case at.Lt(lt=bound):
                    bad.append((name, bound))
                case at.Le(le=bound):
                    bad.append((name, bound + 1))
    return bad


@pytest.mark.parametrize(
    ("model", "name", "value"),
    [
        pytest.param(model, name, value, id=f"{model.name}-{name}-{value!r:.20}")
        for model in MODELS.values()
        for name, value in itertools.chain(_bad_values(model.params))
    ],
)
def test_invalid_values_are_refused_in_a_sentence_that_names_field_value_and_what_is_allowed(
    model: Model, name: str, value: Any
) -> None:
    with pytest.raises(InvalidParameterError) as refusal:
        make(model)(**{name: value})
    message = str(refusal.value)
    assert message.startswith(f"{model.name}: {name} must be ")
    assert "\n" not in message
    assert allowed(model.params.model_fields[name]) in message
    assert repr(value)[:40] in message


@pytest.mark.parametrize("model", models())
def test_unknown_and_doubled_names_are_refused_with_the_nearest(model: Model) -> None:
    with pytest.raises(InvalidParameterError, match="n_realisations is not a parameter; did you mean 'n_realizations'"):
        make(model)(n_realisations=3)
    with pytest.raises(InvalidParameterError, match="M is given twice, as M and as n_channels"):
        make(model)(M=3, n_channels=3)
    with pytest.raises(InvalidParameterError) as refusal:
        make(model)(M=0, T=0, sample_every=0)
    for name in ("M", "T", "sample_every"):
        assert f"{name} must be {allowed(model.params.model_fields[name])}, got 0" in str(refusal.value)
