"""Joins in another order make the same rows, with the same columns, and fewer rows on the way."""

from __future__ import annotations

import random
from itertools import permutations
from typing import Any

import pytest
from optimizer.fakes import col, named, op, read, seeded, then, where

from jupyter_wayang.optimizer.join_search import Relation, Tree, original_cost, search
from jupyter_wayang.optimizer.rewrite import rewrite
from jupyter_wayang.optimizer.rules.order_joins import order_joins
from jupyter_wayang.plan.execution import Interval
from jupyter_wayang.plan.expressions import Aggregate
from jupyter_wayang.plan.logical import LogicalPlan, Port, VertexPort
from jupyter_wayang.plan.operators import Drop, GroupBy, Join, ReadFrame, Rename, Select
from jupyter_wayang.plan.schema import Schema
from jupyter_wayang.plan.statistics import SourceStatistics
from jupyter_wayang.testing import reference

TABLES = {
    "t0": {"a": "int64", "b": "int64", "x": "string"},
    "t1": {"a": "int64", "c": "int64", "x": "string"},
    "t2": {"b": "int64", "d": "int64", "x_right": "string"},
    "t3": {"c": "int64", "d": "int64", "y": "string"},
    "t4": {"d": "int64", "a": "int64", "x": "float64"},
}


def rows(rng: random.Random, types: dict[str, str]) -> list[dict[str, Any]]:
    values = {"int64": (1, 2, 3, None), "string": ("p", "q", None), "float64": (0.5, 1.5, None)}
    return [{name: rng.choice(values[type_]) for name, type_ in types.items()} for _ in range(rng.randint(2, 6))]


def random_joins(rng: random.Random) -> VertexPort:
    """Join tables at random, on columns of equal or other names, also twice, also with filters in between."""
    ports = [read(label, **types) for label, types in rng.sample(sorted(TABLES.items()), rng.randint(3, 5))]
    while len(ports) > 1:
        left, right = ports.pop(rng.randrange(len(ports))), ports.pop(rng.randrange(len(ports)))
        ours, theirs = left.output, right.output
        assert isinstance(ours, Schema)
        assert isinstance(theirs, Schema)
        numbers = [[c.name for c in schema if c.type == "int64"] for schema in (ours, theirs)]
        size = rng.choice((1, 1, 2))
        on = tuple(zip(*(rng.sample(names, min(size, *map(len, numbers))) for names in numbers), strict=True))
        suffix = f"_{len(ports)}" + rng.choice(("", "_right"))
        joined = then(Join(on=on, suffix=suffix), left, right)
        ports.append(where(joined, op(on[0][0], ">", 0)) if rng.random() < 0.2 else joined)
    return ports[0]


def run(plan: LogicalPlan, tables: dict[str, list[dict[str, Any]]]) -> list[list[str]]:
    schemas = plan.outputs()
    found: dict[Port, list[dict[str, Any]]] = {}
    for node in plan.nodes:
        inputs = [(found[port], schemas[port]) for port in node.inputs]
        made = node.operator
        if isinstance(made, Rename | Drop):
            made = Select(columns=made.projection(inputs[0][1]))
        found[Port(node=node.id)] = tables[made.key] if isinstance(made, ReadFrame) else reference.apply(made, inputs)
    return [sorted(repr(list(row.items())) for row in found[port]) for port in plan.results]


def sized(rng: random.Random, plan: LogicalPlan) -> dict[str, SourceStatistics]:
    return {
        node.id: SourceStatistics(
            rows=Interval.exact(10 ** rng.randint(0, 6)),
            distinct={name: 10 ** rng.randint(0, 4) for name in node.operator.schema.names if rng.random() < 0.7},
        )
        for node in plan.nodes
        if isinstance(node.operator, ReadFrame)
    }


@pytest.mark.parametrize("seed", range(200))
def test_rows_and_columns_stay(seed):
    rng = seeded(seed)
    before = LogicalPlan.of([random_joins(rng)])
    known = sized(rng, before)
    after = rewrite(before, known)
    assert after.outputs()[after.results[0]] == before.outputs()[before.results[0]]
    tables = {label: rows(rng, types) for label, types in TABLES.items()}
    assert run(after, tables) == run(before, tables)
    assert rewrite(after, known) is after


def test_many_of_these_are_reordered():
    changed = 0
    for seed in range(200):
        rng = seeded(seed)
        plan = rewrite(LogicalPlan.of([random_joins(rng)]))
        changed += order_joins(plan, sized(rng, plan)) is not plan
    assert changed > 60


