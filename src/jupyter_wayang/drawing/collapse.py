"""A smaller plan for many sites: sites with equal plans become one lane."""

from __future__ import annotations

from collections import defaultdict

import msgspec

from jupyter_wayang.plan.execution import Edge, ExecutionOperator, ExecutionPlan, Interval, Lane
from jupyter_wayang.plan.logical import Port

__all__ = ["MOST_OPERATORS", "collapsed", "stacks"]

MOST_OPERATORS = 300
"""Above it a picture opens collapsed."""

_Signature = tuple[object, ...]


def collapsed(plan: ExecutionPlan) -> ExecutionPlan:
    """Return the plan with all sites of equal plans as one lane, whose rows, bytes and seconds are sums.

    Two sites have equal plans if they run the same steps on the same platforms. A plan without such sites is returned
    as it is.
    """
    groups: dict[_Signature, list[Lane]] = defaultdict(list)
    for lane in plan.lanes:
        groups[_signature(plan, lane)].append(lane)
    if len(groups) == len(plan.lanes):
        return plan
    stands_for = _representatives(plan, groups)
    operators, edges = _operators(plan, stands_for), _edges(plan, stands_for)
    loop = plan.loop
    if loop is not None:
        members = tuple(dict.fromkeys(stands_for[id_] for id_ in loop.operators))
        loop = msgspec.structs.replace(loop, operators=members)
    lanes = tuple(_lane(group) for group in groups.values())
    return msgspec.structs.replace(plan, lanes=lanes, operators=operators, edges=edges, loop=loop)


def stacks(plan: ExecutionPlan) -> dict[str, tuple[str, ...]]:
    """Return what stands for several in :func:`collapsed`, lanes and operators by id, and what each stands for."""
    groups: dict[_Signature, list[Lane]] = defaultdict(list)
    for lane in plan.lanes:
        groups[_signature(plan, lane)].append(lane)
    found = {group[0].id: tuple(lane.id for lane in group) for group in groups.values() if len(group) > 1}
    members: dict[str, list[str]] = defaultdict(list)
    for id_, representative in _representatives(plan, groups).items():
        members[representative].append(id_)
    return {**found, **{id_: tuple(ids) for id_, ids in members.items() if len(ids) > 1}}


def _signature(plan: ExecutionPlan, lane: Lane) -> _Signature:
    if lane.kind != "site":
        return (lane.id,)
    steps = tuple((op.logical, op.verb, op.decision.platform) for op in plan.operators if op.lane == lane.id)
    return (lane.kind, lane.platforms, *steps)


def _representatives(plan: ExecutionPlan, groups: dict[_Signature, list[Lane]]) -> dict[str, str]:
    members: dict[str, list[str]] = defaultdict(list)
    for operator in plan.operators:
        members[operator.lane].append(operator.id)
    found: dict[str, str] = {}
    for group in groups.values():
        for lane in group:
            found.update(zip(members[lane.id], members[group[0].id], strict=True))
    return found


def _lane(group: list[Lane]) -> Lane:
    first = group[0]
    if len(group) == 1:
        return first
    known = [lane.rows for lane in group if lane.rows is not None]
    rows = sum(known) if len(known) == len(group) else None
    note = f"{first.title} and {len(group) - 1} with the same plan"
    return msgspec.structs.replace(first, title=f"{len(group)} sites", note=note, rows=rows)


def _operators(plan: ExecutionPlan, stands_for: dict[str, str]) -> tuple[ExecutionOperator, ...]:
    groups: dict[str, list[ExecutionOperator]] = defaultdict(list)
    for operator in plan.operators:
        groups[stands_for[operator.id]].append(operator)
    return tuple(_merged(group) for group in groups.values())


def _merged(group: list[ExecutionOperator]) -> ExecutionOperator:
    first = group[0]
    if len(group) == 1:
        return first
    counted = [op.counted for op in group if op.counted is not None]
    measured = [op.measured_s for op in group if op.measured_s is not None]
    return msgspec.structs.replace(
        first,
        text=first.text if len({op.text for op in group}) == 1 else f"{len(group)} sites",
        rows=_sum([op.rows for op in group]),
        bytes=_sum([op.bytes for op in group]),
        compute_s=_sum([op.compute_s for op in group]),
        counted=sum(counted) if len(counted) == len(group) else None,
        measured_s=sum(measured) if measured else None,
    )


def _edges(plan: ExecutionPlan, stands_for: dict[str, str]) -> tuple[Edge, ...]:
    groups: dict[tuple[str, int, str, int], list[Edge]] = defaultdict(list)
    lanes = {operator.id: operator.lane for operator in plan.operators}
    for edge in plan.edges:
        source, target = stands_for[edge.source.node], stands_for[edge.target]
        # At the kernel every site is an input of its own; of one lane there is one.
        place = edge.input if lanes[edge.source.node] == lanes[edge.target] else 0
        groups[source, edge.source.port, target, place].append(edge)
    return tuple(_joined(source, target, group) for (source, _, target, _), group in groups.items())


def _joined(source: str, target: str, group: list[Edge]) -> Edge:
    first = group[0]
    movement = first.movement
    if movement is not None and all(edge.movement is not None for edge in group):
        movements = [edge.movement for edge in group if edge.movement is not None]
        movement = msgspec.structs.replace(
            movement,
            bytes=_sum([m.bytes for m in movements]) or movement.bytes,
            cost_s=_sum([m.cost_s for m in movements]) or movement.cost_s,
        )
    return msgspec.structs.replace(
        first,
        source=Port(node=source, port=first.source.port),
        target=target,
        rows=_sum([edge.rows for edge in group]),
        bytes=_sum([edge.bytes for edge in group]),
        movement=movement,
    )


def _sum(parts: list[Interval | None]) -> Interval | None:
    known = [part for part in parts if part is not None]
    if len(known) != len(parts) or not known:
        return None
    total = known[0]
    for part in known[1:]:
        total = total + part
    return total
