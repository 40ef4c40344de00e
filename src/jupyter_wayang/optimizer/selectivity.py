"""Which share of rows a condition keeps: an interval, with how sure it is."""

from __future__ import annotations

from collections.abc import Mapping

from jupyter_wayang.plan.execution import Interval
from jupyter_wayang.plan.expressions import AnyExpression, Binary, ColumnRef, Expression, IsIn, IsNull, Literal, Not

__all__ = ["UNKNOWN", "selectivity"]

UNKNOWN = Interval(low=0.1, high=1.0, confidence=0.9)
"""What a condition keeps of which nothing is known (Wayang's default)."""

_LOOSE = 2.0  # values are not equally frequent: a factor both ways around 1 / distinct


def selectivity(condition: AnyExpression, distinct: Mapping[str, int]) -> Interval:
    """Estimate the share of rows for which a condition is true.

    Parameters
    ----------
    condition
        A boolean expression.
    distinct
        Distinct values by column, where they are known.

    Examples
    --------
    >>> from jupyter_wayang.plan.expressions import ColumnRef
    >>> dutch = Binary(op="==", left=ColumnRef(name="country"), right=Literal.of("NL"))
    >>> share = selectivity(dutch, {"country": 20})
    >>> share.low, share.high
    (0.025, 0.1)
    >>> selectivity(dutch, {}) == UNKNOWN
    True
    """
    match condition:
        case Literal(value=value):
            return Interval.exact(1.0 if value is True else 0.0)
        case Binary(op="and", left=left, right=right):
            first, second = selectivity(left, distinct), selectivity(right, distinct)
            return _shares(first.low * second.low, min(first.high, second.high), first, second)
        case Binary(op="or", left=left, right=right):
            first, second = selectivity(left, distinct), selectivity(right, distinct)
            return _shares(max(first.low, second.low), first.high + second.high, first, second)
        case Binary(op="==", left=left, right=right):
            return _equal(_count(left, right, distinct), 1)
        case IsIn(arg=arg, values=values):
            return _equal(_count(arg, values[0] if values else Literal.of(None), distinct), len(values))
        case Binary(op="!=", left=left, right=right):
            return _rest(_equal(_count(left, right, distinct), 1))
        case Not(arg=IsNull()):
            return Interval(low=0.5, high=1.0, confidence=0.8)
        case IsNull():
            return Interval(low=0.01, high=0.5, confidence=0.8)
        case Not(arg=arg):
            return _rest(selectivity(arg, distinct))
    return UNKNOWN


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
