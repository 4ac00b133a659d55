"""Allowed values of a declared parameter, read from its type: for messages, docs, sweeps and batches."""

from __future__ import annotations

import types
import typing
from dataclasses import dataclass
from typing import Any

import annotated_types as at
from pydantic.fields import FieldInfo


@dataclass(frozen=True)
class Describe:
    """Description and nesting depth of a nested-list type."""

    text: str
    depth: int


@dataclass(frozen=True)
class Structural:
    """Marks a float that must be equal for all configurations of a batch."""


STRUCTURAL = Structural()


def _alternatives(annotation: Any) -> list[Any]:
    """Return the members of a union, or the type alone."""
    if typing.get_origin(annotation) in (typing.Union, types.UnionType):
        return [leaf for member in typing.get_args(annotation) for leaf in _alternatives(member)]
    return [annotation]


def _bare(annotation: Any) -> Any:
    return typing.get_args(annotation)[0] if typing.get_origin(annotation) is typing.Annotated else annotation


def _extras(annotation: Any) -> tuple[Any, ...]:
    return typing.get_args(annotation)[1:] if typing.get_origin(annotation) is typing.Annotated else ()


def _described(annotation: Any) -> Describe | None:
    return next((extra for extra in _extras(annotation) if isinstance(extra, Describe)), None)


def admits(annotation: Any, kind: type) -> bool:
    """Return whether the type accepts a plain value of this kind (``float`` does not imply ``int``)."""
    return any(_described(leaf) is None and _bare(leaf) is kind for leaf in _alternatives(annotation))


def is_batchable(field: FieldInfo) -> bool:
    """Return whether numbers of this field may differ within a batch."""
    return admits(_declared(field), float) and STRUCTURAL not in field.metadata


def _declared(field: FieldInfo) -> Any:
    """Return the declared type, restoring the markers that pydantic moved to the field."""
    described = tuple(extra for extra in field.metadata if isinstance(extra, Describe))
    return typing.Annotated[field.annotation, *described] if described else field.annotation


def depths(field: FieldInfo) -> frozenset[int]:
    """Return the nesting depths of valid values: 0 for a scalar, 2 for a matrix."""
    found = set()
    for leaf in _alternatives(_declared(field)):
        described = _described(leaf)
        if leaf is not types.NoneType:
            found.add(described.depth if described else 0)
    return frozenset(found)


def _bounds(metadata: tuple[Any, ...] | list[Any]) -> str:
    least = [extra.ge for extra in metadata if isinstance(extra, at.Ge)]
    most = [extra.le for extra in metadata if isinstance(extra, at.Le)]
    if least and most:
        return f"from {least[0]} to {most[0]}"
    words = []
    for extra in metadata:
        match extra:
            case at.Gt(gt=bound):
                words.append(f"greater than {bound}")
            case at.Ge(ge=bound):
                words.append(f"of at least {bound}")
            case at.Lt(lt=bound):
                words.append(f"less than {bound}")
            case at.Le(le=bound):
                words.append(f"of at most {bound}")
    return " and ".join(words)


def _leaf_text(leaf: Any, metadata: list[Any]) -> str:
    described = _described(leaf)
    if described:
        return described.text
    bare = _bare(leaf)
    if typing.get_origin(bare) is typing.Literal:
        options = [repr(option) for option in typing.get_args(bare)]
        return options[0] if len(options) == 1 else "one of " + ", ".join(options)
    if bare is types.NoneType:
        return "None"
    names = {int: "an integer", float: "a finite number", bool: "True or False", str: "a string"}
    text = names.get(bare, "a path" if bare is not None else "None")
    bounds = _bounds([*metadata, *_extras(leaf)]) if bare in (int, float) else ""
    return f"{text} {bounds}".strip()


def allowed(field: FieldInfo) -> str:
    """Return the allowed values of a field, phrased for a sentence."""
    texts = dict.fromkeys(_leaf_text(leaf, field.metadata) for leaf in _alternatives(_declared(field)))
    return " or ".join(texts)


def type_name(field: FieldInfo) -> str:
    """Return the type in numpydoc style."""
    names = []
    for leaf in _alternatives(_declared(field)):
        described, bare = _described(leaf), _bare(leaf)
        if described:
            names.append(
                f"array-like of depth {described.depth}"
                if described.depth > 2
                else {1: "array-like of shape (n,)", 2: "array-like of shape (n, n)"}[described.depth]
            )
        elif typing.get_origin(bare) is typing.Literal:
            names.append("{" + ", ".join(repr(option) for option in typing.get_args(bare)) + "}")
        elif bare is types.NoneType:
            names.append("None")
        else:
            names.append(getattr(bare, "__name__", str(bare)))
    return " or ".join(dict.fromkeys(names))
