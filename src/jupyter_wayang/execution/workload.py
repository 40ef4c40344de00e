"""What is measured: made-up rows, an operator of every kind over them, and a learning task."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from jupyter_wayang.plan.expressions import Aggregate, AnyExpression, Binary, Call, Case, Cast, ColumnRef, Literal
from jupyter_wayang.plan.expressions import Named as Column
from jupyter_wayang.plan.models import LogisticRegression, named_array
from jupyter_wayang.plan.operators import (
    AnyOperator,
    ConnectedComponents,
    Except,
    Filter,
    GroupBy,
    Intersect,
    Join,
    Limit,
    PageRank,
    ReadFrame,
    Select,
    ShortestPaths,
    Sort,
    SortKey,
    Split,
    Union,
)
from jupyter_wayang.plan.rows import schema_of
from jupyter_wayang.plan.schema import Schema
from jupyter_wayang.plan.tasks import TARGET, LocalTask, ScoreTask
from jupyter_wayang.platforms.platform import Engine, Payload, Platform

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = [
    "FEATURES",
    "Job",
    "computed",
    "csv_and_parquet",
    "edges",
    "entered",
    "frame",
    "graphs",
    "identity",
    "largest",
    "lookup",
    "money",
    "operators",
    "pipelines",
    "rows",
    "scoring",
    "sums",
    "training",
    "training_rows",
]

FEATURES = tuple(f"x{index}" for index in range(15))
"""As many as the hospitals' model has."""

_STEPS = 10
_CITIES = ("Amsterdam", "Basel", "Bern", "Budapest", "Cleveland", "Ghent", "Haarlem", "Leiden", "Long Beach", "Lyon")


@dataclass(frozen=True, kw_only=True)
class Job:
    """An operator to be measured: its tag, itself, how many of the tables (rows, lookup) it reads, or the first twice."""

    tag: str
    operator: AnyOperator
    inputs: int = 1
    twice: bool = False
    title: str = ""


