"""SQL: one SELECT becomes the plan that a cell or the Python API makes. It is read by sqlglot and never run as text."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from jupyter_wayang.errors import CellSyntaxError
from jupyter_wayang.language.builder import Collection
from jupyter_wayang.language.desk import Desk
from jupyter_wayang.language.sql.page import SqlPage
from jupyter_wayang.language.sql.queries import Queries
from jupyter_wayang.language.sql.sources import Tables

__all__ = ["Sql", "read_sql"]


@dataclass(frozen=True)
class Sql:
    """What a SELECT says.

    Parameters
    ----------
    result
        The collection that it makes.
    captured
        The variables of the notebook that went into it, in order.
    source
        The text that places in plan and errors point into.
    """

    result: Collection
    captured: tuple[str, ...]
    source: str


def read_sql(
    text: str,
    desk: Desk,
    *,
    tables: Mapping[str, object] | None = None,
    variables: Mapping[str, object] | None = None,
    federation: str | None = None,
) -> Sql:
    """Read one SELECT. Nothing runs.

    Parameters
    ----------
    text
        The SQL. A first line that begins with ``%%`` is not read, but counts.
    desk
        The session that finds files and tables of the catalog.
    tables
        Tables by name: collections, DataFrames, Arrow tables, paths.
    variables
        The variables of the notebook; those that are tables can be named too.
    federation
        The federation whose tables are meant first.

    Raises
    ------
    WayangError
        With the place in the SQL.
    """
    page = SqlPage(text)
    tree = page.parse()
    found = Tables(page, desk, tables or {}, variables or {}, federation)
    try:
        relation = Queries(page).read(tree, found)
    except RecursionError as error:
        raise CellSyntaxError(
            "the SQL is nested too deeply", source=page.source, hint="name a part of it: WITH part AS (SELECT …)"
        ) from error
    return Sql(Collection(relation.port, desk), tuple(found.captured), page.source)
