"""Columns: the operators that make, keep, leave out and name them, one row of a row."""

from __future__ import annotations

from jupyter_wayang.errors import OperatorError
from jupyter_wayang.plan.expressions import ColumnRef, Named
from jupyter_wayang.plan.operators.operator import Operator, Output, rows_in, scalar, typed
from jupyter_wayang.plan.schema import Schema

__all__ = ["Drop", "Rename", "Select", "WithColumns"]


class Select(Operator, frozen=True, kw_only=True, tag="select"):
    """Makes exactly these columns, in this order."""

    columns: tuple[Named, ...]

    def outputs(self, inputs: tuple[Output, ...]) -> tuple[Output, ...]:
        """Return the schema of the columns."""
        schema = rows_in(self, inputs)
        if not self.columns:
            raise OperatorError("select() needs at least one column", hint="columns: " + ", ".join(schema.names))
        for column in self.columns:
            scalar(column.expression, "select")
        return (typed(self.columns, schema),)

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

    def lowered(self, inputs: tuple[Schema, ...]) -> tuple[Operator, ...]:
        """Return a select of all columns."""
        return (Select(columns=self.projection(inputs[0])),)

    def outputs(self, inputs: tuple[Output, ...]) -> tuple[Output, ...]:
        """Return the schema of the input with the columns added."""
        schema = rows_in(self, inputs)
        for column in self.columns:
            scalar(column.expression, "with_columns")
        return (typed(self.projection(schema), schema),)

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

    def lowered(self, inputs: tuple[Schema, ...]) -> tuple[Operator, ...]:
        """Return a select of all columns."""
        return (Select(columns=self.projection(inputs[0])),)

    def outputs(self, inputs: tuple[Output, ...]) -> tuple[Output, ...]:
        """Return the schema without the columns."""
        schema = rows_in(self, inputs)
        return (typed(self.projection(schema), schema),)

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

    def lowered(self, inputs: tuple[Schema, ...]) -> tuple[Operator, ...]:
        """Return a select of all columns."""
        return (Select(columns=self.projection(inputs[0])),)

    def outputs(self, inputs: tuple[Output, ...]) -> tuple[Output, ...]:
        """Return the schema with the new names."""
        schema = rows_in(self, inputs)
        return (typed(self.projection(schema), schema),)

    def describe(self) -> str:
        """Return old and new names."""
        return ", ".join(f"{old} → {new}" for old, new in self.names)
