"""Constants of SQL: numbers as they are written, intervals, and text that stands for a date."""

from __future__ import annotations

import operator
from decimal import Decimal

from sqlglot import exp

from jupyter_wayang.language.expressions import date, timestamp
from jupyter_wayang.plan.expressions import AnyExpression, Literal, Shift
from jupyter_wayang.plan.types import MAX_PRECISION, decimal_of

__all__ = ["as_moment", "folded_exactly", "number", "shifted"]

_EXACT = {"+": operator.add, "-": operator.sub, "*": operator.mul}
_MONTHS = {"year": 12, "quarter": 3, "month": 1}
_DAYS = {"week": 7, "day": 1}
_MICROSECONDS = {"hour": 3_600_000_000, "minute": 60_000_000, "second": 1_000_000}


def number(text: str) -> Literal:
    """Return a number: whole, exact with a point, a float with an exponent.

    Examples
    --------
    >>> number("3").type, number("0.05").type, number("5e-2").type
    ('int64', 'decimal(3, 2)', 'float64')
    """
    written = text.replace("_", "")
    if written.isdecimal():
        return Literal.of(int(written))
    whole, point, rest = written.partition(".")
    exact = point and (whole + rest).isdecimal() and len(whole + rest) <= MAX_PRECISION
    return Literal.decimal(f"{whole or '0'}.{rest or '0'}") if exact else Literal.of(float(written))


def folded_exactly(op: str, left: AnyExpression, right: AnyExpression) -> Literal | None:
    """Return ``+ - *`` of two exact constants with a point, or None where they are none.

    Examples
    --------
    >>> folded_exactly("-", number("0.06"), number("0.01")).value
    '0.05'
    """
    if not (isinstance(left, Literal) and isinstance(right, Literal) and op in _EXACT):
        return None
    if decimal_of(left.type) is None or decimal_of(right.type) is None:
        return None
    made = _EXACT[op](Decimal(str(left.value)), Decimal(str(right.value)))
    return Literal.decimal(f"{made:f}") if len(made.as_tuple().digits) <= MAX_PRECISION else None


def shifted(moment: AnyExpression, interval: exp.Interval, sign: int) -> Shift | None:
    """Return a date or timestamp that is an interval away, or None where the interval is none of a constant length.

    Parameters
    ----------
    moment
        A date or timestamp.
    interval
        The interval.
    sign
        1 for later, -1 for earlier.
    """
    unit = interval.args.get("unit")
    amount = interval.this
    if not isinstance(unit, exp.Var) or not isinstance(amount, exp.Literal):
        return None
    try:
        count = sign * int(amount.name)
    except ValueError:
        return None
    word = unit.name.lower().removesuffix("s")
    if word in _MONTHS:
        return Shift(arg=moment, months=count * _MONTHS[word])
    if word in _DAYS:
        return Shift(arg=moment, days=count * _DAYS[word])
    return Shift(arg=moment, microseconds=count * _MICROSECONDS[word]) if word in _MICROSECONDS else None


def as_moment(text: Literal, type_: str) -> AnyExpression:
    """Return a text as the date or timestamp that SQL takes it for beside one."""
    return (date if type_ == "date" else timestamp)(str(text.value)).expression
