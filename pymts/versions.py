"""``pymts.show_versions()``: the installation details for a bug report."""

from __future__ import annotations

import platform
import re
import sys
from importlib import metadata

from pymts import __version__


def show_versions() -> None:
    """Print the versions of Python, PyMTS and every library that it can use, one per line."""
    rows = {"python": sys.version.split()[0], "platform": platform.platform(), "pymts": __version__}
    required = metadata.requires("pymts") or []
    names = dict.fromkeys(re.split(r"[^A-Za-z0-9._-]", text, maxsplit=1)[0] for text in required)
    for name in names:
        try:
            rows[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            rows[name] = "not installed"
    width = max(map(len, rows))
    print("\n".join(f"{name:<{width}}  {version}" for name, version in rows.items()))  # noqa: T201
