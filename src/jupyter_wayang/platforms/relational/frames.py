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
from jupyter_wayang.plan.expressions import Aggregate, ColumnRef, Literal, Named
from jupyter_wayang.plan.operators import (
    AnyOperator,
    Except,
    Explode,
    Filter,
    GroupBy,
    Intersect,
    Join,
    Limit,
    Select,
    Sort,
    Union,
    Unpivot,
)
from jupyter_wayang.plan.operators.operator import rows_in
from jupyter_wayang.plan.schema import Schema, unused
from jupyter_wayang.platforms.relational.aggregation import Grouping, too_large
from jupyter_wayang.platforms.relational.failures import failure
from jupyter_wayang.platforms.relational.frames_columns import Typed, collected, columns_made, kept
from jupyter_wayang.platforms.relational.frames_context import Wrapped
from jupyter_wayang.platforms.relational.frames_dialects import PANDAS, POLARS, PYARROW, Dialect
from jupyter_wayang.platforms.relational.frames_joins import joined
from jupyter_wayang.platforms.relational.segments import grouped

__all__ = ["PANDAS", "POLARS", "PYARROW", "Frame", "apply", "evaluate"]

Frame = Any
"""A native frame: pandas, polars (eager or lazy), or an Arrow table."""


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
    return nw.to_native(columns_made(typed, nw.from_native(frame), schema, dialect, verb))


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
    return kept(operator.condition, frames[0], schemas[0], dialect, operator.verb)


@_apply.register
def _(operator: Select, frames: tuple[Wrapped, ...], schemas: tuple[Schema, ...], dialect: Dialect) -> Wrapped:
    typed = [(column, None) for column in operator.columns]
    return columns_made(typed, frames[0], schemas[0], dialect, operator.verb)


@_apply.register
def _(operator: Limit, frames: tuple[Wrapped, ...], schemas: tuple[Schema, ...], dialect: Dialect) -> Wrapped:
    return frames[0].head(operator.rows)


@_apply.register
def _(operator: Sort, frames: tuple[Wrapped, ...], schemas: tuple[Schema, ...], dialect: Dialect) -> Wrapped:
    import pyarrow.compute as pc

    (frame,), (schema,) = frames, schemas
    eager = collected(frame)
    keys = [Named(name=f"sort{index}", expression=key.expression) for index, key in enumerate(operator.keys)]
    keyed = columns_made([(key, None) for key in keys], eager, schema, dialect, operator.verb)
    # Arrow's sort is stable over several columns, and quicker than those of the frames; it puts nulls last.
    table = cast("nw.DataFrame[Any]", keyed).to_arrow()
    orders = [(k.name, "descending" if s.descending else "ascending") for k, s in zip(keys, operator.keys, strict=True)]
    return eager[pc.sort_indices(table, sort_keys=orders).to_numpy(), :]


@_apply.register
def _(operator: GroupBy, frames: tuple[Wrapped, ...], schemas: tuple[Schema, ...], dialect: Dialect) -> Wrapped:
    (frame,), (schema,) = frames, schemas
    grouping = Grouping(operator, schema)
    before = grouping.before()
    prepared = columns_made(before, frame, schema, dialect, operator.verb) if before else frame
    try:
        if grouping.ordered:
            made = _in_groups(grouping, collected(prepared), dialect)
        elif grouping.keys:
            made = collected(prepared.group_by(*grouping.keys).agg(*grouping.plain()))
        else:
            row = collected(prepared.select(*grouping.plain())).rows(named=True)[0]
            made = nw.from_native(dialect.from_arrow(grouping.one_row(row)))
        for aggregate, test in grouping.wrapped(dialect):
            if made.filter(test).shape[0]:
                raise too_large(aggregate, dialect.name, operator.verb)
        valued = made.select(*grouping.keys, *grouping.values())
    except dialect.errors() as error:
        raise failure(dialect.name, operator.verb, error) from error
    columns, inner = grouping.after()
    return columns_made([(column, None) for column in columns], valued, inner, dialect, operator.verb)


