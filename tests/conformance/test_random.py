"""Expressions made at random, from a seed, have the value of the reference on every platform."""

from __future__ import annotations

import datetime as dt
import math
import random
from collections.abc import Callable
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from jupyter_wayang.errors import WayangError
from jupyter_wayang.plan.expressions import AnyExpression, Case, IsIn, IsNull, Literal, Negate, Not, Shift
from jupyter_wayang.plan.schema import DataType
from jupyter_wayang.testing.build import c, call, cast, date, op, s, select, timestamp
from jupyter_wayang.testing.reference import Refused, apply
from jupyter_wayang.testing.runner import Table, assert_rows

if TYPE_CHECKING:
    from jupyter_wayang.testing.runner import Bench

_TYPES: dict[str, DataType] = {
    "a": "int64", "b": "int64", "x": "float64", "y": "float64", "t": "string", "p": "bool", "d": "date", "m": "timestamp",
    "e": "decimal(9, 2)", "f": "decimal(9, 2)",
}  # fmt: skip
_LEAP = dt.date(2024, 2, 29)
_MONEY = "decimal(9, 2)"
_VALUES: dict[str, list[object]] = {
    "a": [None, 0, 1, -1, -7, 10, 2**53 + 1, 2**63 - 1, -(2**63)],
    "b": [None, 0, 1, -1, 2, -7, 1000],
    "x": [None, 0.0, -0.0, 1.5, -2.25, 1e300, -1e300, math.inf, -math.inf],
    "y": [None, 0.0, 0.1, 2.5, -0.5, 1e-300],
    "t": [None, "", "a", "B", "é", "12", " x ", "it's"],
    "p": [None, True, False],
    "d": [None, _LEAP, dt.date(1969, 12, 31)],
    "m": [None, dt.datetime(2024, 2, 29), dt.datetime(2024, 2, 29, 1)],  # noqa: DTZ001
    "e": [None, Decimal("0.00"), Decimal("-0.05"), Decimal("1.25"), Decimal("9999999.99")],
    "f": [None, Decimal("0.01"), Decimal("-3.50"), Decimal("100.00")],
}
_CONSTANTS: dict[str, list[AnyExpression]] = {
    "int64": [Literal.of(value) for value in (0, 1, -1, 2, 3, -5, 10)],
    "float64": [Literal.of(value) for value in (0.0, 0.5, -1.5, 2.0, 10.0)],
    "string": [s(value) for value in ("", "a", "12", "x")],
    "bool": [Literal.of(True), Literal.of(False)],
    "date": [date("2024-02-29")],
    "timestamp": [timestamp("2024-02-29T01:00:00")],
    _MONEY: [Literal(value=value, type=_MONEY) for value in ("0", "0.05", "-1.5")],
}


