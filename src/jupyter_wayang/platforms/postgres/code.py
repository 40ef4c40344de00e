"""The SQL to show for an operator."""

from __future__ import annotations

from jupyter_wayang.plan.operators import AnyOperator, ReadTable
from jupyter_wayang.plan.schema import Schema
from jupyter_wayang.platforms.postgres.reading import selected
from jupyter_wayang.platforms.postgres.writing import WRITER
from jupyter_wayang.platforms.relational.sql import WRITTEN, source, statement, to_sql

__all__ = ["code"]


def code(operator: AnyOperator, inputs: tuple[tuple[str, Schema], ...]) -> str | None:
    """Return the SQL of an operator over named inputs, or None where an operator is no SQL."""
    if isinstance(operator, ReadTable):
        return to_sql(selected(operator), WRITER, pretty=True)
    if type(operator).__struct_config__.tag not in WRITTEN:
        return None
    sources = tuple((source(name), schema) for name, schema in inputs)
    return to_sql(statement(operator, sources, "postgres"), WRITER, pretty=True)
