"""What is written on edges and cards: numbers of a plan as short text."""

from __future__ import annotations

import msgspec

from jupyter_wayang.drawing import units
from jupyter_wayang.plan.execution import Edge, ExecutionOperator, ExecutionPlan

__all__ = ["Caption", "caption", "floor_text", "inputs_of", "mismatch", "moves", "platforms_of", "shares"]


class Caption(msgspec.Struct, frozen=True, kw_only=True):
    """The two lines about an edge, and whether the upper one was counted."""

    above: str
    below: str
    counted: bool = False


def moves(edge: Edge) -> bool:
    """Tell whether rows change their form on an edge."""
    return edge.movement is not None and len(edge.movement.channels) > 1


def _rows(edge: Edge, source: ExecutionOperator) -> tuple[str, bool]:
    if edge.source.port == 0 and source.counted is not None and edge.kind == "rows":
        return units.compact(source.counted), True
    return units.estimate(edge.rows), False


def _bytes(edge: Edge) -> str:
    if edge.movement is not None and moves(edge):
        return units.size(edge.movement.bytes.mean)
    return units.size(edge.bytes.mean) if edge.bytes is not None else ""


def caption(edge: Edge, source: ExecutionOperator) -> Caption:
    """Return what stands above and below a line: rows and bytes, or of a conversion bytes and time."""
    if edge.movement is not None and moves(edge):
        return Caption(above=_bytes(edge), below=units.duration(edge.movement.cost_s.mean))
    rows, counted = _rows(edge, source)
    return Caption(above=rows, below=_bytes(edge), counted=counted)


def floor_text(edge: Edge, source: ExecutionOperator) -> str:
    """Return what stands on a line that runs below the cards, in one go."""
    rows, _ = _rows(edge, source)
    time = units.duration(edge.movement.cost_s.mean) if edge.movement is not None and moves(edge) else ""
    parts = [f"{rows} rows" if rows else "", _bytes(edge), time]
    text = ", ".join(part for part in parts if part)
    return " ".join(part for part in (edge.label or "", text) if part)


def inputs_of(plan: ExecutionPlan) -> dict[str, list[Edge]]:
    """Return the edges into every operator that has any."""
    found: dict[str, list[Edge]] = {}
    for edge in plan.edges:
        found.setdefault(edge.target, []).append(edge)
    return found


def shares(plan: ExecutionPlan) -> dict[str, float]:
    """Return the share of time of operators: of what was measured if anything was, else of the estimates."""
    measured = {op.id: op.measured_s for op in plan.operators if op.measured_s is not None}
    seconds = measured or {op.id: op.compute_s.mean for op in plan.operators if op.compute_s is not None}
    total = sum(seconds.values())
    return {id_: value / total for id_, value in seconds.items()} if total > 0 else {}


def mismatch(operator: ExecutionOperator) -> str | None:
    """Return how far an estimate was off, if by ten times or more.

    Examples
    --------
    >>> from jupyter_wayang.plan.execution import Decision, ExecutionOperator, Interval
    >>> mismatch(ExecutionOperator(id="a", logical="a", lane="here", verb="read", text="", counted=123,
    ...     decision=Decision(platform="spark", reason=""), rows=Interval.exact(10)))
    '▲ 12× under'
    """
    if operator.counted is None or operator.rows is None:
        return None
    guessed, counted = max(operator.rows.mean, 1.0), max(operator.counted, 1)
    if counted >= 10 * guessed:
        return f"▲ {units.compact(counted / guessed)}× under"
    if guessed >= 10 * counted:
        return f"▼ {units.compact(guessed / counted)}× over"
    return None


def platforms_of(plan: ExecutionPlan) -> tuple[str, ...]:
    """Return all names of platforms in a plan, each once."""
    names = [op.decision.platform for op in plan.operators]
    names += [alternative.platform for op in plan.operators for alternative in op.decision.alternatives]
    names += [name for lane in plan.lanes for name in lane.platforms]
    return tuple(dict.fromkeys(names))
