from __future__ import annotations

import pytest
from optimizer.fakes import col, grouped, named, op, read, then, where

from jupyter_wayang.optimizer.cardinality import Estimate, estimate
from jupyter_wayang.optimizer.selectivity import UNKNOWN, selectivity
from jupyter_wayang.plan.execution import Interval
from jupyter_wayang.plan.expressions import Aggregate, IsIn, IsNull, Literal, Not
from jupyter_wayang.plan.logical import LogicalPlan, Port, VertexPort
from jupyter_wayang.plan.models import LogisticRegression
from jupyter_wayang.plan.operators import Join, Limit, LocalUpdate, Prepare, Rename, Score, Select, Sort, SortKey, Split
from jupyter_wayang.plan.statistics import SourceStatistics

COUNT = Aggregate(function="count")


def estimates(rows: VertexPort, *sizes: float, distinct: dict[str, int] | None = None) -> dict[Port, Estimate]:
    plan = LogicalPlan.of([rows])
    known = {
        f"read_{number}" if number > 1 else "read": SourceStatistics(rows=Interval.exact(size), distinct=distinct or {})
        for number, size in enumerate(sizes, 1)
    }
    return estimate(plan, plan.outputs(), known)


def last(rows: VertexPort, *sizes: float, distinct: dict[str, int] | None = None) -> Interval:
    found = estimates(rows, *sizes, distinct=distinct)
    return found[list(found)[-1]].rows


def bounds(interval: Interval) -> tuple[float, float]:
    return round(interval.low, 6), round(interval.high, 6)


def test_bytes_are_rows_times_the_width():
    found = estimates(read("v", age="int64", name="string"), 1000)
    assert found[Port(node="read")].bytes == Interval.exact(24_000)


def test_a_source_of_which_nothing_is_known():
    found = last(read())
    assert found.low < 1000 < found.high
    assert found.confidence < 0.5


def test_a_filter_keeps_between_a_tenth_and_all():
    found = last(where(read(), op("age", "<", 9)), 1000)
    assert bounds(found) == (100, 1000)
    assert found.confidence == 0.9


def test_confidence_falls_with_every_guess():
    found = last(where(where(read(), op("age", "<", 9)), op("bmi", "<", 9.0)), 1000)
    assert found.confidence == pytest.approx(0.81)


def test_equality_keeps_a_share_by_distinct_values_also_under_a_new_name():
    renamed = then(Rename(names=(("ward", "unit"),)), read())
    assert bounds(last(where(renamed, op("unit", "==", "a")), 1000, distinct={"ward": 20})) == (25, 100)
    computed = then(Select(columns=named(unit=op("age", "+", 1))), read())
    assert bounds(last(where(computed, op("unit", "==", 2)), 1000, distinct={"unit": 20})) == (100, 1000)


def test_a_wide_hint_wins():
    share = last(where(read(), op("age", "<", 9), selectivity=0.25), 1000)
    said = last(where(read(), op("age", "<", 9), rows=7), 1000)
    assert bounds(share) == (250, 250)
    assert bounds(said) == (7, 7)
    # People are believed, and checked.
    assert share.confidence == said.confidence < 0.5


def test_what_was_counted_wins_over_what_was_said():
    plan = LogicalPlan.of([where(where(read(), op("age", "<", 9), rows=7), op("bmi", "<", 9.0))])
    port = Port(node="filter")
    known = {"read": SourceStatistics(rows=Interval.exact(1000))}
    found = estimate(plan, plan.outputs(), known, counted={port: 900})
    assert found[port].rows == Interval.exact(900)
    assert bounds(found[Port(node="filter_2")].rows) == (90, 900)


def test_exact_operators_stay_exact():
    ordered = then(Sort(keys=(SortKey(expression=col("age")),)), read())
    assert last(ordered, 1000) == Interval.exact(1000)
    assert last(then(Limit(rows=10), ordered), 1000) == Interval.exact(10)
    assert last(then(Limit(rows=10), ordered), 4) == Interval.exact(4)
    assert last(grouped(read(), n=COUNT), 1000) == Interval.exact(1)
    assert last(then(Join(on=(), how="cross"), read(), read("w", b="int64")), 1000, 3) == Interval.exact(3000)


def test_a_split_cuts_in_two():
    found = estimates(then(Split(fraction=0.8), read()), 1000)
    assert found[Port(node="split")].rows == Interval.exact(800)
    assert bounds(found[Port(node="split", port=1)].rows) == (200, 200)


