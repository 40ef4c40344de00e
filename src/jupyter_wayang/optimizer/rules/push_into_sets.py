"""Filters and limits run on each of two collections before these are put together."""

from __future__ import annotations

import msgspec

from jupyter_wayang.optimizer.edits import Draft, free, fresh_id, only_reader
from jupyter_wayang.optimizer.rules.push_filters import may_go, put_below
from jupyter_wayang.plan.expressions import columns_of, conjuncts
from jupyter_wayang.plan.logical import LogicalPlan, Node, Port
from jupyter_wayang.plan.operators import Except, Filter, Intersect, Limit, Union
from jupyter_wayang.plan.schema import Schema

__all__ = ["push_into_sets"]


def push_into_sets(plan: LogicalPlan) -> LogicalPlan:
    """Move conditions below ``union``, ``intersect`` and ``except_``, to both sides; put limits also below ``union``.

    A condition stays if it reads a column whose type is not the same on both sides.

    Examples
    --------
    >>> from jupyter_wayang.plan.logical import Vertex, VertexPort
    >>> from jupyter_wayang.plan.operators import ReadFrame
    >>> a, b = (VertexPort(Vertex(ReadFrame(key=k, label=k, schema=Schema.of(age="int64")))) for k in "ab")
    >>> both = VertexPort(Vertex(Union(), (a, b)))
    >>> plan = LogicalPlan.of([VertexPort(Vertex(Limit(rows=5), (both,)))])
    >>> [node.id for node in push_into_sets(plan).nodes]
    ['read', 'read_2', 'limit_read', 'limit_read_2', 'union', 'limit']
    """
    draft = Draft(plan)
    for node in plan.nodes:
        below = draft[draft[node.id].inputs[0].node] if node.inputs else None
        if below is None or not free(below) or not only_reader(draft, draft[node.id].inputs[0]):
            continue
        if isinstance(node.operator, Filter) and may_go(node):
            _filters(draft, draft[node.id], node.operator, below)
        elif isinstance(node.operator, Limit) and free(node) and isinstance(below.operator, Union):
            _limits(draft, node.operator, below)
    return draft.plan()


def _filters(draft: Draft, node: Node, operator: Filter, below: Node) -> None:
    if not isinstance(below.operator, Union | Intersect | Except):
        return
    left, right = (draft.output(port) for port in below.inputs)
    if not isinstance(left, Schema) or not isinstance(right, Schema):
        return
    same = {column.name for column in left if column.type == right[column.name].type}
    parts = conjuncts(operator.condition)
    pushed = [part for part in parts if same.issuperset(columns_of(part))]
    if pushed:
        kept = [part for part in parts if part not in pushed]
        put_below(draft, node, below, [(0, pushed), (1, pushed)], kept)


def _limits(draft: Draft, limit: Limit, below: Node) -> None:
    inputs = list(below.inputs)
    for side, port in enumerate(inputs):
        under = draft[port.node].operator
        if isinstance(under, Limit) and under.rows <= limit.rows:
            continue
        added = Node(id=fresh_id(draft, f"limit_{port.node}"), operator=limit, inputs=(port,))
        draft.edit(added=(added,))
        inputs[side] = Port(node=added.id)
    if tuple(inputs) != below.inputs:
        draft.edit(changed=(msgspec.structs.replace(below, inputs=tuple(inputs)),))
