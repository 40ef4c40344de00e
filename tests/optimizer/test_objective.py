"""Plans by time, bytes and money, and the limit of memory."""

from __future__ import annotations

from dataclasses import replace

import pytest
from optimizer.fakes import FakePlatform, col, context, op, platform, read, then, where

from jupyter_wayang.errors import OperatorError, PlanError
from jupyter_wayang.optimizer.objective import Objective
from jupyter_wayang.optimizer.pipeline import optimize, plan_lane
from jupyter_wayang.plan.execution import ExecutionPlan
from jupyter_wayang.plan.logical import LogicalPlan
from jupyter_wayang.plan.operators import Sort, SortKey
from jupyter_wayang.plan.preferences import Preferences
from jupyter_wayang.platforms.platform import BASE_OPERATORS, Channel

READ, REST = ("read_frame",), tuple(name for name in BASE_OPERATORS if name != "read_frame")


def platforms() -> tuple[FakePlatform, ...]:
    """One reads and is slow, one is fast, and rows would have to move to it."""
    return platform("home", row_s=1e-5), platform("away", row_s=1e-8, operators=REST)


def ordered() -> LogicalPlan:
    young = where(read(), op("age", "<", 9), selectivity=0.5)
    return LogicalPlan.of([then(Sort(keys=(SortKey(expression=col("age")),)), young)])


def chosen(made: ExecutionPlan) -> dict[str, str]:
    return {operator.id: operator.decision.platform for operator in made.operators}


def plan(objective: Objective, **more: object) -> ExecutionPlan:
    return plan_lane(ordered(), context(*platforms(), rows=100_000, objective=objective, **more))


def test_time_moves_rows_to_where_they_are_fast():
    made = plan(Objective())
    assert chosen(made) == {"read": "home", "filter": "away", "sort": "away"}


def test_bytes_leave_rows_where_they_are():
    made = plan(Objective(name="bytes"))
    assert set(chosen(made).values()) == {"home"}
    reason = made.operator("sort").decision.reason
    assert reason.startswith("The plan moves 1.")
    assert "with Home and" in reason
    # What it would take is still told in seconds: the other way is faster.
    assert next(a for a in made.operator("sort").decision.alternatives if a.platform == "away").difference_s < 0


def test_money_follows_prices():
    dear = Objective(name="money", prices={"away": 1e6, "home": 1.0})
    assert set(chosen(plan(dear)).values()) == {"home"}
    even = plan(Objective(name="money"))
    assert chosen(even)["sort"] == "away"
    assert "costs" in even.operator("sort").decision.reason


def test_an_objective_that_is_none():
    with pytest.raises(OperatorError, match="Did you mean money"):
        Preferences(objective="mony")


class TestMemory:
    def test_what_is_above_the_limit_is_moved_and_says_why(self):
        spilling = replace(
            platform("disk", row_s=1e-4), channels=(Channel(name="disk.rows", at_rest=False),), channel="disk.rows"
        )
        fast = platform("frames", row_s=1e-9)
        free = plan_lane(ordered(), context(fast, spilling, rows=1_000_000))
        assert set(chosen(free).values()) == {"frames"}
        tight = plan_lane(ordered(), context(fast, spilling, rows=1_000_000, memory_bytes=2**20))
        assert set(chosen(tight).values()) == {"disk"}
        (refused,) = (a for a in tight.operator("sort").decision.alternatives if a.impossible)
        assert refused.impossible.startswith("it would hold about")
        assert refused.impossible.endswith("and 1.0 MiB is the limit")

    def test_where_nothing_else_is_possible_the_plan_is_refused(self):
        with pytest.raises(PlanError, match=r"no platform can run read") as raised:
            plan_lane(ordered(), context(platform("frames"), rows=1_000_000, memory_bytes=2**20))
        assert "is the limit" in dict(raised.value.facts)["frames"]

    def test_what_may_be_within_the_limit_is_tried(self):
        one = platform("frames")
        doubtful = LogicalPlan.of([where(read(), op("age", "<", 9))])
        rows = 100_000
        estimated = plan_lane(doubtful, context(one, rows=rows)).operator("filter").bytes
        assert estimated is not None
        source = estimated.high  # what the source makes, and the filter at most
        limit = int(source + estimated.mean * 0.9)
        assert limit > source + estimated.low
        made = optimize(doubtful, context(one, rows=rows, memory_bytes=limit))
        assert chosen(made.execution)["filter"] == "frames"

    def test_a_pin_above_the_limit_is_refused(self):
        plan_ = LogicalPlan.of([where(read(), op("age", "<", 9), pin="frames")])
        disk = replace(platform("disk"), channels=(Channel(name="disk.rows", at_rest=False),), channel="disk.rows")
        given = context(platform("frames"), disk, rows=1_000_000, memory_bytes=2**20)
        with pytest.raises(PlanError, match=r"pinned to frames, but it would hold about"):
            plan_lane(plan_, given)
