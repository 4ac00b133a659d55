"""Words and floats: the 64 bits of a number, the upper half of a product of words, and the square root."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar, cast

import numpy as np
from llvmlite import ir  # type: ignore[import-untyped]
from numba.core import types
from numba.extending import intrinsic

from pymts.numerics.portable.compiled import INTERPRETED
from pymts.numerics.portable.lanes import FLOATS, LANES, WORDS, vector_call

P = ParamSpec("P")
R = TypeVar("R")

_MASK = (1 << 64) - 1


def _interpreted_bits(x: Any) -> Any:
    return np.asarray(x, dtype=np.float64)[()].view(np.uint64)


def _interpreted_float(word: Any) -> Any:
    return np.asarray(word, dtype=np.uint64)[()].view(np.float64)


def _interpreted_signed(word: np.uint64) -> np.int64:
    return np.uint64(word).view(np.int64)


def _interpreted_high(a: np.uint64, b: np.uint64) -> np.uint64:
    return np.uint64((int(a) * int(b) >> 64) & _MASK)


def _interpreted_root(x: Any) -> Any:
    return np.sqrt(np.asarray(x, dtype=np.float64)[()])


def _like(given: Any, element: Any) -> Any:
    return ir.VectorType(element, LANES) if isinstance(given.type, ir.VectorType) else element


def _bits(_context: Any, x: Any) -> Any:
    def generate(_: Any, builder: Any, _signature: Any, args: Any) -> Any:
        return builder.bitcast(args[0], _like(args[0], ir.IntType(64)))

    found = {types.float64: types.uint64, FLOATS: WORDS}.get(x)
    return None if found is None else (found(x), generate)


def _float(_context: Any, word: Any) -> Any:
    def generate(_: Any, builder: Any, _signature: Any, args: Any) -> Any:
        return builder.bitcast(args[0], _like(args[0], ir.DoubleType()))

    found = {types.uint64: types.float64, WORDS: FLOATS}.get(word)
    return None if found is None else (found(word), generate)


def _signed(_context: Any, word: Any) -> Any:
    def generate(_: Any, _builder: Any, _signature: Any, args: Any) -> Any:
        return args[0]  # the same 64 bits; numba alone gives them another type

    return (types.int64(types.uint64), generate) if word == types.uint64 else None


def _high(_context: Any, a: Any, b: Any) -> Any:
    def generate(_: Any, builder: Any, _signature: Any, args: Any) -> Any:
        wide = ir.IntType(128)
        product = builder.mul(*(builder.zext(arg, wide) for arg in args))
        return builder.trunc(builder.lshr(product, ir.Constant(wide, 64)), ir.IntType(64))

    return (types.uint64(types.uint64, types.uint64), generate) if a == b == types.uint64 else None


def _root(_context: Any, x: Any) -> Any:
    def generate(_: Any, builder: Any, _signature: Any, args: Any) -> Any:
        if x == FLOATS:
            return vector_call(builder, "sqrt", args[0])
        return builder.call(builder.module.declare_intrinsic("llvm.sqrt", [ir.DoubleType()]), args)

    return (x(x), generate) if x in {types.float64, FLOATS} else None


def _choose(interpreted: Callable[P, R], generator: Callable[..., Any]) -> Callable[P, R]:
    return interpreted if INTERPRETED else cast("Callable[P, R]", intrinsic(generator))


#: The bits of a float64, as a word.
bits_of = _choose(_interpreted_bits, _bits)
#: The float64 that has these bits.
float_of = _choose(_interpreted_float, _float)
#: The same bits as a signed integer.
signed_of = _choose(_interpreted_signed, _signed)
#: The upper 64 of the 128 bits of a product of two words.
high_product = _choose(_interpreted_high, _high)
#: The square root as the processor's instruction: numba's own is a call of the platform's library.
square_root = _choose(_interpreted_root, _root)
