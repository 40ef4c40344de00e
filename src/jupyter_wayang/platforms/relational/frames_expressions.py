"""Expressions as narwhals expressions, with the one meaning that all platforms share.

Only engines import this module. A part that can fail (integer arithmetic, a cast) is given null in the rows where the
branch of a condition that it stands in is not taken, so that it fails only where its value is asked for.
"""

from __future__ import annotations

import datetime as dt
import operator as operators
from collections.abc import Callable
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING

import narwhals as nw

from jupyter_wayang.errors import ExpressionTypeError, OperatorError
from jupyter_wayang.plan.expressions import (
    AnyExpression,
    Binary,
    Call,
    Case,
    Cast,
    ColumnRef,
    IsIn,
    IsNull,
    Literal,
    Negate,
    Not,
    Shift,
    Window,
    columns_of,
    text,
    type_of,
    walk,
)
from jupyter_wayang.plan.expressions.derived import expanded, moved_constant
from jupyter_wayang.plan.expressions.inference import digits_of
from jupyter_wayang.plan.schema import DataType, Schema, common_type
from jupyter_wayang.plan.types import decimal_of, decimal_type
from jupyter_wayang.platforms.relational import arrow_functions as arrow
from jupyter_wayang.platforms.relational.frames_calls import STAGED, called
from jupyter_wayang.platforms.relational.frames_context import DTYPES, Content, Context, scalar
from jupyter_wayang.platforms.relational.frames_dialects import ARITHMETIC

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["can_fail", "value"]

_COMPARE: dict[str, Callable[[nw.Expr, nw.Expr], nw.Expr]] = {
    "==": operators.eq,
    "!=": operators.ne,
    "<": operators.lt,
    "<=": operators.le,
    ">": operators.gt,
    ">=": operators.ge,
}


def _operand(expression: AnyExpression, other: AnyExpression, context: Context, to: DataType) -> nw.Expr:
    """Lower one side of an operation: beside columns a constant needs no column."""
    if isinstance(expression, Literal) and expression.value is not None and columns_of(other):
        if not decimal_of(to):
            return scalar(_content(expression, to), to)
        if not context.dialect.constant_columns:
            return nw.lit(_content(expression, to))
    return value(expression, context, to)


def can_fail(expression: AnyExpression, schema: Schema) -> bool:
    """Tell whether an expression can fail on some rows."""
    for part in walk(expression):
        if isinstance(part, Shift) and moved_constant(part) is not None:
            continue
        if isinstance(part, Window | Shift) or (isinstance(part, Call) and part.function in STAGED):
            return True
        if isinstance(part, Cast):
            if _cast_can_fail(type_of(part.arg, schema), part.to):
                return True
        elif isinstance(part, Binary | Negate | Call):
            made = type_of(part, schema)
            if made == "int64" or decimal_of(made):
                return True
    return False


def _cast_can_fail(found: DataType, to: DataType) -> bool:
    if decimal_of(found) or decimal_of(to):
        return found != to
    return found == "string" or (found, to) == ("float64", "int64")


def value(expression: AnyExpression, context: Context, to: DataType | None = None) -> nw.Expr:
    """Lower an expression: NaN is null, and the type is the inferred one or ``to``, a type that holds it.

    Raises
    ------
    PlatformError
        If the frames cannot compute a part; platforms refuse such operators beforehand.
    """
    found = type_of(expression, context.schema)
    wanted = found if to is None or to == "null" else to
    if found == "null":
        return context.null(wanted)
    made = _lower(expression, context)
    if found == "float64" and _makes_nan(expression):
        made = nw.when(~made.is_nan()).then(made)
    return context.cast(made, found, wanted)


def _makes_nan(expression: AnyExpression) -> bool:
    match expression:
        case Binary() | Negate() | Cast():
            return True
        case Call(function=function):
            return function in {"exp", "round", "floor", "ceil", "abs"}
        case _:
            return False


