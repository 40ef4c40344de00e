"""Columns that are computed one after the other are computed at once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

import msgspec

from jupyter_wayang.errors import OperatorError
from jupyter_wayang.optimizer.edits import Draft, free, narrows_source, only_reader
from jupyter_wayang.optimizer.rules.push_filters import may_fail
from jupyter_wayang.plan.expressions import (
    AnyExpression,
    Binary,
    Call,
    Case,
    ColumnRef,
    Expression,
    IsIn,
    Literal,
    Named,
    has_window,
    substitute,
    walk,
)
from jupyter_wayang.plan.expressions.nodes import children
from jupyter_wayang.plan.logical import LogicalPlan, Node, Port
from jupyter_wayang.plan.operators import Drop, Rename, Select, WithColumns
from jupyter_wayang.plan.schema import Schema

__all__ = ["merge_maps"]

_LONG_NODES = 64
"""An expression of more parts is not put into another."""

_CHOOSING = {"coalesce", "min2", "max2"}


def merge_maps(plan: LogicalPlan) -> LogicalPlan:
    """Make one operator of two that compute columns row by row, where nobody else reads what is between them.

    Nothing is computed twice: a column that is read more than once stays, unless it is another's name or a constant. A
    value that can fail is not put where it may not be asked for, and a window stays the whole of its column.

    Examples
    --------
    >>> from jupyter_wayang.plan.logical import Vertex, VertexPort
    >>> from jupyter_wayang.plan.operators import ReadFrame
    >>> read = VertexPort(Vertex(ReadFrame(key="v", label="v", schema=Schema.of(bmi="float64"))))
    >>> double = Binary(op="*", left=ColumnRef(name="bmi"), right=Literal.of(2.0))
    >>> made = VertexPort(Vertex(WithColumns(columns=(Named(name="twice", expression=double),)), (read,)))
    >>> high = Binary(op=">", left=ColumnRef(name="twice"), right=Literal.of(50.0))
    >>> plan = LogicalPlan.of([VertexPort(Vertex(Select(columns=(Named(name="high", expression=high),)), (made,)))])
    >>> def show(plan):
    ...     print(" → ".join(f"{node.operator.verb} {node.operator.describe()}" for node in plan.nodes))
    >>> show(plan)
    read v → with_columns twice → select high
    >>> show(merge_maps(plan))
    read v → select high
    """
    draft = Draft(plan)
    for node in plan.nodes:
        while node.id in draft and _merge(draft, draft[node.id]):
            pass
    return draft.plan()


def _merge(draft: Draft, node: Node) -> bool:
    """Merge a node with the one below it, and tell whether that was possible."""
    if not _is_map(node):
        return False
    (port,) = node.inputs
    below = draft[port.node]
    if not _is_map(below) or not only_reader(draft, port) or narrows_source(draft, below):
        return False
    schema, between = draft.output(below.inputs[0]), draft.output(port)
    if not isinstance(schema, Schema) or not isinstance(between, Schema):
        return False
    try:
        operator = _merged(node, below, schema, between)
    except OperatorError:  # nested too deeply, or a constant where the operator takes none
        return False
    if operator is None or operator.outputs((schema,)) != (draft.output(Port(node=node.id)),):
        return False
    draft.edit(changed=(msgspec.structs.replace(node, operator=operator, inputs=below.inputs),))
    draft.remove(below.id)
    return True


def _is_map(node: Node) -> bool:
    return isinstance(node.operator, Select | WithColumns | Drop | Rename) and free(node)


def _merged(node: Node, below: Node, schema: Schema, between: Schema) -> Select | WithColumns | None:
    match below.operator, node.operator:
        case WithColumns(columns=lower), WithColumns(columns=upper):
            made = {one.name: one.expression for one in lower}
            replaced = {one.name for one in upper}
            kept = [one for one in lower if one.name not in replaced]
            if not _may_merge(made, [one.expression for one in (*upper, *_references(kept))], schema):
                return None
            columns = {one.name: one for one in lower} | {one.name: one for one in _written(upper, made)}
            return WithColumns(columns=tuple(columns.values()))
        case Select() | WithColumns() | Drop() | Rename() as lower, Select(columns=upper):
            columns_below = lower.columns if isinstance(lower, Select) else lower.projection(schema)
        case Select(columns=columns_below), WithColumns() | Drop() | Rename() as operator:
            upper = operator.projection(between)
        case _:
            return None
    made = {one.name: one.expression for one in columns_below}
    if not _may_merge(made, [one.expression for one in upper], schema):
        return None
    return Select(columns=tuple(_written(upper, made)))


def _references(columns: list[Named]) -> Iterator[Named]:
    for one in columns:
        yield Named(name=one.name, expression=ColumnRef(name=one.name))


def _written(columns: tuple[Named, ...], made: Mapping[str, AnyExpression]) -> Iterator[Named]:
    for one in columns:
        yield Named(name=one.name, expression=substitute(one.expression, dict(made)))


def _may_merge(made: Mapping[str, AnyExpression], read: list[AnyExpression], schema: Schema) -> bool:
    """Tell whether columns may be written into the expressions that read them."""
    uses = Counter(part.name for one in read for part in walk(one) if isinstance(part, ColumnRef))
    within = [one for one in read if not isinstance(one, ColumnRef)]
    inner = {part.name for one in within for part in walk(one) if isinstance(part, ColumnRef)}
    perhaps = {name for one in within for name in _perhaps(one)}
    for name, expression in made.items():
        if isinstance(expression, ColumnRef | Literal) or not uses[name]:
            continue
        if uses[name] > 1 or sum(1 for _ in walk(expression)) > _LONG_NODES:
            return False
        if name in inner and has_window(expression):
            return False
        if name in perhaps and any(may_fail(part, schema) for part in walk(expression)):
            return False
    return True


def _perhaps(expression: Expression) -> Iterator[str]:
    """Yield the columns that are not asked for on every row."""
    choosing = (
        isinstance(expression, Case | IsIn)
        or (isinstance(expression, Binary) and expression.op in ("and", "or"))
        or (isinstance(expression, Call) and expression.function in _CHOOSING)
    )
    for child in children(expression):
        if choosing:
            yield from (part.name for part in walk(child) if isinstance(part, ColumnRef))
        else:
            yield from _perhaps(child)
