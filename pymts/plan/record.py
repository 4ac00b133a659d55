"""One record of a grid: fixed and swept parameters."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pymts.errors import InvalidParameterError
from pymts.models.registry import MODELS, Model, get_model
from pymts.params.arrays import plain
from pymts.params.fields import depths
from pymts.params.validation import EXECUTION, shown, synonyms
from pymts.plan.sequences import rule_of, spelled_out

# {sweep: [...]} and {value: [...]} make it explicit if a list could be either.
SWEEP = "sweep"
VALUE = "value"


@dataclass(frozen=True)
class Record:
    """One record of a grid: a model, fixed parameters, and lists to sweep."""

    number: int
    model: Model[...]
    fixed: Mapping[str, Any]
    swept: Mapping[str, Sequence[Any]]

    def __len__(self) -> int:
        """Count the cells by multiplication."""
        return math.prod(len(values) for values in self.swept.values())

    def cell(self, index: int) -> dict[str, Any]:
        """Return the parameters of one cell; the last list varies fastest, as in ``itertools.product``."""
        cell = dict(self.fixed)
        for name, values in reversed(list(self.swept.items())):
            index, digit = divmod(index, len(values))
            cell[name] = values[digit]
        return cell


def read_record(
    number: int, raw: Any, defaults: Mapping[str, Any], problems: list[str], line: int | None = None
) -> Record | None:
    """Split a record into fixed and swept parameters; collect its problems."""
    place = f"record {number}" if line is None else f"line {line}, record {number}"
    where = place
    if not isinstance(raw, Mapping):
        problems.append(f"{where} must be a mapping such as {{model: var, M: 5}}, got {shown(raw)}")
        return None
    name = raw.get("model", defaults.get("model"))
    if name is None:
        problems.append(
            f"{where} has no model; name one of {', '.join(sorted(MODELS))}, here or in the grid's defaults"
        )
        return None
    try:
        model = get_model(name)
    except InvalidParameterError as error:
        problems.append(f"{where}: {error}")
        return None
    where = f"{where} ({model.name})"
    also = synonyms(model.params)
    own = {key: value for key, value in raw.items() if key != "model"}
    given_names = {also.get(key, key) for key in own}
    inherited = {
        key: value
        for key, value in defaults.items()
        if key != "model"
        if also.get(key, key) in model.params.model_fields and also.get(key, key) not in given_names
    }
    fixed: dict[str, Any] = {}
    swept: dict[str, Sequence[Any]] = {}
    for key, raw_value in {**inherited, **own}.items():
        if key in EXECUTION:
            problems.append(
                f"{where}: {key} controls how to run, not what to generate; pass it to the function instead"
            )
            continue
        try:
            values, value = _read_value(model, also.get(key, key) if isinstance(key, str) else key, raw_value)
        except ValueError as error:
            problems.append(f"{where}: {key} {error}")
            continue
        if values is None:
            fixed[key] = value
        elif values:
            swept[key] = values
        else:
            problems.append(f"{where}: {key} has an empty list to sweep; give at least one value")
    return Record(number, model, fixed, swept)


def _read_value(model: Model[...], name: Any, raw: Any) -> tuple[Sequence[Any] | None, Any]:
    """Return the values that a parameter sweeps, or None and its single value.

    Raises
    ------
    ValueError
        If it cannot be read.
    """
    value = plain(raw)
    rule = rule_of(value)
    if rule is not None:
        return spelled_out(rule, value[rule]), None
    if _says(VALUE, value):
        return None, value[VALUE]
    return _sweep(model, name, value), value


def _sweep(model: Model[...], name: Any, value: Any) -> list[Any] | None:
    """Return the values to sweep, or None if ``value`` is one value; the declared type decides.

    A list of scalars is swept if a scalar is allowed; a list as deep as a declared vector or matrix is a value.
    """
    if _says(SWEEP, value) and isinstance(value[SWEEP], list):
        return list(value[SWEEP])
    field = model.params.model_fields.get(name)
    if field is None or not isinstance(value, list):
        return None
    depth, valid = _depth(value), depths(field)
    if depth == 1 and 0 in valid:
        return value
    return None if depth in valid else value


def _says(word: str, value: Any) -> bool:
    return isinstance(value, Mapping) and set(value) == {word}


def _depth(value: Any) -> int:
    """Return the nesting depth of lists."""
    return 1 + max((_depth(item) for item in value), default=0) if isinstance(value, list) else 0
