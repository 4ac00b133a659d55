"""Name, license, authors and citation of a grid."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from typing import Any

from pymts import __version__
from pymts.errors import GridError
from pymts.params.validation import shown


@dataclass(frozen=True)
class Info:
    """Name, version and other optional information that a grid file may contain."""

    name: str = ""
    version: str = ""
    description: str = ""
    license: str = ""
    citation: str = ""
    authors: tuple[str, ...] = ()

    @classmethod
    def read(cls, content: Mapping[str, Any], source: str) -> Info:
        """Return the information in a grid's mapping; raise GridError for values that are not text."""
        found: dict[str, Any] = {}
        for key in INFO_KEYS:
            if key not in content:
                continue
            value = content[key]
            if key == "version" and isinstance(value, int | float) and not isinstance(value, bool):
                value = str(value)
            texts = [value] if isinstance(value, str) else value
            if key == "authors" and isinstance(texts, list) and all(isinstance(one, str) for one in texts):
                found[key] = tuple(texts)
            elif isinstance(value, str) and key != "authors":
                found[key] = value
            else:
                kind = "a string or a list of strings" if key == "authors" else "a string"
                raise GridError(f"{source}: {key} must be {kind}, got {shown(value)}")
        return cls(**found)

    def to_mapping(self) -> dict[str, Any]:
        """Return the information as plain data."""
        said = {field.name: getattr(self, field.name) for field in fields(self)}
        return {name: list(value) if isinstance(value, tuple) else value for name, value in said.items() if value}


INFO_KEYS = tuple(field.name for field in fields(Info))


def bibtex(info: Info, source: str, digest: str, models: Mapping[str, str]) -> str:
    """Return BibTeX entries for a grid, PyMTS and the reference of each model, name -> reference."""
    entries = []
    if info.citation.lstrip().startswith("@"):
        entries.append(info.citation.strip())
    else:
        title = info.name or source
        note = f"{info.citation + '; ' if info.citation else ''}digest {digest[:16]}"
        entries.append(
            _entry("misc", _key(title), {
                "title": title, "author": " and ".join(info.authors), "version": info.version, "note": note,
            })
        )  # fmt: skip
    software = {
        "title": "PyMTS: synthetic multivariate time series with ground truth",
        "author": "{The PyMTS developers}",
    }
    entries.append(_entry("software", "pymts", {**software, "version": __version__}))
    entries += [_entry("misc", f"pymts_{name}", _parts(reference)) for name, reference in sorted(models.items())]
    return "\n\n".join(entries)


def _parts(reference: str) -> dict[str, str]:
    """Return author, year and doi if a reference has the usual form, and its full text as a note."""
    head = re.match(r"(.+?) \((\d{4})\), (.+?)(?:, doi:|\. |$)", reference)
    doi = re.search(r"doi:(\S+?)[.,;]?(?:\s|$)", reference)
    found = {"author": head[1].replace(", ", " and "), "year": head[2], "title": head[3]} if head else {}
    return {**found, **({"doi": doi[1]} if doi else {}), "note": reference}


def _entry(kind: str, key: str, values: Mapping[str, str]) -> str:
    lines = [f"  {name} = {{{value}}}," for name, value in values.items() if value]
    return "\n".join([f"@{kind}{{{key},", *lines, "}"])


def _key(text: str) -> str:
    return re.sub(r"[^A-Za-z0-9]+", "_", text).strip("_") or "grid"


def references(models: Iterable[Any]) -> dict[str, str]:
    """Return name -> reference for models that have one."""
    return {model.name: model.reference for model in models if model.reference}
