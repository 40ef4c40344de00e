"""What a federated run came to, counted from its events alone."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from jupyter_wayang.drawing.measured import measured
from jupyter_wayang.errors import DataError
from jupyter_wayang.events import (
    AnyEvent,
    BytesMoved,
    MetricsMeasured,
    Planned,
    RoundFinished,
    RunFinished,
)
from jupyter_wayang.plan import wire
from jupyter_wayang.plan.execution import ExecutionPlan

__all__ = ["final_plan", "rounds", "summary"]

GLOBAL = "global"


def final_plan(events: Sequence[AnyEvent]) -> ExecutionPlan:
    """Return the plan of a run with what was counted and measured while it ran.

    Raises
    ------
    DataError
        If the run was never planned.
    """
    planned = [event for event in events if isinstance(event, Planned)]
    if not planned:
        raise DataError("the run has no plan")
    plan = wire.decode(planned[-1].plan, ExecutionPlan)
    return measured(plan, events)


def rounds(events: Iterable[AnyEvent]) -> list[dict[str, Any]]:
    """Return a record for each round: number, seconds, global metrics, bytes up and down."""
    made: dict[int, dict[str, Any]] = defaultdict(lambda: {"up": 0, "down": 0, "seconds": None})
    for event in events:
        if isinstance(event, BytesMoved) and event.round is not None:
            made[event.round][event.direction] += event.bytes
        elif isinstance(event, RoundFinished):
            made[event.round]["seconds"] = event.seconds
        elif isinstance(event, MetricsMeasured) and event.site == GLOBAL and event.on == "test":
            made[event.round].update(log_loss=event.log_loss, auc=event.auc, accuracy=event.accuracy)
    return [{"round": number, **made[number]} for number in sorted(made)]


def summary(events: Sequence[AnyEvent]) -> dict[str, Any]:
    """Return the summary of a run: rounds, final metrics and platforms by site, bytes by direction, rows moved."""
    plan = final_plan(events)
    last = _last(events)
    moved = [event for event in events if isinstance(event, BytesMoved)]
    sites = {lane.id: lane.title for lane in plan.lanes if lane.kind == "site"}
    ended = [event for event in events if isinstance(event, RunFinished)]
    return {
        "run": events[0].run,
        "rounds": max((event.round for event in events if isinstance(event, RoundFinished)), default=0),
        "seconds": ended[-1].seconds if ended else None,
        "global": _metrics(last.get(GLOBAL)),
        "sites": {
            site: {
                "title": title,
                **_metrics(last.get(site)),
                "platforms": {
                    one.id.removeprefix(f"{site}/"): one.decision.platform for one in plan.operators if one.lane == site
                },
                "bytes": _bytes(event for event in moved if event.site == site),
            }
            for site, title in sites.items()
        },
        "rows_moved_between_sites": sum(event.rows for event in moved),
        "bytes": _bytes(moved),
    }


def _last(events: Iterable[AnyEvent]) -> dict[str, MetricsMeasured]:
    """Return the last metrics on test rows, by site."""
    return {event.site: event for event in events if isinstance(event, MetricsMeasured) and event.on == "test"}


def _metrics(event: MetricsMeasured | None) -> dict[str, Any]:
    if event is None:
        return {"auc": None, "log_loss": None, "accuracy": None, "rows": None, "note": "was not measured"}
    names = ("auc", "auc_error", "log_loss", "accuracy", "rows", "note")
    return {name: getattr(event, name) for name in names}


def _bytes(moved: Iterable[BytesMoved]) -> dict[str, int]:
    made = {"up": 0, "down": 0}
    for event in moved:
        made[event.direction] += event.bytes
    return made
