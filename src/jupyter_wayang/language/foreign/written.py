"""Expressions as Scala: what Wayang's functions are written in."""

from __future__ import annotations

import json
from collections.abc import Mapping

from jupyter_wayang.language.foreign.tree import Unreadable
from jupyter_wayang.plan.expressions import (
    AnyExpression,
    Binary,
    Call,
    Case,
    Cast,
    ColumnRef,
    IsIn,
    Literal,
    Negate,
    Not,
    text,
    type_of,
)
from jupyter_wayang.plan.schema import Schema

__all__ = ["SCALA_TYPES", "parameter", "scala"]

SCALA_TYPES = {"int64": "Long", "float64": "Double", "string": "String", "bool": "Boolean"}
_WIDEST = 22  # Scala's tuples have no more parts

_METHODS = {
    "lower": "toLowerCase",
    "upper": "toUpperCase",
    "strip": "trim",
    "contains": "contains",
    "starts_with": "startsWith",
    "ends_with": "endsWith",
    "replace": "replace",
}
_MATH = {"min2": "min", "max2": "max", **{n: n for n in ("abs", "sqrt", "exp", "log", "log10", "sin", "cos", "tan")}}
_SIGNS = {"and": "&&", "or": "||", **{s: s for s in ("+", "-", "*", "==", "!=", "<", "<=", ">", ">=")}}
_CASTS = {"int64": "toLong", "float64": "toDouble", "string": "toString"}


def parameter(schema: Schema, name: str = "t") -> tuple[str, dict[str, str]]:
    """Return a parameter with its type, and how each column is taken from it.

    Raises
    ------
    Unreadable
        If rows have a column that Scala has no plain type for, or more than 22 columns.

    Examples
    --------
    >>> parameter(Schema.of(word="string", n="int64"))
    ('(t: (String, Long))', {'word': 't._1', 'n': 't._2'})
    """
    types = []
    for column in schema:
        if column.type not in SCALA_TYPES:
            raise Unreadable(
                f"its column {column.name} is {column.type}, and only numbers, texts and truths can go over"
            )
        types.append(SCALA_TYPES[column.type])
    if len(types) > _WIDEST:
        raise Unreadable(f"its rows have {len(types)} columns, and a tuple has at most {_WIDEST} parts")
    if len(types) == 1:
        return f"({name}: {types[0]})", {schema.names[0]: name}
    places = {column: f"{name}._{place}" for place, column in enumerate(schema.names, 1)}
    return f"({name}: ({', '.join(types)}))", places


def scala(expression: AnyExpression, schema: Schema, places: Mapping[str, str]) -> str:
    """Write an expression.

    Parameters
    ----------
    expression
        Over the columns of the schema.
    schema
        The columns.
    places
        How each column is taken from the parameter.

    Raises
    ------
    Unreadable
        If a part has no plain counterpart that means the same.

    Examples
    --------
    >>> from jupyter_wayang.plan.expressions import ColumnRef, Literal, Binary
    >>> scala(Binary(op=">", left=ColumnRef(name="n"), right=Literal.of(3)), Schema.of(n="int64"), {"n": "x"})
    'x > 3L'
    """

    def of(part: AnyExpression, *, inner: bool = True) -> str:
        made = scala(part, schema, places)
        return f"({made})" if inner and isinstance(part, Binary | Case | IsIn | Negate | Not) else made

    match expression:
        case ColumnRef(name=name):
            return places[name]
        case Literal():
            return _literal(expression)
        case Not(arg=arg):
            return f"!({of(arg, inner=False)})"
        case Negate(arg=arg):
            return f"-{of(arg)}"
        case Binary(op="/", left=left, right=right):
            return f"{of(left)}.toDouble / {of(right)}"
        case Binary(op="**", left=left, right=right):
            return f"math.pow({of(left, inner=False)}, {of(right, inner=False)})"
        case Binary(op=op, left=left, right=right) if op in _SIGNS:
            return f"{of(left)} {_SIGNS[op]} {of(right)}"
        case Case(condition=condition, then=then, otherwise=otherwise):
            return f"if ({of(condition, inner=False)}) {of(then)} else {of(otherwise)}"
        case IsIn(arg=arg, values=values) if values:
            return " || ".join(f"{of(arg)} == {_literal(one)}" for one in values)
        case Cast(arg=arg, to=to) if to in _CASTS and type_of(arg, schema) in SCALA_TYPES:
            return f"{of(arg)}.{_CASTS[to]}"
        case Call(function=function, args=args):
            return _call(function, [of(arg) for arg in args], args, expression)
    raise Unreadable(f"{text(expression)} has no plain counterpart that means the same")


def _call(function: str, made: list[str], args: tuple[AnyExpression, ...], whole: AnyExpression) -> str:
    if function in _METHODS:
        return f"{made[0]}.{_METHODS[function]}{'(' + ', '.join(made[1:]) + ')' if made[1:] else ''}"
    if function in _MATH:
        return f"math.{_MATH[function]}({', '.join(made)})"
    if function == "length":
        return f"{made[0]}.length.toLong"
    if function == "concat":
        return " + ".join(made)
    match function, args:
        case "slice", (_, Literal(value=int() as start), Literal(value=int() as count)) if start >= 0:
            return f"{made[0]}.slice({start}, {start + count})"
        case "slice", (_, Literal(value=int() as start)) if start >= 0:
            return f"{made[0]}.drop({start})"
    raise Unreadable(f"{text(whole)} has no plain counterpart that means the same")


def _literal(literal: Literal) -> str:
    match literal.value:
        case bool() as value:
            return "true" if value else "false"
        case int() as value:
            return f"{value}L"
        case float() as value:
            return repr(value)
        case str() as value if literal.type == "string":
            # Scala knows no escapes beyond those of JSON.
            return json.dumps(value)
    raise Unreadable(f"{text(literal)} has no plain counterpart that means the same")
