"""Which share of rows a condition keeps: an interval, with how sure it is."""

from __future__ import annotations

import datetime as dt
from bisect import bisect_right
from collections.abc import Mapping

from jupyter_wayang.plan.execution import Interval
from jupyter_wayang.plan.expressions import AnyExpression, Binary, ColumnRef, Expression, IsIn, IsNull, Literal, Not

__all__ = ["UNKNOWN", "selectivity"]

UNKNOWN = Interval(low=0.1, high=1.0, confidence=0.9)
"""What a condition keeps of which nothing is known (Wayang's default)."""

_LOOSE = 2.0  # values are not equally frequent: a factor both ways around 1 / distinct


_ERROR = 0.03  # of the whole: a bound of quantiles, and what a sample may be off

Quantiles = Mapping[str, tuple[float, ...]]


def selectivity(condition: AnyExpression, distinct: Mapping[str, int], quantiles: Quantiles | None = None) -> Interval:
    """Estimate the share of rows for which a condition is true.

    Parameters
    ----------
    condition
        A boolean expression.
    distinct
        Distinct values by column, where they are known.
    quantiles
        Bounds of equal parts of the values of a column, where they are known.

    Examples
    --------
    >>> from jupyter_wayang.plan.expressions import ColumnRef
    >>> dutch = Binary(op="==", left=ColumnRef(name="country"), right=Literal.of("NL"))
    >>> share = selectivity(dutch, {"country": 20})
    >>> share.low, share.high
    (0.025, 0.1)
    >>> selectivity(dutch, {}) == UNKNOWN
    True
    >>> old = Binary(op=">=", left=ColumnRef(name="age"), right=Literal.of(75))
    >>> share = selectivity(old, {}, {"age": (0.0, 25.0, 50.0, 75.0, 100.0)})
    >>> round(share.low, 2), round(share.high, 2)
    (0.22, 0.28)
    """
    match condition:
        case Literal(value=value):
            return Interval.exact(1.0 if value is True else 0.0)
        case Binary(op="and", left=left, right=right):
            first, second = selectivity(left, distinct, quantiles), selectivity(right, distinct, quantiles)
            return _shares(first.low * second.low, min(first.high, second.high), first, second)
        case Binary(op="or", left=left, right=right):
            first, second = selectivity(left, distinct, quantiles), selectivity(right, distinct, quantiles)
            return _shares(max(first.low, second.low), first.high + second.high, first, second)
        case Binary(op="==", left=left, right=right):
            return _equal(_count(left, right, distinct), 1)
        case IsIn(arg=arg, values=values):
            return _equal(_count(arg, values[0] if values else Literal.of(None), distinct), len(values))
        case Binary(op="!=", left=left, right=right):
            return _rest(_equal(_count(left, right, distinct), 1))
        case Binary(op="<" | "<=" | ">" | ">=" as op, left=left, right=right):
            return _ordered(op, left, right, quantiles or {})
        case Not(arg=IsNull()):
            return Interval(low=0.5, high=1.0, confidence=0.8)
        case IsNull():
            return Interval(low=0.01, high=0.5, confidence=0.8)
        case Not(arg=arg):
            return _rest(selectivity(arg, distinct, quantiles))
    return UNKNOWN


_TURNED = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}


def _ordered(op: str, left: Expression, right: Expression, quantiles: Quantiles) -> Interval:
    if isinstance(left, Literal) and isinstance(right, ColumnRef):
        left, right, op = right, left, _TURNED[op]
    if not isinstance(left, ColumnRef) or not isinstance(right, Literal) or left.name not in quantiles:
        return UNKNOWN
    value = _number(right)
    if value is None:
        return UNKNOWN
    below = _below(value, quantiles[left.name])
    share = below if op in ("<", "<=") else 1 - below
    return Interval(low=max(0.0, share - _ERROR), high=min(1.0, share + _ERROR), confidence=0.9)


def _number(literal: Literal) -> float | None:
    """Return a number, or a date as days since 1970."""
    if isinstance(literal.value, bool) or literal.value is None:
        return None
    if literal.type == "date":
        return (dt.date.fromisoformat(str(literal.value)) - dt.date(1970, 1, 1)).days
    return float(literal.value) if isinstance(literal.value, int | float) else None


def _below(value: float, bounds: tuple[float, ...]) -> float:
    """Return the share of values under a value, between two bounds in proportion."""
    if value <= bounds[0]:
        return 0.0
    if value >= bounds[-1]:
        return 1.0
    place = bisect_right(bounds, value) - 1
    width = bounds[place + 1] - bounds[place]
    return (place + (value - bounds[place]) / width) / (len(bounds) - 1)


def _count(left: Expression, right: Expression, distinct: Mapping[str, int]) -> int | None:
    match left, right:
        case (ColumnRef(name=name), Literal()) | (Literal(), ColumnRef(name=name)):
            return distinct.get(name)
    return None


def _equal(count: int | None, values: int) -> Interval:
    if count is None:
        return UNKNOWN
    share = min(1.0, values / max(count, 1))
    return Interval(low=share / _LOOSE, high=min(1.0, share * _LOOSE), confidence=0.9)


def _rest(share: Interval) -> Interval:
    # Nulls are in neither half, and an unknown half says nothing of the other.
    if share == UNKNOWN:
        return UNKNOWN
    return Interval(low=max(0.0, 1 - share.high) / _LOOSE, high=1 - share.low, confidence=share.confidence)


def _shares(low: float, high: float, first: Interval, second: Interval) -> Interval:
    return Interval(low=low, high=min(1.0, high), confidence=min(first.confidence, second.confidence))
