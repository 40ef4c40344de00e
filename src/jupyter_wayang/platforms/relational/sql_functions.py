"""Functions as SQL.

The logarithm of a number that is not above zero is null, and so is the root of a negative one; ``**`` is the power of
floats, so that zero to a negative power is infinite. Letters change case as each engine's Unicode tables say (``ß``
becomes ``ẞ`` or ``SS``). Replacing the empty text changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from sqlglot import exp

from jupyter_wayang.errors import OperatorError
from jupyter_wayang.plan.expressions import Call, Literal, Negate, text, type_of
from jupyter_wayang.plan.expressions.derived import expanded, unit_of
from jupyter_wayang.plan.expressions.patterns import has_group, like_pattern, portable
from jupyter_wayang.plan.schema import Schema
from jupyter_wayang.plan.types import item_of
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
from jupyter_wayang.platforms.relational.sql_templates import filled

__all__ = ["FUNCTIONS", "constant"]

_WHITE = r"[\s\p{Z}\x0b\x{85}]+"


@render.register
def _(expression: Call, schema: Schema, dialect: Dialect) -> Sql:
    type_of(expression, schema)
    simpler = expanded(expression, schema)
    if simpler is not expression:
        return render(simpler, schema, dialect)
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
    if "strip" in dialect.functions:
        return filled(dialect, "strip", coerced(call.args[0], schema, dialect, "string"))
    pattern = exp.Literal.string(rf"^{_WHITE}|{_WHITE}\z")
    return exp.RegexpReplace(
        this=coerced(call.args[0], schema, dialect, "string"),
        expression=pattern,
        replacement=exp.Literal.string(""),
        modifiers=exp.Literal.string("g"),
    )


def _length(call: Call, schema: Schema, dialect: Dialect) -> Sql:
    if item_of(type_of(call.args[0], schema)):
        return cast(filled(dialect, "length_of_list", value(call.args[0], schema, dialect)), "int64", dialect)
    made = exp.Length(this=coerced(call.args[0], schema, dialect, "string"))
    return cast(made, "int64", dialect) if dialect.narrow_integers else made


def _concat(call: Call, schema: Schema, dialect: Dialect) -> Sql:
    first, *rest = (wrap(coerced(arg, schema, dialect, "string"), exp.DPipe) for arg in call.args)
    for part in rest:
        first = exp.DPipe(this=first, expression=part)
    return first


def constant(call: Call, place: int) -> str | int:
    """Return a constant argument.

    Raises
    ------
    OperatorError
        If it is null, or neither text nor a whole number.
    """
    held = call.args[place]
    if not isinstance(held, Literal) or isinstance(held.value, bool | float) or held.value is None:
        raise OperatorError(f"{call.function}() takes a constant, not {text(held)}")
    return held.value


def _like(call: Call, schema: Schema, dialect: Dialect) -> Sql:
    pattern = str(constant(call, 1))
    like_pattern(pattern)
    return exp.Like(this=wrap(coerced(call.args[0], schema, dialect, "string")), expression=exp.Literal.string(pattern))


def _slice(call: Call, schema: Schema, dialect: Dialect) -> Sql:
    start, whole_text = int(constant(call, 1)), coerced(call.args[0], schema, dialect, "string")
    if start < 0:
        whole_text, start = exp.Right(this=whole_text, expression=exp.Literal.number(str(-start))), 0
    if len(call.args) == 2 and not start:
        return whole_text
    parts = {"this": whole_text, "start": exp.Literal.number(str(start + 1))}
    if len(call.args) > 2:
        parts["length"] = exp.Literal.number(str(max(0, int(constant(call, 2)))))
    return exp.Substring(**parts)


def _split(call: Call, schema: Schema, dialect: Dialect) -> Sql:
    separator = str(constant(call, 1))
    if not separator:
        raise OperatorError("split() needs a separator", hint='as in split(line, " ")')
    whole_text = coerced(call.args[0], schema, dialect, "string")
    # Spark takes the separator for a pattern.
    written = "".join(f"[{s}]" if s in ".^$*+?()[{|" else "\\\\" if s == "\\" else s for s in separator)
    shown = written if dialect.name == "spark" else separator
    return filled(dialect, "split", whole_text, exp.Literal.string(shown))


def _regex(call: Call, schema: Schema, dialect: Dialect) -> Sql:
    pattern = portable(str(constant(call, 1)), dialect.text_end)
    operands = coerced(call.args[0], schema, dialect, "string"), exp.Literal.string(pattern)
    matches = filled(dialect, "regex_match", *operands)
    if call.function == "regex_match":
        return matches
    group = exp.Literal.number("1" if has_group(pattern) else "0")
    return when(matches, filled(dialect, "regex_extract", *operands, group))


def _moment(call: Call, place: int, schema: Schema, dialect: Dialect, to: str | None = None) -> Sql:
    found = type_of(call.args[place], schema)
    return coerced(call.args[place], schema, dialect, to or ("date" if found == "null" else found))


def _part_of_date(call: Call, schema: Schema, dialect: Dialect) -> Sql:
    if call.function == "weekday":
        return cast(filled(dialect, "weekday", _moment(call, 0, schema, dialect)), "int64", dialect)
    timed = call.function in ("hour", "minute", "second")
    moment = _moment(call, 0, schema, dialect, "timestamp" if timed else None)
    made = exp.Extract(this=exp.var(call.function.upper()), expression=moment)
    return cast(made, "int64", dialect) if dialect.narrow_integers else made


def _truncate(call: Call, schema: Schema, dialect: Dialect) -> Sql:
    unit = exp.Literal.string(unit_of(call))
    to = type_of(call, schema)
    made = exp.Anonymous(this="DATE_TRUNC", expressions=[unit, _moment(call, 0, schema, dialect)])
    return cast(made, "date" if to == "null" else to, dialect)


def _date_diff(call: Call, schema: Schema, dialect: Dialect) -> Sql:
    days = len(call.args) == 2 or constant(call, 2) == "day"
    to, function = ("date", "days_between") if days else ("timestamp", "microseconds_between")
    made = filled(dialect, function, *(_moment(call, place, schema, dialect, to) for place in (0, 1)))
    return cast(made, "int64", dialect)


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


def _log10(call: Call, schema: Schema, dialect: Dialect) -> Sql:
    x = double(call.args[0], schema, dialect, clean=True)
    positive = exp.GT(this=wrap(again(x)), expression=exp.Literal.number("0"))
    return when(positive, filled(dialect, "log10", x))


def _angle(call: Call, schema: Schema, dialect: Dialect) -> Sql:
    x = double(call.args[0], schema, dialect, clean=True)
    # Of what is infinite there is no sine; some engines raise, others make NaN.
    finite = exp.LT(this=exp.Abs(this=again(x)), expression=cast(exp.Literal.string("Infinity"), "float64", dialect))
    return when(finite, exp.Anonymous(this=call.function.upper(), expressions=[x]))


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
    "like": _like,
    "slice": _slice,
    "split": _split,
    "regex_match": _regex,
    "regex_extract": _regex,
    **dict.fromkeys(("year", "month", "day", "weekday", "hour", "minute", "second"), _part_of_date),
    "truncate": _truncate,
    "date_diff": _date_diff,
    "abs": _abs,
    "sign": _sign,
    "floor": _floor,
    "ceil": _ceil,
    "round": _round,
    "sqrt": _root,
    "exp": _exp,
    "log": _log,
    "log10": _log10,
    "sin": _angle,
    "cos": _angle,
    "tan": _angle,
    "coalesce": _coalesce,
}
