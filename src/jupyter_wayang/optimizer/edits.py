"""Small changes to a logical plan that keep it well formed; the rules are made of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

from jupyter_wayang.plan.expressions import ColumnRef
from jupyter_wayang.plan.logical import Hints, LogicalPlan, Node, Port
from jupyter_wayang.plan.operators import Output, ReadFile, ReadFrame, ReadTable, Select

__all__ = ["SOURCES", "Draft", "free", "fresh_id", "narrows_source", "only_reader"]

SOURCES = (ReadFile, ReadFrame, ReadTable)
_NO_HINTS = Hints()


class Draft:
    """A plan while rules change it: looking a node up, or who reads it, takes no time, and nodes are put in order once.

    Rules keep the schemas of what is above what they change, so these are derived once.

    Parameters
    ----------
    plan
        The plan to start from.

    Examples
    --------
    >>> plan = LogicalPlan(nodes=(), results=())
    >>> Draft(plan).plan() is plan
    True
    """

    def __init__(self, plan: LogicalPlan) -> None:
        self._plan: LogicalPlan | None = plan
        self._nodes = {node.id: node for node in plan.nodes}
        self._results = plan.results
        self._readers: dict[Port, list[str]] = {}
        self._outputs: dict[Port, Output] = {}
        for node in plan.nodes:
            self._read(node)

    def __getitem__(self, id_: str) -> Node:
        return self._nodes[id_]

    def __contains__(self, id_: str) -> bool:
        return id_ in self._nodes

    @property
    def results(self) -> tuple[Port, ...]:
        """The ports whose rows are asked for."""
        return self._results

    def readers(self, port: Port) -> tuple[Node, ...]:
        """Return who reads a port, once for each of its inputs that does."""
        return tuple(self._nodes[id_] for id_ in self._readers.get(port, ()))

    def output(self, port: Port) -> Output:
        """Return what leaves a port."""
        if port not in self._outputs:
            for node in self._above(port.node):
                made = node.operator.outputs(tuple(self._outputs[one] for one in node.inputs))
                self._outputs.update({Port(node=node.id, port=index): output for index, output in enumerate(made)})
        return self._outputs[port]

    def _above(self, id_: str) -> list[Node]:
        """Return a node after all above it whose outputs are not known."""
        found: dict[str, Node] = {}
        stack = [id_]
        while stack:
            node = self._nodes[stack[-1]]
            waiting = [p.node for p in node.inputs if p not in self._outputs and p.node not in found]
            if waiting:
                stack += waiting
            else:
                found[stack.pop()] = node
        return list(found.values())

    def edit(
        self,
        *,
        changed: Iterable[Node] = (),
        added: Iterable[Node] = (),
        redirected: Mapping[Port, Port] | None = None,
    ) -> None:
        """Change and add nodes, and let readers of some ports read others.

        Parameters
        ----------
        changed
            Nodes that take the place of those of the same id; their inputs are taken as they are.
        added
            New nodes; their inputs are taken as they are.
        redirected
            Which port the other readers, and the results, read in place of which.
        """
        own = {node.id: node for node in (*changed, *added)}
        instead = redirected or {}
        for id_ in dict.fromkeys(id_ for port in instead for id_ in self._readers.get(port, ())):
            if id_ not in own:
                node = self._nodes[id_]
                self._put(msgspec.structs.replace(node, inputs=tuple(instead.get(port, port) for port in node.inputs)))
        self._results = tuple(instead.get(port, port) for port in self._results)
        for node in own.values():
            self._put(node)
            for port in [port for port in self._outputs if port.node == node.id]:
                del self._outputs[port]
        self._plan = None

    def remove(self, id_: str) -> None:
        """Take a node out that nobody reads."""
        self._unread(self._nodes.pop(id_))
        self._plan = None

    def _put(self, node: Node) -> None:
        if node.id in self._nodes:
            self._unread(self._nodes[node.id])
        self._nodes[node.id] = node
        self._read(node)

    def _read(self, node: Node) -> None:
        for port in node.inputs:
            self._readers.setdefault(port, []).append(node.id)

    def _unread(self, node: Node) -> None:
        for port in node.inputs:
            self._readers[port].remove(node.id)

    def plan(self) -> LogicalPlan:
        """Return the plan; the one that it started from if nothing was changed."""
        if self._plan is None:
            self._plan = LogicalPlan(nodes=_ordered(list(self._nodes.values())), results=self._results)
        return self._plan


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


def fresh_id(draft: Draft, wanted: str) -> str:
    """Return ``wanted``, or with a number where a node has that id already."""
    number, name = 1, wanted
    while name in draft:
        number += 1
        name = f"{wanted}_{number}"
    return name


def free(node: Node) -> bool:
    """Tell whether a rule may move or change a node: nobody said anything about it, but perhaps what it is called."""
    return msgspec.structs.replace(node.hints, name=None) == _NO_HINTS


def only_reader(draft: Draft, port: Port) -> bool:
    """Tell whether a port is read exactly once, and not asked for as a result."""
    return port not in draft.results and len(draft.readers(port)) == 1


def narrows_source(draft: Draft, node: Node) -> bool:
    """Tell whether a node only picks columns of a source: it belongs to the source, and nothing goes between."""
    return (
        isinstance(node.operator, Select)
        and isinstance(draft[node.inputs[0].node].operator, SOURCES)
        and all(named.expression == ColumnRef(name=named.name) for named in node.operator.columns)
    )