def _in_groups(grouping: Grouping, prepared: nw.DataFrame[Any], dialect: Dialect) -> nw.DataFrame[Any]:
    """Aggregate by the numbers of the groups, so that what Arrow computes of them stands beside."""
    import pyarrow as pa

    table = prepared.to_arrow()
    groups = grouped([table.column(name) for name in grouping.keys], table.num_rows)
    special = pa.table(
        {name: table.column(name).take(pa.array(groups.firsts)) for name in grouping.keys}
        | grouping.of_groups(table, groups)
    )
    if not grouping.keys:
        row = prepared.select(*grouping.plain()).rows(named=True)[0]
        plain = nw.from_native(dialect.from_arrow(grouping.one_row(row)))
    else:
        numbered = dialect.attached(nw.to_native(prepared), pa.table({"group": groups.codes}))
        plain = nw.from_native(numbered).group_by("group").agg(*grouping.plain()).sort("group").drop("group")
    return cast("nw.DataFrame[Any]", nw.from_native(dialect.attached(nw.to_native(plain), special)))


@_apply.register
def _(operator: Join, frames: tuple[Wrapped, ...], schemas: tuple[Schema, ...], dialect: Dialect) -> Wrapped:
    return joined(operator, (frames[0], frames[1]), (schemas[0], schemas[1]), dialect)


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
    first: list[Typed] = [*columns, (ours, None), (none[1], None)]
    second: list[Typed] = [*columns, (none[0], None), (theirs, None)]
    both = _below(first, second, frames, schemas, dialect, operator.verb)
    counting = GroupBy(
        keys=tuple(column for column, _ in columns),
        aggregates=tuple(
            Named(name=side.name, expression=Aggregate(function="sum", arg=ColumnRef(name=side.name)))
            for side in (ours, theirs)
        ),
    )
    counted = Schema.from_pairs([*((c.name, c.type) for c in made), (ours.name, "int64"), (theirs.name, "int64")])
    grouped = collected(_apply(counting, (both,), (counted,), dialect))
    left, right = (grouped[side.name].to_numpy().astype("int64") for side in (ours, theirs))
    times = np.minimum(left, right) if isinstance(operator, Intersect) else np.maximum(left - right, 0)
    return grouped.select(list(made.names))[np.repeat(np.arange(len(times)), times), :]


@_apply.register
def _(operator: Unpivot, frames: tuple[Wrapped, ...], schemas: tuple[Schema, ...], dialect: Dialect) -> Wrapped:
    made = [
        collected(columns_made([(c, None) for c in part.columns], frames[0], schemas[0], dialect, operator.verb))
        for part in operator.parts(schemas[0])
    ]
    return nw.maybe_reset_index(nw.concat(made, how="vertical"))


@_apply.register
def _(operator: Explode, frames: tuple[Wrapped, ...], schemas: tuple[Schema, ...], dialect: Dialect) -> Wrapped:
    import pyarrow.compute as pc

    table = collected(frames[0]).to_arrow().combine_chunks()
    place = table.schema.get_field_index(operator.column)
    lists = table.column(place).combine_chunks()
    rows = table.take(pc.list_parent_indices(lists))
    made = rows.set_column(place, operator.column, pc.list_flatten(lists))
    exploded: nw.DataFrame[Any] = nw.from_native(dialect.from_arrow(made), eager_only=True)
    return exploded


def _below(
    first: Sequence[Typed],
    second: Sequence[Typed],
    frames: tuple[Wrapped, ...],
    schemas: tuple[Schema, ...],
    dialect: Dialect,
    verb: str,
) -> Wrapped:
    """Return one frame of the columns of two."""
    sides = [
        collected(columns_made(columns, collected(frame), schema, dialect, verb))
        for columns, frame, schema in zip((first, second), frames, schemas, strict=True)
    ]
    return nw.maybe_reset_index(nw.concat(sides, how="vertical"))
