"""Where rows come from, what was off, when others would win."""

from __future__ import annotations

import msgspec

from jupyter_wayang.drawing.text import explain
from jupyter_wayang.drawing.whys import misses, misses_text, wins_text
from jupyter_wayang.plan.execution import (
    Alternative,
    Decision,
    Edge,
    ExecutionOperator,
    ExecutionPlan,
    Interval,
    Lane,
    Movement,
)
from jupyter_wayang.plan.logical import Port


def operator(id_, *, thought, counted=None, seconds=None, guess=0.01, stage=0, platform="duckdb"):
    return ExecutionOperator(
        id=id_,
        logical=id_,
        lane="here",
        verb=id_,
        text="",
        decision=Decision(
            platform=platform,
            reason="It is so.",
            alternatives=(Alternative(platform=platform), Alternative(platform="spark")),
        ),
        rows=Interval(low=thought / 2, high=thought * 2, confidence=0.9),
        rows_from="default",
        compute_s=Interval.exact(guess),
        counted=counted,
        measured_s=seconds,
        stage=stage,
    )


def plan(*operators, edges=(), started=()):
    return ExecutionPlan(
        lanes=(Lane(id="here", title="This machine", kind="here"),),
        operators=operators,
        edges=edges,
        cost_s=Interval.exact(1),
        start_up_s=started,
    )


def test_the_worst_estimate_comes_first():
    made = plan(
        operator("a", thought=100, counted=300),
        operator("b", thought=100, counted=2),
        operator("c", thought=9, counted=9),
    )
    assert [(miss.what, round(miss.factor)) for miss in misses(made)] == [("rows of b", 50), ("rows of a", 3)]
    assert misses_text(made)[1] == "  50×  rows of b: thought 100 (default), was 2"


def test_times_are_compared_by_stage_with_what_moves_into_it():
    moved = Movement(channels=("x", "y"), bytes=Interval.exact(1), cost_s=Interval.exact(0.03))
    into = Edge(source=Port(node="a"), target="b", movement=moved)
    made = plan(
        operator("a", thought=1, seconds=0.001),
        operator("b", thought=1, seconds=0.001, stage=1),
        operator("c", thought=1, seconds=0.499, stage=1),
        edges=(into,),
    )
    found = {miss.what: miss.factor for miss in misses(made)}
    assert found == {"time of a on DuckDB": 10, "time of b → c on DuckDB": 10}


def test_a_start_is_no_miss_of_the_stage_that_came_first():
    made = plan(operator("a", thought=1, counted=1, seconds=2.0), started=(("duckdb", 0.3),))
    assert misses(made) == ()
    assert misses_text(made) == [
        "every estimate was right within a factor of 1.5",
        "start-up, apart from these: DuckDB thought 300 ms, took about 2.0 s",
    ]
    assert misses_text(plan(operator("a", thought=1, counted=1), started=(("duckdb", 0.3),)))[1:] == []


def test_a_plan_that_did_not_run_has_nothing_to_say_of_it():
    assert misses_text(plan(operator("a", thought=100))) == []
    assert misses_text(plan(operator("a", thought=100, counted=100))) == [
        "every estimate was right within a factor of 1.5"
    ]


def test_an_explanation_says_the_source_and_when_others_win():
    made = plan(operator("a", thought=100, counted=100_000))
    said = explain(made, wins={"a": (("spark", 40_300_000.0),)})
    assert "rows: ~100 [50 to 200], default, 90 % sure; counted 100 000" in said
    assert "others would win: Spark from about 40 million rows" in said
    assert said.index("worst first") < said.index("It is so.")
    assert "others would win" not in explain(made)


def test_fewer_rows_and_no_rows_at_all():
    one = operator("a", thought=1)
    assert wins_text(one, [("spark", -4_512.0)]) == "others would win: Spark below about 4 500 rows"
    assert wins_text(one, []) == "at no number of rows would this be better: Spark"
    alone = msgspec.structs.replace(one, decision=Decision(platform="duckdb", reason=""))
    assert wins_text(alone, []) == ""


def test_of_a_pinned_operator_nobody_says_when_others_win():
    pinned = Decision(platform="duckdb", reason="", pinned=True, alternatives=(Alternative(platform="spark"),))
    assert wins_text(msgspec.structs.replace(operator("a", thought=1), decision=pinned), []) == ""
