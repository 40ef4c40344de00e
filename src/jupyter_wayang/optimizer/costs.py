"""What an operator costs on a platform: seconds, as an interval, from a coefficient and cardinalities."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from jupyter_wayang.optimizer.cardinality import Estimate
from jupyter_wayang.optimizer.edits import SOURCES
from jupyter_wayang.optimizer.inflation import base_tag, set_at_a_time
from jupyter_wayang.plan.execution import Interval
from jupyter_wayang.plan.logical import LogicalPlan, Node, Port
from jupyter_wayang.plan.operators import AnyOperator, Join, LocalUpdate, PageRank
from jupyter_wayang.plan.statistics import FunctionStatistics, SourceStatistics
from jupyter_wayang.platforms.platform import PASSING_OPERATORS, Coefficient, Platform
from jupyter_wayang.platforms.relational import graphs

__all__ = ["NOTHING", "Sizes", "compute_s", "seconds", "sizes", "total"]

NOTHING = Interval.exact(0.0)

_EPOCHS_TO_CONVERGENCE = 20
_PORTS = 2  # most operators have one; of a loop, which passes on what it is given, no size is asked

Sizes = tuple[Interval, Interval, Interval]
"""Rows in, rows out, bytes in."""


def total(parts: Iterable[Interval]) -> Interval:
    """Add intervals up."""
    return sum(parts, start=NOTHING)


def seconds(coefficient: Coefficient, sizes: Sizes) -> Interval:
    """Return the seconds of one execution.

    Examples
    --------
    >>> three = Interval.exact(3)
    >>> seconds(Coefficient(fixed_s=1, row_s=2, spread=2), (three, three, three)).high
    14.0
    """
    rows, out, bytes_ = sizes
    low, high = (
        coefficient.fixed_s + coefficient.row_s * r + coefficient.out_row_s * o + coefficient.byte_s * b
        for r, o, b in ((rows.low, out.low, bytes_.low), (rows.high, out.high, bytes_.high))
    )
    spread = max(coefficient.spread, 1.0)
    sure = min(rows.confidence, out.confidence, bytes_.confidence)
    return Interval(low=low / spread, high=high * spread, confidence=sure)


def sizes(
    plan: LogicalPlan, estimates: Mapping[Port, Estimate], statistics: Mapping[str, SourceStatistics]
) -> dict[str, Sizes]:
    """Return what goes in and out of every node.

    What goes into a source is what it reads. Into local training go its rows once an epoch, and out come as many rows
    as epochs: most platforms pay for each, whatever the rows, and some only once for all.
    """
    return {node.id: _sizes(node, estimates, statistics) for node in plan.nodes}


def _sizes(node: Node, estimates: Mapping[Port, Estimate], statistics: Mapping[str, SourceStatistics]) -> Sizes:
    made = [estimates[port] for index in range(_PORTS) if (port := Port(node=node.id, port=index)) in estimates]
    out = total(one.rows for one in made)
    if isinstance(node.operator, SOURCES):
        known = statistics.get(node.id)
        read = known.bytes if known is not None and known.bytes is not None else made[0].bytes
        return (made[0].rows if known is None else known.rows), out, read
    inputs = [estimates[port] for port in node.inputs if port in estimates]
    rows = total(one.rows for one in inputs)
    if isinstance(node.operator, Join) and not node.operator.on and node.operator.as_of is None:
        # Without keys every row is put beside every other.
        first, second = (one.rows for one in inputs)
        rows = Interval(
            low=first.low * second.low,
            high=first.high * second.high,
            confidence=min(first.confidence, second.confidence),
        )
    if isinstance(node.operator, LocalUpdate):
        epochs = node.operator.epochs or _EPOCHS_TO_CONVERGENCE
        rows, out = rows.times(epochs), Interval.exact(epochs)
    return rows, out, total(one.bytes for one in inputs)


def compute_s(
    node: Node, platform: Platform, sizes: Sizes, iterations: int = 1, called: FunctionStatistics | None = None
) -> Interval:
    """Return the seconds of all executions of a node on a platform that can run it.

    ``called`` says what its function took before, if it calls one.
    """
    tag = base_tag(node.operator)
    if tag in PASSING_OPERATORS:
        return NOTHING
    if set_at_a_time(tag, platform):
        return _looped_s(node.operator, platform, sizes).times(iterations)
    return _called_s(platform.costs.operators[tag], sizes, called).times(iterations)


def _called_s(coefficient: Coefficient, sizes: Sizes, called: FunctionStatistics | None) -> Interval:
    """Return the seconds of an execution, which may be those that its function takes by itself."""
    usual = seconds(coefficient, sizes)
    if called is None or called.rows == 0:
        return usual
    own = replace(coefficient, row_s=called.row_s, out_row_s=0.0, byte_s=0.0)
    return max(usual, seconds(own, sizes), key=lambda one: one.mean)


def _looped_s(operator: AnyOperator, platform: Platform, sizes: Sizes) -> Interval:
    """Return the seconds of a graph operator that a platform runs as a loop of base operators."""
    once, each = graphs.PARTS[base_tag(operator)]
    turns = operator.iterations if isinstance(operator, PageRank) else graphs.TURNS
    known = platform.costs.operators
    parts = [seconds(known[tag], sizes) for tag in (*once, *each) if tag in known]
    return total(part.times(1 if index < len(once) else turns) for index, part in enumerate(parts))
