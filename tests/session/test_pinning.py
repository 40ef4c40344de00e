"""A plan remembers how it was made: it is made again with a pin, and run."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pytest

import jupyter_wayang as wy
from jupyter_wayang.errors import NameUnknownError, OperatorError, PlanError
from jupyter_wayang.plan.logical import Pin
from jupyter_wayang.session import Plan
from jupyter_wayang.session.making import pin_text


@pytest.fixture
def session(tmp_path: Path) -> Iterator[wy.Session]:
    session = wy.Session(tmp_path)
    yield session
    session.close()


@pytest.fixture
def plan(session: wy.Session) -> Plan:
    ages = session.read(pa.table({"age": [17, 42, 63], "ward": ["a", "b", "a"]}))
    found: Plan = (
        ages.filter(wy.col.age > 18).group_by("ward").agg(n=wy.count()).plan(["pandas", "polars"], name="ages")
    )
    return found


def other(plan: Plan, operator: str) -> str:
    """Return a platform that the operator could run on but does not."""
    decision = plan.execution.operator(operator).decision
    return next(a.platform for a in decision.alternatives if a.impossible is None and a.platform != decision.platform)


def test_a_pin_moves_the_operator_and_says_so(plan: Plan) -> None:
    platform = other(plan, "filter")
    pinned = plan.pinned("filter", platform)
    decision = pinned.execution.operator("filter").decision
    assert (decision.platform, decision.pinned) == (platform, True)
    assert pinned.execution.name == "ages"
    assert pinned.changes(plan).operators[0] == "filter"
    assert plan.execution.operator("filter").decision.pinned is False


def test_without_its_pin_the_plan_is_as_before(plan: Plan) -> None:
    again = plan.pinned("filter", other(plan, "filter")).unpinned("filter")
    assert not again.changes(plan).items


def test_platforms_that_were_left_out_stay_out(plan: Plan) -> None:
    platforms = {operator.decision.platform for operator in plan.pinned("filter", "polars").execution.operators}
    assert platforms <= {"pandas", "polars"}


def test_a_pinned_plan_runs(plan: Plan) -> None:
    result = plan.pinned("filter", other(plan, "filter")).run()
    assert isinstance(result, wy.Result)
    assert sorted(map(tuple, (row.values() for row in result.to_arrow().to_pylist()))) == [("a", 1), ("b", 1)]


def test_the_plan_of_a_run_can_be_made_again(session: wy.Session) -> None:
    ages = session.read(pa.table({"age": [17, 42]}))
    run = ages.filter(wy.col.age > 18).run(["pandas", "polars"], wait=False)
    run.wait()
    plan = run.plan()
    assert plan.pinned("filter", other(plan, "filter")).execution.operator("filter").decision.pinned


def test_two_pins_stand_beside_each_other_and_the_last_of_a_place_counts(plan: Plan) -> None:
    twice = plan.pinned("filter", "pandas").pinned("group_by", "pandas").pinned("filter", "polars")
    assert twice.making is not None
    assert twice.making.logical["filter"].hints.pins == (Pin(platform="polars"),)
    assert twice.making.logical["group_by"].hints.pins == (Pin(platform="pandas"),)


def test_wrong_pins_say_what_would_be_right(plan: Plan) -> None:
    with pytest.raises(NameUnknownError, match="Did you mean filter"):
        plan.pinned("fliter", "pandas")
    with pytest.raises(NameUnknownError, match="Did you mean pandas"):
        plan.pinned("filter", "panda")
    impossible = [a.platform for a in plan.execution.operator("filter").decision.alternatives if a.impossible]
    for platform in impossible[:1]:
        with pytest.raises(PlanError, match="is pinned to"):
            plan.pinned("filter", platform)


def test_a_plan_that_was_only_read_cannot_be_made_again(plan: Plan) -> None:
    with pytest.raises(OperatorError, match="was read"):
        Plan(plan.execution).pinned("filter", "pandas")


def test_the_words_of_a_pin() -> None:
    assert pin_text(Pin(platform="duckdb", site="hungary")) == '.on("duckdb", site="hungary")'
    assert pin_text(Pin(platform="duckdb")) == '.on("duckdb")'
