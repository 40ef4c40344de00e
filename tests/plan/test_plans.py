"""Logical plans: stable ids, shared outputs, the wire; models as expressions."""

from __future__ import annotations

import math

import pyarrow as pa
import pytest

from jupyter_wayang.errors import ColumnError, DataError, OperatorError, PlanError, WireError
from jupyter_wayang.plan import wire
from jupyter_wayang.plan.execution import ExecutionPlan, Interval
from jupyter_wayang.plan.expressions import Aggregate, ColumnRef, Literal, Named
from jupyter_wayang.plan.logical import Hints, LogicalPlan, Node, Pin, Port, Vertex, VertexPort, identified
from jupyter_wayang.plan.models import (
    ImputeFacts,
    NamedArray,
    OneHotFacts,
    ScaleFacts,
    applied,
    expanded,
    indicator,
    prepared,
)
from jupyter_wayang.plan.operators import Filter, GroupBy, Join, Limit, ReadFrame, Split
from jupyter_wayang.plan.rows import normalize
from jupyter_wayang.plan.schema import Schema

ROWS = Schema.of(a="int64", b="bool")


def read(key: str = "k") -> Vertex:
    return Vertex(ReadFrame(key=key, label=key, schema=ROWS))


def then(operator: object, *inputs: VertexPort) -> VertexPort:
    return VertexPort(Vertex(operator, inputs))  # type: ignore[arg-type]


def diamond() -> tuple[VertexPort, Vertex]:
    source = read()
    left = then(Filter(condition=ColumnRef(name="b")), VertexPort(source))
    right = then(Limit(rows=3), VertexPort(source))
    return then(Join(on=(("a", "a"),)), left, right), source


def test_ids_are_verb_and_ordinal_and_shared_outputs_stay_shared() -> None:
    plan = LogicalPlan.of([diamond()[0]])
    assert [node.id for node in plan.nodes] == ["read", "filter", "limit", "join"]
    assert plan.consumers()[Port(node="read")] == (("filter", 0), ("limit", 0))
    assert LogicalPlan.of([diamond()[0]]) == plan


def test_a_split_has_two_ports_with_names_of_their_own() -> None:
    pair = Vertex(Split(fraction=0.5), (VertexPort(read()),))
    train, test = VertexPort(pair, 0), VertexPort(pair, 1)
    plan = LogicalPlan.of([train, test], {train: "train", test: "test"})
    assert plan["split"].names == ("train", "test")
    assert plan.results == (Port(node="split"), Port(node="split", port=1))


def test_deep_plans_need_no_deep_stack() -> None:
    port = VertexPort(read())
    for _ in range(5_000):
        port = then(Limit(rows=1), port)
    plan = LogicalPlan.of([port])
    assert len(plan.nodes) == 5_001
    assert len(wire.decode(wire.encode(plan), LogicalPlan).outputs()) == 5_001


def test_what_is_settled_is_a_source() -> None:
    result, source = diamond()
    other = ReadFrame(key="made", label="made", schema=ROWS)
    filtered = result.vertex.inputs[0].vertex
    plan = LogicalPlan.of([result], settled={filtered: other})
    assert plan["read"].operator == other
    assert plan["read"].inputs == ()
    assert source in identified([result], {filtered: other})


@pytest.mark.parametrize(
    ("nodes", "says"),
    [
        ((Node(id="x", operator=Limit(rows=1), inputs=(Port(node="y"),)),), "does not come before"),
        ((Node(id="x", operator=read().operator), Node(id="x", operator=read().operator)), "twice"),
    ],
)
def test_plans_that_are_not_well_formed(nodes: tuple[Node, ...], says: str) -> None:
    with pytest.raises(PlanError, match=says):
        LogicalPlan(nodes=nodes, results=())
    with pytest.raises(PlanError, match="not in the plan"):
        LogicalPlan(nodes=(), results=(Port(node="x"),))


def test_the_pin_for_a_site_wins() -> None:
    hints = Hints(pins=(Pin(platform="pandas"), Pin(platform="spark", site="va")))
    assert (hints.pinned("va"), hints.pinned("other"), Hints().pinned("va")) == ("spark", "pandas", None)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{",
        b"[]",
        b'{"version": 1}',
        b'{"version": 1, "plan": {"nodes": 3}}',
        b'{"version": 1, "plan": {}, "code": "x"}',
        b"\xff\xfe",
    ],
)
def test_bytes_that_are_no_plan_are_refused(data: bytes) -> None:
    with pytest.raises(WireError, match="cannot be read"):
        wire.decode(data, LogicalPlan)


def test_other_versions_and_invalid_plans_are_refused() -> None:
    with pytest.raises(WireError, match="version 7"):
        wire.decode(b'{"version": 7, "plan": {"nodes": [], "results": []}}', LogicalPlan)
    dangling = b'{"version": 1, "plan": {"nodes": [], "results": [{"node": "x"}]}}'
    with pytest.raises(WireError, match=r"cannot be read|not valid"):
        wire.decode(dangling, LogicalPlan)


