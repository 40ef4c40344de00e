"""The functions and aggregates that mean the same on every platform: their arguments and the types that they make."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from jupyter_wayang.plan.types import (
    DataType,
    common_type,
    decimal_of,
    decimal_type,
    is_numeric,
    item_of,
    list_type,
)

__all__ = ["AGGREGATES", "CONSTANTS", "FUNCTIONS", "RANKS", "Signature"]

Types = tuple[DataType, ...]


class Signature(msgspec.Struct, frozen=True):
    """Least and most arguments, the type that they make (None: they do not fit), and an example."""

    least: int
    most: int
    types: Callable[[Types], DataType | None]
    example: str = ""


def _is_text(type_: DataType) -> bool:
    return type_ in ("string", "null")


def _is_moment(type_: DataType) -> bool:
    return type_ in ("date", "timestamp", "null")


def _is_number(type_: DataType) -> bool:
    return is_numeric(type_) or type_ == "null"


def _is_whole(type_: DataType) -> bool:
    return type_ in ("int64", "null")


def _is_truth(type_: DataType) -> bool:
    return type_ in ("bool", "null")


Check = Callable[[DataType], bool]


def _of(result: DataType | None, *checks: Check) -> Callable[[Types], DataType | None]:
    """Take arguments that pass the checks, the last one for all that follow; None makes the type of the first."""

    def types(found: Types) -> DataType | None:
        fits = all(checks[min(place, len(checks) - 1)](type_) for place, type_ in enumerate(found))
        return (result or found[0]) if fits else None

    return types


def _common(types: Types) -> DataType | None:
    found: DataType | None = "null"
    for type_ in types:
        found = common_type(found, type_) if found is not None else None
    return found


def _ordered(types: Types) -> DataType | None:
    made = _common(types)
    return made if made is None or item_of(made) is None else None


def _measured(types: Types) -> DataType | None:
    return "int64" if _is_text(types[0]) or item_of(types[0]) else None


FUNCTIONS: dict[str, Signature] = {
    "upper": Signature(1, 1, _of("string", _is_text)),
    "lower": Signature(1, 1, _of("string", _is_text)),
    "strip": Signature(1, 1, _of("string", _is_text)),
    "length": Signature(1, 1, _measured),
    "contains": Signature(2, 2, _of("bool", _is_text), 'contains(name, "x")'),
    "starts_with": Signature(2, 2, _of("bool", _is_text), 'starts_with(name, "x")'),
    "ends_with": Signature(2, 2, _of("bool", _is_text), 'ends_with(name, "x")'),
    "like": Signature(2, 2, _of("bool", _is_text), 'like(name, "%green%")'),
    "replace": Signature(3, 3, _of("string", _is_text), 'replace(name, "a", "b")'),
    "slice": Signature(2, 3, _of("string", _is_text, _is_whole), "slice(phone, 0, 2)"),
    "split": Signature(2, 2, _of("list(string)", _is_text), 'split(line, " ")'),
    "concat": Signature(2, 20, _of("string", _is_text), 'concat(first, " ", last)'),
    "regex_match": Signature(2, 2, _of("bool", _is_text), r'regex_match(code, "^[A-Z]\\d+$")'),
    "regex_extract": Signature(2, 2, _of("string", _is_text), r'regex_extract(code, "(\\d+)")'),
    "year": Signature(1, 1, _of("int64", _is_moment)),
    "month": Signature(1, 1, _of("int64", _is_moment)),
    "day": Signature(1, 1, _of("int64", _is_moment)),
    "weekday": Signature(1, 1, _of("int64", _is_moment)),
    "hour": Signature(1, 1, _of("int64", _is_moment)),
    "minute": Signature(1, 1, _of("int64", _is_moment)),
    "second": Signature(1, 1, _of("int64", _is_moment)),
    "truncate": Signature(2, 2, _of(None, _is_moment, _is_text), 'truncate(day, "month")'),
    "add_months": Signature(2, 2, _of(None, _is_moment, _is_whole), "add_months(day, 3)"),
    "date_diff": Signature(2, 3, _of("int64", _is_moment, _is_moment, _is_text), 'date_diff(received, shipped, "day")'),
    "format_date": Signature(2, 2, _of("string", _is_moment, _is_text), 'format_date(day, "%d/%m/%Y")'),
    "parse_date": Signature(2, 2, _of("date", _is_text), 'parse_date(written, "%d/%m/%Y")'),
    "abs": Signature(1, 1, _of(None, _is_number)),
    "sign": Signature(1, 1, _of("float64", _is_number)),
    "floor": Signature(1, 1, _of("float64", _is_number)),
    "ceil": Signature(1, 1, _of("float64", _is_number)),
    "round": Signature(1, 2, _of("float64", _is_number, _is_whole), "round(x, 2)"),
    "sqrt": Signature(1, 1, _of("float64", _is_number)),
    "exp": Signature(1, 1, _of("float64", _is_number)),
    "log": Signature(1, 1, _of("float64", _is_number)),
    "log10": Signature(1, 1, _of("float64", _is_number)),
    "sin": Signature(1, 1, _of("float64", _is_number)),
    "cos": Signature(1, 1, _of("float64", _is_number)),
    "tan": Signature(1, 1, _of("float64", _is_number)),
    "clip": Signature(3, 3, _ordered, "clip(x, 0, 1)"),
    "min2": Signature(2, 2, _ordered, "min2(a, b)"),
    "max2": Signature(2, 2, _ordered, "max2(a, b)"),
    "coalesce": Signature(1, 20, _common, "coalesce(a, b, 0)"),
}
"""Functions that mean the same on every relational platform: least and most arguments, and the type of the result."""

CONSTANTS: dict[str, tuple[int, ...]] = {
    "like": (1,),
    "slice": (1, 2),
    "split": (1,),
    "regex_match": (1,),
    "regex_extract": (1,),
    "truncate": (1,),
    "add_months": (1,),
    "date_diff": (2,),
    "format_date": (1,),
    "parse_date": (1,),
}
"""The places of the arguments that must be constants, by function."""


def _sum(types: Types) -> DataType | None:
    digits = decimal_of(types[0])
    if digits:
        return decimal_type(38, digits.scale)
    return types[0] if is_numeric(types[0]) else None


def _least(types: Types) -> DataType | None:
    return types[0] if types[0] != "bool" and item_of(types[0]) is None else None


def _orderable(type_: DataType) -> bool:
    return type_ not in ("bool", "null") and item_of(type_) is None


def _counted(types: Types) -> DataType | None:
    return "int64" if item_of(types[0]) is None else None


def _collected(types: Types) -> DataType | None:
    return list_type(types[0]) if _orderable(types[0]) else None


def _at_extreme(types: Types) -> DataType | None:
    return types[0] if len(types) == 2 and all(map(_orderable, types)) else None


_FLOAT = _of("float64", is_numeric)

AGGREGATES: dict[str, Signature] = {
    "count": Signature(0, 1, lambda _: "int64", "count()"),
    "sum": Signature(1, 1, _sum),
    "mean": Signature(1, 1, _FLOAT),
    "min": Signature(1, 1, _least),
    "max": Signature(1, 1, _least),
    "var": Signature(1, 1, _FLOAT),
    "std": Signature(1, 1, _FLOAT),
    "median": Signature(1, 1, _FLOAT),
    "quantile": Signature(2, 2, _FLOAT, "quantile(age, 0.9)"),
    "n_unique": Signature(1, 1, _counted),
    "any": Signature(1, 1, _of("bool", _is_truth)),
    "all": Signature(1, 1, _of("bool", _is_truth)),
    "first": Signature(2, 2, _at_extreme, "first(price, day)"),
    "last": Signature(2, 2, _at_extreme, "last(price, day)"),
    "arg_min": Signature(2, 2, _at_extreme, "arg_min(name, age)"),
    "arg_max": Signature(2, 2, _at_extreme, "arg_max(name, age)"),
    "collect": Signature(1, 1, _collected),
    "corr": Signature(2, 2, _FLOAT, "corr(height, weight)"),
    "cov": Signature(2, 2, _FLOAT, "cov(height, weight)"),
}
"""Aggregates and the type that they make; nulls are left out.

