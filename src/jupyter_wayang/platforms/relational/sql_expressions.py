"""Scalar and aggregate expressions as SQL that means the same on every engine.

Every rendered part has exactly the type that :func:`~jupyter_wayang.plan.expressions.type_of` infers; integer literals
beside another operand stand bare, because the engines widen them. NaN, which only infinities and odd powers make, is
turned into null wherever a value leaves arithmetic.
"""

from __future__ import annotations

import math
from functools import singledispatch
from typing import TypeAlias

from sqlglot import exp

from jupyter_wayang.errors import ExpressionTypeError, OperatorError
from jupyter_wayang.plan.expressions import (
    AnyExpression,
    Binary,
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
    type_of,
)
from jupyter_wayang.plan.expressions.derived import expanded, moved_constant
from jupyter_wayang.plan.expressions.inference import digits_of
from jupyter_wayang.plan.schema import DataType, Schema, common_type
from jupyter_wayang.plan.types import decimal_of, decimal_type
from jupyter_wayang.platforms.relational.dialects import Dialect, physical_names
from jupyter_wayang.platforms.relational.sql_nan import may_be_nan, may_be_zero
from jupyter_wayang.platforms.relational.sql_templates import filled

__all__ = ["WHOLE", "Sql", "again", "cast", "coerced", "double", "number", "render", "value", "when", "whole", "wrap"]

Sql: TypeAlias = exp.Expr

_BARE = 2**53
_NARROW = 18  # DuckDB keeps arithmetic of decimals up to so many digits in 64 bits
WHOLE = 2**52  # beyond it every double is a whole number
_MAX_NODES = 20_000


def value(expression: Expression, schema: Schema, dialect: Dialect) -> Sql:
    """Render an expression whose value leaves arithmetic: with its own type, and null in place of NaN."""
    rendered = render(expression, schema, dialect)
    if may_be_nan(expression, schema):
        return exp.Nullif(this=rendered, expression=cast(exp.Literal.string("NaN"), "float64", dialect))
    return rendered


def coerced(expression: Expression, schema: Schema, dialect: Dialect, to: DataType) -> Sql:
    """Render an expression as a value of a type that its own type widens to."""
    if isinstance(expression, Literal):
        return _literal(expression, dialect, to)
    found = type_of(expression, schema)
    rendered = value(expression, schema, dialect)
    return rendered if found == to else cast(rendered, to, dialect)


def cast(node: Sql, to: DataType, dialect: Dialect) -> Sql:
    """Write a cast to a column type."""
    return exp.Cast(this=node, to=exp.DataType.build(dialect.type_name(to)))


def number(figure: int | float) -> Sql:  # noqa: PYI041 - an int is written as one
    """Write a number; a float as a literal that is a double on every engine."""
    # With an exponent a literal is a double everywhere; without one it is a decimal.
    if isinstance(figure, float):
        shown = repr(abs(figure))
        node: Sql = exp.Literal.number(shown if "e" in shown else f"{shown}e0")
        return exp.Neg(this=node) if math.copysign(1.0, figure) < 0 else node
    return exp.Neg(this=exp.Literal.number(str(-figure))) if figure < 0 else exp.Literal.number(str(figure))


def wrap(node: Sql, *bare: type[Sql]) -> Sql:
    """Put an operand into brackets, unless it is of a kind that binds tightly enough."""
    loose = (exp.Binary, exp.Not, exp.Neg, exp.In)
    return exp.Paren(this=node) if isinstance(node, loose) and not isinstance(node, (exp.Pow, *bare)) else node


def again(node: Sql) -> Sql:
    """Copy an operand that a formula needs once more; nested formulas would grow without bound."""
    if sum(1 for _ in node.walk()) > _MAX_NODES:
        raise OperatorError(
            "the expression is too long to be written as SQL", hint="name a part of it with with_columns() first"
        )
    return node.copy()


def when(condition: Sql, then: Sql, otherwise: Sql | None = None) -> exp.Case:
    """Write a CASE of one condition."""
    made = exp.Case().when(condition, then, copy=False)
    return made if otherwise is None else made.else_(otherwise, copy=False)


@singledispatch
def render(expression: Expression, schema: Schema, dialect: Dialect) -> Sql:
    """Render an expression inside of arithmetic: NaN is left as it is."""
    raise ExpressionTypeError(f"{type(expression).__name__} is not an expression")


@render.register
def _(expression: ColumnRef, schema: Schema, dialect: Dialect) -> Sql:
    schema[expression.name]
    return exp.column(physical_names(schema)[schema.names.index(expression.name)], quoted=True)


