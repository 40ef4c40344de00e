"""What an expression is made of: its columns, its conjuncts, and the same with columns replaced."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from jupyter_wayang.plan.expressions.nodes import AnyExpression, Binary, ColumnRef, Expression, children

__all__ = ["columns_of", "conjuncts", "substitute"]


def columns_of(expression: Expression) -> tuple[str, ...]:
    """Return the names of the columns that an expression reads, each once, in order of first use.

    Examples
    --------
    >>> from jupyter_wayang.plan.expressions import Literal
    >>> columns_of(Binary(op=">", left=ColumnRef(name="age"), right=Literal.of(18)))
    ('age',)
    """
    return tuple(dict.fromkeys(_columns(expression)))


def _columns(expression: Expression) -> Iterator[str]:
    if isinstance(expression, ColumnRef):
        yield expression.name
    for child in children(expression):
        yield from _columns(child)


def conjuncts(expression: AnyExpression) -> tuple[AnyExpression, ...]:
    """Split a condition at its outer ``and``."""
    if isinstance(expression, Binary) and expression.op == "and":
        return conjuncts(expression.left) + conjuncts(expression.right)
    return (expression,)


def substitute(expression: AnyExpression, columns: dict[str, AnyExpression]) -> AnyExpression:
    """Replace references to columns by expressions.

    Examples
    --------
    >>> from jupyter_wayang.plan.expressions import Literal, text
    >>> text(substitute(ColumnRef(name="a"), {"a": Literal.of(1)}))
    '1'
    """
    if isinstance(expression, ColumnRef):
        return columns.get(expression.name, expression)
    changed: dict[str, object] = {}
    for name in expression.__struct_fields__:
        value = getattr(expression, name)
        if isinstance(value, Expression):
            changed[name] = substitute(value, columns)  # type: ignore[arg-type]
        elif isinstance(value, tuple):
            changed[name] = tuple(substitute(v, columns) if isinstance(v, Expression) else v for v in value)  # type: ignore[arg-type]
    return msgspec.structs.replace(expression, **changed) if changed else expression
