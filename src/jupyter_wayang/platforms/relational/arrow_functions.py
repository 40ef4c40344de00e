"""Functions over Arrow columns, for the frames: one meaning for pandas, polars and Arrow.

Only engines import this module. Every function takes columns in the project's types, and constants, and returns a
column; what has no value raises an error of Arrow.
"""

from __future__ import annotations

from decimal import Context
from typing import Any, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from jupyter_wayang.plan.expressions.patterns import has_group, like_pattern, portable
from jupyter_wayang.plan.rows import arrow_type
from jupyter_wayang.plan.types import DataType, decimal_of

__all__ = [
    "angle",
    "date_diff",
    "decimal_cast",
    "exact",
    "length",
    "like",
    "log10",
    "negative",
    "part_of_moment",
    "positive",
    "regex_extract",
    "regex_match",
    "shifted",
    "slice_text",
    "split_text",
    "truncated",
]

Column: TypeAlias = Any
"""A chunked array of Arrow, which has no types of its own."""

_WIDE = 76
_PLAIN_DIGITS = 6
_EPOCH = "datetime64[D]"


def exact(op: str, a: Column, b: Column, to: DataType) -> Column:
    """Add, subtract or multiply decimals without losing a digit; the result fits ``to`` or it is an error."""
    kernel = {"+": pc.add, "-": pc.subtract, "*": pc.multiply}[op]
    try:
        return kernel(_wide(a, op), _wide(b, op)).cast(arrow_type(to))
    except pa.ArrowInvalid:
        return _by_python(op, a, b, to)


def _wide(column: Column, op: str) -> Column:
    # The product of two numbers of 38 digits has one more than the widest decimal of Arrow.
    most = min(column.type.precision, 37 if op == "*" else 38)
    return column.cast(pa.decimal256(most, column.type.scale))


def _by_python(op: str, a: Column, b: Column, to: DataType) -> Column:
    """Compute as Python's decimals what is too wide for Arrow on the way, and fails where it is too wide for ``to``."""
    context = Context(prec=2 * _WIDE)
    compute = {"+": context.add, "-": context.subtract, "*": context.multiply}[op]
    pairs = zip(a.to_pylist(), b.to_pylist(), strict=True)
    made = [None if x is None or y is None else compute(x, y) for x, y in pairs]
    return pa.chunked_array([pa.array(made, arrow_type(to))])


def decimal_cast(column: Column, found: DataType, to: DataType) -> Column:
    """Cast to or from a decimal; half a digit is rounded away from zero, and to an integer digits are cut off."""
    digits, ours = decimal_of(to), decimal_of(found)
    if digits is None:
        return {"int64": _cut, "string": _written}.get(to, lambda c: c.cast(arrow_type(to)))(column)
    if found == "string":
        column = _rounded(pc.utf8_trim_whitespace(column).cast(pa.decimal256(_WIDE, 38)), digits.scale)
    elif ours is None:
        column = column.cast(pa.decimal128(19, 0))
    elif ours.scale > digits.scale:
        column = _rounded(column.cast(pa.decimal256(_WIDE, ours.scale)), digits.scale)
    return column.cast(pa.decimal256(_WIDE, digits.scale)).cast(arrow_type(to))


def _rounded(column: Column, digits: int) -> Column:
    made: Column = pc.round(column, ndigits=digits, round_mode="half_towards_infinity")
    return made.cast(pa.decimal256(_WIDE, digits))


def _written(column: Column) -> Column:
    if column.type.scale <= _PLAIN_DIGITS:
        return column.cast(pa.string())
    # Arrow writes what is very small with an exponent.
    shown = [None if held is None else f"{held:f}" for held in column.to_pylist()]
    return pa.chunked_array([pa.array(shown, pa.string())])


def _cut(column: Column) -> Column:
    whole = pc.round(column.cast(pa.decimal256(_WIDE, column.type.scale)), ndigits=0, round_mode="towards_zero")
    return whole.cast(pa.int64())


def negative(column: Column) -> Column:
    """Return minus a decimal."""
    return pc.negate(column)


def positive(column: Column) -> Column:
    """Return a decimal without its sign."""
    return pc.abs(column)