def cluster(**hints: Any) -> VertexPort:
    big = read("big", k="int64", m="int64", v="float64")
    both = then(Join(on=(("k", "k"),)), big, read("middle", k="int64", w="float64"), **hints)
    return then(Join(on=(("m", "m"),)), both, read("small", m="int64", n="string"))


SIZES = {
    "read": SourceStatistics(rows=Interval.exact(1e6), distinct={"k": 1000, "m": 1000}),
    "read_2": SourceStatistics(rows=Interval.exact(1e5), distinct={"k": 1000}),
    "read_3": SourceStatistics(rows=Interval.exact(10), distinct={"m": 10}),
}


def shape(plan: LogicalPlan) -> list[tuple[str, ...]]:
    return [tuple(port.node for port in node.inputs) for node in plan.nodes if isinstance(node.operator, Join)]


def test_the_small_side_comes_first():
    before = LogicalPlan.of([cluster()])
    after = order_joins(before, SIZES)
    assert shape(before) == [("read", "read_2"), ("join", "read_3")]
    assert shape(after) == [("read", "read_3"), ("read_2", "join")] or shape(after) == [
        ("read", "read_3"),
        ("join", "read_2"),
    ]
    assert after[after.results[0].node].operator.describe() == "k, m, v, w, n"


def test_nothing_is_changed_that_somebody_spoke_about_or_that_another_reads():
    for plan in (
        LogicalPlan.of([cluster(rows=50)]),
        LogicalPlan.of([cluster(pin="a")]),
        LogicalPlan.of([(top := cluster()), top.vertex.inputs[0]]),
    ):
        assert order_joins(plan, SIZES) is plan


def test_nothing_is_known_of_sizes():
    plan = LogicalPlan.of([cluster()])
    assert order_joins(plan, {}) is plan
    assert rewrite(plan) is plan


@pytest.mark.parametrize("types", [("float64", "float64"), ("int64", "float64")])
def test_equal_keys_that_may_differ_stay_where_they_are(types):
    big = read("big", k=types[0], m="int64")
    both = then(Join(on=(("k", "k"),)), big, read("middle", k=types[1]))
    plan = LogicalPlan.of([then(Join(on=(("m", "m"),)), both, read("small", m="int64"))])
    assert order_joins(plan, SIZES) is plan


def test_an_aggregation_above_reads_what_it_read():
    total = then(
        GroupBy(keys=named(n=col("n")), aggregates=named(v=Aggregate(function="sum", arg=col("v")))), cluster()
    )
    after = rewrite(LogicalPlan.of([total]), SIZES)
    assert shape(after)[0] != ("read", "read_2")
    assert after.outputs()[after.results[0]].names == ("n", "v")


def trees(items: tuple[int, ...]) -> list[Tree]:
    if len(items) == 1:
        return [items[0]]
    found: list[Tree] = []
    for cut in range(1, len(items)):
        found += [(one, other) for one in trees(items[:cut]) for other in trees(items[cut:])]
    return found


def connected(relations: tuple[Relation, ...], tree: Tree) -> tuple[set[int], bool]:
    if isinstance(tree, int):
        return set(relations[tree].keys), True
    (one, good), (other, well) = (connected(relations, side) for side in tree)
    return one | other, good and well and bool(one & other)


@pytest.mark.parametrize("seed", range(60))
def test_the_search_equals_brute_force(seed):
    rng = seeded(seed)
    count = rng.randint(2, 5)
    keys = [[n] for n in range(count)]
    for n in range(1, count):
        keys[rng.randrange(n)].append(n)
    relations = tuple(
        Relation(10.0 ** rng.randint(0, 5), {key: rng.choice((None, 3, 50, 1000)) for key in own}) for own in keys
    )
    found = search(relations)
    best = min(
        (
            original_cost(relations, tree)
            for order in permutations(range(count))
            for tree in trees(order)
            if connected(relations, tree)[1]
        ),
        default=None,
    )
    assert (found is None) == (best is None)
    if found is not None:
        assert found[0] == pytest.approx(best)
        assert original_cost(relations, found[1]) == pytest.approx(found[0])


def test_many_relations_are_joined_greedily():
    star = (Relation(1e6, dict.fromkeys(range(14), 1000)), *(Relation(10.0 * (n + 1), {n: 1000}) for n in range(14)))
    found = search(star)
    assert found is not None
    first = found[1]
    while (inner := next((side for side in first if isinstance(side, tuple)), None)) is not None:
        first = inner
    assert set(first) == {0, 1}
