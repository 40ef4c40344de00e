"""Running a function on a few rows, to learn which columns it makes."""

from __future__ import annotations

import msgspec

from jupyter_wayang.plan.logical import LogicalPlan, Node, Port
from jupyter_wayang.plan.operators import Limit

__all__ = ["SAMPLE_ROWS", "first_rows"]

SAMPLE_ROWS = 1_000
"""How many rows of each source are looked at."""


def first_rows(plan: LogicalPlan, rows: int) -> LogicalPlan:
    """Return the same plan over the first rows of each source.

    Examples
    --------
    >>> from jupyter_wayang.plan.operators import ReadFrame
    >>> from jupyter_wayang.plan.schema import Schema
    >>> read = ReadFrame(key="v", label="v", schema=Schema.of(age="int64"))
    >>> plan = LogicalPlan(nodes=(Node(id="read", operator=read),), results=(Port(node="read"),))
    >>> [node.id for node in first_rows(plan, 10).nodes], first_rows(plan, 10).results[0].node
    (['read', 'read_first'], 'read_first')
    """
    nodes: list[Node] = []
    moved: dict[Port, Port] = {}
    for node in plan.nodes:
        inputs = tuple(moved.get(port, port) for port in node.inputs)
        nodes.append(msgspec.structs.replace(node, inputs=inputs))
        if not node.inputs:
            first = Node(id=f"{node.id}_first", operator=Limit(rows=rows), inputs=(Port(node=node.id),))
            nodes.append(first)
            moved[Port(node=node.id)] = Port(node=first.id)
    return LogicalPlan(nodes=tuple(nodes), results=tuple(moved.get(port, port) for port in plan.results))
