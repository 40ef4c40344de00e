"""Expressions made at random, from a seed, have the value of the reference on every platform."""

from __future__ import annotations

import datetime as dt
import math
import random
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from jupyter_wayang.errors import WayangError
from jupyter_wayang.plan.expressions import AnyExpression, Case, IsIn, IsNull, Literal, Negate, Not
from jupyter_wayang.plan.schema import DataType
from jupyter_wayang.testing.build import c, call, cast, date, op, s, select, timestamp
from jupyter_wayang.testing.reference import Refused, apply
from jupyter_wayang.testing.runner import Table, assert_rows

if TYPE_CHECKING:
    from jupyter_wayang.testing.runner import Bench

_TYPES: dict[str, DataType] = {
    "a": "int64", "b": "int64", "x": "float64", "y": "float64", "t": "string", "p": "bool", "d": "date", "m": "timestamp",
}  # fmt: skip
_LEAP = dt.date(2024, 2, 29)
_VALUES: dict[str, list[object]] = {
    "a": [None, 0, 1, -1, -7, 10, 2**53 + 1, 2**63 - 1, -(2**63)],
    "b": [None, 0, 1, -1, 2, -7, 1000],
    "x": [None, 0.0, -0.0, 1.5, -2.25, 1e300, -1e300, math.inf, -math.inf],
    "y": [None, 0.0, 0.1, 2.5, -0.5, 1e-300],
    "t": [None, "", "a", "B", "é", "12", " x ", "it's"],
    "p": [None, True, False],
    "d": [None, _LEAP, dt.date(1969, 12, 31)],
    "m": [None, dt.datetime(2024, 2, 29), dt.datetime(2024, 2, 29, 1)],  # noqa: DTZ001
}
_CONSTANTS: dict[str, list[AnyExpression]] = {
    "int64": [Literal.of(value) for value in (0, 1, -1, 2, 3, -5, 10)],
    "float64": [Literal.of(value) for value in (0.0, 0.5, -1.5, 2.0, 10.0)],
    "string": [s(value) for value in ("", "a", "12", "x")],
    "bool": [Literal.of(True), Literal.of(False)],
    "date": [date("2024-02-29")],
    "timestamp": [timestamp("2024-02-29T01:00:00")],
}


class Maker:
    """Makes expressions of a type, down to a depth."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)  # noqa: S311 - no secret

    def table(self, rows: int) -> Table:
        return Table.of(dict(_TYPES), *([self.random.choice(_VALUES[name]) for name in _TYPES] for _ in range(rows)))

    def any_of(self, *choices: str) -> str:
        return self.random.choice(choices)

    def make(self, type_: str, depth: int) -> AnyExpression:
        if depth == 0 or self.random.random() < 0.15:
            return self._leaf(type_)
        g = lambda wanted: self.make(wanted, depth - 1)  # noqa: E731
        common: list[Callable[[], AnyExpression]] = [
            lambda: Case(condition=g("bool"), then=g(type_), otherwise=g(type_)),
            lambda: call("coalesce", g(type_), g(type_)),
        ]
        return self.random.choice(common + getattr(self, f"_{type_}")(g))()

    def _leaf(self, type_: str) -> AnyExpression:
        if self.random.random() < 0.3:
            return self.random.choice(_CONSTANTS[type_])
        return c(self.random.choice([name for name, found in _TYPES.items() if found == type_]))

    def _int64(self, g: Callable[[str], AnyExpression]) -> list[Callable[[], AnyExpression]]:
        return [
            lambda: op(g("int64"), self.any_of("+", "-", "*", "//", "%"), g("int64")),
            lambda: op(g("int64"), self.any_of("//", "%"), self.random.choice(_CONSTANTS["int64"])),
            lambda: Negate(arg=g("int64")),
            lambda: call("abs", g("int64")),
            lambda: call("length", g("string")),
            lambda: call(self.any_of("year", "month", "day"), g(self.any_of("date", "timestamp"))),
            lambda: cast(g("bool"), "int64"),
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
        ]

    def _string(self, g: Callable[[str], AnyExpression]) -> list[Callable[[], AnyExpression]]:
        return [
            lambda: call(self.any_of("upper", "lower", "strip"), g("string")),
            lambda: call("concat", g("string"), g("string")),
            lambda: call("replace", g("string"), s("a"), s("zz")),
            lambda: cast(g("int64"), "string"),
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
        ]

    def _date(self, g: Callable[[str], AnyExpression]) -> list[Callable[[], AnyExpression]]:
        return [lambda: cast(g("timestamp"), "date")]

    def _timestamp(self, g: Callable[[str], AnyExpression]) -> list[Callable[[], AnyExpression]]:
        return [lambda: cast(g("date"), "timestamp")]


@pytest.mark.parametrize("seed", range(20))
def test_expressions_made_at_random(bench: Bench, seed: int) -> None:
    maker = Maker(seed)
    table = maker.table(40)
    for type_ in ("int64", "float64", "string", "bool", "date"):
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