def _lower(expression: AnyExpression, context: Context) -> nw.Expr:
    """Lower an expression whose type is not null; floats may be NaN where :func:`value` would make null of them."""
    match expression:
        case ColumnRef(name=name):
            return nw.col(name)
        case Literal(type=kind):
            return context.constant(None if expression.value is None else _content(expression, kind), kind)
        case Not(arg=arg):
            return ~value(arg, context, "bool")
        case IsNull(arg=arg):
            return value(arg, context).is_null()
        case Negate(arg=arg):
            return _negate(arg, context)
        case Binary(op=op):
            if op in ("and", "or"):
                left, right = value(expression.left, context, "bool"), value(expression.right, context, "bool")
                return left & right if op == "and" else left | right
            return _compare(expression, context) if op in _COMPARE else _arithmetic(expression, context)
        case IsIn():
            return _is_in(expression, context)
        case Case():
            return _case(expression, context)
        case Cast(arg=arg, to=to):
            return _cast(expression, arg, to, context)
        case Shift(arg=arg):
            constant = moved_constant(expression)
            return _shift(expression, arg, context) if constant is None else value(constant, context)
        case Window():
            return _window(expression, context)
        case Call():
            simpler = expanded(expression, context.schema)
            return _call(expression, context) if simpler is expression else value(simpler, context)
        case _:
            raise ExpressionTypeError(f"{text(expression)} stands outside of an aggregation")


def _number(expression: AnyExpression, context: Context, other: AnyExpression | None = None) -> nw.Expr:
    """Lower an operand of float arithmetic: NaN runs through it."""
    if isinstance(expression, Literal) and expression.value is not None:
        scalar_does = other is not None and columns_of(other)
        content = _content(expression, "float64")
        return scalar(content, "float64") if scalar_does else context.constant(content, "float64")
    found = type_of(expression, context.schema)
    if found == "null":
        return context.null("float64")
    return context.cast(_lower(expression, context), found, "float64")


def _content(expression: Literal, to: DataType) -> Content:
    """Return a constant, which is not null, as the value of a type that holds it."""
    content = expression.value
    digits = decimal_of(to)
    if digits:
        return Decimal(str(content)).quantize(Decimal(1).scaleb(-digits.scale))
    if to not in ("date", "timestamp"):
        return float(content or 0.0) if to == "float64" else content
    try:
        return dt.date.fromisoformat(str(content)) if to == "date" else _naive(str(content))
    except ValueError as error:
        raise OperatorError(
            f"{content} is no {to}", hint='write it as "2024-01-31" or "2024-01-31 12:30:00"'
        ) from error


def _naive(content: str) -> dt.datetime:
    moment = dt.datetime.fromisoformat(content)
    return moment if moment.tzinfo is None else moment.astimezone(dt.UTC).replace(tzinfo=None)


def _negate(arg: AnyExpression, context: Context) -> nw.Expr:
    found = type_of(arg, context.schema)
    if decimal_of(found):
        return context.computed(arrow.negative, (_lower(arg, context), found))
    if type_of(arg, context.schema) != "int64":
        return -_number(arg, context)
    return context.dialect.exact("-", scalar(0, "int64"), context.guarded(_lower(arg, context)))


def _compare(expression: Binary, context: Context) -> nw.Expr:
    left, right = type_of(expression.left, context.schema), type_of(expression.right, context.schema)
    common = common_type(left, right) or left
    if "null" in (left, right):
        return context.null("bool")
    first = _operand(expression.left, expression.right, context, common)
    return _COMPARE[expression.op](first, _operand(expression.right, expression.left, context, common))


def _arithmetic(expression: Binary, context: Context) -> nw.Expr:
    to = type_of(expression, context.schema)
    if decimal_of(to):
        return _exact(expression, to, context)
    types = {type_of(side, context.schema) for side in (expression.left, expression.right)}
    if types == {"int64"} and expression.op not in ("/", "**"):
        left = _operand(expression.left, expression.right, context, "int64")
        right = _operand(expression.right, expression.left, context, "int64")
        # One null operand is enough, and a constant cannot be null everywhere.
        if isinstance(expression.left, Literal):
            return _integers(expression, left, context.guarded(right), context)
        return _integers(expression, context.guarded(left), right, context)
    x = _number(expression.left, context, expression.right)
    y = _number(expression.right, context, expression.left)
    match expression.op:
        case "**":
            return x**y
        case "/":
            return x / _divisor(expression.right, x, y, context)
        case "//":
            return _floored(x / _divisor(expression.right, x, y, context))
        case "%":
            return x - y * _floored(x / _divisor(expression.right, x, y, context))
        case op:
            made: nw.Expr = ARITHMETIC[op](x, y)
            return made


