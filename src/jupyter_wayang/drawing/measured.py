"""A plan together with what was counted and measured while it ran."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

import msgspec

from jupyter_wayang.events import AnyEvent, BytesMoved, OperatorFinished, RoundFinished
from jupyter_wayang.plan.execution import ExecutionPlan

__all__ = ["measured"]


def measured(plan: ExecutionPlan, events: Iterable[AnyEvent]) -> ExecutionPlan:
    """Return the plan with counted rows and bytes, seconds, and the round that events of its run tell.

    Parameters
    ----------
    plan
        The plan as it was made.
    events
        Events of its run. Seconds of an operator that ran every round are summed; what an event does not tell (rows
        that may not be shown) stays as it is.

    Examples
    --------
    >>> from jupyter_wayang.plan.execution import Decision, ExecutionOperator, Interval
    >>> one = ExecutionOperator(id="read", logical="read", lane="here", verb="read", text="",
    ...     decision=Decision(platform="pandas", reason=""))
    >>> plan = ExecutionPlan(lanes=(), operators=(one,), edges=(), cost_s=Interval.exact(1))
    >>> after = measured(plan, [OperatorFinished(operator="read", rows=3, seconds=0.5)])
    >>> after.operator("read").counted, after.operator("read").measured_s
    (3, 0.5)
    """
    seconds: dict[str, float] = defaultdict(float)
    rows: dict[str, int] = {}
    left: dict[str, int] = defaultdict(int)
    reached = 0
    for event in events:
        if isinstance(event, OperatorFinished):
            seconds[event.operator] += event.seconds
            if event.rows is not None:
                rows[event.operator] = event.rows
        elif isinstance(event, BytesMoved) and event.direction == "up":
            left[event.site] += event.bytes
        elif isinstance(event, RoundFinished):
            reached = max(reached, event.round)
    operators = tuple(
        msgspec.structs.replace(
            operator,
            measured_s=seconds.get(operator.id, operator.measured_s),
            counted=rows.get(operator.id, operator.counted),
        )
        for operator in plan.operators
    )
    taken = tuple(
        msgspec.structs.replace(
            one,
            left_bytes=left.get(one.site, one.left_bytes),
            took_s=sum((s for id_, s in seconds.items() if id_.startswith(f"{one.site}/")), 0.0) or one.took_s,
        )
        for one in plan.takes
    )
    loop = plan.loop
    if loop is not None and reached:
        loop = msgspec.structs.replace(loop, round=min(reached, loop.rounds))
    return msgspec.structs.replace(plan, operators=operators, loop=loop, takes=taken)
