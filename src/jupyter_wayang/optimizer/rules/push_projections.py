"""Columns that nobody reads are left out right after their source."""

from __future__ import annotations

from collections.abc import Iterable

from jupyter_wayang.optimizer.edits import SOURCES, Draft, fresh_id
from jupyter_wayang.plan.expressions import ColumnRef, Named, columns_of
from jupyter_wayang.plan.logical import LogicalPlan, Node, Port
from jupyter_wayang.plan.operators import (
    Distinct,
    Drop,
    Explode,
    Filter,
    GroupBy,
    Join,
    Limit,
    Output,
    Rename,
    Select,
    Sort,
    TopK,
    WithColumns,
)
from jupyter_wayang.plan.schema import Schema

__all__ = ["push_projections"]


def push_projections(plan: LogicalPlan) -> LogicalPlan:
    """Put a select right after each source of which not all columns are read.

    What cuts rows by all of their columns (``split``) or reads columns that are not known yet (steps, learning) needs
    all. A source whose only readers are selects is narrow already.

    Examples
    --------
    >>> from jupyter_wayang.plan.expressions import Aggregate
    >>> from jupyter_wayang.plan.logical import Vertex, VertexPort
    >>> from jupyter_wayang.plan.operators import ReadFrame
    >>> read = VertexPort(Vertex(ReadFrame(key="v", label="v", schema=Schema.of(age="int64", name="string"))))
    >>> oldest = Named(name="oldest", expression=Aggregate(function="max", arg=ColumnRef(name="age")))
    >>> plan = LogicalPlan.of([VertexPort(Vertex(GroupBy(aggregates=(oldest,)), (read,)))])
    >>> def show(plan):
    ...     print(" → ".join(f"{node.id} {node.operator.describe()}" for node in plan.nodes))
    >>> show(plan)
    read v → agg oldest=max(age)
    >>> show(push_projections(plan))
    read v → select_read age → agg oldest=max(age)
    """
    outputs = plan.outputs()
    wanted = _wanted(plan, outputs)
    draft = Draft(plan)
    for node in plan.nodes:
        port = Port(node=node.id)
        schema = outputs[port]
        if not isinstance(node.operator, SOURCES) or not isinstance(schema, Schema) or not draft.readers(port):
            continue
        kept = tuple(name for name in schema.names if name in wanted.get(port, set())) or schema.names[:1]
        if kept != schema.names and not all(isinstance(reader.operator, Select) for reader in draft.readers(port)):
            _narrow(draft, node, kept)
    return draft.plan()


def _narrow(draft: Draft, source: Node, kept: tuple[str, ...]) -> None:
    columns = tuple(Named(name=name, expression=ColumnRef(name=name)) for name in kept)
    port = Port(node=source.id)
    id_ = fresh_id(draft, f"select_{source.id}")
    select = Node(id=id_, operator=Select(columns=columns), inputs=(port,), span=source.span)
    draft.edit(added=(select,), redirected={port: Port(node=id_)})


def _wanted(plan: LogicalPlan, outputs: dict[Port, Output]) -> dict[Port, set[str]]:
    """Return the columns that are read of every port."""
    wanted: dict[Port, set[str]] = {}
    for port in plan.results:
        schema = outputs[port]
        if isinstance(schema, Schema):
            wanted[port] = set(schema.names)
    for node in reversed(plan.nodes):
        schemas = tuple(
            schema if isinstance(schema := outputs[port], Schema) else Schema(columns=()) for port in node.inputs
        )
        for port, names in zip(node.inputs, _reads(node, wanted.get(Port(node=node.id), set()), schemas), strict=True):
            wanted.setdefault(port, set()).update(names)
    return wanted


def _reads(node: Node, wanted: set[str], inputs: tuple[Schema, ...]) -> tuple[set[str], ...]:
    match node.operator:
        case Filter(condition=condition):
            return (wanted | set(columns_of(condition)),)
        case Select(columns=columns):
            return (_of(columns),)
        case WithColumns(columns=columns):
            # A column that is replaced is needed for its place in the order.
            return (wanted & set(inputs[0].names) | _of(columns),)
        case Drop(columns=dropped):
            return (wanted | set(dropped),)
        case Rename(names=names):
            back = {new: old for old, new in names}
            return ({back.get(name, name) for name in wanted} | set(back.values()),)
        case GroupBy(keys=keys, aggregates=aggregates):
            return (_of(keys + aggregates),)
        case Sort(keys=sort_keys):
            return (wanted | {name for key in sort_keys for name in columns_of(key.expression)},)
        case TopK(keys=sort_keys):
            return (wanted | {name for key in sort_keys for name in columns_of(key.expression)},)
        case Limit():
            return (wanted,)
        case Distinct(columns=names) if names:
            return (set(names),)
        case Explode(column=name):
            return (wanted | {name},)
        case Join() as join:
            return _join_reads(join, wanted, *inputs)
    return tuple(set(schema.names) for schema in inputs)


def _of(columns: Iterable[Named]) -> set[str]:
    return {name for named in columns for name in columns_of(named.expression)}


def _join_reads(join: Join, wanted: set[str], left: Schema, right: Schema) -> tuple[set[str], set[str]]:
    if join.as_of is not None:
        # Which of several rows is the last, depends on all of their columns.
        return set(left.names), set(right.names)
    if join.where is not None:
        wanted = wanted | set(columns_of(join.where))
    added = [(old, new) for old, new in join.sides(left, right) if new in wanted]
    # A right column has its suffix only as long as the left column of that name is there.
    clashing = {old for old, new in added if old != new}
    ours = {name for name in left.names if name in wanted} | clashing | {name for name, _ in join.on}
    return ours, {old for old, _ in added} | {name for _, name in join.on}
