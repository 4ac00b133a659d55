"""How every kernel is compiled: exactly as written, without the interpreter's lock, and kept on disk.

IEEE 754 fixes ``+ - * / sqrt``, comparisons and rounding, and LLVM neither reorders nor fuses them unless it is told
to. So no kernel may ask for ``fastmath``, and none may call ``math.exp``, ``np.log`` and the like, which come from the
platform's library (``np.sqrt`` as well: use ``bits.square_root``). The functions of this package take their place.

Unsigned and signed integers must not be mixed in a kernel: numba makes a float64 of them. Constants that meet words
are ``np.uint64``.
"""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Callable, Iterable
from pathlib import Path
from types import CodeType, FunctionType
from typing import Any, ParamSpec, TypeVar, cast

import numba
import numpy as np
from numba.core import config

P = ParamSpec("P")
R = TypeVar("R")

#: With ``NUMBA_DISABLE_JIT=1`` the same source runs in the interpreter.
INTERPRETED = bool(vars(config)["DISABLE_JIT"])


def _stamp(files: Iterable[Path]) -> tuple[int, int]:
    """Return the time of the last change to a file, and the length of all of them."""
    found = [path.stat() for path in files]
    return max(file.st_mtime_ns for file in found), sum(file.st_size for file in found)


_PACKAGE = frozenset(Path(__file__).parent.glob("*.py"))
_files: dict[Any, frozenset[Path]] = {}  # of each kernel: those that its code comes from


def _sources(function: Callable[..., Any]) -> frozenset[Path]:
    """Return the files of a function and of all kernels that it calls, and those of this package."""
    used = (function.__globals__.get(name) for name in function.__code__.co_names)
    called = (_files[item] for item in used if callable(item) and item in _files)
    return _PACKAGE.union([Path(function.__code__.co_filename)], *called)


def _compile(function: Callable[P, R], *, inline: bool) -> Callable[P, R]:
    """Compile with the options of this package, or wrap for the interpreter."""
    if INTERPRETED:

        @functools.wraps(function)
        def interpreted(*args: P.args, **kwargs: P.kwargs) -> R:
            with np.errstate(all="ignore"):
                return function(*args, **kwargs)

        return interpreted
    compiled: Any = numba.njit(nogil=True, cache=True, error_model="numpy", forceinline=inline)(function)
    _files[compiled] = _sources(function)
    index = getattr(getattr(compiled, "_cache", None), "_cache_file", None)
    if index is not None:
        index._source_stamp = (index._source_stamp, _stamp(_files[compiled]))  # noqa: SLF001  (numba has no public way)
    return cast("Callable[P, R]", compiled)


def kernel(function: Callable[P, R]) -> Callable[P, R]:
    """Compile a function on its first call; later processes read the machine code from disk.

    Numba keeps the code beside the source, or in the user's cache folder where that cannot be written. It looks for
    changes in the function's own file only. Kernels call those of other files and hold their code, so here a change to
    any of these files counts, or to one of this package.

    In the interpreter words wrap around and a division by zero gives an infinity, as they do when compiled.
    """
    return _compile(function, inline=False)


def inlined(function: Callable[P, R]) -> Callable[P, R]:
    """Compile a short function without loops as ``kernel`` does, and put it in the place of each call.

    A loop over an array is a vector loop only if nothing in it is a call; left alone, LLVM stops at some size.
    """
    return _compile(function, inline=True)


def specialised(template: Callable[P, R], name: str, **constants: Any) -> Callable[P, R]:
    """Compile a function with some of its global names standing for something else, such as the equation to solve.

    Numba keeps each in a file of its own, by its name and a digest of what is put in: a kernel that were an argument
    could not be kept.
    """
    code: Any = template
    digest = hashlib.sha256(repr([(key, _content(constants[key])) for key in sorted(constants)]).encode()).hexdigest()
    made = FunctionType(code.__code__, {**code.__globals__, **constants}, f"{name}_{digest[:12]}")
    made.__qualname__, made.__module__ = made.__name__, template.__module__
    return _compile(cast("Callable[P, R]", made), inline=False)


def _content(value: Any) -> Any:
    """Return what a function or a number is, without names and places that change from one process to the next."""
    function = getattr(value, "py_func", value)
    code = value if isinstance(value, CodeType) else getattr(function, "__code__", None)
    if code is None:
        return value
    held = [_content(cell.cell_contents) for cell in getattr(function, "__closure__", None) or ()]
    return code.co_code, code.co_names, [_content(const) for const in code.co_consts], held
