"""Checkpoints: where rows are counted while a plan runs, because what comes after may be better done elsewhere.

An estimate is uncertain if its confidence is under one half, or if its bounds are far apart. A choice depends on it if
the best plan with all uncertain estimates at their low or at their high bound makes another choice. Rows are counted
only where they are at rest anyway: in a platform that computes at once, or where they change their form.

References
----------
S. Kruse et al., "RHEEMix in the data jungle", VLDB Journal 29 (2020), section 6.
"""

from __future__ import annotations

from collections.abc import Iterable

from jupyter_wayang.optimizer.cardinality import Settle
from jupyter_wayang.plan.execution import Interval
from jupyter_wayang.plan.logical import LogicalPlan, Node, Port

__all__ = ["at_bound", "behind", "met", "uncertain"]

_SURE = 0.5
_SPREAD = 10.0
_SMALL = 1e4  # rows by which an estimate may be off without mattering
_FAR = 1000.0  # by which factor an estimate without confidence may be off
_CLOSE = 2.0  # what was expected by this factor is as good as met


def uncertain(rows: Interval) -> bool:
    """Tell whether an estimate is too uncertain to build on.

    Examples
    --------
    >>> uncertain(Interval(low=900, high=1100)), uncertain(Interval(low=1e4, high=1e6)), uncertain(Interval(low=1, high=9000))
    (False, True, False)
    >>> uncertain(Interval(low=5, high=5, confidence=0.4))
    True
    """
    return rows.confidence < _SURE or (rows.high + _SMALL) / (rows.low + _SMALL) > _SPREAD


def at_bound(*, high: bool) -> Settle:
    """Return what settles every uncertain estimate at its lower or higher bound (see :func:`estimate`).

    An estimate of little confidence may be off by far, as far as the operator can make so many rows at all.
    """

    def settle(node: Node, port: Port, rows: Interval, possible: Interval) -> Interval:
        if not uncertain(rows):
            return rows
        far = _FAR if rows.confidence < _SURE else 1.0
        value = min(rows.high * far, possible.high) if high else max(rows.low / far, possible.low)
        # Certain from here on, so that what follows is not settled a second time.
        return Interval.exact(max(value, 0.0))

    return settle


def met(expected: Interval, counted: int) -> bool:
    """Tell whether a count is what was expected, or so close that nothing follows from it.

    Examples
    --------
    >>> met(Interval.exact(1000), 1400), met(Interval.exact(1000), 9000), met(Interval.exact(1000), 90_000)
    (True, True, False)
    """
    low, high = (expected.low + _SMALL) / _CLOSE, (expected.high + _SMALL) * _CLOSE
    return low <= counted + _SMALL <= high


def behind(plan: LogicalPlan, changed: Iterable[str]) -> dict[str, bool]:
    """Return, for every node, whether one of ``changed`` comes after it."""
    dependent: dict[str, bool] = {node.id: False for node in plan.nodes}
    wanted = set(changed)
    for node in reversed(plan.nodes):
        if dependent[node.id] or node.id in wanted:
            dependent.update((port.node, True) for port in node.inputs)
    return dependent
