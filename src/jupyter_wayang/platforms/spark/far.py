"""Rows for a Spark that does not see this machine's disk: they go by way of Arrow, through the session."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from jupyter_wayang.plan.rows import arrow_schema, normalize
from jupyter_wayang.platforms.spark.reading import quoted, sql_type

if TYPE_CHECKING:
    import pyarrow as pa
    from pyspark.sql import DataFrame, SparkSession

    from jupyter_wayang.plan.schema import Schema

__all__ = ["active", "is_far", "is_served", "sent"]


def is_served(session: SparkSession) -> bool:
    """Tell whether a session is one of Spark Connect, which looks at a statement when it runs, and not before."""
    return type(session).__module__.startswith("pyspark.sql.connect")


@contextmanager
def active(session: SparkSession) -> Iterator[None]:
    """Make a session that of this thread, where pyspark looks for the one that kept rows belong to."""
    if not is_served(session):
        yield
        return
    held = type(session)._active_session  # type: ignore[attr-defined]  # noqa: SLF001 - local to the thread
    before = getattr(held, "session", None)
    held.session = session
    try:
        yield
    finally:
        held.session = before


def is_far(session: SparkSession) -> bool:
    """Tell whether what runs in a session may run on another machine."""
    return is_served(session) or not str(session.sparkContext.master).startswith("local")


def sent(session: SparkSession, table: pa.Table, schema: Schema) -> DataFrame:
    """Hand an Arrow table over.

    Parameters
    ----------
    session
        Where to.
    table, schema
        The rows, and the columns that are sent of them.
    """
    stored = [column.name for column in schema if column.type != "null"]
    if not stored or not table.num_rows:
        # Of such rows pyspark cannot tell the columns.
        nothing = (f"CAST(NULL AS {sql_type(column.type)}) AS {quoted(column.name)}" for column in schema)
        return session.range(table.num_rows).selectExpr(*nothing)
    normal = normalize(table.select(list(schema.names))).cast(arrow_schema(schema))
    frame = session.createDataFrame(normal.select(stored))
    if len(stored) == len(schema):
        return frame
    return frame.selectExpr(*(quoted(c.name) if c.type != "null" else f"NULL AS {quoted(c.name)}" for c in schema))
