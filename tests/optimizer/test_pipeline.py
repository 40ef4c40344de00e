from __future__ import annotations

from dataclasses import replace

import msgspec
import pytest
from optimizer.fakes import FakePlatform, col, context, grouped, named, op, platform, read, then, where

from jupyter_wayang.errors import PlanError, Span
from jupyter_wayang.optimizer.pipeline import optimize, plan_lane
from jupyter_wayang.plan.execution import ExecutionPlan, Interval, Lane
from jupyter_wayang.plan.expressions import Aggregate
from jupyter_wayang.plan.logical import Hints, LogicalPlan, Pin, Port, Vertex, VertexPort
from jupyter_wayang.plan.models import LogisticRegression
from jupyter_wayang.plan.operators import (
    Filter,
    Join,
    LocalUpdate,
    Predict,
    Prepare,
    ReadTable,
    Score,
    Sort,
    SortKey,
    Split,
    WithColumns,
)
from jupyter_wayang.plan.schema import Schema
from jupyter_wayang.plan.statistics import SourceStatistics
from jupyter_wayang.platforms.platform import ARROW, BASE_OPERATORS, LEARNING_OPERATORS, Coefficient

COUNT = Aggregate(function="count")
SITE = Lane(id="cleveland", title="Cleveland", kind="site")


def plan(*results: VertexPort, names: dict[VertexPort, str] | None = None) -> LogicalPlan:
    return LogicalPlan.of(results, names)


def where_each(made: ExecutionPlan) -> dict[str, str]:
    return {operator.id: operator.decision.platform for operator in made.operators}


def three(**more: float) -> tuple[FakePlatform, ...]:
    return (
        platform("pandas", row_s=2e-6),
        platform("polars", row_s=1e-6, fixed_s=3e-4),
        platform("duckdb", row_s=2e-7, fixed_s=2e-3, reusable=False, start_up_s=1e-2),
    )


def wide() -> LogicalPlan:
    young = where(read("visits", age="int64", ward="string"), op("age", "<", 9), selectivity=0.5)
    joined = then(Join(on=(("ward", "ward"),)), young, read("wards", ward="string", beds="int64"), rows=1500)
    ordered = then(Sort(keys=(SortKey(expression=col("age")),)), young)
    return plan(joined, ordered)


class TestCosts:
    @pytest.mark.parametrize("rows", [10, 3000, 100_000])
    def test_every_alternative_costs_what_the_plan_costs_with_that_pin(self, rows):
        given = context(*three(), rows=rows)
        logical = wide()
        chosen = plan_lane(logical, given)
        for operator in chosen.operators:
            for alternative in operator.decision.alternatives:
                nodes = tuple(
                    msgspec.structs.replace(
                        node, hints=msgspec.structs.replace(node.hints, pins=(Pin(platform=alternative.platform),))
                    )
                    if node.id == operator.id
                    else node
                    for node in logical.nodes
                )
                pinned = plan_lane(msgspec.structs.replace(logical, nodes=nodes), given)
                assert pinned.operator(operator.id).decision.platform == alternative.platform
                assert pinned.operator(operator.id).decision.pinned
                difference = pinned.cost_s.mean - chosen.cost_s.mean
                assert alternative.difference_s == pytest.approx(difference, abs=1e-9)
                assert difference >= -1e-12

    def test_the_total_is_the_sum_of_its_parts(self):
        made = plan_lane(wide(), context(*three(), rows=50_000))
        parts = sum(operator.compute_s.mean for operator in made.operators if operator.compute_s)
        moved = sum(edge.movement.cost_s.mean for edge in made.edges if edge.movement)
        handed_over = made.cost_s.mean - parts - moved - sum(seconds for _, seconds in made.start_up_s)
        out = [made.operator(id_).decision.alternatives[0] for id_ in ("join", "sort")]
        assert handed_over == pytest.approx(sum(a.move_out_s.mean for a in out if a.move_out_s), abs=1e-12)
        assert handed_over > 0

    def test_start_up_is_charged_once_and_not_for_what_runs(self):
        only = platform("spark", start_up_s=8.0)
        made = plan_lane(wide(), context(only))
        assert made.start_up_s == (("spark", 8.0),)
        warm = plan_lane(wide(), context(only, running=frozenset({"spark"})))
        assert warm.start_up_s == ()
        assert made.cost_s.mean - warm.cost_s.mean == pytest.approx(8.0)

    def test_the_first_parts_of_alternatives_are_those_of_the_plan(self):
        made = plan_lane(wide(), context(*three(), rows=50_000))
        for operator in made.operators:
            first = operator.decision.alternatives[0]
            assert first.platform == operator.decision.platform
            assert first.difference_s == 0
            assert first.compute_s == operator.compute_s
            into = sum(edge.movement.cost_s.mean for edge in made.edges if edge.target == operator.id and edge.movement)
            assert first.move_in_s is not None
            assert first.move_in_s.mean == pytest.approx(into)
            rest = [a.difference_s for a in operator.decision.alternatives[1:]]
            assert rest == sorted(rest)


