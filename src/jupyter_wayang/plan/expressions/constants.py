"""The constants that functions take: patterns, units, formats, places. They are checked when a call is made."""

from __future__ import annotations

import re
from collections.abc import Callable

from jupyter_wayang.errors import OperatorError
from jupyter_wayang.plan.expressions.patterns import like_pattern, portable

__all__ = ["UNITS", "check_constants", "pieces"]

UNITS: dict[str, tuple[str, ...]] = {
    "truncate": ("year", "quarter", "month", "week", "day", "hour", "minute", "second"),
    "date_diff": ("day", "hour", "minute", "second", "microsecond"),
}
_CODES = re.compile(r"%(.)|([^%]+)", re.DOTALL)
_KNOWN = "YmdHMS"


def check_constants(function: str, values: tuple[object, ...]) -> None:
    """Check the constants of a call, those after its first argument.

    Raises
    ------
    OperatorError
        If one is not what the function takes.

    Examples
    --------
    >>> check_constants("truncate", ("month",))
    """
    check = _CHECKS.get(function)
    if check is not None:
        check(function, *values)


def _text(function: str, value: object, example: str) -> str:
    if not isinstance(value, str):
        raise OperatorError(f"{function}() takes text, not {value!r}", hint=f"as in {example}")
    return value


def _like(function: str, pattern: object) -> None:
    like_pattern(_text(function, pattern, 'like(name, "%green%")'))


def _regex(function: str, pattern: object) -> None:
    portable(_text(function, pattern, f'{function}(code, "[0-9]+")'))


def _split(function: str, separator: object) -> None:
    if not _text(function, separator, 'split(line, " ")'):
        raise OperatorError("split() needs a separator", hint='as in split(line, " ")')


def _slice(function: str, start: object, length: object = 0) -> None:
    if type(start) is not int or type(length) is not int or length < 0:
        raise OperatorError(f"{function}() takes a place and a number of characters", hint="as in slice(phone, 0, 2)")


def _months(function: str, number: object) -> None:
    if type(number) is not int:
        raise OperatorError(f"{function}() takes a whole number of months", hint="as in add_months(day, 3)")


def _unit(function: str, *values: object) -> None:
    known = UNITS[function]
    for value in values[-1:]:
        if value not in known:
            raise OperatorError(
                f"{function}() has no unit {value!r}", found=str(value), hint="units: " + ", ".join(known)
            )


def pieces(function: str, format_: object) -> list[tuple[str, str]]:
    """Cut a format of dates into pairs of (code, ``""``) and (``""``, text).

    Raises
    ------
    OperatorError
        If it has a code that is not known.

    Examples
    --------
    >>> pieces("format_date", "%d.%m")
    [('d', ''), ('', '.'), ('m', '')]
    """
    written = _text(function, format_, f'{function}(day, "%d/%m/%Y")')
    found = [(match[1] or "", match[2] or "") for match in _CODES.finditer(written)]
    if not found or "".join(f"%{code}" if code else rest for code, rest in found) != written:
        raise _unknown_format(function, written)
    if any(code and code not in _KNOWN + "%" for code, _ in found):
        raise _unknown_format(function, written)
    return [("", "%") if code == "%" else (code, rest) for code, rest in found]


def _unknown_format(function: str, written: str) -> OperatorError:
    return OperatorError(
        f"{function}() does not know the format {written!r}",
        found=written,
        hint="%Y year, %m month, %d day, %H hour, %M minute, %S second, %% a percent sign; "
        "other signs stand for themselves",
    )


def _format(function: str, format_: object) -> None:
    pieces(function, format_)


def _date_format(function: str, format_: object) -> None:
    codes = [code for code, _ in pieces(function, format_) if code]
    if sorted(codes) != sorted("Ymd"):
        raise OperatorError(
            f"{function}() needs %Y, %m and %d, each once, and makes a date", hint='as in parse_date(t, "%d/%m/%Y")'
        )


_CHECKS: dict[str, Callable[..., None]] = {
    "like": _like,
    "regex_match": _regex,
    "regex_extract": _regex,
    "split": _split,
    "slice": _slice,
    "add_months": _months,
    "truncate": _unit,
    "date_diff": _unit,
    "format_date": _format,
    "parse_date": _date_format,
}