def test_execution_plans_come_back_as_they_went() -> None:
    plan = ExecutionPlan(lanes=(), operators=(), edges=(), cost_s=Interval(low=1, high=4))
    assert wire.decode(wire.encode(plan), ExecutionPlan) == plan
    assert plan.cost_s.mean == 2.0
    assert (plan.cost_s + Interval.exact(1)).times(2) == Interval(low=4, high=10)


@pytest.mark.parametrize(
    ("level", "name"),
    [
        (1_000_000.0, "k=1000000"),
        (1_000_001.0, "k=1000001"),
        (123456.75, "k=123456.75"),
        (0.1 + 0.2, "k=0.30000000000000004"),
        (-0.0, "k=0"),
        (1e300, "k=1e+300"),
        ("4", "k=4"),
        (True, "k=True"),
    ],
)
def test_indicators_show_every_digit(level: float | str | bool, name: str) -> None:
    assert indicator("k", level) == name


def test_a_feature_that_is_not_there_is_said() -> None:
    with pytest.raises(ColumnError, match="Did you mean age"):
        prepared((), Schema.of(age="int64"), ("agee",))


def test_steps_as_one_expression_over_the_raw_columns() -> None:
    steps = (
        ImputeFacts(values=(("x", 5.0),)),
        ScaleFacts(values=(("x", 4.0, 2.0), ("z", 1.0, 0.0))),
        OneHotFacts(levels=(("w", ("a", "b")),)),
    )
    inputs = Schema.of(x="int64", w="string", z="float64")
    columns = prepared(steps, inputs, expanded(("x", "w", "z"), steps))
    assert [named.name for named in columns] == ["x", "w=a", "w=b", "z"]
    rows = [{"x": None, "w": "b", "z": 3.0}, {"x": 8, "w": None, "z": 1.0}]
    assert [[value(named.expression, row) for named in columns] for row in rows] == [
        [0.5, 0.0, 1.0, 2.0],
        [2.0, 0.0, 0.0, 0.0],
    ]


def value(expression: object, row: dict[str, object]) -> float:
    """Evaluate the expressions that steps are made of, over one row."""
    match expression:
        case ColumnRef(name=name):
            return row[name]  # type: ignore[return-value]
        case Literal(value=constant):
            return constant  # type: ignore[return-value]
    kind = type(expression).__name__
    if kind == "Cast":
        inner = value(expression.arg, row)  # type: ignore[attr-defined]
        return None if inner is None else float(inner)  # type: ignore[return-value]
    if kind == "Call":
        return next(v for arg in expression.args if (v := value(arg, row)) is not None)  # type: ignore[attr-defined]
    if kind == "Case":
        return value(expression.then if value(expression.condition, row) else expression.otherwise, row)  # type: ignore[attr-defined]
    left, right = value(expression.left, row), value(expression.right, row)  # type: ignore[attr-defined]
    operations = {"-": lambda: left - right, "/": lambda: left / right, "==": lambda: left == right}
    return operations[expression.op]()  # type: ignore[attr-defined, return-value]


def test_steps_one_by_one_equal_steps_at_once() -> None:
    schema = Schema.of(x="float64", w="string")
    step = OneHotFacts(levels=(("w", ("a",)),))
    assert [named.name for named in applied(step, schema)] == ["x", "w=a"]
    scaled = applied(ScaleFacts(values=(("x", 1.0, 2.0),)), schema)
    assert [named.name for named in scaled] == ["x", "w"]


def test_arrays_know_their_size() -> None:
    with pytest.raises(OperatorError, match="needs 16 bytes"):
        NamedArray(name="w", shape=(2,), data=b"")
    with pytest.raises(OperatorError):
        NamedArray(name="w", shape=(-1,), data=b"")


def test_what_enters_is_cast_once() -> None:
    table = pa.table(
        {
            "small": pa.array([1, None], pa.int8()),
            "x": pa.array([math.nan, 1.5], pa.float32()),
            "word": pa.array(["é", None]).dictionary_encode(),
            "at": pa.array([0, None], pa.timestamp("ns", tz="UTC")),
        }
    )
    found = normalize(table)
    assert [str(field.type) for field in found.schema] == ["int64", "double", "string", "timestamp[us]"]
    assert found["x"].to_pylist() == [None, 1.5]
    with pytest.raises(DataError, match="big") as caught:
        normalize(pa.table({"big": pa.array([2**63], pa.uint64())}))
    assert str(2**63) not in caught.value.message
    with pytest.raises(OperatorError, match="tags"):
        normalize(pa.table({"tags": [{"a": 1}]}))


def test_a_group_by_is_hashable_and_equal_by_value() -> None:
    make = lambda: GroupBy(aggregates=(Named(name="n", expression=Aggregate(function="count")),))  # noqa: E731
    assert make() == make()
    assert len({make(), make()}) == 1
