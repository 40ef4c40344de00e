"""Errors of DuckDB as ours: which operator, which of its columns, and why, in words that quote no value."""

from __future__ import annotations

from pathlib import Path

import duckdb

from jupyter_wayang.errors import DataError, PlatformError, RunStoppedError, WayangError
from jupyter_wayang.plan.operators import ReadFile, ReadTable
from jupyter_wayang.platforms.relational.files import failing_with
from jupyter_wayang.platforms.relational.relation import Relation
from jupyter_wayang.platforms.relational.sql_failures import Attempt, blamed, culprit_of

__all__ = ["explained", "opening", "stopped_or_out_of_memory"]

_REASONS = (
    (("of decimal", "to type decimal", "could not cast value"), "a result has more digits than its decimal"),
    (("overflow", "out of range for the destination type int64"), "a result does not fit into a 64-bit integer"),
    (
        ("could not convert", "not a whole number", "out of range", "conversion error"),
        "a value cannot be read as the type that is asked for",
    ),
)


def explained(relation: Relation, error: duckdb.Error, attempt: Attempt) -> WayangError:
    """Return the error to raise for a statement that failed: the chain is run again, step by step, to find the culprit."""
    special = stopped_or_out_of_memory(error)
    if special is not None:
        return special
    culprit, found = culprit_of(relation, error, attempt)
    operator = culprit.operator
    if isinstance(operator, ReadFile):
        return _unreadable(operator, found)
    if isinstance(operator, ReadTable):
        return opening(operator.database, found, table=operator.table or "query")
    return blamed(culprit, found, attempt, dialect="duckdb", platform="duckdb", reason=_reason(found))


def opening(database: str, error: Exception, *, table: str | None = None) -> DataError:
    """Return the error to raise for a database file that cannot be read."""
    path = Path(database)
    said = str(error)
    if "already attached" in said or "lock" in said.lower() or "different configuration" in said:
        return DataError(
            f"{path.name} is open for writing elsewhere",
            hint="close the connection that writes to it, then run again",
            facts=(("duckdb", _first_line(error)),),
        )
    what = f"the table {table} of {path.name}" if table else f"{path.name} as a DuckDB file"
    return DataError(f"cannot read {what}", facts=(("duckdb", _first_line(error)),))


def stopped_or_out_of_memory(error: duckdb.Error) -> WayangError | None:
    """Return the error for a query that was interrupted or lacked memory, or None."""
    if isinstance(error, duckdb.InterruptException):
        return RunStoppedError("DuckDB was stopped")
    if isinstance(error, duckdb.OutOfMemoryException):
        return PlatformError(
            "DuckDB ran out of memory",
            hint="filter or aggregate earlier, or run the operator on another platform",
            facts=(("duckdb", _first_line(error)),),
        )
    return None


def _unreadable(operator: ReadFile, error: Exception) -> WayangError:
    try:
        with failing_with(Path(operator.path), operator.format, duckdb.Error):
            raise error
    except WayangError as made:
        return made


def _reason(error: Exception) -> str:
    said = str(error).lower()
    return next((words for marks, words in _REASONS if any(mark in said for mark in marks)), type(error).__name__)


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0][:200] if str(error).strip() else type(error).__name__
