"""Errors of DuckDB as ours: which operator, which of its columns, and why, in words that quote no value."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import duckdb
from sqlglot import exp

from jupyter_wayang.errors import DataError, PlatformError, RunStoppedError, WayangError
from jupyter_wayang.plan.expressions import AnyExpression, ColumnRef, Named, text
from jupyter_wayang.plan.operators import Filter, GroupBy, ReadFile, ReadTable, Select, Sort, Split
from jupyter_wayang.platforms.duckdb.relation import Relation
from jupyter_wayang.platforms.relational.files import failing_with
from jupyter_wayang.platforms.relational.sql import Statement, statement

__all__ = ["explained", "opening", "stopped_or_out_of_memory"]

Attempt = Callable[[exp.Query], duckdb.Error | None]
"""Runs a statement to its end and returns what it failed with, or None."""

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
    culprit, error = _culprit(relation, error, attempt)
    operator = culprit.operator
    if isinstance(operator, ReadFile):
        return _unreadable(operator, error)
    if isinstance(operator, ReadTable):
        return opening(operator.database, error, table=operator.table)
    verb = operator.verb if operator is not None else "read"
    part = _part(culprit, attempt)
    where = f" in {_shown(part)}" if part is not None else ""
    return PlatformError(f"{verb}() failed on duckdb: {_reason(error)}{where}", facts=(("duckdb", _first_line(error)),))


def opening(database: str, error: duckdb.Error, *, table: str | None = None) -> DataError:
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


def _unreadable(operator: ReadFile, error: duckdb.Error) -> WayangError:
    try:
        with failing_with(Path(operator.path), operator.format, duckdb.Error):
            raise error
    except WayangError as made:
        return made


def _culprit(relation: Relation, error: duckdb.Error, attempt: Attempt) -> tuple[Relation, duckdb.Error]:
    for inner in relation.inputs:
        if inner.kept:
            continue
        failed = attempt(inner.select)
        if failed is not None:
            return _culprit(inner, failed, attempt)
    return relation, error


def _part(culprit: Relation, attempt: Attempt) -> Named | AnyExpression | None:
    """Return the expression of an operator that fails, or None where it cannot be told."""
    candidates = list(_expressions(culprit))
    if len(candidates) < 2:
        return candidates[0] if candidates else None
    for candidate in candidates:
        if attempt(_alone(culprit, candidate)) is not None:
            return candidate
    return None


def _expressions(culprit: Relation) -> Iterator[Named | AnyExpression]:
    match culprit.operator:
        case Filter(condition=condition):
            yield condition
        case Select(columns=columns):
            yield from (column for column in columns if not isinstance(column.expression, ColumnRef))
        case GroupBy(keys=keys, aggregates=aggregates):
            yield from (*keys, *aggregates)
        case Sort(keys=sort_keys):
            yield from (key.expression for key in sort_keys)
        case Split(by=by):
            yield from by


def _alone(culprit: Relation, candidate: Named | AnyExpression) -> Statement:
    column = candidate if isinstance(candidate, Named) else Named(name="value", expression=candidate)
    operator: Select | GroupBy = Select(columns=(column,))
    if isinstance(culprit.operator, GroupBy) and column in culprit.operator.aggregates:
        operator = GroupBy(keys=culprit.operator.keys, aggregates=(column,))
    return statement(operator, tuple((inner.select, inner.schema) for inner in culprit.inputs), "duckdb")


def _shown(part: Named | AnyExpression) -> str:
    return f"{part.name}={text(part.expression)}" if isinstance(part, Named) else text(part)


def _reason(error: duckdb.Error) -> str:
    said = str(error).lower()
    return next((words for marks, words in _REASONS if any(mark in said for mark in marks)), type(error).__name__)


def _first_line(error: duckdb.Error) -> str:
    return str(error).strip().splitlines()[0][:200] if str(error).strip() else type(error).__name__
