"""The running SQLite: one connection to a file of the workspace, statements that are run when their rows are asked for."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar
from uuid import uuid4

import pyarrow as pa
import pyarrow.compute as pc
from sqlglot import exp

from jupyter_wayang.errors import DataError, RunStoppedError, WayangError
from jupyter_wayang.plan.operators import ReadTable
from jupyter_wayang.plan.schema import DataType, Schema
from jupyter_wayang.platforms.relational import files
from jupyter_wayang.platforms.relational.relation import Relation
from jupyter_wayang.platforms.relational.sql import physical_names, to_sql
from jupyter_wayang.platforms.relational.sql_engine import SqlEngine
from jupyter_wayang.platforms.relational.sql_failures import explained
from jupyter_wayang.platforms.sqlite.channels import RELATION
from jupyter_wayang.platforms.sqlite.functions import Failures, add_functions
from jupyter_wayang.platforms.sqlite.reading import opening, selected, uri
from jupyter_wayang.platforms.sqlite.writing import WRITER

__all__ = ["SQLiteEngine"]

_TYPES = {"bool": "INT", "int64": "INT", "float64": "REAL", "string": "TEXT", "date": "TEXT", "timestamp": "TEXT"}
_BATCH = 50_000
_LONGEST = 5_000  # nested parts of a statement: beyond that SQLite reads no further


class SQLiteEngine(SqlEngine):
    """SQLite on a file of its own, which is not kept safe from a crash and goes when the engine closes.

    Parameters
    ----------
    workspace
        Where the file is made.
    """

    channel = RELATION
    name: ClassVar[str] = "sqlite"

    def __init__(self, workspace: Path) -> None:
        super().__init__()
        workspace.mkdir(parents=True, exist_ok=True)
        self._path = workspace / f"{uuid4().hex}.sqlite"
        self._failures = Failures()
        self._databases: dict[Path, str] = {}
        # No transactions of Python's: every statement is one of its own.
        self._connection = sqlite3.connect(self._path, isolation_level=None, check_same_thread=False, uri=True)
        for pragma in (
            "journal_mode = MEMORY",
            "synchronous = OFF",
            "cache_size = -200000",
            "case_sensitive_like = ON",
        ):
            self._connection.execute(f"PRAGMA {pragma}")
        add_functions(self._connection, self._failures)

    def interrupt(self, thread: int | None = None) -> None:
        """Stop what a thread runs, or whoever it is; it raises RunStoppedError there."""
        if self._lock.by(thread):
            self._connection.interrupt()

    def close(self) -> None:
        """Close the connection, and delete its file."""
        with self._lock:
            self._connection.close()
            self._path.unlink(missing_ok=True)

    # -- what an engine does in its own way ---------------------------------------------------------------------------

    def _table(self, operator: ReadTable) -> Relation:
        select = selected(operator, self._attached(operator.database))
        return Relation(select=select, schema=operator.schema, operator=operator)

    def _attached(self, database: str) -> str:
        """Attach a database file, once, to be read only."""
        path = files.present(database).resolve()
        with self._lock:
            name = self._databases.get(path)
            if name is None:
                name = f"data{len(self._databases) + 1}"
                try:
                    self._connection.execute(f'ATTACH ? AS "{name}"', (uri(path),))
                    self._connection.execute(f'SELECT 1 FROM "{name}".sqlite_schema LIMIT 1')  # noqa: S608
                except sqlite3.Error as error:
                    raise opening(database, error) from error
                self._databases[path] = name
        return name

    def _upload(self, name: str, table: pa.Table, schema: Schema) -> None:
        self._new_table(name, schema)
        places = ", ".join("?" for _ in schema.names)
        types = [column.type for column in schema]
        with _stoppable(), self._connection:  # which commits, or takes back what was begun
            self._connection.execute("BEGIN")
            for batch in table.to_batches(max_chunksize=_BATCH):
                columns = [_held(column, type_) for column, type_ in zip(batch.columns, types, strict=True)]
                self._connection.executemany(
                    f'INSERT INTO "{name}" VALUES ({places})',  # noqa: S608 - a name of our own
                    zip(*columns, strict=True),
                )

    def _create(self, name: str, relation: Relation) -> None:
        self._new_table(name, relation.schema)
        self._run(f'INSERT INTO "{name}" {to_sql(relation.select, WRITER)}', relation)

    def _new_table(self, name: str, schema: Schema) -> None:
        # STRICT: a value of another type is an error, and no text becomes a number because it looks like one.
        columns = ", ".join(
            f"{exp.to_identifier(physical, quoted=True).sql(dialect='sqlite')} {_TYPES.get(column.type, 'ANY')}"
            for column, physical in zip(schema, physical_names(schema), strict=True)
        )
        with _stoppable():
            self._connection.execute(f'CREATE TABLE "{name}" ({columns}) STRICT')

    def _fetch(self, relation: Relation) -> pa.Table:
        cursor = self._run(to_sql(relation.select, WRITER), relation)
        batches = []
        while rows := self._next(cursor, relation):
            batches.append(_arrow(rows, relation.schema))
        return pa.concat_tables(batches) if batches else _arrow([], relation.schema)

    def _next(self, cursor: sqlite3.Cursor, relation: Relation) -> list[tuple[Any, ...]]:
        try:
            return cursor.fetchmany(_BATCH)
        except sqlite3.Error as error:
            raise self._explained(relation, error) from error

    def _count(self, relation: Relation) -> int:
        inner = exp.Subquery(this=relation.select.copy(), alias=exp.TableAlias(this=exp.to_identifier("counted")))
        counting = exp.Select(expressions=[exp.Count(this=exp.Star())], from_=exp.From(this=inner))
        ((count,),) = self._next(self._run(to_sql(counting, WRITER), relation), relation)
        return int(count)

    def _drop(self, name: str, place: str) -> None:
        with _stoppable():
            self._connection.execute(f'DROP TABLE IF EXISTS "{name}"')

    # -- running ------------------------------------------------------------------------------------------------------

    def _run(self, sql: str, relation: Relation) -> sqlite3.Cursor:
        self._failures.taken()
        try:
            return self._connection.execute(sql)
        except sqlite3.Error as error:
            raise self._explained(relation, error) from error

    def _explained(self, relation: Relation, error: sqlite3.Error) -> WayangError:
        if _interrupted(error):
            return RunStoppedError("SQLite was stopped")
        if isinstance(relation.operator, ReadTable):
            return opening(relation.operator.database, error)
        return explained(relation, self._said(error), self._attempt, dialect="sqlite", platform="sqlite")

    def _said(self, error: Exception) -> Exception:
        return self._failures.taken() or error

    def _attempt(self, select: exp.Query) -> Exception | None:
        try:
            for _ in self._connection.execute(to_sql(select, WRITER)):
                pass
        except sqlite3.Error as error:
            return self._said(error)
        return None


def _interrupted(error: sqlite3.Error) -> bool:
    return "interrupted" in str(error)


@contextmanager
def _stoppable() -> Iterator[None]:
    """Say of a statement of the engine's own that it was stopped."""
    try:
        yield
    except sqlite3.Error as error:
        if _interrupted(error):
            raise RunStoppedError("SQLite was stopped") from error
        raise


