"""Windows whose value depends on which of two equal rows comes first, with an order that leaves no choice."""

from __future__ import annotations

import msgspec

from jupyter_wayang.plan.expressions.nodes import AnyExpression, ColumnRef, Expression, Named, Window
from jupyter_wayang.plan.schema import Schema
from jupyter_wayang.plan.types import item_of

__all__ = ["settled", "settled_columns"]

_BY_PLACE = frozenset({"row_number", "lag", "lead", "first", "last"})


def settled(expression: AnyExpression, schema: Schema) -> AnyExpression:
    """Return the expression with the other columns of the rows added to the order of windows that go by place.

    Rows that are equal in all columns are then interchangeable, so that every platform numbers alike.

    Examples
    --------
    >>> from jupyter_wayang.plan.expressions import text
    >>> place = Window(function="row_number", order=(ColumnRef(name="age"),), descending=(True,))
    >>> text(settled(place, Schema.of(age="int64", name="string")))
    'row_number().over(order_by=[age, name], descending=[true, false])'
    """
    if isinstance(expression, Window):
        if expression.function not in _BY_PLACE or not expression.order:
            return expression
        given = {*expression.order, *expression.partition}
        others = tuple(
            ColumnRef(name=column.name)
            for column in schema
            if not item_of(column.type) and ColumnRef(name=column.name) not in given
        )
        return msgspec.structs.replace(
            expression,
            order=(*expression.order, *others),
            descending=(*expression.descending, *(False for _ in others)),
        )
    changed: dict[str, object] = {}
    for field in expression.__struct_fields__:
        value = getattr(expression, field)
        if isinstance(value, Expression):
            changed[field] = settled(value, schema)  # type: ignore[arg-type]
        elif isinstance(value, tuple):
            changed[field] = tuple(settled(v, schema) if isinstance(v, Expression) else v for v in value)  # type: ignore[arg-type]
    return msgspec.structs.replace(expression, **changed) if changed else expression


def settled_columns(columns: tuple[Named, ...], schema: Schema) -> tuple[Named, ...]:
    """Return columns with the order of their windows settled."""
    return tuple(Named(name=column.name, expression=settled(column.expression, schema)) for column in columns)
