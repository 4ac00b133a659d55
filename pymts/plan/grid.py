"""A parameter grid: records of parameters, where a list sweeps, expanded one cell at a time."""

from __future__ import annotations

import itertools
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from pymts.errors import GridError, TooLargeError, named, nearest
from pymts.models.registry import MODELS
from pymts.params.base import MAX_SEED
from pymts.params.validation import EXECUTION, InvalidParams, shown, synonyms, validate
from pymts.plan.configuration import Configuration, derived_seed
from pymts.plan.record import SWEEP, VALUE, Record, read_record
from pymts.plan.safe_yaml import load

TOP_KEYS = ("configs", "defaults", "seed")
MAX_CELLS = 100_000
MAX_PROBLEMS = 20


class Grid(Sequence[Configuration]):
    """A lazy sequence of configurations.

    Parameters
    ----------
    records : list of dict
        Each a ``model`` and its parameters. A list of scalars sweeps wherever a scalar is allowed, and a list of
        matrices where a matrix is; several lists make the Cartesian product. ``{"sweep": [...]}`` and
        ``{"value": [...]}`` say which it is where a list could be either.
    seed : int
        Gives every cell without its own seed one derived from this seed and the cell's content.
    defaults : dict
        Parameters for every record whose model has them and that does not give them itself.
    source : str
        Name used in error messages.

    Raises
    ------
    GridError
        If a record is invalid; every problem is listed, with record, field, value and what is allowed.
    TooLargeError
        If the grid has more cells than ``max_cells``.
    """

    def __init__(
        self,
        records: Sequence[Mapping[str, Any]],
        *,
        seed: int = 0,
        defaults: Mapping[str, Any] | None = None,
        source: str = "grid",
        max_cells: int = MAX_CELLS,
    ) -> None:
        self.source = source
        self.seed = seed
        problems: list[str] = []
        if isinstance(seed, bool) or not isinstance(seed, int) or not 0 <= seed <= MAX_SEED:
            problems.append(f"seed must be an integer from 0 to {MAX_SEED}, got {shown(seed)}")
        if not isinstance(records, Sequence) or isinstance(records, str | bytes):
            raise GridError(f"{source}: configs must be a list of records, got {shown(records)}")
        if not records:
            raise GridError(f"{source}: configs is empty; give at least one record such as {{model: var, M: 5}}")
        if defaults is not None and not isinstance(defaults, Mapping):
            raise GridError(f"{source}: defaults must be a mapping of parameters, got {shown(defaults)}")
        usable = self._usable_defaults(defaults or {}, records, problems)
        self.records = [
            record
            for number, raw in enumerate(records, start=1)
            if (record := read_record(number, raw, usable, problems)) is not None
        ]
        self._ends = list(itertools.accumulate(len(record) for record in self.records))
        if len(self) > max_cells:
            raise TooLargeError(
                f"{source}: the grid has {len(self):,} configurations and the limit is {max_cells:,}; "
                "shorten a list or raise the limit"
            )
        self._check_cells(problems)
        if problems:
            raise _grid_error(source, problems)

    @staticmethod
    def _usable_defaults(defaults: Mapping[str, Any], records: Sequence[Any], problems: list[str]) -> Mapping[str, Any]:
        """Refuse a default that no model of the grid has: it is a typo that would be ignored silently."""
        names = [raw.get("model") for raw in records if isinstance(raw, Mapping)]
        models = [MODELS[name] for name in names if isinstance(name, str) and name in MODELS]
        known = {name for model in models for name in (*model.params.model_fields, *synonyms(model.params))}
        problems += [
            f"defaults: {named(str(key))} is not a parameter of any model of this grid{nearest(str(key), known)}"
            for key in defaults
            if models and (key not in known or key in EXECUTION)
        ]
        return defaults

    def _check_cells(self, problems: list[str]) -> None:
        """Validate every cell; what many cells of a record share is said once."""
        seen = dict.fromkeys(problems)
        for record in self.records:
            for index in range(len(record)):
                try:
                    validate(record.model.name, record.model.params, record.cell(index))
                except InvalidParams as invalid:
                    for problem in invalid.problems:
                        seen[f"record {record.number} ({record.model.name}): {problem.sentence}"] = None
        problems[:] = seen

    def __len__(self) -> int:
        """Count the cells, without expanding them."""
        return self._ends[-1] if self._ends else 0

    def __getitem__(self, index: Any) -> Any:
        """Return one configuration, or a list of them for a slice."""
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(len(self)))]
        position = index + len(self) if index < 0 else index
        if not 0 <= position < len(self):
            raise IndexError(f"index {index} is out of range: the grid has {len(self)} configurations")
        number = bisect_right(self._ends, position)
        return self._configuration(self.records[number], position - self._before(number))

    def _before(self, number: int) -> int:
        """Count the cells of the records before one."""
        return self._ends[number - 1] if number else 0

    def __iter__(self) -> Iterator[Configuration]:
        """Yield the configurations in order."""
        for record in self.records:
            for index in range(len(record)):
                yield self._configuration(record, index)

    def _configuration(self, record: Record, index: int) -> Configuration:
        given = record.cell(index)
        params = validate(record.model.name, record.model.params, given)
        if params.seed is None:
            for name in ("seed", "random_state"):
                given.pop(name, None)
            given["seed"] = derived_seed(self.seed, record.model, params)
        return Configuration.of(record.model, given)

    @property
    def swept(self) -> list[str]:
        """Names of the parameters that vary anywhere in the grid."""
        return list(dict.fromkeys(name for record in self.records for name in record.swept))

    @classmethod
    def read(
        cls,
        source: str | Path | Mapping[str, Any] | Sequence[Any],
        *,
        seed: int | None = None,
        max_cells: int = MAX_CELLS,
    ) -> Grid:
        """Read a grid from a YAML file, a mapping with ``configs``, or a list of records.

        ``seed``, if given, takes the place of the grid's own.
        """
        if isinstance(source, Grid):
            return source
        if isinstance(source, str | Path):
            content, name = _read_file(Path(source)), str(source)
        else:
            content, name = source, "grid"
        if isinstance(content, Sequence) and not isinstance(content, str | bytes):
            content = {"configs": content}
        if not isinstance(content, Mapping):
            found = "an empty file" if content is None else shown(content)
            raise GridError(f"{name}: a grid is a mapping with the key configs, or a list of records; got {found}")
        unknown = [key for key in content if key not in TOP_KEYS]
        if unknown:
            hint = nearest(str(unknown[0]), TOP_KEYS)
            raise GridError(f"{name}: {unknown[0]!r} is not a key of a grid (these are {', '.join(TOP_KEYS)}){hint}")
        if "configs" not in content:
            raise GridError(f"{name}: the key configs is missing; it holds the list of records")
        top = content.get("seed") if seed is None else seed
        return cls(
            content["configs"],
            seed=0 if top is None else top,
            defaults=content.get("defaults"),
            source=name,
            max_cells=max_cells,
        )

    def part(self, indices: range) -> tuple[dict[str, Any], int]:
        """Return the records that have these cells as plain data, and how many cells come before them."""
        first, last = (bisect_right(self._ends, index) for index in (indices[0], indices[-1]))
        return self.to_mapping(slice(first, last + 1)), self._before(first)

    def to_mapping(self, records: slice = slice(None)) -> dict[str, Any]:
        """Return the grid, or some of its records, as plain data that ``Grid.read`` accepts."""
        configs = [
            {
                "model": r.model.name,
                **{name: {VALUE: value} for name, value in r.fixed.items()},
                **{name: {SWEEP: list(values)} for name, values in r.swept.items()},
            }
            for r in self.records[records]
        ]
        return {"seed": self.seed, "configs": configs}


def _read_file(path: Path) -> Any:
    if path.is_dir():
        raise GridError(f"{path} is a directory; give the YAML file itself")
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        raise GridError(f"{path} does not exist; give the path of a YAML grid") from None
    except OSError as error:
        raise GridError(f"{path} cannot be read: {error.strerror}") from None
    try:
        return load(raw)
    except GridError as error:
        raise GridError(f"{path}: {error}") from None


def _grid_error(source: str, problems: list[str]) -> GridError:
    if len(problems) == 1:
        return GridError(f"{source}: {problems[0]}")
    lines = [f"  {problem}" for problem in problems[:MAX_PROBLEMS]]
    if len(problems) > MAX_PROBLEMS:
        lines.append(f"  and {len(problems) - MAX_PROBLEMS} more")
    return GridError(f"{source}: {len(problems)} problems\n" + "\n".join(lines))
