"""Tables of a SQLite file: the types that their values have, and a SELECT of them."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from pathlib import Path

from sqlglot import exp

from jupyter_wayang.errors import DataError, OperatorError, closest
from jupyter_wayang.plan.execution import Interval
from jupyter_wayang.plan.operators import ReadTable
from jupyter_wayang.plan.schema import Column, DataType, Schema
from jupyter_wayang.plan.statistics import SourceStatistics
from jupyter_wayang.platforms.relational.files import present
from jupyter_wayang.platforms.relational.sql import physical_names
from jupyter_wayang.platforms.relational.sql_queries import one_select
from jupyter_wayang.platforms.sqlite.writing import WRITER

__all__ = ["described", "opening", "selected", "uri"]

_COUNTED_ROWS = 1_000_000


def uri(path: Path) -> str:
    """Return the address of a file that is only read."""
    return f"{path.resolve().as_uri()}?mode=ro"


def selected(operator: ReadTable, database: str) -> exp.Select:
    """Return the SELECT of a table or query, in the types of its schema."""
    inner = _rows(operator, database)
    columns: list[exp.Expr] = []
    for column, name in zip(operator.schema, physical_names(operator.schema), strict=True):
        read = exp.column(column.name, quoted=True)
        made = _as(column, read)
        plain = made is read and name == column.name
        columns.append(made if plain else exp.Alias(this=made, alias=exp.to_identifier(name, quoted=True)))
    return exp.Select(expressions=columns, from_=exp.From(this=inner))


def _rows(operator: ReadTable, database: str) -> exp.Expr:
    if operator.query:
        return one_select(operator.query, "sqlite", db=database)
    name = operator.table.removeprefix("main.")
    return exp.Table(this=exp.to_identifier(name, quoted=True), db=exp.to_identifier(database, quoted=True))


def _as(column: Column, read: exp.Column) -> exp.Expr:
    # Integers in a column of floats, a date with a time of day and the like: the values, not the declared type, decide.
    match column.type:
        case "float64":
            return exp.Add(this=read, expression=exp.Literal.number("0.0"))
        case "string":
            return exp.DPipe(this=read, expression=exp.Literal.string(""))
        case "timestamp":
            return exp.Cast(this=read, to=exp.DataType.build("TIMESTAMP"))
        case "null":
            return exp.Null()
    return read


def described(path: str, table: str, query: str = "") -> tuple[Schema, SourceStatistics]:
    """Return the columns of a table or query and what is known of its rows: every value is looked at once.

    Raises
    ------
    DataError
        If there is no such file or table, or a column has bytes, which no platform shares.
    """
    file = present(path)
    placeholder = ReadTable(database=path, table=table, query=query, platform="sqlite", schema=Schema(columns=()))
    connection = sqlite3.connect(uri(file), uri=True)
    try:
        inner = _rows(placeholder, "main").sql(dialect=WRITER)
        known = _tables(connection)
        if table and table.removeprefix("main.") not in known:
            raise _unknown(file, table, known)
        return _looked_at(connection, inner, _declared(connection, table), table or "query")
    except sqlite3.Error as error:
        raise opening(path, error) from error
    finally:
        connection.close()


def _tables(connection: sqlite3.Connection) -> tuple[str, ...]:
    found = connection.execute("SELECT name FROM sqlite_schema WHERE type IN ('table', 'view') ORDER BY 1")
    return tuple(name for (name,) in found if not name.startswith("sqlite_"))


def _declared(connection: sqlite3.Connection, table: str) -> Mapping[str, str]:
    if not table:
        return {}
    found = connection.execute("SELECT name, type FROM pragma_table_xinfo(?)", (table.removeprefix("main."),))
    return {name: str(type_).upper() for name, type_ in found}


def _looked_at(
    connection: sqlite3.Connection, inner: str, declared: Mapping[str, str], what: str
) -> tuple[Schema, SourceStatistics]:
    cursor = connection.execute(f"SELECT * FROM {inner} LIMIT 0")  # noqa: S608 - an identifier, or a parsed query
    names = [name for name, *_ in cursor.description]
    parts = [part for name in names for part in _questions(exp.column(name, quoted=True).sql(dialect="sqlite"))]
    (found,) = connection.execute(f"SELECT COUNT(*), {', '.join(parts)} FROM {inner}").fetchall()  # noqa: S608
    rows, answers = int(found[0]), [value or 0 for value in found[1:]]
    size = len(answers) // max(1, len(names))
    columns = []
    for place, name in enumerate(names):
        counts = answers[place * size : (place + 1) * size]
        columns.append(Column(name=name, type=_type(name, declared.get(name, ""), counts, what)))
    schema = Schema(columns=tuple(columns))
    distinct = _distinct(connection, inner, names) if rows <= _COUNTED_ROWS else {}
    counted = SourceStatistics(rows=Interval.exact(rows), distinct=distinct, origin="counted by the database")
    return schema, counted


def _questions(name: str) -> tuple[str, ...]:
    kinds = [f"SUM(typeof({name}) = '{kind}')" for kind in ("integer", "real", "text", "blob")]
    truth = f"SUM(typeof({name}) = 'integer' AND {name} IN (0, 1))"
    day = f"SUM({name} GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]' AND date({name}) = {name})"
    moment = f"SUM({name} GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]*' AND datetime({name}) IS NOT NULL)"
    return (*kinds, truth, day, moment)


def _type(name: str, declared: str, counts: list[int], what: str) -> DataType:
    integers, reals, texts, blobs, truths, days, moments = counts
    if blobs:
        raise OperatorError(
            f'the column "{name}" of {what} holds bytes, which not every platform has',
            hint="leave it out with query(…)",
        )
    known = integers + reals + texts
    dated = "DATE" in declared or "TIME" in declared
    if not known:
        return _affinity(declared)
    if texts:
        if dated and texts == known and days == known and "TIME" not in declared:
            return "date"
        return "timestamp" if dated and moments == known else "string"
    if "BOOL" in declared and truths == known:
        return "bool"
    real = reals or any(mark in declared for mark in ("REAL", "FLOA", "DOUB", "NUMERIC", "DECIMAL"))
    return "float64" if real else "int64"


def _affinity(declared: str) -> DataType:
    marks: tuple[tuple[str, DataType], ...] = (
        ("INT", "int64"), ("BOOL", "bool"), ("TIME", "timestamp"), ("DATE", "date"), ("REAL", "float64"),
        ("FLOA", "float64"), ("DOUB", "float64"), ("NUMERIC", "float64"), ("DECIMAL", "float64"),
    )  # fmt: skip
    return next((type_ for mark, type_ in marks if mark in declared), "string")


def _distinct(connection: sqlite3.Connection, inner: str, names: list[str]) -> dict[str, int]:
    quoted = [exp.column(name, quoted=True).sql(dialect="sqlite") for name in names]
    counting = ", ".join(f"COUNT(DISTINCT {name})" for name in quoted)
    (found,) = connection.execute(f"SELECT {counting} FROM {inner}").fetchall()  # noqa: S608
    return dict(zip(names, (int(count) for count in found), strict=True))


def opening(path: str, error: Exception) -> DataError:
    """Return the error for a file that cannot be read as SQLite's."""
    return DataError(f"cannot read {Path(path).name} as a SQLite file", facts=(("sqlite", str(error)[:200]),))


def _unknown(path: Path, table: str, known: tuple[str, ...]) -> DataError:
    guess = closest(table, known)
    return DataError(
        f"{path.name} has no table {table}",
        found=table,
        expected=known,
        hint=(f"Did you mean {guess}?\n" if guess else "")
        + ("tables: " + ", ".join(known) if known else "it has none"),
    )
