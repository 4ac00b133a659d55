"""Eight numbers side by side, as one value: the realizations of a group, or neighbouring units.

A kernel that is written for one number works on eight at once if its numbers are lanes: ``+ - * /``, comparisons and
``where`` act on each lane, and the processor does all of them in one, two or four instructions. A loop over an array is
a vector loop only if the compiler finds out that no arrays overlap; here nothing is left to find out. In the
interpreter lanes are arrays of eight.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import numpy as np
from llvmlite import ir  # type: ignore[import-untyped]
from numba.core import types
from numba.core.cgutils import get_or_insert_function
from numba.core.typeconv.castgraph import Conversion
from numba.core.typing.templates import AbstractTemplate, infer_global, signature
from numba.extending import intrinsic, lower_builtin, lower_cast, models, register_model

from pymts.numerics.portable.compiled import INTERPRETED

#: Numbers in one value.
LANES = 8
_INT = ir.IntType(32)
_ELEMENTS = {types.float64: ir.DoubleType(), types.uint64: ir.IntType(64), types.boolean: ir.IntType(1)}


class Lanes(types.Type):
    """The type of eight floats, words or truths."""

    def __init__(self, dtype: Any) -> None:
        self.dtype = dtype
        super().__init__(name=f"Lanes({dtype})")

    def can_convert_from(self, typingctx: Any, other: Any) -> Any:
        """One number becomes eight equal ones."""
        same = isinstance(other, types.Number | types.Boolean) and typingctx.can_convert(other, self.dtype) is not None
        return Conversion.safe if same else None


@register_model(Lanes)
class _Model(models.PrimitiveModel):
    def __init__(self, dmm: Any, fe_type: Lanes) -> None:
        super().__init__(dmm, fe_type, ir.VectorType(_ELEMENTS[fe_type.dtype], LANES))


def _repeated(builder: Any, value: Any) -> Any:
    vector = ir.VectorType(value.type, LANES)
    one = builder.insert_element(ir.Constant(vector, ir.Undefined), value, ir.Constant(_INT, 0))
    order = ir.Constant(ir.VectorType(_INT, LANES), [0] * LANES)
    return builder.shuffle_vector(one, ir.Constant(vector, ir.Undefined), order)


@lower_cast(types.Number, Lanes)
@lower_cast(types.Boolean, Lanes)
def _cast(context: Any, builder: Any, fromty: Any, toty: Any, value: Any) -> Any:
    return _repeated(builder, context.cast(builder, value, fromty, toty.dtype))


def vector_call(builder: Any, name: str, value: Any) -> Any:
    """Call an instruction of LLVM that takes and gives eight floats."""
    declared = ir.FunctionType(value.type, [value.type])
    return builder.call(get_or_insert_function(builder.module, declared, f"llvm.{name}.v{LANES}f64"), [value])


FLOATS, WORDS, TRUTHS = Lanes(types.float64), Lanes(types.uint64), Lanes(types.boolean)


def _define(op: Any, floats: str | None, words: str | None, truths: str | None, compare: str | None = None) -> None:
    """Give an operator of two arguments a meaning for lanes of each kind: a method of the builder."""
    by_kind = {FLOATS: floats, WORDS: words, TRUTHS: truths}

    class Template(AbstractTemplate):
        key = op

        def generic(self, args: Any, _kws: Any) -> Any:
            kinds = {arg for arg in args if isinstance(arg, Lanes)}
            if len(args) != 2 or len(kinds) != 1:
                return None
            (kind,) = kinds
            if by_kind[kind] is None:
                return None
            return signature(TRUTHS if compare else kind, kind, kind)

    infer_global(op)(Template)

    @lower_builtin(op, Lanes, Lanes)
    def lower(_context: Any, builder: Any, sig: Any, args: Any) -> Any:
        method = getattr(builder, by_kind[sig.args[0]] or "")
        return method(compare, *args) if compare else method(*args)


for _op, _floats, _words in (
    (operator.add, "fadd", "add"),
    (operator.sub, "fsub", "sub"),
    (operator.mul, "fmul", "mul"),
    (operator.truediv, "fdiv", None),
    (operator.lshift, None, "shl"),
    (operator.rshift, None, "lshr"),
):
    _define(_op, _floats, _words, None)
    _define(getattr(operator, f"i{_op.__name__}"), _floats, _words, None)
for _op, _method in ((operator.and_, "and_"), (operator.or_, "or_"), (operator.xor, "xor")):
    _define(_op, None, _method, _method)
for _op, _sign in (
    *((operator.lt, "<"), (operator.le, "<="), (operator.gt, ">"), (operator.ge, ">=")),
    (operator.eq, "=="),
):
    _define(_op, "fcmp_ordered", "icmp_unsigned", None, _sign)
_define(operator.ne, "fcmp_unordered", "icmp_unsigned", None, "!=")


@infer_global(operator.neg)
@infer_global(abs)
class _Same(AbstractTemplate):
    def generic(self, args: Any, _kws: Any) -> Any:
        return signature(FLOATS, FLOATS) if args == (FLOATS,) else None


@lower_builtin(operator.neg, Lanes)
def _negative(_context: Any, builder: Any, _sig: Any, args: Any) -> Any:
    return builder.fneg(args[0])


@lower_builtin(abs, Lanes)
def _absolute(_context: Any, builder: Any, _sig: Any, args: Any) -> Any:
    return vector_call(builder, "fabs", args[0])


def _chosen(_context: Any, condition: Any, a: Any, b: Any) -> Any:
    """Select: one truth and two numbers, or lanes of truths and two lanes or numbers."""
    kinds: set[Any] = {kind for kind in (a, b) if isinstance(kind, Lanes)}
    kind: Any
    if condition == TRUTHS:
        (kind,) = kinds or {FLOATS}
    elif condition == types.boolean and not kinds:
        kind = types.uint64 if a == b == types.uint64 else types.float64
    else:
        return None

    def generate(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        values = [context.cast(builder, arg, given, kind) for arg, given in zip(args[1:], sig.args[1:], strict=True)]
        return builder.select(args[0], *values)

    return kind(condition, a, b), generate


def _float(_context: Any, x: Any) -> Any:
    kind = FLOATS if x == FLOATS else types.float64

    def generate(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return context.cast(builder, args[0], sig.args[0], kind)

    return kind(x), generate


def _spread(_context: Any, x: Any) -> Any:
    def generate(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return context.cast(builder, args[0], sig.args[0], FLOATS)

    return FLOATS(x), generate


def _address(context: Any, builder: Any, array_type: Any, array: Any, start: Any) -> Any:
    data = context.make_array(array_type)(context, builder, array).data
    return builder.bitcast(builder.gep(data, [start]), ir.VectorType(ir.DoubleType(), LANES).as_pointer())


def _is_row(array: Any) -> bool:
    """Return whether this is the type of a contiguous array of floats with one axis."""
    return isinstance(array, types.Array) and (array.ndim, array.layout, array.dtype) == (1, "C", types.float64)


def _loaded(_context: Any, array: Any, _start: Any) -> Any:
    if not _is_row(array):
        return None

    def generate(context: Any, builder: Any, _sig: Any, args: Any) -> Any:
        return builder.load(_address(context, builder, array, *args), align=8)

    return FLOATS(array, types.intp), generate


def _stored(_context: Any, array: Any, _start: Any, _value: Any) -> Any:
    if not _is_row(array):
        return None

    def generate(context: Any, builder: Any, _sig: Any, args: Any) -> Any:
        builder.store(args[2], _address(context, builder, array, *args[:2]), align=8)
        return context.get_dummy_value()

    return types.void(array, types.intp, FLOATS), generate


def _interpreted_where(condition: Any, a: Any, b: Any) -> Any:
    if isinstance(condition, np.ndarray):
        return np.where(condition, a, b)
    return a if condition else b


def _interpreted_real(x: Any) -> Any:
    return x if isinstance(x, np.ndarray) else np.float64(x)


def _interpreted_spread(x: float) -> Any:
    return np.full(LANES, x)


def _interpreted_load(array: Any, start: int) -> Any:
    return array[start : start + LANES].copy()


def _interpreted_store(array: Any, start: int, value: Any) -> None:
    array[start : start + LANES] = value


def _choose(interpreted: Callable[..., Any], generator: Callable[..., Any]) -> Callable[..., Any]:
    return interpreted if INTERPRETED else intrinsic(generator)


#: where(condition, a, b): a where the condition holds and b elsewhere, for lanes or for a single number.
where = _choose(_interpreted_where, _chosen)
#: real(x): a number as a float, and lanes as they are.
real = _choose(_interpreted_real, _float)
#: spread(x): eight times the same number.
spread = _choose(_interpreted_spread, _spread)
#: load(array, start): the eight floats of a contiguous array (n,) from an index on.
load = _choose(_interpreted_load, _loaded)
#: store(array, start, lanes): write them there.
store = _choose(_interpreted_store, _stored)
