"""Rows and columns: the operators that every relational platform runs with one meaning."""

from __future__ import annotations

from typing import Literal

import msgspec

from jupyter_wayang.errors import ExpressionTypeError, OperatorError
from jupyter_wayang.plan.expressions import (
    Aggregate,
    AnyExpression,
    ColumnRef,
    Expression,
    Named,
    children,
    text,
    type_of,
    walk,
)
from jupyter_wayang.plan.operators.operator import Operator, Output, rows_in
from jupyter_wayang.plan.schema import Schema, common_type

__all__ = [
    "Drop",
    "Filter",
    "GroupBy",
    "Join",
    "JoinHow",
    "Limit",
    "Rename",
    "Select",
    "Sort",
    "SortKey",
    "Split",
    "WithColumns",
]

JoinHow = Literal["inner", "left", "full", "semi", "anti", "cross"]


def _scalar(expression: AnyExpression, where: str) -> None:
    if any(isinstance(part, Aggregate) for part in walk(expression)):
        raise OperatorError(
            f"{where}() takes no aggregates: {text(expression)}", hint="aggregate with .agg(…) or group_by(…).agg(…)"
        )


def _typed(columns: tuple[Named, ...], schema: Schema) -> Schema:
    return Schema.from_pairs((column.name, type_of(column.expression, schema)) for column in columns)


class Filter(Operator, frozen=True, kw_only=True, tag="filter"):
    """Keeps the rows where the condition is true; null is not."""

    condition: AnyExpression

    def outputs(self, inputs: tuple[Output, ...]) -> tuple[Output, ...]:
        """Return the schema of the input."""
        schema = rows_in(self, inputs)
        _scalar(self.condition, "filter")
        found = type_of(self.condition, schema)
        if found not in ("bool", "null"):
            raise ExpressionTypeError(
                f"filter() needs a condition, but {text(self.condition)} is {found}", found=found, expected=("bool",)
            )
        return (schema,)

    def describe(self) -> str:
        """Return the condition."""
        return text(self.condition)


class Select(Operator, frozen=True, kw_only=True, tag="select"):
    """Makes exactly these columns, in this order."""

    columns: tuple[Named, ...]

    def outputs(self, inputs: tuple[Output, ...]) -> tuple[Output, ...]:
        """Return the schema of the columns."""
        schema = rows_in(self, inputs)
        if not self.columns:
            raise OperatorError("select() needs at least one column", hint="columns: " + ", ".join(schema.names))
        for column in self.columns:
            _scalar(column.expression, "select")
        return (_typed(self.columns, schema),)

    def describe(self) -> str:
        """Return the names of the columns."""
        return ", ".join(column.name for column in self.columns)


class WithColumns(Operator, frozen=True, kw_only=True, tag="with_columns"):
    """Adds columns, or replaces those of the same name in their place."""

    columns: tuple[Named, ...]

    def projection(self, schema: Schema) -> tuple[Named, ...]:
        """Return all columns as expressions over the input."""
        made = {column.name: column for column in self.columns}
        kept = tuple(made.get(name, Named(name=name, expression=ColumnRef(name=name))) for name in schema.names)
        return kept + tuple(column for column in self.columns if column.name not in schema)

    def outputs(self, inputs: tuple[Output, ...]) -> tuple[Output, ...]:
        """Return the schema of the input with the columns added."""
        schema = rows_in(self, inputs)
        for column in self.columns:
            _scalar(column.expression, "with_columns")
        return (_typed(self.projection(schema), schema),)

    def describe(self) -> str:
        """Return the names of the columns."""
        return ", ".join(column.name for column in self.columns)


class Drop(Operator, frozen=True, kw_only=True, tag="drop"):
    """Leaves columns out."""

    columns: tuple[str, ...]

    def projection(self, schema: Schema) -> tuple[Named, ...]:
        """Return the columns that stay, as expressions over the input."""
        for name in self.columns:
            schema[name]
        kept = [name for name in schema.names if name not in self.columns]
        if not kept:
            raise OperatorError("drop() would leave no column")
        return tuple(Named(name=name, expression=ColumnRef(name=name)) for name in kept)

    def outputs(self, inputs: tuple[Output, ...]) -> tuple[Output, ...]:
        """Return the schema without the columns."""
        schema = rows_in(self, inputs)
        return (_typed(self.projection(schema), schema),)

    def describe(self) -> str:
        """Return the names of the columns."""
        return ", ".join(self.columns)


class Rename(Operator, frozen=True, kw_only=True, tag="rename"):
    """Gives columns new names: pairs of (old, new)."""

    names: tuple[tuple[str, str], ...]

    def projection(self, schema: Schema) -> tuple[Named, ...]:
        """Return all columns as expressions over the input."""
        new = dict(self.names)
        for old in new:
            schema[old]
        return tuple(Named(name=new.get(name, name), expression=ColumnRef(name=name)) for name in schema.names)

    def outputs(self, inputs: tuple[Output, ...]) -> tuple[Output, ...]:
        """Return the schema with the new names."""
        schema = rows_in(self, inputs)
        return (_typed(self.projection(schema), schema),)

    def describe(self) -> str:
        """Return old and new names."""
        return ", ".join(f"{old} → {new}" for old, new in self.names)


