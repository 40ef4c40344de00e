from __future__ import annotations

import pytest
from optimizer.fakes import col, named, op, platform, read, then, where

from jupyter_wayang.optimizer.cardinality import estimate
from jupyter_wayang.optimizer.costs import compute_s, sizes
from jupyter_wayang.plan.execution import Interval
from jupyter_wayang.plan.logical import LogicalPlan, VertexPort
from jupyter_wayang.plan.models import LogisticRegression
from jupyter_wayang.plan.operators import Join, LocalUpdate, Prepare, Select, WithColumns
from jupyter_wayang.plan.statistics import SourceStatistics
from jupyter_wayang.platforms.platform import LEARNING_OPERATORS, Coefficient


def cost(rows: VertexPort, id_: str, coefficient: Coefficient, **statistics: object) -> Interval:
    plan = LogicalPlan.of([rows])
    known = {"read": SourceStatistics(**{"rows": Interval.exact(1000), **statistics})}  # type: ignore[arg-type]
    estimates = estimate(plan, plan.outputs(), known)
    tags = dict.fromkeys(("read_frame", "filter", "select", *LEARNING_OPERATORS), coefficient)
    runs = 30 if id_ == "local_update" else 1
    return compute_s(plan[id_], platform("p", only=tags), sizes(plan, estimates, known)[id_], runs)


def test_fixed_rows_in_and_out_and_bytes():
    young = where(read("v", age="int64"), op("age", "<", 9), rows=100)
    assert cost(young, "filter", Coefficient(fixed_s=2, spread=1)).mean == pytest.approx(2)
    assert cost(young, "filter", Coefficient(fixed_s=0, row_s=1e-3, spread=1)).mean == pytest.approx(1)
    assert cost(young, "filter", Coefficient(fixed_s=0, out_row_s=1e-3, spread=1)).mean == pytest.approx(0.1)
    assert cost(young, "filter", Coefficient(fixed_s=0, byte_s=1e-3, spread=1)).mean == pytest.approx(8)


def test_the_spread_widens_both_ways():
    found = cost(where(read(), op("age", "<", 9)), "filter", Coefficient(fixed_s=1, spread=2))
    assert (found.low, found.high) == (0.5, 2)


def test_a_source_reads_the_bytes_that_it_has():
    coefficient = Coefficient(fixed_s=0, byte_s=1, spread=1)
    assert cost(read("v", age="int64"), "read", coefficient).mean == pytest.approx(8000)
    assert cost(read("v", age="int64"), "read", coefficient, bytes=Interval.exact(50)).mean == pytest.approx(50)


def test_local_training_pays_for_rows_once_an_epoch_and_a_round():
    prepared = then(Prepare(steps=(), target=op("age", ">", 1), features=("bmi",)), read(), rows=100)
    update = then(LocalUpdate(model=LogisticRegression(), rounds=30, epochs=5), prepared)
    found = cost(update, "local_update", Coefficient(fixed_s=1, row_s=0.01, spread=1))
    assert found.mean == pytest.approx(30 * (1 + 5 * 100 * 0.01))
    by_epoch = cost(update, "local_update", Coefficient(fixed_s=1, out_row_s=0.5, spread=1))
    assert by_epoch.mean == pytest.approx(30 * (1 + 5 * 0.5))


def test_what_is_lowered_costs_what_a_select_costs():
    made = then(WithColumns(columns=named(x=op("age", "+", 1))), read())
    assert cost(made, "with_columns", Coefficient(fixed_s=3, spread=1)).mean == pytest.approx(3)


def test_a_join_pays_for_the_rows_of_both_sides():
    joined = then(Join(on=(("age", "age"),)), read("v", age="int64"), read("w", age="int64"))
    plan = LogicalPlan.of([joined])
    known = {id_: SourceStatistics(rows=Interval.exact(rows)) for id_, rows in (("read", 1000), ("read_2", 20))}
    found = sizes(plan, estimate(plan, plan.outputs(), known), known)["join"]
    assert (found.rows.mean, found.bytes.mean) == (1020, 8160)


def test_operations_of_a_row_cost_and_those_over_decimals_more():
    scaled = then(WithColumns(columns=named(x=op("age", "+", 1), y=op("age", "*", 2))), read())
    assert cost(scaled, "with_columns", Coefficient(fixed_s=0, operation_s=1e-3, spread=1)).mean == pytest.approx(2)
    assert cost(scaled, "with_columns", Coefficient(fixed_s=0, decimal_s=1e-3, spread=1)).mean == 0
    priced = then(WithColumns(columns=named(x=op("price", "+", 1))), read("v", price="decimal(15, 2)"))
    assert cost(priced, "with_columns", Coefficient(fixed_s=0, decimal_s=1e-3, spread=1)).mean == pytest.approx(1)


def test_a_lazy_platform_reads_the_columns_that_are_wanted():
    age = then(Select(columns=named(age=col("age"))), read("v", age="int64", bmi="float64"))
    plan = LogicalPlan.of([age])
    known = {"read": SourceStatistics(rows=Interval.exact(1000))}
    found = sizes(plan, estimate(plan, plan.outputs(), known), known)["read"]
    tags = {"read_frame": Coefficient(fixed_s=0, byte_s=1, spread=1)}
    assert compute_s(plan["read"], platform("eager", only=tags), found).mean == pytest.approx(16000)
    assert compute_s(plan["read"], platform("lazy", only=tags, at_rest=False), found).mean == pytest.approx(8000)
