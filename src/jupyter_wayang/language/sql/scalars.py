"""Scalar expressions of SQL: from sqlglot's tree to the plan's expressions."""

from __future__ import annotations

from collections.abc import Mapping
from functools import reduce, singledispatchmethod
from typing import Protocol, cast

from sqlglot import exp

from jupyter_wayang.errors import NameUnknownError
from jupyter_wayang.language.sql.constants import as_moment, folded_exactly, number, shifted
from jupyter_wayang.language.sql.functions import AGGREGATES, BINARY, CALLS, EXTRACTS, TYPES
from jupyter_wayang.language.sql.page import SqlPage
from jupyter_wayang.language.sql.windows import read_window
from jupyter_wayang.language.unknown import guessed
from jupyter_wayang.plan.expressions import (
    Aggregate,
    AnyExpression,
    Binary,
    BinaryOp,
    Call,
    Case,
    Cast,
    IsIn,
    IsNull,
    Literal,
    Negate,
    Not,
    type_of,
)
from jupyter_wayang.plan.schema import Schema
from jupyter_wayang.plan.types import DataType, decimal_of, decimal_type

__all__ = ["Names", "Scalars"]

_COMPARED = {"==", "!=", "<", "<=", ">", ">="}
_NULL = Literal(value=None, type="null")


class Names(Protocol):
    """What the names of columns mean at a place of the text."""

    @property
    def schema(self) -> Schema:
        """The columns of the plan there."""
        ...

    def column(self, node: exp.Column) -> AnyExpression:
        """Return what a name stands for."""
        ...


