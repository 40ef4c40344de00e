"""Cardinalities: how many rows and bytes leave every port, as intervals with a confidence.

Bounds are propagated corner by corner. The confidence of an estimate is that of its operator times the least one of its
inputs. What a person said (``selectivity``, ``rows``) wins over all estimates, and is checked while the plan runs; what was
counted while the plan ran wins over that.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from math import prod
from typing import TypeVar

from jupyter_wayang.optimizer.calls import rows_made
from jupyter_wayang.optimizer.edits import SOURCES
from jupyter_wayang.optimizer.selectivity import selectivity
from jupyter_wayang.plan.execution import Interval
from jupyter_wayang.plan.expressions import ColumnRef
from jupyter_wayang.plan.logical import LogicalPlan, Node, Port
from jupyter_wayang.plan.operators import (
    Distinct,
    Except,
    Explode,
    Filter,
    GroupBy,
    Intersect,
    Join,
    Limit,
    Output,
    Pivot,
    Prepare,
    Sample,
    Split,
    TopK,
    Union,
    Unpivot,
    WriteFile,
)
from jupyter_wayang.plan.operators.columns import Drop, Rename, Select, WithColumns
from jupyter_wayang.plan.operators.functions import Calling, FilterBy
from jupyter_wayang.plan.operators.graph import GraphOperator
from jupyter_wayang.plan.operators.loops import Carry, Repeat
from jupyter_wayang.plan.schema import Schema
from jupyter_wayang.plan.statistics import FunctionStatistics, SourceStatistics

__all__ = ["Estimate", "Settle", "estimate"]

Settle = Callable[[Node, Port, Interval, Interval], Interval]
"""Settles how many rows a port has: given the node, the port, the estimate, and how few and how many are possible."""

_NOTHING_KNOWN = Interval(low=100, high=1_000_000, confidence=0.1)
_GROUPS = (0.01, 1.0, 0.5)  # of the rows: a geometric mean of a tenth, as in Wayang's reduceBy
_JOIN_FACTOR = 3.0  # around the larger side, both ways; Wayang takes three times the larger side
_JOIN_LOOSE = 2.0
_SAID = 0.4  # people are believed, and checked
_COMMON = 0.01  # of the rows are at least in both of two collections


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """Rows and bytes of a port, and the distinct values and the quantiles of its columns where they are known."""

    rows: Interval
    bytes: Interval
    distinct: Mapping[str, int] = field(default_factory=dict)
    quantiles: Mapping[str, tuple[float, ...]] = field(default_factory=dict)


def estimate(
    plan: LogicalPlan,
    outputs: Mapping[Port, Output],
    statistics: Mapping[str, SourceStatistics],
    functions: Mapping[str, FunctionStatistics] | None = None,
    *,
    counted: Mapping[Port, int] | None = None,
    settle: Settle | None = None,
) -> dict[Port, Estimate]:
    """Estimate every port that carries rows.

    Parameters
    ----------
    plan
        A logical plan.
    outputs
        What leaves its ports, as of :meth:`LogicalPlan.outputs`.
    statistics
        Of sources, by id of the node; a source without any may have 100 rows or a million.
    functions
        What functions of the notebook took and made before, by id of the node that calls one.
    counted
        Rows that were counted while the plan ran.
    settle
        Takes each estimate and returns the one that what comes after is estimated from; by default the same.
    """
    found: dict[Port, Estimate] = {}
    made: dict[str, list[Port]] = {node.id: [] for node in plan.nodes}
    for port in outputs:
        made[port.node].append(port)
    for node in plan.nodes:
        inputs = tuple(found[port] for port in node.inputs if port in found)
        for port in made[node.id]:
            schema = outputs[port]
            if isinstance(schema, Schema):
                rows = _told(node, inputs, port, functions or {}, counted or {})
                rows = rows if rows is not None else _rows(node, inputs, port.port, schema, statistics)
                rows = settle(node, port, rows, _possible(node, inputs, rows)) if settle is not None else rows
                source = statistics.get(node.id)
                distinct = _carried(node, outputs, source.distinct if source else {}, [i.distinct for i in inputs])
                spread = _carried(node, outputs, source.quantiles if source else {}, [i.quantiles for i in inputs])
                found[port] = Estimate(
                    rows=rows,
                    bytes=rows.times(schema.row_bytes),
                    distinct={name: min(n, int(rows.high) + 1) for name, n in distinct.items() if name in schema},
                    quantiles={name: bounds for name, bounds in spread.items() if name in schema},
                )
    return found


def _told(
    node: Node,
    inputs: tuple[Estimate, ...],
    port: Port,
    functions: Mapping[str, FunctionStatistics],
    counted: Mapping[Port, int],
) -> Interval | None:
    """Return what was counted or said, or what a function made before."""
    if port in counted:
        return Interval.exact(counted[port])
    return _hinted(node, inputs) or _called(node, inputs, functions)


def _possible(node: Node, inputs: tuple[Estimate, ...], rows: Interval) -> Interval:
    """Return how few and how many rows are possible at all."""
    match node.operator:
        case Filter() | FilterBy() | Distinct() | Prepare() | GroupBy() | Pivot() | Intersect() | Except():
            return Interval(low=0, high=max(inputs[0].rows.high, 1))
        case Join(how=how):
            ours, theirs = inputs[0].rows.high, inputs[1].rows.high
            return Interval(low=0, high=ours * max(theirs, 1) + (theirs if how == "full" else 0))
        case Calling() | Explode():
            return Interval(low=0, high=float("inf"))
    return Interval(low=0, high=float("inf")) if isinstance(node.operator, SOURCES) else rows


def _called(node: Node, inputs: tuple[Estimate, ...], functions: Mapping[str, FunctionStatistics]) -> Interval | None:
    if not isinstance(node.operator, Calling):
        return None
    return rows_made(node.operator, [one.rows for one in inputs], functions.get(node.id))


def _hinted(node: Node, inputs: tuple[Estimate, ...]) -> Interval | None:
    if isinstance(node.operator, Split):
        return None
    if node.hints.rows is not None:
        return Interval(low=node.hints.rows, high=node.hints.rows, confidence=_SAID)
    if node.hints.selectivity is not None and inputs:
        share = Interval(low=node.hints.selectivity, high=node.hints.selectivity, confidence=_SAID)
        return _share(inputs[0].rows, share)
    return None


def _rows(
    node: Node,
    inputs: tuple[Estimate, ...],
    port: int,
    schema: Schema,
    statistics: Mapping[str, SourceStatistics],
) -> Interval:
    operator = node.operator
    if isinstance(operator, SOURCES):
        known = statistics.get(node.id)
        return known.rows if known is not None else _NOTHING_KNOWN
    first = inputs[0]
    match operator:
        case Filter(condition=condition):
            return _share(first.rows, selectivity(condition, first.distinct, first.quantiles))
        case GroupBy(keys=keys):
            return _groups([k.expression.name if isinstance(k.expression, ColumnRef) else None for k in keys], first)
        case Join():
            return _joined(operator, first, inputs[1])
        case Distinct():
            return _groups(list(schema.names), first)
        case Union():
            return first.rows + inputs[1].rows
        case Intersect():
            most = min(first.rows.high, inputs[1].rows.high)
            return Interval(low=_COMMON * most, high=most, confidence=first.rows.confidence * 0.5)
        case Except():
            least = max(_COMMON * first.rows.low, first.rows.low - inputs[1].rows.high)
            return Interval(low=least, high=first.rows.high, confidence=first.rows.confidence * 0.5)
        case Limit(rows=int(rows)) | TopK(rows=int(rows)) | Sample(rows=int(rows)):
            return Interval(
                low=min(first.rows.low, rows), high=min(first.rows.high, rows), confidence=first.rows.confidence
            )
        case Sample(rows=None, fraction=fraction):
            return first.rows.times(fraction or 1.0)
        case Explode():
            return _share(first.rows, Interval(low=1.0, high=10.0, confidence=0.3))
        case Unpivot(columns=columns):
            return first.rows.times(len(columns))
        case Pivot(levels=levels):
            return _groups(list(schema.names[: -len(levels)]), first)
        case WriteFile():
            return Interval.exact(1)
        case Split(fraction=fraction):
            return first.rows.times(fraction if port == 0 else 1 - fraction)
        case Repeat():
            return inputs[port].rows
        case GraphOperator():
            # The nodes: some edges from each, and hardly more nodes than two an edge.
            return _share(first.rows, Interval(low=0.02, high=2.0, confidence=0.5))
        case Prepare():
            return _share(first.rows, Interval(low=0.8, high=1.0, confidence=0.9))  # rows without a target go
    # Of a score the rows are those that it scores: the cells that it makes are few, and nobody asks about them.
    return first.rows


def _share(rows: Interval, share: Interval) -> Interval:
    return Interval(
        low=rows.low * share.low, high=rows.high * share.high, confidence=rows.confidence * share.confidence
    )


def _groups(keys: list[str | None], rows: Estimate) -> Interval:
    """Estimate the different values of some keys, None where a key is no column."""
    if not keys:
        return Interval.exact(1)
    low, high, sure = rows.rows.low, rows.rows.high, rows.rows.confidence
    counts = [rows.distinct.get(key) if key is not None else None for key in keys]
    known = [count for count in counts if count is not None]
    if len(known) == len(counts):
        # Every key may be null too; not every combination need be there.
        most = min(prod(count + 1 for count in known), max(high, 1.0))
        return Interval(low=min(max(known), max(low, 1.0), most), high=most, confidence=sure * 0.9)
    least, most_, certainty = _GROUPS
    return Interval(low=min(low, max(1.0, least * low)), high=max(1.0, most_ * high), confidence=sure * certainty)


def _joined(join: Join, left: Estimate, right: Estimate) -> Interval:
    ours, theirs = left.rows, right.rows
    sure = min(ours.confidence, theirs.confidence)
    if join.how == "cross":
        return Interval(low=ours.low * theirs.low, high=ours.high * theirs.high, confidence=sure)
    if join.as_of is not None:
        return Interval(low=ours.low * (1.0 if join.how == "left" else 0.1), high=ours.high, confidence=sure * 0.9)
    if join.how in ("semi", "anti"):
        return Interval(low=ours.low * 0.1, high=ours.high, confidence=sure * 0.9)
    inner = _matches(join, left, right, sure)
    match join.how:
        case "left":
            return Interval(low=max(inner.low, ours.low), high=max(inner.high, ours.high), confidence=inner.confidence)
        case "full":
            least = max(inner.low, ours.low, theirs.low)
            return Interval(low=least, high=inner.high + ours.high + theirs.high, confidence=inner.confidence)
    return inner


def _matches(join: Join, left: Estimate, right: Estimate, sure: float) -> Interval:
    pairs = [(left.distinct.get(a), right.distinct.get(b)) for a, b in join.on]
    corner: Callable[[float, float], float]
    if all(a is not None or b is not None for a, b in pairs):
        keys = prod(max(a or 1, b or 1) for a, b in pairs)

        def corner(ours: float, theirs: float) -> float:
            return ours * theirs / max(1.0, min(keys, max(ours, theirs)))

        loose, certainty = _JOIN_LOOSE, 0.7
    else:
        corner, loose, certainty = max, _JOIN_FACTOR, 0.5
    low = corner(left.rows.low, right.rows.low) / loose
    high = min(corner(left.rows.high, right.rows.high) * loose, left.rows.high * right.rows.high)
    found = Interval(low=min(low, high), high=high, confidence=sure * certainty)
    if join.where is None:
        return found
    return _share(found, selectivity(join.where, {**right.distinct, **left.distinct}))


_Known = TypeVar("_Known")


def _carried(
    node: Node, outputs: Mapping[Port, Output], source: Mapping[str, _Known], inputs: Sequence[Mapping[str, _Known]]
) -> dict[str, _Known]:
    """Carry along what is known of columns as long as they only change their names."""
    operator = node.operator
    if isinstance(operator, SOURCES):
        return dict(source)
    if isinstance(operator, Carry | Repeat) or (isinstance(operator, Calling) and not isinstance(operator, FilterBy)):
        return {}  # a turn may change them all, and those that a function makes are new
    before = dict(inputs[0])
    schema = next((s for port in node.inputs if isinstance(s := outputs[port], Schema)), Schema(columns=()))
    match operator:
        case Select(columns=columns) | GroupBy(keys=columns):
            pass
        case WithColumns() | Drop() | Rename():
            columns = operator.projection(schema)
        case Join():
            theirs = outputs[node.inputs[1]]
            names = operator.right_names(schema, theirs) if isinstance(theirs, Schema) else ()
            return before | {new: inputs[1][old] for old, new in names if old in inputs[1]}
        case _:
            return before
    kept = ((c.name, c.expression) for c in columns)
    return {name: before[e.name] for name, e in kept if isinstance(e, ColumnRef) and e.name in before}
