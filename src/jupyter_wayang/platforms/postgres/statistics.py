"""What PostgreSQL knows of a table: its columns, rows, bytes and distinct values."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pyarrow as pa

from jupyter_wayang.errors import DataError, closest
from jupyter_wayang.plan.execution import Interval
from jupyter_wayang.plan.rows import schema_of
from jupyter_wayang.plan.schema import Schema
from jupyter_wayang.plan.statistics import SourceStatistics
from jupyter_wayang.platforms.connections import connection
from jupyter_wayang.platforms.postgres.reading import rows_of
from jupyter_wayang.platforms.postgres.session import Session

if TYPE_CHECKING:
    from sqlglot import exp

__all__ = ["described"]

_COUNTED_ROWS = 1_000_000
_TYPMOD = b"POSTGRESQL:typmod"
_TYPE = b"POSTGRESQL:type"


def described(name: str, table: str, query: str = "") -> tuple[Schema, SourceStatistics]:
    """Return the columns of a table or query of a connection, and what is known of its rows.

    Raises
    ------
    DataError
        If the server cannot be reached, or there is no such table.
    OperatorError
        If a column has a type that no platform shares.
    """
    session = Session(connection(name))
    source = rows_of(table, query)
    try:
        found = session.arrow(f"SELECT * FROM {source.sql('postgres')} LIMIT 0").schema  # noqa: S608
        schema = schema_of(pa.schema([_field(field) for field in found]))
        return schema, _statistics(session, source, schema, table)
    except session.errors as error:
        raise _failed(session, table, error) from error
    finally:
        session.close()


def _field(field: pa.Field) -> pa.Field:
    """Return a column in the type that it enters with: ADBC hands decimals over as texts."""
    told = field.metadata or {}
    if told.get(_TYPE) != b"numeric":
        return field
    modifier = int(told.get(_TYPMOD, b"-1")) - 4
    precision, scale = modifier >> 16 & 0xFFFF, modifier & 0x7FF
    exact = modifier >= 0 and precision <= 38 and scale <= precision
    # Without a precision of its own a number may have any; as a float it has 15 digits.
    return pa.field(field.name, pa.decimal128(precision, scale) if exact else pa.float64())


def _statistics(session: Session, source: exp.Expr, schema: Schema, table: str) -> SourceStatistics:
    text = source.sql("postgres")
    ((plan,),) = session.rows(f"EXPLAIN (FORMAT JSON) SELECT * FROM {text}")  # noqa: S608
    top = (json.loads(plan) if isinstance(plan, str) else plan)[0]["Plan"]
    rows, width = float(top["Plan Rows"]), float(top["Plan Width"])
    if table and rows <= _COUNTED_ROWS and _is_stored(session, text):
        ((counted,),) = session.rows(f"SELECT COUNT(*) FROM {text}")  # noqa: S608
        rows, origin = float(counted), "counted by the database"
        interval = Interval.exact(counted)
    else:
        # Of a table the server knows the size; what a query or a view makes of it is its guess.
        spread = 1.25 if table and _is_stored(session, text) else 10.0
        origin = "estimated by the database"
        interval = Interval(low=rows / spread, high=rows * spread, confidence=0.9)
    read = Interval(low=interval.low * width, high=interval.high * width, confidence=interval.confidence)
    return SourceStatistics(rows=interval, bytes=read, distinct=_distinct(session, table, rows), origin=origin)


def _is_stored(session: Session, name: str) -> bool:
    """Tell whether rows lie there, so that counting them is quick; a view may take for ever."""
    kinds = "SELECT relkind::text FROM pg_class WHERE oid = to_regclass(" + _text(name) + ")"  # noqa: S608
    return session.rows(kinds) in ([("r",)], [("p",)], [("m",)])


def _distinct(session: Session, table: str, rows: float) -> dict[str, int]:
    """Return the distinct values by column, where the server has looked at them (ANALYZE)."""
    if not table:
        return {}
    schema, _, name = table.rpartition(".")
    place = f"schemaname = {_text(schema)}" if schema else "schemaname = ANY(current_schemas(false))"
    found = session.rows(
        f"SELECT attname::text, n_distinct FROM pg_stats WHERE tablename = {_text(name)} AND {place}"  # noqa: S608
    )
    return {column: round(number if number >= 0 else -number * rows) for column, number in found}


def _text(held: str) -> str:
    return "'" + held.replace("'", "''") + "'"


def _failed(session: Session, table: str, error: Exception) -> DataError:
    if getattr(error, "sqlstate", None) != "42P01":
        what = f"the table {table}" if table else "the query"
        return DataError(f"{session.connection.name} cannot read {what}", facts=(("postgres", session.said(error)),))
    found = session.rows(
        "SELECT table_schema::text, table_name::text FROM information_schema.tables "
        "WHERE table_schema NOT IN ('pg_catalog', 'information_schema') ORDER BY 1, 2"
    )
    known = tuple(name if schema == "public" else f"{schema}.{name}" for schema, name in found)
    guess = closest(table, known)
    return DataError(
        f"{session.connection.name} has no table {table}" if table else "the query reads a table that is not there",
        found=table,
        expected=known,
        hint=(f"Did you mean {guess}?\n" if guess else "")
        + ("tables: " + ", ".join(known[:20]) if known else "it has none"),
    )