class Scalars:
    """Reads expressions at a place of the text.

    Parameters
    ----------
    page
        The text.
    names
        What columns mean.
    done
        What parts are known already, by ``id`` of sqlglot's node: values of sub-queries.
    """

    def __init__(self, page: SqlPage, names: Names, done: Mapping[int, AnyExpression] | None = None) -> None:
        self.page, self.names, self.done = page, names, done or {}

    def read(self, node: exp.Expr) -> AnyExpression:
        """Return the plan's expression of a part.

        Raises
        ------
        WayangError
            With the place in the SQL.
        """
        if id(node) in self.done:
            return self.done[id(node)]
        with self.page.at(node):
            made = self._read(node)
            type_of(made, self.names.schema)
        return made

    def type_of(self, expression: AnyExpression) -> DataType:
        """Return the type of an expression at this place."""
        return type_of(expression, self.names.schema)

    @singledispatchmethod
    def _read(self, node: exp.Expr) -> AnyExpression:
        if type(node) in BINARY:
            return self._binary(node)
        if type(node) in CALLS:
            function, places = CALLS[type(node)]
            return Call(function=function, args=tuple(self.arguments(node, places)))
        if type(node) in AGGREGATES:
            return self._aggregate(node)
        raise self.page.unsupported(node, self.page.text(node))

    @_read.register
    def _(self, node: exp.Column) -> AnyExpression:
        return self.names.column(node)

    @_read.register
    def _(self, node: exp.Paren) -> AnyExpression:
        return self.read(node.this)

    @_read.register
    def _(self, node: exp.Literal) -> AnyExpression:
        return Literal.of(node.name) if node.is_string else number(node.name)

    @_read.register
    def _(self, node: exp.Boolean) -> AnyExpression:
        return Literal.of(bool(node.this))

    @_read.register
    def _(self, node: exp.Null) -> AnyExpression:
        return _NULL

    @_read.register
    def _(self, node: exp.Not) -> AnyExpression:
        return Not(arg=self.read(node.this))

    @_read.register
    def _(self, node: exp.Neg) -> AnyExpression:
        inner = self.read(node.this)
        match inner:
            case Literal(value=int() | float() as value) if not isinstance(value, bool):
                return Literal.of(-value)
            case Literal(value=str(value)) if inner.type.startswith("decimal"):
                return Literal.decimal(f"-{value}")
        return Negate(arg=inner)

    @_read.register
    def _(self, node: exp.Is) -> AnyExpression:
        value, wanted = self.read(node.this), node.expression
        if isinstance(wanted, exp.Null):
            return IsNull(arg=value)
        if isinstance(wanted, exp.Boolean):
            true = value if wanted.this else Not(arg=value)
            return Case(condition=true, then=Literal.of(True), otherwise=Literal.of(False))
        raise self.page.unsupported(node, self.page.text(node), "IS NULL, IS TRUE and IS FALSE are")

    @_read.register
    def _(self, node: exp.Between) -> AnyExpression:
        value = self.read(node.this)
        low, high = (self.read(node.args[end]) for end in ("low", "high"))
        return _both(self.compared(">=", value, low), self.compared("<=", value, high))

    @_read.register
    def _(self, node: exp.In) -> AnyExpression:
        self.page.only(node, ("this", "expressions"), f"in {self.page.text(node)}")
        value = self.read(node.this)
        options = [self._beside(self.read(option), value) for option in node.expressions]
        if all(isinstance(option, Literal) and option.value is not None for option in options):
            return IsIn(arg=value, values=tuple(dict.fromkeys(cast("list[Literal]", options))))
        equal = [self.compared("==", value, option) for option in options]
        return reduce(lambda one, other: Binary(op="or", left=one, right=other), equal)

    @_read.register(exp.Like)
    @_read.register(exp.Escape)
    def _(self, node: exp.Expr) -> AnyExpression:
        if isinstance(node, exp.Escape):
            raise self.page.unsupported(node, "ESCAPE", "regexp_matches(a, '…') says it exactly")
        pattern = self.read(node.expression)
        found = Call(function="like", args=(self.read(node.this), pattern))
        return Not(arg=found) if node.args.get("negate") else found

    @_read.register
    def _(self, node: exp.Case) -> AnyExpression:
        operand = None if node.this is None else self.read(node.this)
        otherwise = self.read(node.args["default"]) if node.args.get("default") is not None else _NULL
        for branch in reversed(node.args["ifs"]):
            tested = self.read(branch.this)
            condition = tested if operand is None else self.compared("==", operand, tested)
            then = self.read(branch.args["true"])
            otherwise = self._beside(otherwise, then)
            otherwise = Case(condition=condition, then=self._beside(then, otherwise), otherwise=otherwise)
        return otherwise

    @_read.register
    def _(self, node: exp.If) -> AnyExpression:
        otherwise = self.read(node.args["false"]) if node.args.get("false") is not None else _NULL
        return Case(condition=self.read(node.this), then=self.read(node.args["true"]), otherwise=otherwise)

    @_read.register
    def _(self, node: exp.Nullif) -> AnyExpression:
        value = self.read(node.this)
        same = self.compared("==", value, self.read(node.expression))
        null = Literal(value=None, type=self.type_of(value))
        return Case(condition=same, then=null, otherwise=value)

    @_read.register(exp.Greatest)
    @_read.register(exp.Least)
    def _(self, node: exp.Expr) -> AnyExpression:
        word = "max2" if isinstance(node, exp.Greatest) else "min2"
        values = self.arguments(node, ("this", "expressions"))
        return reduce(lambda one, other: Call(function=word, args=(one, other)), values)

    @_read.register
    def _(self, node: exp.Cast) -> AnyExpression:
        inner, to = self.read(node.this), self.data_type(node.to)
        if isinstance(inner, Literal) and inner.type == "string" and to in ("date", "timestamp"):
            return as_moment(inner, to)
        return Cast(arg=inner, to=to)

    @_read.register
    def _(self, node: exp.TryCast) -> AnyExpression:
        raise self.page.unsupported(node, "TRY_CAST", "CAST is; a value that it cannot read is an error")

    @_read.register
    def _(self, node: exp.Extract) -> AnyExpression:
        part = node.this.name.upper()
        if part not in EXTRACTS:
            raise self.page.unsupported(node, f"EXTRACT({part} …)", "of " + ", ".join(EXTRACTS) + " it is")
        return Call(function=EXTRACTS[part], args=(self.read(node.expression),))

    @_read.register
    def _(self, node: exp.TimestampTrunc) -> AnyExpression:
        unit = Literal.of(node.args["unit"].name.lower())
        return Call(function="truncate", args=(self.read(node.this), unit))

    @_read.register
    def _(self, node: exp.Substring) -> AnyExpression:
        start = self.read(node.args["start"]) if node.args.get("start") is not None else None
        if not isinstance(start, Literal) or not isinstance(start.value, int) or start.value < 1:
            raise self.page.unsupported(node, "a substring from anywhere but a constant place of 1 or more")
        length = node.args.get("length")
        rest = () if length is None else (self.read(length),)
        return Call(function="slice", args=(self.read(node.this), Literal.of(start.value - 1), *rest))

    @_read.register
    def _(self, node: exp.Concat) -> AnyExpression:
        # concat() takes null as no text, where || makes null of it.
        empty = Literal.of("")
        parts = self.arguments(node, ("expressions",))
        return Call(function="concat", args=tuple(Call(function="coalesce", args=(part, empty)) for part in parts))

    @_read.register
    def _(self, node: exp.Log) -> AnyExpression:
        base = node.this if node.expression is not None else exp.Literal.number(10)
        value = node.expression if node.expression is not None else node.this
        if base.name != "10":
            raise self.page.unsupported(node, "a logarithm to another base than 10 or e", "LN(a) / LN(b)")
        return Call(function="log10", args=(self.read(value),))

    @_read.register
    def _(self, node: exp.Filter) -> AnyExpression:
        made = self.read(node.this)
        if not isinstance(made, Aggregate) or made.other is not None:
            raise self.page.unsupported(node, "FILTER after this", "CASE WHEN … THEN … END inside of the aggregate")
        condition = self.read(node.expression.this)
        arg = made.arg or Literal.of(1)
        null = Literal(value=None, type=self.type_of(arg))
        return Aggregate(function=made.function, arg=Case(condition=condition, then=arg, otherwise=null))

    @_read.register
    def _(self, node: exp.Window) -> AnyExpression:
        return read_window(node, self)

    @_read.register(exp.Exists)
    @_read.register(exp.Subquery)
    @_read.register(exp.Any)
    @_read.register(exp.All)
    def _(self, node: exp.Expr) -> AnyExpression:
        raise self.page.unsupported(node, "a sub-query at this place", "WITH gives it a name; then join it")

    @_read.register
    def _(self, node: exp.Anonymous) -> AnyExpression:
        known = sorted({kind.sql_name().lower() for kind in (*CALLS, *AGGREGATES) if hasattr(kind, "sql_name")})
        raise NameUnknownError(guessed(f'there is no function "{node.name}".', node.name.lower(), known))

    def _binary(self, node: exp.Expr) -> AnyExpression:
        op = cast("BinaryOp", BINARY[type(node)])
        if isinstance(node.expression, exp.Interval) and op in ("+", "-"):
            made = shifted(self.read(node.this), node.expression, 1 if op == "+" else -1)
            if made is None:
                raise self.page.unsupported(node, self.page.text(node.expression), "as in INTERVAL '3' MONTH")
            return made
        left, right = self.read(node.this), self.read(node.expression)
        if op in _COMPARED:
            return self.compared(op, left, right)
        if op in ("and", "or"):
            return Binary(op=op, left=left, right=right)
        folded = folded_exactly(op, left, right)
        if folded is not None:
            return folded
        return Binary(op=op, left=self._beside(left, right), right=self._beside(right, left))

    def compared(self, op: BinaryOp, left: AnyExpression, right: AnyExpression) -> AnyExpression:
        """Return a comparison: the constant stands right, and text beside a date is a date."""
        first, second = self._beside(left, right), self._beside(right, left)
        if _NULL in (first, second):
            return Literal(value=None, type="bool")
        mirrored = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}
        if isinstance(first, Literal) and not isinstance(second, Literal):
            return Binary(op=cast("BinaryOp", mirrored.get(op, op)), left=second, right=first)
        return Binary(op=op, left=first, right=second)

    def _beside(self, value: AnyExpression, other: AnyExpression) -> AnyExpression:
        """Return a constant as SQL takes it beside another operand: text as a date, an exact number as a float."""
        if not isinstance(value, Literal) or value.value is None:
            return value
        beside = self.type_of(other)
        if value.type == "string" and beside in ("date", "timestamp"):
            return as_moment(value, beside)
        return Literal.of(float(value.value)) if decimal_of(value.type) and beside == "float64" else value

    def _aggregate(self, node: exp.Expr) -> AnyExpression:
        function, places = AGGREGATES[type(node)]
        inner = node.this
        if isinstance(inner, exp.Star):
            return Aggregate(function="count")
        if isinstance(inner, exp.Distinct):
            if function in ("min", "max") and len(inner.expressions) == 1:
                return Aggregate(function=function, arg=self.read(inner.expressions[0]))
            if function != "count" or len(inner.expressions) != 1:
                hint = "SELECT DISTINCT in a sub-query, and aggregate that"
                raise self.page.unsupported(node, self.page.text(node), hint)
            return Aggregate(function="n_unique", arg=self.read(inner.expressions[0]))
        return Aggregate(function=function, **dict(zip(("arg", "other"), self.arguments(node, places), strict=False)))

    def arguments(self, node: exp.Expr, places: tuple[str, ...]) -> list[AnyExpression]:
        """Return the arguments of a function, and refuse it if it has others."""
        self.page.only(node, places, f"in {self.page.text(node)}")
        found: list[AnyExpression] = []
        for place in places:
            given = node.args.get(place)
            values = given if isinstance(given, list) else [] if given is None else [given]
            found += [self.read(value) for value in values]
        return found

    def data_type(self, node: exp.DataType) -> DataType:
        """Return the type that SQL names."""
        if node.this == exp.DType.DECIMAL:
            digits = [int(part.this.name) for part in node.expressions] or [18, 3]
            return decimal_type(digits[0], digits[1] if len(digits) > 1 else 0)
        if node.this not in TYPES:
            names = "BOOLEAN, BIGINT, DOUBLE, DECIMAL(p, s), VARCHAR, DATE and TIMESTAMP"
            raise self.page.unsupported(node, f"the type {node.sql()}", f"types: {names}")
        return TYPES[node.this]


def _both(left: AnyExpression, right: AnyExpression) -> AnyExpression:
    return Binary(op="and", left=left, right=right)
