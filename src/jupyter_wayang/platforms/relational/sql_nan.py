"""Where NaN can arise, which becomes null wherever a value leaves arithmetic."""

from __future__ import annotations

import math

from jupyter_wayang.plan.expressions import Aggregate, Binary, Cast, Expression, Literal, Negate, Window, type_of
from jupyter_wayang.plan.schema import Schema

__all__ = ["may_be_nan", "may_be_zero"]


def _may_be_infinite(expression: Expression, schema: Schema) -> bool:
    if isinstance(expression, Literal):
        return isinstance(expression.value, float) and math.isinf(expression.value)
    return type_of(expression, schema) == "float64" and not (
        isinstance(expression, Cast) and type_of(expression.arg, schema) in ("int64", "bool")
    )


def may_be_zero(expression: Expression) -> bool:
    """Tell whether an operand can be zero; a constant is known."""
    return not (isinstance(expression, Literal) and expression.value and float(expression.value))


def may_be_nan(expression: Expression, schema: Schema) -> bool:
    """Tell whether an expression over values without NaN can be NaN, from its form alone."""
    match expression:
        case Binary(op="**", right=right):
            whole = (
                isinstance(right, Literal) and isinstance(right.value, (int, float)) and float(right.value).is_integer()
            )
            return not whole
        case Binary(op=("+" | "-" | "*" | "/" | "//" | "%") as op, left=left, right=right):
            if type_of(expression, schema) != "float64":
                return False
            if may_be_nan(left, schema) or may_be_nan(right, schema):
                return True
            first, second = _may_be_infinite(left, schema), _may_be_infinite(right, schema)
            if op == "*":
                return (first and may_be_zero(right)) or (second and may_be_zero(left))
            return first or second if op == "%" else first and second
        case Negate(arg=arg):
            return may_be_nan(arg, schema)
        case Cast(arg=arg, to="float64"):
            return type_of(arg, schema) == "string"
        case Aggregate(function="corr" | "cov" | "quantile" | "median"):
            return True
        case Aggregate(function="sum" | "mean" | "var" | "std", arg=arg):
            return arg is not None and type_of(arg, schema) == "float64"
        case Window(function="sum" | "mean" | "var" | "std" | "cum_sum"):
            return type_of(expression, schema) == "float64"
    return False
