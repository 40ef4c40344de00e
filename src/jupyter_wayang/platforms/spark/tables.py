"""Tables and views of a Spark, and queries over them, in the types of their schema."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import uuid4

from jupyter_wayang.errors import DataError, closest
from jupyter_wayang.plan.operators import ReadTable
from jupyter_wayang.platforms.spark.far import is_served
from jupyter_wayang.platforms.spark.reading import cast_to, quoted
from jupyter_wayang.platforms.spark.start import load, persons_session

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

__all__ = ["found", "selected"]


def selected(session: SparkSession, operator: ReadTable) -> DataFrame:
    """Return the rows of a table, view or query, in the types of its schema; NaN is null."""
    rows = found(session, operator.database, operator.table, operator.query)
    return rows.selectExpr(
        *(f"{cast_to(quoted(column.name), column.type)} AS {quoted(column.name)}" for column in operator.schema)
    )


def found(session: SparkSession, place: str, table: str, query: str = "") -> DataFrame:
    """Return the rows of a table or view by its name, or of a SELECT.

    Parameters
    ----------
    session
        Of ours, on the Spark that has them.
    place
        Its name, for messages.
    table, query
        The name of a table as Spark reads it (``table``, ``database.table``, ``catalog.database.table``), or the text.

    Raises
    ------
    DataError
        If there is no such table, or the query does not run.
    """
    load()
    from pyspark.errors import PySparkException

    # What a person named in the notebook, and the database that was chosen there, is known to that session alone.
    theirs = session if is_served(session) else persons_session(session)
    try:
        rows = _asked(theirs, table, query)
    except PySparkException as error:
        condition = str(error.getCondition())
        if condition.startswith("TABLE_OR_VIEW_NOT_FOUND") or "PARSE" in condition:
            raise _unknown(theirs, place, table) from error
        raise
    return rows if theirs is session else _shared(rows, session)


def _asked(session: SparkSession, table: str, query: str) -> DataFrame:
    if table:
        rows = session.table(table)
    else:
        from jupyter_wayang.platforms.relational.sql_queries import one_select

        one_select(query, "spark")
        rows = session.sql(query)
    _ = rows.columns  # Spark Connect looks now, and not when the rows are wanted
    return rows


def _shared(rows: DataFrame, session: SparkSession) -> DataFrame:
    """Return rows of one session of a Spark in another."""
    name = f"shared_{uuid4().hex[:12]}"
    rows.createGlobalTempView(name)
    try:
        return session.table(f"global_temp.{name}")
    finally:
        session.catalog.dropGlobalTempView(name)


def _unknown(session: SparkSession, place: str, table: str) -> DataError:
    known = tuple(one.name for one in session.catalog.listTables())
    guess = closest(table, known) if table else None
    return DataError(
        f"{place} has no table {table}" if table else "the query reads a table that is not there",
        found=table,
        expected=known,
        hint=(f"Did you mean {guess}?\n" if guess else "")
        + ("tables: " + ", ".join(known[:20]) if known else "the current database has none; say database.table"),
    )