def test_groups():
    assert bounds(last(grouped(read(), "ward", n=COUNT), 1000, distinct={"ward": 20})) == (20, 21)
    assert bounds(last(grouped(read(), "ward", "age", n=COUNT), 1000, distinct={"ward": 20, "age": 100})) == (100, 1000)
    unknown = last(grouped(read(), "ward", n=COUNT), 1000)
    assert bounds(unknown) == (10, 1000)
    assert unknown.mean == pytest.approx(100)  # a tenth
    assert unknown.confidence == 0.5
    assert last(grouped(read(), "ward", n=COUNT), 0).low == 0


def joined(how: str) -> VertexPort:
    return then(Join(on=(("ward", "ward"),), how=how), read(), read("w", ward="string", beds="int64"))  # type: ignore[arg-type]


def test_joins():
    unknown = last(joined("inner"), 1000, 20)
    assert unknown.mean == pytest.approx(1000)
    assert unknown.confidence == 0.5
    assert bounds(last(joined("inner"), 1000, 20, distinct={"ward": 20})) == (500, 2000)
    assert last(joined("left"), 1000, 20).low == 1000
    assert last(joined("full"), 1000, 20).low == 1000
    assert last(joined("full"), 1000, 20).high > 1020
    assert bounds(last(joined("semi"), 1000, 20)) == (100, 1000)
    assert bounds(last(joined("anti"), 1000, 20)) == (100, 1000)
    assert last(joined("inner"), 2, 1).high == 2


def test_learning():
    prepared = then(Prepare(steps=(), target=op("age", ">", 1), features=("bmi",)), read())
    assert bounds(last(prepared, 1000)) == (800, 1000)
    assert last(then(Score(bins=20, rounds=3), prepared), 1000) == last(prepared, 1000)
    update = then(LocalUpdate(model=LogisticRegression(), rounds=3, epochs=5), prepared)
    assert set(estimates(update, 1000)) == {Port(node="read"), Port(node="prepare")}


@pytest.mark.parametrize(
    ("condition", "low", "high"),
    [
        (op(op("a", "==", 1), "and", op("b", "<", 2)), 0.005, 0.2),
        (op(op("a", "==", 1), "or", op("a", "==", 2)), 0.05, 0.4),
        (op("a", "!=", 1), 0.4, 0.95),
        (Not(arg=op("a", "==", 1)), 0.4, 0.95),
        (Not(arg=op("b", "<", 1)), 0.1, 1.0),
        (IsIn(arg=col("a"), values=(Literal.of(1), Literal.of(2))), 0.1, 0.4),
        (IsNull(arg=col("a")), 0.01, 0.5),
        (Literal.of(True), 1.0, 1.0),
        (Literal.of(False), 0.0, 0.0),
    ],
)
def test_selectivity(condition, low, high):
    assert bounds(selectivity(condition, {"a": 10})) == (low, high)


def test_a_comparison_of_columns_is_not_an_equality_with_a_constant():
    assert selectivity(op("a", "==", col("b")), {"a": 10, "b": 3}) == UNKNOWN


def test_a_range_keeps_what_quantiles_say():
    ages = tuple(float(n) for n in range(0, 101, 5))
    assert bounds(selectivity(op("age", ">=", 75), {}, {"age": ages})) == (0.22, 0.28)
    assert bounds(selectivity(op(Literal.of(75), "<=", col("age")), {}, {"age": ages})) == (0.22, 0.28)
    assert bounds(selectivity(op("age", "<", -3), {}, {"age": ages})) == (0.0, 0.03)
    assert bounds(selectivity(op("age", "<=", 200), {}, {"age": ages})) == (0.97, 1.0)
    assert selectivity(op("age", "<", "x"), {}, {"age": ages}) == UNKNOWN
    day = op("day", "<", Literal(value="1970-01-26", type="date"))
    assert bounds(selectivity(day, {}, {"day": ages})) == (0.22, 0.28)


def test_quantiles_are_carried_along_under_a_new_name():
    renamed = then(Rename(names=(("age", "years"),)), read())
    plan = LogicalPlan.of([where(renamed, op("years", "<", 50))])
    known = SourceStatistics(rows=Interval.exact(1000), quantiles={"age": tuple(float(n) for n in range(101))})
    found = estimate(plan, plan.outputs(), {"read": known})
    assert bounds(found[Port(node="filter")].rows) == (470, 530)
