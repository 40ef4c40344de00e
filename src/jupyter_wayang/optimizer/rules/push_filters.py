"""Filters run as early as they can: below projections and sorts, and on the side of a join that they read."""

from __future__ import annotations

from collections.abc import Mapping
from functools import reduce

import msgspec

from jupyter_wayang.errors import OperatorError
from jupyter_wayang.optimizer.edits import Draft, free, fresh_id, narrows_source, only_reader
from jupyter_wayang.plan.expressions import (
    AnyExpression,
    Binary,
    Call,
    Cast,
    ColumnRef,
    Expression,
    Negate,
    columns_of,
    conjuncts,
    has_window,
    substitute,
    type_of,
    walk,
)
from jupyter_wayang.plan.logical import Hints, LogicalPlan, Node, Port
from jupyter_wayang.plan.operators import Drop, Filter, Join, Rename, Select, Sort, WithColumns
from jupyter_wayang.plan.schema import Schema

__all__ = ["may_fail", "may_go", "push_filters", "put_below", "written_over"]

_CHEAP_NODES = 6
"""A computed column of up to this many parts may be computed a second time in a filter below it."""

_LONG_NODES = 4 * _CHEAP_NODES
"""A condition that grows beyond this many parts stays where it is: it would be computed again for every row."""

_SIDES: dict[str, tuple[int, ...]] = {
    "inner": (0, 1),
    "cross": (0, 1),
    "left": (0,),
    "semi": (0,),
    "anti": (0,),
    "full": (),
}
"""The inputs of a join that a filter above it may be moved to."""

_MAY_FAIL = {"abs", "sqrt", "exp", "log", "parse_date"}


def push_filters(plan: LogicalPlan) -> LogicalPlan:
    """Move filters towards the sources, conjunct by conjunct.

    Rows, their order and schemas of all results stay. A condition that can fail on a row (a cast, arithmetic that may
    overflow) stays above a join, because below it would meet rows that the join leaves out.

    Examples
    --------
    >>> from jupyter_wayang.plan.expressions import Literal
    >>> from jupyter_wayang.plan.logical import Vertex, VertexPort
    >>> from jupyter_wayang.plan.operators import ReadFrame
    >>> read = VertexPort(Vertex(ReadFrame(key="v", label="v", schema=Schema.of(age="int64"))))
    >>> older = VertexPort(Vertex(Rename(names=(("age", "years"),)), (read,)))
    >>> over = Binary(op=">", left=ColumnRef(name="years"), right=Literal.of(18))
    >>> plan = LogicalPlan.of([VertexPort(Vertex(Filter(condition=over), (older,)))])
    >>> def show(plan):
    ...     print(" → ".join(f"{node.operator.verb} {node.operator.describe()}" for node in plan.nodes))
    >>> show(plan)
    read v → rename age → years → filter years > 18
    >>> show(push_filters(plan))
    read v → filter age > 18 → rename age → years
    """
    draft = Draft(plan)
    for node in plan.nodes:  # those nearer to the sources first: they make way
        waiting = [node.id]
        while waiting:
            waiting += _move(draft, waiting.pop())
    return draft.plan()


def _move(draft: Draft, id_: str) -> tuple[str, ...]:
    """Move a filter down by one; return the filters that may go on."""
    node = draft[id_]
    if not isinstance(node.operator, Filter) or not may_go(node):
        return ()
    below = draft[node.inputs[0].node]
    if not free(below) or not only_reader(draft, node.inputs[0]):
        return ()
    if isinstance(below.operator, Join):
        return _below_join(draft, node, node.operator.condition, below, below.operator)
    if isinstance(below.operator, Select | WithColumns | Drop | Rename | Sort) and not narrows_source(draft, below):
        return _below_projection(draft, node, node.operator.condition, below)
    return ()


def may_go(node: Node) -> bool:
    """Tell whether a filter may be moved: what a person said of the share that it keeps goes with it."""
    return msgspec.structs.replace(node.hints, selectivity=None, name=None) == Hints()


def _below_projection(draft: Draft, node: Node, condition: AnyExpression, below: Node) -> tuple[str, ...]:
    if any(has_window(made) for made in _made(below).values()):
        return ()  # a window needs the rows that the filter drops
    pushed: list[AnyExpression] = []
    kept: list[AnyExpression] = []
    for part in conjuncts(condition):
        moved = written_over(part, _made(below))
        if moved is None:
            kept.append(part)
        else:
            pushed.append(moved)
    return put_below(draft, node, below, [(0, pushed)], kept) if pushed else ()


