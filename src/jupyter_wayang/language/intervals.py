"""Lengths of time: what is added to dates and timestamps."""

from __future__ import annotations

from dataclasses import dataclass

from jupyter_wayang.errors import ExpressionTypeError, OperatorError
from jupyter_wayang.language.unknown import guessed
from jupyter_wayang.plan.expressions import AnyExpression, BinaryOp, Shift

__all__ = ["UNITS", "Interval", "interval", "moved"]

UNITS = ("years", "months", "weeks", "days", "hours", "minutes", "seconds", "microseconds")
_MICROSECONDS = {"hours": 3_600_000_000, "minutes": 60_000_000, "seconds": 1_000_000, "microseconds": 1}


@dataclass(frozen=True)
class Interval:
    """A length of time.

    Parameters
    ----------
    months, days, microseconds
        Its parts, which are not turned into each other: a month has no fixed number of days.
    """

    months: int = 0
    days: int = 0
    microseconds: int = 0

    def __neg__(self) -> Interval:
        return Interval(-self.months, -self.days, -self.microseconds)


def interval(**parts: int) -> Interval:
    """Return a length of time, to be added to a date or timestamp.

    Parameters
    ----------
    **parts
        Whole numbers of ``years``, ``months``, ``weeks``, ``days``, ``hours``, ``minutes``, ``seconds``,
        ``microseconds``.

    Raises
    ------
    OperatorError
        If there is none, one is unknown, or no whole number.

    Examples
    --------
    >>> interval(years=1, days=3)
    Interval(months=12, days=3, microseconds=0)
    """
    if not parts:
        raise OperatorError("interval() needs a length", hint="as in interval(months=3)")
    for name, number in parts.items():
        if name not in UNITS:
            raise OperatorError(
                guessed(f'interval() has no argument "{name}".', name, UNITS), found=name, hint=", ".join(UNITS)
            )
        if type(number) is not int:
            raise OperatorError(f"{name}= of interval() takes a whole number, not {number!r}", found=name)
    return Interval(
        months=parts.get("years", 0) * 12 + parts.get("months", 0),
        days=parts.get("weeks", 0) * 7 + parts.get("days", 0),
        microseconds=sum(parts.get(name, 0) * size for name, size in _MICROSECONDS.items()),
    )


def moved(op: BinaryOp, moment: AnyExpression, by: Interval) -> Shift:
    """Return a date or timestamp moved by an interval.

    Raises
    ------
    ExpressionTypeError
        If something else is done with the interval than adding or subtracting it.
    """
    if op not in ("+", "-"):
        raise ExpressionTypeError(
            f"{op} does not go with an interval", hint="add or subtract it: day + interval(days=3)"
        )
    signed = by if op == "+" else -by
    return Shift(arg=moment, months=signed.months, days=signed.days, microseconds=signed.microseconds)