class TestShape:
    def test_edges_say_what_moves_and_how(self):
        fast, slow = platform("fast", operators=("read_frame",)), platform("slow", operators=("filter",))
        made = plan_lane(plan(where(read(), op("age", "<", 9))), context(fast, slow, rows=10))
        (edge,) = made.edges
        assert (edge.source, edge.target, edge.kind) == (Port(node="read"), "filter", "rows")
        assert edge.movement is not None
        assert edge.movement.channels == ("fast.rows", ARROW, "slow.rows")
        assert edge.movement.bytes == edge.bytes == Interval.exact(320)
        assert made.movements == (edge,)

    def test_a_shared_output_is_converted_once(self):
        make, use = platform("make", operators=("read_frame",)), platform("use", operators=("filter", "sort"))
        rows = read()
        made = plan_lane(
            plan(where(rows, op("age", "<", 9)), then(Sort(keys=(SortKey(expression=col("age")),)), rows)),
            context(make, use),
        )
        first, second = (edge.movement for edge in made.edges)
        assert first is not None
        assert second is not None
        assert first.channels == second.channels
        assert first.cost_s.mean > 0
        assert second.cost_s.mean == 0

    def test_ids_lanes_code_and_names(self):
        young = where(read("visits", age="int64"), op("age", "<", 9))
        top = then(WithColumns(columns=named(x=op("age", "+", 1))), young)
        made = plan_lane(plan(top, names={young: "young"}), context(platform("p"), name="wards", lane=SITE))
        assert made.name == "wards"
        assert made.lanes == (SITE,)
        assert [(o.id, o.logical, o.lane, o.verb) for o in made.operators] == [
            ("read", "read", "cleveland", "read"),
            ("filter", "filter", "cleveland", "filter"),
            ("with_columns", "with_columns", "cleveland", "with_columns"),
        ]
        assert [o.code for o in made.operators] == ["read_frame of ", "filter of read", "select of young"]
        assert [o.stage for o in made.operators] == [0, 0, 0]
        schema = made.operator("with_columns").schema
        assert schema is not None
        assert schema.names == ("age", "x")

    def test_the_rewritten_plan_is_handed_out_with_its_platforms(self):
        made = optimize(plan(grouped(read(), "ward", n=COUNT)), context(platform("p")))
        assert [node.id for node in made.logical.nodes] == [o.id for o in made.execution.operators]
        assert "select_read" in where_each(made.execution)

    def test_planning_a_rewritten_plan_again_gives_the_same(self):
        given = context(*three(), rows=50_000)
        made = optimize(wide(), given)
        assert optimize(made.logical, given) == made


def learned(rows: VertexPort) -> VertexPort:
    prepared = then(Prepare(steps=(), target=op("age", ">", 1), features=("bmi",)), rows)
    return then(LocalUpdate(model=LogisticRegression(), rounds=30, epochs=5), prepared)


class TestLearning:
    train = platform("numpy", operators=LEARNING_OPERATORS, row_s=1e-8)
    rows = platform("pandas")

    def test_a_learner_gets_its_rows_once_however_often_it_runs(self):
        for reusable in (True, False):
            train = platform("numpy", operators=LEARNING_OPERATORS, reusable=reusable)
            logical = plan(learned(read()))
            once = plan_lane(logical, context(self.rows, train))
            often = plan_lane(logical, context(self.rows, train, iterations={"local_update": 30}))
            assert often.operator("local_update").iterations == 30
            assert often.edges == once.edges
            first, later = (made.operator("local_update").compute_s for made in (once, often))
            assert later == first.times(30)

    def test_many_rounds_pay_for_moving_the_rows(self):
        own = Coefficient(fixed_s=1e-3, spread=1.0)
        both = platform("duckdb", operators=(*BASE_OPERATORS, *LEARNING_OPERATORS), only={"local_update": own})
        logical = plan(learned(read()))
        train = platform("numpy", operators=LEARNING_OPERATORS, fixed_s=9.7e-4, row_s=0)
        for rounds, expected in ((1, "duckdb"), (30, "numpy")):
            made = plan_lane(logical, context(both, train, iterations={"local_update": rounds}))
            assert made.operator("local_update").decision.platform == expected

    def test_models_carry_no_rows(self):
        first = then(Split(fraction=0.8), read())
        second = VertexPort(first.vertex, 1)
        model = learned(first)
        scored = then(
            Score(bins=20, rounds=3), then(Prepare(steps=(), target=op("age", ">", 1), features=("bmi",)), second)
        )
        predicted = then(Predict(), model, second)
        made = plan_lane(plan(model, scored, predicted), context(self.rows, self.train))
        edge = next(edge for edge in made.edges if edge.source.node == "local_update")
        assert (edge.kind, edge.rows, edge.movement) == ("model", None, None)
        operator = made.operator("local_update")
        assert (operator.schema, operator.rows, operator.bytes) == (None, None, None)
        assert made.operator("predict").code is None
        assert where_each(made) == {
            "read": "pandas",
            "split": "pandas",
            "prepare": "pandas",
            "local_update": "numpy",
            "prepare_2": "pandas",
            "evaluate": "numpy",
            "predict": "pandas",
        }

    def test_operators_of_a_round_are_a_stage_of_their_own(self):
        every = platform("duckdb", operators=(*BASE_OPERATORS, *LEARNING_OPERATORS))
        made = plan_lane(plan(learned(read())), context(every, iterations={"local_update": 30}))
        assert [o.stage for o in made.operators] == [0, 0, 1]


