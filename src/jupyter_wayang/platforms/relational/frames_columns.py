"""Columns that are made of a frame's, and rows that a condition keeps: what the operators over frames are built of.

Only engines import this module.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import narwhals as nw

from jupyter_wayang.plan.expressions import AnyExpression, Named, columns_of
from jupyter_wayang.plan.schema import DataType, Schema
from jupyter_wayang.platforms.relational.failures import failure
from jupyter_wayang.platforms.relational.frames_context import Context, Wrapped
from jupyter_wayang.platforms.relational.frames_dialects import Dialect
from jupyter_wayang.platforms.relational.frames_expressions import value

__all__ = ["Typed", "collected", "columns_made", "kept"]

Typed = tuple[Named, DataType | None]
"""A column, and the type that it is needed in, if not its own."""


def collected(frame: Wrapped) -> nw.DataFrame[Any]:
    """Return a frame that is computed."""
    return frame.collect() if isinstance(frame, nw.LazyFrame) else frame


def columns_made(typed: Sequence[Typed], frame: Wrapped, schema: Schema, dialect: Dialect, verb: str) -> Wrapped:
    """Return a frame of exactly these columns.

    Raises
    ------
    PlatformError
        If a value cannot be computed; it names the expression.
    """
    context = Context(schema=schema, dialect=dialect)
    made = [value(column.expression, context, to).alias(column.name) for column, to in typed]
    try:
        whole = context.completed(frame)
        if any(columns_of(column.expression) for column, _ in typed):
            return whole.select(*made)
        # Constants have no length of their own.
        anchor = nw.col(schema.names[0]).is_null().alias("anchor of constants")
        return whole.select(anchor, *made).drop("anchor of constants")
    except dialect.errors() as error:
        guilty = _guilty([(column.expression, to) for column, to in typed], frame, context)
        raise failure(dialect.name, verb, error, guilty) from error


def _guilty(
    typed: list[tuple[AnyExpression, DataType | None]], frame: Wrapped, context: Context
) -> AnyExpression | None:
    """Find the expression that fails, by computing each on its own."""
    for expression, to in typed:
        try:
            alone = Context(schema=context.schema, dialect=context.dialect)
            made = value(expression, alone, to)
            collected(alone.completed(frame).select(made))
        except context.dialect.errors():
            return expression
    return None


def kept(condition: AnyExpression, frame: Wrapped, schema: Schema, dialect: Dialect, verb: str) -> Wrapped:
    """Return the rows where a condition is true.

    Raises
    ------
    PlatformError
        If the condition cannot be computed.
    """
    context = Context(schema=schema, dialect=dialect)
    true = value(condition, context, "bool")
    if not columns_of(condition):
        # A constant has no length of its own.
        first = nw.col(schema.names[0]).is_null()
        true = true & (first | ~first)
    try:
        filtered = context.completed(frame).filter(true)
        return filtered.select(*schema.names) if context.adds else filtered
    except dialect.errors() as error:
        raise failure(dialect.name, verb, error, condition) from error
