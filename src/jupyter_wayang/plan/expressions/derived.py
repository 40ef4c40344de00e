"""Words of the language that are written by others: what platforms see has fewer functions.

Each rule is (expression, schema) -> expression, and gives the same object back where there is nothing to write.
"""

from __future__ import annotations

import calendar
import datetime as dt
import re
from collections.abc import Callable
from typing import cast

import msgspec

from jupyter_wayang.plan.expressions.constants import pieces
from jupyter_wayang.plan.expressions.inference import type_of
from jupyter_wayang.plan.expressions.nodes import (
    Aggregate,
    AnyExpression,
    Binary,
    Call,
    Case,
    Cast,
    Expression,
    Literal,
    Shift,
    children,
)
from jupyter_wayang.plan.schema import Schema
from jupyter_wayang.plan.types import decimal_of, decimal_type

__all__ = ["expanded", "expanded_all", "moved_constant", "unit_of"]

_PARTS = {
    "Y": ("year", 4),
    "m": ("month", 2),
    "d": ("day", 2),
    "H": ("hour", 2),
    "M": ("minute", 2),
    "S": ("second", 2),
}
_FLOATS = {"var", "std", "median", "quantile", "corr", "cov"}


def expanded(expression: AnyExpression, schema: Schema) -> AnyExpression:
    """Return what an expression is short for; its operands stay as they are.

    Examples
    --------
    >>> from jupyter_wayang.plan.expressions import ColumnRef, text
    >>> a, b = ColumnRef(name="a"), ColumnRef(name="b")
    >>> text(expanded(Call(function="min2", args=(a, b)), Schema.of(a="int64", b="int64")))
    'a if a <= b else (b if a > b else null)'
    """
    match expression:
        case Call(function=function):
            rule = _CALLS.get(function)
            return rule(expression, schema) if rule else expression
        case Aggregate():
            made = _aggregate(expression, schema)
            return expression if made == expression else made
        case Shift():
            return moved_constant(expression) or expression
        case Cast(arg=arg, to=to) if decimal_of(to):
            return _to_decimal(arg, to, schema) or expression
        case _:
            return expression


def expanded_all(expression: AnyExpression, schema: Schema) -> AnyExpression:
    """Return an expression with everything in it written out."""
    made = expanded(expression, schema)
    changed: dict[str, object] = {}
    for name in made.__struct_fields__ if children(made) else ():
        value = getattr(made, name)
        if isinstance(value, Expression):
            changed[name] = expanded_all(cast("AnyExpression", value), schema)
        elif isinstance(value, tuple):
            changed[name] = tuple(
                expanded_all(cast("AnyExpression", v), schema) if isinstance(v, Expression) else v for v in value
            )
    if all(getattr(made, name) == value for name, value in changed.items()):
        return made
    return msgspec.structs.replace(made, **changed)


def moved_constant(shift: Shift) -> Literal | None:
    """Return a constant date or timestamp that was moved, or None where it is no constant.

    Examples
    --------
    >>> moved_constant(Shift(arg=Literal(value="2024-01-31", type="date"), months=1)).value
    '2024-02-29'
    """
    if not isinstance(shift.arg, Literal) or shift.arg.type not in ("date", "timestamp") or shift.arg.value is None:
        return None
    try:
        moment = dt.datetime.fromisoformat(str(shift.arg.value))
        month = moment.year * 12 + moment.month - 1 + shift.months
        year, month = month // 12, month % 12 + 1
        moment = moment.replace(year=year, month=month, day=min(moment.day, calendar.monthrange(year, month)[1]))
        moment += dt.timedelta(days=shift.days, microseconds=shift.microseconds)
    except (ValueError, OverflowError, calendar.IllegalMonthError):
        return None  # what is wrong with it is said where it runs
    if shift.arg.type == "date" and not shift.microseconds:
        return Literal(value=moment.date().isoformat(), type="date")
    return Literal(value=moment.isoformat(), type="timestamp")


def _aggregate(aggregate: Aggregate, schema: Schema) -> AnyExpression:
    function, arg = aggregate.function, aggregate.arg
    if function in ("first", "last"):
        return msgspec.structs.replace(aggregate, function="arg_min" if function == "first" else "arg_max")
    if arg is None:
        return aggregate
    if function == "mean" and decimal_of(type_of(arg, schema)):
        total, number = Aggregate(function="sum", arg=arg), Aggregate(function="count", arg=arg)
        return Binary(op="/", left=total, right=number)
    if function == "median":
        return msgspec.structs.replace(aggregate, function="quantile", arg=_float(arg, schema), other=Literal.of(0.5))
    if function in _FLOATS:
        other = aggregate.other
        if other is not None and function in ("corr", "cov"):
            other = _float(other, schema)
        return msgspec.structs.replace(aggregate, arg=_float(arg, schema), other=other)
    return aggregate


