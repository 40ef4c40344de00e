"""The running DuckDB: one connection in memory, statements that are run when their rows are asked for."""

from __future__ import annotations

import os
import weakref
from collections import deque
from collections.abc import Mapping
from pathlib import Path
from typing import cast

import duckdb
import pyarrow as pa
from sqlglot import exp

from jupyter_wayang.errors import DataError, PlanError, PlatformError
from jupyter_wayang.plan.operators import AnyOperator, OverArrow, ReadFile, ReadFrame, ReadTable
from jupyter_wayang.plan.rows import arrow_schema
from jupyter_wayang.plan.schema import Schema
from jupyter_wayang.plan.tasks import LocalTask, ScoreCell, ScoreTask, Update
from jupyter_wayang.platforms.duckdb import learning, reading
from jupyter_wayang.platforms.duckdb.channels import RELATION
from jupyter_wayang.platforms.duckdb.errors import explained, opening
from jupyter_wayang.platforms.holding import Holding
from jupyter_wayang.platforms.platform import ARROW, PARQUET, Payload
from jupyter_wayang.platforms.relational import files
from jupyter_wayang.platforms.relational.over_arrow import over_arrow
from jupyter_wayang.platforms.relational.relation import Held, Relation
from jupyter_wayang.platforms.relational.sql import physical_names, source, statement, to_sql

__all__ = ["DuckDBEngine", "connected"]


def connected(workspace: Path | None = None) -> duckdb.DuckDBPyConnection:
    """Open a database in memory that downloads nothing, sees no Python variable and leaves half of the memory free."""
    settings: dict[str, str | bool | int | float | list[str]] = {
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
        "python_enable_replacements": False,
        "memory_limit": "50%",
        "threads": _processors(),
    }
    if workspace is not None:
        workspace.mkdir(parents=True, exist_ok=True)
        settings["temp_directory"] = str(workspace / "duckdb")
    connection = duckdb.connect(":memory:", config=settings)
    connection.execute("SET TimeZone = 'UTC'")
    return connection


