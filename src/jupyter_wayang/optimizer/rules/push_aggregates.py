"""Rows that only count towards groups are aggregated before they are joined, where that makes them far fewer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import prod

import msgspec

from jupyter_wayang.optimizer.cardinality import Estimate, estimate
from jupyter_wayang.optimizer.edits import Draft, free, fresh_id, only_reader
from jupyter_wayang.plan.expressions import Aggregate, ColumnRef, Named
from jupyter_wayang.plan.logical import LogicalPlan, Node, Port
from jupyter_wayang.plan.operators import GroupBy, Join
from jupyter_wayang.plan.schema import Schema
from jupyter_wayang.plan.statistics import SourceStatistics

__all__ = ["push_aggregates"]

_WORTH = 0.25
"""At most this part of the rows may be left by an aggregation that is added."""

_AGAIN = {"count": "sum", "sum": "sum", "min": "min", "max": "max"}
"""How an aggregate of parts is put together."""


def push_aggregates(plan: LogicalPlan, statistics: Mapping[str, SourceStatistics]) -> LogicalPlan:
    """Aggregate one side of an inner join by its keys first, and put the parts together after the join.

    All aggregates are counts, sums of floats, least or greatest values of columns of that side; a sum of integers stays,
    because a sum of parts could overflow where the whole does not.

    Parameters
    ----------
    plan
        A logical plan.
    statistics
        Of the sources, by id of the node: it is done only where the values of all keys are known to be few.

    Examples
    --------
    >>> from jupyter_wayang.plan.execution import Interval
    >>> from jupyter_wayang.plan.logical import Vertex, VertexPort
    >>> from jupyter_wayang.plan.operators import ReadFrame
    >>> sales = VertexPort(Vertex(ReadFrame(key="s", label="sales", schema=Schema.of(shop="int64", price="float64"))))
    >>> shops = VertexPort(Vertex(ReadFrame(key="t", label="shops", schema=Schema.of(shop="int64", town="string"))))
    >>> joined = VertexPort(Vertex(Join(on=(("shop", "shop"),)), (sales, shops)))
    >>> total = Named(name="total", expression=Aggregate(function="sum", arg=ColumnRef(name="price")))
    >>> town = Named(name="town", expression=ColumnRef(name="town"))
    >>> plan = LogicalPlan.of([VertexPort(Vertex(GroupBy(keys=(town,), aggregates=(total,)), (joined,)))])
    >>> known = SourceStatistics(rows=Interval.exact(10**6), distinct={"shop": 500})
    >>> for node in push_aggregates(plan, {"read": known}).nodes[2:]:
    ...     print(f"{node.id}: {node.operator.describe()}")
    group_by_read: shop: part_1=sum(price)
    join: shop
    group_by: town: total=sum(part_1)
    """
    if not statistics or not any(isinstance(node.operator, GroupBy) for node in plan.nodes):
        return plan
    draft = Draft(plan)
    estimates = estimate(plan, plan.outputs(), statistics)
    for node in plan.nodes:
        if isinstance(node.operator, GroupBy) and node.operator.keys and free(node):
            _push(draft, node, node.operator, estimates)
    return draft.plan()


def _push(draft: Draft, node: Node, group: GroupBy, estimates: Mapping[Port, Estimate]) -> None:
    below = draft[node.inputs[0].node]
    join = below.operator
    if not isinstance(join, Join) or join.how != "inner" or join != Join(on=join.on, suffix=join.suffix):
        return
    if not free(below) or not only_reader(draft, node.inputs[0]):
        return
    left, right = (draft.output(port) for port in below.inputs)
    if not isinstance(left, Schema) or not isinstance(right, Schema):
        return
    sides = _Sides(join=join, schemas=(left, right))
    for side in (0, 1):
        known = estimates.get(below.inputs[side])
        keys = sides.keys(side, group)
        if keys is None or known is None or not sides.all_from(side, group):
            continue
        counts = [known.distinct.get(name) for name in keys]
        few = (
            None not in counts and prod(count + 1 for count in counts if count is not None) <= _WORTH * known.rows.mean
        )
        if few:
            _rewrite(draft, node, below, group, sides, side, keys)
            return


@dataclass(frozen=True, kw_only=True)
class _Sides:
    """The two inputs of a join, and what their columns are called in its result."""

    join: Join
    schemas: tuple[Schema, Schema]

    def names(self, side: int) -> dict[str, str]:
        """Return, by name in the result, the column of a side."""
        left, right = self.schemas
        if side == 0:
            return {name: name for name in left.names}
        return {new: old for old, new in self.join.right_names(left, right)}

    def keys(self, side: int, group: GroupBy) -> tuple[str, ...] | None:
        """Return the columns that a side must be grouped by, or None where a key is computed."""
        if not all(isinstance(key.expression, ColumnRef) for key in group.keys):
            return None
        ours = self.names(side)
        wanted = [key.expression.name for key in group.keys if isinstance(key.expression, ColumnRef)]
        return tuple(dict.fromkeys([*(pair[side] for pair in self.join.on), *(ours[n] for n in wanted if n in ours)]))

    def all_from(self, side: int, group: GroupBy) -> bool:
        """Tell whether every aggregate can be made of parts of a side; one of them must need it."""
        ours, schema = self.names(side), self.schemas[side]
        read = False
        for named in group.aggregates:
            match named.expression:
                case Aggregate(function=function, arg=None) as whole if whole == Aggregate(function=function):
                    continue
                case Aggregate(function=function, arg=ColumnRef(name=name)) as whole:
                    plain = whole == Aggregate(function=function, arg=ColumnRef(name=name)) and function in _AGAIN
                    if not plain or name not in ours or (function == "sum" and schema[ours[name]].type != "float64"):
                        return False
                    read = True
                case _:
                    return False
        return read


def _rewrite(
    draft: Draft, node: Node, below: Node, group: GroupBy, sides: _Sides, side: int, keys: tuple[str, ...]
) -> None:
    ours = sides.names(side)
    taken = {name for schema in sides.schemas for name in schema.names}
    parts: list[Named] = []
    again: list[Named] = []
    for number, named in enumerate(group.aggregates, 1):
        one = named.expression
        if not isinstance(one, Aggregate):
            return
        name = next(n for n in (f"part_{number}", *(f"part_{number}_{k}" for k in range(2, 99))) if n not in taken)
        arg = ColumnRef(name=ours[one.arg.name]) if isinstance(one.arg, ColumnRef) else None
        parts.append(Named(name=name, expression=Aggregate(function=one.function, arg=arg)))
        whole = Aggregate(function=_AGAIN[one.function], arg=ColumnRef(name=name))
        again.append(Named(name=named.name, expression=whole))
    port = below.inputs[side]
    first = Node(
        id=fresh_id(draft, f"group_by_{port.node}"),
        operator=GroupBy(
            keys=tuple(Named(name=name, expression=ColumnRef(name=name)) for name in keys), aggregates=tuple(parts)
        ),
        inputs=(port,),
        span=node.span,
    )
    inputs = (Port(node=first.id), below.inputs[1]) if side == 0 else (below.inputs[0], Port(node=first.id))
    joined = msgspec.structs.replace(below, inputs=inputs, names=())
    draft.edit(changed=(joined,), added=(first,))
    left, right = (draft.output(one) for one in inputs)
    if isinstance(left, Schema) and isinstance(right, Schema):
        # Without the columns that went, a right column may bear its own name again.
        now = dict(sides.join.right_names(left, right))
        theirs = {new: now.get(old, new) for new, old in sides.names(1).items()}
        last = GroupBy(keys=tuple(_renamed(key, theirs) for key in group.keys), aggregates=tuple(again))
        draft.edit(changed=(msgspec.structs.replace(node, operator=last),))


def _renamed(key: Named, names: Mapping[str, str]) -> Named:
    if isinstance(key.expression, ColumnRef) and key.expression.name in names:
        return Named(name=key.name, expression=ColumnRef(name=names[key.expression.name]))
    return key
