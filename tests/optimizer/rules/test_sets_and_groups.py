"""Filters and limits below groups and set operations: before and after, and random plans run by the reference."""

from __future__ import annotations

import random
from typing import Any

import pytest
from optimizer.fakes import col, grouped, named, op, read, seeded, then, where

from jupyter_wayang.optimizer.rewrite import rewrite
from jupyter_wayang.optimizer.rules.push_into_groups import push_into_groups
from jupyter_wayang.optimizer.rules.push_into_sets import push_into_sets
from jupyter_wayang.plan.expressions import Aggregate
from jupyter_wayang.plan.logical import LogicalPlan, Port
from jupyter_wayang.plan.operators import (
    Distinct,
    Except,
    Filter,
    GroupBy,
    Intersect,
    Limit,
    ReadFrame,
    Select,
    Union,
)
from jupyter_wayang.testing import reference

COUNT = Aggregate(function="count")
TYPES = {"a": "int64", "b": "int64", "s": "string"}


def shape(plan: LogicalPlan) -> list[str]:
    return [f"{node.id}: {node.operator.describe()}".removesuffix(": ") for node in plan.nodes]


class TestGroups:
    def test_a_condition_on_a_key_goes_below_and_one_on_an_aggregate_stays(self):
        counted = grouped(read(), "ward", n=COUNT)
        both = op(op("ward", "==", "x"), "and", op("n", ">", 3))
        after = push_into_groups(LogicalPlan.of([where(counted, both)]))
        assert shape(after) == [
            "read: visits",
            'filter_read: ward == "x"',
            "group_by: ward: n=count()",
            "filter: n > 3",
        ]

    def test_a_key_is_written_out(self):
        keys = named(decade=op("age", "//", 10))
        counted = then(GroupBy(keys=keys, aggregates=named(n=COUNT)), read())
        after = push_into_groups(LogicalPlan.of([where(counted, op("decade", "==", 4))]))
        assert shape(after)[1] == "filter: age // 10 == 4"

    def test_one_row_of_all_has_no_key(self):
        before = LogicalPlan.of([where(grouped(read(), n=COUNT), op("n", ">", 3))])
        assert push_into_groups(before) is before

    def test_distinct(self):
        some = then(Distinct(columns=("ward",)), read())
        after = push_into_groups(LogicalPlan.of([where(some, op("ward", "==", "x"))]))
        assert [node.id for node in after.nodes] == ["read", "filter", "distinct"]


class TestSets:
    @pytest.mark.parametrize("operator", [Union(), Intersect(), Except()])
    def test_a_condition_goes_to_both_sides(self, operator):
        both = then(operator, read(), read("w"))
        after = push_into_sets(LogicalPlan.of([where(both, op("age", "<", 9))]))
        assert [node.operator.verb for node in after.nodes].count("filter") == 2
        assert after[after.results[0].node].operator == operator

    def test_a_column_of_two_types_stays(self):
        both = then(Union(), read("v", age="int64", n="int64"), read("w", age="float64", n="int64"))
        mixed = op(op("age", "<", 9), "and", op("n", ">", 1))
        after = push_into_sets(LogicalPlan.of([where(both, mixed)]))
        assert after["filter"].operator == Filter(condition=op("age", "<", 9))
        assert sum(isinstance(node.operator, Filter) for node in after.nodes) == 3

    def test_a_limit_is_put_below_once(self):
        before = LogicalPlan.of([then(Limit(rows=5), then(Union(), read(), then(Limit(rows=3), read("w"))))])
        after = push_into_sets(before)
        limits = {node.id for node in after.nodes if isinstance(node.operator, Limit)}
        assert limits == {"limit", "limit_2", "limit_read"}
        assert [port.node for port in after["union"].inputs] == ["limit_read", "limit"]
        assert push_into_sets(after) is after

    def test_another_reader_keeps_it_in_place(self):
        both = then(Union(), read(), read("w"))
        before = LogicalPlan.of([where(both, op("age", "<", 9)), both])
        assert push_into_sets(before) is before


def made_rows(rng: random.Random) -> list[dict[str, Any]]:
    return [
        {"a": rng.choice((1, 2, 3, None)), "b": rng.choice((0, 1, None)), "s": rng.choice(("p", None))}
        for _ in range(rng.randint(2, 8))
    ]


def random_plan(rng: random.Random) -> LogicalPlan:
    ports = [read(label, **TYPES) for label in ("one", "two")]
    for _ in range(rng.randint(2, 7)):
        source = rng.choice(ports[-3:])
        match rng.randrange(5):
            case 0:
                ports.append(then(rng.choice((Union(), Intersect(), Except())), source, rng.choice(ports)))
            case 1:
                ports.append(then(Distinct(), source))
            case 2:
                total = Aggregate(function="max", arg=col("b"))
                counted = then(GroupBy(keys=named(a=col("a"), s=col("s")), aggregates=named(b=total)), source)
                ports.append(then(Select(columns=named(a=col("a"), b=col("b"), s=col("s"))), counted))
            case _:
                name = rng.choice("ab")
                ports.append(where(source, op(name, rng.choice(("<", ">=", "!=")), rng.randint(0, 3))))
    return LogicalPlan.of([where(ports[-1], op("a", "<", 3))])


def run(plan: LogicalPlan, tables: dict[str, list[dict[str, Any]]]) -> list[str]:
    schemas = plan.outputs()
    found: dict[Port, list[dict[str, Any]]] = {}
    for node in plan.nodes:
        inputs = [(found[port], schemas[port]) for port in node.inputs]
        if isinstance(node.operator, ReadFrame):
            found[Port(node=node.id)] = tables[node.operator.key]
        else:
            (made,) = node.operator.lowered(tuple(schema for _, schema in inputs))
            found[Port(node=node.id)] = reference.apply(made, inputs)
    return sorted(repr(list(row.items())) for row in found[plan.results[0]])


@pytest.mark.parametrize("seed", range(120))
def test_rows_stay(seed):
    rng = seeded(seed)
    before = random_plan(rng)
    after = rewrite(before)
    assert after.outputs()[after.results[0]] == before.outputs()[before.results[0]]
    tables = {label: made_rows(rng) for label in ("one", "two")}
    assert run(after, tables) == run(before, tables)
    assert rewrite(after) is after


def test_many_of_these_change():
    plans = [random_plan(seeded(seed)) for seed in range(120)]
    assert sum(push_into_sets(plan) is not plan or push_into_groups(plan) is not plan for plan in plans) > 30
