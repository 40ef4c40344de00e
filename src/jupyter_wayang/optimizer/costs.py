"""What an operator costs on a platform: seconds, as an interval, from a coefficient and cardinalities."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from jupyter_wayang.optimizer.cardinality import Estimate
from jupyter_wayang.optimizer.edits import SOURCES
from jupyter_wayang.optimizer.inflation import base_tag, set_at_a_time
from jupyter_wayang.plan.execution import Interval
from jupyter_wayang.plan.expressions import columns_of
from jupyter_wayang.plan.logical import LogicalPlan, Node, Port
from jupyter_wayang.plan.operations import operations
from jupyter_wayang.plan.operators import AnyOperator, Join, LocalUpdate, PageRank, Select
from jupyter_wayang.plan.schema import Schema
from jupyter_wayang.plan.statistics import FunctionStatistics, SourceStatistics
from jupyter_wayang.platforms.platform import PASSING_OPERATORS, Coefficient, Platform, lazy
from jupyter_wayang.platforms.relational import graphs

__all__ = ["NOTHING", "Sizes", "compute_s", "seconds", "sizes", "total"]

NOTHING = Interval.exact(0.0)

_EPOCHS_TO_CONVERGENCE = 20
_PORTS = 2  # most operators have one; of a loop, which passes on what it is given, no size is asked


@dataclass(frozen=True)
class Sizes:
    """Rows in, rows out, bytes in, and the operations of expressions of each row: all, and those over decimals.

    ``wanted`` is the share of the bytes of a source that its readers want, by its columns.
    """

    rows: Interval
    out: Interval
    bytes: Interval
    operations: int = 0
    decimals: int = 0
    wanted: float = 1.0

    def read_by(self, platform: Platform) -> Sizes:
        """Return the sizes for a platform: one that reads when rows are asked for reads what is wanted only."""
        return replace(self, bytes=self.bytes.times(self.wanted)) if self.wanted < 1 and lazy(platform) else self


def total(parts: Iterable[Interval]) -> Interval:
    """Add intervals up."""
    return sum(parts, start=NOTHING)


def seconds(coefficient: Coefficient, sizes: Sizes) -> Interval:
    """Return the seconds of one execution.

    Examples
    --------
    >>> three = Interval.exact(3)
    >>> seconds(Coefficient(fixed_s=1, row_s=2, spread=2), Sizes(three, three, three)).high
    14.0
    """
    rows, out, bytes_ = sizes.rows, sizes.out, sizes.bytes
    low, high = (
        coefficient.seconds(r, o, b, sizes.operations * r, sizes.decimals * r)
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
    outputs = plan.outputs()
    readers: dict[str, list[AnyOperator]] = {}
    for node in plan.nodes:
        for port in node.inputs:
            readers.setdefault(port.node, []).append(node.operator)
    found = {}
    for node in plan.nodes:
        inputs = tuple(schema for port in node.inputs if isinstance(schema := outputs[port], Schema))
        made = outputs[Port(node=node.id)]
        wanted = 1.0
        if isinstance(node.operator, SOURCES) and isinstance(made, Schema):
            wanted = _wanted(made, readers.get(node.id, []))
        amounts = _amounts(node, estimates, statistics)
        found[node.id] = Sizes(*amounts, *operations(node.operator, inputs), wanted=wanted)
    return found


def _wanted(schema: Schema, readers: Iterable[AnyOperator]) -> float:
    """Return the share of a source's bytes in the columns that its readers read."""
    names: set[str] = set()
    for reader in readers:
        if not isinstance(reader, Select):
            return 1.0
        names |= {name for column in reader.columns for name in columns_of(column.expression)}
    some = Schema(columns=tuple(column for column in schema if column.name in names))
    return some.row_bytes / schema.row_bytes if names and schema.row_bytes else 1.0


def _amounts(
    node: Node, estimates: Mapping[Port, Estimate], statistics: Mapping[str, SourceStatistics]
) -> tuple[Interval, Interval, Interval]:
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
    sizes = sizes.read_by(platform)
    if set_at_a_time(tag, platform):
        return _looped_s(node.operator, platform, sizes).times(iterations)
    return _called_s(platform.costs.operators[tag], sizes, called).times(iterations)


def _called_s(coefficient: Coefficient, sizes: Sizes, called: FunctionStatistics | None) -> Interval:
    """Return the seconds of an execution, which may be those that its function takes by itself."""
    usual = seconds(coefficient, sizes)
    if called is None or called.rows == 0:
        return usual
    own = Coefficient(fixed_s=coefficient.fixed_s, row_s=called.row_s, spread=coefficient.spread)
    return max(usual, seconds(own, sizes), key=lambda one: one.mean)


def _looped_s(operator: AnyOperator, platform: Platform, sizes: Sizes) -> Interval:
    """Return the seconds of a graph operator that a platform runs as a loop of base operators."""
    once, each = graphs.PARTS[base_tag(operator)]
    turns = operator.iterations if isinstance(operator, PageRank) else graphs.TURNS
    known = platform.costs.operators
    parts = [seconds(known[tag], sizes) for tag in (*once, *each) if tag in known]
    return total(part.times(1 if index < len(once) else turns) for index, part in enumerate(parts))
