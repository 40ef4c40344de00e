"""Types of columns: Arrow's, cut down to a closed set that means the same on every platform.

A type is a word: ``int64``, ``decimal(15, 2)`` (precision and scale), ``list(string)``. A timestamp has no zone: one
that has is its moment in UTC. What enters is cast to these once (:mod:`jupyter_wayang.plan.rows`).

Decimals are exact. ``+`` and ``-`` keep the larger scale and one more digit before the point, ``*`` adds scales and
precisions, a sum has 38 digits; a precision above 38 is cut to 38, and a result with more digits is an error. An
integer is a ``decimal(19, 0)`` beside a decimal, a constant one has as many digits as are written. Whatever else is
computed of a decimal (``/``, mean, round, a root …) is a float.
"""

from __future__ import annotations

import re
from functools import cache
from typing import NamedTuple

from jupyter_wayang.errors import ExpressionTypeError, closest

__all__ = [
    "MAX_PRECISION",
    "NUMERIC",
    "SIMPLE_TYPES",
    "DataType",
    "Decimal",
    "as_decimal",
    "castable",
    "checked_type",
    "common_type",
    "decimal_of",
    "decimal_type",
    "is_numeric",
    "item_of",
    "list_type",
    "width_bytes",
]

DataType = str
"""The name of a type, as :func:`checked_type` takes it."""

NUMERIC: frozenset[DataType] = frozenset({"int64", "float64"})
"""The numbers of a machine; :func:`is_numeric` takes decimals too."""

SIMPLE_TYPES: tuple[DataType, ...] = ("bool", "int64", "float64", "string", "date", "timestamp", "null")
"""The types without parameters."""

MAX_PRECISION = 38

_WIDTH_BYTES = {"bool": 1, "int64": 8, "float64": 8, "string": 16, "date": 4, "timestamp": 8, "null": 1}
_DECIMAL = re.compile(r"decimal\((\d{1,2}), ?(\d{1,2})\)")
_LIST = re.compile(r"list\((.+)\)")
_MAX_NESTING = 8


class Decimal(NamedTuple):
    """The digits of a decimal: all of them, and those after the point."""

    precision: int
    scale: int


@cache
def checked_type(name: DataType) -> DataType:
    """Return a type in its one spelling.

    Raises
    ------
    ExpressionTypeError
        If there is no such type.

    Examples
    --------
    >>> checked_type("decimal(15,2)"), checked_type("list(int64)")
    ('decimal(15, 2)', 'list(int64)')
    """
    if name in SIMPLE_TYPES:
        return name
    digits, items = _DECIMAL.fullmatch(name), _LIST.fullmatch(name)
    if digits:
        return decimal_type(int(digits[1]), int(digits[2]))
    if items and name.count("(") <= _MAX_NESTING:
        return list_type(checked_type(items[1]))
    guess = closest(name, SIMPLE_TYPES)
    raise ExpressionTypeError(
        f'there is no type "{name}".' + (f" Did you mean {guess}?" if guess else ""),
        found=name,
        expected=(*SIMPLE_TYPES, "decimal(p, s)", "list(…)"),
    )


def decimal_type(precision: int, scale: int) -> DataType:
    """Return the decimal of a precision and scale.

    Raises
    ------
    ExpressionTypeError
        If there are no such digits.

    Examples
    --------
    >>> decimal_type(15, 2)
    'decimal(15, 2)'
    """
    if not 1 <= precision <= MAX_PRECISION or not 0 <= scale <= precision:
        raise ExpressionTypeError(
            f"a decimal has 1 to {MAX_PRECISION} digits, and not more of them after the point: "
            f"not decimal({precision}, {scale})",
            found=f"decimal({precision}, {scale})",
        )
    return f"decimal({precision}, {scale})"


@cache
def decimal_of(type_: DataType) -> Decimal | None:
    """Return precision and scale of a decimal, or None for another type.

    Examples
    --------
    >>> decimal_of("decimal(15, 2)")
    Decimal(precision=15, scale=2)
    """
    found = _DECIMAL.fullmatch(type_)
    return Decimal(int(found[1]), int(found[2])) if found else None


def as_decimal(type_: DataType) -> Decimal | None:
    """Return the digits of a decimal or an integer, or None for another type."""
    return Decimal(19, 0) if type_ == "int64" else decimal_of(type_)


def list_type(item: DataType) -> DataType:
    """Return the list of a type."""
    return f"list({item})"


def item_of(type_: DataType) -> DataType | None:
    """Return the type of the items of a list, or None for another type.

    Examples
    --------
    >>> item_of("list(decimal(15, 2))")
    'decimal(15, 2)'
    """
    found = _LIST.fullmatch(type_)
    return found[1] if found else None


def is_numeric(type_: DataType) -> bool:
    """Tell whether a type is a number: an integer, a float or a decimal."""
    return type_ in NUMERIC or decimal_of(type_) is not None


def width_bytes(type_: DataType) -> int:
    """Return the bytes that a value takes in memory, roughly."""
    if decimal_of(type_):
        return 16
    item = item_of(type_)
    # A list has an offset and, for want of knowledge, four items.
    return 8 + 4 * width_bytes(item) if item else _WIDTH_BYTES[type_]


def common_type(first: DataType, second: DataType) -> DataType | None:
    """Return the type that holds both, or None where there is none.

    Examples
    --------
    >>> common_type("int64", "float64"), common_type("decimal(5, 2)", "decimal(4, 3)")
    ('float64', 'decimal(6, 3)')
    >>> common_type("int64", "string") is None
    True
    """
    if second in {first, "null"}:
        return first
    if first == "null":
        return second
    if {first, second} == {"date", "timestamp"}:
        return "timestamp"
    if is_numeric(first) and is_numeric(second):
        a, b = as_decimal(first), as_decimal(second)
        if a is None or b is None:
            return "float64"
        scale = max(a.scale, b.scale)
        return decimal_type(min(MAX_PRECISION, max(a.precision - a.scale, b.precision - b.scale) + scale), scale)
    ours, theirs = item_of(first), item_of(second)
    item = common_type(ours, theirs) if ours and theirs else None
    return list_type(item) if item else None


_PLAIN_CASTS = frozenset(
    (first, second)
    for group in (("bool", "int64", "float64", "string"), ("date", "timestamp", "string"))
    for first in group
    for second in group
)


def castable(found: DataType, to: DataType) -> bool:
    """Tell whether values of a type can be cast to another.

    Examples
    --------
    >>> castable("string", "date"), castable("bool", "date")
    (True, False)
    """
    if found in ("null", to):
        return True
    if decimal_of(found):
        return decimal_of(to) is not None or to in ("int64", "float64", "string")
    if decimal_of(to):
        return found in ("bool", "int64", "float64", "string")
    return (found, to) in _PLAIN_CASTS
