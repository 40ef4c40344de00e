"""Which operators run in the turns of a loop, how often, and what is read in each turn."""

from __future__ import annotations

from typing import Any

from jupyter_wayang.plan.expressions import Binary, ColumnRef, Literal, Named
from jupyter_wayang.plan.logical import LogicalPlan, Port, Vertex, VertexPort
from jupyter_wayang.plan.loops import circles, feedback, iterations
from jupyter_wayang.plan.operators import Carry, Filter, ReadFrame, Repeat, Select, Union
from jupyter_wayang.plan.schema import Schema

ROWS = Schema.of(x="float64")


def read(key: str) -> VertexPort:
    return VertexPort(Vertex(ReadFrame(key=key, label=key, schema=ROWS)))


def doubled(port: VertexPort) -> VertexPort:
    twice = Binary(op="*", left=ColumnRef(name="x"), right=Literal.of(2.0))
    return VertexPort(Vertex(Select(columns=(Named(name="x", expression=twice),)), (port,)))


def both(first: VertexPort, second: VertexPort) -> VertexPort:
    return VertexPort(Vertex(Union(), (first, second)))


def looped(first: VertexPort, turns: int, body: Any) -> VertexPort:
    carry = VertexPort(Vertex(Carry(name="v"), (first,)))
    return VertexPort(Vertex(Repeat(names=("v",), turns=turns), (carry, body(carry))))


def test_turns_of_loops_within_each_other_multiply() -> None:
    # The inner loop begins with rows that never change: it is in the turns of the outer one by what it reads.
    def outer(v: VertexPort) -> VertexPort:
        return looped(read("fixed"), 3, lambda inner: both(doubled(inner), v))

    plan = LogicalPlan.of([looped(read("first"), 5, outer)])
    verbs = {node.id: node.operator.verb for node in plan.nodes}
    often = sorted((verbs[id_], count) for id_, count in iterations(plan).items())
    assert often == [("carry", 5), ("carry", 15), ("repeat", 5), ("select", 15), ("union", 15)]


def test_what_does_not_need_the_carried_value_is_outside() -> None:
    kept = VertexPort(
        Vertex(Filter(condition=Binary(op=">", left=ColumnRef(name="x"), right=Literal.of(0.0))), (read("fixed"),))
    )
    plan = LogicalPlan.of([looped(read("first"), 5, lambda v: both(doubled(v), kept))])
    (circle,) = circles(plan)
    assert {plan[id_].operator.verb for id_ in circle.body} == {"carry", "select", "union"}
    assert feedback(plan) == {Port(node="union"): (("carry", 1),)}
