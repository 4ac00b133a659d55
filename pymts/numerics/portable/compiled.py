"""How every kernel is compiled: exactly as written, without the interpreter's lock, and kept on disk.

IEEE 754 fixes ``+ - * / sqrt``, comparisons and rounding, and LLVM neither reorders nor fuses them unless it is told
to. So no kernel may ask for ``fastmath``, and none may call ``math.exp``, ``np.log`` and the like, which come from the
platform's library (``np.sqrt`` as well: use ``bits.square_root``). The functions of this package take their place.

Unsigned and signed integers must not be mixed in a kernel: numba makes a float64 of them. Constants that meet words
are ``np.uint64``.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any, ParamSpec, TypeVar, cast

import numba
import numpy as np
from numba.core import config

P = ParamSpec("P")
R = TypeVar("R")

#: With ``NUMBA_DISABLE_JIT=1`` the same source runs in the interpreter.
INTERPRETED = bool(vars(config)["DISABLE_JIT"])


def _stamp() -> tuple[int, int]:
    """Return the time of the last change to a file of this package, and the length of all its files."""
    files = [path.stat() for path in Path(__file__).parent.glob("*.py")]
    return max(file.st_mtime_ns for file in files), sum(file.st_size for file in files)


_PACKAGE = _stamp()


def _compile(function: Callable[P, R], *, inline: bool) -> Callable[P, R]:
    """Compile with the options of this package, or wrap for the interpreter."""
    if INTERPRETED:

        @functools.wraps(function)
        def interpreted(*args: P.args, **kwargs: P.kwargs) -> R:
            with np.errstate(all="ignore"):
                return function(*args, **kwargs)

        return interpreted
    compiled: Any = numba.njit(nogil=True, cache=True, error_model="numpy", forceinline=inline)(function)
    index = getattr(getattr(compiled, "_cache", None), "_cache_file", None)
    if index is not None:
        index._source_stamp = (index._source_stamp, _PACKAGE)  # noqa: SLF001  (numba has no public way)
    return cast("Callable[P, R]", compiled)


def kernel(function: Callable[P, R]) -> Callable[P, R]:
    """Compile a function on its first call; later processes read the machine code from disk.

    Numba keeps the code beside the source, or in the user's cache folder where that cannot be written. It looks for
    changes in the function's own file only. Kernels call those of other files and hold their code, so here a change to
    any file of this package counts.

    In the interpreter words wrap around and a division by zero gives an infinity, as they do when compiled.
    """
    return _compile(function, inline=False)


def inlined(function: Callable[P, R]) -> Callable[P, R]:
    """Compile a short function without loops as ``kernel`` does, and put it in the place of each call.

    A loop over an array is a vector loop only if nothing in it is a call; left alone, LLVM stops at some size.
    """
    return _compile(function, inline=True)
