"""Which operator of a statement failed, and in which of its expressions: the chain is run again, step by step."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from sqlglot import exp

from jupyter_wayang.errors import PlatformError
from jupyter_wayang.plan.expressions import AnyExpression, ColumnRef, Named, text
from jupyter_wayang.plan.operators import Filter, GroupBy, Select, Sort, Split
from jupyter_wayang.platforms.relational.relation import Relation
from jupyter_wayang.platforms.relational.sql import Statement, statement

__all__ = ["Attempt", "blamed", "culprit_of", "explained"]

Attempt = Callable[[exp.Query], Exception | None]
"""Runs a statement to its end and returns what it failed with, or None."""

_REASONS = (
    (
        ("integer overflow", "bigint out of range", "integer out of range", "does not fit into"),
        "a result does not fit into a 64-bit integer",
    ),
    (("numeric field overflow",), "a result has more digits than its decimal"),
    (
        ("cannot be read", "invalid input syntax", "out of range", "malformed"),
        "a value cannot be read as the type that is asked for",
    ),
)


def explained(relation: Relation, error: Exception, attempt: Attempt, *, dialect: str, platform: str) -> PlatformError:
    """Return the error to raise for a statement that failed, in words that quote no value.

    Parameters
    ----------
    relation, error
        What was run, and what the engine said.
    attempt
        Runs a statement.
    dialect, platform
        The dialect that statements are written in, and the platform that a person reads.
    """
    culprit, error = culprit_of(relation, error, attempt)
    return blamed(culprit, error, attempt, dialect=dialect, platform=platform)


def blamed(
    culprit: Relation, error: Exception, attempt: Attempt, *, dialect: str, platform: str, reason: str | None = None
) -> PlatformError:
    """Return the error that names an operator and which of its expressions fails; ``reason`` in words, if it is known."""
    verb = culprit.operator.verb if culprit.operator is not None else "read"
    part = _part(culprit, attempt, dialect)
    where = f" in {_shown(part)}" if part is not None else ""
    said = reason or _reason(error)
    return PlatformError(f"{verb}() failed on {platform}: {said}{where}", facts=((platform, _first(error)),))


def culprit_of(relation: Relation, error: Exception, attempt: Attempt) -> tuple[Relation, Exception]:
    """Return the first step of a chain that fails by itself, and what it fails with."""
    for inner in relation.inputs:
        failed = None if inner.kept else attempt(inner.select)
        if failed is not None:
            return culprit_of(inner, failed, attempt)
    return relation, error


def _part(culprit: Relation, attempt: Attempt, dialect: str) -> Named | AnyExpression | None:
    """Return the expression of an operator that fails, or None where it cannot be told."""
    candidates = list(_expressions(culprit))
    if len(candidates) < 2:
        return candidates[0] if candidates else None
    for candidate in candidates:
        if attempt(_alone(culprit, candidate, dialect)) is not None:
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


def _alone(culprit: Relation, candidate: Named | AnyExpression, dialect: str) -> Statement:
    column = candidate if isinstance(candidate, Named) else Named(name="value", expression=candidate)
    operator: Select | GroupBy = Select(columns=(column,))
    if isinstance(culprit.operator, GroupBy) and column in culprit.operator.aggregates:
        operator = GroupBy(keys=culprit.operator.keys, aggregates=(column,))
    return statement(operator, tuple((inner.select, inner.schema) for inner in culprit.inputs), dialect)


def _shown(part: Named | AnyExpression) -> str:
    return f"{part.name}={text(part.expression)}" if isinstance(part, Named) else text(part)


def _reason(error: Exception) -> str:
    said = str(error).lower()
    return next((words for marks, words in _REASONS if any(mark in said for mark in marks)), type(error).__name__)


def _first(error: Exception) -> str:
    return str(error).strip().splitlines()[0][:200] if str(error).strip() else type(error).__name__