class TestPins:
    def test_a_pin_holds(self):
        young = where(read(), op("age", "<", 9), pin="pandas")
        made = plan_lane(plan(young), context(*three(), rows=1_000_000))
        assert where_each(made)["filter"] == "pandas"
        assert made.operator("filter").decision.pinned
        assert where_each(made)["read"] == "duckdb"

    def test_a_pin_of_another_site_does_not_count(self):
        pins = Hints(pins=(Pin(platform="polars", site="cleveland"), Pin(platform="pandas", site="hungary")))
        condition = Filter(condition=op("age", "<", 9))
        logical = plan(VertexPort(Vertex(condition, (read(),), pins)))
        assert where_each(plan_lane(logical, context(*three(), lane=SITE)))["filter"] == "polars"
        here = plan_lane(logical, context(platform("pandas", row_s=1), platform("polars")))
        assert not here.operator("filter").decision.pinned

    def test_a_pin_that_is_not_allowed(self):
        young = where(read(), op("age", "<", 9), pin="polar")
        with pytest.raises(PlanError) as caught:
            plan_lane(plan(young), context(*three()))
        assert caught.value.message == (
            "filter(age < 9) is pinned to polar, but that platform is not among those allowed. Did you mean polars?"
        )
        assert caught.value.hint == "possible here: pandas, polars, duckdb"

    def test_a_pin_to_what_cannot_be_used_here(self):
        young = where(read(), op("age", "<", 9), pin="spark")
        with pytest.raises(PlanError) as caught:
            plan_lane(plan(young), context(*three(), lane=SITE, unusable={"spark": "there is no Java"}))
        assert caught.value.message == "filter(age < 9) is pinned to spark at Cleveland, but there is no Java"

    def test_a_pin_to_what_cannot_run_it(self):
        numpy = platform("numpy", operators=LEARNING_OPERATORS)
        young = where(read(), op("age", "<", 9), pin="numpy")
        with pytest.raises(PlanError) as caught:
            plan_lane(plan(young), context(*three(), numpy))
        assert caught.value.message.endswith("but Numpy runs only local_update and score")
        assert caught.value.expected == ("pandas", "polars", "duckdb")


class TestImpossible:
    def test_reasons_are_kept_per_platform(self):
        refusing = platform("polars", refused={"filter": "frames look for constant text only"})
        numpy = platform("numpy", operators=LEARNING_OPERATORS)
        lean = platform("lean", operators=("read_frame", "select", "sort", "limit"))
        vague = platform("vague")
        vague = replace(vague, costs=replace(vague.costs, operators={}))
        given = context(platform("pandas"), refusing, numpy, lean, vague, unusable={"spark": "there is no Java"})
        made = plan_lane(plan(where(read(), op("age", "<", 9))), given)
        decision = made.operator("filter").decision
        assert {a.platform: a.impossible for a in decision.alternatives} == {
            "pandas": None,
            "polars": "frames look for constant text only",
            "numpy": "Numpy runs only local_update and score",
            "lean": "Lean does not run filter",
            "vague": "Vague says nothing of what filter costs",
            "spark": "there is no Java",
        }

    def test_nowhere(self):
        numpy = platform("numpy", operators=LEARNING_OPERATORS)
        table = Vertex(
            ReadTable(database="h.duckdb", table="t", schema=Schema.of(a="int64")),
            span=Span(line=2, column=0, end_line=2, end_column=4),
        )
        with pytest.raises(PlanError) as caught:
            plan_lane(plan(VertexPort(table)), context(numpy, unusable={"spark": "there is no Java"}))
        assert caught.value.message == "no platform can run read(h.duckdb: t)"
        assert caught.value.facts == (
            ("numpy", "Numpy runs only local_update and score"),
            ("spark", "there is no Java"),
        )
        assert caught.value.span == table.span

    def test_no_platform_at_all(self):
        with pytest.raises(PlanError, match="no platform can run read"):
            plan_lane(plan(read()), context())

    def test_rows_that_cannot_get_from_one_to_the_other(self):
        island = replace(platform("island", operators=("read_frame",)), conversions=())
        with pytest.raises(PlanError) as caught:
            plan_lane(plan(where(read(), op("age", "<", 9))), context(island, platform("main", operators=("filter",))))
        assert caught.value.message == "there is no way to move rows from read (island) to filter (main)"

    def test_rows_that_cannot_be_handed_over(self):
        island = replace(platform("island"), conversions=())
        with pytest.raises(PlanError, match="no way to hand over the rows of read"):
            plan_lane(plan(read()), context(island))

    def test_an_alternative_that_rows_cannot_reach(self):
        island = replace(platform("island", row_s=0), conversions=())
        made = plan_lane(plan(where(read(), op("age", "<", 9))), context(platform("main"), island))
        other = made.operator("filter").decision.alternatives[1]
        assert other.impossible == "rows cannot be moved between Island and what is around it"