def _held(column: pa.Array, type_: DataType) -> list[Any]:
    """Return a column as SQLite holds it."""
    if type_ == "bool":
        column = column.cast(pa.int8())
    elif type_ in ("date", "timestamp"):
        years = pc.min_max(pc.year(column)).as_py()
        if years["min"] is not None and not (years["min"] >= 1 and years["max"] <= 9999):
            raise DataError("SQLite has the years 1 to 9999, and a date lies beyond")
        column = column.cast(pa.string())
    elif pa.types.is_null(column.type):
        return [None] * len(column)
    held: list[Any] = column.to_pylist()
    return held


def _arrow(rows: list[tuple[Any, ...]], schema: Schema) -> pa.Table:
    """Return rows of SQLite as a table; dates are read from their texts."""
    columns = list(zip(*rows, strict=True)) or [()] * len(schema)
    made = [_column(values, column.type) for values, column in zip(columns, schema, strict=True)]
    return pa.table(made, names=[f"c{place}" for place in range(len(schema))])


def _column(values: tuple[Any, ...], type_: DataType) -> pa.Array:
    if type_ in ("date", "timestamp"):
        return pa.array(values, pa.string()).cast(pa.date32() if type_ == "date" else pa.timestamp("us"))
    if type_ == "float64":
        return pa.array(values, pa.float64())
    kinds = {"bool": pa.int64(), "int64": pa.int64(), "string": pa.string(), "null": pa.null()}
    made = pa.array(values, kinds[type_])
    return made.cast(pa.bool_()) if type_ == "bool" else made
