"""Over what expressions are lowered to narwhals: schema, kind of frame, the rows asked for, and added columns.

Only engines import this module. pandas has no constants that know null, so there a constant stands in a column of its
own, added to the frame before the expressions are computed. What narwhals cannot say (decimals, windows, patterns …) is
computed by Arrow over columns of the frame, and added to it in the same way (:meth:`Context.computed`).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING, Any, cast

import narwhals as nw

from jupyter_wayang.plan.rows import arrow_type
from jupyter_wayang.plan.schema import DataType, Schema
from jupyter_wayang.plan.types import decimal_of, item_of
from jupyter_wayang.platforms.relational.frames_dialects import Dialect

if TYPE_CHECKING:
    import pyarrow as pa

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


def _arrow(type_: DataType) -> pa.DataType:
    return arrow_type("bool" if type_ == "null" else type_)


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

Content = bool | int | float | str | dt.date | Decimal | None

Kernel = Callable[..., "pa.ChunkedArray"]
"""Makes a column of the columns of its arguments."""


@dataclass(frozen=True)
class Stage:
    """A column to add: what makes it, of which expressions, and the types of these."""

    name: str
    kernel: Kernel
    args: tuple[nw.Expr, ...]
    types: tuple[DataType, ...]


@dataclass(frozen=True, kw_only=True)
class Context:
    """Over what an expression is lowered: the schema, the kind of frame, and the rows whose value is asked for."""

    schema: Schema
    dialect: Dialect
    guard: nw.Expr | None = None
    columns: dict[tuple[DataType, str], tuple[str, Content]] = field(default_factory=dict)
    """Constants that stand in columns, by type and text: the name of the column, and the constant."""
    stages: list[Stage] = field(default_factory=list)
    """Columns that Arrow computes, in order."""

    def guarded(self, expression: nw.Expr) -> nw.Expr:
        """Put null where the value is not asked for."""
        return expression if self.guard is None else nw.when(self.guard).then(expression)

    def within(self, condition: nw.Expr) -> Context:
        """Ask for fewer rows."""
        return replace(self, guard=condition if self.guard is None else self.guard & condition)

    def constant(self, content: Content, to: DataType) -> nw.Expr:
        """Return a constant as a value of a type."""
        if self.dialect.constant_columns or decimal_of(to) or item_of(to):
            name = f"wayang constant {len(self.columns)}"
            return nw.col(self.columns.setdefault((to, repr(content)), (name, content))[0])
        if content is None:
            # A condition that is never true makes nulls of the right type and number.
            first = nw.col(self.schema.names[0]).is_null()
            return nw.when(first & ~first).then(scalar(_SAMPLES[to], to))
        return scalar(content, to)

    def computed(self, kernel: Kernel, *args: tuple[nw.Expr, DataType]) -> nw.Expr:
        """Return what Arrow computes of expressions; the number of rows comes first where there are none."""
        name = f"wayang computed {len(self.stages)}"
        self.stages.append(Stage(name, kernel, tuple(arg for arg, _ in args), tuple(type_ for _, type_ in args)))
        return nw.col(name)

    def cast(self, column: nw.Expr, found: DataType, wanted: DataType) -> nw.Expr:
        """Cast to a type that holds all values of the column's own."""
        if found != wanted and decimal_of(wanted):
            from jupyter_wayang.platforms.relational.arrow_functions import decimal_cast

            return self.computed(partial(decimal_cast, found=found, to=wanted), (column, found))
        return cast_column(column, found, wanted, self.dialect)

    @property
    def adds(self) -> bool:
        """Whether columns are added to the frame."""
        return bool(self.columns or self.stages)

    def completed(self, frame: Wrapped) -> Wrapped:
        """Return the frame with the columns that are added to it."""
        if not self.adds:
            return frame
        import pyarrow as pa

        eager = frame.collect() if isinstance(frame, nw.LazyFrame) else frame
        rows = len(eager)
        table = {
            name: pa.nulls(rows, _arrow(to)) if content is None else pa.repeat(pa.scalar(content, _arrow(to)), rows)
            for (to, _), (name, content) in self.columns.items()
        }
        if table:
            eager = self._attached(eager, pa.table(table))
        for stage in self.stages:
            made = stage.kernel(*self._arguments(stage, eager))
            eager = self._attached(eager, pa.table({stage.name: made}))
        return eager

    def _arguments(self, stage: Stage, frame: nw.DataFrame[Any]) -> list[pa.ChunkedArray]:
        names = [f"arg {index}" for index in range(len(stage.args))]
        # Constants have no length of their own.
        anchor = nw.col(self.schema.names[0]).is_null().alias("anchor")
        made = frame.select(anchor, *(arg.alias(name) for arg, name in zip(stage.args, names, strict=True))).to_arrow()
        columns = [made.column(name) for name in names]
        return [c.cast(_arrow(to)) for c, to in zip(columns, stage.types, strict=True)]

    def _attached(self, frame: nw.DataFrame[Any], added: pa.Table) -> nw.DataFrame[Any]:
        return cast("nw.DataFrame[Any]", nw.from_native(self.dialect.attached(nw.to_native(frame), added)))

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
