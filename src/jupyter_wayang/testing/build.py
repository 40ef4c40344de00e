"""Short words to write expressions in a table of cases."""

from __future__ import annotations

from typing import Any

from jupyter_wayang.plan.expressions import (
    Aggregate,
    AnyExpression,
    Binary,
    Call,
    Cast,
    ColumnRef,
    Literal,
    Named,
)
from jupyter_wayang.plan.operators import Select
from jupyter_wayang.plan.schema import DataType

__all__ = ["agg", "c", "call", "cast", "date", "named", "op", "part", "s", "select", "timestamp"]


def c(name: str) -> ColumnRef:
    """Read a column."""
    return ColumnRef(name=name)


def part(value: Any) -> AnyExpression:
    """Take an expression as it is, a name as a column, another value as a literal."""
    if isinstance(value, str):
        return c(value)
    return value if hasattr(value, "__struct_fields__") else Literal.of(value)


def s(value: str) -> Literal:
    """Write a text."""
    return Literal.of(value)


def date(value: str) -> Literal:
    """Write a date."""
    return Literal(value=value, type="date")


def timestamp(value: str) -> Literal:
    """Write a timestamp."""
    return Literal(value=value, type="timestamp")


def op(left: Any, sign: str, right: Any) -> Binary:
    """Combine two operands."""
    return Binary(op=sign, left=part(left), right=part(right))  # type: ignore[arg-type]


def call(function: str, *args: Any) -> Call:
    """Call a function."""
    return Call(function=function, args=tuple(part(arg) for arg in args))


def cast(arg: Any, to: DataType) -> Cast:
    """Cast an operand."""
    return Cast(arg=part(arg), to=to)


def agg(function: str, arg: Any = None) -> Aggregate:
    """Aggregate an operand."""
    return Aggregate(function=function, arg=None if arg is None else part(arg))


def named(**columns: Any) -> tuple[Named, ...]:
    """Name expressions."""
    return tuple(Named(name=name, expression=part(value)) for name, value in columns.items())


def select(**columns: Any) -> Select:
    """Make columns."""
    return Select(columns=named(**columns))