def _float(arg: AnyExpression, schema: Schema) -> AnyExpression:
    return arg if type_of(arg, schema) == "float64" else Cast(arg=arg, to="float64")


def _to_decimal(arg: AnyExpression, to: str, schema: Schema) -> AnyExpression | None:
    """Round a float, half away from zero, to a whole number of the last digit, which is exact; then move the point."""
    if type_of(arg, schema) == "bool":
        return Cast(arg=Cast(arg=arg, to="int64"), to=to)
    digits = decimal_of(to)
    if type_of(arg, schema) != "float64" or digits is None:
        return None
    grown = Binary(op="*", left=arg, right=Literal.of(float(10**digits.scale))) if digits.scale else arg
    whole = Cast(arg=Call(function="round", args=(grown,)), to="int64")
    if not digits.scale:
        return Cast(arg=whole, to=to)
    unit = Literal(
        value="0." + "1".rjust(digits.scale, "0"), type=decimal_type(min(38, digits.scale + 1), digits.scale)
    )
    return Cast(arg=Binary(op="*", left=whole, right=unit), to=to)


def _two(call: Call, _: Schema) -> AnyExpression:
    op, other = ("<=", ">") if call.function == "min2" else (">=", "<")
    a, b = call.args
    second = Case(condition=_binary(other, a, b), then=b, otherwise=Literal.of(None))
    return Case(condition=_binary(op, a, b), then=a, otherwise=second)


def _clip(call: Call, _: Schema) -> AnyExpression:
    x, low, high = call.args
    return Call(function="min2", args=(Call(function="max2", args=(x, low)), high))


def _binary(op: str, a: AnyExpression, b: AnyExpression) -> Binary:
    return Binary(op=op, left=a, right=b)  # type: ignore[arg-type]


def _held(call: Call) -> object:
    return getattr(call.args[1], "value", None)


def _add_months(call: Call, _: Schema) -> AnyExpression:
    return Shift(arg=call.args[0], months=int(str(_held(call))))


_MICROSECONDS = {"hour": 3_600_000_000, "minute": 60_000_000, "second": 1_000_000}


def unit_of(call: Call) -> str:
    """Return the unit of ``truncate`` or ``date_diff``: the last argument, and days where there is none."""
    held = call.args[-1]
    return str(held.value) if len(call.args) > 2 or call.function == "truncate" else "day"  # type: ignore[union-attr]


def _date_diff(call: Call, _: Schema) -> AnyExpression:
    size = _MICROSECONDS.get(unit_of(call))
    if size is None:
        return call
    exact = msgspec.structs.replace(call, args=(*call.args[:2], Literal.of("microsecond")))
    return Binary(op="//", left=exact, right=Literal.of(size))


def _format_date(call: Call, _: Schema) -> AnyExpression:
    parts: list[AnyExpression] = []
    for code, rest in pieces(call.function, _held(call)):
        if not code:
            parts.append(Literal.of(rest))
            continue
        function, width = _PARTS[code]
        number = Cast(arg=Call(function=function, args=(call.args[0],)), to="string")
        padded = Call(function="concat", args=(Literal.of("0" * (width - 1)), number))
        parts.append(Call(function="slice", args=(padded, Literal.of(-width))))
    return parts[0] if len(parts) == 1 else Call(function="concat", args=tuple(parts))


def _parse_date(call: Call, _: Schema) -> AnyExpression:
    arg, at, pattern, place = call.args[0], dict[str, AnyExpression](), "", 0
    for code, rest in pieces(call.function, _held(call)):
        if code:
            width = _PARTS[code][1]
            at[code] = Call(function="slice", args=(arg, Literal.of(place), Literal.of(width)))
            pattern, place = pattern + f"[0-9]{{{width}}}", place + width
        else:
            pattern, place = pattern + re.sub(r"([^0-9A-Za-z])", r"\\\1", rest), place + len(rest)
    written = Call(function="concat", args=(at["Y"], Literal.of("-"), at["m"], Literal.of("-"), at["d"]))
    fits = Call(function="regex_match", args=(arg, Literal.of(f"^{pattern}$")))
    # What is not in the format is no date, so that the cast fails as it does for any text that is none.
    wrong = Call(function="concat", args=(Literal.of("not in the format: "), arg))
    return Cast(arg=Case(condition=fits, then=written, otherwise=wrong), to="date")


_CALLS: dict[str, Callable[[Call, Schema], AnyExpression]] = {
    "min2": _two,
    "max2": _two,
    "clip": _clip,
    "add_months": _add_months,
    "date_diff": _date_diff,
    "format_date": _format_date,
    "parse_date": _parse_date,
}