def _exact(expression: Binary, to: DataType, context: Context) -> nw.Expr:
    sides = []
    for side in (expression.left, expression.right):
        digits = digits_of(side, type_of(side, context.schema))
        as_decimal = decimal_type(digits.precision, digits.scale)
        sides.append((context.guarded(value(side, context, as_decimal)), as_decimal))
    return context.computed(partial(arrow.exact, expression.op, to=to), *sides)


def _shift(expression: Shift, arg: AnyExpression, context: Context) -> nw.Expr:
    found, to = type_of(arg, context.schema), type_of(expression, context.schema)
    if found == "null":
        return context.null(to)
    parts = {"months": expression.months, "days": expression.days, "microseconds": expression.microseconds}
    return context.computed(partial(arrow.shifted, to=to, **parts), (value(arg, context), found))


def _window(expression: Window, context: Context) -> nw.Expr:
    from jupyter_wayang.platforms.relational.windows import windowed

    to = type_of(expression, context.schema)
    args = [(arg, to if expression.function in ("lag", "lead") else None) for arg in expression.args[:1]]
    columns = [*args, *((part, None) for part in (*expression.partition, *expression.order))]
    made = [(value(part, context, wanted), wanted or type_of(part, context.schema)) for part, wanted in columns]
    # The rows are counted by a column that is always there.
    counted = (nw.col(context.schema.names[0]).is_null(), "bool")

    def kernel(rows: pa.ChunkedArray, *held: pa.ChunkedArray) -> pa.ChunkedArray:
        return windowed(expression, to, list(held), len(rows))

    return context.computed(kernel, counted, *made)


def _divisor(expression: AnyExpression, x: nw.Expr, y: nw.Expr, context: Context) -> nw.Expr:
    if isinstance(expression, Literal) and expression.value and float(expression.value):
        # polars multiplies by the reciprocal of a literal, which is off in the last digit; by a column it divides.
        return y if context.dialect.constant_columns else nw.when(~x.is_null()).then(y)
    return nw.when(y != 0.0).then(y)


def _floored(z: nw.Expr) -> nw.Expr:
    finite = nw.when(~z.is_nan()).then(z)
    return finite.floor()


def _integers(expression: Binary, a: nw.Expr, b: nw.Expr, context: Context) -> nw.Expr:
    exact = context.dialect.exact
    if expression.op in ARITHMETIC:
        return exact(expression.op, a, b)
    if isinstance(expression.right, Literal) and expression.right.value == 0:
        return context.null("int64")
    if isinstance(expression.right, Literal) and expression.right.value == -1:
        return exact("-", scalar(0, "int64"), a) if expression.op == "//" else exact("-", a, a)
    # The least integer divided by -1 does not fit, and no engine says so in the same way.
    safe = b if isinstance(expression.right, Literal) else nw.when((b != 0) & (b != -1)).then(b)
    quotient = a // safe
    if expression.op == "//":
        if safe is b:
            return quotient
        opposite = exact("-", scalar(0, "int64"), nw.when(b == -1).then(a))
        return nw.when(b == -1).then(opposite).otherwise(quotient)
    # Where the signs differ the floored quotient times b can be below the least integer; one more is not.
    differ = ((a < 0) & (safe > 0)) | ((a > 0) & (safe < 0))
    up = nw.when(differ).then(context.constant(1, "int64")).otherwise(context.constant(0, "int64"))
    remainder = a - (quotient + up) * safe + up * safe
    if safe is b:
        return remainder
    return nw.when((b == -1) & ~a.is_null()).then(context.constant(0, "int64")).otherwise(remainder)


def _is_in(expression: IsIn, context: Context) -> nw.Expr:
    found = type_of(expression.arg, context.schema)
    if found == "null":
        return context.null("bool")
    known = [item for item in expression.values if item.value is not None]
    common: DataType = found
    for item in known:
        common = common_type(common, item.type) or common
    arg = value(expression.arg, context, common)
    if not known:
        return nw.when(~arg.is_null()).then(context.constant(False, "bool"))
    if common in ("date", "timestamp") or decimal_of(common):
        hit = arg == _operand(known[0], expression.arg, context, common)
        for item in known[1:]:
            hit = hit | (arg == _operand(item, expression.arg, context, common))
    else:
        contents = [float(item.value or 0) if common == "float64" else item.value for item in known]
        hit = nw.when(~arg.is_null()).then(arg.is_in(contents))
    return hit


