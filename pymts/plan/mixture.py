"""A weighted mixture of models with random parameters: an endless, indexable source of configurations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from pymts.errors import GridError, InvalidParameterError, named, nearest
from pymts.models.registry import MODELS, Model, get_model
from pymts.params.validation import shown
from pymts.plan import safe_yaml
from pymts.plan.configuration import Configuration
from pymts.plan.distributions import Distribution, read_distribution
from pymts.plan.grid import Grid

WEIGHT = "weight"
MAX_INDEX = 2**32 - 1
_KEYS = ("seed", "defaults", "mixture")
_OWN = ("seed", "random_state", "n_realizations")  # set separately in every draw of a grid


@dataclass(frozen=True)
class Component:
    """One model of a mixture: its weight, fixed parameters and random parameters."""

    model: Model[...]
    weight: float
    fixed: Mapping[str, Any]
    drawn: Mapping[str, Distribution]


class Mixture:
    """Configurations drawn from models with given weights and parameters with given distributions.

    ``mixture[i]`` is the i-th draw, a configuration with its own seed and config_id. It depends only on the mixture,
    its seed and i, not on the order of access.

    Parameters
    ----------
    records : list of dict
        Each has a ``model``, an optional ``weight`` (default 1), and parameters: a value, or a distribution, one of
        ``{uniform: [low, high]}``, ``{loguniform: [low, high]}``, ``{normal: [mean, std]}``, ``{integers: [low,
        high]}`` (both included) and ``{choice: [...]}``.
    seed : int
    defaults : dict
        Parameters for every record whose model has them.

    Raises
    ------
    GridError
        If a record is invalid.

    Examples
    --------
    >>> from pymts import Mixture
    >>> mixture = Mixture([{"model": "kuramoto", "weight": 2, "K": {"uniform": [0.5, 3.0]}}, {"model": "var"}], seed=1)
    >>> mixture[5].model.name in ("kuramoto", "var")
    True
    """

    def __init__(
        self, records: Sequence[Mapping[str, Any]], *, seed: int = 0, defaults: Mapping[str, Any] | None = None
    ) -> None:
        if isinstance(seed, bool) or not isinstance(seed, int) or not 0 <= seed < 2**63:
            raise GridError(f"seed must be an integer from 0 to {2**63 - 1}, got {shown(seed)}")
        if not isinstance(records, Sequence) or isinstance(records, str) or not records:
            raise GridError(f"a mixture must be a list of at least one record, got {shown(records)}")
        self.seed = seed
        self.records = [dict(record) if isinstance(record, Mapping) else record for record in records]
        self.defaults = dict(defaults or {})
        _check_defaults(self.defaults, records)
        self.components = [_component(number, record, self.defaults) for number, record in enumerate(records, 1)]
        weights = np.array([component.weight for component in self.components])
        self._ends = np.cumsum(weights / weights.sum())

    @classmethod
    def read(cls, source: str | Path, *, seed: int | None = None) -> Mixture:
        """Read a mixture from a YAML file with ``mixture`` (the records) and optional ``seed`` and ``defaults``.

        A grid file is read as the mixture of its cells.
        """
        path = Path(source)
        try:
            content = safe_yaml.load(path.read_bytes())
        except OSError as error:
            raise GridError(f"{path} cannot be read: {error.strerror}") from None
        except GridError as error:
            raise GridError(f"{path}: {error}") from None
        if isinstance(content, list) or (isinstance(content, Mapping) and "configs" in content):
            return cls.of_grid(Grid.read(path), seed=0 if seed is None else seed)
        if not isinstance(content, Mapping) or "mixture" not in content:
            raise GridError(f"{path}: a mixture file must be a mapping with the key mixture, a list of records")
        for key in content:
            if key not in _KEYS:
                raise GridError(f"{path}: {shown(key)} is not a key of a mixture file (valid keys: {', '.join(_KEYS)})")
        try:
            own = content.get("seed", 0) if seed is None else seed
            return cls(content["mixture"], seed=own, defaults=content.get("defaults"))
        except GridError as error:
            raise GridError(f"{path}: {error}") from None

    @classmethod
    def of_grid(cls, grid: Grid, *, seed: int = 0) -> Mixture:
        """Return the mixture that draws the cells of a grid with equal probability and fresh seeds."""
        records = []
        for record in grid.records:
            values = {**record.fixed, **{name: {"choice": list(values)} for name, values in record.swept.items()}}
            records.append(
                {"model": record.model.name, WEIGHT: len(record), **{n: v for n, v in values.items() if n not in _OWN}}
            )
        return cls(records, seed=seed)

    def __reduce__(self) -> tuple[Any, tuple[Any, ...]]:
        """Pickle the declaration only."""
        return _again, (self.records, self.seed, self.defaults)

    @property
    def models(self) -> list[str]:
        """The sorted names of the models; their positions are class labels."""
        return sorted({component.model.name for component in self.components})

    def __getitem__(self, index: int) -> Configuration:
        """Return draw ``index``, counted from 0."""
        return self.draw(index)

    def draw(self, index: int, *, epoch: int = 0, attempt: int = 0) -> Configuration:
        """Return a draw; each epoch has its own draws, and each attempt replaces the previous one.

        Raises
        ------
        InvalidParameterError
            If a number is out of range, or the drawn parameters are inconsistent.
        """
        for name, number in (("index", index), ("epoch", epoch), ("attempt", attempt)):
            if not 0 <= number <= MAX_INDEX:
                raise InvalidParameterError(f"{name} must be from 0 to {MAX_INDEX}, got {number}")
        rng = np.random.default_rng(np.random.SeedSequence(self.seed, spawn_key=(epoch, index, attempt)))
        seed = int(rng.integers(2**53))
        component = self.components[int(np.searchsorted(self._ends[:-1], rng.random(), side="right"))]
        given = {"seed": seed, **component.fixed}
        for name in sorted(component.drawn):
            given[name] = component.drawn[name].draw(rng)
        return Configuration.of(component.model, given)

    def __repr__(self) -> str:
        """Show the records of the mixture."""
        return f"<Mixture of {len(self.components)} records ({', '.join(self.models)}), seed {self.seed}>"


def _again(records: list[Any], seed: int, defaults: dict[str, Any]) -> Mixture:
    return Mixture(records, seed=seed, defaults=defaults)


def _check_defaults(defaults: Mapping[str, Any], records: Sequence[Any]) -> None:
    """Raise for a default that no model of the mixture has."""
    names = {record.get("model") for record in records if isinstance(record, Mapping)}
    known = {
        field
        for name in names
        if isinstance(name, str) and name in MODELS
        for field in MODELS[name].params.model_fields
    }
    for name in defaults:
        if known and name not in known:
            hint = nearest(str(name), known)
            raise GridError(f"defaults: {named(str(name))} is not a parameter of any model of this mixture{hint}")


def _component(number: int, record: Any, defaults: Mapping[str, Any]) -> Component:
    where = f"record {number}"
    if not isinstance(record, Mapping) or "model" not in record:
        raise GridError(f"{where} must be a mapping such as {{model: var, weight: 2}}, got {shown(record)}")
    try:
        model = get_model(record["model"])
    except InvalidParameterError as error:
        raise GridError(f"{where}: {error}") from None
    where = f"{where} ({model.name})"
    weight = record.get(WEIGHT, 1)
    if isinstance(weight, bool) or not isinstance(weight, int | float) or not 0 < weight < float("inf"):
        raise GridError(f"{where}: weight must be a finite number greater than 0, got {shown(weight)}")
    known = model.params.model_fields
    given = {name: value for name, value in defaults.items() if name in known}
    given |= {name: value for name, value in record.items() if name not in ("model", WEIGHT)}
    drawn: dict[str, Distribution] = {}
    fixed: dict[str, Any] = {}
    for name, value in given.items():
        try:
            distribution = read_distribution(value)
        except InvalidParameterError as error:
            raise GridError(f"{where}: {name}: {error}") from None
        if distribution is None:
            fixed[name] = value
        elif name == "seed":
            raise GridError(f"{where}: seed cannot be drawn from a distribution; every draw has its own seed")
        else:
            drawn[name] = distribution
    _try_extremes(where, model, fixed, drawn)
    return Component(model, float(weight), fixed, drawn)


def _try_extremes(where: str, model: Model[...], fixed: Mapping[str, Any], drawn: Mapping[str, Distribution]) -> None:
    """Raise for a distribution with bounds that the model rejects, on declaration rather than on drawing."""
    usual = {name: distribution.examples()[0] for name, distribution in drawn.items()}
    for name, distribution in [("", None), *drawn.items()]:
        for value in [None] if distribution is None else distribution.examples():
            given = {**fixed, **usual} if distribution is None else {**fixed, **usual, name: value}
            try:
                Configuration.of(model, {"seed": 0, **given})
            except InvalidParameterError as error:
                text = str(error).removeprefix(f"{model.name}: ")
                raise GridError(f"{where}: {text}") from None
