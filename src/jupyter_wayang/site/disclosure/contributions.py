"""What rows contribute to a number: the conditions in an expression that single rows out, and the terms it adds up.

A sum runs over all rows of a group, and may be about one of them all the same: ``sum(x if id == 5 else 0)``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import product

import msgspec

from jupyter_wayang.errors import DisclosureError
from jupyter_wayang.plan.expressions import (
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
    children,
    text,
    walk,
)

__all__ = ["MAX_CONDITIONS", "cells", "conditions", "few_enough", "is_level", "terms", "true"]

MAX_CONDITIONS = 6
"""More conditions in one number than this cannot be checked: n of them make 2**n cells."""

_TERMS = 32
_COMPARISONS = frozenset({"==", "!=", "<", "<=", ">", ">="})
_DIVISIONS = frozenset({"/", "//", "%", "**"})
_TRUE_CALLS = frozenset({"contains", "starts_with", "ends_with", "like", "regex_match"})
_TOTAL_CALLS = frozenset({"abs", "sign", "floor", "ceil", "round", "exp", "sin", "cos", "upper", "lower", "strip"})


def conditions(expression: AnyExpression) -> tuple[AnyExpression, ...]:
    """Return the conditions that an expression distinguishes rows by, each once.

    Of ``a and b`` they are ``a`` and ``b``. That a column of the table lacks a value is no condition that somebody made; that a division has no result is.

    Examples
    --------
    >>> x, one = ColumnRef(name="x"), Binary(op="==", left=ColumnRef(name="id"), right=Literal.of(5))
    >>> [text(found) for found in conditions(Case(condition=one, then=x, otherwise=Literal.of(0.0)))]
    ['id == 5']
    >>> odd = Binary(op="/", left=x, right=Binary(op="-", left=ColumnRef(name="id"), right=Literal.of(5)))
    >>> [text(found) for found in conditions(odd)]
    ['x / (id - 5) is None']
    """
    return tuple(dict.fromkeys(_conditions(expression)))


def few_enough(found: Iterable[AnyExpression]) -> tuple[AnyExpression, ...]:
    """Return conditions, each once.

    Raises
    ------
    DisclosureError
        If there are more than :data:`MAX_CONDITIONS`.
    """
    made = tuple(dict.fromkeys(found))
    if len(made) > MAX_CONDITIONS:
        raise DisclosureError(
            f"a number with {len(made)} conditions has more than a site can check ({MAX_CONDITIONS})",
            hint="group_by(…) asks for many parts at once",
        )
    return made


def _conditions(expression: Expression) -> Iterator[AnyExpression]:
    if isinstance(expression, IsNull):
        if _makes_nulls(expression.arg):
            yield expression
    elif _is_comparison(expression):
        yield expression  # type: ignore[misc]
    elif isinstance(expression, Case) and isinstance(expression.condition, ColumnRef):
        yield expression.condition
    elif _may_be_null(expression):
        yield IsNull(arg=expression)  # type: ignore[arg-type]
    # What is within a condition is one too: `ill != (id == 5)` is true of many, and tells one apart.
    for part in children(expression):
        yield from _conditions(part)


def _is_comparison(expression: Expression) -> bool:
    if isinstance(expression, Binary):
        return expression.op in _COMPARISONS
    return isinstance(expression, IsIn) or (isinstance(expression, Call) and expression.function in _TRUE_CALLS)


def _may_be_null(expression: Expression) -> bool:
    """Tell whether an operation itself can have no result where its operands have values."""
    if isinstance(expression, Binary) and expression.op in _DIVISIONS:
        return not (isinstance(expression.right, Literal) and expression.right.value)
    if isinstance(expression, Call):
        return expression.function not in _TOTAL_CALLS | _TRUE_CALLS | {"coalesce", "min2", "max2", "clip", "concat"}
    return False


def _makes_nulls(expression: Expression) -> bool:
    return any(_may_be_null(part) or isinstance(part, Case) for part in walk(expression))


def is_level(condition: AnyExpression) -> bool:
    """Tell whether a condition says that a column of the table has a certain value, and no more.

    Examples
    --------
    >>> is_level(Binary(op="==", left=ColumnRef(name="cp"), right=Literal.of(4)))
    True
    """
    if not isinstance(condition, Binary) or condition.op != "==" or not isinstance(condition.right, Literal):
        return False
    column = condition.left.arg if isinstance(condition.left, Cast) else condition.left
    return isinstance(column, ColumnRef)


def cells(found: tuple[AnyExpression, ...]) -> tuple[AnyExpression, ...]:
    """Return the parts into which conditions cut rows: which of them are true, and which are not.

    Examples
    --------
    >>> a, b = (ColumnRef(name=name) for name in "ab")
    >>> len(cells((a, b)))
    4
    """
    made = []
    for signs in product((True, False), repeat=len(found)):
        sides = [true(one) if sign else Not(arg=true(one)) for one, sign in zip(found, signs, strict=True)]
        cell: AnyExpression = sides[0]
        for side in sides[1:]:
            cell = Binary(op="and", left=cell, right=side)
        made.append(cell)
    return tuple(made)


def true(condition: AnyExpression) -> AnyExpression:
    """Return a condition that is false where the given one is null."""
    one, zero = Literal.of(1), Literal.of(0)
    return Binary(op="==", left=Case(condition=condition, then=one, otherwise=zero), right=one)


def terms(expression: AnyExpression) -> tuple[AnyExpression, ...]:
    """Return a number and all that it can be read as a sum of, constants left out.

    ``x + (id == 5) * y`` is about many rows; its second term is about one. A product with a sum is read both ways, as
    one number and multiplied out: ``y * (1 - s)`` may be about one row where ``y`` and ``y * s`` are about many.

    Raises
    ------
    DisclosureError
        If there are too many ways to read it.

    Examples
    --------
    >>> x, y = ColumnRef(name="x"), ColumnRef(name="y")
    >>> less = Binary(op="-", left=Literal.of(1.0), right=y)
    >>> [text(term) for term in terms(Binary(op="+", left=x, right=Binary(op="*", left=x, right=less)))]
    ['x + x * (1.0 - y)', 'x', 'x * (1.0 - y)', 'x * 1.0', 'x * y']
    """
    found = dict.fromkeys(_terms(expression))
    if len(found) > _TERMS:
        raise DisclosureError(
            f"{text(expression)} adds up more terms than a site can check ({_TERMS})", hint="ask for fewer at a time"
        )
    return tuple(term for term in found if any(isinstance(part, ColumnRef) for part in walk(term)))


def _terms(expression: AnyExpression) -> list[AnyExpression]:
    rest: list[AnyExpression] = []
    match expression:
        case Binary(op="+" | "-", left=left, right=right):
            rest = _terms(left) + _terms(right)
        case Negate(arg=arg):
            rest = _terms(arg)
        case Cast(arg=arg):
            rest = [msgspec.structs.replace(expression, arg=one) for one in _terms(arg)]
        case Binary(op="*", left=left, right=right):
            rest = [msgspec.structs.replace(expression, left=one) for one in _terms(left)]
            rest += [msgspec.structs.replace(expression, right=one) for one in _terms(right)]
        case Binary(op="/", left=left):
            rest = [msgspec.structs.replace(expression, left=one) for one in _terms(left)]
    return [expression, *rest[: 2 * _TERMS]]
