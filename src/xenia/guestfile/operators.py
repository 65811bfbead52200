"""The operators of xm's dialect, each with the size of its result checked before it works."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Mapping
from typing import Any

from xenia.guestfile.budget import BITS, Budget, Exhausted
from xenia.guestfile.methods import Forbidden

COMPARE: Mapping[type[ast.cmpop], Callable[[Any, Any], Any]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Is: operator.is_,
    ast.IsNot: operator.is_not,
    ast.In: lambda left, right: left in right,
    ast.NotIn: lambda left, right: left not in right,
}
UNARY: Mapping[type[ast.unaryop], Callable[[Any], Any]] = {
    ast.Not: operator.not_,
    ast.USub: operator.neg,
    ast.UAdd: operator.pos,
    ast.Invert: operator.invert,
}
_BINARY: Mapping[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.Pow: operator.pow,
    ast.LShift: operator.lshift,
    ast.RShift: operator.rshift,
    ast.BitAnd: operator.and_,
    ast.BitOr: operator.or_,
    ast.BitXor: operator.xor,
}


def operate(budget: Budget, sign: ast.operator, left: Any, right: Any) -> Any:
    """`left sign right`, its size checked first. Two whole numbers divide to a whole number, as in the Python that
    xm was written in.
    """
    numbers = isinstance(left, int) and isinstance(right, int)
    if isinstance(sign, ast.Div):
        return left // right if numbers else left / right
    if isinstance(sign, ast.Mod) and isinstance(left, str):
        budget.percent(left, right)
    elif isinstance(sign, ast.Mult) and not numbers:
        for sequence, count in ((left, right), (right, left)):
            if isinstance(sequence, str | list | tuple) and isinstance(count, int):
                budget.room(len(sequence) * count, items=not isinstance(sequence, str))
    elif numbers and _grows(sign, left, right):
        raise Exhausted("a number gets too large")
    function = _BINARY.get(type(sign))
    if function is None:
        raise Forbidden("this operator is not allowed in a guest file")
    return function(left, right)


def _grows(sign: ast.operator, left: int, right: int) -> bool:
    """Whether a power or a shift gives a number that is far too large."""
    if isinstance(sign, ast.Pow):
        return left.bit_length() * right > 2 * BITS
    return isinstance(sign, ast.LShift) and right > BITS
