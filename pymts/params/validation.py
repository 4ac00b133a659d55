"""Turns raw values into validated parameters, and pydantic's errors into sentences."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from pymts.errors import InvalidParameterError, named, nearest
from pymts.params.arrays import plain
from pymts.params.base import Params
from pymts.params.fields import allowed
from pymts.params.foreign import advice

MAX_SHOWN = 60
CLOSE = 0.65  # similarity from which a name is suggested
OWN, GRAPH, COMMON = "model parameters", "graph parameters", "common parameters"
_OF_GRAPHS = frozenset({"NetworkParams", "OwnBetaParams"})
# These control how a dataset is fetched; they do not define it.
EXECUTION = frozenset(
    word
    for name, field in Params.model_fields.items()
    if field.exclude
    for word in (name, *getattr(field.validation_alias, "choices", ()))
)


@dataclass(frozen=True)
class Problem:
    """One problem with a set of parameters: the field (empty for several) and the message."""

    field: str
    sentence: str


class InvalidParams(InvalidParameterError):  # noqa: N818  (callers catch InvalidParameterError)
    """Invalid parameters of one model, with every problem found."""

    def __init__(self, model: str, problems: list[Problem]) -> None:
        self.problems = problems
        super().__init__("; ".join(f"{model}: {problem.sentence}" for problem in problems))


def shown(value: object) -> str:
    """Return a value, shortened for a message."""
    text = repr(value)
    return text if len(text) <= MAX_SHOWN else f"{text[: MAX_SHOWN - 3]}..."


def synonyms(params: type[Params]) -> dict[str, str]:
    """Return synonym -> field name."""
    found = {}
    for name, field in params.model_fields.items():
        for alias in getattr(field.validation_alias, "choices", ()):
            if alias != name:
                found[alias] = name
    return found


def _unknown(params: type[Params], key: str) -> Problem:
    known = [name for name in params.model_fields if name not in EXECUTION]
    also = synonyms(params)
    if key in also:
        return Problem(key, f"{also[key]} is given twice, as {also[key]} and as {key}; keep one")
    hint = advice(key, known) or nearest(key, [*known, *also], CLOSE)
    return Problem(key, f"{named(key)} is not a parameter{hint or _takes(params)}")


def grouped(params: type[Params], *, execution: bool = False) -> dict[str, list[str]]:
    """Return the names of the parameters in groups: of the model, of its graph, common to all models.

    ``execution`` includes those that control how a dataset is fetched.
    """
    found: dict[str, list[str]] = {OWN: [], GRAPH: [], COMMON: []}
    order = [name for base in params.__mro__ if issubclass(base, Params) for name in base.__annotations__]
    for name in dict.fromkeys(order):
        if name not in params.model_fields or (name in EXECUTION and not execution):
            continue
        common = name in Params.model_fields or name == "dt"
        if name == "beta" and "p_rewire" in params.model_fields:  # the graph's own beta is p_rewire there
            found[OWN].append(name)
            continue
        owner = next(base for base in reversed(params.__mro__) if name in getattr(base, "__annotations__", {}))
        found[COMMON if common else GRAPH if owner.__name__ in _OF_GRAPHS else OWN].append(name)
    return {group: names for group, names in found.items() if names}


def _takes(params: type[Params]) -> str:
    """Return the valid parameters, in groups, as the end of a sentence."""
    return "; it takes " + "; ".join(f"{group}: {', '.join(names)}" for group, names in grouped(params).items())


def _problem(params: type[Params], error: Mapping[str, Any], given: Mapping[str, Any]) -> Problem:
    location = error["loc"]
    if not location:  # a validator over several fields wrote its own sentence
        return Problem("", str(error["msg"]).removeprefix("Value error, "))
    key = str(location[0])
    if error["type"] == "extra_forbidden":
        return _unknown(params, key)
    name = synonyms(params).get(key, key)
    field = params.model_fields[name]
    value = given.get(key, given.get(name))
    if error["type"] == "value_error":
        return Problem(name, str(error["msg"]).removeprefix("Value error, "))
    return Problem(name, f"{name} must be {allowed(field)}, got {shown(value)}; the default is {shown(field.default)}")


def _plain(model: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values as plain lists and numbers, whatever their original types."""
    found, problems = {}, []
    for name, value in given.items():
        try:
            found[name] = plain(value)
        except ValueError as error:
            problems.append(Problem(name, f"{name} {error}"))
    if problems:
        raise InvalidParams(model, problems)
    return found


def validate(model: str, params: type[Params], given: Mapping[str, Any]) -> Params:
    """Return the validated parameters, or raise one error that names every problem."""
    bad_keys = [key for key in given if not isinstance(key, str)]
    if bad_keys:
        raise InvalidParams(
            model, [Problem(str(k), f"{k!r} is not a parameter; names must be strings") for k in bad_keys]
        )
    given = _plain(model, given)
    try:
        return params.model_validate(given)
    except ValidationError as invalid:
        errors = invalid.errors(include_url=False, include_context=False)
    except OverflowError:
        raise InvalidParams(model, [Problem("", "a number is too large for float64")]) from None
    problems = list(dict.fromkeys(_problem(params, error, given) for error in errors))
    raise InvalidParams(model, problems)


def canonical_value(value: Any) -> Any:
    """Return a validated value in JSON form; negative zero becomes zero, so that equal values give equal text."""
    if isinstance(value, float):
        if not math.isfinite(value):
            raise InvalidParameterError(f"a parameter must be finite, got {value!r}")
        return value + 0.0
    if isinstance(value, tuple | list):
        return [canonical_value(item) for item in value]
    return value
