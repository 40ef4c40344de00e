"""Limits run before columns are computed."""

from __future__ import annotations

import msgspec

from jupyter_wayang.optimizer.edits import Draft, free, narrows_source, only_reader
from jupyter_wayang.plan.expressions import Named, has_window
from jupyter_wayang.plan.logical import LogicalPlan, Node, Port
from jupyter_wayang.plan.operators import Drop, Limit, Map, Rename, Select, WithColumns

__all__ = ["push_limits"]


def push_limits(plan: LogicalPlan) -> LogicalPlan:
    """Move limits below projections and maps, which keep the number and the order of rows.

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
    draft = Draft(plan)
    for node in plan.nodes:
        if isinstance(node.operator, Limit) and free(node):
            while _moved(draft, draft[node.id]):
                pass
    return draft.plan()


def _moved(draft: Draft, node: Node) -> bool:
    below = draft[node.inputs[0].node]
    if not isinstance(below.operator, Select | WithColumns | Drop | Rename | Map):
        return False
    if any(
        has_window(column.expression) for column in getattr(below.operator, "columns", ()) if isinstance(column, Named)
    ):
        return False  # a window needs the rows that the limit drops
    if not free(below) or narrows_source(draft, below) or not only_reader(draft, node.inputs[0]):
        return False
    limit = msgspec.structs.replace(node, inputs=below.inputs, names=())
    upper = msgspec.structs.replace(below, inputs=(Port(node=node.id),), names=node.names)
    draft.edit(changed=(limit, upper), redirected={Port(node=node.id): Port(node=below.id)})
    return True
