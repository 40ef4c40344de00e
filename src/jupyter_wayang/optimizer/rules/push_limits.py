"""Limits run before columns are computed."""

from __future__ import annotations

import msgspec

from jupyter_wayang.optimizer.edits import edit, free, narrows_source, only_reader
from jupyter_wayang.plan.logical import LogicalPlan, Node, Port
from jupyter_wayang.plan.operators import Drop, Limit, Rename, Select, WithColumns

__all__ = ["push_limits"]


def push_limits(plan: LogicalPlan) -> LogicalPlan:
    """Move limits below projections, which keep the number and the order of rows.

    Examples
    --------
    >>> from jupyter_wayang.plan.logical import Vertex, VertexPort
    >>> from jupyter_wayang.plan.operators import ReadFrame
    >>> from jupyter_wayang.plan.schema import Schema
    >>> read = VertexPort(Vertex(ReadFrame(key="v", label="v", schema=Schema.of(age="int64"))))
    >>> renamed = VertexPort(Vertex(Rename(names=(("age", "years"),)), (read,)))
    >>> plan = LogicalPlan.of([VertexPort(Vertex(Limit(rows=5), (renamed,)))])
    >>> [node.id for node in plan.nodes], [node.id for node in push_limits(plan).nodes]
    (['read', 'rename', 'limit'], ['read', 'limit', 'rename'])
    """
    current = plan
    while True:
        moved = next((after for node in current.nodes if (after := _move(current, node)) is not None), None)
        if moved is None:
            return current
        current = moved


def _move(plan: LogicalPlan, node: Node) -> LogicalPlan | None:
    if not isinstance(node.operator, Limit) or not free(node):
        return None
    below = plan[node.inputs[0].node]
    if not isinstance(below.operator, Select | WithColumns | Drop | Rename):
        return None
    if not free(below) or narrows_source(plan, below) or not only_reader(plan, node.inputs[0]):
        return None
    limit = msgspec.structs.replace(node, inputs=below.inputs, names=())
    upper = msgspec.structs.replace(below, inputs=(Port(node=node.id),), names=node.names)
    return edit(plan, changed=(limit, upper), redirected={Port(node=node.id): Port(node=below.id)})
