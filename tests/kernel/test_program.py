"""Programs: what is done where, in which order, and what is refused before anything runs."""

from __future__ import annotations

import pytest

from jupyter_wayang.errors import DisclosureError, PlanError
from jupyter_wayang.kernel.actions import AggregateRows, Learn, Measure, PredictRows, Train
from jupyter_wayang.kernel.lanes import merged
from jupyter_wayang.kernel.program import Program, compiled
from jupyter_wayang.plan.execution import Decision, Edge, ExecutionOperator, ExecutionPlan, Interval, Lane
from jupyter_wayang.plan.expressions import Aggregate, Binary, ColumnRef, Literal, Named
from jupyter_wayang.plan.logical import LogicalPlan, Port, Vertex, VertexPort
from jupyter_wayang.plan.models import LogisticRegression
from jupyter_wayang.plan.operators import (
    Evaluate,
    Filter,
    Fit,
    FitOptions,
    Goal,
    GroupBy,
    Impute,
    Join,
    Predict,
    ReadFederated,
    ReadFrame,
    Scale,
    Sort,
    SortKey,
    Split,
)
from jupyter_wayang.plan.schema import Schema

COLUMNS = Schema.of(x="float64", w="string", y="bool")
FEDAVG = FitOptions(rounds=3, strategy="fedavg", arguments=(("learning_rate", 0.5), ("local_epochs", 2)))


def over(operator: object, *inputs: VertexPort) -> VertexPort:
    return VertexPort(Vertex(operator, inputs))  # type: ignore[arg-type]


def patients(federation: str = "hospitals") -> VertexPort:
    return over(ReadFederated(federation=federation, table="patients", sites=("a", "b"), schema=COLUMNS))


def local() -> VertexPort:
    return over(ReadFrame(key="k", label="frame", schema=COLUMNS))


def program(result: VertexPort) -> Program:
    return compiled(LogicalPlan.of([result]))


def count() -> GroupBy:
    key = Named(name="w", expression=ColumnRef(name="w"))
    return GroupBy(keys=(key,), aggregates=(Named(name="n", expression=Aggregate(function="count")),))


def old() -> Filter:
    return Filter(condition=Binary(op=">", left=ColumnRef(name="x"), right=Literal.of(1.0)))


def fitted(rows: VertexPort, options: FitOptions = FEDAVG) -> VertexPort:
    ready = over(Scale(columns=("x",)), over(Impute(columns=("x",)), rows))
    return over(Fit(model=LogisticRegression(), target=ColumnRef(name="y"), features=("x",), options=options), ready)


def test_local_rows_stay_one_plan() -> None:
    found = program(over(count(), over(old(), local())))
    assert (found.federation, found.sites, found.actions, found.kernel_plan) == (None, ("here",), (), None)
    assert [node.id for node in found.site_plan.nodes] == ["read", "filter", "group_by"]
    assert (found.result_at, found.result) == ("site", Port(node="group_by"))


def test_an_aggregation_over_sites_is_combined_at_the_kernel() -> None:
    found = program(over(Sort(keys=(SortKey(expression=ColumnRef(name="n")),)), over(count(), over(old(), patients()))))
    assert [node.id for node in found.site_plan.nodes] == ["read", "filter"]
    assert [type(action) for action in found.actions] == [AggregateRows]
    assert found.kernel_plan is not None
    assert [node.id for node in found.kernel_plan.nodes] == ["group_by_partials", "group_by_merge", "group_by", "sort"]
    assert found.result_at == "kernel"


def test_a_fit_becomes_steps_and_a_loop_that_is_measured_on_the_test_rows() -> None:
    pair = Vertex(Split(fraction=0.8), (patients(),))
    model = fitted(VertexPort(pair, 0))
    found = program(over(Evaluate(), model, VertexPort(pair, 1)))
    assert [type(action) for action in found.actions] == [Learn, Learn, Train, Measure]
    train = next(action for action in found.actions if isinstance(action, Train))
    assert (train.steps, train.features, train.on, train.watch) == (
        ("impute", "scale"),
        ("x",),
        "test",
        "evaluate_score",
    )
    assert dict(found.iterations) == {"fit_update": 3, "evaluate_score": 4}
    ids = [node.id for node in found.site_plan.nodes]
    assert ids == [
        "read",
        "split",
        "impute",
        "scale",
        "fit_prepare",
        "fit_update",
        "evaluate_prepare",
        "evaluate_score",
    ]


def test_without_an_evaluation_the_training_rows_are_measured() -> None:
    found = program(fitted(patients()))
    train = next(action for action in found.actions if isinstance(action, Train))
    assert (train.on, train.watch, train.watch_prepare) == ("train", "fit_score", "fit_prepare")
    assert (found.result_at, found.result) == ("model", Port(node="fit"))