@render.register
def _(expression: Literal, schema: Schema, dialect: Dialect) -> Sql:
    return _literal(expression, dialect, expression.type)


def _literal(literal: Literal, dialect: Dialect, to: DataType, *, bare: bool = False) -> Sql:
    held = literal.value
    if held is None:
        return exp.Null() if to == "null" else cast(exp.Null(), to, dialect)
    if to == "bool":
        return exp.Boolean(this=bool(held))
    if to == "float64":
        figure = float(held)
        if math.isinf(figure):
            return cast(exp.Literal.string("Infinity" if figure > 0 else "-Infinity"), to, dialect)
        return number(figure)
    if to == "int64":
        node = number(int(held))
        return node if bare and abs(int(held)) <= _BARE else cast(node, to, dialect)
    node = exp.Literal.string(str(held))
    return node if to == "string" else cast(node, to, dialect)


def _exact(operand: AnyExpression, schema: Schema, dialect: Dialect, *, wide: bool) -> Sql:
    """Render an operand of arithmetic of decimals as a decimal; ``wide`` keeps engines from cutting the result short."""
    digits = digits_of(operand, type_of(operand, schema))
    to = decimal_type(max(digits.precision, _NARROW + 1) if wide else digits.precision, digits.scale)
    if isinstance(operand, Literal):
        return _literal(operand, dialect, to)
    rendered = render(operand, schema, dialect)
    return rendered if type_of(operand, schema) == to else cast(rendered, to, dialect)


def _exact_binary(expression: Binary, to: DataType, schema: Schema, dialect: Dialect) -> Sql:
    made = decimal_of(to)
    wide = made is not None and made.precision > _NARROW
    left = _exact(expression.left, schema, dialect, wide=wide)
    right = _exact(expression.right, schema, dialect, wide=False)
    return cast(_SIMPLE[expression.op](this=wrap(left), expression=wrap(right)), to, dialect)


@render.register
def _(expression: Not, schema: Schema, dialect: Dialect) -> Sql:
    if isinstance(expression.arg, IsNull):
        return exp.Not(this=render(expression.arg, schema, dialect))
    return exp.Not(this=wrap(coerced(expression.arg, schema, dialect, "bool")))


@render.register
def _(expression: Negate, schema: Schema, dialect: Dialect) -> Sql:
    if isinstance(expression.arg, Literal) and not isinstance(expression.arg.value, (str, bool, type(None))):
        return _literal(Literal.of(-expression.arg.value), dialect, expression.arg.type)
    made = exp.Neg(this=wrap(render(expression.arg, schema, dialect)))
    return _exactly(made, dialect) if type_of(expression, schema) == "int64" else made


@render.register
def _(expression: IsNull, schema: Schema, dialect: Dialect) -> Sql:
    return exp.Is(this=wrap(value(expression.arg, schema, dialect)), expression=exp.Null())


@render.register
def _(expression: IsIn, schema: Schema, dialect: Dialect) -> Sql:
    common = type_of(expression.arg, schema)
    for constant in expression.values:
        common = common_type(common, constant.type) or common
    operand = coerced(expression.arg, schema, dialect, common)
    values = [v for v in expression.values if v.value is not None]  # equals nothing, and makes nothing unknown
    if not values:
        return exp.And(this=exp.Paren(this=exp.Is(this=wrap(operand), expression=exp.Null())), expression=exp.Null())
    return exp.In(this=wrap(operand), expressions=[_literal(v, dialect, common, bare=True) for v in values])


@render.register
def _(expression: Case, schema: Schema, dialect: Dialect) -> Sql:
    to = type_of(expression, schema)
    condition = coerced(expression.condition, schema, dialect, "bool")
    nothing = isinstance(expression.otherwise, Literal) and expression.otherwise.value is None
    otherwise = None if nothing else coerced(expression.otherwise, schema, dialect, to)
    return when(condition, coerced(expression.then, schema, dialect, to), otherwise)


_CONNECTORS: dict[str, type[exp.Connector]] = {"and": exp.And, "or": exp.Or}
_COMPARISONS: dict[str, type[exp.Binary]] = {
    "==": exp.EQ,
    "!=": exp.NEQ,
    "<": exp.LT,
    "<=": exp.LTE,
    ">": exp.GT,
    ">=": exp.GTE,
}
_TIGHT = (exp.Add, exp.Sub, exp.Mul, exp.Div, exp.Mod, exp.IntDiv)  # bind tighter than a comparison
_SIMPLE: dict[str, type[exp.Binary]] = {"+": exp.Add, "-": exp.Sub, "*": exp.Mul}