def _processors() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class DuckDBEngine:
    """DuckDB in memory.

    Payloads are :class:`~jupyter_wayang.platforms.relational.relation.Relation`. Calls may come from several threads; they
    run one after the other.

    Parameters
    ----------
    workspace
        Where DuckDB may spill to.
    """

    channel = RELATION

    def __init__(self, workspace: Path) -> None:
        self._connection = connected(workspace)
        self._lock = Holding()
        self._number = 0
        self._databases: dict[str, str] = {}
        self._unused: deque[str] = deque()

    def apply(
        self,
        operator: AnyOperator,
        inputs: tuple[Payload, ...],
        schemas: tuple[Schema, ...],
        frames: Mapping[str, pa.Table],
        salt: str,
    ) -> tuple[Payload, ...]:
        """Add a base operator to the statement that will run; a split runs at once."""
        match operator:
            case ReadFile():
                return (self._file(operator),)
            case ReadTable():
                return (self._table(operator),)
            case ReadFrame(key=key):
                if key not in frames:
                    raise PlatformError(f"the rows of {operator.label} were not handed to the run")
                table = files.as_schema(frames[key], operator.schema, operator.label)
                return (self._registered(table, operator.schema, operator.label),)
            case OverArrow():
                parts = over_arrow(operator, self._arrow(inputs[0], inputs[0].schema), salt)
                shapes = operator.outputs((inputs[0].schema,))
                return tuple(
                    self._registered(part, cast("Schema", one), "part") for part, one in zip(parts, shapes, strict=True)
                )
        made = statement(operator, tuple((each.select, each.schema) for each in inputs), "duckdb")
        (schema,) = operator.outputs(tuple(each.schema for each in inputs))
        if not isinstance(schema, Schema):
            raise PlanError(f"{operator.verb}() makes no rows")
        holds = tuple(dict.fromkeys(held for each in inputs for held in each.holds))
        return (Relation(select=made, schema=schema, holds=holds, operator=operator, inputs=inputs),)

    def keep(self, payload: Payload) -> Payload:
        """Compute a relation into a temporary table."""
        relation: Relation = payload
        if relation.kept:
            return relation
        name = self._name("kept")
        with self._lock:
            self._execute(f'CREATE TEMP TABLE "{name}" AS {to_sql(relation.select, "duckdb")}', relation)
        held = self._held(name, f'DROP TABLE IF EXISTS "{name}"')
        return self._whole(name, relation.schema, held)

    def count(self, payload: Payload) -> int:
        """Return the number of rows of a relation."""
        inner = exp.Subquery(this=payload.select.copy(), alias=exp.TableAlias(this=exp.to_identifier("rows")))
        counting = exp.Select(expressions=[exp.Count(this=exp.Star())], from_=exp.From(this=inner))
        with self._lock:
            # A result that is not fetched to its end would block the connection.
            ((count,),) = self._execute(to_sql(counting, "duckdb"), payload).fetchall()
        return int(count)

    def convert(self, payload: Payload, source: str, target: str, schema: Schema) -> Payload:
        """Fetch rows as an Arrow table, or take an Arrow table or Parquet file in."""
        if (source, target) == (RELATION, ARROW):
            return self._arrow(payload, schema)
        if (source, target) == (ARROW, RELATION):
            return self._registered(payload, schema, "rows")
        if (source, target) == (PARQUET, RELATION):
            return self._parquet(Path(payload), schema, None)
        raise PlanError(f"duckdb has no conversion from {source} to {target}")

    def update(self, rows: Payload, task: LocalTask) -> Update:
        """Train on rows, an aggregation per step."""
        return learning.update(self, rows, task)

    def score(self, rows: Payload, task: ScoreTask) -> tuple[ScoreCell, ...]:
        """Score rows in one aggregation."""
        return learning.score(self, rows, task)

    def interrupt(self, thread: int | None = None) -> None:
        """Stop what a thread runs, or whoever it is; it raises RunStoppedError there."""
        if self._lock.by(thread):
            self._connection.interrupt()

    def close(self) -> None:
        """Close the connection, and with it everything it holds."""
        with self._lock:
            self._connection.close()

    # -- reading ------------------------------------------------------------------------------------------------------

    def _file(self, operator: ReadFile) -> Relation:
        path = files.present(operator.path)
        names = reading.header(operator)
        if operator.format == "parquet":
            return self._parquet(path, operator.schema, operator)
        if operator.format == "text":
            return self._registered(files.read(operator), operator.schema, "lines")
        if operator.format == "jsonl" and len(_folded(names)) < len(names):
            return self._registered(files.read(operator), operator.schema, "rows")
        return Relation(select=reading.text_file(operator, names), schema=operator.schema, operator=operator)

    def _parquet(self, path: Path, schema: Schema, operator: ReadFile | None) -> Relation:
        """Read by DuckDB, unless names differ only in case: it would rename them."""
        read = operator or ReadFile(path=str(path), format="parquet", schema=schema)
        found = reading.parquet(path)
        with self._lock, files.failing_with(path, "parquet", duckdb.Error):
            held = self._columns(found)
        if any(name not in held for name in schema.names) or len(_folded(schema.names)) < len(schema):
            return self._registered(files.read(read), schema, "rows")
        return Relation(select=reading.narrowed(found, schema, held), schema=schema, operator=read)

    def _table(self, operator: ReadTable) -> Relation:
        found = reading.rows_of(self._attached(operator.database), operator)
        with self._lock:
            try:
                held = self._columns(found)
            except duckdb.Error as error:
                raise opening(operator.database, error, table=operator.table or "query") from error
        missing = [name for name in operator.schema.names if name not in held]
        if missing:
            raise DataError(f'{operator.describe()} has no column "{missing[0]}"', expected=tuple(held))
        select = reading.narrowed(found, operator.schema, held)
        return Relation(select=select, schema=operator.schema, operator=operator)

    def _columns(self, found: exp.Table | exp.Subquery) -> dict[str, tuple[str, str]]:
        found_columns = self._connection.sql(exp.select("*").from_(found).limit(0).sql("duckdb"))
        return {
            name: (name, str(type_)) for name, type_ in zip(found_columns.columns, found_columns.types, strict=True)
        }

    def _attached(self, database: str) -> str:
        """Attach a database file, once, to be read only."""
        path = files.present(database).resolve()
        with self._lock:
            name = self._databases.get(str(path))
            if name is None:
                name = f"data{len(self._databases) + 1}"
                quoted = exp.Literal.string(str(path)).sql("duckdb")
                try:
                    self._connection.execute(f'ATTACH {quoted} AS "{name}" (TYPE duckdb, READ_ONLY)')
                except duckdb.Error as error:
                    raise opening(database, error) from error
                self._databases[str(path)] = name
        return name

    def _registered(self, table: pa.Table, schema: Schema, label: str) -> Relation:
        name = self._name(label)
        with self._lock:
            self._sweep()
            self._connection.register(name, table.rename_columns(list(physical_names(schema))))
        identifier = exp.to_identifier(name, quoted=True).sql("duckdb")
        return self._whole(name, schema, self._held(name, f"DROP VIEW IF EXISTS {identifier}"))

    def _whole(self, name: str, schema: Schema, held: Held) -> Relation:
        select = exp.Select(expressions=[exp.Star()], from_=exp.From(this=source(name)))
        return Relation(select=select, schema=schema, holds=(held,), kept=True)

    # -- running ------------------------------------------------------------------------------------------------------

    def _arrow(self, relation: Relation, schema: Schema) -> pa.Table:
        sql = to_sql(relation.select, "duckdb")
        with self._lock:
            try:
                self._sweep()
                table = self._connection.sql(sql).to_arrow_table()
            except duckdb.Error as error:
                raise explained(relation, error, self._attempt) from error
        table = table.rename_columns(list(relation.schema.names)).select(list(schema.names))
        columns = [
            pa.chunked_array([pa.nulls(table.num_rows)]) if pa.types.is_null(field.type) else column.cast(field.type)
            for field, column in zip(arrow_schema(schema), table.columns, strict=True)
        ]
        return pa.table(columns, schema=arrow_schema(schema))

    def _execute(self, sql: str, relation: Relation) -> duckdb.DuckDBPyConnection:
        try:
            self._sweep()
            return self._connection.execute(sql)
        except duckdb.Error as error:
            raise explained(relation, error, self._attempt) from error

    def _attempt(self, select: exp.Query) -> duckdb.Error | None:
        try:
            self._connection.execute(f"CREATE OR REPLACE TEMP TABLE attempt AS {to_sql(select, 'duckdb')}")
            self._connection.execute("DROP TABLE attempt")
        except duckdb.Error as error:
            return error
        return None

    def _name(self, label: str) -> str:
        with self._lock:
            self._number += 1
            return f"t{self._number}_{label}"

    def _held(self, name: str, drop: str) -> Held:
        held = Held(name)
        weakref.finalize(held, self._unused.append, drop).atexit = False
        return held

    def _sweep(self) -> None:
        """Drop what no relation reads any more; a finalizer may not, because it can run in the middle of a query."""
        while self._unused:
            self._connection.execute(self._unused[0])
            self._unused.popleft()


def _folded(names: tuple[str, ...]) -> set[str]:
    return {name.casefold() for name in names}