class TestReasons:
    def reason(self, id_: str, logical: LogicalPlan, *platforms: FakePlatform, **more: object) -> str:
        return plan_lane(logical, context(*platforms, **more)).operator(id_).decision.reason  # type: ignore[arg-type]

    young = plan(where(read("visits", age="int64"), op("age", "<", 9), selectivity=0.5))

    def test_only_one(self):
        reader, other = platform("duckdb"), platform("pandas", operators=("filter",))
        assert self.reason("read", self.young, reader, other) == "Duckdb is the only platform here that can run read()."

    def test_the_rows_are_there(self):
        reader, other = platform("duckdb"), platform("pandas", operators=("filter",), row_s=0.99e-6)
        found = self.reason("filter", self.young, reader, other, rows=10_000)
        assert found == "The rows are in Duckdb already; with Pandas, moving them there would cost 180 µs."

    def test_start_up(self):
        other = platform("spark", row_s=1e-9, start_up_s=8.0)
        found = self.reason("filter", self.young, platform("pandas"), other, rows=10_000)
        assert found == "Starting Spark alone would take 8.0 s; the whole plan takes 20 ms."
        assert self.reason("filter", self.young, platform("pandas"), other, running=frozenset({"spark"})).startswith(
            "Spark computes"
        )

    def test_start_up_that_is_less_than_the_whole(self):
        other = platform("spark", row_s=0.9e-6, start_up_s=0.01)
        found = self.reason("filter", self.young, platform("pandas"), other, rows=10_000)
        assert found == "Starting Spark would add 10 ms."

    def test_faster(self):
        found = self.reason(
            "filter", self.young, platform("pandas"), platform("polars", row_s=1e-7, fixed_s=0), rows=10_000
        )
        assert found == "Polars computes this 10.1 times as fast as Pandas, the next best: 1.0 ms against 10 ms."

    def test_equal(self):
        found = self.reason(
            "filter", self.young, platform("a", move_byte_s=0), platform("b", move_byte_s=0), rows=1_000_000
        )
        assert found == "A and B cost the same here, within 0.1%."

    def test_pinned(self):
        slow, fast = platform("pandas", row_s=1e-5), platform("polars")
        pinned = plan(where(read("visits", age="int64"), op("age", "<", 9), pin="pandas"))
        found = self.reason("filter", pinned, slow, fast, rows=10_000)
        assert found == "Pinned to Pandas by hand; with Polars the plan would take 90 ms less."
        pinned = plan(where(read("visits", age="int64"), op("age", "<", 9), pin="polars"))
        assert self.reason("filter", pinned, slow, fast) == "Pinned to Polars by hand; nothing else would be faster."


def test_big_rows_go_to_the_fast_platform_and_small_ones_stay():
    chosen = []
    for rows in (10, 1_000_000):
        made = plan_lane(plan(where(read(), op("age", "<", 9))), context(*three(), rows=rows))
        chosen.append(where_each(made)["filter"])
    assert chosen == ["pandas", "duckdb"]


def test_statistics_are_asked_for_by_the_id_of_the_source():
    given = context(*three(), statistics={"read": SourceStatistics(rows=Interval.exact(7))})
    assert plan_lane(plan(read()), given).operator("read").rows == Interval.exact(7)


def test_stages_follow_each_other():
    made = plan_lane(
        wide(), context(platform("a", operators=("read_frame", "join")), platform("b", operators=("filter", "sort")))
    )
    for edge in made.edges:
        assert made.operator(edge.source.node).stage <= made.operator(edge.target).stage
    assert {o.id: o.stage for o in made.operators} == {"read": 0, "filter": 1, "sort": 1, "read_2": 2, "join": 2}
