"""The base operators over frames that narwhals reaches: pandas with Arrow types, polars, and Arrow for the split.

Only engines import this module. Frames are native ones; the columns that come out have the order and the types of
``operator.outputs()``. Integer sums wrap in every frame, so they are compared with the same sums in floats: a wrap is
off by 2**64.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import singledispatch
from typing import Any, cast

import msgspec
import narwhals as nw
import numpy as np

from jupyter_wayang.errors import PlatformError
from jupyter_wayang.plan.expressions import Aggregate, AnyExpression, ColumnRef, Literal, Named, columns_of
from jupyter_wayang.plan.operators import (
    AnyOperator,
    Except,
    Filter,
    GroupBy,
    Intersect,
    Join,
    Limit,
    Select,
    Sort,
    Union,
)
from jupyter_wayang.plan.operators.operator import rows_in
from jupyter_wayang.plan.schema import DataType, Schema, common_type, unused
from jupyter_wayang.platforms.relational.aggregation import Grouping, too_large
from jupyter_wayang.platforms.relational.failures import failure
from jupyter_wayang.platforms.relational.frames_context import DTYPES, Context, Wrapped, cast_column
from jupyter_wayang.platforms.relational.frames_dialects import PANDAS, POLARS, PYARROW, Dialect
from jupyter_wayang.platforms.relational.frames_expressions import value

__all__ = ["PANDAS", "POLARS", "PYARROW", "Frame", "apply", "evaluate"]

Frame = Any
"""A native frame: pandas, polars (eager or lazy), or an Arrow table."""

_Typed = tuple[Named, DataType | None]


def evaluate(columns: tuple[Named, ...], frame: Frame, schema: Schema, dialect: Dialect, verb: str) -> Frame:
    """Return a frame of exactly these columns.

    Parameters
    ----------
    columns
        Scalar expressions and the names of the columns that they make.
    frame, schema
        A native frame and its columns.
    dialect
        The kind of frame.
    verb
        The operator that asks, for messages.

    Raises
    ------
    PlatformError
        If a value cannot be computed: an overflow, or a cast of what cannot be read.
    """
    typed = [(column, None) for column in columns]
    return nw.to_native(_columns(typed, nw.from_native(frame), schema, dialect, verb))


def apply(operator: AnyOperator, frames: tuple[Frame, ...], schemas: tuple[Schema, ...], dialect: Dialect) -> Frame:
    """Run filter, select, group_by, join, sort, limit, union, intersect or except over native frames.

    Raises
    ------
    PlatformError
        If a value cannot be computed, or if frames do not run the operator.
    """
    wrapped = tuple(nw.from_native(frame) for frame in frames)
    return nw.to_native(_apply(operator, wrapped, schemas, dialect))


@singledispatch
def _apply(
    operator: AnyOperator, frames: tuple[Wrapped, ...], schemas: tuple[Schema, ...], dialect: Dialect
) -> Wrapped:
    raise PlatformError(f"{dialect.name} does not run {operator.verb}()")


@_apply.register
def _(operator: Filter, frames: tuple[Wrapped, ...], schemas: tuple[Schema, ...], dialect: Dialect) -> Wrapped:
    (frame,), (schema,) = frames, schemas
    context = Context(schema=schema, dialect=dialect)
    kept = value(operator.condition, context, "bool")
    if not columns_of(operator.condition):
        # A constant has no length of its own.
        first = nw.col(schema.names[0]).is_null()
        kept = kept & (first | ~first)
    try:
        filtered = context.completed(frame).filter(kept)
        return filtered.select(*schema.names) if context.columns else filtered
    except dialect.errors() as error:
        raise failure(dialect.name, operator.verb, error, operator.condition) from error


@_apply.register
def _(operator: Select, frames: tuple[Wrapped, ...], schemas: tuple[Schema, ...], dialect: Dialect) -> Wrapped:
    typed = [(column, None) for column in operator.columns]
    return _columns(typed, frames[0], schemas[0], dialect, operator.verb)


@_apply.register
def _(operator: Limit, frames: tuple[Wrapped, ...], schemas: tuple[Schema, ...], dialect: Dialect) -> Wrapped:
    return frames[0].head(operator.rows)


@_apply.register
def _(operator: Sort, frames: tuple[Wrapped, ...], schemas: tuple[Schema, ...], dialect: Dialect) -> Wrapped:
    import pyarrow.compute as pc

    (frame,), (schema,) = frames, schemas
    eager = _collected(frame)
    keys = [Named(name=f"sort{index}", expression=key.expression) for index, key in enumerate(operator.keys)]
    keyed = _columns([(key, None) for key in keys], eager, schema, dialect, operator.verb)
    # Arrow's sort is stable over several columns, and quicker than those of the frames; it puts nulls last.
    table = cast("nw.DataFrame[Any]", keyed).to_arrow()
    orders = [(k.name, "descending" if s.descending else "ascending") for k, s in zip(keys, operator.keys, strict=True)]
    return eager[pc.sort_indices(table, sort_keys=orders).to_numpy(), :]


@_apply.register
def _(operator: GroupBy, frames: tuple[Wrapped, ...], schemas: tuple[Schema, ...], dialect: Dialect) -> Wrapped:
    (frame,), (schema,) = frames, schemas
    grouping = Grouping(operator, schema)
    before = grouping.before()
    prepared = _columns(before, frame, schema, dialect, operator.verb) if before else frame
    try:
        if grouping.keys:
            made = _collected(prepared.group_by(*grouping.keys).agg(*grouping.plain()))
        else:
            row = _collected(prepared.select(*grouping.plain())).rows(named=True)[0]
            made = nw.from_native(dialect.from_arrow(grouping.one_row(row)))
        for aggregate, test in grouping.wrapped(dialect):
            if made.filter(test).shape[0]:
                raise too_large(aggregate, dialect.name, operator.verb)
        valued = made.select(*grouping.keys, *grouping.values())
    except dialect.errors() as error:
        raise failure(dialect.name, operator.verb, error) from error
    columns, inner = grouping.after()
    return _columns([(column, None) for column in columns], valued, inner, dialect, operator.verb)


@_apply.register
def _(operator: Join, frames: tuple[Wrapped, ...], schemas: tuple[Schema, ...], dialect: Dialect) -> Wrapped:
    left, right = schemas
    keys = [(f"lk{index}", f"rk{index}") for index in range(len(operator.on))]
    types = [common_type(left[ours].type, right[theirs].type) for ours, theirs in operator.on]
    ours = [nw.col(name).alias(f"l{index}") for index, name in enumerate(left.names)]
    ours += [
        _key(mine, t, left, dialect).alias(k) for (mine, _), (k, _), t in zip(operator.on, keys, types, strict=True)
    ]
    names = operator.right_names(left, right)
    theirs = [nw.col(name).alias(f"r{index}") for index, (name, _) in enumerate(names)]
    theirs += [
        _key(its, t, right, dialect).alias(k) for (_, its), (_, k), t in zip(operator.on, keys, types, strict=True)
    ]
    if operator.how in ("semi", "anti"):
        theirs = theirs[-len(keys) :]
    first, second = _collected(frames[0].select(*ours)), _collected(frames[1].select(*theirs))
    on = {"left_on": [k for k, _ in keys], "right_on": [k for _, k in keys]} if keys else {}
    try:
        joined = first.join(second, how=operator.how, **on)  # type: ignore[arg-type]
        return joined.select(
            *_joined(operator, left, keys), *(nw.col(f"r{i}").alias(n) for i, (_, n) in enumerate(names))
        )
    except dialect.errors() as error:
        raise failure(dialect.name, operator.verb, error) from error


def _key(name: str, to: DataType | None, schema: Schema, dialect: Dialect) -> nw.Expr:
    found = schema[name].type
    return cast_column(nw.col(name), found, to or found, dialect)


def _joined(operator: Join, left: Schema, keys: list[tuple[str, str]]) -> list[nw.Expr]:
    """Return the left columns; in a full join a key is that of whichever side has the row."""
    made = {name: nw.col(f"l{index}") for index, name in enumerate(left.names)}
    if operator.how == "full":
        for (ours, _), (_, its) in zip(operator.on, keys, strict=True):
            made[ours] = nw.coalesce(made[ours], nw.col(its).cast(DTYPES[left[ours].type]))
    return [column.alias(name) for name, column in made.items()]


@_apply.register(Union)
@_apply.register(Intersect)
@_apply.register(Except)
def _(
    operator: Union | Intersect | Except, frames: tuple[Wrapped, ...], schemas: tuple[Schema, ...], dialect: Dialect
) -> Wrapped:
    made = rows_in(operator, operator.outputs(schemas))
    columns = [(Named(name=c.name, expression=ColumnRef(name=c.name)), c.type) for c in made]
    if isinstance(operator, Union):
        return _below(columns, columns, frames, schemas, dialect, operator.verb)
    # How often each different row is on either side says how often it is in the result.
    ours, theirs = (Named(name=unused(name, made), expression=Literal.of(1)) for name in ("ours", "theirs"))
    none = [msgspec.structs.replace(side, expression=Literal.of(0)) for side in (ours, theirs)]
    first: list[_Typed] = [*columns, (ours, None), (none[1], None)]
    second: list[_Typed] = [*columns, (none[0], None), (theirs, None)]
    both = _below(first, second, frames, schemas, dialect, operator.verb)
    counting = GroupBy(
        keys=tuple(column for column, _ in columns),
        aggregates=tuple(
            Named(name=side.name, expression=Aggregate(function="sum", arg=ColumnRef(name=side.name)))
            for side in (ours, theirs)
        ),
    )
    counted = Schema.from_pairs([*((c.name, c.type) for c in made), (ours.name, "int64"), (theirs.name, "int64")])
    grouped = _collected(_apply(counting, (both,), (counted,), dialect))
    left, right = (grouped[side.name].to_numpy().astype("int64") for side in (ours, theirs))
    times = np.minimum(left, right) if isinstance(operator, Intersect) else np.maximum(left - right, 0)
    return grouped.select(list(made.names))[np.repeat(np.arange(len(times)), times), :]


def _below(
    first: Sequence[_Typed],
    second: Sequence[_Typed],
    frames: tuple[Wrapped, ...],
    schemas: tuple[Schema, ...],
    dialect: Dialect,
    verb: str,
) -> Wrapped:
    """Return one frame of the columns of two."""
    sides = [
        _collected(_columns(columns, _collected(frame), schema, dialect, verb))
        for columns, frame, schema in zip((first, second), frames, schemas, strict=True)
    ]
    return nw.maybe_reset_index(nw.concat(sides, how="vertical"))


def _collected(frame: Wrapped) -> nw.DataFrame[Any]:
    return frame.collect() if isinstance(frame, nw.LazyFrame) else frame


def _columns(typed: Sequence[_Typed], frame: Wrapped, schema: Schema, dialect: Dialect, verb: str) -> Wrapped:
    context = Context(schema=schema, dialect=dialect)
    made = [value(column.expression, context, to).alias(column.name) for column, to in typed]
    try:
        frame = context.completed(frame)
        if any(columns_of(column.expression) for column, _ in typed):
            return frame.select(*made)
        # Constants have no length of their own.
        anchor = nw.col(schema.names[0]).is_null().alias("anchor of constants")
        return frame.select(anchor, *made).drop("anchor of constants")
    except dialect.errors() as error:
        guilty = _guilty([(column.expression, to) for column, to in typed], frame, context)
        raise failure(dialect.name, verb, error, guilty) from error


def _guilty(
    typed: list[tuple[AnyExpression, DataType | None]], frame: Wrapped, context: Context
) -> AnyExpression | None:
    """Find the expression that fails, by computing each on its own."""
    for expression, to in typed:
        try:
            made = value(expression, context, to)
            _collected(context.completed(frame).select(made))
        except context.dialect.errors():
            return expression
    return None
