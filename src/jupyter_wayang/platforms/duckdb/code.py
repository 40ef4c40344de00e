"""The SQL to show for an operator."""

from __future__ import annotations

from jupyter_wayang.plan.operators import AnyOperator, ReadFile, ReadTable
from jupyter_wayang.plan.schema import Schema
from jupyter_wayang.platforms.duckdb import reading
from jupyter_wayang.platforms.relational.sql import WRITTEN, Statement, source, statement, to_sql

__all__ = ["code"]


def code(operator: AnyOperator, inputs: tuple[tuple[str, Schema], ...]) -> str | None:
    """Return the SQL of an operator over named inputs, or None where an operator is no SQL."""
    match operator:
        case _ if type(operator).__struct_config__.tag in WRITTEN:
            made: Statement = statement(operator, tuple((source(name), schema) for name, schema in inputs), "duckdb")
        case ReadFile(format="parquet"):
            made = reading.narrowed(reading.parquet(operator.path), operator.schema, {})
        case ReadFile():
            made = reading.text_file(operator, operator.schema.names)
        case ReadTable():
            made = reading.narrowed(reading.rows_of("data", operator), operator.schema, {})
        case _:
            return None
    return to_sql(made, "duckdb", pretty=True)
