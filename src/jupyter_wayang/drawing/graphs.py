"""A plan for other tools: as a networkx graph, and as DOT with lanes as clusters."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from jupyter_wayang.drawing import units
from jupyter_wayang.drawing.captions import caption, moves
from jupyter_wayang.drawing.tokens import PlatformLook, look_of
from jupyter_wayang.plan.execution import Edge, ExecutionOperator, ExecutionPlan

if TYPE_CHECKING:
    import graphviz
    import networkx as nx

__all__ = ["dot", "to_graphviz", "to_networkx"]


def to_networkx(plan: ExecutionPlan) -> nx.MultiDiGraph[Any]:
    """Return the plan as a directed graph: nodes are ids of operators, attributes are what the plan says of them.

    Examples
    --------
    >>> from jupyter_wayang.plan.execution import ExecutionPlan, Interval
    >>> len(to_networkx(ExecutionPlan(lanes=(), operators=(), edges=(), cost_s=Interval.exact(0))))
    0
    """
    import networkx as nx

    graph: nx.MultiDiGraph[Any] = nx.MultiDiGraph(name=plan.name)
    for operator in plan.operators:
        graph.add_node(
            operator.id,
            logical=operator.logical,
            lane=operator.lane,
            verb=operator.verb,
            text=operator.text,
            platform=operator.decision.platform,
            reason=operator.decision.reason,
            rows=None if operator.rows is None else operator.rows.mean,
            counted=operator.counted,
            compute_s=None if operator.compute_s is None else operator.compute_s.mean,
            measured_s=operator.measured_s,
            iterations=operator.iterations,
        )
    for edge in plan.edges:
        graph.add_edge(
            edge.source.node,
            edge.target,
            port=edge.source.port,
            input=edge.input,
            kind=edge.kind,
            back=edge.back,
            rows=None if edge.rows is None else edge.rows.mean,
            bytes=None if edge.bytes is None else edge.bytes.mean,
            channels=edge.movement.channels if edge.movement is not None else (),
        )
    return graph


def to_graphviz(plan: ExecutionPlan, *, looks: Mapping[str, PlatformLook] | None = None) -> graphviz.Source:
    """Return the plan as a ``graphviz.Source``; only rendering it needs a ``dot`` program.

    Examples
    --------
    >>> from jupyter_wayang.plan.execution import ExecutionPlan, Interval
    >>> to_graphviz(ExecutionPlan(lanes=(), operators=(), edges=(), cost_s=Interval.exact(0))).source[:7]
    'digraph'
    """
    import graphviz

    return graphviz.Source(dot(plan, looks=looks))


def dot(plan: ExecutionPlan, *, looks: Mapping[str, PlatformLook] | None = None) -> str:
    """Return the plan in the DOT language, a cluster for every lane."""
    names = {operator.id: f"n{index}" for index, operator in enumerate(plan.operators)}
    by_id = {operator.id: operator for operator in plan.operators}
    lines = [
        f"digraph {_quoted(plan.name or 'plan')} {{",
        '  graph [rankdir=LR, newrank=true, compound=true, nodesep=0.25, ranksep=0.5, fontname="Helvetica"]',
        '  node [shape=box, style="rounded,filled", fillcolor=white, fontname="Helvetica", fontsize=11]',
        '  edge [fontname="Helvetica", fontsize=9, color="#868a90"]',
    ]
    for index, lane in enumerate(plan.lanes):
        fill = "#ededee" if lane.kind == "kernel" else "#f6f6f6"
        lines.append(f"  subgraph cluster_{index} {{")
        lines.append(f'    label={_quoted(lane.title)}; style="rounded,filled"; color="{fill}"; labeljust=l')
        members = (operator for operator in plan.operators if operator.lane == lane.id)
        lines += [f"    {names[operator.id]} {_node(operator, looks)}" for operator in members]
        lines.append("  }")
    lines += [f"  {names[e.source.node]} -> {names[e.target]} {_edge(e, by_id[e.source.node])}" for e in plan.edges]
    return "\n".join([*lines, "}", ""])


def _node(operator: ExecutionOperator, looks: Mapping[str, PlatformLook] | None) -> str:
    look = look_of(operator.decision.platform, looks)
    lines = [f"{look.badge}  {operator.verb}", operator.text, units.estimate(operator.rows)]
    label = "\n".join(line for line in lines if line)
    hue = f', color="{look.hue}", penwidth=2' if look.hue.startswith("#") else ""
    return f"[label={_quoted(label)}, tooltip={_quoted(operator.decision.reason)}{hue}]"


def _edge(edge: Edge, source: ExecutionOperator) -> str:
    said = caption(edge, source)
    label = "\n".join(part for part in (said.above, "‖" if moves(edge) else "", said.below) if part)
    rest = ("" if edge.kind == "rows" else ", style=dashed") + (", constraint=false" if edge.back else "")
    return f"[label={_quoted(label)}{rest}]"


def _quoted(text: str) -> str:
    inner = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return '"' + "".join(character for character in inner if character >= " ") + '"'
