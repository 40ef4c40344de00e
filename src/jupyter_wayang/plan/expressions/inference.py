"""The type of an expression, which is inferred and never declared."""

from __future__ import annotations

from functools import singledispatch

from jupyter_wayang.errors import ExpressionTypeError
from jupyter_wayang.plan.expressions.nodes import (
    Aggregate,
    AnyExpression,
    Binary,
    Call,
    Case,
    Cast,
    ColumnRef,
    Expression,
    IsIn,
    IsNull,
    Literal,
    Negate,
    Not,
)
from jupyter_wayang.plan.expressions.printing import text
from jupyter_wayang.plan.expressions.signatures import AGGREGATES, FUNCTIONS
from jupyter_wayang.plan.schema import NUMERIC, DataType, Schema, common_type

__all__ = ["type_of"]

_COMPARISON = {"==", "!=", "<", "<=", ">", ">="}


def type_of(expression: Expression, schema: Schema) -> DataType:
    """Infer the type of an expression over the columns of a schema.

    Raises
    ------
    ColumnError
        If a column is not there.
    ExpressionTypeError
        If the types do not go together; the message shows the part that fails.

    Examples
    --------
    >>> type_of(Binary(op="/", left=ColumnRef(name="a"), right=Literal.of(2)), Schema.of(a="int64"))
    'float64'
    """
    return _type_of(expression, schema)


@singledispatch
def _type_of(expression: Expression, schema: Schema) -> DataType:
    raise ExpressionTypeError(f"{type(expression).__name__} is not an expression")


@_type_of.register
def _(expression: ColumnRef, schema: Schema) -> DataType:
    return schema[expression.name].type


@_type_of.register
def _(expression: Literal, schema: Schema) -> DataType:
    return expression.type


@_type_of.register
def _(expression: Not, schema: Schema) -> DataType:
    _expect(expression.arg, schema, {"bool"}, "not")
    return "bool"


@_type_of.register
def _(expression: Negate, schema: Schema) -> DataType:
    return _expect(expression.arg, schema, set(NUMERIC), "-")


@_type_of.register
def _(expression: Binary, schema: Schema) -> DataType:
    op = expression.op
    if op in ("and", "or"):
        _expect(expression.left, schema, {"bool"}, op)
        _expect(expression.right, schema, {"bool"}, op)
        return "bool"
    left, right = type_of(expression.left, schema), type_of(expression.right, schema)
    common = common_type(left, right)
    if op in _COMPARISON:
        if common is None:
            raise _mixed(expression, left, right)
        return "bool"
    if common not in NUMERIC | {"null"}:
        raise _mixed(expression, left, right)
    return "float64" if op in ("/", "**") or common == "null" else common


@_type_of.register
def _(expression: IsNull, schema: Schema) -> DataType:
    type_of(expression.arg, schema)
    return "bool"


@_type_of.register
def _(expression: IsIn, schema: Schema) -> DataType:
    left = type_of(expression.arg, schema)
    for value in expression.values:
        if common_type(left, value.type) is None:
            raise ExpressionTypeError(
                f"{text(expression.arg)} is {left} and cannot be one of {text(value)}, a {value.type}"
            )
    return "bool"


@_type_of.register
def _(expression: Case, schema: Schema) -> DataType:
    _expect(expression.condition, schema, {"bool"}, "if")
    then, otherwise = type_of(expression.then, schema), type_of(expression.otherwise, schema)
    common = common_type(then, otherwise)
    if common is None:
        raise ExpressionTypeError(f"{text(expression)} would be {then} in one case and {otherwise} in the other")
    return common


@_type_of.register
def _(expression: Cast, schema: Schema) -> DataType:
    type_of(expression.arg, schema)
    return expression.to


@_type_of.register
def _(expression: Call, schema: Schema) -> DataType:
    types = tuple(type_of(arg, schema) for arg in expression.args)
    result = FUNCTIONS[expression.function].types(types)
    if result is None:
        raise ExpressionTypeError(f"{expression.function}() does not take {', '.join(types)} in {text(expression)}")
    return result


@_type_of.register
def _(expression: Aggregate, schema: Schema) -> DataType:
    inner = "int64" if expression.arg is None else type_of(expression.arg, schema)
    result = AGGREGATES[expression.function](inner)
    if result is None:
        raise ExpressionTypeError(f"{expression.function}() does not take {inner} in {text(expression)}")
    return result


def _expect(expression: AnyExpression, schema: Schema, wanted: set[str], where: str) -> DataType:
    found = type_of(expression, schema)
    if found not in wanted and found != "null":
        raise ExpressionTypeError(
            f"{where} needs {' or '.join(sorted(wanted))}, but {text(expression)} is {found}",
            found=found,
            expected=sorted(wanted),
        )
    return found


def _mixed(expression: Binary, left: str, right: str) -> ExpressionTypeError:
    return ExpressionTypeError(
        f"{expression.op} does not go between {text(expression.left)} ({left}) and {text(expression.right)} ({right})",
        found=f"{left} {expression.op} {right}",
        hint="make both one type with cast(…, …)",
    )
