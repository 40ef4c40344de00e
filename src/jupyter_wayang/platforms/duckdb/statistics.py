"""What is known of a table without reading its rows."""

from __future__ import annotations

from pathlib import Path

import duckdb
from sqlglot import exp

from jupyter_wayang.errors import DataError, closest
from jupyter_wayang.plan.rows import schema_of
from jupyter_wayang.plan.schema import Schema
from jupyter_wayang.platforms.duckdb.engine import connected
from jupyter_wayang.platforms.duckdb.errors import opening
from jupyter_wayang.platforms.duckdb.reading import table_of
from jupyter_wayang.platforms.relational.files import present
from jupyter_wayang.platforms.relational.sql_queries import one_select

__all__ = ["describe_query", "describe_table", "row_count"]


def describe_table(database: str, table: str) -> tuple[Schema, int]:
    """Return the schema of a table of a DuckDB file, and its number of rows, exactly.

    Parameters
    ----------
    database
        The path of the file.
    table
        The name of a table or view, with that of its schema before a dot if it is not in ``main``.

    Raises
    ------
    DataError
        If there is no such file or table.
    OperatorError
        If a column has a type that no platform shares.
    """
    path = present(database)
    rows_of = exp.select("*").from_(table_of("data", table))
    counting = exp.select(exp.Count(this=exp.Star())).from_(table_of("data", table))
    connection = connected()
    try:
        literal = str(path.resolve()).replace("'", "''")
        connection.execute(f"ATTACH '{literal}' AS data (TYPE duckdb, READ_ONLY)")
        known = _tables(connection)
        if (table if "." in table else f"main.{table}") not in known:
            raise _unknown(path, table, known)
        schema = schema_of(connection.sql(rows_of.limit(0).sql("duckdb")).to_arrow_table().schema)
        ((rows,),) = connection.execute(counting.sql("duckdb")).fetchall()
    except duckdb.Error as error:
        raise opening(database, error) from error
    finally:
        connection.close()
    return schema, int(rows)


def row_count(database: str, table: str) -> int:
    """Return the number of rows of a table of a DuckDB file."""
    return describe_table(database, table)[1]


def describe_query(database: str, query: str) -> tuple[Schema, int]:
    """Return the schema of a query over a DuckDB file, and its number of rows, exactly.

    Raises
    ------
    DataError
        If there is no such file, or the query cannot be run.
    """
    path = present(database)
    rows_of = exp.select("*").from_(one_select(query, "duckdb", db="main", catalog="data"))
    counting = exp.select(exp.Count(this=exp.Star())).from_(one_select(query, "duckdb", db="main", catalog="data"))
    connection = connected()
    try:
        literal = str(path.resolve()).replace("'", "''")
        connection.execute(f"ATTACH '{literal}' AS data (TYPE duckdb, READ_ONLY)")
        schema = schema_of(connection.sql(rows_of.limit(0).sql("duckdb")).to_arrow_table().schema)
        ((rows,),) = connection.execute(counting.sql("duckdb")).fetchall()
    except duckdb.Error as error:
        raise opening(database, error, table="query") from error
    finally:
        connection.close()
    return schema, int(rows)


def _tables(connection: duckdb.DuckDBPyConnection) -> tuple[str, ...]:
    query = "SELECT table_schema || '.' || table_name FROM information_schema.tables WHERE table_catalog = 'data' ORDER BY 1"
    return tuple(name for (name,) in connection.execute(query).fetchall())


def _unknown(path: Path, table: str, known: tuple[str, ...]) -> DataError:
    names = tuple(name.removeprefix("main.") for name in known)
    guess = closest(table, names)
    return DataError(
        f"{path.name} has no table {table}",
        found=table,
        expected=names,
        hint=(f"Did you mean {guess}?\n" if guess else "")
        + ("tables: " + ", ".join(names) if names else "it has none"),
    )
