"""Queries that a person wrote for a database: one SELECT, whose tables are found in that database."""

from __future__ import annotations

import sqlglot
from sqlglot import exp

from jupyter_wayang.errors import OperatorError

__all__ = ["one_select"]

_HINT = 'as in query("archive", "SELECT … FROM …")'


def one_select(text: str, dialect: str, **place: str) -> exp.Subquery:
    """Read the text of a query.

    Parameters
    ----------
    text
        One SELECT.
    dialect
        The dialect that it is written in.
    place
        ``db`` and ``catalog`` for tables that are named without.

    Raises
    ------
    OperatorError
        If it is not one SELECT.

    Examples
    --------
    >>> one_select("SELECT a FROM t", "sqlite", db="data1").sql("sqlite")
    '(SELECT a FROM "data1".t) AS "query"'
    """
    try:
        parsed = sqlglot.parse(text, read=dialect)
    except (sqlglot.errors.SqlglotError, ValueError) as error:
        raise OperatorError("the query cannot be read as SQL", hint=_HINT) from error
    if len(parsed) != 1 or not isinstance(parsed[0], exp.Query):
        raise OperatorError("a query reads: it is one SELECT", hint=_HINT)
    query = parsed[0]
    if any(query.find_all(exp.Insert, exp.Update, exp.Delete, exp.Into)):
        raise OperatorError("a query reads, and this one writes", hint=_HINT)
    parts = {part.alias.casefold() for part in query.find_all(exp.CTE)}
    for table in query.find_all(exp.Table):
        named = isinstance(table.this, exp.Identifier) and table.name.casefold() not in parts
        if named and not table.catalog:
            for part, name in place.items():
                if not table.args.get(part):
                    table.set(part, exp.to_identifier(name, quoted=True))
    return exp.Subquery(this=query, alias=exp.TableAlias(this=exp.to_identifier("query", quoted=True)))
