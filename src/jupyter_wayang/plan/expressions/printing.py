"""Expressions as they would stand in a cell."""

from __future__ import annotations

import json
import keyword
import math
import unicodedata

from jupyter_wayang.errors import ExpressionTypeError
from jupyter_wayang.plan.expressions.nodes import (
    Aggregate,
    Binary,
    Call,
    Case,
    Cast,
    ColumnRef,
    Expression,
    IsIn,
    IsNull,
    Literal,
    Negate,
    Not,
    Shift,
    Window,
)
from jupyter_wayang.plan.expressions.signatures import RANKS
from jupyter_wayang.plan.types import decimal_of

__all__ = ["text"]

_CONSTANTS = frozenset({"true", "false", "null"})
_BINDS = {
    "or": 1,
    "and": 2,
    "==": 4,
    "!=": 4,
    "<": 4,
    "<=": 4,
    ">": 4,
    ">=": 4,
    "+": 5,
    "-": 5,
    "*": 6,
    "/": 6,
    "//": 6,
    "%": 6,
    "**": 8,
}


def text(expression: Expression) -> str:
    """Write an expression as it would stand in a cell.

    Examples
    --------
    >>> text(Binary(op="and", left=Not(arg=ColumnRef(name="a")), right=Binary(op=">", left=ColumnRef(name="n"), right=Literal.of(0))))
    'not a and n > 0'
    """
    return _text(expression)[0]


def _inner(expression: Expression, binds: int) -> str:
    inner, own = _text(expression)
    return inner if own > binds else f"({inner})"


def _text(expression: Expression) -> tuple[str, int]:
    match expression:
        case ColumnRef(name=name):
            return (name if _plain(name) else f"col[{_quoted(name)}]"), 10
        case Literal(value=value, type=type_):
            if type_ in ("date", "timestamp") and value is not None:
                return f'{type_}("{value}")', 10
            if decimal_of(type_) and value is not None:
                written = f'decimal("{value}")'
                plain = Literal.decimal(str(value)).type == type_
                return written if plain else f"cast({written}, {type_})", 10
            if value is None or isinstance(value, bool):
                return {True: "true", False: "false", None: "null"}[value], 10
            return _quoted(value), 7 if not isinstance(value, str) and value < 0 else 10
        case Not(arg=IsNull(arg=arg)):
            return f"{_inner(arg, 4)} is not None", 4
        case Not(arg=arg):
            return f"not {_inner(arg, 2)}", 3
        case Negate(arg=arg):
            return f"-{_inner(arg, 6)}", 7
        case Binary(op=op, left=left, right=right):
            binds = _BINDS[op]
            loose = binds if op == "**" or binds == 4 else binds - 1
            return f"{_inner(left, loose)} {op} {_inner(right, binds if op != '**' else binds - 1)}", binds
        case IsNull(arg=arg):
            return f"{_inner(arg, 4)} is None", 4
        case IsIn(arg=arg, values=values):
            return f"{_inner(arg, 4)} in [{', '.join(text(value) for value in values)}]", 4
        case Case(condition=condition, then=then, otherwise=otherwise):
            return f"{_inner(then, 1)} if {_inner(condition, 1)} else {_inner(otherwise, 0)}", 0
        case Cast(arg=arg, to=to):
            return f"cast({text(arg)}, {to})", 10
        case Call(function=function, args=args):
            return f"{function}({', '.join(text(arg) for arg in args)})", 10
        case Aggregate(function=function):
            return f"{function}({', '.join(text(arg) for arg in expression.args)})", 10
        case Shift():
            return _shift(expression), 5
        case Window():
            return _window(expression), 10
    raise ExpressionTypeError(f"{type(expression).__name__} is not an expression")


def _shift(expression: Shift) -> str:
    parts = {"months": expression.months, "days": expression.days, "microseconds": expression.microseconds}
    given = {name: number for name, number in parts.items() if number}
    backwards = bool(given) and all(number < 0 for number in given.values())
    shown = ", ".join(f"{name}={-number if backwards else number}" for name, number in given.items())
    return f"{_inner(expression.arg, 4)} {'-' if backwards else '+'} interval({shown or 'days=0'})"


def _window(expression: Window) -> str:
    parts = [text(part) for part in expression.partition]
    if expression.order:
        keys = [text(part) for part in expression.order]
        parts.append(f"order_by={keys[0] if len(keys) == 1 else '[' + ', '.join(keys) + ']'}")
        flags = ["true" if flag else "false" for flag in expression.descending]
        if any(expression.descending):
            parts.append(f"descending={flags[0] if len(set(flags)) == 1 else '[' + ', '.join(flags) + ']'}")
    called = f"{expression.function}({', '.join(text(arg) for arg in expression.args)})"
    unfinished = not parts and (expression.function in RANKS or expression.function in ("first", "last"))
    return called if unfinished else f"{called}.over({', '.join(parts)})"


def _plain(name: str) -> bool:
    """Tell whether a name can stand for a column as it is."""
    folded = unicodedata.normalize("NFKC", name) == name
    return name.isidentifier() and folded and not keyword.iskeyword(name) and name not in _CONSTANTS


def _quoted(value: float | str) -> str:
    if isinstance(value, str):
        # JSON's escapes are Python's too.
        return json.dumps(value, ensure_ascii=False)
    if value in (math.inf, -math.inf):
        return "1e999" if value > 0 else "-1e999"
    return repr(value)
