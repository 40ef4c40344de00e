"""Groups of one side before a join: the same rows, of far fewer."""

from __future__ import annotations

import random
from typing import Any

import pytest
from optimizer.fakes import col, named, read, seeded, then

from jupyter_wayang.optimizer.rewrite import rewrite
from jupyter_wayang.optimizer.rules.push_aggregates import push_aggregates
from jupyter_wayang.plan.execution import Interval
from jupyter_wayang.plan.expressions import Aggregate
from jupyter_wayang.plan.logical import LogicalPlan, Port, VertexPort
from jupyter_wayang.plan.operators import Drop, GroupBy, Join, ReadFrame, Rename, Select
from jupyter_wayang.plan.statistics import SourceStatistics
from jupyter_wayang.testing import reference

SALES = {"shop": "int64", "town": "string", "price": "float64", "n": "int64"}
SHOPS = {"shop": "int64", "town": "string", "size": "float64"}
FEW = SourceStatistics(rows=Interval.exact(1e6), distinct={"shop": 50, "town": 20, "n": 4})
KNOWN = {"read": FEW, "read_2": FEW}


def agg(function: str, name: str | None = None) -> Aggregate:
    return Aggregate(function=function, arg=col(name) if name else None)  # type: ignore[arg-type]


def task(keys: tuple[str, ...], turned: bool = False, **aggregates: Aggregate) -> VertexPort:
    sides = (read("sales", **SALES), read("shops", **SHOPS))
    joined = then(Join(on=(("shop", "shop"),)), *(reversed(sides) if turned else sides))
    return then(GroupBy(keys=named(**{key: col(key) for key in keys}), aggregates=named(**aggregates)), joined)


def groups(plan: LogicalPlan) -> list[str]:
    return [f"{node.id}: {node.operator.describe()}" for node in plan.nodes if isinstance(node.operator, GroupBy)]


def pushed(*arguments: Any, known: dict[str, SourceStatistics] | None = None, **more: Any) -> list[str]:
    return groups(push_aggregates(LogicalPlan.of([task(*arguments, **more)]), KNOWN if known is None else known))


def test_parts_are_put_together_after_the_join():
    assert pushed(("town_right",), total=agg("sum", "price"), n=agg("count"), most=agg("max", "n")) == [
        "group_by_read: shop: part_1=sum(price), part_2=count(), part_3=max(n)",
        "group_by: town_right: total=sum(part_1), n=sum(part_2), most=max(part_3)",
    ]


def test_a_right_column_that_gets_its_name_back_is_read_under_it():
    plan = push_aggregates(LogicalPlan.of([task(("town_right",), total=agg("sum", "price"))]), KNOWN)
    (key,) = plan["group_by"].operator.keys
    assert (key.name, key.expression.name) == ("town_right", "town")


def test_the_other_side():
    assert pushed(("n",), total=agg("sum", "size"))[0] == "group_by_read_2: shop: part_1=sum(size)"


@pytest.mark.parametrize(
    "aggregates",
    [
        {"total": agg("sum", "n")},  # a sum of integers may overflow in parts
        {"total": agg("sum", "price"), "size": agg("max", "size")},  # of both sides
        {"mean": agg("mean", "price")},
        {"n": agg("count")},  # which side?
    ],
)
def test_what_is_not_done(aggregates):
    assert len(pushed(("town",), **aggregates)) == 1


def test_only_where_the_keys_are_known_to_be_few():
    many = SourceStatistics(rows=Interval.exact(100), distinct={"shop": 50, "town": 20})
    assert len(pushed(("town",), total=agg("sum", "price"), known={"read": many})) == 1
    assert len(pushed(("town",), total=agg("sum", "price"), known={})) == 1
    nothing = SourceStatistics(rows=Interval.exact(1e6), distinct={"town": 20})
    assert len(pushed(("town",), total=agg("sum", "price"), known={"read": nothing})) == 1


def test_an_aggregate_of_all_rows_stays():
    before = LogicalPlan.of([task((), total=agg("sum", "price"))])
    assert push_aggregates(before, KNOWN) is before


def rows(rng: random.Random, types: dict[str, str]) -> list[dict[str, Any]]:
    values = {"int64": (1, 2, None), "string": ("p", "q", None), "float64": (0.5, 1.5, None)}
    return [{name: rng.choice(values[type_]) for name, type_ in types.items()} for _ in range(rng.randint(0, 7))]


def run(plan: LogicalPlan, tables: dict[str, list[dict[str, Any]]]) -> list[str]:
    schemas = plan.outputs()
    found: dict[Port, list[dict[str, Any]]] = {}
    for node in plan.nodes:
        inputs = [(found[port], schemas[port]) for port in node.inputs]
        made = node.operator
        if isinstance(made, Rename | Drop):
            made = Select(columns=made.projection(inputs[0][1]))
        found[Port(node=node.id)] = tables[made.key] if isinstance(made, ReadFrame) else reference.apply(made, inputs)
    return sorted(repr(list(row.items())) for row in found[plan.results[0]])


@pytest.mark.parametrize("seed", range(80))
def test_rows_stay(seed):
    rng = seeded(seed)
    keys = tuple(rng.sample(("shop", "town", "town_right"), 2))
    turned = rng.random() < 0.5
    of = {"total": agg("sum", "price"), "n": agg("count"), "some": agg("count", "n"), "least": agg("min", "n")}
    before = LogicalPlan.of([task(keys, turned, **{name: of[name] for name in rng.sample(sorted(of), 2)})])
    after = rewrite(before, KNOWN)
    assert after.outputs()[after.results[0]] == before.outputs()[before.results[0]]
    tables = {"sales": rows(rng, SALES), "shops": rows(rng, SHOPS)}
    assert run(after, tables) == run(before, tables)
    assert rewrite(after, KNOWN) is after


def test_most_of_these_change():
    assert len(pushed(("town",), least=agg("min", "n"), n=agg("count"))) == 2
