"""What frames run, and what of it is not possible: asked before a plan is made, so nothing here imports an engine."""

from __future__ import annotations

from jupyter_wayang.plan.expressions import Call, Expression, Literal, Negate, text, walk
from jupyter_wayang.plan.operators import AnyOperator
from jupyter_wayang.plan.operators.operator import expressions_of
from jupyter_wayang.plan.schema import Schema

__all__ = ["FRAME_OPERATORS", "frames_refuse"]

FRAME_OPERATORS = frozenset(
    {
        "read_file",
        "read_frame",
        "filter",
        "select",
        "group_by",
        "join",
        "sort",
        "limit",
        "split",
        "union",
        "intersect",
        "except_",
        "local_update",
        "score",
    }
)

_SEARCHES = {"contains", "starts_with", "ends_with", "replace"}


def frames_refuse(operator: AnyOperator, inputs: tuple[Schema, ...]) -> str | None:
    """Return why frames cannot run an operator, or None.

    Examples
    --------
    >>> from jupyter_wayang.plan.expressions import ColumnRef
    >>> from jupyter_wayang.plan.operators import Filter
    >>> search = Call(function="contains", args=(ColumnRef(name="a"), ColumnRef(name="b")))
    >>> frames_refuse(Filter(condition=search), (Schema.of(a="string", b="string"),))
    'frames look for constant text only, and b is a column or an expression'
    """
    for expression in expressions_of(operator):
        for part in walk(expression):
            reason = _reason(part)
            if reason:
                return reason
    return None


def _reason(part: Expression) -> str | None:
    if isinstance(part, Call) and part.function in _SEARCHES:
        for other in part.args[1:]:
            if not isinstance(other, Literal):
                return f"frames look for constant text only, and {text(other)} is a column or an expression"
    if isinstance(part, Call) and part.function == "round" and len(part.args) > 1:
        digits = part.args[1].arg if isinstance(part.args[1], Negate) else part.args[1]
        if not isinstance(digits, Literal):
            return f"frames round to a constant number of digits only, and {text(digits)} is none"
    return None
