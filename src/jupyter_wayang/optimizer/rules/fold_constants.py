"""What does not depend on a row is computed once, before the plan runs."""

from __future__ import annotations

import math
import operator as python
from collections.abc import Callable
from typing import cast

import msgspec

from jupyter_wayang.optimizer.edits import Draft, free
from jupyter_wayang.plan.expressions import (
    AnyExpression,
    Binary,
    Case,
    Expression,
    IsIn,
    IsNull,
    Literal,
    Named,
    Not,
    Shift,
)
from jupyter_wayang.plan.expressions.derived import moved_constant
from jupyter_wayang.plan.logical import LogicalPlan, Node
from jupyter_wayang.plan.operators import AnyOperator, Filter, GroupBy, Select, Sort, SortKey, WithColumns
from jupyter_wayang.plan.schema import NUMERIC

__all__ = ["fold_constants"]

_COMPARE: dict[str, Callable[[float, float], bool]] = {
    "==": python.eq,
    "!=": python.ne,
    "<": python.lt,
    "<=": python.le,
    ">": python.gt,
    ">=": python.ge,
}
_COMPUTE: dict[str, Callable[[float, float], float]] = {
    "+": python.add,
    "-": python.sub,
    "*": python.mul,
    "//": python.floordiv,
    "%": python.mod,
}


def fold_constants(plan: LogicalPlan) -> LogicalPlan:
    """Replace parts of expressions that have only constants by their value.

    Arithmetic and comparisons of numbers, and ``and``, ``or``, ``not`` and ``if`` with a constant condition. What would
    fail, overflow or change its type is left as it is.

    Examples
    --------
    >>> from jupyter_wayang.plan.expressions import ColumnRef
    >>> from jupyter_wayang.plan.logical import Vertex, VertexPort
    >>> from jupyter_wayang.plan.operators import ReadFrame
    >>> from jupyter_wayang.plan.schema import Schema
    >>> read = VertexPort(Vertex(ReadFrame(key="v", label="v", schema=Schema.of(age="int64"))))
    >>> sum_ = Binary(op="+", left=Literal.of(10), right=Literal.of(8))
    >>> over = Filter(condition=Binary(op=">", left=ColumnRef(name="age"), right=sum_))
    >>> plan = LogicalPlan.of([VertexPort(Vertex(over, (read,)))])
    >>> plan.nodes[1].operator.describe(), fold_constants(plan).nodes[1].operator.describe()
    ('age > 10 + 8', 'age > 18')
    """
    folded = [_folded_node(node) for node in plan.nodes]
    changed = [after for before, after in zip(plan.nodes, folded, strict=True) if after is not before]
    if not changed:
        return plan
    draft = Draft(plan)
    draft.edit(changed=changed)
    return draft.plan()


def _folded_node(node: Node) -> Node:
    operator = _folded_operator(node.operator) if free(node) else node.operator
    return node if operator == node.operator else msgspec.structs.replace(node, operator=operator)


def _folded_operator(operator: AnyOperator) -> AnyOperator:
    match operator:
        case Filter(condition=condition):
            return Filter(condition=fold(condition))
        case Select(columns=columns):
            return Select(columns=_folded_columns(columns))
        case WithColumns(columns=columns):
            return WithColumns(columns=_folded_columns(columns))
        case GroupBy(keys=keys, aggregates=aggregates):
            return GroupBy(keys=_folded_columns(keys), aggregates=_folded_columns(aggregates))
        case Sort(keys=sort_keys):
            return Sort(keys=tuple(SortKey(expression=fold(k.expression), descending=k.descending) for k in sort_keys))
    return operator


def _folded_columns(columns: tuple[Named, ...]) -> tuple[Named, ...]:
    return tuple(Named(name=named.name, expression=fold(named.expression)) for named in columns)


def fold(expression: AnyExpression) -> AnyExpression:
    """Fold the constants of an expression, from the inside out.

    Examples
    --------
    >>> from jupyter_wayang.plan.expressions import ColumnRef, text
    >>> text(fold(Binary(op="or", left=Not(arg=Literal.of(False)), right=ColumnRef(name="adult"))))
    'true'
    >>> text(fold(Binary(op="*", left=Literal.of(3), right=Literal.of(0.5))))
    '1.5'
    """
    inner: dict[str, object] = {}
    for name in expression.__struct_fields__:
        value = getattr(expression, name)
        if isinstance(value, Expression):
            inner[name] = fold(cast("AnyExpression", value))
        elif isinstance(value, tuple):
            inner[name] = tuple(fold(cast("AnyExpression", v)) if isinstance(v, Expression) else v for v in value)
    return _value(msgspec.structs.replace(expression, **inner) if inner else expression)


def _value(expression: AnyExpression) -> AnyExpression:
    match expression:
        case Not(arg=Literal(value=bool() as value)):
            return Literal.of(not value)
        case Shift():
            return moved_constant(expression) or expression
        case Case(condition=Literal(value=bool() as value), then=Literal() as then, otherwise=Literal() as otherwise):
            # Without a schema only two constants can be seen to be of one type.
            return (then if value else otherwise) if then.type == otherwise.type else expression
        case Binary(op="and" | "or"):
            return _logic(expression)
        case Binary(op=op, left=Literal() as left, right=Literal() as right) if {left.type, right.type} <= NUMERIC:
            return _number(op, left, right) or expression
    return expression


def _logic(expression: Binary) -> AnyExpression:
    deciding = expression.op == "or"  # true decides an or, false an and
    for constant, other in ((expression.left, expression.right), (expression.right, expression.left)):
        if isinstance(constant, Literal) and isinstance(constant.value, bool):
            if constant.value is deciding:
                return constant
            if _is_boolean(other):
                return other
    return expression


def _is_boolean(expression: Expression) -> bool:
    match expression:
        case Not() | IsNull() | IsIn():
            return True
        case Binary(op=op):
            return op in _COMPARE or op in ("and", "or")
        case Literal(type=type_):
            return type_ == "bool"
    return False


def _number(op: str, left: Literal, right: Literal) -> Literal | None:
    values = [value for value in (left.value, right.value) if isinstance(value, int | float)]
    if len(values) < 2:
        return None
    whole = left.type == right.type == "int64"
    first, second = values if whole else (float(value) for value in values)
    if op in _COMPARE:
        return Literal.of(_COMPARE[op](first, second))
    if op == "/":
        return _float(float(first) / float(second)) if second else None
    if op in ("//", "%"):
        return _whole(_COMPUTE[op](first, second)) if whole and second else None
    if op in _COMPUTE:
        return (_whole if whole else _float)(_COMPUTE[op](first, second))
    return None


def _float(value: float) -> Literal | None:
    return Literal.of(value) if math.isfinite(value) else None


def _whole(value: float) -> Literal | None:
    # An overflow is an error of the run that names the operator.
    return Literal.of(int(value)) if -(2**63) <= value < 2**63 else None
