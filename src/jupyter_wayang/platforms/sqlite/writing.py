"""Statements in SQLite's SQL.

Dates are texts as ISO 8601 writes them, timestamps have six digits after the second, truth is 0 or 1: so they compare
as they should. SQLite has no value that is not a number: where others make one, it makes null.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import ClassVar

from sqlglot import exp
from sqlglot.dialects.sqlite import SQLite
from sqlglot.generators.sqlite import SQLiteGenerator

__all__ = ["MOMENT", "WRITER", "ExactSQLite"]

MOMENT = "%Y-%m-%d %H:%M:%S.%f"
"""How a timestamp is written."""

WRITER = "exactsqlite"
"""The name of the dialect of sqlglot below."""

_CASTS = {
    exp.DType.BOOLEAN: "AS_BOOLEAN",
    exp.DType.BIGINT: "AS_INTEGER",
    exp.DType.INT: "AS_INTEGER",
    exp.DType.DOUBLE: "AS_REAL",
    exp.DType.VARCHAR: "AS_TEXT",
    exp.DType.TEXT: "AS_TEXT",
    exp.DType.DATE: "AS_DATE",
    exp.DType.TIMESTAMP: "AS_TIMESTAMP",
}


def _cast(writer: SQLiteGenerator, node: exp.Cast) -> str:
    inner, kind = node.this, node.to.this
    if isinstance(inner, exp.Null):
        return "NULL"
    if isinstance(inner, exp.Literal) and inner.is_string:
        known = _constant(inner.this, kind)
        if known is not None:
            return known
    if isinstance(inner, exp.Literal) and not inner.is_string and kind == exp.DType.BIGINT:
        return writer.sql(inner)
    return writer.func(_CASTS[kind], inner)


def _constant(held: str, kind: exp.DType) -> str | None:
    if kind == exp.DType.DOUBLE and held.lstrip("-") == "Infinity":
        return "-9e999" if held.startswith("-") else "9e999"
    if kind in (exp.DType.DATE, exp.DType.TIMESTAMP):
        try:
            moment = datetime.fromisoformat(held)
        except ValueError:
            return None
        return f"'{moment.date()}'" if kind == exp.DType.DATE else f"'{moment.strftime(MOMENT)}'"
    return None


def _nullif(writer: SQLiteGenerator, node: exp.Nullif) -> str:
    other = node.expression
    if isinstance(other, exp.Cast) and isinstance(other.this, exp.Literal) and other.this.this == "NaN":
        return writer.sql(node, "this")
    return writer.func("NULLIF", node.this, other)


def _add(writer: SQLiteGenerator, node: exp.Add) -> str:
    span = node.expression
    if isinstance(span, exp.Interval):
        return writer.func(
            "LATER", node.this, exp.Literal.number(span.this.this), exp.Literal.string(str(span.args["unit"]))
        )
    return writer.binary(node, "+")


def _of_bags(word: str) -> Callable[[SQLiteGenerator, exp.SetOperation], str]:
    """Write a set operation that counts equal rows, which SQLite lacks: each row is numbered among its equals."""

    def write(writer: SQLiteGenerator, node: exp.SetOperation) -> str:
        if node.args.get("distinct"):
            return writer.set_operations(node)
        names = [shown.alias_or_name for shown in node.this.selects]
        columns = ", ".join(writer.sql(exp.to_identifier(name, quoted=True)) for name in names)
        sides = (
            f'SELECT *, ROW_NUMBER() OVER (PARTITION BY {columns}) AS "#" FROM ({writer.sql(side)})'  # noqa: S608
            for side in (node.this, node.expression)
        )
        with_ = writer.sql(node, "with_")
        both = f" {word} ".join(sides)
        return f"{with_ + ' ' if with_ else ''}SELECT {columns} FROM ({both})"  # noqa: S608

    return write


class ExactGenerator(SQLiteGenerator):
    """Writes what SQLite lacks, or means otherwise, as functions that the engine adds."""

    TRANSFORMS: ClassVar = {
        **SQLiteGenerator.TRANSFORMS,
        exp.Add: _add,
        exp.Cast: _cast,
        exp.Except: _of_bags("EXCEPT"),
        exp.Extract: lambda self, node: self.func(node.this.name.upper(), node.expression),
        exp.IntDiv: lambda self, node: self.func(
            "AS_INTEGER", exp.Div(this=node.this, expression=node.expression, typed=True)
        ),
        exp.Intersect: _of_bags("INTERSECT"),
        exp.Nullif: _nullif,
        exp.Right: lambda self, node: self.func("SUBSTRING", node.this, exp.Neg(this=node.expression)),
    }

    def select_sql(self, expression: exp.Select) -> str:
        """Write a SELECT; one row of all, without an aggregate, needs one."""
        if expression.args.get("having") and not expression.args.get("group"):
            made = expression.copy()
            counted = exp.Select(expressions=[exp.Count(this=exp.Star())])
            for clause in ("from_", "joins", "where"):
                counted.set(clause, made.args.get(clause))
                made.set(clause, None)
            made.set("having", None)
            made.set("from_", exp.From(this=exp.Subquery(this=counted)))
            return super().select_sql(made)
        return super().select_sql(expression)


class ExactSQLite(SQLite):
    """SQLite with the meaning that the project's operators have."""

    generator_class = ExactGenerator
    Generator = ExactGenerator
