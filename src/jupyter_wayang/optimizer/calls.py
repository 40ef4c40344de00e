"""Operators that call functions of the notebook: how many rows they make."""

from __future__ import annotations

from collections.abc import Sequence

from jupyter_wayang.plan.execution import Interval
from jupyter_wayang.plan.operators.functions import Calling, CoGroup, FilterBy, FlatMap, MapBatches, Reduce, ReduceBy
from jupyter_wayang.plan.statistics import FunctionStatistics

__all__ = ["rows_made"]

# Shares of the rows that go in, and how sure that is, where nothing was measured.
_KEPT = Interval(low=0.1, high=1.0, confidence=0.9)
_SPREAD = Interval(low=1.0, high=16.0, confidence=0.5)
_KEYS = Interval(low=0.01, high=1.0, confidence=0.5)


def rows_made(operator: Calling, inputs: Sequence[Interval], known: FunctionStatistics | None) -> Interval:
    """Return how many rows leave an operator.

    Parameters
    ----------
    operator
        The operator.
    inputs
        How many rows go in.
    known
        What the function took and made before; None: it was not called yet.

    Examples
    --------
    >>> from jupyter_wayang.plan.operators.functions import FunctionRef
    >>> keep = FilterBy(function=FunctionRef(name="f", key="f"))
    >>> rows_made(keep, [Interval.exact(100)], FunctionStatistics(rows=50, row_s=1e-6, share=0.5)).high
    60.0
    """
    rows = inputs[0]
    if isinstance(operator, Reduce):
        return Interval(low=min(rows.low, 1.0), high=min(rows.high, 1.0), confidence=rows.confidence)
    if isinstance(operator, CoGroup):
        rows = rows + inputs[1]
    if not isinstance(operator, FilterBy | FlatMap | ReduceBy | CoGroup | MapBatches):
        return rows
    if known is not None and known.rows:
        share = Interval(low=known.share / 1.2, high=known.share * 1.2, confidence=0.8)
        if isinstance(operator, ReduceBy):
            # Of more rows a smaller part are the first of their key.
            share = Interval(low=min(0.1, 1.0 / known.rows) * share.low, high=share.high, confidence=0.6)
    elif isinstance(operator, MapBatches):
        return rows
    else:
        share = {FilterBy: _KEPT, FlatMap: _SPREAD}.get(type(operator), _KEYS)
    return Interval(
        low=rows.low * share.low,
        high=max(rows.high * share.high, 1.0 if rows.high else 0.0),
        confidence=rows.confidence * share.confidence,
    )
