"""Small changes to a logical plan that keep it well formed; the rules are made of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

from jupyter_wayang.plan.expressions import ColumnRef
from jupyter_wayang.plan.logical import Hints, LogicalPlan, Node, Port
from jupyter_wayang.plan.operators import ReadFile, ReadFrame, ReadTable, Select

__all__ = ["SOURCES", "edit", "free", "fresh_id", "narrows_source", "only_reader"]

SOURCES = (ReadFile, ReadFrame, ReadTable)
_NO_HINTS = Hints()


def edit(
    plan: LogicalPlan,
    *,
    changed: Iterable[Node] = (),
    added: Iterable[Node] = (),
    redirected: Mapping[Port, Port] | None = None,
) -> LogicalPlan:
    """Return a plan with nodes changed and added, and with readers of some ports reading others.

    Parameters
    ----------
    plan
        The plan.
    changed
        Nodes that take the place of those of the same id; their inputs are taken as they are.
    added
        New nodes; their inputs are taken as they are.
    redirected
        Which port the other readers, and the results, read in place of which.
    """
    instead = redirected or {}
    replaced = {node.id: node for node in changed}
    nodes = [replaced.get(node.id) or _redirect(node, instead) for node in plan.nodes]
    results = tuple(instead.get(port, port) for port in plan.results)
    return LogicalPlan(nodes=_ordered([*nodes, *added]), results=results)


def _redirect(node: Node, instead: Mapping[Port, Port]) -> Node:
    if not any(port in instead for port in node.inputs):
        return node
    return msgspec.structs.replace(node, inputs=tuple(instead.get(port, port) for port in node.inputs))


def _ordered(nodes: list[Node]) -> tuple[Node, ...]:
    """Put inputs first, and keep the given order where that leaves a choice."""
    by_id = {node.id: node for node in nodes}
    done: dict[str, Node] = {}
    for root in nodes:
        stack = [root]
        while stack:
            node = stack[-1]
            waiting = [by_id[port.node] for port in node.inputs if port.node not in done]
            if waiting:
                stack += reversed(waiting)
            else:
                done[stack.pop().id] = node
    return tuple(done.values())


def fresh_id(plan: LogicalPlan, wanted: str) -> str:
    """Return ``wanted``, or with a number where a node has that id already."""
    taken = {node.id for node in plan.nodes}
    number, name = 1, wanted
    while name in taken:
        number += 1
        name = f"{wanted}_{number}"
    return name


def free(node: Node) -> bool:
    """Tell whether a rule may move or change a node: nobody said anything about it."""
    return node.hints == _NO_HINTS


def only_reader(plan: LogicalPlan, port: Port) -> bool:
    """Tell whether a port is read exactly once, and not asked for as a result."""
    return port not in plan.results and sum(node.inputs.count(port) for node in plan.nodes) == 1


def narrows_source(plan: LogicalPlan, node: Node) -> bool:
    """Tell whether a node only picks columns of a source: it belongs to the source, and nothing goes between."""
    return (
        isinstance(node.operator, Select)
        and isinstance(plan[node.inputs[0].node].operator, SOURCES)
        and all(named.expression == ColumnRef(name=named.name) for named in node.operator.columns)
    )
