"""How much an operator computes of each row: the operations of its expressions, and those of them over decimals."""

from __future__ import annotations

from collections.abc import Iterator

from jupyter_wayang.plan.expressions import ColumnRef, Expression, Literal, Named, walk
from jupyter_wayang.plan.operators import AnyOperator, Impute, OneHot, Predict, Prepare, Scale, SortKey
from jupyter_wayang.plan.schema import Schema
from jupyter_wayang.plan.types import decimal_of

__all__ = ["operations"]

_LEARNED = (Impute, Scale, OneHot, Prepare, Predict)
_A_COLUMN = 4
"""Operations of a column where expressions are known only at run time: fill, convert, shift and scale it."""


def operations(operator: AnyOperator, inputs: tuple[Schema, ...]) -> tuple[int, int]:
    """Count the operations of a row: all but columns and constants.

    Returns
    -------
    tuple
        The number of operations, and the number of those that read decimals.

    Examples
    --------
    >>> from jupyter_wayang.plan.expressions import Binary
    >>> from jupyter_wayang.plan.operators import Select
    >>> schema = Schema.of(price="decimal(15, 2)", n="int64")
    >>> total = Binary(op="*", left=ColumnRef(name="price"), right=ColumnRef(name="n"))
    >>> operations(Select(columns=(Named(name="n", expression=ColumnRef(name="n")),)), (schema,))
    (0, 0)
    >>> operations(Select(columns=(Named(name="total", expression=total),)), (schema,))
    (1, 1)
    """
    if isinstance(operator, _LEARNED):
        return _A_COLUMN * sum(len(schema.names) for schema in inputs), 0
    found = [
        part for whole in _expressions(operator) for part in walk(whole) if not isinstance(part, ColumnRef | Literal)
    ]
    if len(inputs) != 1 or not any(decimal_of(column.type) for column in inputs[0]):
        return len(found), 0
    return len(found), sum(_exact(part, inputs[0]) for part in found)


def _expressions(operator: AnyOperator) -> Iterator[Expression]:
    for name in operator.__struct_fields__:
        value = getattr(operator, name)
        for item in value if isinstance(value, tuple) else (value,):
            if isinstance(item, Named | SortKey):
                yield item.expression
            elif isinstance(item, Expression):
                yield item


def _exact(part: Expression, schema: Schema) -> bool:
    read = (one.name for one in walk(part) if isinstance(one, ColumnRef))
    return any(decimal_of(schema[name].type) for name in read if name in schema)
