"""Over what expressions are lowered to narwhals: schema, kind of frame, the rows asked for, and constants.

Only engines import this module. pandas has no constants that know null, so there a constant stands in a column of its
own, added to the frame before the expressions are computed.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, cast

import narwhals as nw

from jupyter_wayang.plan.rows import arrow_type
from jupyter_wayang.plan.schema import DataType, Schema
from jupyter_wayang.platforms.relational.frames_dialects import Dialect

__all__ = ["DTYPES", "Content", "Context", "Wrapped", "cast_column", "scalar"]

DTYPES: dict[DataType, Any] = {
    "bool": nw.Boolean(),
    "int64": nw.Int64(),
    "float64": nw.Float64(),
    "string": nw.String(),
    "date": nw.Date(),
    "timestamp": nw.Datetime("us"),
    # A column of nothing but null is carried as booleans: not every frame computes with a type of its own for it.
    "null": nw.Boolean(),
}

_ARROW: dict[DataType, Callable[[], Any]] = {name: partial(arrow_type, name) for name in DTYPES} | {
    "null": partial(arrow_type, "bool")
}

_SAMPLES: dict[DataType, Any] = {
    "bool": True,
    "int64": 0,
    "float64": 0.0,
    "string": "",
    "date": dt.date(1970, 1, 1),
    "timestamp": dt.datetime(1970, 1, 1),  # noqa: DTZ001 (timestamps have no zone)
    "null": True,
}

Wrapped = nw.DataFrame[Any] | nw.LazyFrame[Any]
"""A frame of any kind, as narwhals has it."""

Content = bool | int | float | str | dt.date | None


@dataclass(frozen=True, kw_only=True)
class Context:
    """Over what an expression is lowered: the schema, the kind of frame, and the rows whose value is asked for."""

    schema: Schema
    dialect: Dialect
    guard: nw.Expr | None = None
    columns: dict[tuple[DataType, str], tuple[str, Content]] = field(default_factory=dict)
    """Constants that stand in columns, by type and text: the name of the column, and the constant."""

    def guarded(self, expression: nw.Expr) -> nw.Expr:
        """Put null where the value is not asked for."""
        return expression if self.guard is None else nw.when(self.guard).then(expression)

    def within(self, condition: nw.Expr) -> Context:
        """Ask for fewer rows."""
        return replace(self, guard=condition if self.guard is None else self.guard & condition)

    def constant(self, content: Content, to: DataType) -> nw.Expr:
        """Return a constant as a value of a type."""
        if self.dialect.constant_columns:
            name = f"wayang constant {len(self.columns)}"
            return nw.col(self.columns.setdefault((to, repr(content)), (name, content))[0])
        if content is None:
            # A condition that is never true makes nulls of the right type and number.
            first = nw.col(self.schema.names[0]).is_null()
            return nw.when(first & ~first).then(scalar(_SAMPLES[to], to))
        return scalar(content, to)

    def completed(self, frame: Wrapped) -> Wrapped:
        """Return the frame with the constants that stand in columns."""
        if not self.columns:
            return frame
        import pyarrow as pa

        rows = len(cast("nw.DataFrame[Any]", frame))
        table = {
            name: pa.nulls(rows, _ARROW[to]()) if content is None else pa.repeat(pa.scalar(content, _ARROW[to]()), rows)
            for (to, _), (name, content) in self.columns.items()
        }
        added = self.dialect.from_arrow(pa.table(table))
        native = nw.to_native(frame)
        made = native.assign(**{name: added[name].set_axis(native.index) for name in added.columns})
        return cast("nw.DataFrame[Any]", nw.from_native(made))

    def null(self, to: DataType) -> nw.Expr:
        """Return null as a value of a type."""
        return self.constant(None, to)


def scalar(content: Content, to: DataType) -> nw.Expr:
    """Return a constant, which is not null, as the operand of an operation with a column."""
    made = nw.lit(content, None if to in ("date", "timestamp") else DTYPES[to])
    return made.cast(DTYPES[to]) if to in ("date", "timestamp") else made


def cast_column(column: nw.Expr, found: DataType, wanted: DataType, dialect: Dialect) -> nw.Expr:
    """Cast to a type that holds all values of the column's own."""
    if found == wanted:
        return column
    return dialect.widen(column) if (found, wanted) == ("int64", "float64") else column.cast(DTYPES[wanted])