``var``, ``std`` and ``cov`` divide by n - 1. ``median`` and ``quantile`` interpolate between the two values beside the
place (n - 1) q. Rows have no order: ``first(E, by)`` is E where ``by`` is least, as ``arg_min``, and ``last`` is
``arg_max``; among equals the least, or greatest, E. Rows where either is null are left out, as they are by ``corr`` and
``cov``. ``collect`` makes a list in ascending order; of no values it is null.
"""


def _moved(types: Types) -> DataType | None:
    if len(types) > 1 and types[1] != "int64":
        return None
    return types[0] if len(types) < 3 else common_type(types[0], types[2])


RANKS: dict[str, Signature] = {
    "rank": Signature(0, 0, lambda _: "int64", "rank().over(ward, order_by=age)"),
    "dense_rank": Signature(0, 0, lambda _: "int64", "dense_rank().over(ward, order_by=age)"),
    "row_number": Signature(0, 0, lambda _: "int64", "row_number().over(ward, order_by=age)"),
    "lag": Signature(1, 3, _moved, "lag(price, 1).over(ward, order_by=day)"),
    "lead": Signature(1, 3, _moved, "lead(price, 1).over(ward, order_by=day)"),
    "cum_sum": Signature(1, 1, _sum, "cum_sum(price).over(ward, order_by=day)"),
}
"""Functions that stand over a window only."""
