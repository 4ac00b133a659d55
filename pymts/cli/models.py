"""``pymts list`` and ``pymts describe``."""

from __future__ import annotations

import typer

from pymts.cli.console import print_json, print_table
from pymts.errors import InvalidParameterError, nearest
from pymts.models.registry import MODELS, Model, get_model


def _summary(model: Model[...]) -> dict[str, object]:
    return {
        "name": model.name,
        "summary": model.summary,
        "tags": list(model.tags),
        "truth": list(model.truth),
        "version": model.version,
        "reference": model.reference,
    }


def list_models(tag: str | None, as_json: bool) -> None:
    """Print the models, optionally only those with a tag."""
    tags = sorted({tag for model in MODELS.values() for tag in model.tags})
    if tag is not None and tag not in tags:
        raise InvalidParameterError(f"no model has the tag {tag!r}{nearest(tag, tags)} (tags: {', '.join(tags)})")
    models = [model for _, model in sorted(MODELS.items()) if tag is None or tag in model.tags]
    if as_json:
        print_json([_summary(model) for model in models])
    else:
        columns = ["model", "description", "truth"]
        print_table(columns, [[m.name, m.summary, ", ".join(m.truth)] for m in models], folds=columns[1:])


def describe_model(name: str, as_json: bool) -> None:
    """Print a model's equation, parameters, truth and reference, or its JSON schema."""
    model = get_model(name)
    if as_json:
        print_json({**_summary(model), "doc": model.doc, "parameters": model.schema})
    else:
        typer.echo(model.help_text)
