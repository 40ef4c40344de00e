"""The running PostgreSQL: a session for each connection, statements that are run when their rows are asked for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar
from weakref import WeakKeyDictionary

import pyarrow as pa
from sqlglot import exp

from jupyter_wayang.errors import DataError, PlatformError, WayangError
from jupyter_wayang.plan.operators import ReadTable
from jupyter_wayang.plan.schema import Schema
from jupyter_wayang.platforms.connections import connected, connection
from jupyter_wayang.platforms.postgres.channels import RELATION
from jupyter_wayang.platforms.postgres.reading import selected
from jupyter_wayang.platforms.postgres.session import Session
from jupyter_wayang.platforms.postgres.writing import CAREFUL, WRITER
from jupyter_wayang.platforms.relational.dialects import DIALECTS
from jupyter_wayang.platforms.relational.relation import Relation
from jupyter_wayang.platforms.relational.sql import physical_names, source, to_sql
from jupyter_wayang.platforms.relational.sql_engine import SqlEngine
from jupyter_wayang.platforms.relational.sql_failures import explained

__all__ = ["PostgresEngine"]

Job = Callable[[Session, str], Any]
"""What is done with the text of a statement."""

_BEYOND = ("value out of range: overflow", "value out of range: underflow")


class PostgresEngine(SqlEngine):
    """The servers of the connections that a plan reads.

    New rows go to the server whose table was read first, or else to the one that was named first.
    """

    channel = RELATION
    name: ClassVar[str] = "postgres"

    def __init__(self) -> None:
        super().__init__()
        self._sessions: dict[str, Session] = {}
        self._waiting: WeakKeyDictionary[Relation, pa.Table] = WeakKeyDictionary()
        self._sent: WeakKeyDictionary[Relation, Relation] = WeakKeyDictionary()
        self._running: Session | None = None

    def interrupt(self, thread: int | None = None) -> None:
        """Stop what a thread runs, or whoever it is; it raises RunStoppedError there."""
        running = self._running
        if running is not None and self._lock.by(thread):
            running.stop()

    def close(self) -> None:
        """End every session; their temporary tables go with them."""
        with self._lock:
            for session in self._sessions.values():
                session.close()
            self._sessions.clear()

    # -- what an engine does in its own way ---------------------------------------------------------------------------

    def _home(self) -> str:
        with self._lock:
            if self._sessions:
                return next(iter(self._sessions))
            known = connected("postgres")
            if not known:
                raise PlatformError("no PostgreSQL server is named", hint='wy.connect("NAME", "postgresql://…")')
            return known[0].name

    def _session(self, place: str) -> Session:
        with self._lock:
            if place not in self._sessions:
                self._sessions[place] = Session(connection(place))
            return self._sessions[place]

    def _entered(self, table: pa.Table, schema: Schema, label: str) -> Relation:
        """Hold rows until it is known which server they are needed at."""
        name = self._named(label)
        select = exp.Select(expressions=[exp.Star()], from_=exp.From(this=source(name)))
        made = Relation(select=select, schema=schema, kept=True)
        self._waiting[made] = table
        return made

    def _together(self, inputs: tuple[Relation, ...]) -> tuple[Relation, ...]:
        place = next((one.place for one in inputs if one.place), None) or self._home()
        return tuple(one if one.place == place else self._moved(one, place) for one in inputs)

    def _moved(self, relation: Relation, place: str) -> Relation:
        known = self._sent.get(relation)
        if known is not None and known.place == place:
            return known
        made = self._sent[relation] = self._copied(relation, place)
        return made

    def _copied(self, relation: Relation, place: str) -> Relation:
        waiting = self._waiting.get(relation)
        table = (
            self._arrow(relation, relation.schema) if waiting is None else waiting.select(list(relation.schema.names))
        )
        name = self._named("moved")
        with self._lock:
            self._put(name, table.rename_columns(list(physical_names(relation.schema))), relation.schema, place)
        return self._whole(name, relation.schema, place)

    def _table(self, operator: ReadTable) -> Relation:
        self._session(operator.database)
        return Relation(select=selected(operator), schema=operator.schema, operator=operator, place=operator.database)

    def _upload(self, name: str, table: pa.Table, schema: Schema) -> None:
        self._put(name, table, schema, self._home())

    def _put(self, name: str, table: pa.Table, schema: Schema, place: str) -> None:
        session = self._session(place)
        kinds = {column.type: DIALECTS["postgres"].type_name(column.type) for column in schema}
        columns = ", ".join(
            f"{_quoted(physical)} {exp.DataType.build(kinds[column.type]).sql('postgres')}"
            + (' COLLATE "C"' if column.type == "string" else "")
            for column, physical in zip(schema, physical_names(schema), strict=True)
        )
        try:
            session.execute(f"CREATE TEMP TABLE {_quoted(name)} ({columns})")
            if table.num_rows:
                session.take(name, _sent(table, schema))
            session.execute(f"ANALYZE {_quoted(name)}")
        except session.errors as error:
            raise session.special(error) or DataError(
                f"{place} does not take the rows", facts=(("postgres", session.said(error)),)
            ) from error

    def _create(self, name: str, relation: Relation) -> None:
        self._run(lambda session, sql: session.execute(f"CREATE TEMP TABLE {_quoted(name)} AS {sql}"), relation)

    def _fetch(self, relation: Relation) -> pa.Table:
        waiting = self._waiting.get(relation)
        if waiting is not None:
            return waiting.select(list(relation.schema.names))
        table = self._run(lambda session, sql: session.arrow(sql), relation)
        return pa.table(
            [_received(column) for column in table.columns], names=[f"c{i}" for i in range(table.num_columns)]
        )

    def _count(self, relation: Relation) -> int:
        if relation in self._waiting:
            return int(self._waiting[relation].num_rows)
        inner = exp.Subquery(this=relation.select.copy(), alias=exp.TableAlias(this=exp.to_identifier("counted")))
        counting = exp.Select(expressions=[exp.Count(this=exp.Star())], from_=exp.From(this=inner))
        ((count,),) = self._run(lambda session, sql: session.rows(sql), relation, counting)
        return int(count)

    def _drop(self, name: str, place: str) -> None:
        session = self._sessions.get(place)
        if session is not None:
            session.execute(f"DROP TABLE IF EXISTS {_quoted(name)}")

    # -- running ------------------------------------------------------------------------------------------------------

    def _run(self, job: Job, relation: Relation, select: exp.Query | None = None) -> Any:
        """Run a statement; one with a float beyond all bounds is written anew, more carefully."""
        session, node = self._session(relation.place), select if select is not None else relation.select
        self._running = session
        try:
            return self._tried(job, session, node)
        except session.errors as error:
            raise self._explained(relation, session, error) from error
        finally:
            self._running = None

    def _tried(self, job: Job, session: Session, node: exp.Query) -> Any:
        if node.find(exp.Pow):
            session.prepare()
        try:
            return job(session, to_sql(node, WRITER))
        except session.errors as error:
            if not any(mark in str(error) for mark in _BEYOND):
                raise
            session.prepare()
            return job(session, to_sql(node, CAREFUL))

    def _explained(self, relation: Relation, session: Session, error: Exception) -> WayangError:
        special = session.special(error)
        if special is not None:
            return special
        if isinstance(relation.operator, ReadTable):
            what = relation.operator.table or "the query"
            return DataError(f"{relation.place} cannot read {what}", facts=(("postgres", session.said(error)),))

        def attempt(select: exp.Query) -> Exception | None:
            try:
                self._tried(lambda session, sql: session.arrow(sql), session, select)
            except session.errors as failed:
                return PlatformError(session.said(failed))
            return None

        told = PlatformError(session.said(error))
        return explained(relation, told, attempt, dialect="postgres", platform="postgres")


def _quoted(name: str) -> str:
    return exp.to_identifier(name, quoted=True).sql("postgres")


def _sent(table: pa.Table, schema: Schema) -> pa.Table:
    """Return a table in the types that COPY takes."""
    columns = [
        pa.chunked_array([pa.nulls(table.num_rows, pa.string())]) if pa.types.is_null(column.type) else column
        for column in table.columns
    ]
    return pa.table(columns, names=table.column_names)


def _received(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return a column as Arrow knows it: decimals come as texts."""
    if isinstance(column.type, pa.BaseExtensionType):
        return pa.chunked_array([chunk.storage for chunk in column.chunks], column.type.storage_type)
    return column