def rows(count: int, *, wide: bool = True) -> pa.Table:
    """Return a key of ten rows to a value, a city and a number; if wide, more numbers with some nulls, and a date."""
    import numpy as np
    import pyarrow as pa

    random = np.random.default_rng(count)
    made: dict[str, pa.Array] = {
        "id": pa.array(np.arange(count)),
        "key": pa.array(random.integers(0, max(1, count // 10), count)),
        "city": pa.array(np.array(_CITIES)[random.integers(0, len(_CITIES), count)]),
        "x0": pa.array(random.normal(size=count)),
    }
    if wide:
        for index in range(1, 6):
            made[f"x{index}"] = pa.array(random.normal(size=count), mask=random.random(count) < 0.05)
        made["visits"] = pa.array(random.integers(0, 20, count), mask=random.random(count) < 0.05)
        made["day"] = pa.array([dt.date(2024, 1, 1)], pa.date32()).take(pa.array(np.zeros(count, dtype="int64")))
    return pa.table(made)


def lookup(count: int) -> pa.Table:
    """Return the other side of the join: a row for every key."""
    import numpy as np
    import pyarrow as pa

    keys = np.arange(max(1, count // 10))
    return pa.table({"key": keys, "rate": keys / 7.0})


def money(count: int) -> pa.Table:
    """Return a city, and a price and a discount that are decimals."""
    import numpy as np
    import pyarrow as pa

    random = np.random.default_rng(count + 3)
    made: dict[str, pa.Array] = {
        "city": pa.array(np.array(_CITIES)[random.integers(0, len(_CITIES), count)], pa.string())
    }
    for name, most in (("price", 10_000_000), ("discount", 11)):
        cents = pa.array(random.integers(0, most, count)).cast(pa.decimal128(19, 0))
        made[name] = pa.Array.from_buffers(pa.decimal128(15, 2), count, cents.buffers())
    return pa.table(made)


def sums() -> tuple[Job, ...]:
    """Return operators that compute with decimals, over :func:`money`."""
    price, rest = _ref("price"), Binary(op="-", left=Literal.of(1), right=_ref("discount"))
    paid = Binary(op="*", left=price, right=rest)
    shown = (Column(name="city", expression=_ref("city")), Column(name="paid", expression=paid))
    totals = (
        _aggregate("sum_price", "sum", "price"),
        Column(name="sum_paid", expression=Aggregate(function="sum", arg=paid)),
        _aggregate("mean_discount", "mean", "discount"),
    )
    return (
        Job(tag="select", operator=Select(columns=shown), title="select, decimals"),
        Job(tag="group_by", operator=_grouped("city", totals), title="group by text, decimals"),
    )


def edges(count: int) -> pa.Table:
    """Return a random graph of ten edges a node."""
    import numpy as np
    import pyarrow as pa

    random = np.random.default_rng(count + 2)
    src, dst = random.integers(0, max(2, count // 10), (2, count))
    return pa.table({"src": src, "dst": dst})


def graphs() -> tuple[Job, ...]:
    """Return an operator of every kind over :func:`edges`."""
    start = Literal.of(0)
    return (
        Job(tag="pagerank", operator=PageRank(src="src", dst="dst", iterations=_STEPS), title="pagerank"),
        Job(
            tag="connected_components",
            operator=ConnectedComponents(src="src", dst="dst"),
            title="connected components",
        ),
        Job(
            tag="shortest_paths",
            operator=ShortestPaths(src="src", dst="dst", start=start),
            title="shortest paths",
        ),
    )


def training_rows(count: int) -> pa.Table:
    """Return scaled features and a target, as training gets them."""
    import numpy as np
    import pyarrow as pa

    random = np.random.default_rng(count + 1)
    features = random.normal(size=(count, len(FEATURES)))
    target = (features @ np.linspace(-1, 1, len(FEATURES)) + random.normal(size=count) > 0).astype(float)
    return pa.table({**{name: features[:, i] for i, name in enumerate(FEATURES)}, TARGET: target})


def operators(schema: Schema, count: int) -> tuple[Job, ...]:
    """Return an operator of every base kind but reads, over :func:`rows`."""
    floats = [column.name for column in schema if column.type == "float64"]
    half = Binary(op=">", left=_ref("x0"), right=Literal.of(0.0))
    few = Binary(op="and", left=half, right=Binary(op="!=", left=_ref("city"), right=Literal.of("Bern")))
    numbers = tuple(_aggregate(f"mean_{name}", "mean", name) for name in floats)
    return (
        Job(tag="filter", operator=Filter(condition=half), title="filter, half stay"),
        Job(tag="filter", operator=Filter(condition=few), title="filter by number and text"),
        Job(tag="select", operator=Select(columns=_computed(schema)), title="select, half computed"),
        Job(tag="select", operator=Select(columns=_prepared(schema)), title="select, as before training"),
        Job(tag="group_by", operator=_grouped("city", numbers), title="group by text, 10 groups"),
        Job(tag="group_by", operator=_grouped("key", numbers), title="group by number, 10 rows a group"),
        Job(tag="join", operator=Join(on=(("key", "key"),)), inputs=2, title="join, 10 to 1"),
        Job(
            tag="sort",
            operator=Sort(keys=(SortKey(expression=_ref("x0"), descending=True), SortKey(expression=_ref("id")))),
            title="sort by two columns",
        ),
        Job(tag="limit", operator=Limit(rows=max(1, count // 2)), title="limit to half"),
        Job(tag="split", operator=Split(fraction=0.8, seed=7, by=(half,)), title="split by a condition"),
        Job(tag="union", operator=Union(), inputs=2, twice=True, title="union with itself"),
        Job(tag="intersect", operator=Intersect(), inputs=2, twice=True, title="intersect with itself"),
        Job(tag="except_", operator=Except(), inputs=2, twice=True, title="except itself"),
    )


def pipelines(schema: Schema, count: int) -> tuple[tuple[Job, ...], ...]:
    """Return chains of operators over :func:`rows`, as stages have them; the costs of single operators are tried on them."""
    kinds = {job.title: job for job in operators(schema, count)}
    half, grouped = kinds["filter, half stay"], kinds["group by text, 10 groups"]
    joined, scaled = kinds["join, 10 to 1"], kinds["select, half computed"]
    return (
        (half, scaled, grouped),
        (joined, half, kinds["group by number, 10 rows a group"]),
        (scaled, half, kinds["sort by two columns"]),
        (kinds["filter by number and text"], joined, scaled),
    )


def identity(schema: Schema) -> Select:
    """Return the select that changes nothing: it makes a lazy platform compute."""
    return Select(columns=tuple(Column(name=name, expression=_ref(name)) for name in schema.names))


def largest(schema: Schema) -> GroupBy:
    """Return the largest value of every column: for it all have to be computed."""
    return GroupBy(aggregates=tuple(_aggregate(f"most_{i}", "max", name) for i, name in enumerate(schema.names)))


def frame(table: pa.Table, key: str = "rows") -> ReadFrame:
    """Return the source of a table in memory."""
    return ReadFrame(key=key, label=key, schema=schema_of(table.schema))


def training(epochs: int) -> LocalTask:
    """Return a task of gradient steps."""
    import numpy as np

    start = (named_array("weights", np.zeros(len(FEATURES))), named_array("intercept", np.zeros(1)))
    return LocalTask(
        model=LogisticRegression(l2=1e-3), features=FEATURES, parameters=start, epochs=epochs, learning_rate=0.5
    )


def scoring() -> ScoreTask:
    """Return a task that scores."""
    task = training(1)
    return ScoreTask(model=task.model, features=task.features, parameters=task.parameters)


def entered(engine: Engine, platform: Platform, table: pa.Table) -> Payload:
    """Return a table as rows of a platform, computed and held by it alone, in its own form."""
    if "read_frame" not in platform.operators:
        return engine.keep(table)
    source = frame(table)
    (payload,) = engine.apply(source, (), (), {source.key: table}, "here")
    return computed(engine, payload, source.schema) if "select" in platform.operators else payload


def computed(engine: Engine, payload: Payload, schema: Schema) -> Payload:
    """Compute a payload anew, whatever the platform holds of it."""
    (made,) = engine.apply(identity(schema), (payload,), (schema,), {}, "here")
    return engine.keep(made)


def csv_and_parquet(table: pa.Table, folder: Path, name: str) -> tuple[Path, Path]:
    """Write a table in both formats."""
    import pyarrow.csv as arrow_csv
    import pyarrow.parquet as pq

    paths = folder / f"{name}.csv", folder / f"{name}.parquet"
    arrow_csv.write_csv(table, paths[0])
    pq.write_table(table, paths[1])
    return paths


def _ref(name: str) -> ColumnRef:
    return ColumnRef(name=name)


def _aggregate(name: str, function: str, column: str) -> Column:
    return Column(name=name, expression=Aggregate(function=function, arg=_ref(column)))


def _grouped(key: str, aggregates: Iterable[Column]) -> GroupBy:
    counted = Column(name="n", expression=Aggregate(function="count"))
    return GroupBy(keys=(Column(name=key, expression=_ref(key)),), aggregates=(counted, *aggregates))


def _computed(schema: Schema) -> tuple[Column, ...]:
    """Return all columns, every other number scaled."""
    floats = [column.name for column in schema if column.type == "float64"][::2]
    return tuple(
        Column(name=name, expression=_scaled(_ref(name)) if name in floats else _ref(name)) for name in schema.names
    )


def _prepared(schema: Schema) -> tuple[Column, ...]:
    """Return the numbers filled and scaled, and the first cities as indicators: what preparing for training comes to."""
    numbers = [column.name for column in schema if column.type in ("float64", "int64") and column.name != "id"]
    filled = {
        name: Call(function="coalesce", args=(Cast(arg=_ref(name), to="float64"), Literal.of(0.1))) for name in numbers
    }
    levels = _CITIES[: len(numbers) // 2]
    return (
        *(Column(name=name, expression=_scaled(expression)) for name, expression in filled.items()),
        *(Column(name=f"city={level}", expression=_indicator("city", level)) for level in levels),
    )


def _scaled(x: AnyExpression) -> AnyExpression:
    return Binary(op="/", left=Binary(op="-", left=x, right=Literal.of(0.1)), right=Literal.of(1.3))


def _indicator(name: str, level: str) -> AnyExpression:
    same = Binary(op="==", left=_ref(name), right=Literal.of(level))
    return Case(condition=same, then=Literal.of(1.0), otherwise=Literal.of(0.0))
