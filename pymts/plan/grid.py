"""A parameter grid: records whose lists are swept, expanded one cell at a time."""

from __future__ import annotations

import hashlib
import itertools
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from pymts.errors import GridError, TooLargeError, named, nearest
from pymts.models.registry import MODELS
from pymts.params.base import MAX_SEED
from pymts.params.foreign import advice
from pymts.params.validation import CLOSE, EXECUTION, InvalidParams, shown, synonyms, validate
from pymts.plan.configuration import Configuration, derived_seed
from pymts.plan.info import INFO_KEYS, Info, bibtex, references
from pymts.plan.record import SWEEP, VALUE, Record, read_record
from pymts.plan.safe_yaml import load, record_lines

TOP_KEYS = ("configs", "defaults", "seed", *INFO_KEYS)
MAX_CELLS = 100_000
MAX_PROBLEMS = 20


class Grid(Sequence[Configuration]):
    """A lazy sequence of configurations.

    Parameters
    ----------
    records : list of dict
        Each has a ``model`` and its parameters. A list of scalars is swept if the parameter accepts a scalar, and a
        list of matrices if it accepts a matrix; several lists form a Cartesian product. If a list could be either,
        ``{"sweep": [...]}`` and ``{"value": [...]}`` make it explicit.
    seed : int
        Every cell without its own seed gets one derived from this seed and the cell's content.
    defaults : dict
        Parameters for every record whose model has them, unless the record sets them.
    source : str
        Name used in error messages.
    max_cells : int
        Largest number of cells allowed.
    info : Info or None
        Name, version, description, license, citation and authors.
    lines : list of int
        The line of each record in its file, for error messages.

    Raises
    ------
    GridError
        If a record is invalid; every problem is listed, with record, field, value and allowed range.
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
        info: Info | None = None,
        lines: Sequence[int] = (),
    ) -> None:
        self.source = source
        self.info = Info() if info is None else info
        self._lines = lines
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
            if (record := read_record(number, raw, usable, problems, self._line(number))) is not None
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

    def _line(self, number: int) -> int | None:
        """Return the line of a record in its file, if known."""
        return self._lines[number - 1] if number <= len(self._lines) else None

    @staticmethod
    def _usable_defaults(defaults: Mapping[str, Any], records: Sequence[Any], problems: list[str]) -> Mapping[str, Any]:
        """Raise for a default that no model of the grid has: a typo would be ignored silently."""
        names = [raw.get("model", defaults.get("model")) for raw in records if isinstance(raw, Mapping)]
        models = [MODELS[name] for name in names if isinstance(name, str) and name in MODELS]
        known = {name for model in models for name in (*model.params.model_fields, *synonyms(model.params))}
        problems += [
            f"defaults: {named(str(key))} is not a parameter of any model of this grid"
            f"{advice(str(key), known) or nearest(str(key), known, CLOSE)}"
            for key in defaults
            if key != "model" and models and (key not in known or key in EXECUTION)
        ]
        return defaults

    def _check_cells(self, problems: list[str]) -> None:
        """Validate every cell; problems shared by many cells of a record are reported once."""
        seen = dict.fromkeys(problems)
        for record in self.records:
            for index in range(len(record)):
                try:
                    validate(record.model.name, record.model.params, record.cell(index))
                except InvalidParams as invalid:
                    for problem in invalid.problems:
                        line = self._line(record.number)
                        where = f"record {record.number}" if line is None else f"line {line}, record {record.number}"
                        seen[f"{where} ({record.model.name}): {problem.sentence}"] = None
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
    def digest(self) -> str:
        """SHA-256 over the digests of all configurations in any order: equal for equal datasets."""
        digests = sorted(configuration.digest for configuration in self)
        return hashlib.sha256("".join(digests).encode("ascii")).hexdigest()

    def cite(self) -> str:
        """Return BibTeX entries for the grid, PyMTS and the reference of each model."""
        return bibtex(self.info, Path(self.source).stem, self.digest, references(r.model for r in self.records))

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

        ``seed``, if given, overrides the grid's own.
        """
        if isinstance(source, Grid):
            return source
        lines: Sequence[int] = ()
        if isinstance(source, str | Path):
            (content, lines), name = _read_file(Path(source)), str(source)
        else:
            content, name = source, "grid"
        if isinstance(content, Sequence) and not isinstance(content, str | bytes):
            content = {"configs": content}
        if not isinstance(content, Mapping):
            found = "an empty file" if content is None else shown(content)
            raise GridError(f"{name}: a grid must be a mapping with the key configs, or a list of records; got {found}")
        unknown = [key for key in content if key not in TOP_KEYS]
        if unknown:
            hint = nearest(str(unknown[0]), TOP_KEYS)
            keys = ", ".join(TOP_KEYS)
            raise GridError(f"{name}: {unknown[0]!r} is not a key of a grid (valid keys: {keys}){hint}")
        if "configs" not in content:
            raise GridError(f"{name}: the key configs is missing; add it with the list of records")
        top = content.get("seed") if seed is None else seed
        return cls(
            content["configs"],
            seed=0 if top is None else top,
            defaults=content.get("defaults"),
            source=name,
            max_cells=max_cells,
            info=Info.read(content, name),
            lines=lines,
        )

    def part(self, indices: range) -> tuple[dict[str, Any], int]:
        """Return the records containing these cells as plain data, and the number of cells before them."""
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
        return {**self.info.to_mapping(), "seed": self.seed, "configs": configs}


def _read_file(path: Path) -> tuple[Any, list[int]]:
    """Return the content of a file, and the line of each record."""
    if "\0" in str(path):
        raise GridError(f"{str(path)!r:.60} is not a path; give the path of a YAML grid")
    if path.is_dir():
        raise GridError(f"{path} is a directory; give the YAML file itself")
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        raise GridError(f"{path} does not exist; give the path of a YAML grid") from None
    except OSError as error:
        raise GridError(f"{path} cannot be read: {error.strerror}") from None
    try:
        return load(raw), record_lines(raw)
    except GridError as error:
        raise GridError(f"{path}: {error}") from None


def _grid_error(source: str, problems: list[str]) -> GridError:
    if len(problems) == 1:
        return GridError(f"{source}: {problems[0]}")
    lines = [f"  {problem}" for problem in problems[:MAX_PROBLEMS]]
    if len(problems) > MAX_PROBLEMS:
        lines.append(f"  and {len(problems) - MAX_PROBLEMS} more")
    return GridError(f"{source}: {len(problems)} problems\n" + "\n".join(lines))
