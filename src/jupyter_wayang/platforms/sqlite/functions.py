"""The functions and aggregates in Python that a connection gets, under the names that statements use.

They raise :class:`ValueError` with words that quote no value; SQLite hides what a function raised, so the last one is
kept.
"""

from __future__ import annotations

import math
import re
import sqlite3
from collections.abc import Callable
from datetime import date, datetime, timedelta
from functools import wraps
from typing import Any

from jupyter_wayang.platforms.sqlite.aggregates import AGGREGATES
from jupyter_wayang.platforms.sqlite.writing import MOMENT

__all__ = ["Failures", "add_functions"]

_WHOLE = re.compile(r"\s*[+-]?\d+\s*", re.ASCII)
_FLOAT = re.compile(
    r"\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*|\s*[+-]?(inf|infinity|nan)\s*", re.ASCII | re.IGNORECASE
)
_LEAST, _MOST = -(2**63), 2**63 - 1
_DATE_LENGTH = 10
_UNITS = {"DAY": 86_400_000_000, "MICROSECOND": 1}


class Failures:
    """What a function raised last."""

    def __init__(self) -> None:
        self.last: Exception | None = None

    def taken(self) -> Exception | None:
        """Return it, and forget it."""
        last, self.last = self.last, None
        return last


def add_functions(connection: sqlite3.Connection, failures: Failures) -> None:
    """Add all functions and aggregates to a connection."""
    for name, (count, function) in _FUNCTIONS.items():
        connection.create_function(name, count, _kept(function, failures), deterministic=True)
    for name, (count, aggregate) in AGGREGATES.items():
        connection.create_window_function(name, count, aggregate)  # type: ignore[arg-type]


def _kept(function: Callable[..., Any], failures: Failures) -> Callable[..., Any]:
    @wraps(function)
    def call(*args: Any) -> Any:
        if None in args:
            return None
        try:
            return function(*args)
        except (ValueError, OverflowError, ArithmeticError) as error:
            failures.last = error
            raise

    return call


# -- casts ------------------------------------------------------------------------------------------------------------


def _integer(held: float | str) -> int:
    if isinstance(held, str):
        if not _WHOLE.fullmatch(held):
            raise ValueError("a text cannot be read as a whole number")
        held = int(held)
    if isinstance(held, float) and not math.isfinite(held):
        raise ValueError("a number does not fit into a 64-bit integer")
    made = int(held)
    if not _LEAST <= made <= _MOST:
        raise ValueError("a number does not fit into a 64-bit integer")
    return made


def _exact(held: Any) -> int:
    """Return an integer as it is; SQLite makes a float of one that does not fit."""
    if isinstance(held, float):
        raise ValueError("a result does not fit into a 64-bit integer")  # noqa: TRY004 - it is no matter of types
    return int(held)


def _real(held: float | str) -> float:
    if isinstance(held, str) and not _FLOAT.fullmatch(held):
        raise ValueError("a text cannot be read as a number")
    return float(held)


def _boolean(held: float | str) -> int:
    if isinstance(held, str):
        known = {"true": 1, "false": 0}.get(held.strip().lower())
        if known is None:
            raise ValueError("a text cannot be read as true or false")
        return known
    return int(held != 0)


def _as_text(held: float | str) -> str:
    return held if isinstance(held, str) else str(held)


def _moment(held: str) -> datetime:
    try:
        return datetime.fromisoformat(held.strip())
    except ValueError:
        raise ValueError("a text cannot be read as a date") from None


def _as_date(held: str) -> str:
    return _moment(held).date().isoformat()


def _as_timestamp(held: str) -> str:
    return _moment(held).strftime(MOMENT)


# -- dates ------------------------------------------------------------------------------------------------------------


def _part(name: str) -> Callable[[str], int]:
    return lambda held: int(getattr(_moment(held), name))


