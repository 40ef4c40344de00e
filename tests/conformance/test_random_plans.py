"""Plans of relational operators made at random, from a seed, have the rows of the reference on every platform."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from jupyter_wayang.optimizer.inflation import lowered
from jupyter_wayang.plan.expressions import AnyExpression, IsNull, Literal, Named, Not
from jupyter_wayang.plan.operators import (
    AnyOperator,
    Distinct,
    Drop,
    Except,
    Filter,
    GroupBy,
    Intersect,
    Join,
    OverArrow,
    Pivot,
    Rename,
    Sample,
    Select,
    SortKey,
    TopK,
    Union,
    Unpivot,
    WithColumns,
    ZipWithId,
)
from jupyter_wayang.plan.schema import DataType, Schema
from jupyter_wayang.platforms.relational.over_arrow import over_arrow
from jupyter_wayang.testing import reference
from jupyter_wayang.testing.build import agg, c, named, op
from jupyter_wayang.testing.runner import Table, assert_rows

if TYPE_CHECKING:
    import pyarrow as pa

    from jupyter_wayang.platforms.platform import Payload
    from jupyter_wayang.testing.runner import Bench

_TYPES: dict[str, DataType] = {"k": "int64", "j": "int64", "x": "float64", "t": "string", "d": "date", "p": "bool"}
_VALUES: dict[DataType, list[object]] = {
    "int64": [None, -2, 0, 1, 1, 2, 3],
    "float64": [None, -0.5, 0.0, 0.25, 1.0, 2.0],  # sums of these are exact, in whatever order
    "string": [None, "", "a", "B", "é"],
    "bool": [None, True, False],
    "date": [None, dt.date(2024, 2, 29), dt.date(2023, 1, 1)],
}
_MOST_ROWS = 400


@dataclass
class Collection:
    """Rows by the reference, and what a platform made of the same."""

    schema: Schema
    rows: list[dict[str, Any]]
    payload: Payload


class Plan:
    """A plan that grows: every operator is applied by the reference and by a platform."""

    def __init__(self, seed: int, bench: Bench) -> None:
        self.random = random.Random(seed)  # noqa: S311 - no secret
        self.bench = bench
        self.made: list[Collection] = []
        self.text: list[str] = []

    def read(self, rows: int) -> None:
        held = [[self.random.choice(_VALUES[type_]) for type_ in _TYPES.values()] for _ in range(rows)]
        table = Table.of(dict(_TYPES), *held)
        self.made.append(Collection(table.schema, table.rows, self.bench.read(table)))

    def grow(self) -> None:
        first = self.random.choice(self.made[-3:])
        found = self.random.choice(_MAKERS)(self, first.schema)
        if found is None:
            return
        operator, others = found
        inputs = (first, *others)
        schemas = tuple(one.schema for one in inputs)
        (schema,) = operator.outputs(schemas)
        assert isinstance(schema, Schema)
        rows = _reference(operator, inputs)
        parts = lowered(operator, schemas)
        if len(rows) > _MOST_ROWS or any(
            self.bench.refusal(part, [Table(schema=s, rows=[]) for s in i]) for part, i in parts
        ):
            return
        payloads = tuple(one.payload for one in inputs)
        for part, entering in parts:
            payloads = self.bench.engine.apply(part, payloads, entering, {}, "here")
        # What is read twice is kept.
        self.made.append(Collection(schema, rows, self.bench.engine.keep(payloads[0])))
        self.text.append(f"{operator.verb} {operator.describe()}")

    def columns(self, schema: Schema, *types: str) -> list[str]:
        return [column.name for column in schema if column.type in types]

    def some(self, names: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(sorted(self.random.sample(names, self.random.randint(1, len(names)))))

    def fresh(self, schema: Schema) -> str:
        return next(
            name for name in ("n", "m", "odd name", "q", "u", "w", "n2", "n3", "n4", "n5") if name not in schema
        )

    def condition(self, schema: Schema) -> AnyExpression:
        column = self.random.choice(schema.columns)
        sign = self.random.choice(("==", "!=", "<", ">="))
        value = self.random.choice([v for v in _VALUES.get(column.type, [None]) if v is not None] or [None])
        if value is None or self.random.random() < 0.2:
            null = IsNull(arg=c(column.name))
            return null if self.random.random() < 0.5 else Not(arg=null)
        if isinstance(value, dt.date):
            return op(c(column.name), sign, Literal(value=value.isoformat(), type="date"))
        return op(c(column.name), sign, Literal.of(value))  # type: ignore[arg-type]


_Found = tuple[AnyOperator, tuple[Collection, ...]] | None
_Maker = Callable[[Plan, Schema], _Found]


def _reference(operator: AnyOperator, inputs: tuple[Collection, ...]) -> list[dict[str, Any]]:
    if isinstance(operator, OverArrow):
        table = Table(schema=inputs[0].schema, rows=inputs[0].rows).arrow()
        return over_arrow(operator, table, "here")[0].to_pylist()
    return reference.apply(operator, [(one.rows, one.schema) for one in inputs])


def _filter(plan: Plan, schema: Schema) -> _Found:
    return Filter(condition=plan.condition(schema)), ()


def _with_columns(plan: Plan, schema: Schema) -> _Found:
    numbers = plan.columns(schema, "int64", "float64")
    if not numbers or len(schema) > 12:
        return None
    made = op(plan.random.choice(numbers), plan.random.choice("+-*"), plan.random.choice(numbers))
    if any(
        abs(value) > 10**6 for one in plan.made for row in one.rows for value in row.values() if isinstance(value, int)
    ):
        return None
    return WithColumns(columns=named(**{plan.fresh(schema): made})), ()


def _narrow(plan: Plan, schema: Schema) -> _Found:
    names = plan.some(schema.names)
    choices: list[AnyOperator] = [Select(columns=tuple(Named(name=name, expression=c(name)) for name in names))]
    if len(names) < len(schema):
        choices.append(Drop(columns=names))
    choices.append(Rename(names=((names[0], plan.fresh(schema)),)))
    return plan.random.choice(choices), ()


def _group(plan: Plan, schema: Schema) -> _Found:
    keys = plan.some(schema.names)[:2]
    value = plan.random.choice(schema.columns)
    functions = ["count", "n_unique", *{"int64": ["sum", "min", "mean"], "float64": ["sum", "max"]}.get(value.type, [])]
    names = [name for name in ("n", "m", "q", "w", "v", "u") if name not in keys]
    aggregates = {names[0]: agg(plan.random.choice(functions), value.name), names[1]: agg("count")}
    return GroupBy(keys=named(**{key: c(key) for key in keys}), aggregates=named(**aggregates)), ()


def _distinct(plan: Plan, schema: Schema) -> _Found:
    return Distinct(columns=plan.some(schema.names) if plan.random.random() < 0.5 else ()), ()


def _keys(plan: Plan, schema: Schema) -> tuple[SortKey, ...]:
    # By all columns: else it would show which of equal rows comes first.
    names = list(schema.names)
    plan.random.shuffle(names)
    return tuple(SortKey(expression=c(name), descending=plan.random.random() < 0.5) for name in names)


def _top_k(plan: Plan, schema: Schema) -> _Found:
    return TopK(rows=plan.random.randint(0, 12), keys=_keys(plan, schema)), ()


def _join(plan: Plan, schema: Schema) -> _Found:
    other = plan.random.choice(plan.made)
    pairs = [(a.name, b.name) for a in schema for b in other.schema if a.type == b.type and a.type != "bool"]
    suffix = "_" + "abcdefgh"[len(plan.made) % 8]
    clash = [name for name in other.schema.names if name + suffix in schema or name + suffix in other.schema]
    if not pairs or clash or len(schema) + len(other.schema) > 16:
        return None
    how = plan.random.choice(("inner", "left", "full", "semi", "anti"))
    on = (plan.random.choice(pairs),)
    join: dict[str, Any] = {"on": on, "how": how, "suffix": suffix}
    if plan.random.random() < 0.3:
        probe = Join(**join)
        matched = probe.matched(schema, other.schema)
        join["where"] = plan.condition(matched)
    elif how in ("inner", "left") and plan.random.random() < 0.3:
        moments = [
            (a.name, b.name) for a in schema for b in other.schema if a.type == b.type and a.type in ("int64", "date")
        ]
        if moments:
            join["as_of"] = plan.random.choice(moments)
    return Join(**join), (other,)


def _cross(plan: Plan, schema: Schema) -> _Found:
    other = plan.random.choice(plan.made)
    if (
        len(other.rows) > 8
        or len(schema) + len(other.schema) > 16
        or any(n + "_x" in schema for n in other.schema.names)
    ):
        return None
    return Join(how="cross", suffix="_x"), (other,)


def _combine(plan: Plan, schema: Schema) -> _Found:
    alike = [one for one in plan.made if {x.name: x.type for x in one.schema} == {x.name: x.type for x in schema}]
    return plan.random.choice((Union(), Intersect(), Except())), (plan.random.choice(alike),)


def _pivot(plan: Plan, schema: Schema) -> _Found:
    on = plan.columns(schema, "bool", "string")
    values = plan.columns(schema, "int64")
    if not on or not values or any(name in schema for name in ("true", "false", "a", "B", "null")):
        return None
    name = plan.random.choice(on)
    levels = [True, False, None] if schema[name].type == "bool" else ["a", "B"]
    function = plan.random.choice(("sum", "count", "max"))
    known = tuple(Literal.of(level) for level in levels)
    return Pivot(on=name, values=plan.random.choice(values), function=function, levels=known), ()


def _unpivot(plan: Plan, schema: Schema) -> _Found:
    numbers = plan.columns(schema, "int64", "float64")
    if len(numbers) < 2 or "variable" in schema or "value" in schema:
        return None
    return Unpivot(columns=tuple(numbers[:3])), ()


def _draw(plan: Plan, schema: Schema) -> _Found:
    if plan.random.random() < 0.5:
        return Sample(rows=plan.random.randint(0, 20), seed=plan.random.randint(0, 9)), ()
    return ZipWithId(name=plan.fresh(schema)), ()


_MAKERS: tuple[_Maker, ...] = (
    *(_filter, _with_columns, _narrow, _group, _distinct, _top_k),
    *(_join, _join, _join, _cross, _combine, _combine, _pivot, _unpivot, _draw),
)


# Spark takes seconds for what takes the others milliseconds: it gets the first ones, among them one with each operator.
_SEEDS = {"spark": 12}


@pytest.mark.parametrize("seed", range(60))
def test_plans_made_at_random(bench: Bench, seed: int) -> None:
    if seed >= _SEEDS.get(bench.platform.name, seed + 1):
        pytest.skip("too slow for as many")
    plan = Plan(seed, bench)
    for rows in (12, 5):
        plan.read(rows)
    for _ in range(14):
        plan.grow()
        last = plan.made[-1]
        table: pa.Table = bench.collect(last.payload, last.schema)
        try:
            assert_rows(table, last.rows, last.schema, ordered=False)
        except AssertionError as error:
            pytest.fail(f"{error}\n" + "\n".join(plan.text))