def written_over(part: AnyExpression, made: Mapping[str, AnyExpression]) -> AnyExpression | None:
    """Write a condition over what columns are made of, or return None where that is not worth it."""
    read = [made[name] for name in columns_of(part) if name in made]
    if any(not isinstance(e, ColumnRef) and _size(e) > _CHEAP_NODES for e in read):
        return None
    grown = _size(part) + sum(_size(e) - 1 for e in read)
    if grown > max(_LONG_NODES, _size(part)):
        return None
    try:
        return substitute(part, dict(made))
    except OperatorError:  # nested too deeply once the columns are written out
        return None


def _size(expression: Expression) -> int:
    return sum(1 for _ in walk(expression))


def _made(below: Node) -> dict[str, AnyExpression]:
    match below.operator:
        case Select(columns=columns) | WithColumns(columns=columns):
            return {named.name: named.expression for named in columns}
        case Rename(names=names):
            return {new: ColumnRef(name=old) for old, new in names}
    return {}


def _below_join(draft: Draft, node: Node, condition: AnyExpression, below: Node, join: Join) -> tuple[str, ...]:
    left, right = (draft.output(port) for port in below.inputs)
    if not isinstance(left, Schema) or not isinstance(right, Schema):
        return ()
    names = ({name: name for name in left.names}, {new: old for old, new in join.right_names(left, right)})
    # Which of the right rows is the last depends on which there are.
    open_sides = _SIDES[join.how] if join.as_of is None else (0,)
    sides: dict[int, list[AnyExpression]] = {}
    kept: list[AnyExpression] = []
    for part in conjuncts(condition):
        read = columns_of(part)
        side = next((s for s in open_sides if read and all(name in names[s] for name in read)), None)
        moved = (
            part if side is None else substitute(part, {new: ColumnRef(name=old) for new, old in names[side].items()})
        )
        if side is None or not _never_fails(moved, (left, right)[side]):
            kept.append(part)
        else:
            sides.setdefault(side, []).append(moved)
    return put_below(draft, node, below, sorted(sides.items()), kept) if sides else ()


def _never_fails(condition: AnyExpression, schema: Schema) -> bool:
    return not any(may_fail(part, schema) for part in walk(condition))


def may_fail(part: Expression, schema: Schema) -> bool:
    """Tell whether a part of an expression, without its own parts, can fail on a row."""
    match part:
        case Cast(arg=arg, to=to):
            return to != type_of(arg, schema)
        case Binary(op=op) if op in ("+", "-", "*", "//", "%", "**"):
            return type_of(part, schema) != "float64" or op == "**"
        case Negate():
            return type_of(part, schema) != "float64"
        case Call(function=function):
            return function in _MAY_FAIL
    return False


def put_below(
    draft: Draft,
    node: Node,
    below: Node,
    sides: list[tuple[int, list[AnyExpression]]],
    kept: list[AnyExpression],
) -> tuple[str, ...]:
    """Put filters on some inputs of ``below``; the first has the id of ``node`` unless a part of that stays above.

    Returns the filters that may go on. A filter of which a person said what share it keeps is not cut.
    """
    if node.hints.selectivity is not None and (kept or len(sides) > 1):
        return ()
    inputs = list(below.inputs)
    own = None if kept else node
    for side, parts in sides:
        under = inputs[side]
        operator = Filter(condition=_all_of(parts))
        if own is not None:
            moved = msgspec.structs.replace(own, operator=operator, inputs=(under,), names=())
        else:
            moved = Node(id=fresh_id(draft, f"filter_{under.node}"), operator=operator, inputs=(under,), span=node.span)
            draft.edit(added=(moved,))
        inputs[side] = Port(node=moved.id)
        if own is not None:
            own, first = None, moved
    changed = msgspec.structs.replace(below, inputs=tuple(inputs))
    if kept:
        rest = msgspec.structs.replace(node, operator=Filter(condition=_all_of(kept)))
        draft.edit(changed=(changed, rest))
    else:
        # What the filter was called is now what the node above it makes.
        changed = msgspec.structs.replace(changed, names=node.names)
        draft.edit(changed=(changed, first), redirected={Port(node=node.id): Port(node=below.id)})
    return tuple(inputs[side].node for side, _ in sides)


def _all_of(parts: list[AnyExpression]) -> AnyExpression:
    return reduce(lambda left, right: Binary(op="and", left=left, right=right), parts)
