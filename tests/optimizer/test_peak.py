"""Memory as a limit of the whole plan: operators that have room one by one may not have it together."""

from __future__ import annotations

from dataclasses import replace

import pytest
from optimizer.fakes import context, op, platform, read, then, where

from jupyter_wayang.errors import PlanError
from jupyter_wayang.optimizer.lane import Lane
from jupyter_wayang.optimizer.peak import peak
from jupyter_wayang.optimizer.pipeline import plan_lane
from jupyter_wayang.plan.logical import LogicalPlan, Port
from jupyter_wayang.plan.operators import Sort, SortKey, Union
from jupyter_wayang.platforms.platform import Channel, Coefficient, Conversion

ROWS = 100_000
DISK = replace(platform("disk", row_s=1e-4), channels=(Channel(name="disk.rows", at_rest=False),))
FRAMES = platform("frames", row_s=1e-9)


def several(count: int) -> LogicalPlan:
    """Filters that keep all of their rows, and these together."""
    parts = [where(read(f"part_{n}"), op("age", "<", 9), selectivity=1.0) for n in range(count)]
    whole = parts[0]
    for part in parts[1:]:
        whole = then(Union(), whole, part)
    return LogicalPlan.of([then(Sort(keys=(SortKey(expression=op("age", "+", 1)),)), whole)])


def size(plan: LogicalPlan) -> float:
    lane = Lane.of(plan, context(FRAMES, rows=ROWS))
    return lane.estimates[Port(node="read")].bytes.mean


def test_rows_stay_until_the_end_and_a_sort_holds_them_twice():
    plan = several(1)
    lane = Lane.of(plan, context(FRAMES, DISK, rows=ROWS))
    one = size(plan)
    most = peak(lane, ("frames", "frames", "frames"))
    # What is read, filtered and sorted, and the sort's own copy.
    assert most.bytes.mean == pytest.approx(4 * one)
    assert most.holders[2].mean == pytest.approx(2 * one)
    assert peak(lane, ("frames", "frames", "disk")).bytes.mean == pytest.approx(3 * one), "an Arrow table on the way"
    assert peak(lane, ("disk", "disk", "disk")).bytes.mean == 0.0


def test_what_has_room_one_by_one_has_it_together_or_goes_elsewhere():
    plan = several(4)
    limit = int(9 * size(plan))  # the last sort alone holds four parts three times: twelve
    given = context(FRAMES, DISK, rows=ROWS, memory_bytes=10**12)
    free = plan_lane(plan, given)
    assert {one.decision.platform for one in free.operators} == {"frames"}
    tight = context(FRAMES, DISK, rows=ROWS, memory_bytes=limit)
    made = plan_lane(plan, tight)
    assignment = tuple(made.operator(node.id).decision.platform for node in plan.nodes)
    assert set(assignment) == {"frames", "disk"}
    assert peak(Lane.of(plan, given), assignment).bytes.mean <= limit
    reasons = [a.impossible for one in made.operators for a in one.decision.alternatives if a.impossible]
    assert any(reason.startswith("the whole plan would then hold about") for reason in reasons)


def test_where_there_is_no_room_for_any_plan_it_is_refused_with_what_holds_most():
    plan = several(4)
    limit = int(12.5 * size(plan))  # each operator has room
    with pytest.raises(PlanError, match=r"the plan cannot be run: it would hold about .* at once") as caught:
        plan_lane(plan, context(FRAMES, rows=ROWS, memory_bytes=limit))
    assert next(iter(dict(caught.value.facts))) == "sort"
    assert "memory_bytes" in str(caught.value.hint)


def test_a_pin_stays_where_it_is():
    sort = Sort(keys=(SortKey(expression=op("age", "+", 1)),))
    plan = LogicalPlan.of([then(sort, where(read(), op("age", "<", 9), selectivity=1.0), pin="frames")])
    one = size(plan)
    # What is pinned holds most: the sort's rows and its own copy. Without what is before it there is room.
    made = plan_lane(plan, context(FRAMES, DISK, rows=ROWS, memory_bytes=int(4.5 * one)))
    assert {operator.decision.platform for operator in made.operators} == {"frames"}
    lane = Lane.of(plan, context(FRAMES, DISK, rows=ROWS))
    assert peak(lane, ("disk", "disk", "frames")).bytes.mean == pytest.approx(4 * one)
    given = replace(
        DISK, conversions=(*DISK.conversions, Conversion(source="disk.rows", target="frames.rows", platform="disk"))
    )
    given = replace(
        given,
        costs=replace(
            given.costs, conversions={**given.costs.conversions, "disk.rows>frames.rows": Coefficient(fixed_s=1e-5)}
        ),
    )
    tight = plan_lane(plan, context(FRAMES, given, rows=ROWS, memory_bytes=int(3.5 * one)))
    assert [tight.operator(node.id).decision.platform for node in plan.nodes] == ["disk", "disk", "frames"]
