"""The type of an expression, which is inferred and never declared."""

from __future__ import annotations

from collections.abc import Callable
from functools import singledispatch

from jupyter_wayang.errors import ExpressionTypeError
from jupyter_wayang.plan.expressions.nodes import (
    WINDOW_AGGREGATES,
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
    Shift,
    Window,
)
from jupyter_wayang.plan.expressions.printing import text
from jupyter_wayang.plan.expressions.signatures import AGGREGATES, FUNCTIONS, RANKS
from jupyter_wayang.plan.schema import NUMERIC, DataType, Schema, common_type
from jupyter_wayang.plan.types import (
    MAX_PRECISION,
    Decimal,
    as_decimal,
    castable,
    decimal_of,
    decimal_type,
    is_numeric,
    item_of,
)

__all__ = ["digits_of", "type_of"]

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
    found = type_of(expression.arg, schema)
    return found if decimal_of(found) else _expect(expression.arg, schema, set(NUMERIC), "-")


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
        if common is None or item_of(common):
            raise _mixed(expression, left, right)
        return "bool"
    if common is None or not (is_numeric(common) or common == "null"):
        raise _mixed(expression, left, right)
    if decimal_of(common):
        return _exact(expression, left, right)
    return "float64" if op in ("/", "**") or common == "null" else common


def _exact(expression: Binary, left: DataType, right: DataType) -> DataType:
    """Return the type of arithmetic of decimals; see :mod:`jupyter_wayang.plan.types`."""
    op = expression.op
    if op in ("/", "**"):
        return "float64"
    if op in ("//", "%"):
        raise ExpressionTypeError(
            f"{op} does not go with decimals in {text(expression)}", found=op, hint="cast to float or int first"
        )
    a, b = digits_of(expression.left, left), digits_of(expression.right, right)
    scale = a.scale + b.scale if op == "*" else max(a.scale, b.scale)
    if scale > MAX_PRECISION:
        raise ExpressionTypeError(
            f"{text(expression)} would have {scale} digits after the point, and a decimal has {MAX_PRECISION}",
            hint="cast one of them to a decimal with fewer, or to float",
        )
    whole = a.precision + b.precision - scale if op == "*" else max(a.precision - a.scale, b.precision - b.scale) + 1
    return decimal_type(min(MAX_PRECISION, whole + scale), scale)


def digits_of(expression: AnyExpression, type_: DataType) -> Decimal:
    """Return the digits that an operand of exact arithmetic counts with: a constant integer has those that it needs."""
    if type_ == "int64":
        value = _constant(expression)
        return Decimal(19 if value is None else len(str(abs(value))), 0)
    return as_decimal(type_) or Decimal(1, 0)


_WHOLE: dict[str, Callable[[int, int], int]] = {"+": int.__add__, "-": int.__sub__, "*": int.__mul__}


def _constant(expression: AnyExpression) -> int | None:
    """Return the value of a constant integer, so that it counts the same before and after it is computed."""
    match expression:
        case Literal(value=int() as value, type="int64"):
            return value
        case Negate(arg=arg):
            inner = _constant(arg)
            return None if inner is None else -inner
        case Binary(op="+" | "-" | "*" | "//" | "%" as op, left=left, right=right):
            a, b = _constant(left), _constant(right)
            if a is None or b is None or (op in ("//", "%") and not b):
                return None
            value = a // b if op == "//" else a % b if op == "%" else _WHOLE[op](a, b)
            return value if -(2**63) <= value < 2**63 else None
    return None


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
    found = type_of(expression.arg, schema)
    if not castable(found, expression.to):
        raise ExpressionTypeError(
            f"{text(expression.arg)} is {found} and cannot be cast to {expression.to}", found=found
        )
    return expression.to


@_type_of.register
def _(expression: Call, schema: Schema) -> DataType:
    types = tuple(type_of(arg, schema) for arg in expression.args)
    result = FUNCTIONS[expression.function].types(types)
    if result is None:
        raise _not_taken(expression.function, types, expression)
    return result


@_type_of.register
def _(expression: Shift, schema: Schema) -> DataType:
    found = _expect(expression.arg, schema, {"date", "timestamp"}, "an interval")
    return "timestamp" if expression.microseconds or found == "timestamp" else "date"


@_type_of.register
def _(expression: Aggregate, schema: Schema) -> DataType:
    types = tuple(type_of(arg, schema) for arg in expression.args)
    result = AGGREGATES[expression.function].types(types)
    if result is None:
        raise _not_taken(expression.function, types, expression)
    return result


@_type_of.register
def _(expression: Window, schema: Schema) -> DataType:
    function = expression.function
    signature = RANKS.get(function) or WINDOW_AGGREGATES[function]
    if not expression.order and (function in RANKS or function in ("first", "last")):
        raise ExpressionTypeError(f"{function}() needs an order", hint=f"as in {signature.example}")
    for part in (*expression.partition, *expression.order):
        if item_of(type_of(part, schema)):
            raise ExpressionTypeError(f"{text(part)} is a list: rows are neither grouped nor ordered by lists")
    types = tuple(type_of(arg, schema) for arg in expression.args)
    result = signature.types(types)
    if result is None:
        raise _not_taken(function, types, expression)
    return result


def _not_taken(function: str, types: tuple[DataType, ...], where: Expression) -> ExpressionTypeError:
    return ExpressionTypeError(
        f"{function}() does not take {', '.join(types)} in {text(where)}", found=", ".join(types)
    )


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
        hint="date_diff(a, b) is the number of days between two dates"
        if {left, right} <= {"date", "timestamp"}
        else "make both one type with cast(…, …)",
    )
