"""Signature, numpydoc docstring and help text of a model, generated from its parameter class."""

from __future__ import annotations

import inspect
import re
import shutil
import textwrap
from collections.abc import Sequence
from typing import Any

from pydantic.fields import FieldInfo

from pymts.data.truth import TRUTH
from pymts.params.base import Params
from pymts.params.fields import allowed, type_name
from pymts.params.validation import OWN, grouped

WIDTH = 88
SYMBOLS = {" of at least ": " >= ", " of at most ": " <= ", " greater than ": " > ", " less than ": " < "}
# Limits on the width taken from the terminal.
NARROWEST, WIDEST = 40, 100


def signature(params: type[Params]) -> inspect.Signature:
    """Return the keyword-only signature with the declared names, types and defaults."""
    parameters = [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=field.default, annotation=field.annotation)
        for name, field in ordered_fields(params)
    ]
    return inspect.Signature(parameters, return_annotation="xr.Dataset")


def ordered_fields(params: type[Params]) -> list[tuple[str, FieldInfo]]:
    """Return the fields: the model's own first, then those of its base classes, the most general last."""
    order = [name for base in params.__mro__ if issubclass(base, Params) for name in base.__annotations__]
    return [(name, params.model_fields[name]) for name in dict.fromkeys(order) if name in params.model_fields]


def _wrap(text: str, indent: str = "", width: int = WIDTH) -> str:
    return textwrap.fill(" ".join(text.split()), width, initial_indent=indent, subsequent_indent=indent)


def _parameter(name: str, field: FieldInfo) -> str:
    description = f"{field.description} {allowed_sentence(field)}."
    return f"{name} : {type_name(field)}, default={field.default!r}\n{_wrap(description, '    ')}"


def _truth_line(name: str, width: int = WIDTH) -> str:
    kind = TRUTH.get(name)
    if kind is None:
        return f"    - `{name}`"
    return _wrap(f"- `{name}` ({', '.join(kind.dims)}): {kind.told}", "    ", width)


def is_equation(paragraph: str) -> bool:
    """Return whether a paragraph holds equations, which are not wrapped, rather than sentences."""
    return not paragraph.rstrip().endswith(".")


def numpydoc(doc: str, params: type[Params], truth: tuple[str, ...], reference: str) -> str:
    """Return the full docstring of ``make_*``."""
    parts = [
        doc,
        "Parameters\n----------",
        *(_parameter(name, field) for name, field in ordered_fields(params)),
        "\nReturns\n-------\nxarray.Dataset\n"
        + _wrap("`data` with dims (time, channel, realization), dtype float64, and the ground truth:", "    "),
        *(_truth_line(name) for name in truth),
        "\nRaises\n------\npymts.errors.InvalidParameterError\n"
        + _wrap("If a parameter is unknown, has the wrong type, is out of range or conflicts with another.", "    "),
        "pymts.errors.TooLargeError\n" + _wrap("If the dataset does not fit in memory.", "    "),
        "pymts.errors.DivergenceError\n" + _wrap("If the simulation produces values that are not finite.", "    "),
        *([f"\nReferences\n----------\n{_wrap(reference)}"] if reference else []),
    ]
    head, *rest = parts
    return head + "\n\n" + "\n".join(rest) + "\n"


def help_text(
    name: str, doc: str, params: type[Params], *, truth: Sequence[str], tags: Sequence[str], reference: str
) -> str:
    """Return the help text, wrapped to the width of the terminal."""
    width = max(NARROWEST, min(shutil.get_terminal_size((WIDTH, 24)).columns, WIDEST))
    paragraphs = f"{name}: {doc}".split("\n\n")
    text = [paragraph if is_equation(paragraph) else _wrap(paragraph, width=width) for paragraph in paragraphs]
    lines = ["\n\n".join(text)]
    for group, names in grouped(params, execution=True).items():
        lines += ["", group.capitalize()]
        for field_name in names:
            field = params.model_fields[field_name]
            lines.append(f"  {field_name} = {_default(field)}")
            lines.append(_wrap(f"{field.description} {allowed_sentence(field)}.", "      ", width))
    lines += ["", "Truth"]
    lines += [_truth_line(item, width)[2:] for item in truth] or ["  none beyond the parameters"]
    lines += ["", f"Tags: {', '.join(tags) or 'none'}"]
    if reference:
        lines.append(_wrap(f"Reference: {reference}", width=width))
    lines += ["", "Example", f"  from pymts import make_{name}", f"  ds = {_example_call(name, params)}"]
    return "\n".join(lines)


def allowed_sentence(field: FieldInfo) -> str:
    """Return the allowed values of a field as a separate sentence, with bounds as symbols."""
    text = allowed(field)
    for words, symbol in SYMBOLS.items():
        text = text.replace(words, symbol)
    text = re.sub(r"^an? (integer|finite number|string|path)", r"any \1", text)
    return text[0].upper() + text[1:]


def _example_call(name: str, params: type[Params]) -> str:
    """Return a call that sets the first number of the model besides the common parameters."""
    own = grouped(params).get(OWN, [])
    chosen = next((each for each in own if type(params.model_fields[each].default) is float), None)
    setting = "" if chosen is None else f"{chosen}={params.model_fields[chosen].default!r}, "
    return f"make_{name}({setting}T=500, seed=0)"


def _default(field: FieldInfo) -> Any:
    return repr(field.default)