def _case(expression: Case, context: Context) -> nw.Expr:
    common = type_of(expression, context.schema)
    condition = value(expression.condition, context, "bool")
    then, otherwise = context, context
    if can_fail(expression.then, context.schema) or can_fail(expression.otherwise, context.schema):
        taken = nw.when(condition).then(context.constant(True, "bool")).otherwise(context.constant(False, "bool"))
        then, otherwise = context.within(taken), context.within(~taken)
    return (
        nw.when(condition)
        .then(value(expression.then, then, common))
        .otherwise(value(expression.otherwise, otherwise, common))
    )


def _cast(expression: Cast, arg: AnyExpression, to: DataType, context: Context) -> nw.Expr:
    found = type_of(arg, context.schema)
    if found == "null":
        return context.null(to)
    simpler = expanded(expression, context.schema)
    if simpler is not expression:
        return value(simpler, context)
    made = value(arg, context)
    if found == to:
        return made
    if _cast_can_fail(found, to):
        made = context.guarded(made)
    if decimal_of(found) or decimal_of(to):
        return (
            context.cast(made, found, to)
            if decimal_of(to) or to == "float64"
            else context.computed(partial(arrow.decimal_cast, found=found, to=to), (made, found))
        )
    match found, to:
        case (("int64" | "float64"), "bool"):
            return made != (0 if found == "int64" else 0.0)
        case "int64", "float64":
            return context.dialect.widen(made)
        case "float64", "int64":
            return nw.when(made < 0.0).then(made.ceil()).otherwise(made.floor()).cast(nw.Int64())
        case "float64", "string":
            # 23.0 is "23.0" on every platform, though Arrow writes "23".
            whole = (made == made.floor()) & (made.abs() < 1e15)
            as_int = nw.when(whole).then(made).cast(nw.Int64()).cast(nw.String())
            written = nw.concat_str([as_int, context.constant(".0", "string")])
            return nw.when(whole).then(written).otherwise(made.cast(nw.String()))
        case "string", "bool":
            return _truth(made, context)
        case "string", ("date" | "timestamp") if not context.dialect.reads_moments:
            return made.str.to_date("%Y-%m-%d") if to == "date" else _moment(made, context)
        case (
            ("bool" | "int64" | "date" | "timestamp", "string")
            | ("bool", "int64" | "float64")
            | ("string", "int64" | "float64" | "date" | "timestamp")
            | ("date", "timestamp")
            | ("timestamp", "date")
        ):
            return made.cast(DTYPES[to])
        case _:
            raise ExpressionTypeError(f"{text(expression)}: a {found} cannot become a {to}", found=found)


def _truth(made: nw.Expr, context: Context) -> nw.Expr:
    # No frame but Arrow's reads booleans: 1 and 0 stand for them, and what is neither fails as no number.
    lowered = made.str.to_lowercase()
    digits = (
        nw.when(lowered == "true")
        .then(context.constant("1", "string"))
        .otherwise(
            nw.when(lowered == "false")
            .then(context.constant("0", "string"))
            .otherwise(nw.concat_str([context.constant("not a boolean: ", "string"), made]))
        )
    )
    return digits.cast(nw.Int64()) == 1


def _moment(made: nw.Expr, context: Context) -> nw.Expr:
    spaced = made.str.replace_all("T", " ", literal=True)
    full = nw.when(spaced.str.len_chars() == 10).then(nw.concat_str([spaced, context.constant(" 00:00:00", "string")]))
    return nw.coalesce(full, spaced).str.to_datetime("%Y-%m-%d %H:%M:%S%.f").cast(DTYPES["timestamp"])


def _call(expression: Call, context: Context) -> nw.Expr:
    args, found = expression.args, type_of(expression, context.schema)
    if expression.function == "coalesce":
        return nw.coalesce(*(value(arg, context, found) for arg in args))
    if expression.function == "abs" and decimal_of(found):
        return context.computed(arrow.positive, (value(args[0], context), found))
    if expression.function == "abs" and found == "int64":
        a = context.guarded(_lower(args[0], context))
        opposite = context.dialect.exact("-", scalar(0, "int64"), nw.when(a < 0).then(a))
        return nw.when(a < 0).then(opposite).otherwise(a)
    return called(expression, [partial(value, arg, context) for arg in args], context)