def test_predictions_stay_with_the_rows() -> None:
    rows = local()
    found = program(over(Predict(), fitted(rows, FitOptions()), rows))
    assert [type(action) for action in found.actions] == [Learn, Learn, Train, PredictRows]
    assert found.result_at == "site"
    predict = found.site_plan["predict"]
    assert predict.inputs == (Port(node="read"),)


def test_rows_of_sites_are_refused_with_what_would_be_allowed() -> None:
    rows = over(old(), patients())
    with pytest.raises(DisclosureError, match="the rows of old may not leave the sites") as caught:
        compiled(LogicalPlan.of([rows], {rows: "old"}))
    facts = dict(caught.value.facts)
    assert "all 3 columns, from each of the 2 sites" in facts["would disclose"]
    assert "old.agg(n=count())" in facts["allowed"]


def test_predictions_of_sites_are_rows_too() -> None:
    rows = patients()
    with pytest.raises(DisclosureError):
        program(over(Predict(), fitted(rows), rows))


def test_two_federations_do_not_mix() -> None:
    both = over(Join(on=(("w", "w"),)), patients("one"), patients("two"))
    with pytest.raises(PlanError, match="one federation"):
        program(over(count(), both))


def test_rows_of_sites_and_of_the_notebook_do_not_mix() -> None:
    with pytest.raises(PlanError, match="rows of a site and other rows"):
        program(over(count(), over(Join(on=(("w", "w"),)), patients(), local())))


def part(site: str, plan: LogicalPlan, platform: str = "pandas") -> ExecutionPlan:
    """What a site would answer."""
    return ExecutionPlan(
        lanes=(Lane(id=site, title=site.upper(), kind="site"),),
        operators=tuple(
            ExecutionOperator(
                id=node.id,
                logical=node.id,
                lane=site,
                verb=node.operator.verb,
                text="",
                decision=Decision(platform=platform, reason="It is."),
            )
            for node in plan.nodes
        ),
        edges=tuple(
            Edge(source=port, target=node.id, input=index)
            for node in plan.nodes
            for index, port in enumerate(node.inputs)
        ),
        cost_s=Interval(low=1, high=2) if site == "a" else Interval(low=5, high=6),
    )


def test_the_whole_plan_has_a_lane_per_site_and_one_for_the_kernel() -> None:
    pair = Vertex(Split(fraction=0.8), (patients(),))
    options = FitOptions(
        rounds=3, strategy="fedavg", arguments=FEDAVG.arguments, until=Goal(metric="auc", op=">", threshold=0.9)
    )
    found = program(over(Evaluate(), fitted(VertexPort(pair, 0), options), VertexPort(pair, 1)))
    plan = merged(found, {site: part(site, found.site_plan) for site in found.sites}, None, name="heart")
    assert [lane.id for lane in plan.lanes] == ["kernel", "a", "b"]
    kernel = [(o.id, o.verb) for o in plan.operators if o.lane == "kernel"]
    assert kernel == [
        ("kernel/impute_facts", "means"),
        ("kernel/scale_facts", "mean, sd"),
        ("kernel/fit_aggregate", "aggregate"),
        ("kernel/evaluate", "evaluate"),
    ]
    assert plan.loop is not None
    assert (plan.loop.rounds, plan.loop.until) == (3, "auc > 0.9")
    assert set(plan.loop.operators) >= {"a/fit_update", "b/fit_update", "kernel/fit_aggregate"}
    # Sites work side by side.
    assert (plan.cost_s.low, plan.cost_s.high) == (5, 6)


def test_no_edge_that_leaves_a_site_carries_rows() -> None:
    pair = Vertex(Split(fraction=0.8), (patients(),))
    found = program(over(Evaluate(), fitted(VertexPort(pair, 0)), VertexPort(pair, 1)))
    plan = merged(found, {site: part(site, found.site_plan) for site in found.sites}, None, name="heart")
    lanes = {operator.id: operator.lane for operator in plan.operators}
    crossing = [edge for edge in plan.edges if lanes[edge.source.node] != lanes[edge.target]]
    assert crossing
    assert {edge.kind for edge in crossing} == {"facts", "update", "model"}
    assert all(edge.kind == "rows" for edge in plan.edges if lanes[edge.source.node] == lanes[edge.target])


def test_every_edge_of_the_whole_plan_has_both_ends() -> None:
    found = program(over(count(), patients()))
    assert found.kernel_plan is not None
    plan = merged(
        found, {site: part(site, found.site_plan) for site in found.sites}, part("here", found.kernel_plan), name=""
    )
    ids = {operator.id for operator in plan.operators}
    assert len(ids) == len(plan.operators)
    for edge in plan.edges:
        assert edge.source.node in ids, edge
        assert edge.target in ids, edge


def test_a_local_fit_shows_one_lane() -> None:
    rows = local()
    found = program(over(Evaluate(), fitted(rows, FitOptions()), rows))
    assert found.kernel_plan is not None
    plan = merged(found, {"here": part("here", found.site_plan)}, part("here", found.kernel_plan), name="")
    assert {operator.lane for operator in plan.operators} == {"here"}
    assert plan.loop is None
