from __future__ import annotations

import pytest

from jupyter_wayang.demo.summary import final_plan, rounds, summary
from jupyter_wayang.errors import DataError
from jupyter_wayang.events import (
    BytesMoved,
    MetricsMeasured,
    OperatorFinished,
    Planned,
    RoundFinished,
    RunFinished,
    RunStarted,
)
from jupyter_wayang.plan import wire
from jupyter_wayang.plan.execution import Decision, ExecutionOperator, ExecutionPlan, Interval, Lane, Loop


def operator(lane: str, verb: str, platform: str) -> ExecutionOperator:
    return ExecutionOperator(
        id=f"{lane}/{verb}",
        logical=verb,
        lane=lane,
        verb=verb,
        text="",
        decision=Decision(platform=platform, reason="because", alternatives=()),
    )


PLAN = ExecutionPlan(
    lanes=(
        Lane(id="kernel", title="Kernel", kind="kernel"),
        Lane(id="a", title="Aachen", kind="site"),
        Lane(id="b", title="Bergen", kind="site"),
    ),
    operators=(
        operator("kernel", "aggregate", "kernel"),
        operator("a", "read", "duckdb"),
        operator("a", "update", "numpy"),
        operator("b", "read", "polars"),
    ),
    edges=(),
    loop=Loop(operators=("a/update",), rounds=2),
    cost_s=Interval.exact(1),
)


def measured(round_: int, site: str, loss: float | None, note: str | None = None) -> MetricsMeasured:
    return MetricsMeasured(round=round_, site=site, on="test", rows=9, log_loss=loss, accuracy=0.5, auc=None, note=note)


def moved(site: str, direction: str, size: int, round_: int | None = None, rows: int = 0) -> BytesMoved:
    return BytesMoved(site=site, direction=direction, kind="x", bytes=size, round=round_, rows=rows)


EVENTS = [
    RunStarted(run="r1", name="heart", sites=("a", "b"), rounds=2),
    Planned(plan=wire.encode(PLAN).decode(), planned_s=0.1),
    moved("a", "down", 10),
    OperatorFinished(operator="a/read", rows=12, seconds=0.5),
    measured(0, "global", 0.69),
    moved("a", "up", 3, 1),
    moved("b", "up", 4, 1),
    moved("b", "down", 5, 1),
    OperatorFinished(operator="a/update", rows=None, seconds=0.25),
    RoundFinished(round=1, seconds=0.2, sites=("a", "b")),
    measured(1, "global", 0.5),
    OperatorFinished(operator="a/update", rows=None, seconds=0.25),
    RoundFinished(round=2, seconds=0.3, sites=("a", "b")),
    measured(2, "global", 0.4),
    measured(2, "a", 0.3),
    measured(2, "b", None, "under 10 rows"),
    RunFinished(state="done", reason="all rounds", rounds=2, seconds=1.5),
]


def test_a_summary_has_what_was_promised():
    found = summary(EVENTS)
    assert found["rounds"] == 2
    assert found["global"]["log_loss"] == 0.4
    assert found["sites"]["a"]["log_loss"] == 0.3
    assert found["sites"]["a"]["platforms"] == {"read": "duckdb", "update": "numpy"}
    assert found["sites"]["b"]["note"] == "under 10 rows"
    assert {"auc", "log_loss", "accuracy", "rows"} <= found["sites"]["b"].keys()
    assert list(found["sites"]) == ["a", "b"]


def test_bytes_are_counted_by_direction_and_site():
    found = summary(EVENTS)
    assert found["bytes"] == {"up": 7, "down": 15}
    assert found["sites"]["b"]["bytes"] == {"up": 4, "down": 5}


def test_rows_that_moved_are_counted_and_not_claimed():
    assert summary(EVENTS)["rows_moved_between_sites"] == 0
    assert summary([*EVENTS, moved("a", "up", 8, rows=3)])["rows_moved_between_sites"] == 3


def test_rounds_have_their_figures():
    first, second, third = rounds(EVENTS)
    assert (first["round"], first["seconds"], first["log_loss"]) == (0, None, 0.69)
    assert second == {
        "round": 1, "up": 7, "down": 5, "seconds": 0.2, "log_loss": 0.5, "auc": None, "accuracy": 0.5,
    }  # fmt: skip
    assert third["seconds"] == 0.3


def test_the_final_plan_has_counts_times_and_the_last_round():
    plan = final_plan(EVENTS)
    assert plan.operator("a/read").counted == 12
    assert plan.operator("a/update").measured_s == 0.5
    assert plan.operator("b/read").measured_s is None
    assert plan.loop is not None
    assert plan.loop.round == 2


def test_a_run_without_a_plan_is_refused():
    with pytest.raises(DataError, match="no plan"):
        final_plan(EVENTS[:1])
