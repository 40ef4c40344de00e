"""The nodes of expressions: frozen values that check their form when they are made."""

from __future__ import annotations

import math
from collections.abc import Iterator
from decimal import Decimal
from typing import Literal as Choice

import msgspec

from jupyter_wayang.errors import ExpressionTypeError, NameUnknownError, OperatorError, closest
from jupyter_wayang.plan.expressions.constants import check_constants
from jupyter_wayang.plan.expressions.signatures import AGGREGATES, CONSTANTS, FUNCTIONS, RANKS, Signature
from jupyter_wayang.plan.types import MAX_PRECISION, DataType, checked_type, decimal_of, decimal_type

__all__ = [
    "MAX_DEPTH",
    "WINDOW_AGGREGATES",
    "Aggregate",
    "AnyExpression",
    "Binary",
    "BinaryOp",
    "Call",
    "Case",
    "Cast",
    "ColumnRef",
    "Expression",
    "IsIn",
    "IsNull",
    "Literal",
    "Named",
    "Negate",
    "Not",
    "Shift",
    "Window",
    "children",
    "count_arguments",
    "has_window",
    "walk",
]

MAX_DEPTH = 200
BinaryOp = Choice["+", "-", "*", "/", "//", "%", "**", "==", "!=", "<", "<=", ">", ">=", "and", "or"]


class Expression(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="tag"):
    """What all expressions share; see the subclasses."""

    def __post_init__(self) -> None:
        deepest = max((_depth(child) for child in children(self)), default=0)
        if deepest >= MAX_DEPTH:
            raise OperatorError(
                f"the expression is nested deeper than {MAX_DEPTH} levels",
                hint="name a part of it with with_columns() first",
            )


class ColumnRef(Expression, frozen=True, kw_only=True, tag="column"):
    """The value of a column."""

    name: str


class Literal(Expression, frozen=True, kw_only=True, tag="literal"):
    """A constant. Dates, timestamps and decimals are text with their type; a null has type ``null`` or the one asked for."""

    value: bool | int | float | str | None
    type: DataType

    def __post_init__(self) -> None:
        checked_type(self.type)
        digits = decimal_of(self.type)
        if digits and self.value is not None:
            _, scale = _digits(str(self.value))
            if scale > digits.scale:
                raise ExpressionTypeError(f"{self.value} has more than {digits.scale} digits after the point")

    @classmethod
    def of(cls, value: bool | float | str | Decimal | None) -> Literal:
        """Make a literal from a Python value.

        Examples
        --------
        >>> Literal.of(3).type
        'int64'
        """
        kinds: dict[type, DataType] = {bool: "bool", int: "int64", float: "float64", str: "string", type(None): "null"}
        if isinstance(value, Decimal):
            return cls.decimal(f"{value:f}")
        kind = kinds.get(type(value))
        if kind is None:
            raise ExpressionTypeError(f"a {type(value).__name__} cannot stand in an expression")
        if kind == "int64" and not -(2**63) <= int(value or 0) < 2**63:
            shown = value if abs(int(value or 0)) < 10**40 else "the number"
            raise ExpressionTypeError(f"{shown} does not fit into a 64-bit integer")
        if isinstance(value, str) and not value.isascii() and any("\ud800" <= sign <= "\udfff" for sign in value):
            raise ExpressionTypeError("a text has a character that no text can hold")
        if isinstance(value, float) and math.isnan(value):  # NaN is null from the moment it enters
            return cls(value=None, type="float64")
        return cls(value=value, type=kind)

    @classmethod
    def decimal(cls, written: str) -> Literal:
        """Make an exact number of its digits, as they are written.

        Raises
        ------
        ExpressionTypeError
            If it is no number, or has more than 38 digits.

        Examples
        --------
        >>> Literal.decimal("0.050").type
        'decimal(4, 3)'
        """
        precision, scale = _digits(written)
        return cls(value=written, type=decimal_type(precision, scale))


def _digits(written: str) -> tuple[int, int]:
    """Return precision and scale of an exact number as it is written."""
    whole, point, rest = written.strip().lstrip("+-").partition(".")
    digits = whole + rest
    if not (digits.isascii() and digits.isdigit()) or (point and not rest) or len(digits) > MAX_PRECISION + 1:
        raise ExpressionTypeError(
            f'"{written}" is no exact number of at most {MAX_PRECISION} digits', hint='as in decimal("0.05")'
        )
    # Zero before the point is a digit too: no decimal has more digits after the point than at all.
    return max(len(whole.lstrip("0")) + len(rest), len(rest) + (not whole.strip("0")), 1), len(rest)