class GroupBy(Operator, frozen=True, kw_only=True, tag="group_by"):
    """Aggregates groups of rows; without keys, all rows into one. Null is a group of its own.

    An aggregate column is an expression over :class:`~jupyter_wayang.plan.expressions.Aggregate` and constants, as in
    ``sum(x) / count()``. Groups come in no order.
    """

    keys: tuple[Named, ...] = ()
    aggregates: tuple[Named, ...] = ()

    @property
    def verb(self) -> str:
        """The word of the cell language."""
        return "group_by" if self.keys else "agg"

    def outputs(self, inputs: tuple[Output, ...]) -> tuple[Output, ...]:
        """Return keys, then aggregates."""
        schema = rows_in(self, inputs)
        if not self.aggregates:
            raise OperatorError("agg() needs at least one aggregate, as in agg(n=count())")
        for key in self.keys:
            _scalar(key.expression, "group_by")
        for column in self.aggregates:
            loose = _outside(column.expression)
            if loose:
                raise OperatorError(
                    f"{column.name}={text(column.expression)} reads {loose[0]} outside of an aggregate",
                    hint=f"group by it, or aggregate it: max({loose[0]})",
                )
        return (_typed(self.keys + self.aggregates, schema),)

    def describe(self) -> str:
        """Return keys and aggregates."""
        made = ", ".join(f"{column.name}={text(column.expression)}" for column in self.aggregates)
        keys = ", ".join(key.name for key in self.keys)
        return f"{keys}: {made}" if keys else made


def _outside(expression: Expression) -> tuple[str, ...]:
    """Return the columns that are read outside of an aggregate."""
    if isinstance(expression, Aggregate):
        return ()
    if isinstance(expression, ColumnRef):
        return (expression.name,)
    return tuple(name for child in children(expression) for name in _outside(child))


class Join(Operator, frozen=True, kw_only=True, tag="join"):
    """Joins two collections on equal keys; null keys match nothing.

    ``on`` has pairs of (left, right) column names; it is empty for ``cross`` only. A right key is left out of the
    result, other right columns whose name is taken get the suffix. In a full join the key is that of whichever side
    has the row.
    """

    on: tuple[tuple[str, str], ...]
    how: JoinHow = "inner"
    suffix: str = "_right"

    def right_names(self, left: Schema, right: Schema) -> tuple[tuple[str, str], ...]:
        """Return (name in the right input, name in the result) of the right columns that the result has."""
        if self.how in ("semi", "anti"):
            return ()
        keys = {name for _, name in self.on}
        return tuple((c.name, c.name + self.suffix if c.name in left else c.name) for c in right if c.name not in keys)

    def outputs(self, inputs: tuple[Output, ...]) -> tuple[Output, ...]:
        """Return the left columns, then the right ones."""
        left, right = rows_in(self, inputs, 0), rows_in(self, inputs, 1)
        if (self.how == "cross") == bool(self.on):
            raise OperatorError("a cross join takes no keys" if self.on else f"a {self.how} join needs keys: on=…")
        for ours, theirs in self.on:
            first, second = left[ours].type, right[theirs].type
            if common_type(first, second) is None:
                raise ExpressionTypeError(
                    f"{ours} is {first} and {theirs} is {second}: they cannot be equal",
                    hint="make both one type with cast()",
                )
        added = [(new, right[old].type) for old, new in self.right_names(left, right)]
        return (Schema.from_pairs([(c.name, c.type) for c in left] + added),)

    def describe(self) -> str:
        """Return kind and keys."""
        keys = ", ".join(a if a == b else f"{a} = {b}" for a, b in self.on)
        return keys if self.how == "inner" else f"{self.how} {keys}".strip()


class SortKey(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What to sort by, and whether from high to low. Nulls come last both ways."""

    expression: AnyExpression
    descending: bool = False


class Sort(Operator, frozen=True, kw_only=True, tag="sort"):
    """Orders rows, stable; nulls last; text by code point."""

    keys: tuple[SortKey, ...]

    def outputs(self, inputs: tuple[Output, ...]) -> tuple[Output, ...]:
        """Return the schema of the input."""
        schema = rows_in(self, inputs)
        if not self.keys:
            raise OperatorError("sort() needs at least one column", hint="columns: " + ", ".join(schema.names))
        for key in self.keys:
            _scalar(key.expression, "sort")
            type_of(key.expression, schema)
        return (schema,)

    def describe(self) -> str:
        """Return the keys, with an arrow where descending."""
        return ", ".join(text(key.expression) + (" ↓" if key.descending else "") for key in self.keys)


class Limit(Operator, frozen=True, kw_only=True, tag="limit"):
    """Keeps the first rows."""

    rows: int

    def __post_init__(self) -> None:
        if self.rows < 0:
            raise OperatorError("limit() needs a number of rows of 0 or more", found=str(self.rows))

    def outputs(self, inputs: tuple[Output, ...]) -> tuple[Output, ...]:
        """Return the schema of the input."""
        return (rows_in(self, inputs),)

    def describe(self) -> str:
        """Return the number of rows."""
        return str(self.rows)


class Split(Operator, frozen=True, kw_only=True, tag="split"):
    """Cuts a collection in two, the first with ``fraction`` of the rows of every stratum.

    The same rows on every platform: rows are sorted by all columns, permuted by (seed, site), and cut per stratum
    (:mod:`jupyter_wayang.platforms.relational.split`).
    """

    fraction: float
    seed: int = 0
    by: tuple[AnyExpression, ...] = ()

    def __post_init__(self) -> None:
        if not 0 < self.fraction < 1:
            raise OperatorError(
                "split() needs a fraction between 0 and 1", found=str(self.fraction), hint="as in split(0.8)"
            )

    def outputs(self, inputs: tuple[Output, ...]) -> tuple[Output, ...]:
        """Return the schema of the input, twice."""
        schema = rows_in(self, inputs)
        for expression in self.by:
            _scalar(expression, "split")
            type_of(expression, schema)
        return (schema, schema)

    def describe(self) -> str:
        """Return fraction and strata."""
        by = ", ".join(text(expression) for expression in self.by)
        return f"{self.fraction:g}" + (f" by {by}" if by else "")
