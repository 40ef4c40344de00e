"""Functions over frames: some narwhals has, the others Arrow computes.

Only engines import this module.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Protocol

import narwhals as nw

from jupyter_wayang.errors import OperatorError, PlatformError
from jupyter_wayang.plan.expressions import Call, Literal, Negate, text, type_of
from jupyter_wayang.plan.expressions.derived import unit_of
from jupyter_wayang.plan.schema import DataType
from jupyter_wayang.plan.types import item_of
from jupyter_wayang.platforms.relational import arrow_functions as arrow
from jupyter_wayang.platforms.relational.frames_context import Context

__all__ = ["STAGED", "Operand", "called"]


class Operand(Protocol):
    """An argument that is not lowered yet."""

    def __call__(self, to: DataType | None = None) -> nw.Expr:
        """Return it, as a type that holds it."""
        ...


STAGED = frozenset(
    {
        "like", "regex_match", "regex_extract", "slice", "split", "weekday", "hour", "minute", "second", "truncate",
        "date_diff", "log10", "sin", "cos", "tan",
    }
)  # fmt: skip
"""Functions that Arrow computes, over a frame that is there."""


def called(expression: Call, args: Sequence[Operand], context: Context) -> nw.Expr:
    """Lower a call of a function."""
    function = expression.function
    first = type_of(expression.args[0], context.schema)
    if function == "concat":
        return nw.concat_str([arg("string") for arg in args])
    if function == "length" and item_of(first):
        return context.computed(arrow.length, (args[0](), first))
    if function in _TEXT:
        return _TEXT[function](args[0]("string"))
    if function in _SEARCH:
        return _search(expression, args[0], context)
    if function in ("year", "month", "day"):
        if first == "null":
            return context.null("int64")
        made: nw.Expr = getattr(args[0]().dt, function)()
        return made.cast(nw.Int64())
    if function in STAGED:
        return _staged(expression, args, context)
    return _number_call(expression, args[0]("float64"), context)


def _staged(expression: Call, args: Sequence[Operand], context: Context) -> nw.Expr:
    function, found = expression.function, type_of(expression, context.schema)
    if function in ("log10", "sin", "cos", "tan"):
        kernel = arrow.log10 if function == "log10" else partial(arrow.angle, function=function)
        return context.computed(kernel, (args[0]("float64"), "float64"))
    types = [type_of(arg, context.schema) for arg in expression.args]
    moments = function in ("truncate", "date_diff", "weekday", "hour", "minute", "second")
    if "null" in types[: 2 if function == "date_diff" else 1]:
        return context.null(found)
    if function == "date_diff":
        kernel = partial(arrow.date_diff, unit=unit_of(expression))
        return context.computed(kernel, (args[0](), types[0]), (args[1](), types[1]))
    if function == "truncate":
        return context.computed(partial(arrow.truncated, unit=unit_of(expression)), (args[0](), types[0]))
    if moments:
        return context.computed(partial(arrow.part_of_moment, part=function), (args[0](), types[0]))
    constants = [_constant(expression, place) for place in range(1, len(expression.args))]
    return context.computed(_text_kernel(function, constants), (args[0]("string"), "string"))


def _text_kernel(function: str, constants: list[str | int]) -> Callable[..., object]:
    match function, constants:
        case "like", [str(pattern)]:
            return partial(arrow.like, pattern=pattern)
        case "regex_match", [str(pattern)]:
            return partial(arrow.regex_match, pattern=pattern)
        case "regex_extract", [str(pattern)]:
            return partial(arrow.regex_extract, pattern=pattern)
        case "split", [str(separator)] if separator:
            return partial(arrow.split_text, separator=separator)
        case "slice", [int(start), *rest]:
            return partial(arrow.slice_text, start=start, length=int(rest[0]) if rest else None)
    raise OperatorError(f"{function}() does not take {', '.join(map(repr, constants))}")


def _constant(call: Call, place: int) -> str | int:
    held = call.args[place]
    if not isinstance(held, Literal) or isinstance(held.value, bool | float) or held.value is None:
        raise OperatorError(f"{call.function}() takes a constant, not {text(held)}")
    return held.value


_TEXT: dict[str, Callable[[nw.Expr], nw.Expr]] = {
    "upper": lambda e: e.str.to_uppercase(),
    "lower": lambda e: e.str.to_lowercase(),
    "strip": lambda e: e.str.strip_chars(),
    "length": lambda e: e.str.len_chars().cast(nw.Int64()),
}
_SEARCH = ("contains", "starts_with", "ends_with", "replace")


def _search(expression: Call, arg: Operand, context: Context) -> nw.Expr:
    function, (_, *others) = expression.function, expression.args
    found = []
    for other in others:
        if not isinstance(other, Literal):
            raise PlatformError(
                f"{context.dialect.name} looks for a constant text only, and {text(other)} is none",
                hint="pin the operator to DuckDB, as in .on(duckdb)",
            )
        if other.value is None:
            return context.null(type_of(expression, context.schema))
        found.append(str(other.value))
    made = arg("string").str
    match function:
        case "contains":
            return made.contains(found[0], literal=True)
        case "starts_with":
            return made.starts_with(found[0])
        case "ends_with":
            return made.ends_with(found[0])
        case _:
            text_ = arg("string")
            return text_.str.replace_all(found[0], found[1], literal=True) if found[0] else text_


def _number_call(expression: Call, x: nw.Expr, context: Context) -> nw.Expr:
    function = expression.function
    match function:
        case "abs":
            return x.abs()
        case "floor":
            return x.floor()
        case "ceil":
            return x.ceil()
        case "exp":
            return x.exp()
        case "sqrt":
            return nw.when(x >= 0.0).then(x).sqrt()
        case "log":
            return nw.when(x > 0.0).then(x).log()
        case "sign":
            positive = (
                nw.when(x > 0.0).then(context.constant(1.0, "float64")).otherwise(context.constant(0.0, "float64"))
            )
            made = nw.when(x < 0.0).then(context.constant(-1.0, "float64")).otherwise(positive)
            return nw.when(~x.is_null()).then(made)
        case _:
            return _rounded(expression, x)


def _rounded(expression: Call, x: nw.Expr) -> nw.Expr:
    digits = 0
    if len(expression.args) > 1:
        match expression.args[1]:
            case Literal(value=int(given)) | Negate(arg=Literal(value=int(given))):
                digits = -given if isinstance(expression.args[1], Negate) else given
            case other:
                raise PlatformError(f"frames round to a constant number of digits only, and {text(other)} is none")
    scale = 10.0**digits
    size = x.abs()
    half_up = (size * scale + 0.5).floor() / (x * 0.0 + scale)
    signed = nw.when(x < 0.0).then(-half_up).otherwise(half_up)
    # From 2**52 on a float has no digits to round away.
    return nw.when(size * scale < 2.0**52).then(signed).otherwise(x)