@render.register
def _(expression: Binary, schema: Schema, dialect: Dialect) -> Sql:
    op, left, right = expression.op, expression.left, expression.right
    if op in _CONNECTORS:
        kind = _CONNECTORS[op]
        first, second = (coerced(side, schema, dialect, "bool") for side in (left, right))
        plain = (exp.EQ, exp.NEQ, exp.LT, exp.LTE, exp.GT, exp.GTE, exp.Is, exp.In, exp.Not, kind)
        return kind(this=wrap(first, *plain), expression=wrap(second, *plain))
    if op in _COMPARISONS:
        first, second = _compared(left, right, schema, dialect)
        return _COMPARISONS[op](this=wrap(first, *_TIGHT), expression=wrap(second, *_TIGHT))
    if op == "**":
        return exp.Pow(
            this=double(left, schema, dialect, clean=True), expression=double(right, schema, dialect, clean=True)
        )
    if op == "/":
        return _divided(left, right, schema, dialect)
    found = type_of(expression, schema)
    if decimal_of(found):
        return _exact_binary(expression, found, schema, dialect)
    if found == "float64" and op in ("//", "%"):
        return _float_floored(expression, schema, dialect)
    if op in ("//", "%"):
        return _int_floored(expression, schema, dialect)
    kind_ = _SIMPLE[op]
    first, second = _beside(left, right, schema, dialect), _beside(right, left, schema, dialect)
    tight = (exp.Mul,) if op == "*" else (exp.Add, exp.Sub, exp.Mul)
    made = kind_(this=wrap(first, *tight), expression=wrap(second, *((exp.Mul,) if op != "*" else ())))
    made.meta["float"] = found == "float64"
    return _exactly(made, dialect) if found == "int64" else made


def _exactly(made: Sql, dialect: Dialect) -> Sql:
    return filled(dialect, "exact", made) if "exact" in dialect.functions else made


def _beside(operand: AnyExpression, other: AnyExpression, schema: Schema, dialect: Dialect) -> Sql:
    """Render an operand of arithmetic: a literal stands bare beside what has a type of its own."""
    if isinstance(operand, Literal) and operand.value is not None and not isinstance(other, Literal):
        return _literal(operand, dialect, operand.type, bare=True)
    if decimal_of(type_of(operand, schema)):  # beside a float
        return cast(render(operand, schema, dialect), "float64", dialect)
    if type_of(operand, schema) == "null":
        return cast(
            render(operand, schema, dialect), "float64" if type_of(other, schema) == "null" else "int64", dialect
        )
    return render(operand, schema, dialect)


def _compared(left: AnyExpression, right: AnyExpression, schema: Schema, dialect: Dialect) -> tuple[Sql, Sql]:
    common = common_type(type_of(left, schema), type_of(right, schema)) or "null"
    sides = []
    for side, other in ((left, right), (right, left)):
        if isinstance(side, Literal) and side.value is not None and not isinstance(other, Literal):
            sides.append(_literal(side, dialect, side.type if decimal_of(common) else common, bare=True))
        elif decimal_of(common) or (
            common == "float64" and type_of(side, schema) == "int64" and not dialect.compares_exactly
        ):
            sides.append(value(side, schema, dialect))  # widened by the engine
        else:
            sides.append(coerced(side, schema, dialect, common))
    return sides[0], sides[1]


def double(operand: AnyExpression, schema: Schema, dialect: Dialect, *, clean: bool = False) -> Sql:
    """Render a number as a double; ``clean`` turns NaN into null."""
    if isinstance(operand, Literal):
        return _literal(operand, dialect, "float64")
    rendered = value(operand, schema, dialect) if clean else render(operand, schema, dialect)
    return rendered if type_of(operand, schema) == "float64" else cast(rendered, "float64", dialect)


def _nonzero(operand: AnyExpression, rendered: Sql) -> Sql:
    if not may_be_zero(operand):
        return rendered
    return exp.Nullif(this=rendered, expression=exp.Literal.number("0"))


def _divided(left: AnyExpression, right: AnyExpression, schema: Schema, dialect: Dialect) -> Sql:
    divisor = _nonzero(right, double(right, schema, dialect))
    return exp.Div(this=wrap(double(left, schema, dialect), exp.Mul), expression=wrap(divisor), typed=True)


