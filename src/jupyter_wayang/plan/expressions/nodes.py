"""The nodes of expressions: frozen values that check their form when they are made."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Literal as Choice

import msgspec

from jupyter_wayang.errors import ExpressionTypeError, NameUnknownError, OperatorError, closest
from jupyter_wayang.plan.expressions.signatures import AGGREGATES, FUNCTIONS
from jupyter_wayang.plan.schema import DataType

__all__ = [
    "MAX_DEPTH",
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
    "children",
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
    """A constant. Dates and timestamps are ISO text with their type; a null has type ``null`` or the type asked for."""

    value: bool | int | float | str | None
    type: DataType

    @classmethod
    def of(cls, value: bool | float | str | None) -> Literal:
        """Make a literal from a Python value.

        Examples
        --------
        >>> Literal.of(3).type
        'int64'
        """
        kinds: dict[type, DataType] = {bool: "bool", int: "int64", float: "float64", str: "string", type(None): "null"}
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


class Call(Expression, frozen=True, kw_only=True, tag="call"):
    """A function from :data:`FUNCTIONS`."""

    function: str
    args: tuple[AnyExpression, ...]

    def __post_init__(self) -> None:
        super().__post_init__()
        signature = FUNCTIONS.get(self.function)
        if signature is None:
            guess = closest(self.function, [*FUNCTIONS, *AGGREGATES])
            raise NameUnknownError(
                f'there is no function "{self.function}".' + (f" Did you mean {guess}?" if guess else ""),
                found=self.function,
                expected=tuple(FUNCTIONS),
            )
        if not signature.least <= len(self.args) <= signature.most:
            wanted = str(signature.least) if signature.least == signature.most else f"{signature.least} or more"
            raise OperatorError(f"{self.function}() takes {wanted} arguments, not {len(self.args)}")


class Aggregate(Expression, frozen=True, kw_only=True, tag="aggregate"):
    """One value for a group of rows. Nulls are left out; of no values it is null, and a count is 0."""

    function: str
    arg: AnyExpression | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.function not in AGGREGATES:
            raise NameUnknownError(f'there is no aggregate "{self.function}"', expected=tuple(AGGREGATES))
        if self.arg is None and self.function != "count":
            raise OperatorError(f"{self.function}() needs an expression, as in {self.function}(age)")
        if self.arg is not None and any(isinstance(inner, Aggregate) for inner in walk(self.arg)):
            raise OperatorError("an aggregate of an aggregate needs a group_by().agg() of its own for the inner one")


AnyExpression = ColumnRef | Literal | Not | Negate | Binary | IsNull | IsIn | Case | Cast | Call | Aggregate


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
