"""YAML from untrusted sources: bounded before parsing, with plain types and no repeated keys."""

from __future__ import annotations

import re
from collections.abc import Hashable
from typing import Any

import yaml

from pymts.errors import GridError

MAX_BYTES = 2**20
MAX_DEPTH = 20
MAX_NODES = 200_000
MAX_SCALAR = 10_000
MAX_DIGITS = 400  # more digits exceed float64, and int() of very long ones is slow


class _Loader(yaml.SafeLoader):
    """The pure Python safe loader (libyaml's parser can be crashed) with YAML 1.2 numbers and no repeated keys."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        del deep  # required by the signature; a grid is always built completely
        seen: dict[str, int] = {}
        for key_node, _ in node.value:
            line = key_node.start_mark.line + 1
            if not isinstance(key_node, yaml.ScalarNode):
                raise GridError(f"line {line}: a key must be a string")
            if key_node.tag == "tag:yaml.org,2002:merge" or key_node.value == "<<":
                raise GridError(f"line {line}: merge keys (<<) are not supported; write the keys out or use defaults")
            if key_node.value in seen:
                raise GridError(
                    f"line {line}: the key {key_node.value!r} is repeated (first on line {seen[key_node.value]}); "
                    "keep one"
                )
            seen[key_node.value] = line
        # Keys are names: `y`, `n` or `1` stay as written.
        return {key.value: self.construct_object(value, deep=True) for key, value in node.value}


_Loader.yaml_implicit_resolvers = {}
for _tag, _pattern, _first in (
    ("bool", r"^(?:true|True|TRUE|false|False|FALSE)$", "tTfF"),
    ("null", r"^(?:~|null|Null|NULL|)$", ["~", "n", "N", ""]),
    ("int", r"^[-+]?[0-9]+$", "-+0123456789"),
    (
        "float",
        r"^(?:[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$",
        "-+.0123456789",
    ),
):
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(_pattern), list(_first))


def _construct_int(loader: yaml.SafeLoader, node: yaml.ScalarNode) -> int:
    text = str(loader.construct_scalar(node))
    if len(text) > MAX_DIGITS:
        raise GridError(f"line {node.start_mark.line + 1}: a number of {len(text)} digits is too long")
    return int(text)  # decimal always: 010 is ten, and there is no base 60


def _construct_float(loader: yaml.SafeLoader, node: yaml.ScalarNode) -> float:
    text = str(loader.construct_scalar(node)).lower()
    return float(text.replace(".inf", "inf").replace(".nan", "nan"))


_Loader.add_constructor("tag:yaml.org,2002:int", _construct_int)
_Loader.add_constructor("tag:yaml.org,2002:float", _construct_float)


class _Budget:
    """The remaining budget of a document, counted over its events with aliases expanded."""

    def __init__(self) -> None:
        self.nodes = 0
        self.documents = 0
        self._sizes: dict[str, int] = {}  # nodes below each finished anchor
        self._open: list[tuple[str | None, int]] = []

    def spend(self, event: yaml.Event) -> None:
        """Count one event; raise if it exceeds a limit or is not needed in a grid."""
        if isinstance(event, yaml.DocumentStartEvent):
            self.documents += 1
            if self.documents > 1:
                raise GridError("a grid must be one YAML document; remove the second '---'")
        elif isinstance(event, yaml.AliasEvent):
            if event.anchor not in self._sizes:
                raise GridError(f"the alias *{event.anchor} has no finished anchor")
            self.nodes += self._sizes[event.anchor]
        elif isinstance(event, yaml.CollectionEndEvent):
            self._close(*self._open.pop())
        elif isinstance(event, yaml.NodeEvent):
            self._node(event)
        if len(self._open) > MAX_DEPTH:
            raise GridError(f"nested deeper than {MAX_DEPTH} levels")
        if self.nodes > MAX_NODES:
            raise GridError(f"more than {MAX_NODES} values once aliases are expanded; use fewer")

    def _node(self, event: Any) -> None:
        if event.tag is not None:
            raise GridError(f"the tag {event.tag!r} is not supported; write plain values")
        before = self.nodes
        self.nodes += 1
        if isinstance(event, yaml.CollectionStartEvent):
            self._open.append((event.anchor, before))
            return
        if len(event.value) > MAX_SCALAR:
            raise GridError(f"a value of {len(event.value)} characters; the limit is {MAX_SCALAR}")
        self._close(event.anchor, before)

    def _close(self, anchor: str | None, before: int) -> None:
        if anchor is not None:
            self._sizes[anchor] = self.nodes - before


def _check_events(text: str) -> None:
    """Walk over the events, which takes no memory, and reject what would explode when built."""
    budget = _Budget()
    for event in yaml.parse(text, Loader=yaml.SafeLoader):
        try:
            budget.spend(event)
        except GridError as error:
            raise GridError(f"{_where(event.start_mark)}{error}") from None


def load(raw: bytes) -> Any:
    """Return the plain value of a YAML document.

    Raises
    ------
    GridError
        If the text is too large or deep, is not UTF-8 or YAML, repeats a key, or uses a custom type.
    """
    if len(raw) > MAX_BYTES:
        raise GridError(f"{len(raw)} bytes of YAML; the limit is {MAX_BYTES}")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise GridError(f"byte {error.start} is not UTF-8; save the file as UTF-8 text") from None
    try:
        _check_events(text)
        return yaml.load(text, Loader=_Loader)  # noqa: S506  (a SafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f"line {mark.line + 1}, column {mark.column + 1}: " if mark else ""
        problem = error.problem or error.context or "cannot be read"
        hint = "; indent with spaces, not tabs" if "\\t" in problem or "\t" in _line(text, mark) else ""
        raise GridError(f"{where}not valid YAML, {problem}{hint}") from None
    except yaml.YAMLError as error:
        raise GridError(f"not valid YAML, {' '.join(str(error).split())}") from None
    except RecursionError:
        raise GridError(f"nested deeper than {MAX_DEPTH} levels") from None


def record_lines(raw: bytes) -> list[int]:
    """Return the line (from 1) on which each record of a grid begins; the text is known to be valid."""
    root = yaml.compose(raw.decode("utf-8-sig"), Loader=_Loader)
    if isinstance(root, yaml.MappingNode):
        root = next((value for key, value in root.value if key.value == "configs"), None)
    return [node.start_mark.line + 1 for node in root.value] if isinstance(root, yaml.SequenceNode) else []


def _where(mark: Any) -> str:
    return f"line {mark.line + 1}: " if mark is not None else ""


def _line(text: str, mark: yaml.Mark | None) -> str:
    lines = text.splitlines()
    return lines[mark.line] if mark is not None and mark.line < len(lines) else ""
