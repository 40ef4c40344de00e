"""Tables of databases: what each platform that has them knows of one, before a plan is made."""

from __future__ import annotations

from pathlib import Path

from jupyter_wayang.errors import DataError
from jupyter_wayang.plan.execution import Interval
from jupyter_wayang.plan.operators import ReadTable
from jupyter_wayang.plan.schema import Schema
from jupyter_wayang.plan.statistics import SourceStatistics
from jupyter_wayang.platforms import connections

__all__ = ["SERVERS", "located", "looked_up", "statistics_of"]

SERVERS = ("postgres", "spark")
"""Platforms whose databases are named by a connection; those of the others are files."""

_OWN = "spark"
"""The Spark of this process, where no connection has this name: tables and views of the notebook's own session."""


def located(where: str) -> tuple[str, str]:
    """Return platform and database of a connection: that of a name, of an address, or of a file.

    Parameters
    ----------
    where
        The name of a connection, an address, the path of a file, or ``spark`` for the Spark of this process.

    Raises
    ------
    DataError
        If there is no such connection.
    """
    if "://" in where:
        found = connections.connect(connections.without_password(where), where)
    elif Path(where).is_file():
        return connections.platform_of(where), where
    elif where == _OWN and not connections.is_known(where):
        return "spark", where
    else:
        found = connections.connection(where)
    return (found.platform, found.name if found.platform in SERVERS else found.opened())


def looked_up(platform: str, database: str, table: str = "", query: str = "") -> tuple[ReadTable, SourceStatistics]:
    """Return the source of a table or query with the columns that it has, and what is known of its rows.

    Parameters
    ----------
    platform, database
        Where it is: the path of a file, or the name of a connection to a server.
    table, query
        The name of a table or the text of a SELECT.

    Raises
    ------
    DataError
        If there is no such table, or the database cannot be read.
    OperatorError
        If a column has a type that no platform shares.
    """
    schema, statistics = _described(platform, database, table, query)
    operator = ReadTable(platform=platform, database=database, table=table, query=query, schema=schema)
    return operator, statistics


def statistics_of(operator: ReadTable) -> SourceStatistics:
    """Return what is known of the rows of a table."""
    return _described(operator.platform, operator.database, operator.table, operator.query)[1]


def _described(platform: str, database: str, table: str, query: str) -> tuple[Schema, SourceStatistics]:
    if platform == "postgres":
        from jupyter_wayang.platforms.postgres.statistics import described

        return described(database, table, query)
    if platform == "spark":
        from jupyter_wayang.platforms.spark.statistics import described as in_spark

        return in_spark(database, table, query)
    if platform == "sqlite":
        from jupyter_wayang.platforms.sqlite.statistics import described as in_file

        return in_file(database, table, query)
    if platform == "duckdb":
        from jupyter_wayang.platforms.duckdb.statistics import describe_query, describe_table

        schema, rows = describe_query(database, query) if query else describe_table(database, table)
        return schema, SourceStatistics(rows=Interval.exact(rows), origin="counted by the database")
    raise DataError(f"{platform} has no databases", expected=("duckdb", "postgres", "spark", "sqlite"))