def shifted(column: Column, months: int, days: int, microseconds: int, to: DataType) -> Column:
    """Move dates or timestamps: by months, at most to the last day of the month, then by days and microseconds."""
    moments = column.cast(pa.timestamp("us")).to_numpy().astype("datetime64[us]")
    if months:
        day = moments.astype(_EPOCH)
        month = day.astype("datetime64[M]")
        moved = month + np.timedelta64(months, "M")
        last = (moved + np.timedelta64(1, "M")).astype(_EPOCH) - np.timedelta64(1, "D")
        target = np.minimum(moved.astype(_EPOCH) + (day - month.astype(_EPOCH)), last)
        moments = target.astype("datetime64[us]") + (moments - day.astype("datetime64[us]"))
    moments = moments + np.timedelta64(days, "D") + np.timedelta64(microseconds, "us")
    made = pa.array(moments, pa.timestamp("us"))
    return pa.chunked_array([made.cast(arrow_type(to))])


def truncated(column: Column, unit: str) -> Column:
    """Return the beginning of the unit; weeks begin on Monday."""
    return pc.floor_temporal(column.cast(pa.timestamp("us")), unit=unit, week_starts_monday=True).cast(column.type)


def part_of_moment(column: Column, part: str) -> Column:
    """Return the weekday (Monday is 1), hour, minute or second."""
    if part == "weekday":
        return pc.day_of_week(column, count_from_zero=False, week_start=1).cast(pa.int64())
    kernel = {"hour": pc.hour, "minute": pc.minute, "second": pc.second}[part]
    return kernel(column.cast(pa.timestamp("us"))).cast(pa.int64())


def date_diff(a: Column, b: Column, unit: str) -> Column:
    """Return the days or microseconds from ``b`` to ``a``."""
    if unit == "day":
        first, second = (side.cast(pa.date32(), safe=False).cast(pa.int32()).cast(pa.int64()) for side in (a, b))
    else:
        first, second = (side.cast(pa.timestamp("us")).cast(pa.int64()) for side in (a, b))
    return pc.subtract_checked(first, second)


def like(column: Column, pattern: str) -> Column:
    """Tell whether texts have the form of a pattern of ``%`` and ``_``."""
    return pc.match_substring_regex(column, pattern=like_pattern(pattern))


def regex_match(column: Column, pattern: str) -> Column:
    """Tell whether the pattern occurs."""
    return pc.match_substring_regex(column, pattern=portable(pattern))


def regex_extract(column: Column, pattern: str) -> Column:
    """Return the first occurrence of the pattern, or what its group took of it; null where there is none."""
    shared = portable(pattern)
    named = _with_named_group(shared) if has_group(shared) else f"(?P<found>{shared})"
    matched = pc.extract_regex(column, pattern=named)
    return pc.struct_field(matched, "found")


def _with_named_group(pattern: str) -> str:
    place, inside = 0, False
    while True:
        sign = pattern[place]
        if sign == "\\":
            place += 1
        elif inside or sign == "[":
            inside = sign != "]"
        elif sign == "(" and pattern[place + 1] != "?":
            return f"{pattern[:place]}(?P<found>{pattern[place + 1 :]}"
        place += 1


def slice_text(column: Column, start: int, length: int | None) -> Column:
    """Return a part of texts; a negative start counts from the end."""
    if start:
        column = pc.utf8_slice_codeunits(column, start)
    return column if length is None else pc.utf8_slice_codeunits(column, 0, max(0, length))


def split_text(column: Column, separator: str) -> Column:
    """Cut texts at a separator."""
    return pc.split_pattern(column, pattern=separator)


def length(column: Column) -> Column:
    """Return the number of items of lists."""
    return pc.list_value_length(column).cast(pa.int64())


def log10(column: Column) -> Column:
    """Return the logarithm to the base of ten, and null of what is not above zero."""
    return pc.log10(_kept(column, pc.greater(column, 0.0)))


def angle(column: Column, function: str) -> Column:
    """Return sine, cosine or tangent, and null of what is infinite."""
    kernel: dict[str, Any] = {"sin": pc.sin, "cos": pc.cos, "tan": pc.tan}
    return kernel[function](_kept(column, pc.is_finite(column)))


def _kept(column: Column, condition: Column) -> Column:
    return pc.if_else(condition, column, pa.scalar(None, column.type))
