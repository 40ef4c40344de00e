"""A plan as Mermaid text: what Markdown files and chats draw."""

from __future__ import annotations

from collections.abc import Mapping

from jupyter_wayang.drawing import units
from jupyter_wayang.drawing.captions import caption, moves
from jupyter_wayang.drawing.tokens import PlatformLook, look_of
from jupyter_wayang.plan.execution import Edge, ExecutionOperator, ExecutionPlan

__all__ = ["mermaid"]


def mermaid(plan: ExecutionPlan, *, looks: Mapping[str, PlatformLook] | None = None) -> str:
    """Return a plan as a Mermaid flow chart, a box for every lane.

    Examples
    --------
    >>> from jupyter_wayang.plan.execution import ExecutionPlan, Interval
    >>> mermaid(ExecutionPlan(lanes=(), operators=(), edges=(), cost_s=Interval.exact(0)))
    'flowchart LR'
    """
    names = {operator.id: f"n{index}" for index, operator in enumerate(plan.operators)}
    by_id = {operator.id: operator for operator in plan.operators}
    lines = ["flowchart LR"]
    for number, lane in enumerate(plan.lanes):
        members = [operator for operator in plan.operators if operator.lane == lane.id]
        if members:
            lines.append(f"  subgraph l{number} [{_quoted(lane.title)}]")
            lines += [f"    {names[one.id]}[{_label(one, looks)}]" for one in members]
            lines.append("  end")
    lines += [_edge(edge, names, by_id) for edge in plan.edges if edge.source.node in names and edge.target in names]
    return "\n".join(lines)


def _label(operator: ExecutionOperator, looks: Mapping[str, PlatformLook] | None) -> str:
    rows = units.count(operator.counted) if operator.counted is not None else units.estimate(operator.rows)
    below = ", ".join(part for part in (look_of(operator.decision.platform, looks).title, rows) if part)
    return _quoted(f"{operator.verb} {operator.text}".strip(), below)


def _edge(edge: Edge, names: Mapping[str, str], operators: Mapping[str, ExecutionOperator]) -> str:
    text = caption(edge, operators[edge.source.node])
    said = " ".join(part for part in (text.above, text.below if moves(edge) else "") if part)
    arrow = "-->" if edge.kind == "rows" else "-.->"
    label = f"|{_quoted(said)}|" if said else ""
    return f"  {names[edge.source.node]} {arrow}{label} {names[edge.target]}"


def _quoted(*lines: str) -> str:
    # Inside of quotes Mermaid reads HTML entities, and no signs of its own.
    escaped = (
        "".join(
            sign if sign.isalnum() or sign in " ,.:_~×→‖()=+-" else f"#{ord(sign)};" for sign in " ".join(line.split())
        )
        for line in lines
        if line
    )
    return '"' + "<br/>".join(escaped) + '"'
