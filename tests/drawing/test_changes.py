"""What changed between two plans: as data, and in words."""

from __future__ import annotations

import msgspec
import pytest
from drawing import plans

from jupyter_wayang.drawing.changes import Change, changes
from jupyter_wayang.plan.execution import ExecutionPlan, Interval, Movement


def moved(plan: ExecutionPlan, platforms: dict[str, str], *, pinned: str = "", more_s: float = 0.0) -> ExecutionPlan:
    """Return a plan with operators on other platforms, one of them pinned."""

    def one(operator: object) -> object:
        id_ = operator.id  # type: ignore[attr-defined]
        if id_ not in platforms:
            return operator
        decision = msgspec.structs.replace(
            operator.decision,  # type: ignore[attr-defined]
            platform=platforms[id_],
            pinned=id_ == pinned,
        )
        return msgspec.structs.replace(operator, decision=decision)  # type: ignore[type-var]

    cost = Interval(low=plan.cost_s.low + more_s, high=plan.cost_s.high + more_s)
    return msgspec.structs.replace(plan, operators=tuple(map(one, plan.operators)), cost_s=cost)  # type: ignore[arg-type]


def converted(plan: ExecutionPlan, target: str) -> ExecutionPlan:
    """Return a plan with a conversion on the first edge of rows into an operator."""
    movement = Movement(channels=("a", "b"), bytes=Interval.exact(21_000), cost_s=Interval.exact(0.0074))
    index = next(i for i, e in enumerate(plan.edges) if e.target == target and e.kind == "rows")
    edges = list(plan.edges)
    edges[index] = msgspec.structs.replace(edges[index], movement=movement)
    return msgspec.structs.replace(plan, edges=tuple(edges))


def test_equal_plans_have_no_changes() -> None:
    told = changes(plans.federated(), plans.federated())
    assert told.sentence == "The plan is the same as before."
    assert not told.items
    assert told.difference_s == 0


def test_a_pin_is_told_first_and_what_follows_after_it() -> None:
    before = plans.federated()
    after = moved(before, {"hungary/scale": "duckdb", "hungary/impute": "duckdb"}, pinned="hungary/scale", more_s=0.018)
    told = changes(before, after)
    assert told.sentence.startswith("scale at Hungary now runs in DuckDB, not polars: ")
    assert "+18 ms for the whole plan" in told.sentence
    assert told.more == "impute at Hungary moves with it, to DuckDB."
    assert told.operators == ("hungary/scale", "hungary/impute")
    assert [change.by_hand for change in told.items if change.kind == "moved"] == [True, False]


def test_what_one_of_several_sites_takes_longer_is_told_though_the_whole_takes_as_long() -> None:
    before = plans.federated()
    told = changes(before, moved(before, {"hungary/scale": "duckdb"}, pinned="hungary/scale"))
    (other,) = [
        a.difference_s for a in before.operator("hungary/scale").decision.alternatives if a.platform == "duckdb"
    ]
    assert other
    assert "there, the whole plan takes as long as before" in told.sentence


def test_conversions_are_counted_and_marked() -> None:
    before = plans.federated()
    after = converted(moved(before, {"hungary/scale": "duckdb"}, pinned="hungary/scale"), "hungary/scale")
    told = changes(before, after)
    new = [change for change in told.items if change.kind == "conversion" and not change.before]
    assert [(change.operator, change.after, change.bytes) for change in new] == [
        ("hungary/scale", ("polars", "duckdb"), pytest.approx(21_000))
    ]
    assert "1 conversion more, 21 kB more converted." in told.sentence
    assert told.conversions_after == told.conversions_before + 1
    assert any(after.edges[index].target == "hungary/scale" for index in told.edges)
    back = changes(after, before)
    assert "1 conversion fewer" in back.sentence


def test_a_pin_where_it_was_is_told_as_such() -> None:
    before = plans.federated()
    platform = before.operator("hungary/scale").decision.platform
    told = changes(before, moved(before, {"hungary/scale": platform}, pinned="hungary/scale"))
    assert told.sentence.startswith("scale at Hungary is pinned to polars: ")
    assert [change.kind for change in told.items] == ["pinned"]


def test_a_platform_that_must_be_started_is_named() -> None:
    before = plans.federated()
    after = msgspec.structs.replace(before, start_up_s=(*before.start_up_s, ("polars", 0.6)))
    (start,) = changes(before, after).items
    assert (start.kind, start.after, start.difference_s) == ("start", ("polars",), pytest.approx(0.6))


def test_operators_that_come_and_go_are_told() -> None:
    before = plans.federated()
    fewer = tuple(operator for operator in before.operators if operator.id != "hungary/scale")
    edges = tuple(e for e in before.edges if "hungary/scale" not in (e.source.node, e.target))
    after = msgspec.structs.replace(before, operators=fewer, edges=edges)
    kinds = {(change.kind, change.operator) for change in changes(before, after).items if change.kind != "conversion"}
    assert kinds == {("removed", "hungary/scale")}
    assert "hungary/scale" in changes(after, before).operators


def test_many_sites_are_counted_not_listed() -> None:
    before = plans.federated()
    all_sites = {operator.id: "pandas" for operator in before.operators if operator.verb == "scale"}
    told = changes(before, moved(before, all_sites))
    assert told.sentence.startswith(
        ("scale at 3 sites", "scale at Cleveland, Hungary and Switzerland", "scale at 4 sites")
    )


def test_changes_are_values() -> None:
    told = changes(plans.local(), plans.local())
    assert msgspec.json.decode(msgspec.json.encode(told), type=type(told)) == told
    assert Change.__struct_config__.frozen
