"""Inner joins run in the order that makes the fewest rows on the way."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import msgspec

from jupyter_wayang.optimizer.cardinality import Estimate, estimate
from jupyter_wayang.optimizer.edits import Draft, free, fresh_id, only_reader
from jupyter_wayang.optimizer.join_search import Relation, Tree, original_cost, search
from jupyter_wayang.plan.expressions import ColumnRef, Named
from jupyter_wayang.plan.logical import LogicalPlan, Node, Port
from jupyter_wayang.plan.operators import Join, Output, Rename, Select
from jupyter_wayang.plan.schema import Schema
from jupyter_wayang.plan.statistics import SourceStatistics

__all__ = ["order_joins"]

_WORTH = 0.9
"""Another order is taken if it makes at most this share of the rows: estimates are not exact."""

_Column = tuple[int, str]
"""A leaf of a cluster of joins, and a column of it."""


def order_joins(plan: LogicalPlan, statistics: Mapping[str, SourceStatistics]) -> LogicalPlan:
    """Put clusters of inner equi-joins in a better order; rows and schemas of all results stay.

    Joins come in no order, so that of the rows may change. A join that somebody said something about, or whose rows
    have another reader, stays as it is, and so does one whose keys are of different types or floats: which of two equal
    keys is kept would show. Nothing is joined without a key that was not before.

    Parameters
    ----------
    plan
        A logical plan.
    statistics
        Of the sources, by id of the node; without any, sizes are guesses and nothing changes.

    Examples
    --------
    >>> from jupyter_wayang.plan.execution import Interval
    >>> from jupyter_wayang.plan.logical import Vertex, VertexPort
    >>> from jupyter_wayang.plan.operators import ReadFrame
    >>> def read(name, **types):
    ...     return VertexPort(Vertex(ReadFrame(key=name, label=name, schema=Schema.of(**types))))
    >>> items, parts, few = read("i", p="int64", o="int64"), read("p", p="int64", n="int64"), read("o", o="int64")
    >>> both = VertexPort(Vertex(Join(on=(("p", "p"),)), (items, parts)))
    >>> plan = LogicalPlan.of([VertexPort(Vertex(Join(on=(("o", "o"),)), (both, few)))])
    >>> def rows(n, **distinct):
    ...     return SourceStatistics(rows=Interval.exact(n), distinct=distinct)
    >>> sizes = {"read": rows(10**6, p=10**5, o=10**5), "read_2": rows(10**5, p=10**5), "read_3": rows(10, o=10)}
    >>> def joins(plan):
    ...     return [tuple(port.node for port in node.inputs) for node in plan.nodes if node.id.startswith("join")]
    >>> joins(plan), joins(order_joins(plan, sizes))
    ([('read', 'read_2'), ('join', 'read_3')], [('read', 'read_3'), ('read_2', 'join')])
    """
    if not statistics or sum(_movable(node) for node in plan.nodes) < 2:
        return plan
    draft = Draft(plan)
    outputs = plan.outputs()
    estimates = estimate(plan, outputs, statistics)
    inside: set[str] = set()
    for node in reversed(plan.nodes):
        if _movable(node) and node.id not in inside:
            cluster = _Cluster(draft=draft, outputs=outputs, top=node)
            inside |= {join.id for join in cluster.joins}
            if len(cluster.joins) > 1 and cluster.sound:
                _reorder(draft, cluster, estimates)
    return draft.plan()


def _movable(node: Node) -> bool:
    join = node.operator
    return isinstance(join, Join) and bool(join.on) and join == Join(on=join.on, suffix=join.suffix)


@dataclass
class _Cluster:
    """A tree of joins, its leaves, and where every column of theirs comes from.

    ``classes`` has sets of columns that the joins make equal; ``sound`` says whether any of them can stand for all.
    """

    draft: Draft
    outputs: Mapping[Port, Output]
    top: Node
    joins: list[Node] = field(default_factory=list)
    leaves: list[Port] = field(default_factory=list)
    classes: list[set[_Column]] = field(default_factory=list)
    sound: bool = True
    columns: dict[str, _Column] = field(default_factory=dict)
    shape: Tree = 0

    def __post_init__(self) -> None:
        self.shape, self.columns = self._visit(self.top)

    def schema(self, leaf: int) -> Schema:
        """Return the columns of a leaf."""
        schema = self.outputs[self.leaves[leaf]]
        return schema if isinstance(schema, Schema) else Schema(columns=())

    def _visit(self, node: Node) -> tuple[Tree, dict[str, _Column]]:
        (left, ours), (right, theirs) = (self._side(port) for port in node.inputs)
        self.joins.append(node)
        join = node.operator
        if not isinstance(join, Join):
            return left, ours
        for mine, other in join.on:
            self._equate(ours[mine], theirs[other])
        schemas = [self.outputs[port] for port in node.inputs]
        names = join.right_names(*schemas) if all(isinstance(s, Schema) for s in schemas) else ()  # type: ignore[arg-type]
        return (left, right), ours | {new: theirs[old] for old, new in names}

    def _side(self, port: Port) -> tuple[Tree, dict[str, _Column]]:
        node = self.draft[port.node]
        if _movable(node) and free(node) and only_reader(self.draft, port):
            return self._visit(node)
        self.leaves.append(port)
        leaf = len(self.leaves) - 1
        return leaf, {name: (leaf, name) for name in self.schema(leaf).names}

    def _equate(self, one: _Column, other: _Column) -> None:
        types = {self.schema(leaf)[name].type for leaf, name in (one, other)}
        joined = {one, other}
        for known in [known for known in self.classes if known & joined]:
            self.classes.remove(known)
            joined |= known
        self.classes.append(joined)
        leaves = [leaf for leaf, _ in joined]
        self.sound &= len(types) == 1 and "float64" not in types and len(set(leaves)) == len(leaves)


def _reorder(draft: Draft, cluster: _Cluster, estimates: Mapping[Port, Estimate]) -> None:
    relations = []
    for leaf, port in enumerate(cluster.leaves):
        known = estimates[port]
        keys = {
            number: known.distinct.get(name)
            for number, members in enumerate(cluster.classes)
            for owner, name in members
            if owner == leaf
        }
        relations.append(Relation(rows=max(1.0, known.rows.mean), keys=keys))
    found = search(tuple(relations))
    if found is None or found[0] > _WORTH * original_cost(tuple(relations), cluster.shape):
        return
    _Rebuilding(draft, cluster).build(found[1])


class _Rebuilding:
    """Writes a cluster of joins anew in another order, under the ids that its joins had."""

    def __init__(self, draft: Draft, cluster: _Cluster) -> None:
        self._draft = draft
        self._cluster = cluster
        self._class_of = {column: n for n, members in enumerate(cluster.classes) for column in members}
        self._ids = [join.id for join in cluster.joins if join.id != cluster.top.id]
        self._names = self._unique()

    def _unique(self) -> dict[_Column, str]:
        """Give every column a name of its own; equal keys may share theirs, because one of them is dropped."""
        taken: dict[str, object] = {}
        names: dict[_Column, str] = {}
        for leaf in range(len(self._cluster.leaves)):
            for name in self._cluster.schema(leaf).names:
                column = (leaf, name)
                owner = self._class_of.get(column, column)
                number, wanted = 1, name
                while taken.get(wanted, owner) != owner:
                    number += 1
                    wanted = f"{name}_{number}"
                taken[wanted] = owner
                names[column] = wanted
        return names

    def build(self, tree: Tree) -> None:
        """Replace the joins; readers of the top one read its columns under their own names, in their own order."""
        top, columns = self._cluster.top, self._cluster.columns
        port, there, made = self._tree(tree, top.id)
        order = [self._at(column, there) for column in columns.values()]
        if order == made == list(columns):
            self._draft.edit(changed=(msgspec.structs.replace(self._draft[top.id], names=top.names),))
            return
        kept = tuple(
            Named(name=name, expression=ColumnRef(name=found)) for name, found in zip(columns, order, strict=True)
        )
        id_ = fresh_id(self._draft, f"select_{top.id}")
        select = Node(id=id_, operator=Select(columns=kept), inputs=(port,), names=top.names, span=top.span)
        self._draft.edit(added=(select,), redirected={port: Port(node=id_)})

    def _at(self, column: _Column, there: Mapping[object, str]) -> str:
        return there[self._class_of.get(column, column)]

    def _tree(self, tree: Tree, id_: str | None = None) -> tuple[Port, dict[object, str], list[str]]:
        """Return where the rows of a tree are, the name of every column (by column or class), and their order."""
        if isinstance(tree, int):
            return self._leaf(tree)
        (left, ours, first), (right, theirs, second) = (self._tree(side) for side in tree)
        on = tuple((name, theirs[key]) for key, name in ours.items() if key in theirs)
        was = self._draft[id_ or self._ids.pop(0)]
        node = msgspec.structs.replace(was, operator=Join(on=on), inputs=(left, right), names=())
        self._draft.edit(changed=(node,))
        dropped = {name for _, name in on}
        return Port(node=node.id), theirs | ours, first + [name for name in second if name not in dropped]

    def _leaf(self, leaf: int) -> tuple[Port, dict[object, str], list[str]]:
        port, schema = self._cluster.leaves[leaf], self._cluster.schema(leaf)
        changed = tuple((n, self._names[leaf, n]) for n in schema.names if self._names[leaf, n] != n)
        if changed:
            id_ = fresh_id(self._draft, f"rename_{port.node}")
            self._draft.edit(added=(Node(id=id_, operator=Rename(names=changed), inputs=(port,)),))
            port = Port(node=id_)
        order = [self._names[leaf, name] for name in schema.names]
        return port, {self._class_of.get((leaf, n), (leaf, n)): self._names[leaf, n] for n in schema.names}, order
