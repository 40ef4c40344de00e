"""What a run teaches about costs: for every stage the work that was planned, with counted rows, and the seconds it took."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

from jupyter_wayang.events import AnyEvent, OperatorFinished, Planned, Replanned, RunFinished
from jupyter_wayang.plan import wire
from jupyter_wayang.plan.execution import Edge, ExecutionOperator, ExecutionPlan, Interval
from jupyter_wayang.plan.observation import Observation, Work
from jupyter_wayang.platforms.platform import ARROW, FUNCTION_TAGS, Platform

__all__ = ["observations"]

_LOOSE = 20.0
"""An estimate whose bounds are further apart says too little of the rows that were there."""


def observations(run: str, events: Iterable[AnyEvent], platforms: Mapping[str, Platform]) -> tuple[Observation, ...]:
    """Return what the stages of a run on this machine took.

    Left out are stages of sites, which may be other machines; of loops; of platforms that the run had to start; those
    that call a function of the notebook, whose time is its own; and those whose rows nobody counted or knew well. Only a
    run that came to its end teaches anything.

    Parameters
    ----------
    run
        Its id, which becomes the group.
    events
        Its events.
    platforms
        By name.
    """
    plan: ExecutionPlan | None = None
    seconds: dict[str, float] = {}
    rows: dict[str, int] = {}
    started: set[str] = set()
    ended = False
    for event in events:
        match event:
            case Planned(plan=text) | Replanned(plan=text):
                plan = wire.decode(text, ExecutionPlan)
                started |= {name for name, _ in plan.start_up_s}
            case OperatorFinished(operator=id_):
                seconds[id_] = seconds.get(id_, 0.0) + event.seconds
                if event.rows is not None:
                    rows[id_] = event.rows
            case RunFinished(state=state):
                ended = state == "done"
    if not ended or plan is None or plan.loop is not None:
        return ()
    # The last plan has what ran before it was made as it ran.
    found = (_stage(stage, plan, seconds, rows, platforms) for stage in _stages(plan, started))
    return tuple(Observation(parts=parts, seconds=took, group=run) for parts, took in found if parts and took > 0)


def _stages(plan: ExecutionPlan, started: set[str]) -> list[list[ExecutionOperator]]:
    here = {lane.id for lane in plan.lanes if lane.kind == "here"}
    found: dict[tuple[str, int], list[ExecutionOperator]] = {}
    for operator in plan.operators:
        if operator.lane in here and operator.decision.platform not in started:
            found.setdefault((operator.lane, operator.stage), []).append(operator)
    return list(found.values())


def _stage(
    operators: list[ExecutionOperator],
    plan: ExecutionPlan,
    seconds: Mapping[str, float],
    rows: Mapping[str, int],
    platforms: Mapping[str, Platform],
) -> tuple[tuple[Work, ...], float]:
    parts: list[Work] = []
    for operator in operators:
        edges = [edge for edge in plan.edges if edge.target == operator.id and edge.kind == "rows"]
        work = _worked(operator, edges, rows)
        if work is None or operator.id not in seconds or operator.iterations != 1:
            return (), 0.0
        parts.append(work)
        for edge in edges:
            parts += _moved(edge, rows, platforms)
        parts += _handed_over(operator, plan, work, platforms)
    return tuple(parts), sum(seconds[operator.id] for operator in operators)


def _worked(operator: ExecutionOperator, edges: list[Edge], rows: Mapping[str, int]) -> Work | None:
    """Return the work of an operator with the rows that were counted, or None if too little is known of them."""
    planned = operator.work
    if planned is None or operator.rows is None or planned.tag in FUNCTION_TAGS:
        return None
    out = _known(operator.rows, rows.get(operator.id))
    entered = [_known(edge.rows, rows.get(edge.source.node)) for edge in edges if edge.rows is not None]
    if out is None or any(one is None for one in entered):
        return None
    came = sum(one for one in entered if one is not None) if edges else planned.rows
    share = came / planned.rows if planned.rows > 0 else 1.0
    return msgspec.structs.replace(
        planned,
        rows=came,
        out=out,
        bytes=planned.bytes * share,
        operations=planned.operations * share,
        decimals=planned.decimals * share,
    )


def _known(estimate: Interval, counted: int | None) -> float | None:
    if counted is not None:
        return float(counted)
    return estimate.mean if estimate.high + 1 <= _LOOSE * (estimate.low + 1) else None


def _moved(edge: Edge, rows: Mapping[str, int], platforms: Mapping[str, Platform]) -> list[Work]:
    if edge.movement is None or edge.rows is None:
        return []
    moved = rows.get(edge.source.node, edge.rows.mean)
    width = edge.movement.bytes.mean / edge.rows.mean if edge.rows.mean > 0 else 0.0
    steps = zip(edge.movement.channels, edge.movement.channels[1:], strict=False)
    return [
        Work(platform=_owner(a, b, platforms), tag=f"{a}>{b}", rows=moved, out=moved, bytes=moved * width)
        for a, b in steps
    ]


def _handed_over(
    operator: ExecutionOperator, plan: ExecutionPlan, work: Work, platforms: Mapping[str, Platform]
) -> list[Work]:
    """Return the conversion of a result to Arrow, which is no edge of the plan."""
    platform = platforms.get(operator.decision.platform)
    if platform is None or platform.channel == ARROW or any(edge.source.node == operator.id for edge in plan.edges):
        return []
    width = operator.schema.row_bytes if operator.schema is not None else 0
    tag = f"{platform.channel}>{ARROW}"
    return [Work(platform=platform.name, tag=tag, rows=work.out, out=work.out, bytes=work.out * width)]


def _owner(source: str, target: str, platforms: Mapping[str, Platform]) -> str | None:
    """Return the platform that does a conversion, or None if it needs none."""
    for platform in platforms.values():
        if any((one.source, one.target) == (source, target) for one in platform.conversions):
            return platform.name
    return None
