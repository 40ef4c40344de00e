"""The functions and aggregates that mean the same on every platform: their arguments and the types that they make."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from jupyter_wayang.plan.schema import NUMERIC, DataType, common_type

__all__ = ["AGGREGATES", "FUNCTIONS"]


class _Signature(msgspec.Struct, frozen=True):
    least: int
    most: int
    types: Callable[[tuple[DataType, ...]], DataType | None]


def _all(wanted: frozenset[str], result: DataType | None = None) -> Callable[[tuple[DataType, ...]], DataType | None]:
    def check(types: tuple[DataType, ...]) -> DataType | None:
        if not all(t in wanted or t == "null" for t in types):
            return None
        return result or types[0]

    return check


def _first_then_int(types: tuple[DataType, ...]) -> DataType | None:
    return "float64" if types[0] in NUMERIC | {"null"} and set(types[1:]) <= {"int64"} else None


def _common(types: tuple[DataType, ...]) -> DataType | None:
    found: DataType | None = "null"
    for type_ in types:
        found = common_type(found, type_) if found is not None else None
    return found


_TEXT: frozenset[str] = frozenset({"string"})
_MOMENT: frozenset[str] = frozenset({"date", "timestamp"})

FUNCTIONS: dict[str, _Signature] = {
    "upper": _Signature(1, 1, _all(_TEXT, "string")),
    "lower": _Signature(1, 1, _all(_TEXT, "string")),
    "strip": _Signature(1, 1, _all(_TEXT, "string")),
    "length": _Signature(1, 1, _all(_TEXT, "int64")),
    "contains": _Signature(2, 2, _all(_TEXT, "bool")),
    "starts_with": _Signature(2, 2, _all(_TEXT, "bool")),
    "ends_with": _Signature(2, 2, _all(_TEXT, "bool")),
    "replace": _Signature(3, 3, _all(_TEXT, "string")),
    "concat": _Signature(2, 20, _all(_TEXT, "string")),
    "year": _Signature(1, 1, _all(_MOMENT, "int64")),
    "month": _Signature(1, 1, _all(_MOMENT, "int64")),
    "day": _Signature(1, 1, _all(_MOMENT, "int64")),
    "abs": _Signature(1, 1, _all(NUMERIC)),
    "sign": _Signature(1, 1, _all(NUMERIC, "float64")),
    "floor": _Signature(1, 1, _all(NUMERIC, "float64")),
    "ceil": _Signature(1, 1, _all(NUMERIC, "float64")),
    "round": _Signature(1, 2, _first_then_int),
    "sqrt": _Signature(1, 1, _all(NUMERIC, "float64")),
    "exp": _Signature(1, 1, _all(NUMERIC, "float64")),
    "log": _Signature(1, 1, _all(NUMERIC, "float64")),
    "coalesce": _Signature(1, 20, _common),
}
"""Functions that mean the same on every relational platform: least and most arguments, and the type of the result."""

AGGREGATES: dict[str, Callable[[DataType], DataType | None]] = {
    "count": lambda _: "int64",
    "sum": lambda t: t if t in NUMERIC else None,
    "mean": lambda t: "float64" if t in NUMERIC else None,
    "min": lambda t: t if t != "bool" else None,
    "max": lambda t: t if t != "bool" else None,
    "var": lambda t: "float64" if t in NUMERIC else None,
    "std": lambda t: "float64" if t in NUMERIC else None,
    "n_unique": lambda _: "int64",
    "any": lambda t: "bool" if t == "bool" else None,
    "all": lambda t: "bool" if t == "bool" else None,
}
"""Aggregates and the type that they make of a type. ``var`` and ``std`` divide by n - 1; ``n_unique`` leaves out null."""
