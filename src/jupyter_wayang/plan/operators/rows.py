"""Rows: the operators that keep some of them, and those that order them."""

from __future__ import annotations

import msgspec

from jupyter_wayang.errors import ExpressionTypeError, OperatorError
from jupyter_wayang.plan.expressions import AnyExpression, ColumnRef, Named, text, type_of
from jupyter_wayang.plan.operators.grouping import GroupBy
from jupyter_wayang.plan.operators.operator import Operator, Output, comparable, ordered, rows_in, scalar
from jupyter_wayang.plan.schema import Schema

__all__ = ["Distinct", "Filter", "Limit", "Sort", "SortKey", "TopK"]


class Filter(Operator, frozen=True, kw_only=True, tag="filter"):
    """Keeps the rows where the condition is true; null is not."""

    condition: AnyExpression

    def outputs(self, inputs: tuple[Output, ...]) -> tuple[Output, ...]:
        """Return the schema of the input."""
        schema = rows_in(self, inputs)
        scalar(self.condition, "filter")
        found = type_of(self.condition, schema)
        if found not in ("bool", "null"):
            raise ExpressionTypeError(
                f"filter() needs a condition, but {text(self.condition)} is {found}", found=found, expected=("bool",)
            )
        return (schema,)

    def describe(self) -> str:
        """Return the condition."""
        return text(self.condition)


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
            scalar(key.expression, "sort")
            ordered(key.expression, schema, "sort")
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


class TopK(Operator, frozen=True, kw_only=True, tag="top_k"):
    """Keeps the first rows of an order. Rows with equal keys stay in their order, and the later ones are cut off."""

    rows: int
    keys: tuple[SortKey, ...]

    def __post_init__(self) -> None:
        if self.rows < 0:
            raise OperatorError("top_k() needs a number of rows of 0 or more", found=str(self.rows))
        if not self.keys:
            raise OperatorError("top_k() needs something to order by", hint="as in top_k(10, by=age)")

    def lowered(self, inputs: tuple[Schema, ...]) -> tuple[Operator, ...]:
        """Return a sort and a limit."""
        return (Sort(keys=self.keys), Limit(rows=self.rows))

    def outputs(self, inputs: tuple[Output, ...]) -> tuple[Output, ...]:
        """Return the schema of the input."""
        schema = rows_in(self, inputs)
        for key in self.keys:
            scalar(key.expression, "top_k")
            ordered(key.expression, schema, "top_k")
        return (schema,)

    def describe(self) -> str:
        """Return the number and the keys, with an arrow where the least come first."""
        keys = ", ".join(text(key.expression) + ("" if key.descending else " ↑") for key in self.keys)
        return f"{self.rows} by {keys}"


class Distinct(Operator, frozen=True, kw_only=True, tag="distinct"):
    """Keeps one of rows that are equal in every column; null equals null. With ``columns``, of these columns only."""

    columns: tuple[str, ...] = ()

    def lowered(self, inputs: tuple[Schema, ...]) -> tuple[Operator, ...]:
        """Return the groups of equal rows."""
        names = self.columns or inputs[0].names
        return (GroupBy(keys=tuple(Named(name=name, expression=ColumnRef(name=name)) for name in names)),)

    def outputs(self, inputs: tuple[Output, ...]) -> tuple[Output, ...]:
        """Return the columns that are compared."""
        schema = rows_in(self, inputs)
        made = Schema(columns=tuple(schema[name] for name in self.columns)) if self.columns else schema
        comparable(made, "distinct")
        return (made,)

    def describe(self) -> str:
        """Return the columns."""
        return ", ".join(self.columns)
