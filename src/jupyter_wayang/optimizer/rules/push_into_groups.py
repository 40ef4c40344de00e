"""Groups that nobody wants are not made: a condition on keys keeps rows before they are grouped."""

from __future__ import annotations

from jupyter_wayang.optimizer.edits import Draft, free, only_reader
from jupyter_wayang.optimizer.rules.push_filters import may_go, put_below, written_over
from jupyter_wayang.plan.expressions import AnyExpression, ColumnRef, columns_of, conjuncts
from jupyter_wayang.plan.logical import LogicalPlan, Node, Port
from jupyter_wayang.plan.operators import Distinct, Filter, GroupBy
from jupyter_wayang.plan.schema import Schema

__all__ = ["push_into_groups"]


def push_into_groups(plan: LogicalPlan) -> LogicalPlan:
    """Move conditions on keys below ``group_by`` and ``distinct``; those on aggregates stay.

    Examples
    --------
    >>> from jupyter_wayang.plan.expressions import Aggregate, Binary, Literal, Named
    >>> from jupyter_wayang.plan.logical import Vertex, VertexPort
    >>> from jupyter_wayang.plan.operators import ReadFrame
    >>> read = VertexPort(Vertex(ReadFrame(key="v", label="v", schema=Schema.of(age="int64"))))
    >>> key, n = Named(name="years", expression=ColumnRef(name="age")), Named(name="n", expression=Aggregate(function="count"))
    >>> counted = VertexPort(Vertex(GroupBy(keys=(key,), aggregates=(n,)), (read,)))
    >>> over = Filter(condition=Binary(op=">", left=ColumnRef(name="years"), right=Literal.of(18)))
    >>> plan = LogicalPlan.of([VertexPort(Vertex(over, (counted,)))])
    >>> [node.operator.describe() for node in push_into_groups(plan).nodes]
    ['v', 'age > 18', 'years: n=count()']
    """
    draft = Draft(plan)
    for node in plan.nodes:
        if isinstance(node.operator, Filter) and may_go(node):
            _move(draft, draft[node.id], node.operator.condition)
    return draft.plan()


def _move(draft: Draft, node: Node, condition: AnyExpression) -> None:
    below = draft[node.inputs[0].node]
    made = _keys(draft, below)
    if not made or not free(below) or not only_reader(draft, node.inputs[0]):
        return
    pushed: list[AnyExpression] = []
    kept: list[AnyExpression] = []
    for part in conjuncts(condition):
        read = columns_of(part)
        moved = written_over(part, made) if read and all(name in made for name in read) else None
        if moved is None:
            kept.append(part)
        else:
            pushed.append(moved)
    if pushed:
        put_below(draft, node, below, [(0, pushed)], kept)


def _keys(draft: Draft, below: Node) -> dict[str, AnyExpression]:
    """Return what the columns are made of that are the same in all rows of a group."""
    match below.operator:
        case GroupBy(keys=keys):
            return {key.name: key.expression for key in keys}
        case Distinct():
            schema = draft.output(Port(node=below.id))
            return {name: ColumnRef(name=name) for name in schema.names} if isinstance(schema, Schema) else {}
    return {}
