"""Aggregates and windows as SQL."""

from __future__ import annotations

from sqlglot import exp

from jupyter_wayang.plan.expressions import Aggregate, AnyExpression, Binary, Cast, Literal, Window, type_of
from jupyter_wayang.plan.expressions.derived import expanded
from jupyter_wayang.plan.schema import Schema
from jupyter_wayang.plan.types import decimal_of
from jupyter_wayang.platforms.relational.dialects import Dialect
from jupyter_wayang.platforms.relational.sql_expressions import Sql, cast, coerced, number, render, value
from jupyter_wayang.platforms.relational.sql_templates import filled

__all__ = ["AGGREGATES"]

AGGREGATES: dict[str, type[exp.Func] | str] = {
    "sum": exp.Sum,
    "mean": exp.Avg,
    "min": exp.Min,
    "max": exp.Max,
    "var": "VAR_SAMP",
    "std": "STDDEV_SAMP",
    "any": "BOOL_OR",
    "all": "BOOL_AND",
    "count": exp.Count,
}
"""Aggregates of one operand that all engines have."""


@render.register
def _(expression: Aggregate, schema: Schema, dialect: Dialect) -> Sql:
    made_type = type_of(expression, schema)
    simpler = expanded(expression, schema)
    if simpler is not expression:
        return render(simpler, schema, dialect)
    if expression.arg is None:
        return exp.Count(this=exp.Star())
    arg = value(expression.arg, schema, dialect)
    if expression.function == "n_unique":
        return exp.Count(this=exp.Distinct(expressions=[arg]))
    if expression.function in AGGREGATES:
        return _typed(_plain(expression.function, arg), expression.function, made_type, dialect)
    operands = [arg]
    if expression.other is not None:
        other = value(expression.other, schema, dialect)
        both = exp.And(this=_known(arg), expression=_known(other))
        operands += [other, both]
    return filled(dialect, expression.function, *operands)


_PLACES = ("rank", "dense_rank", "row_number")


def _known(node: Sql) -> Sql:
    return exp.Not(this=exp.Is(this=exp.Paren(this=node.copy()), expression=exp.Null()))


def _plain(function: str, arg: Sql) -> Sql:
    kind = AGGREGATES[function]
    return exp.Anonymous(this=kind, expressions=[arg]) if isinstance(kind, str) else kind(this=arg)


def _typed(made: Sql, function: str, to: str, dialect: Dialect) -> Sql:
    # A sum of integers is wider than they are: the cast back fails where it does not fit.
    exact = function in ("sum", "cum_sum") and (to == "int64" or decimal_of(to))
    return cast(made, to, dialect) if exact else made


@render.register
def _(expression: Window, schema: Schema, dialect: Dialect) -> Sql:
    to = type_of(expression, schema)
    simpler = _simpler(expression, schema)
    if simpler is not expression:
        return render(simpler, schema, dialect)
    function, partition = expression.function, [value(part, schema, dialect) for part in expression.partition]
    keys = [
        exp.Ordered(this=value(part, schema, dialect), desc=descending, nulls_first=False)
        for part, descending in zip(expression.order, expression.descending, strict=True)
    ]
    made = exp.Window(this=_windowed(expression, schema, dialect), partition_by=partition)
    if keys:
        made.set("order", exp.Order(expressions=keys))
    if function in _PLACES:
        return cast(made, "int64", dialect) if dialect.narrow_integers else made
    return _typed(made, function, to, dialect)


def _simpler(window: Window, schema: Schema) -> AnyExpression:
    """Write a window of decimals as windows that are exact, or of floats."""
    if window.function not in ("mean", "var", "std") or type_of(window.args[0], schema) == "float64":
        return window
    places = {"partition": window.partition, "order": window.order, "descending": window.descending}
    if window.function == "mean" and decimal_of(type_of(window.args[0], schema)):
        total, number = (Window(function=f, args=window.args, **places) for f in ("sum", "count"))  # type: ignore[arg-type]
        return Binary(op="/", left=total, right=number)
    return Window(function=window.function, args=(Cast(arg=window.args[0], to="float64"),), **places)  # type: ignore[arg-type]


def _windowed(window: Window, schema: Schema, dialect: Dialect) -> Sql:
    function, to = window.function, type_of(window, schema)
    if function in _PLACES:
        return exp.Anonymous(this=function.upper())
    if not window.args:
        return exp.Count(this=exp.Star())
    arg = (
        coerced(window.args[0], schema, dialect, to)
        if function in ("lag", "lead")
        else value(window.args[0], schema, dialect)
    )
    if function in ("first", "last"):
        return exp.Anonymous(this=f"{function}_value".upper(), expressions=[arg])
    if function in ("lag", "lead"):
        operands = [arg, *(number(int(part.value or 0)) for part in window.args[1:2] if isinstance(part, Literal))]
        if len(window.args) > 2:
            operands.append(coerced(window.args[2], schema, dialect, to))
        return exp.Anonymous(this=function.upper(), expressions=operands)
    return _plain("sum" if function == "cum_sum" else function, arg)
