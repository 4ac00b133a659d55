"""``pymts gallery``."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from pathlib import Path

import typer

from pymts.cli.console import print_json, progress
from pymts.datasets import load_grid
from pymts.errors import StoreError, human_bytes
from pymts.gallery.configurations import Source
from pymts.models.registry import MODELS, Model, get_model
from pymts.store.cache import Store


def make_gallery(
    output: Path, models: Sequence[str], stores: Sequence[Path], grids: Sequence[Path], as_json: bool
) -> None:
    """Build the site and print its path."""
    from pymts.gallery.site import build_gallery  # noqa: PLC0415  (loads the checks)

    chosen = _models(models)
    sources = _sources(stores, grids)
    with progress(len(chosen) + sum(source.count for source in sources), "drawing") as advance:
        pages = build_gallery(output, chosen, sources, advance)
    size = sum(path.stat().st_size for path in output.rglob("*") if path.is_file())
    if as_json:
        print_json({"path": str(output), "pages": pages, "bytes": size})
    else:
        typer.echo(f"{len(pages)} pages, {human_bytes(size)}: {output / 'index.html'}")


def _models(names: Sequence[str]) -> list[Model[...]]:
    chosen = sorted(set(names)) if names else sorted(MODELS)
    return [get_model(name) for name in chosen]


def _sources(stores: Sequence[Path], grids: Sequence[Path]) -> list[Source]:
    sources, slugs = [], set[str]()
    for root in stores:
        store = Store(root)
        ids = sorted(store.ids())
        if not ids:
            raise StoreError(f"{root} contains no datasets; give the root of a store filled by `pymts generate --save`")
        datasets = (store.open_id(config_id, lazy=True) for config_id in ids)
        name = root.resolve().name
        sources.append(Source(_slug(name, slugs), f"Store {name}", str(root), datasets, len(ids)))
    for path in grids:
        grid = load_grid(path, cache="read")
        sources.append(Source(_slug(path.stem, slugs), f"Grid {path.stem}", path.name, grid, len(grid)))
    return sources


def _slug(name: str, taken: set[str]) -> str:
    """Return a unique page name that is valid in file names and URLs."""
    plain = re.sub(r"[^A-Za-z0-9_-]+", "-", name).strip("-") or "collection"
    slug = next(each for n in itertools.count(1) if (each := plain if n == 1 else f"{plain}-{n}") not in taken)
    taken.add(slug)
    return slug
