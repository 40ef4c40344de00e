"""Functions that every engine writes in its own way, as a text of its dialect with places for the operands."""

from __future__ import annotations

from functools import cache

import sqlglot
from sqlglot import exp

from jupyter_wayang.errors import PlatformError
from jupyter_wayang.platforms.relational.dialects import Dialect

__all__ = ["filled"]


def filled(dialect: Dialect, function: str, *operands: exp.Expr) -> exp.Expr:
    """Write a function of ``dialect.functions``.

    Raises
    ------
    PlatformError
        If the engine does not have it; platforms refuse such operators beforehand.

    Examples
    --------
    >>> from jupyter_wayang.platforms.relational.dialects import DIALECTS
    >>> filled(DIALECTS["duckdb"], "weekday", exp.column("day", quoted=True)).sql("duckdb")
    'ISODOW("day")'
    """
    if function not in dialect.functions:
        raise PlatformError(f"{function}() is not written in the SQL dialect {dialect.name}")

    def put(node: exp.Expr) -> exp.Expr:
        if isinstance(node, exp.Column) and node.name.startswith("__") and node.name[2:].isdigit():
            operand = operands[int(node.name[2:])].copy()
            inside = isinstance(node.parent, exp.Func | exp.Ordered) or node.parent is None
            return (
                operand
                if inside or not isinstance(operand, exp.Binary | exp.Not | exp.Neg)
                else exp.Paren(this=operand)
            )
        return node

    return _parsed(dialect.functions[function], dialect.name).copy().transform(put, copy=False)


@cache
def _parsed(template: str, dialect: str) -> exp.Expr:
    return sqlglot.parse_one(template, read=dialect)
