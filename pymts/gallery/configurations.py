"""The rows of the page of a store or a grid: one per configuration."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import xarray as xr

from pymts.errors import TooLargeError
from pymts.gallery.thumbnail import thumbnail
from pymts.models.registry import MODELS

MAX_ROWS = 2000  # more than a browser lays out quickly or a reader scans
MAX_COLUMNS = 5  # maximum number of varying parameters with their own columns
COMMON = ("M", "T", "n_realizations", "seed")


@dataclass(frozen=True)
class Source:
    """The source of a collection: its datasets in order, and their number. ``slug`` names the page."""

    slug: str
    title: str
    name: str
    datasets: Iterable[xr.Dataset]
    count: int


@dataclass(frozen=True)
class Row:
    """One configuration: its thumbnail, its shape, and the parameters that differ from the defaults."""

    config_id: str
    model: str
    thumb: str
    alt: str
    params: Mapping[str, Any]
    changed: Mapping[str, Any]

    def text(self, name: str) -> str:
        """Return a parameter as shown in the table."""
        return _text(self.params[name]) if name in self.params else ""


@dataclass(frozen=True)
class Collection:
    """One store or grid. ``slug`` names its page, ``source`` is the name given by the user."""

    slug: str
    title: str
    source: str
    rows: tuple[Row, ...]

    @property
    def columns(self) -> list[str]:
        """Parameters with their own columns: those that vary, if they are few."""
        names = dict.fromkeys(name for row in self.rows for name in row.changed)
        varying = [name for name in names if len({row.text(name) for row in self.rows}) > 1]
        return varying if len(varying) <= MAX_COLUMNS else []

    @property
    def models(self) -> list[str]:
        """The models, in order of their names."""
        return sorted({row.model for row in self.rows})


def check_count(source: str, count: int) -> None:
    """Raise if a page cannot show the collection.

    Raises
    ------
    TooLargeError
        If there are more configurations than rows of a page.
    """
    if count > MAX_ROWS:
        raise TooLargeError(
            f"{source} has {count} configurations, but a page shows at most {MAX_ROWS}; split it into smaller ones"
        )


def rows(datasets: Iterable[xr.Dataset], folder: Path, address: str) -> Iterable[Row]:
    """Write the thumbnail of each dataset into ``folder`` (``address`` on the site), and yield its row."""
    for dataset in datasets:
        identity = json.loads(dataset.attrs["config"])
        name, params = str(dataset.attrs["config_id"]), identity["params"]
        (folder / f"{name}.svg").write_text(thumbnail(dataset), encoding="utf-8")
        changed = {key: params[key] for key in params if key not in COMMON and _differs(identity["model"], key, params)}
        yield Row(
            config_id=name,
            model=identity["model"],
            thumb=f"{address}/{name}.svg",
            alt=f"First samples of {identity['model']}" + (f" with {_listed(changed)}" if changed else ""),
            params=params,
            changed=changed,
        )


def _differs(model: str, name: str, params: Mapping[str, Any]) -> bool:
    """Return whether a parameter differs from its default (for an unknown model, from None)."""
    if model not in MODELS or name not in MODELS[model].params.model_fields:
        return params[name] is not None
    default = MODELS[model].params.model_fields[name].default
    return bool(json.dumps(params[name]) != json.dumps(default))


def _listed(changed: Mapping[str, Any]) -> str:
    return ", ".join(f"{name}={_text(value)}" for name, value in changed.items())


def _text(value: Any) -> str:
    """Return a value shortened to fit a table cell."""
    text = value if isinstance(value, str) else json.dumps(value)
    return text if len(text) <= 40 else text[:37] + "..."
