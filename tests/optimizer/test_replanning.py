"""Where rows are counted while a plan runs, and what is planned again when they are not as expected."""

from __future__ import annotations

from dataclasses import replace

import pytest
from optimizer.fakes import FakePlatform, col, context, grouped, op, platform, read, then, where

from jupyter_wayang.optimizer.checkpoints import behind, met, uncertain
from jupyter_wayang.optimizer.pipeline import Optimized, optimize, replan
from jupyter_wayang.plan.execution import Interval
from jupyter_wayang.plan.expressions import Aggregate
from jupyter_wayang.plan.logical import LogicalPlan, Port
from jupyter_wayang.plan.operators import Sort, SortKey
from jupyter_wayang.platforms.platform import BASE_OPERATORS, Channel, Coefficient

COUNT = Aggregate(function="count")
ROWS = 300_000
NOT_READ = tuple(name for name in BASE_OPERATORS if name != "read_frame")


def small_and_large() -> tuple[FakePlatform, ...]:
    """One is right for few rows, the other, which must be started first, for many."""
    return small(), platform("large", row_s=1e-8, start_up_s=0.5, operators=NOT_READ)


def small(**more: object) -> FakePlatform:
    """A platform that sorts slowly."""
    return replace(platform("small", row_s=1e-6, only={"sort": Coefficient(fixed_s=1e-4, row_s=5e-6)}), **more)


def ordered(**hints: float) -> LogicalPlan:
    kept = where(read(), op("age", "<", 9), **hints)
    return LogicalPlan.of([then(Sort(keys=(SortKey(expression=col("age")),)), kept)])


def chosen(made: Optimized) -> dict[str, str]:
    return {operator.id: operator.decision.platform for operator in made.execution.operators}


def rows(low: float, high: float, confidence: float = 1.0) -> Interval:
    return Interval(low=low, high=high, confidence=confidence)


@pytest.mark.parametrize(
    ("interval", "expected"),
    [
        (rows(1e6, 1e6), False),
        (rows(1e5, 1e6), False),
        (rows(1e4, 1e6), True),
        (rows(0, 90_000), False),  # of few rows it does not matter how many they are
        (rows(0, 90_001), True),
        (rows(1e6, 1e6, 0.49), True),
        (rows(1e6, 1e6, 0.5), False),
    ],
)
def test_what_is_uncertain(interval, expected):
    assert uncertain(interval) is expected


def test_a_count_that_is_close_is_as_expected():
    assert met(rows(1e5, 1e6), 500_000)
    assert met(rows(1e5, 1e6), 2_000_000)
    assert not met(rows(1e5, 1e6), 2_100_000)
    assert met(rows(1e6, 1e6), 500_000)
    assert not met(rows(1e6, 1e6), 400_000)


def test_rows_are_counted_where_a_later_choice_depends_on_them():
    made = optimize(ordered(selectivity=0.001), context(*small_and_large(), rows=ROWS))
    assert chosen(made) == {"read": "small", "filter": "small", "sort": "small"}
    assert made.checkpoints == {"filter": rows(300, 300, 0.4)}
    assert [operator.id for operator in made.execution.operators if operator.checkpoint] == ["filter"]


def test_nothing_is_counted_where_nothing_depends_on_it():
    two = small(), platform("large", row_s=1e-8, start_up_s=100.0)
    assert optimize(ordered(selectivity=0.001), context(*two, rows=ROWS)).checkpoints == {}
    assert optimize(ordered(selectivity=0.001), context(two[0], rows=ROWS)).checkpoints == {}


def test_nothing_is_counted_that_is_certain():
    assert optimize(ordered(), context(*small_and_large(), rows=ROWS)).checkpoints == {}


def test_a_recipe_is_counted_only_where_that_costs_nothing():
    platforms = small(channels=(Channel(name="small.rows", at_rest=False),)), small_and_large()[1]
    assert set(optimize(ordered(selectivity=0.001), context(*platforms, rows=ROWS)).checkpoints) == {"filter"}
    assert set(optimize(ordered(selectivity=0.06), context(*platforms, rows=ROWS)).checkpoints) == set()


def test_an_operator_of_a_loop_is_no_checkpoint():
    given = context(*small_and_large(), rows=ROWS, iterations={"filter": 5})
    assert optimize(ordered(selectivity=0.001), given).checkpoints == {}


def test_what_was_started_is_still_said_when_the_rest_is_planned_again():
    first = small()
    platforms = replace(first, costs=replace(first.costs, start_up_s=0.2)), small_and_large()[1]
    made = optimize(ordered(selectivity=0.001), context(*platforms, rows=ROWS))
    assert made.execution.start_up_s == (("small", 0.2),)
    ran = {operator.id: operator for operator in made.execution.operators if operator.id in ("read", "filter")}
    counted = {Port(node="filter"): ROWS}
    after = replan(made, context(*platforms, rows=ROWS, done=ran, counted=counted, running=frozenset({"small"})))
    assert after.execution.start_up_s == (("small", 0.2), ("large", 0.5))


def again(made: Optimized, counted: int, size: int = ROWS) -> Optimized:
    ran = {operator.id: operator for operator in made.execution.operators if operator.id in ("read", "filter")}
    given = context(*small_and_large(), rows=size, done=ran, counted={Port(node="filter"): counted})
    return replan(made, given)


def test_what_has_not_run_goes_elsewhere():
    made = optimize(ordered(selectivity=0.001), context(*small_and_large(), rows=ROWS))
    after = again(made, ROWS)
    assert chosen(after) == {"read": "small", "filter": "small", "sort": "large"}
    assert after.logical is made.logical
    assert after.checkpoints == {}
    filter_, sort = (after.execution.operator(name) for name in ("filter", "sort"))
    assert (filter_.rows, filter_.rows_from) == (Interval.exact(ROWS), "counted")
    assert sort.rows == Interval.exact(ROWS)
    # What ran costs nothing any more, and its reasons are those of before.
    assert after.execution.start_up_s == (("large", 0.5),)
    assert filter_.decision == made.execution.operator("filter").decision
    (edge,) = (edge for edge in after.execution.edges if edge.target == "sort")
    assert edge.movement is not None
    assert edge.movement.channels == ("small.rows", "arrow.table", "large.rows")


def test_a_count_as_expected_changes_nothing():
    made = optimize(ordered(selectivity=0.001), context(*small_and_large(), rows=ROWS))
    assert chosen(again(made, 310)) == chosen(made)


def test_what_a_person_pinned_stays_pinned():
    kept = where(read(), op("age", "<", 9), selectivity=0.001)
    plan = LogicalPlan.of([then(Sort(keys=(SortKey(expression=col("age")),)), kept, pin="small")])
    made = optimize(plan, context(*small_and_large(), rows=ROWS))
    assert made.checkpoints == {}
    assert chosen(again(made, ROWS)) == chosen(made)


def test_what_comes_before_does_not_depend():
    plan = LogicalPlan.of([grouped(where(read(), op("age", "<", 9)), "ward", n=COUNT)])
    assert behind(plan, ["filter"]) == {"read": True, "filter": False, "group_by": False}
