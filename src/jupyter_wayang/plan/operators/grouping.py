"""Groups of rows, and what is made of each."""

from __future__ import annotations

from jupyter_wayang.errors import OperatorError
from jupyter_wayang.plan.expressions import Aggregate, ColumnRef, Expression, Named, children, has_window, text
from jupyter_wayang.plan.operators.operator import Operator, Output, ordered, rows_in, scalar, typed

__all__ = ["GroupBy"]


class GroupBy(Operator, frozen=True, kw_only=True, tag="group_by"):
    """Aggregates groups of rows; without keys, all rows into one. Null is a group of its own.

    An aggregate column is an expression over :class:`~jupyter_wayang.plan.expressions.Aggregate` and constants, as in
    ``sum(x) / count()``. Groups come in no order. Keys alone make the different rows.
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
        if not self.keys and not self.aggregates:
            raise OperatorError("agg() needs at least one aggregate, as in agg(n=count())")
        for key in self.keys:
            scalar(key.expression, "group_by")
            ordered(key.expression, schema, "group_by")
        for column in self.aggregates:
            if has_window(column.expression):
                raise OperatorError(
                    f"{self.verb}() takes no window function: {text(column.expression)}",
                    hint="name it first: with_columns(place=rank().over(…));\n"
                    "rows have no order, so that first(price, day) and last(price, day) need to know by what",
                )
            loose = _outside(column.expression)
            if loose:
                raise OperatorError(
                    f"{column.name}={text(column.expression)} reads {loose[0]} outside of an aggregate",
                    hint=f"group by it, or aggregate it: max({loose[0]})",
                )
        return (typed(self.keys + self.aggregates, schema),)

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