class Maker:
    """Makes expressions of a type, down to a depth."""

    def __init__(self, seed: int, *, exact: bool) -> None:
        self.random = random.Random(seed)  # noqa: S311 - no secret
        self.types = _TYPES if exact else {name: type_ for name, type_ in _TYPES.items() if type_ != _MONEY}

    def table(self, rows: int) -> Table:
        return Table.of(
            dict(self.types), *([self.random.choice(_VALUES[name]) for name in self.types] for _ in range(rows))
        )

    def any_of(self, *choices: str) -> str:
        return self.random.choice(choices)

    def make(self, type_: str, depth: int) -> AnyExpression:
        if type_ not in self.types.values():
            type_ = "int64"
        if depth == 0 or self.random.random() < 0.15:
            return self._leaf(type_)
        g = lambda wanted: self.make(wanted, depth - 1)  # noqa: E731
        common: list[Callable[[], AnyExpression]] = [
            lambda: Case(condition=g("bool"), then=g(type_), otherwise=g(type_)),
            lambda: call("coalesce", g(type_), g(type_)),
        ]
        return self.random.choice(common + getattr(self, f"_{type_.partition('(')[0]}")(g))()

    def _leaf(self, type_: str) -> AnyExpression:
        if self.random.random() < 0.3:
            return self.random.choice(_CONSTANTS[type_])
        return c(self.random.choice([name for name, found in self.types.items() if found == type_]))

    def _int64(self, g: Callable[[str], AnyExpression]) -> list[Callable[[], AnyExpression]]:
        return [
            lambda: op(g("int64"), self.any_of("+", "-", "*", "//", "%"), g("int64")),
            lambda: op(g("int64"), self.any_of("//", "%"), self.random.choice(_CONSTANTS["int64"])),
            lambda: Negate(arg=g("int64")),
            lambda: call("abs", g("int64")),
            lambda: call("length", g("string")),
            lambda: call(self.any_of("year", "month", "day"), g(self.any_of("date", "timestamp"))),
            lambda: cast(g("bool"), "int64"),
            lambda: call(self.any_of("weekday", "hour", "minute", "second"), g(self.any_of("date", "timestamp"))),
            lambda: call("date_diff", g("date"), g("timestamp"), s(self.any_of("day", "hour", "second"))),
            lambda: call(self.any_of("min2", "max2"), g("int64"), g("int64")),
            lambda: cast(g(_MONEY), "int64"),
        ]

    def _float64(self, g: Callable[[str], AnyExpression]) -> list[Callable[[], AnyExpression]]:
        return [
            lambda: op(g("float64"), self.any_of("+", "-", "*", "/", "//"), g(self.any_of("int64", "float64"))),
            lambda: op(g(self.any_of("int64", "float64")), self.any_of("+", "-", "*", "/"), g("float64")),
            lambda: op(g("int64"), "/", g("int64")),
            lambda: Negate(arg=g("float64")),
            lambda: call(self.any_of("abs", "sign", "floor", "ceil", "sqrt", "log"), g("float64")),
            lambda: call("round", g("float64"), self.random.choice([0, 1, 2])),
            lambda: op(g("float64"), "**", Literal.of(2)),
            lambda: cast(g("int64"), "float64"),
            lambda: call(self.any_of("log10", "sqrt"), g(self.any_of("int64", _MONEY))),
            lambda: call(self.any_of("min2", "max2"), g("float64"), g(self.any_of("int64", "float64"))),
            lambda: op(g(_MONEY), "/", g(self.any_of("int64", _MONEY))),
            lambda: op(g(_MONEY), self.any_of("+", "*"), g("float64")),
            lambda: cast(g(_MONEY), "float64"),
        ]

    def _string(self, g: Callable[[str], AnyExpression]) -> list[Callable[[], AnyExpression]]:
        return [
            lambda: call(self.any_of("upper", "lower", "strip"), g("string")),
            lambda: call("concat", g("string"), g("string")),
            lambda: call("replace", g("string"), s("a"), s("zz")),
            lambda: cast(g(self.any_of("int64", _MONEY, "date")), "string"),
            lambda: call("slice", g("string"), self.random.choice([0, 1, -2]), self.random.choice([0, 1, 3])),
            lambda: call("slice", g("string"), self.random.choice([1, -1])),
            lambda: call("format_date", g(self.any_of("date", "timestamp")), s("%d/%m/%Y %H")),
            lambda: call("regex_extract", g("string"), s(self.any_of("[a-z]+", "(.)$", r"\d(\d?)"))),
        ]

    def _bool(self, g: Callable[[str], AnyExpression]) -> list[Callable[[], AnyExpression]]:
        compare = lambda: self.any_of("==", "!=", "<", "<=", ">", ">=")  # noqa: E731
        number = lambda: self.any_of("int64", "float64")  # noqa: E731
        moment = lambda: self.any_of("date", "timestamp")  # noqa: E731
        return [
            lambda: op(g("bool"), self.any_of("and", "or"), g("bool")),
            lambda: Not(arg=g("bool")),
            lambda: op(g(number()), compare(), g(number())),
            lambda: op(g("string"), compare(), g("string")),
            lambda: op(g(moment()), compare(), g(moment())),
            lambda: IsNull(arg=g(self.any_of("int64", "float64", "string", "date"))),
            lambda: IsIn(arg=g("int64"), values=tuple(Literal.of(value) for value in (0, -7, 2.5, None))),
            lambda: call(self.any_of("contains", "starts_with", "ends_with"), g("string"), s("a")),
            lambda: call("like", g("string"), s(self.any_of("%a%", "_", "%2", "a_%"))),
            lambda: call("regex_match", g("string"), s(self.any_of("^a|2$", "[^a-z]", r"\s"))),
            lambda: op(g(_MONEY), compare(), g(self.any_of(_MONEY, "int64", "float64"))),
            lambda: IsNull(arg=g(_MONEY)),
        ]

    def _date(self, g: Callable[[str], AnyExpression]) -> list[Callable[[], AnyExpression]]:
        return [
            lambda: cast(g("timestamp"), "date"),
            lambda: Shift(arg=g("date"), months=self.random.choice([-1, 1, 12]), days=self.random.choice([0, -30])),
            lambda: call("truncate", g("date"), s(self.any_of("month", "week", "year", "quarter"))),
        ]

    def _timestamp(self, g: Callable[[str], AnyExpression]) -> list[Callable[[], AnyExpression]]:
        return [
            lambda: cast(g("date"), "timestamp"),
            lambda: Shift(
                arg=g(self.any_of("date", "timestamp")), microseconds=self.random.choice([-1, 3_600_000_000])
            ),
            lambda: call("truncate", g("timestamp"), s(self.any_of("hour", "day", "month"))),
        ]

    def _decimal(self, g: Callable[[str], AnyExpression]) -> list[Callable[[], AnyExpression]]:
        return [
            lambda: cast(op(g(_MONEY), self.any_of("+", "-", "*"), g(self.any_of(_MONEY, "int64"))), _MONEY),
            lambda: cast(op(self.random.choice(_CONSTANTS["int64"]), self.any_of("-", "*"), g(_MONEY)), _MONEY),
            lambda: call("abs", g(_MONEY)),
            lambda: Negate(arg=g(_MONEY)),
            lambda: cast(g(self.any_of("bool", _MONEY)), _MONEY),
            lambda: call(self.any_of("min2", "max2"), g(_MONEY), g(_MONEY)),
        ]


@pytest.mark.parametrize("seed", range(30))
def test_expressions_made_at_random(bench: Bench, seed: int) -> None:
    exact = bench.refusal(select(e="e"), [Maker(seed, exact=True).table(1)]) is None
    maker = Maker(seed, exact=exact)
    table = maker.table(40)
    for type_ in ("int64", "float64", "string", "bool", "date", "timestamp", _MONEY):
        operator = select(v=maker.make(type_, 3), w=maker.make(type_, 2), a="a")
        if bench.refusal(operator, [table]) is not None:
            continue
        try:
            wanted = apply(operator, [(table.rows, table.schema)])
        except Refused:
            # An engine may leave out what it need not compute, so it may have a value where the reference has none.
            continue
        (schema,) = operator.outputs((table.schema,))
        try:
            assert_rows(bench.run(operator, table), wanted, schema, ordered=True)
        except (AssertionError, WayangError) as error:
            pytest.fail(f"{error}\n{operator}")
