"""Rules keep the rows, their order and the schema of every result: random plans, run by the reference."""

from __future__ import annotations

import random
from typing import Any

import msgspec
import pytest
from optimizer.fakes import col, named, op, seeded

from jupyter_wayang.optimizer.rewrite import rewrite
from jupyter_wayang.plan.expressions import Aggregate, AnyExpression, IsNull, Literal, Not
from jupyter_wayang.plan.logical import LogicalPlan, Port, Vertex, VertexPort
from jupyter_wayang.plan.operators import (
    AnyOperator,
    Distinct,
    Drop,
    Except,
    Filter,
    GroupBy,
    Intersect,
    Join,
    Limit,
    ReadFrame,
    Rename,
    Select,
    Sort,
    SortKey,
    Split,
    TopK,
    Union,
    Unpivot,
    WithColumns,
)
from jupyter_wayang.plan.schema import Schema
from jupyter_wayang.testing import reference

SCHEMA = Schema.of(k="int64", a="int64", b="float64", s="string")


def table(rng: random.Random) -> list[dict[str, Any]]:
    return [
        {
            "k": rng.choice((1, 2, 3, None)),
            "a": rng.choice((0, 1, 5, None)),
            "b": rng.choice((0.5, -1.0, 2.0, None)),
            "s": rng.choice(("x", "y", None)),
        }
        for _ in range(rng.randint(3, 7))
    ]


def number(rng: random.Random, schema: Schema) -> AnyExpression:
    names = [column.name for column in schema if column.type in ("int64", "float64")]
    if not names:
        return Literal.of(rng.randint(0, 3))
    leaf = col(rng.choice(names))
    return op(leaf, rng.choice("+-*"), number(rng, schema)) if rng.random() < 0.4 else leaf


def condition(rng: random.Random, schema: Schema) -> AnyExpression:
    match rng.randrange(6):
        case 0 | 1:
            return op(condition(rng, schema), rng.choice(("and", "and", "or")), condition(rng, schema))
        case 2:
            return Not(arg=condition(rng, schema))
        case 3:
            return IsNull(arg=col(rng.choice(schema.names)))
        case 4:
            return op(number(rng, schema), "<", op(Literal.of(rng.randint(0, 2)), "+", Literal.of(1)))
    return op(number(rng, schema), rng.choice(("<", "==", "!=")), number(rng, schema))


def operator(rng: random.Random, schema: Schema) -> AnyOperator:
    some = rng.sample(schema.names, rng.randint(1, len(schema)))
    match rng.randrange(9):
        case 0 | 1 | 2:
            return Filter(condition=condition(rng, schema))
        case 3:
            return Select(
                columns=named(**{name: col(name) for name in some}, made=number(rng, schema))
                if "made" not in some
                else named(made=col("made"))
            )
        case 4:
            return WithColumns(columns=named(**{rng.choice(("made", "a", "b")): number(rng, schema)}))
        case 5:
            return Drop(columns=tuple(some[:1])) if len(schema) > 1 else Limit(rows=4)
        case 6:
            return Rename(names=((some[0], f"{some[0]}_"),)) if f"{some[0]}_" not in schema else Limit(rows=3)
        case 7:
            return Sort(keys=tuple(SortKey(expression=col(name), descending=rng.random() < 0.5) for name in some))
    keys = tuple(SortKey(expression=col(name), descending=rng.random() < 0.5) for name in some)
    choices = [Limit(rows=rng.randint(1, 9)), Split(fraction=0.5), TopK(rows=4, keys=keys), Distinct()]
    if not {"variable", "value"} & set(schema.names):
        numbers = [column.name for column in schema if column.type in ("int64", "float64")]
        choices += [Unpivot(columns=tuple(numbers[:2]))] if numbers else []
    return rng.choice([*choices, Distinct(columns=tuple(some))])


def join(rng: random.Random, on: tuple[str, str], how: str, schema: Schema) -> Join:
    plain = Join(on=(on,), how=how)  # type: ignore[arg-type]
    if rng.random() < 0.3:
        return msgspec.structs.replace(plain, where=condition(rng, plain.matched(schema, SCHEMA)))
    if how in ("inner", "left") and rng.random() < 0.3:
        return msgspec.structs.replace(plain, as_of=(on[0], "a"))
    return plain


def random_plan(rng: random.Random) -> LogicalPlan:
    ports = [VertexPort(Vertex(ReadFrame(key=key, label=key, schema=SCHEMA))) for key in ("one", "two")]
    for _ in range(rng.randint(2, 9)):
        rows = rng.choice(ports[-3:])
        schema = rows.output
        assert isinstance(schema, Schema)
        if rng.random() < 0.25:
            other = ports[rng.randrange(2)]
            how = rng.choice(("inner", "left", "full", "semi", "anti"))
            keys = [c.name for c in schema if c.type == "int64"]
            free = not any(f"{name}_right" in schema for name in SCHEMA.names)
            if keys and free:
                ports.append(VertexPort(Vertex(join(rng, (rng.choice(keys), "k"), how, schema), (rows, other))))
        elif schema == SCHEMA and rng.random() < 0.3:
            combined = rng.choice((Union(), Intersect(), Except()))
            ports.append(VertexPort(Vertex(combined, (rows, ports[rng.randrange(2)]))))
        else:
            vertex = Vertex(operator(rng, schema), (rows,))
            ports.append(VertexPort(vertex, rng.randrange(len(vertex.outputs))))
    last = ports[-1]
    names = [c.name for c in last.output if c.type in ("int64", "float64")]  # type: ignore[union-attr]
    if rng.random() < 0.3 and names:
        total = Aggregate(function="max", arg=col(rng.choice(names)))
        last = VertexPort(Vertex(GroupBy(keys=(), aggregates=named(total=total)), (last,)))
    return LogicalPlan.of([last, rng.choice(ports)] if rng.random() < 0.3 else [last])


def run(plan: LogicalPlan, tables: dict[str, list[dict[str, Any]]]) -> list[list[dict[str, Any]]]:
    schemas, rows = plan.outputs(), dict[Port, list[dict[str, Any]]]()
    for node in plan.nodes:
        inputs = [(rows[port], schemas[port]) for port in node.inputs]
        if isinstance(node.operator, ReadFrame):
            rows[Port(node=node.id)] = tables[node.operator.key]
        elif isinstance(node.operator, Split):
            # Which part a row goes to depends on all of its columns, and on the rows around it.
            ordered = sorted(inputs[0][0], key=repr)
            for port in (0, 1):
                rows[Port(node=node.id, port=port)] = ordered[port::2]
        else:
            rows[Port(node=node.id)] = reference.apply(node.operator, inputs)  # type: ignore[arg-type]
    return [rows[port] for port in plan.results]


@pytest.mark.parametrize("seed", range(250))
def test_rewriting_keeps_rows_order_and_schema(seed):
    rng = seeded(seed)
    before = random_plan(rng)
    after = rewrite(before)
    tables = {"one": table(rng), "two": table(rng)}
    assert [after.outputs()[port] for port in after.results] == [before.outputs()[port] for port in before.results]
    assert run(after, tables) == run(before, tables)
    assert rewrite(after) is after
    gone = [node.operator for node in before.nodes if node.id not in {kept.id for kept in after.nodes}]
    assert all(isinstance(operator, Select | WithColumns | Drop | Rename) for operator in gone)
    assert msgspec.json.decode(msgspec.json.encode(after), type=LogicalPlan) == after


def test_most_random_plans_are_rewritten():
    plans = [random_plan(seeded(seed)) for seed in range(200)]
    assert sum(rewrite(plan) is not plan for plan in plans) > 80