class Not(Expression, frozen=True, kw_only=True, tag="not"):
    """Three-valued negation: not null is null."""

    arg: AnyExpression


class Negate(Expression, frozen=True, kw_only=True, tag="negate"):
    """Minus a number."""

    arg: AnyExpression


class Binary(Expression, frozen=True, kw_only=True, tag="binary"):
    """An arithmetic, comparing or boolean operation of two operands."""

    op: BinaryOp
    left: AnyExpression
    right: AnyExpression


class IsNull(Expression, frozen=True, kw_only=True, tag="is_null"):
    """Whether the operand is null; never null itself."""

    arg: AnyExpression


class IsIn(Expression, frozen=True, kw_only=True, tag="is_in"):
    """Whether the operand equals one of some constants; null if the operand is null."""

    arg: AnyExpression
    values: tuple[Literal, ...]


class Case(Expression, frozen=True, kw_only=True, tag="case"):
    """``then`` where the condition is true, else ``otherwise`` (also where the condition is null)."""

    condition: AnyExpression
    then: AnyExpression
    otherwise: AnyExpression


class Cast(Expression, frozen=True, kw_only=True, tag="cast"):
    """The operand as another type; float to int truncates; what cannot be read is an error."""

    arg: AnyExpression
    to: DataType

    def __post_init__(self) -> None:
        super().__post_init__()
        checked_type(self.to)


class Shift(Expression, frozen=True, kw_only=True, tag="shift"):
    """A date or timestamp moved by an interval; a month too short for the day gives its last day.

    Months are added first, then days, then microseconds. With microseconds a date becomes a timestamp.
    """

    arg: AnyExpression
    months: int = 0
    days: int = 0
    microseconds: int = 0

    def __post_init__(self) -> None:
        super().__post_init__()
        if abs(self.months) > 120_000 or abs(self.days) > 4_000_000 or abs(self.microseconds) > 2**60:
            raise OperatorError("the interval is longer than 10,000 years")


class Call(Expression, frozen=True, kw_only=True, tag="call"):
    """A function from :data:`FUNCTIONS`."""

    function: str
    args: tuple[AnyExpression, ...]

    def __post_init__(self) -> None:
        super().__post_init__()
        signature = _signature(self.function, FUNCTIONS, "function")
        count_arguments(self.function, signature, len(self.args))
        for place in CONSTANTS.get(self.function, ()):
            if place < len(self.args) and not isinstance(self.args[place], Literal):
                raise OperatorError(
                    f"{self.function}() takes a constant as argument {place + 1}", hint=f"as in {signature.example}"
                )
        places = [place for place in CONSTANTS.get(self.function, ()) if place < len(self.args)]
        if places:
            check_constants(self.function, tuple(getattr(self.args[place], "value", None) for place in places))


def _signature(name: str, known: dict[str, Signature], kind: str) -> Signature:
    if name in known:
        return known[name]
    guess = closest(name, [*FUNCTIONS, *AGGREGATES, *RANKS])
    raise NameUnknownError(
        f'there is no {kind} "{name}".' + (f" Did you mean {guess}?" if guess else ""),
        found=name,
        expected=tuple(known),
    )


def count_arguments(name: str, signature: Signature, given: int) -> None:
    """Refuse a wrong number of arguments.

    Raises
    ------
    OperatorError
        If a function does not take so many.
    """
    least, most = signature.least, signature.most
    if not least <= given <= most:
        wanted = str(least) if least == most else f"{least} to {most}" if most < 20 else f"{least} or more"
        arguments = "argument" if wanted == "1" else "arguments"
        example = f"as in {signature.example}" if signature.example else None
        raise OperatorError(f"{name}() takes {wanted} {arguments}, not {given}", hint=example)


