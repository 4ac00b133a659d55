"""Content of a model's page, read from the registered model."""

from __future__ import annotations

import re
from dataclasses import dataclass

from markupsafe import Markup, escape
from pydantic.fields import FieldInfo

from pymts.data.truth import TRUTH
from pymts.gallery.equation import clauses, is_equation, mathml
from pymts.gallery.tokens import NotReadError
from pymts.models.docstrings import allowed_sentence, ordered_fields
from pymts.models.registry import Model
from pymts.params.base import Params

_DOI = re.compile(r"doi:(10\.\S+?)(?=[.,;]?(?:\s|$))")
_CODE = re.compile(r"`([^`]+)`")
_SYMBOL = re.compile(r"\b([A-Za-z])_([A-Za-z0-9]{1,2})\b")


@dataclass(frozen=True)
class Parameter:
    """One row of the parameter table."""

    name: str
    default: str
    description: Markup
    allowed: str


@dataclass(frozen=True)
class TruthRow:
    """One true quantity that comes with the data."""

    name: str
    dims: str
    meaning: str


def body(model: Model[...]) -> list[Markup]:
    """Return the docstring below its summary: equations as MathML, paragraphs with code marked up."""
    paragraphs = [part for part in model.doc.split("\n\n")[1:] if part.strip()]
    return [_equations(part) if is_equation(part) else Markup("<p>{}</p>").format(prose(part)) for part in paragraphs]


def _equations(paragraph: str) -> Markup:
    lines = Markup("").join(_equation(clause) for clause in clauses(paragraph))
    return Markup('<div class="equation" tabindex="0" role="group" aria-label="Equation">{}</div>').format(lines)


def _equation(clause: str) -> Markup:
    try:
        return Markup(mathml(clause))  # noqa: S704  (made of escaped text)
    except NotReadError:
        return Markup("<pre>{}</pre>").format(clause)


def prose(text: str) -> Markup:
    """Return text with backquoted parts marked as code, and short symbols such as n_i set as mathematics."""
    parts = _CODE.split(str(escape(" ".join(text.split()))))  # text and code alternate
    parts[1::2] = [f"<code>{code}</code>" for code in parts[1::2]]
    parts[::2] = [_SYMBOL.sub(r"<var>\1<sub>\2</sub></var>", words) for words in parts[::2]]
    return Markup("".join(parts))  # noqa: S704  (made of escaped text)


def reference(model: Model[...]) -> Markup:
    """Return the references, each doi a link."""
    return Markup(  # noqa: S704
        _DOI.sub(r'<a href="https://doi.org/\1" rel="external">doi:\1</a>', str(escape(model.reference)))
    )


def parameters(model: Model[...]) -> tuple[list[Parameter], list[Parameter]]:
    """Return the parameters of the model, and those common to all models."""
    own: list[Parameter] = []
    common: list[Parameter] = []
    for name, field in ordered_fields(model.params):
        (common if _is_common(name, field) else own).append(
            Parameter(name, repr(field.default), prose(field.description or ""), allowed_sentence(field))
        )
    return own, common


def _is_common(name: str, field: FieldInfo) -> bool:
    shared = Params.model_fields.get(name)
    return shared is not None and (shared.default, shared.description) == (field.default, field.description)


def truth(model: Model[...]) -> list[TruthRow]:
    """Return the truth variables, with optional ones marked."""
    return [TruthRow(name, ", ".join(TRUTH[name].dims), TRUTH[name].told) for name in model.truth]


def example(model: Model[...]) -> str:
    """Return code to copy."""
    lines = [
        f"from pymts.datasets import make_{model.name}",
        "",
        f"ds = make_{model.name}(seed={model.example_seed})",
        'series = ds["data"]  # (time, channel, realization)',
    ]
    always = [name for name in model.truth if not TRUTH[name].optional]
    lines += [f'{name} = ds["{name}"]  # ({", ".join(TRUTH[name].dims)})' for name in always]
    return "\n".join(lines)
