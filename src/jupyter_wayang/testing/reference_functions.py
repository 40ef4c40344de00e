"""What the functions of texts, dates and exact numbers mean, in plain Python."""

from __future__ import annotations

import calendar
import datetime as dt
import math
import re
from collections.abc import Callable
from decimal import ROUND_DOWN, ROUND_HALF_UP, Context, Decimal
from typing import Any

from jupyter_wayang.plan.types import decimal_of

__all__ = [
    "EXACT",
    "FUNCTIONS",
    "Refused",
    "date_diff",
    "exact",
    "fitted",
    "format_date",
    "from_decimal",
    "like",
    "parse_date",
    "regex_extract",
    "shifted",
    "slice_text",
    "to_decimal",
    "total",
    "truncated",
]

EXACT = Context(prec=120)


class Refused(Exception):  # noqa: N818
    """The value has no meaning: an overflow, or a cast that cannot be."""


def fitted(held: Decimal, type_: str) -> Decimal:
    """Round a number, half away from zero, to the digits of a type that must hold it."""
    digits = decimal_of(type_)
    assert digits is not None
    made = held.quantize(Decimal(1).scaleb(-digits.scale), ROUND_HALF_UP, EXACT)
    if made.copy_abs() >= Decimal(10) ** (digits.precision - digits.scale):
        raise Refused(f"{held} is no {type_}")
    return made


def exact(op: str, a: Any, b: Any, type_: str) -> Decimal:
    """Add, subtract or multiply exactly."""
    first, second = Decimal(a), Decimal(b)
    kernel = {"+": EXACT.add, "-": EXACT.subtract, "*": EXACT.multiply}[op]
    return fitted(kernel(first, second), type_)


def total(values: list[Decimal]) -> Decimal:
    """Add up exactly."""
    made = Decimal(0)
    for value in values:
        made = EXACT.add(made, value)
    return made


def to_decimal(held: Any, found: str, to: str) -> Decimal:
    """Cast to a decimal."""
    if found == "string":
        try:
            number = Decimal(held.strip())
        except ArithmeticError as error:
            raise Refused(held) from error
        if not number.is_finite():
            raise Refused(held)
        return fitted(number, to)
    if found == "float64":
        digits = decimal_of(to)
        assert digits is not None
        whole = math.floor(abs(held) * 10.0**digits.scale + 0.5) if math.isfinite(held) else 2**63
        if whole >= 2**63:
            raise Refused(held)
        return fitted(Decimal(int(math.copysign(whole, held))).scaleb(-digits.scale), to)
    return fitted(Decimal(int(held) if isinstance(held, bool) else held), to)


def from_decimal(held: Decimal, to: str) -> Any:
    """Cast from a decimal."""
    if to == "int64":
        made = int(held.to_integral_value(ROUND_DOWN))
        if not -(2**63) <= made < 2**63:
            raise Refused(held)
        return made
    return float(held) if to == "float64" else f"{held:f}"


def shifted(held: dt.date, months: int, days: int, microseconds: int) -> dt.date:
    """Move by months, at most to the last day of one, then by the rest."""
    month = held.year * 12 + held.month - 1 + months
    year, month = month // 12, month % 12 + 1
    held = held.replace(year=year, month=month, day=min(held.day, calendar.monthrange(year, month)[1]))
    if microseconds and not isinstance(held, dt.datetime):
        held = dt.datetime(held.year, held.month, held.day)  # noqa: DTZ001
    return held + dt.timedelta(days=days, microseconds=microseconds)


def truncated(held: dt.date, unit: str) -> dt.date:
    """Return the beginning of a unit."""
    if unit == "week":
        held -= dt.timedelta(days=held.weekday())
    if unit in ("year", "quarter", "month"):
        first = {"year": 1, "quarter": (held.month - 1) // 3 * 3 + 1, "month": held.month}[unit]
        held = held.replace(month=first, day=1)
    if not isinstance(held, dt.datetime):
        return held
    zeros = {"second": 1, "minute": 2, "hour": 3}.get(unit, 4)
    return held.replace(**dict.fromkeys(("microsecond", "second", "minute", "hour")[:zeros], 0))


def _moment(held: dt.date) -> dt.datetime:
    return held if isinstance(held, dt.datetime) else dt.datetime(held.year, held.month, held.day)  # noqa: DTZ001


def date_diff(a: dt.date, b: dt.date, unit: str = "day") -> int:
    """Return the whole units from b to a; days are those between the dates."""
    first, second = _moment(a), _moment(b)
    if unit == "day":
        return (first.date() - second.date()).days
    return (first - second) // dt.timedelta(**{f"{unit}s": 1})


def parse_date(text: str, format_: str) -> dt.date:
    """Read a date of exactly this form."""
    pattern = re.escape(format_)
    for code, digits in (("%Y", r"(?P<Y>\d{4})"), ("%m", r"(?P<m>\d{2})"), ("%d", r"(?P<d>\d{2})")):
        pattern = pattern.replace(re.escape(code), digits)
    found = re.fullmatch(pattern, text, re.ASCII)
    if not found:
        raise Refused(text)
    try:
        return dt.date(int(found["Y"]), int(found["m"]), int(found["d"]))
    except ValueError as error:
        raise Refused(text) from error


def format_date(held: dt.date, format_: str) -> str:
    """Write the parts of a date."""
    when = _moment(held)
    parts = {"Y": f"{when.year:04}", "m": f"{when.month:02}", "d": f"{when.day:02}", "H": f"{when.hour:02}"}
    parts |= {"M": f"{when.minute:02}", "S": f"{when.second:02}", "%": "%"}
    return re.sub("%(.)", lambda found: parts[found[1]], format_)


def like(text: str, pattern: str) -> bool:
    """Tell whether a text has a form."""
    written = "".join({"%": ".*", "_": "."}.get(sign, re.escape(sign)) for sign in pattern)
    return re.fullmatch(written, text, re.DOTALL) is not None


def _regex(pattern: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"(?<!\\)\$", r"\\Z", pattern), re.ASCII)


def regex_extract(text: str, pattern: str) -> str | None:
    """Return what the group of a pattern finds, or all of it."""
    found = _regex(pattern).search(text)
    return None if found is None else (found[1] or "") if found.re.groups else found[0]


def slice_text(text: str, start: int, length: int | None = None) -> str:
    """Return a part of a text."""
    rest = text[start:] if start >= 0 or -start <= len(text) else text
    return rest if length is None else rest[:length]


def _angle(function: Callable[[float], float]) -> Callable[[float], float | None]:
    return lambda x: function(x) if math.isfinite(x) else None


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "like": like,
    "slice": slice_text,
    "split": lambda text, separator: text.split(separator),
    "regex_match": lambda text, pattern: _regex(pattern).search(text) is not None,
    "regex_extract": regex_extract,
    "weekday": lambda when: when.isoweekday(),
    "hour": lambda when: _moment(when).hour,
    "minute": lambda when: _moment(when).minute,
    "second": lambda when: _moment(when).second,
    "truncate": truncated,
    "add_months": lambda when, months: shifted(when, months, 0, 0),
    "date_diff": date_diff,
    "format_date": format_date,
    "parse_date": parse_date,
    "log10": lambda x: math.log10(x) if x > 0 else None,
    "sin": _angle(math.sin),
    "cos": _angle(math.cos),
    "tan": _angle(math.tan),
    "clip": lambda x, low, high: min(max(x, low), high),
    "min2": min,
    "max2": max,
}
