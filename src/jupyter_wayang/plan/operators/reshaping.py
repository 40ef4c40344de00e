"""Columns made of rows, and rows made of columns."""

from __future__ import annotations

from jupyter_wayang.errors import ExpressionTypeError, OperatorError
from jupyter_wayang.plan.expressions import (
    AGGREGATES,
    Aggregate,
    AnyExpression,
    Binary,
    Case,
    Cast,
    ColumnRef,
    IsNull,
    Literal,
    Named,
)
from jupyter_wayang.plan.operators.columns import Select
from jupyter_wayang.plan.operators.grouping import GroupBy
from jupyter_wayang.plan.operators.operator import Operator, Output, rows_in
from jupyter_wayang.plan.schema import Column, DataType, Schema, common_type
from jupyter_wayang.plan.types import item_of

__all__ = ["Explode", "Pivot", "Unpivot"]


class Pivot(Operator, frozen=True, kw_only=True, tag="pivot"):
    """Makes a column of every level of a column, out of the values of another.

    Rows that agree in all other columns become one, and their values are aggregated. The columns of a plan are known
    before it runs, so that the levels are a part of it; rows of other levels count nowhere.
    """

    on: str
    values: str
    function: str
    levels: tuple[Literal, ...]

    def __post_init__(self) -> None:
        if self.function not in AGGREGATES or AGGREGATES[self.function].least > 1:
            raise OperatorError(f"pivot() aggregates by one function, and {self.function} is none", found=self.function)
        if not self.levels:
            raise OperatorError("pivot() needs at least one level")

    def lowered(self, inputs: tuple[Schema, ...]) -> tuple[Operator, ...]:
        """Return the groups of the other columns, with a conditional aggregate for each level."""
        others = (name for name in inputs[0].names if name not in (self.on, self.values))
        keys = tuple(Named(name=name, expression=ColumnRef(name=name)) for name in others)
        return (GroupBy(keys=keys, aggregates=tuple(self._aggregate(level) for level in self.levels)),)

    def _aggregate(self, level: Literal) -> Named:
        on = ColumnRef(name=self.on)
        at: AnyExpression = IsNull(arg=on) if level.value is None else Binary(op="==", left=on, right=level)
        value = Case(condition=at, then=ColumnRef(name=self.values), otherwise=Literal.of(None))
        return Named(name=_spelled(level), expression=Aggregate(function=self.function, arg=value))

    def outputs(self, inputs: tuple[Output, ...]) -> tuple[Output, ...]:
        """Return the other columns, then one for each level."""
        schema = rows_in(self, inputs)
        on = schema[self.on].type
        schema[self.values]
        for level in self.levels:
            if common_type(on, level.type) is None:
                raise ExpressionTypeError(f"{self.on} is {on}, and the level {_spelled(level)} is {level.type}")
        return self.lowered((schema,))[0].outputs(inputs)

    def describe(self) -> str:
        """Return what becomes of what."""
        return f"{self.on}: {self.function}({self.values})"


def _spelled(level: Literal) -> str:
    if level.value is None:
        return "null"
    return str(level.value).lower() if isinstance(level.value, bool) else str(level.value)


class Unpivot(Operator, frozen=True, kw_only=True, tag="unpivot"):
    """Makes a row of every one of some columns: its name in one column, its value in another; nulls too."""

    columns: tuple[str, ...]
    name: str = "variable"
    value: str = "value"

    def parts(self, schema: Schema) -> tuple[Select, ...]:
        """Return a select for each column; the rows of all of them together are the result."""
        type_ = self._type(schema)
        others = tuple(
            Named(name=name, expression=ColumnRef(name=name)) for name in schema.names if name not in self.columns
        )
        return tuple(self._part(column, schema[column].type, type_, others) for column in self.columns)

    def _part(self, column: str, found: DataType, wanted: DataType, others: tuple[Named, ...]) -> Select:
        value: AnyExpression = ColumnRef(name=column)
        if found != wanted:
            value = Cast(arg=value, to=wanted)
        label = Named(name=self.name, expression=Literal.of(column))
        return Select(columns=(*others, label, Named(name=self.value, expression=value)))

    def _type(self, schema: Schema) -> DataType:
        first, *rest = self.columns
        common = schema[first].type
        for column in rest:
            both = common_type(common, schema[column].type)
            if both is None:
                raise ExpressionTypeError(
                    f"unpivot() makes one column of them, but {first} is {common} and {column} is {schema[column].type}",
                    hint="make them one type with cast() first",
                )
            common = both
        return common

    def outputs(self, inputs: tuple[Output, ...]) -> tuple[Output, ...]:
        """Return the other columns, the name and the value."""
        schema = rows_in(self, inputs)
        if not self.columns:
            raise OperatorError("unpivot() needs at least one column", hint="columns: " + ", ".join(schema.names))
        return self.parts(schema)[0].outputs(inputs)

    def describe(self) -> str:
        """Return the columns."""
        return ", ".join(self.columns)


class Explode(Operator, frozen=True, kw_only=True, tag="explode"):
    """Makes a row of every item of a list, in the place of the list; none of an empty list, and none of null."""

    column: str

    def outputs(self, inputs: tuple[Output, ...]) -> tuple[Output, ...]:
        """Return the schema of the input with the items in place of the lists."""
        schema = rows_in(self, inputs)
        item = item_of(schema[self.column].type)
        if item is None:
            raise ExpressionTypeError(
                f"explode() takes a column of lists, and {self.column} is {schema[self.column].type}", found=self.column
            )
        made = Column(name=self.column, type=item)
        return (Schema(columns=tuple(made if c.name == self.column else c for c in schema)),)

    def describe(self) -> str:
        """Return the column."""
        return self.column
