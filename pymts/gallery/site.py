"""The whole site: one page per model and per collection, and an index of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

from pymts import __version__
from pymts.adapters.libraries import require
from pymts.datasets import make
from pymts.gallery.check_figure import check_figure
from pymts.gallery.checks import CHECKS
from pymts.gallery.configurations import Collection, Source, check_count, rows
from pymts.gallery.publish import check_target, write_site
from pymts.gallery.thumbnail import thumbnail
from pymts.models.registry import Model

COMMAND = "install it with pip install 'pymts[gallery]'"


@dataclass(frozen=True)
class Card:
    """One model on the index."""

    name: str
    summary: str
    tags: tuple[str, ...]
    truth: tuple[str, ...]
    thumb: str


def build_gallery(
    target: Path,
    models: Sequence[Model[...]],
    sources: Sequence[Source] = (),
    advance: Callable[[], None] = lambda: None,
) -> list[str]:
    """Write the site, and return the names of its pages.

    ``advance`` is called after every model and every configuration.

    Raises
    ------
    MissingLibraryError
        If jinja2 is not installed.
    StoreError
        If the target is not a gallery, or cannot be written.
    TooLargeError
        If a collection has more configurations than a page shows.
    """
    require("jinja2", "the gallery", COMMAND)
    for source in sources:
        check_count(source.name, source.count)
    check_target(target.absolute())
    return write_site(target, lambda folder: _write(folder, models, sources, advance))


def _environment() -> Any:
    jinja2 = require("jinja2", "the gallery", COMMAND)
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("pymts.gallery"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.globals["version"] = __version__
    return environment


def _write(
    folder: Path, models: Sequence[Model[...]], sources: Sequence[Source], advance: Callable[[], None]
) -> list[str]:
    environment = _environment()
    for name in ("models", "collections", "images", "thumbs"):
        (folder / name).mkdir()
    for file in sorted(resources.files("pymts.gallery").joinpath("static").iterdir(), key=lambda file: file.name):
        (folder / file.name).write_bytes(file.read_bytes())
    cards = []
    for model in models:
        cards.append(_write_model(folder, environment, model, models))
        advance()
    collections = [_write_collection(folder, environment, source, models, advance) for source in sources]
    tags = sorted({tag for card in cards for tag in card.tags})
    text = environment.get_template("index.html").render(root="", cards=cards, collections=collections, tags=tags)
    (folder / "index.html").write_text(text, encoding="utf-8")
    pages = [f"models/{card.name}.html" for card in cards]
    return ["index.html", *pages, *(f"collections/{collection.slug}.html" for collection in collections)]


def _write_model(folder: Path, environment: Any, model: Model[...], models: Sequence[Model[...]]) -> Card:
    from pymts.gallery import model_page, pictures  # noqa: PLC0415  (need optional libraries)

    dataset = make(model)(seed=model.example_seed, cache=False)
    (folder / "thumbs" / f"{model.name}.svg").write_text(thumbnail(dataset), encoding="utf-8")
    own, common = model_page.parameters(model)
    place = models.index(model)
    text = environment.get_template("model.html").render(
        root="../",
        model=model,
        body=model_page.body(model),
        reference=model_page.reference(model),
        own=own,
        common=common,
        truth=model_page.truth(model),
        example=model_page.example(model),
        check=check_figure(CHECKS[model.name]()) if model.name in CHECKS else None,
        pictures=pictures.draw(dataset, folder / "images", model.name),
        sizes=dict(dataset["data"].sizes),
        before=models[place - 1] if place else None,
        after=models[place + 1] if place + 1 < len(models) else None,
    )
    (folder / "models" / f"{model.name}.html").write_text(text, encoding="utf-8")
    return Card(model.name, model.summary, model.tags, model.truth, f"thumbs/{model.name}.svg")


def _write_collection(
    folder: Path, environment: Any, source: Source, models: Sequence[Model[...]], advance: Callable[[], None]
) -> Collection:
    thumbs = folder / "thumbs" / source.slug
    thumbs.mkdir()
    found = []
    for row in rows(source.datasets, thumbs, f"thumbs/{source.slug}"):
        found.append(row)
        advance()
    collection = Collection(source.slug, source.title, source.name, tuple(found))
    text = environment.get_template("collection.html").render(
        root="../", collection=collection, linked={model.name for model in models}
    )
    (folder / "collections" / f"{source.slug}.html").write_text(text, encoding="utf-8")
    return collection