def whole(x: Sql, made: Sql, dialect: Dialect) -> Sql:
    """Take ``made``, a rounding of ``x``, except where ``x`` is too large for a fraction or for an integer type."""
    if dialect.floor_keeps_double:
        return made
    small = exp.LT(this=exp.Abs(this=again(x)), expression=number(float(WHOLE)))
    return when(small, cast(made, "float64", dialect), again(x))


def _float_floored(expression: Binary, schema: Schema, dialect: Dialect) -> Sql:
    quotient = _divided(expression.left, expression.right, schema, dialect)
    floored = whole(quotient, exp.Floor(this=quotient), dialect)
    if expression.op == "//":
        return floored
    x, y = double(expression.left, schema, dialect), double(expression.right, schema, dialect)
    return exp.Sub(this=wrap(x, exp.Mul), expression=exp.Mul(this=wrap(y), expression=floored))


def _int_floored(expression: Binary, schema: Schema, dialect: Dialect) -> Sql:
    left, right = expression.left, expression.right
    a, b = wrap(_beside(left, right, schema, dialect)), wrap(_beside(right, left, schema, dialect))
    zero, one = exp.Literal.number("0"), exp.Literal.number("1")
    known = right.value if isinstance(right, Literal) and isinstance(right.value, int) else None
    divisor = _nonzero(right, b)
    rest = exp.Mod(this=a, expression=divisor)
    if known and abs(known) <= _BARE:
        if expression.op == "%":  # cannot overflow: both terms are below the divisor
            return exp.Mod(this=exp.Paren(this=exp.Add(this=rest, expression=b.copy())), expression=b.copy())
        beyond: Sql = (exp.LT if known > 0 else exp.GT)(this=rest, expression=zero)
    else:
        beyond = exp.And(
            this=exp.NEQ(this=rest, expression=zero),
            expression=exp.NEQ(
                this=exp.Paren(this=exp.LT(this=again(a), expression=zero.copy())),
                expression=exp.Paren(this=exp.LT(this=again(b), expression=zero.copy())),
            ),
        )
        if expression.op == "%":
            return when(beyond, exp.Add(this=again(rest), expression=again(b)), again(rest))
    return exp.Sub(this=exp.IntDiv(this=again(a), expression=again(divisor)), expression=when(beyond, one, zero.copy()))


@render.register
def _(expression: Shift, schema: Schema, dialect: Dialect) -> Sql:
    constant = moved_constant(expression)
    if constant is not None:
        return render(constant, schema, dialect)
    to = type_of(expression, schema)
    made = coerced(expression.arg, schema, dialect, to)
    parts = (("MONTH", expression.months), ("DAY", expression.days), ("MICROSECOND", expression.microseconds))
    for unit, size in parts:
        if size:
            interval = exp.Interval(this=exp.Literal.string(str(size)), unit=exp.var(unit))
            made = exp.Add(this=wrap(made, exp.Add), expression=interval)
    return cast(made, to, dialect)  # some engines make a timestamp of a date


@render.register
def _(expression: Cast, schema: Schema, dialect: Dialect) -> Sql:
    found, to = type_of(expression.arg, schema), expression.to
    if found in ("null", to):
        return coerced(expression.arg, schema, dialect, to)
    type_of(expression, schema)
    simpler = expanded(expression, schema)
    if simpler is not expression:
        return render(simpler, schema, dialect)
    if (found, to) == ("int64", "float64"):
        return double(expression.arg, schema, dialect)
    arg = value(expression.arg, schema, dialect)
    if f"{found}_to_{to}" in dialect.functions:
        return filled(dialect, f"{found}_to_{to}", arg)
    if to == "int64" and (found == "float64" or decimal_of(found)) and not dialect.cast_truncates:
        arg = exp.Anonymous(this="TRUNC", expressions=[arg])
    if found == "string" and decimal_of(to) and "string_to_decimal" in dialect.functions:
        arg = filled(dialect, "string_to_decimal", arg)
    if (found, to) == ("string", "int64") and dialect.lenient_integers:
        return _strict_integer(arg, dialect)
    return cast(arg, to, dialect)


def _strict_integer(arg: Sql, dialect: Dialect) -> Sql:
    pattern = exp.Literal.string(r"\s*[+-]?\d+\s*")
    whole = exp.Anonymous(this="REGEXP_FULL_MATCH", expressions=[arg, pattern])
    message = exp.DPipe(
        this=exp.DPipe(this=exp.Literal.string('"'), expression=wrap(again(arg))),
        expression=exp.Literal.string('" is not a whole number'),
    )
    failure = exp.Anonymous(this="ERROR", expressions=[message])
    return when(exp.Not(this=whole), failure, cast(again(arg), "int64", dialect))
