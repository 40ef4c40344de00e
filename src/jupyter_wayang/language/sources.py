"""What a collection begins with, beside files by name: tables of databases, lines of text, and rows that are made up."""

from __future__ import annotations

import builtins
from collections.abc import Callable, Mapping
from pathlib import Path

from jupyter_wayang.errors import OperatorError
from jupyter_wayang.language import arguments as given
from jupyter_wayang.language import builder
from jupyter_wayang.language.builder import Collection
from jupyter_wayang.language.desk import Desk, ReadRequest
from jupyter_wayang.language.words import WORDS
from jupyter_wayang.plan.logical import Vertex, VertexPort

__all__ = ["MADE", "lines", "query", "range", "table", "values"]

_MOST = 10_000_000


def table(desk: Desk, connection: object, name: object) -> Collection:
    """Return a table of a database.

    Parameters
    ----------
    desk
        The session that finds it.
    connection
        The name of a connection, or the path of a file of DuckDB or SQLite.
    name
        The name of the table, with that of its schema before a dot.
    """
    word = WORDS["table"]
    place, named = _place(connection), given.text("name", name, word)
    return _source(desk, ReadRequest(where=named, connection=place))


def query(desk: Desk, connection: object, text: object) -> Collection:
    """Return the rows of a SELECT that runs in a database."""
    word = WORDS["query"]
    place, written = _place(connection), given.text("text", text, word)
    return _source(desk, ReadRequest(where=written, connection=place, query=True))


def lines(desk: Desk, where: object) -> Collection:
    """Return the lines of a text file, in one column, ``line``."""
    return builder.read(desk, where, format="text")


def range(desk: Desk, n: object) -> Collection:
    """Return the whole numbers from 0 up to, and without, ``n``, in one column, ``n``."""
    import pyarrow as pa

    count = given.whole("n", n, WORDS["range"])
    if count < 0:
        raise OperatorError("range() counts up from 0", found="n")
    if count > _MOST:
        raise OperatorError(f"range() makes {_MOST:,} rows at most, not {count:,}", found="n")
    return builder.frame(desk, pa.table({"n": pa.array(builtins.range(count), pa.int64())}), f"range({count})")


def values(desk: Desk, rows: object) -> Collection:
    """Return rows that are written down: values, in one column, ``value``, or dicts by column."""
    import pyarrow as pa

    word = WORDS["values"]
    if not isinstance(rows, list | tuple) or not rows:
        raise OperatorError("values() takes a list with at least one row", hint=f"as in {word.example}")
    if any(isinstance(row, Mapping) for row in rows):
        if not all(isinstance(row, Mapping) and all(isinstance(name, str) for name in row) for row in rows):
            raise OperatorError("values() takes dicts by column, or values, not both", hint=f"as in {word.example}")
        columns = {
            name: [row.get(name) for row in rows] for name in dict.fromkeys(name for row in rows for name in row)
        }
    else:
        columns = {"value": list(rows)}
    try:
        made = pa.table(columns)
    except (pa.ArrowException, TypeError, ValueError, OverflowError) as error:
        raise OperatorError(
            "the values of a column are of one type",
            facts=(("arrow", str(error).splitlines()[0][:200]),),
            hint=f"as in {word.example}",
        ) from error
    return builder.frame(desk, made, "values")


def _source(desk: Desk, request: ReadRequest) -> Collection:
    return Collection(VertexPort(Vertex(desk.source(request))), desk)


def _place(connection: object) -> str:
    return (
        given.path(connection) if isinstance(connection, Path) else given.text("connection", connection, WORDS["table"])
    )


MADE: Mapping[str, Callable[..., Collection]] = {
    "table": table,
    "query": query,
    "lines": lines,
    "range": range,
    "values": values,
}
"""Sources by word, as a cell calls them."""
