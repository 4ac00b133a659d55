"""A configuration: a model, all its parameters, and the identity that names its dataset."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from pymts.models.registry import Model, get_model
from pymts.params.base import Params
from pymts.params.validation import EXECUTION, InvalidParams, Problem, canonical_value, validate
from pymts.streams import fresh_seed

SLUG_LENGTH = 80
HASH_LENGTHS = (8, 16, 64)  # tried in turn after a collision
SHORT = {"n_realizations": "R"}  # in the readable name of a dataset
_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")


def canonical_json(value: Any) -> str:
    """Return the canonical text of a JSON value: sorted keys, no spaces, shortest floats, ASCII."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)


@dataclass(frozen=True)
class Configuration:
    """A model and its resolved parameters; equal identities mean equal inputs to the simulation."""

    model: Model[...]
    params: Params

    @classmethod
    def of(cls, model: str | Model[...], given: Mapping[str, Any]) -> Configuration:
        """Validate the given parameters; draw a seed if it is ``None``.

        Raises
        ------
        InvalidParameterError
            If a parameter is unknown, invalid, or controls how to run rather than what to generate.
        """
        found = model if isinstance(model, Model) else get_model(model)
        how = [
            Problem(key, f"{key} controls how to run, not what to generate; pass it to the function instead")
            for key in given
            if key in EXECUTION
        ]
        if how:
            raise InvalidParams(found.name, how)
        params = validate(found.name, found.params, given)
        if params.seed is None:
            params = params.model_copy(update={"seed": fresh_seed()})
        return cls(found, params)

    @property
    def seed(self) -> int:
        """The seed, always resolved."""
        assert self.params.seed is not None  # noqa: S101  (of() resolves it)
        return self.params.seed

    @property
    def values(self) -> dict[str, Any]:
        """Every parameter with its resolved value, in JSON form."""
        fields = type(self.params).model_fields
        return {name: canonical_value(getattr(self.params, name)) for name in fields if name not in EXECUTION}

    @property
    def identity(self) -> dict[str, Any]:
        """What defines the dataset: model, version and every parameter."""
        return {"model": self.model.name, "version": self.model.version, "params": self.values}

    @cached_property
    def canonical(self) -> str:
        """The canonical JSON of the identity."""
        return canonical_json(self.identity)

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the canonical JSON, 64 hex digits."""
        return hashlib.sha256(self.canonical.encode("ascii")).hexdigest()

    @cached_property
    def slug(self) -> str:
        """The readable part of the name: model, M, T, scalars that differ from their defaults, seed."""
        params, seed = self.params, f"seed{self.seed}"
        parts = [self.model.name, f"M{params.M}", f"T{params.T}"]
        for name, field in type(params).model_fields.items():
            value = getattr(params, name)
            if name in EXECUTION or name in ("M", "T", "seed") or value == field.default:
                continue
            if isinstance(value, int | float | str):
                parts.append(f"{SHORT.get(name, name)}{_short(value)}")
        head = _UNSAFE.sub("", "_".join(parts))[: SLUG_LENGTH - len(seed) - 1].rstrip("._-")
        return f"{head}_{seed}"

    def name(self, hash_length: int = HASH_LENGTHS[0]) -> str:
        """Return the slug with this many digits of the digest."""
        return f"{self.slug}__{self.digest[:hash_length]}"

    @property
    def config_id(self) -> str:
        """``<slug>__<hash8>``."""
        return self.name()

    @property
    def shape(self) -> tuple[int, int, int]:
        """(n_realizations, T, M)."""
        return self.params.n_realizations, self.params.T, self.params.M


def _short(value: bool | float | str) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:g}" if isinstance(value, float) else str(value)


def derived_seed(top_seed: int, model: Model[...], params: Params) -> int:
    """Return the seed of a grid cell that has none: a digest of the grid's seed and the cell's content.

    It does not depend on the position in the grid, so inserting, removing or reordering cells changes no other cell.
    """
    content = Configuration(model, params.model_copy(update={"seed": None})).canonical
    digest = hashlib.sha256(f"{top_seed}:{content}".encode("ascii")).digest()
    return int.from_bytes(digest[:4])
