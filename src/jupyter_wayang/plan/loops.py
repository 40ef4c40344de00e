"""The loops of a plan: which operators run in their turns, and how what a turn makes comes to the next."""

from __future__ import annotations

from dataclasses import dataclass

from jupyter_wayang.errors import PlanError
from jupyter_wayang.plan.logical import LogicalPlan, Node, Port
from jupyter_wayang.plan.operators.loops import Carry, Repeat

__all__ = ["EXPECTED_TURNS", "FEEDBACK", "Circle", "circles", "feedback", "iterations"]

EXPECTED_TURNS = 10
"""The turns that a plan expects of a loop whose end depends on its values."""

FEEDBACK = 1
"""The input of a carry by which the values of the turn before come in."""


@dataclass(frozen=True, kw_only=True)
class Circle:
    """A loop of a plan.

    ``carries`` are the ids of its carries, ``made`` the ports with what a turn makes of each; ``body`` has the ids of
    all that runs in its turns, the carries among them and loops within.
    """

    node: Node
    carries: tuple[str, ...]
    made: tuple[Port, ...]
    condition: Port | None
    body: frozenset[str]

    @property
    def expected(self) -> int:
        """The number of turns that are expected."""
        operator = self.node.operator
        if not isinstance(operator, Repeat):
            return 1
        return operator.turns if operator.turns is not None else min(operator.limit, EXPECTED_TURNS)


def circles(plan: LogicalPlan) -> tuple[Circle, ...]:
    """Return the loops of a plan, those within others first.

    Raises
    ------
    PlanError
        If something that a loop makes in its turns is used outside of it.

    Examples
    --------
    >>> circles(LogicalPlan(nodes=(), results=()))
    ()
    """
    found: list[Circle] = []
    inside: dict[str, frozenset[str]] = {}
    for node in plan.nodes:
        opened = frozenset(id_ for port in node.inputs for id_ in inside[port.node])
        if isinstance(node.operator, Carry):
            opened |= {node.id}
        elif isinstance(node.operator, Repeat):
            count = len(node.operator.names)
            carries = tuple(port.node for port in node.inputs[:count])
            opened -= set(carries)
            found.append(_circle(plan, node, carries, inside, found))
        inside[node.id] = opened
    for port in plan.results:
        if inside[port.node]:
            raise PlanError(
                f"{port.node} is made in the turns of a loop, and used outside of it",
                hint="a loop hands out what it carries: give the name a value before it",
                span=plan[port.node].span,
            )
    return tuple(found)


def _circle(
    plan: LogicalPlan, node: Node, carries: tuple[str, ...], inside: dict[str, frozenset[str]], before: list[Circle]
) -> Circle:
    count = len(carries)
    needed = {port.node for port in node.inputs}
    for other in reversed(plan.nodes):
        if other.id in needed:
            needed |= {port.node for port in other.inputs}
    body = {id_ for id_, opened in inside.items() if id_ in needed and opened & set(carries)}
    for inner in before:
        if inner.node.id in body:
            body |= inner.body
    return Circle(
        node=node,
        carries=carries,
        made=node.inputs[count : 2 * count],
        condition=node.inputs[2 * count] if len(node.inputs) > 2 * count else None,
        body=frozenset(body | set(carries)),
    )


def iterations(plan: LogicalPlan) -> dict[str, int]:
    """Return how often the operators of loops are expected to run, by id; the others run once."""
    found: dict[str, int] = {}
    for circle in circles(plan):
        for id_ in circle.body:
            found[id_] = found.get(id_, 1) * max(1, circle.expected)
    return found


def feedback(plan: LogicalPlan) -> dict[Port, tuple[tuple[str, int], ...]]:
    """Return, for every port that the next turn reads, who reads it: (id of the carry, index of its input)."""
    found: dict[Port, tuple[tuple[str, int], ...]] = {}
    for circle in circles(plan):
        for carry, port in zip(circle.carries, circle.made, strict=True):
            found[port] = (*found.get(port, ()), (carry, FEEDBACK))
    return found
