"""Libraries that PyMTS does not depend on: imported where they are used, and missed in one sentence."""

from __future__ import annotations

import importlib
from types import ModuleType

from pymts.errors import MissingLibraryError


def require(module: str, what: str, command: str) -> ModuleType:
    """Return a module.

    Raises
    ------
    MissingLibraryError
        If its library is not installed; what is missing inside an installed library is its own error.
    """
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        library = module.partition(".")[0]
        if error.name != library:
            raise
        raise MissingLibraryError(f"{what} needs {library}, which is not installed; {command}") from None
