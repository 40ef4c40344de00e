"""Graph operators set at a time: loops of joins and groupings, for every platform that has those.

Each turn ends with rows that are kept, so that a platform that puts off its work never builds a statement of a hundred
turns.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import singledispatch
from typing import Literal as OneOf

from jupyter_wayang.errors import PlanError, PlatformError
from jupyter_wayang.plan.expressions import (
    Aggregate,
    AnyExpression,
    Binary,
    Call,
    Case,
    Cast,
    ColumnRef,
    IsNull,
    Literal,
    Named,
    Not,
)
from jupyter_wayang.plan.operators import AnyOperator, Filter, GroupBy, Join, Select
from jupyter_wayang.plan.operators.graph import (
    NODE,
    ConnectedComponents,
    GraphOperator,
    PageRank,
    ShortestPaths,
)
from jupyter_wayang.plan.operators.operator import Operator
from jupyter_wayang.plan.schema import Schema
from jupyter_wayang.platforms.platform import Engine, Payload

__all__ = ["NEEDED", "PARTS", "TURNS", "run"]

NEEDED = frozenset({"filter", "select", "group_by", "join"})
"""Tags of the base operators that a platform must have, to run a graph operator as a loop of them."""

PARTS: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "pagerank": (("select", "group_by", "group_by", "join", "join"), ("join", "group_by", "join", "select")),
    "connected_components": (
        ("select", "group_by", "join"),
        ("join", "group_by", "join", "group_by", "join", "select"),
    ),
    "shortest_paths": (("select", "group_by", "join"), ("join", "group_by", "join", "select")),
}
"""What each comes to: the base operators that run once over the edges, and those of every turn; for its cost."""

TURNS = 8
"""The turns that a plan expects where a loop ends when nothing changes any more: real graphs are a few steps wide."""

_FROM, _TO = "from", "to"


_How = OneOf["inner", "left", "full", "semi", "anti", "cross"]


@dataclass(frozen=True)
class _Rows:
    """Rows on an engine, and the base operators as methods."""

    engine: Engine
    payload: Payload
    schema: Schema

    def then(self, operator: AnyOperator, *others: _Rows) -> _Rows:
        rows = (self, *others)
        schemas = tuple(one.schema for one in rows)
        (payload,) = self.engine.apply(operator, tuple(one.payload for one in rows), schemas, {}, "")
        (schema,) = operator.outputs(schemas)
        if not isinstance(schema, Schema):
            raise PlanError(f"{operator.verb} makes no rows")
        return _Rows(self.engine, payload, schema)

    def select(self, **columns: AnyExpression) -> _Rows:
        return self.then(Select(columns=_named(columns)))

    def where(self, condition: AnyExpression) -> _Rows:
        return self.then(Filter(condition=condition))

    def group(self, keys: tuple[str, ...], **aggregates: Aggregate) -> _Rows:
        plain = tuple(Named(name=key, expression=ColumnRef(name=key)) for key in keys)
        return self.then(GroupBy(keys=plain, aggregates=_named(aggregates)))

    def join(self, other: _Rows, how: _How, *on: tuple[str, str]) -> _Rows:
        return self.then(Join(on=on, how=how), other)

    def keep(self) -> _Rows:
        return _Rows(self.engine, self.engine.keep(self.payload), self.schema)

    def count(self) -> int:
        return self.engine.count(self.payload)


def run(engine: Engine, operator: GraphOperator, payload: Payload, schema: Schema) -> Payload:
    """Compute a graph operator by base operators.

    Parameters
    ----------
    engine
        An engine that has all of :data:`NEEDED`.
    operator
        The graph operator.
    payload, schema
        The edges.

    Returns
    -------
    Payload
        The rows of the result, kept.
    """
    given = _Rows(engine, payload, schema)
    both = Binary(
        op="and",
        left=Not(arg=IsNull(arg=ColumnRef(name=operator.src))),
        right=Not(arg=IsNull(arg=ColumnRef(name=operator.dst))),
    )
    ends = {_FROM: ColumnRef(name=operator.src), _TO: ColumnRef(name=operator.dst)}
    edges = given.where(both).select(**ends).group((_FROM, _TO), times=_count())
    return _run(operator, edges.select(**{_FROM: _c(_FROM), _TO: _c(_TO)}).keep()).payload


@singledispatch
def _run(operator: Operator, edges: _Rows) -> _Rows:
    raise PlatformError(f"{operator.verb}() is no operator of graphs")


@_run.register
def _(operator: PageRank, edges: _Rows) -> _Rows:
    nodes = _nodes(edges)
    degrees = edges.group((_FROM,), degree=_count()).select(origin=_c(_FROM), degree=_c("degree"))
    size = nodes.group((), size=_count())
    known = nodes.join(degrees, "left", (NODE, "origin")).join(size, "cross")
    known = known.select(node=_c(NODE), size=_float("size"), out=_c("degree")).keep()
    links = edges.join(degrees, "inner", (_FROM, "origin"))
    links = links.select(**{_FROM: _c(_FROM), _TO: _c(_TO)}, degree=_float("degree")).keep()
    first = Binary(op="/", left=Literal.of(1.0), right=_c("size"))
    ranks = known.select(node=_c(NODE), out=_c("out"), size=_c("size"), rank=first).keep()
    for _turn in range(operator.iterations):
        ranks = _walked(operator.damping, links, ranks).keep()
    return ranks.select(node=_c(NODE), rank=_c("rank")).keep()


def _walked(damping: float, links: _Rows, ranks: _Rows) -> _Rows:
    """Take one step of the walk."""
    share = Binary(op="/", left=_c("rank"), right=_c("degree"))
    moved = links.join(ranks, "inner", (_FROM, NODE)).group((_TO,), came=Aggregate(function="sum", arg=share))
    ends = ranks.where(IsNull(arg=_c("out"))).group((), lost=Aggregate(function="sum", arg=_c("rank")))
    lost = Binary(op="/", left=_or(_c("lost"), 0.0), right=_c("size"))
    anywhere = Binary(op="/", left=Literal.of(1.0 - damping), right=_c("size"))
    followed = Binary(op="+", left=_or(_c("came"), 0.0), right=lost)
    rank = Binary(op="+", left=Binary(op="*", left=Literal.of(damping), right=followed), right=anywhere)
    both = ranks.join(moved, "left", (NODE, _TO)).join(ends, "cross")
    return both.select(node=_c(NODE), out=_c("out"), size=_c("size"), rank=rank)


@_run.register
def _(operator: ConnectedComponents, edges: _Rows) -> _Rows:
    labels = _nodes(edges).select(node=_c(NODE), component=_c(NODE)).keep()
    while True:
        near = _least(_least(labels, edges, _FROM, _TO), edges, _TO, _FROM)
        # A label is a node, and its own label is at least as good: chains are walked in ever larger steps.
        roots = labels.select(root=_c(NODE), further=_c("component"))
        found = near.join(roots, "left", ("component", "root"))
        found = found.select(node=_c(NODE), before=_c("before"), component=_lower("component", "further")).keep()
        moved = found.where(Binary(op="!=", left=_c("component"), right=_c("before"))).count()
        labels = found.select(node=_c(NODE), component=_c("component")).keep()
        if not moved:
            return labels


def _least(labels: _Rows, edges: _Rows, here: str, there: str) -> _Rows:
    """Give every node the least label that it or a neighbour has; ``before`` keeps what it had at first."""
    own = labels.select(neighbour=_c(NODE), label=_c("component"))
    least = edges.join(own, "inner", (there, "neighbour")).group(
        (here,), label=Aggregate(function="min", arg=_c("label"))
    )
    before = _c("before" if "before" in labels.schema else "component")
    joined = labels.select(node=_c(NODE), before=before, component=_c("component")).join(least, "left", (NODE, here))
    return joined.select(node=_c(NODE), before=_c("before"), component=_lower("component", "label"))


@_run.register
def _(operator: ShortestPaths, edges: _Rows) -> _Rows:
    origin = Binary(op="==", left=_c(NODE), right=operator.start)
    reached = _nodes(edges).where(origin).select(node=_c(NODE), distance=Literal.of(0)).keep()
    edge, turn = reached, 0
    while edge.count():
        turn += 1
        met = edges.join(edge, "semi", (_FROM, NODE)).group((_TO,), ways=_count()).select(node=_c(_TO))
        edge = met.join(reached, "anti", (NODE, NODE)).select(node=_c(NODE), new=Literal.of(turn)).keep()
        both = reached.join(edge, "full", (NODE, NODE))
        distance = Call(function="coalesce", args=(_c("distance"), _c("new")))
        reached = both.select(node=_c(NODE), distance=distance).keep()
    return reached


def _nodes(edges: _Rows) -> _Rows:
    """Return every node once."""
    first = edges.group((_FROM,), n=_count()).select(node=_c(_FROM))
    second = edges.group((_TO,), n=_count()).select(node=_c(_TO))
    return first.join(second, "full", (NODE, NODE)).keep()


def _named(columns: Mapping[str, AnyExpression]) -> tuple[Named, ...]:
    return tuple(Named(name=name, expression=expression) for name, expression in columns.items())


def _c(name: str) -> ColumnRef:
    return ColumnRef(name=name)


def _float(name: str) -> Cast:
    return Cast(arg=_c(name), to="float64")


def _count() -> Aggregate:
    return Aggregate(function="count")


def _or(expression: AnyExpression, value: float) -> Call:
    return Call(function="coalesce", args=(expression, Literal.of(value)))


def _lower(first: str, second: str) -> AnyExpression:
    """Return the lesser of two columns, the first where the second is null."""
    less = Binary(op="<", left=_c(second), right=_c(first))
    return Case(condition=less, then=_c(second), otherwise=_c(first))