class Aggregate(Expression, frozen=True, kw_only=True, tag="aggregate"):
    """One value for a group of rows. Nulls are left out; of no values it is null, and a count is 0.

    ``other`` is the second operand of those that have two: the part of ``quantile``, what ``first``, ``last``,
    ``arg_min`` and ``arg_max`` go by, the other column of ``corr`` and ``cov``.
    """

    function: str
    arg: AnyExpression | None = None
    other: AnyExpression | None = None

    @property
    def args(self) -> tuple[AnyExpression, ...]:
        """The operands, in order."""
        return tuple(part for part in (self.arg, self.other) if part is not None)

    def __post_init__(self) -> None:
        super().__post_init__()
        signature = _signature(self.function, AGGREGATES, "aggregate")
        if self.arg is None and self.function != "count":
            raise OperatorError(
                f"{self.function}() needs an expression, as in {signature.example or self.function + '(age)'}"
            )
        if signature.least == 2 and self.other is None and self.function in ("first", "last"):
            raise OperatorError(
                f"rows have no order: {self.function}() needs to know by what",
                hint=f"as in {signature.example}, or over a window: {self.function}(price).over(ward, order_by=day)",
            )
        count_arguments(self.function, signature, len(self.args))
        if self.function == "quantile" and not _is_part(self.other):
            raise OperatorError("quantile() takes a part from 0 to 1", hint=f"as in {signature.example}")
        for part in self.args:
            if any(isinstance(inner, Aggregate) for inner in walk(part)):
                raise OperatorError(
                    "an aggregate of an aggregate needs a group_by().agg() of its own for the inner one"
                )
            _no_windows(part, "an aggregate")


def _is_part(expression: AnyExpression | None) -> bool:
    return (
        isinstance(expression, Literal)
        and isinstance(expression.value, int | float)
        and not isinstance(expression.value, bool)
        and 0 <= expression.value <= 1
    )


class Window(Expression, frozen=True, kw_only=True, tag="window"):
    """A value for every row, of the rows that are with it in a partition.

    Without an order an aggregate is of the whole partition; with one, of the rows up to this one and of those that are
    equal to it in the order. ``rank`` and the other :data:`RANKS` need an order. Nulls come last in it.
    """

    function: str
    args: tuple[AnyExpression, ...] = ()
    partition: tuple[AnyExpression, ...] = ()
    order: tuple[AnyExpression, ...] = ()
    descending: tuple[bool, ...] = ()

    def __post_init__(self) -> None:
        super().__post_init__()
        signature = _signature(self.function, {**WINDOW_AGGREGATES, **RANKS}, "window function")
        count_arguments(self.function, signature, len(self.args))
        if len(self.descending) != len(self.order):
            raise OperatorError("a window needs to know of every part of its order whether it descends")
        for part in (*self.args, *self.partition, *self.order):
            if any(isinstance(inner, Aggregate) for inner in walk(part)):
                raise OperatorError("a window over aggregates needs a select() after the agg()")
            _no_windows(part, "a window")
        if self.function in ("lag", "lead"):
            for part in self.args[1:]:
                if not isinstance(part, Literal):
                    raise OperatorError(
                        f"{self.function}() takes constants after the first argument", hint=signature.example
                    )


WINDOW_AGGREGATES: dict[str, Signature] = {
    name: AGGREGATES[name] for name in ("count", "sum", "mean", "min", "max", "var", "std", "any", "all")
} | {
    name: Signature(1, 1, lambda types: types[0], f"{name}(price).over(ward, order_by=day)")
    for name in ("first", "last")
}
"""Aggregates that can stand over a window; ``first`` and ``last`` go by its order."""


def has_window(expression: Expression) -> bool:
    """Tell whether a value depends on other rows than its own."""
    return any(isinstance(part, Window) for part in walk(expression))


def _no_windows(part: AnyExpression, where: str) -> None:
    if has_window(part):
        raise OperatorError(
            f"{where} takes no window function", hint="name it first: with_columns(place=rank().over(…))"
        )


AnyExpression = (
    ColumnRef | Literal | Not | Negate | Binary | IsNull | IsIn | Case | Cast | Shift | Call | Aggregate | Window
)


class Named(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An expression and the name of the column that it makes."""

    name: str
    expression: AnyExpression


def children(expression: Expression) -> tuple[Expression, ...]:
    """Return the operands of an expression, in order."""
    found: list[Expression] = []
    for name in expression.__struct_fields__:
        value = getattr(expression, name)
        if isinstance(value, Expression):
            found.append(value)
        elif isinstance(value, tuple):
            found += [item for item in value if isinstance(item, Expression)]
    return tuple(found)


def walk(expression: Expression) -> Iterator[Expression]:
    """Yield the expression and all that it is made of."""
    stack = [expression]
    while stack:
        current = stack.pop()
        yield current
        stack += children(current)


def _depth(expression: Expression) -> int:
    deepest, level = 0, [expression]
    while level:
        deepest += 1
        level = [child for item in level for child in children(item)]
    return deepest
