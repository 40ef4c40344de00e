"""Functions and aggregates as SQL.

The logarithm of a number that is not above zero is null, and so is the root of a negative one; ``**`` is the power of
floats, so that zero to a negative power is infinite. Letters change case as each engine's Unicode tables say (``ß``
becomes ``ẞ`` or ``SS``). Replacing the empty text changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from sqlglot import exp

from jupyter_wayang.errors import OperatorError
from jupyter_wayang.plan.expressions import Aggregate, Call, Literal, Negate, text, type_of
from jupyter_wayang.plan.schema import Schema
from jupyter_wayang.platforms.relational.dialects import Dialect
from jupyter_wayang.platforms.relational.sql_expressions import (
    WHOLE,
    Sql,
    again,
    cast,
    coerced,
    double,
    number,
    render,
    value,
    when,
    whole,
    wrap,
)

__all__ = ["FUNCTIONS"]

_WHITE = r"[\s\p{Z}\x0b\x{85}]+"


@render.register
def _(expression: Call, schema: Schema, dialect: Dialect) -> Sql:
    type_of(expression, schema)
    make = FUNCTIONS.get(expression.function)
    if make is None:
        raise OperatorError(f"{expression.function}() is not written as SQL", expected=tuple(FUNCTIONS))
    return make(expression, schema, dialect)


_Maker: TypeAlias = Callable[[Call, Schema, Dialect], Sql]


def _of_text(kind: type[exp.Func], *names: str) -> _Maker:
    def make(call: Call, schema: Schema, dialect: Dialect) -> Sql:
        parts = [coerced(arg, schema, dialect, "string") for arg in call.args]
        return kind(**dict(zip(names, parts, strict=True)))

    return make


def _strip(call: Call, schema: Schema, dialect: Dialect) -> Sql:
    pattern = exp.Literal.string(rf"^{_WHITE}|{_WHITE}\z")
    return exp.RegexpReplace(
        this=coerced(call.args[0], schema, dialect, "string"),
        expression=pattern,
        replacement=exp.Literal.string(""),
        modifiers=exp.Literal.string("g"),
    )


def _length(call: Call, schema: Schema, dialect: Dialect) -> Sql:
    made = exp.Length(this=coerced(call.args[0], schema, dialect, "string"))
    return cast(made, "int64", dialect) if dialect.narrow_integers else made


def _concat(call: Call, schema: Schema, dialect: Dialect) -> Sql:
    first, *rest = (wrap(coerced(arg, schema, dialect, "string"), exp.DPipe) for arg in call.args)
    for part in rest:
        first = exp.DPipe(this=first, expression=part)
    return first


def _part_of_date(call: Call, schema: Schema, dialect: Dialect) -> Sql:
    arg = call.args[0]
    moment = coerced(arg, schema, dialect, "date" if type_of(arg, schema) == "null" else type_of(arg, schema))
    made = exp.Extract(this=exp.var(call.function.upper()), expression=moment)
    return cast(made, "int64", dialect) if dialect.narrow_integers else made


def _abs(call: Call, schema: Schema, dialect: Dialect) -> Sql:
    return exp.Abs(this=value(call.args[0], schema, dialect))


def _sign(call: Call, schema: Schema, dialect: Dialect) -> Sql:
    return cast(exp.Sign(this=double(call.args[0], schema, dialect, clean=True)), "float64", dialect)


def _floor(call: Call, schema: Schema, dialect: Dialect) -> Sql:
    arg = call.args[0]
    x = double(arg, schema, dialect, clean=True)
    return x if type_of(arg, schema) == "int64" else whole(x, exp.Floor(this=x), dialect)


def _ceil(call: Call, schema: Schema, dialect: Dialect) -> Sql:
    arg = call.args[0]
    x = double(arg, schema, dialect, clean=True)
    return x if type_of(arg, schema) == "int64" else whole(x, exp.Ceil(this=x), dialect)


def _digits(call: Call) -> int:
    if len(call.args) == 1:
        return 0
    match call.args[1]:
        case Literal(value=int(digits)) if abs(digits) <= 300:
            return digits
        case Negate(arg=Literal(value=int(digits))) if abs(digits) <= 300:
            return -digits
    raise OperatorError(
        f"round() takes a constant number of digits, not {text(call.args[1])}", hint="as in round(x, 2)"
    )


def _round(call: Call, schema: Schema, dialect: Dialect) -> Sql:
    digits = _digits(call)
    x = double(call.args[0], schema, dialect, clean=True)
    scale = float(10 ** abs(digits))
    up, down = (exp.Mul, exp.Div) if digits >= 0 else (exp.Div, exp.Mul)
    grown: Sql = exp.Abs(this=x)
    if digits:
        grown = up(this=grown, expression=number(scale), **({"typed": True} if up is exp.Div else {}))
    rounded: Sql = exp.Floor(this=exp.Add(this=grown, expression=number(0.5)))
    rounded = rounded if dialect.floor_keeps_double else cast(rounded, "float64", dialect)
    if digits:
        rounded = down(this=rounded, expression=number(scale), **({"typed": True} if down is exp.Div else {}))
    signed = exp.Mul(this=cast(exp.Sign(this=again(x)), "float64", dialect), expression=wrap(rounded))
    limit = number(WHOLE / scale if digits >= 0 else WHOLE * scale)
    return when(exp.LT(this=exp.Abs(this=again(x)), expression=limit), signed, again(x))


def _root(call: Call, schema: Schema, dialect: Dialect) -> Sql:
    x = double(call.args[0], schema, dialect, clean=True)
    return when(exp.GTE(this=wrap(again(x)), expression=exp.Literal.number("0")), exp.Sqrt(this=x))


def _log(call: Call, schema: Schema, dialect: Dialect) -> Sql:
    x = double(call.args[0], schema, dialect, clean=True)
    return when(exp.GT(this=wrap(again(x)), expression=exp.Literal.number("0")), exp.Ln(this=x))


def _exp(call: Call, schema: Schema, dialect: Dialect) -> Sql:
    return exp.Exp(this=double(call.args[0], schema, dialect, clean=True))


def _coalesce(call: Call, schema: Schema, dialect: Dialect) -> Sql:
    to = type_of(call, schema)
    first, *rest = (coerced(arg, schema, dialect, to) for arg in call.args)
    return exp.Coalesce(this=first, expressions=rest) if rest else first


FUNCTIONS: dict[str, _Maker] = {
    "upper": _of_text(exp.Upper, "this"),
    "lower": _of_text(exp.Lower, "this"),
    "strip": _strip,
    "length": _length,
    "contains": _of_text(exp.Contains, "this", "expression"),
    "starts_with": _of_text(exp.StartsWith, "this", "expression"),
    "ends_with": _of_text(exp.EndsWith, "this", "expression"),
    "replace": _of_text(exp.Replace, "this", "expression", "replacement"),
    "concat": _concat,
    "year": _part_of_date,
    "month": _part_of_date,
    "day": _part_of_date,
    "abs": _abs,
    "sign": _sign,
    "floor": _floor,
    "ceil": _ceil,
    "round": _round,
    "sqrt": _root,
    "exp": _exp,
    "log": _log,
    "coalesce": _coalesce,
}

_AGGREGATES: dict[str, type[exp.Func] | str] = {
    "sum": exp.Sum,
    "mean": exp.Avg,
    "min": exp.Min,
    "max": exp.Max,
    "var": "VAR_SAMP",
    "std": "STDDEV_SAMP",
    "any": "BOOL_OR",
    "all": "BOOL_AND",
}


@render.register
def _(expression: Aggregate, schema: Schema, dialect: Dialect) -> Sql:
    made_type = type_of(expression, schema)
    if expression.arg is None:
        return exp.Count(this=exp.Star())
    arg = value(expression.arg, schema, dialect)
    if expression.function == "count":
        return exp.Count(this=arg)
    if expression.function == "n_unique":
        return exp.Count(this=exp.Distinct(expressions=[arg]))
    kind = _AGGREGATES[expression.function]
    made = exp.Anonymous(this=kind, expressions=[arg]) if isinstance(kind, str) else kind(this=arg)
    # A sum of integers is wider than they are: the cast back fails where it does not fit.
    return cast(made, made_type, dialect) if expression.function == "sum" and made_type == "int64" else made
