"""What is expected of operators that call functions, before and after the function was called once."""

from __future__ import annotations

import pytest

from jupyter_wayang.execution.sampling import first_rows
from jupyter_wayang.optimizer.calls import rows_made
from jupyter_wayang.optimizer.costs import Sizes, compute_s
from jupyter_wayang.optimizer.rules.push_limits import push_limits
from jupyter_wayang.plan.execution import Interval
from jupyter_wayang.plan.expressions import ColumnRef, Named
from jupyter_wayang.plan.logical import LogicalPlan, Node, Port
from jupyter_wayang.plan.operators import Limit, ReadFrame
from jupyter_wayang.plan.operators.functions import (
    Calling,
    CoGroup,
    FilterBy,
    FlatMap,
    FunctionRef,
    Map,
    MapBatches,
    Reduce,
    ReduceBy,
)
from jupyter_wayang.plan.schema import Schema
from jupyter_wayang.plan.statistics import FunctionStatistics
from jupyter_wayang.platforms.python import PLATFORM

REF = FunctionRef(name="f", key="f")
ROWS = Interval.exact(1000)
BY = ReduceBy(function=REF, keys=(Named(name="a", expression=ColumnRef(name="a")),))
OUT = Schema.of(a="int64")


@pytest.mark.parametrize(
    ("operator", "low", "high"),
    [
        (Map(function=REF), 1000, 1000),
        (MapBatches(function=REF), 1000, 1000),
        (FilterBy(function=REF), 100, 1000),
        (FlatMap(function=REF), 1000, 16_000),
        (Reduce(function=REF), 1, 1),
        (BY, 10, 1000),
        (CoGroup(function=REF, on=(("a", "a"),)), 20, 2000),
    ],
    ids=lambda value: value.verb if isinstance(value, Calling) else None,
)
def test_nothing_is_known_before_the_first_call(operator: Calling, low: float, high: float) -> None:
    found = rows_made(operator, [ROWS, ROWS], None)
    assert (found.low, found.high) == (low, high)


def test_a_call_tells_how_many_rows_it_makes() -> None:
    known = FunctionStatistics(rows=50, row_s=1e-6, share=9.0)
    found = rows_made(FlatMap(function=REF), [ROWS], known)
    assert found.low < 9000 < found.high < 11_000
    assert found.confidence > 0.5
    keys = rows_made(BY, [ROWS], FunctionStatistics(rows=50, row_s=1e-6, share=0.2))
    assert keys.low < 50
    assert keys.high == pytest.approx(240)


def test_no_rows_come_of_none() -> None:
    nothing = Interval.exact(0)
    for operator in (FilterBy(function=REF), FlatMap(function=REF), Reduce(function=REF), BY):
        assert rows_made(operator, [nothing], None).high == 0


def test_what_a_function_took_is_what_it_costs() -> None:
    node = Node(id="map", operator=Map(function=REF, output=OUT))
    sizes = Sizes(ROWS, ROWS, Interval.exact(8000))
    usual = compute_s(node, PLATFORM, sizes)
    slow = compute_s(node, PLATFORM, sizes, called=FunctionStatistics(rows=10, row_s=0.01, share=1.0))
    quick = compute_s(node, PLATFORM, sizes, called=FunctionStatistics(rows=10, row_s=1e-12, share=1.0))
    assert slow.mean == pytest.approx(10, rel=0.1)
    assert quick == usual, "calling it costs what it costs"


def test_fewer_rows_say_less_than_more() -> None:
    much = FunctionStatistics.of(1000, 10, 1.0)
    assert FunctionStatistics.of(10, 10, 1.0, much) == much
    assert FunctionStatistics.of(2000, 10, 1.0, much).row_s == 0.0005
    assert FunctionStatistics.of(0, 0, 1.0).rows == 0


def _plan(*operators: Calling | Limit) -> LogicalPlan:
    nodes = [Node(id="read", operator=ReadFrame(key="r", label="r", schema=OUT))]
    for number, operator in enumerate(operators):
        nodes.append(Node(id=f"job_{number}", operator=operator, inputs=(Port(node=nodes[-1].id),)))
    return LogicalPlan(nodes=tuple(nodes), results=(Port(node=nodes[-1].id),))


def test_a_limit_goes_before_a_map_and_before_nothing_else() -> None:
    for operator in (Map(function=REF, output=OUT), FilterBy(function=REF), FlatMap(function=REF, output=OUT)):
        made = push_limits(_plan(operator, Limit(rows=3)))
        first = made.nodes[1].operator
        assert isinstance(first, Limit) == isinstance(operator, Map)
        assert made.outputs()[made.results[0]] == OUT


def test_a_sample_is_of_the_first_rows_of_every_source() -> None:
    made = first_rows(_plan(FilterBy(function=REF)), 7)
    assert [node.id for node in made.nodes] == ["read", "read_first", "job_0"]
    assert made["job_0"].inputs == (Port(node="read_first"),)
    assert made["read_first"].operator == Limit(rows=7)


def test_what_comes_to_nearly_the_same_changes_nothing() -> None:
    known = FunctionStatistics.of(100, 50, 0.2)
    assert FunctionStatistics.of(100, 52, 0.3, known) is known
    assert FunctionStatistics.of(100, 50, 0.5, known).row_s == 0.005
    assert FunctionStatistics.of(100, 70, 0.2, known).share == 0.7