def _later(held: str, count: int, unit: str) -> str:
    moment = _moment(held)
    if unit == "MONTH":
        months = moment.year * 12 + moment.month - 1 + count
        year, month = divmod(months, 12)
        moment = moment.replace(year=year, month=month + 1, day=min(moment.day, _days(year, month + 1)))
    else:
        moment += timedelta(microseconds=count * _UNITS[unit])
    plain = len(held) == _DATE_LENGTH and unit != "MICROSECOND"
    return moment.date().isoformat() if plain else moment.strftime(MOMENT)


def _days(year: int, month: int) -> int:
    following = date(year + month // 12, month % 12 + 1, 1)
    return (following - timedelta(days=1)).day


def _truncated(held: str, unit: str) -> str:
    moment = _moment(held)
    if unit == "week":
        moment -= timedelta(days=moment.weekday())
        unit = "day"
    if unit == "quarter":
        moment = moment.replace(month=(moment.month - 1) // 3 * 3 + 1)
        unit = "month"
    order = ("year", "month", "day", "hour", "minute", "second", "microsecond")
    least = {"month": 1, "day": 1}
    smaller = order[order.index(unit) + 1 :]
    return moment.replace(**{name: least.get(name, 0) for name in smaller}).strftime(MOMENT)  # type: ignore[arg-type]


def _days_between(first: str, second: str) -> int:
    return (_moment(first).date() - _moment(second).date()).days


def _microseconds_between(first: str, second: str) -> int:
    return (_moment(first) - _moment(second)) // timedelta(microseconds=1)


# -- numbers ----------------------------------------------------------------------------------------------------------


def _unless_whole(function: Callable[[float], int]) -> Callable[[float], float]:
    return lambda x: float(function(x)) if math.isfinite(x) else x


def _exp(x: float) -> float:
    try:
        return math.exp(x)
    except OverflowError:
        return math.inf


def _power(base: float, exponent: float) -> float | None:
    try:
        return math.pow(base, exponent)
    except OverflowError:
        return -math.inf if base < 0 and exponent % 2 == 1 else math.inf
    except ValueError:  # zero to a negative power, or a root of a negative number
        return math.inf if base == 0 else None


def _sign(x: float) -> float:
    return float((x > 0) - (x < 0))


def _found(text: str, pattern: str, group: int) -> str | None:
    found = re.search(pattern, text)
    return None if found is None else found[group] or ""


_FUNCTIONS: dict[str, tuple[int, Callable[..., Any]]] = {
    "AS_INTEGER": (1, _integer),
    "EXACT": (1, _exact),
    "AS_REAL": (1, _real),
    "AS_BOOLEAN": (1, _boolean),
    "AS_TEXT": (1, _as_text),
    "AS_DATE": (1, _as_date),
    "AS_TIMESTAMP": (1, _as_timestamp),
    **{name.upper(): (1, _part(name)) for name in ("year", "month", "day", "hour", "minute", "second")},
    "WEEKDAY": (1, lambda held: _moment(held).isoweekday()),
    "LATER": (3, _later),
    "DATE_TRUNC": (2, lambda unit, held: _truncated(held, unit)),
    "DAYS_BETWEEN": (2, _days_between),
    "MICROSECONDS_BETWEEN": (2, _microseconds_between),
    "UPPER": (1, str.upper),
    "LOWER": (1, str.lower),
    "STRIP": (1, str.strip),
    "LENGTH": (1, len),
    "CONTAINS": (2, lambda text, part: int(part in text)),
    "STARTS_WITH": (2, lambda text, part: int(text.startswith(part))),
    "ENDS_WITH": (2, lambda text, part: int(text.endswith(part))),
    "REGEXP_MATCHES": (2, lambda text, pattern: int(re.search(pattern, text) is not None)),
    "REGEXP_EXTRACT": (3, _found),
    "TRUNC": (1, _unless_whole(math.trunc)),
    "FLOOR": (1, _unless_whole(math.floor)),
    "CEIL": (1, _unless_whole(math.ceil)),
    "SIGN": (1, _sign),
    "SQRT": (1, math.sqrt),
    "LN": (1, math.log),
    "LOG10": (1, math.log10),
    "EXP": (1, _exp),
    "POWER": (2, _power),
    "SIN": (1, math.sin),
    "COS": (1, math.cos),
    "TAN": (1, math.tan),
}
