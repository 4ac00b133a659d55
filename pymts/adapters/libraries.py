"""Optional libraries: imported on use, with a one-sentence error if missing."""

from __future__ import annotations

import importlib
from types import ModuleType

from pymts.errors import MissingLibraryError


def require(module: str, what: str, command: str) -> ModuleType:
    """Return a module.

    Raises
    ------
    MissingLibraryError
        If its library is not installed; import errors inside an installed library are passed on.
    """
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        library = module.partition(".")[0]
        if error.name != library:
            raise
        raise MissingLibraryError(f"{what} needs {library}, which is not installed; {command}") from None
