"""Tables and queries of a database as a SELECT in the types of their schema."""

from __future__ import annotations

from sqlglot import exp

from jupyter_wayang.plan.operators import ReadTable
from jupyter_wayang.plan.schema import Column
from jupyter_wayang.platforms.relational.dialects import DIALECTS
from jupyter_wayang.platforms.relational.sql import physical_names
from jupyter_wayang.platforms.relational.sql_queries import one_select

__all__ = ["rows_of", "selected"]


def rows_of(table: str, query: str) -> exp.Table | exp.Subquery:
    """Return a table by name, or a query, as a source.

    Raises
    ------
    OperatorError
        If the query is not one SELECT.
    """
    if query:
        return one_select(query, "postgres")
    schema, _, name = table.rpartition(".")
    parts = {"this": exp.to_identifier(name, quoted=True)}
    if schema:
        parts["db"] = exp.to_identifier(schema, quoted=True)
    return exp.Table(**parts)


def selected(operator: ReadTable) -> exp.Select:
    """Return the SELECT of a table or query, in the types of its schema; NaN is null, and text is in code point order."""
    columns: list[exp.Expr] = []
    for column, name in zip(operator.schema, physical_names(operator.schema), strict=True):
        made = _as(column, exp.column(column.name, quoted=True))
        columns.append(exp.Alias(this=made, alias=exp.to_identifier(name, quoted=True)))
    return exp.Select(expressions=columns, from_=exp.From(this=rows_of(operator.table, operator.query)))


def _as(column: Column, read: exp.Column) -> exp.Expr:
    if column.type == "null":
        return exp.Null()
    if column.type == "timestamp":
        # A date, a timestamp, or one with a zone: the session's zone is UTC.
        return exp.Cast(this=read, to=exp.DataType.build("TIMESTAMP"))
    made: exp.Expr = exp.Cast(this=read, to=exp.DataType.build(DIALECTS["postgres"].type_name(column.type)))
    if column.type == "float64":
        nan = exp.Cast(this=exp.Literal.string("NaN"), to=exp.DataType.build("DOUBLE"))
        return exp.Nullif(this=made, expression=nan)
    return exp.Collate(this=made, expression=exp.to_identifier("C", quoted=True)) if column.type == "string" else made
