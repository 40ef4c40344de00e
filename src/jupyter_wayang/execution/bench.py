"""A platform on the bench: everything that it does, over made-up rows of a size."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, cast

from jupyter_wayang.errors import WayangError
from jupyter_wayang.execution.timing import interleaved
from jupyter_wayang.plan.expressions import columns_of
from jupyter_wayang.plan.observation import Observation, Work
from jupyter_wayang.plan.operations import operations as operations_of
from jupyter_wayang.plan.operators import AnyOperator, GroupBy, ReadFile, ReadTable, Select
from jupyter_wayang.plan.schema import Schema
from jupyter_wayang.platforms.platform import (
    ARROW,
    FUNCTION_TAGS,
    GRAPH_OPERATORS,
    PARQUET,
    Engine,
    Payload,
    Platform,
    lazy,
)

if TYPE_CHECKING:
    import pyarrow as pa

    from jupyter_wayang.execution.calls_measured import Case

__all__ = [
    "ENOUGH_S",
    "Bench",
    "called",
    "conversions",
    "functions",
    "graphs",
    "learning",
    "operators",
    "reads",
    "schema_of_table",
    "stages",
]

ENOUGH_S = 0.4
"""Of one job: no more repeats."""
_EPOCHS = (1, 5)
_HANDED_ON = ("filter", "select", "group_by", "join", "union", "intersect", "except_")
"""Operators whose rows a platform that puts operators together hands on; what follows a sort would not need it."""
_LEAST_SHARE = 0.02  # of a whole job: a difference below is noise
_LONG_S = 1.0  # of one job, as the sizes before tell: it is left out


@dataclass
class Bench:
    """A running platform, and what was measured of it."""

    platform: Platform
    engine: Engine
    folder: Path
    repeats: int
    deadline: float = float("inf")
    found: list[Observation] = field(default_factory=list)
    stages: list[Observation] = field(default_factory=list)

    def record(
        self,
        tag: str,
        sizes: tuple[float, float, float],
        took: float,
        size: int,
        computed: tuple[float, float] = (0.0, 0.0),
    ) -> None:
        """Add what was measured: rows in, rows out and bytes in, the seconds, and operations (all, over decimals)."""
        rows, out, bytes_ = sizes
        every, exact = computed
        work = Work(
            platform=self.platform.name, tag=tag, rows=rows, out=out, bytes=bytes_, operations=every, decimals=exact
        )
        self.found.append(Observation(parts=(work,), seconds=took, group=f"{size:,}"))

    def too_long(self, tag: str, size: int) -> bool:
        """Tell whether something would take too long, as two smaller sizes of it tell, or if no time is left."""
        if perf_counter() > self.deadline:
            return True
        seen = [one for one in self.found if one.parts[0].tag == tag]
        if len({one.group for one in seen}) < 2:
            return False
        last = max(seen, key=lambda one: float(one.group.replace(",", "")))
        return last.seconds * size / float(last.group.replace(",", "")) > _LONG_S

    def fastest(self, jobs: Mapping[str, Callable[[], object]]) -> dict[str, float]:
        """Return the shortest time of each job, taken in turns."""
        return {name: min(took) for name, took in interleaved(jobs, self.repeats, enough_s=ENOUGH_S).items()}

    def entered(self, table: pa.Table) -> Payload:
        """Return a table as rows that the platform has, computed."""
        from jupyter_wayang.execution import workload

        payload = workload.entered(self.engine, self.platform, table)
        return self.held(payload, schema_of_table(table)) if self.lazy else payload

    def held(self, payload: Payload, schema: Schema) -> Payload:
        """Return rows computed, where a lazy platform scans them best: in a Parquet file if it writes such."""
        from jupyter_wayang.execution import workload

        ours, engine = self.platform.channel, self.engine
        if any((c.source, c.target) == (ours, PARQUET) for c in self.platform.conversions):
            return engine.convert(engine.convert(payload, ours, PARQUET, schema), PARQUET, ours, schema)
        return workload.computed(engine, payload, schema)

    @property
    def lazy(self) -> bool:
        """Whether operators are put together and run when rows are asked for."""
        return lazy(self.platform)

    def took(
        self, job: Callable[[], tuple[Payload, ...]], schema: Schema, read: Sequence[tuple[Payload, Schema]] = ()
    ) -> float:
        """Return the seconds of a job that makes payloads, without those of computing them from what is there.

        A platform that puts operators together hands rows from one to the next, and writes none down. So where the rows
        are known that the job ``read``, all of its rows are looked at, and then all of those: the difference counts.
        """
        from jupyter_wayang.execution.workload import computed

        if not self.lazy:
            return self.fastest({"job": lambda: [self.engine.keep(one) for one in job()]})["job"]
        if read:
            times = self.fastest(
                {
                    "job": lambda: [self.looked_at(one, schema) for one in job()],
                    "again": lambda: [self.looked_at(*one) for one in read],
                }
            )
            return max(times["job"] - times["again"], _LEAST_SHARE * times["job"])
        held = [self.held(one, schema) for one in job()]
        times = self.fastest(
            {
                "job": lambda: [computed(self.engine, one, schema) for one in job()],
                "again": lambda: [computed(self.engine, one, schema) for one in held],
            }
        )
        return max(times["job"] - times["again"], _LEAST_SHARE * times["job"])

    def read(
        self, operator: AnyOperator, payloads: tuple[Payload, ...], schemas: tuple[Schema, ...]
    ) -> list[tuple[Payload, Schema]]:
        """Return the columns that an operator reads, of rows that are there."""
        from jupyter_wayang.execution.workload import identity

        if not isinstance(operator, Select | GroupBy):
            return list(zip(payloads, schemas, strict=True))
        columns = (*operator.keys, *operator.aggregates) if isinstance(operator, GroupBy) else operator.columns
        names = {name for column in columns for name in columns_of(column.expression)}
        some = Schema(columns=tuple(column for column in schemas[0] if column.name in names))
        (narrow,) = self.engine.apply(identity(some), payloads, schemas, {}, "here")
        return [(narrow, some)]

    def looked_at(self, payload: Payload, schema: Schema) -> Payload:
        """Compute every value of a payload, and keep next to nothing."""
        from jupyter_wayang.execution.workload import largest

        (made,) = self.engine.apply(largest(schema), (payload,), (schema,), {}, "here")
        return self.engine.keep(made)

    def runs(self, operator: AnyOperator, schemas: tuple[Schema, ...]) -> bool:
        """Tell whether the platform runs an operator over such columns."""
        tag = str(type(operator).__struct_config__.tag)
        return tag in self.platform.operators and self.platform.refuses(operator, schemas) is None

    def operator(self, operator: AnyOperator, size: int, inputs: tuple[pa.Table, ...], bytes_: int) -> None:
        """Measure an operator over tables; for a source, bytes are what it reads."""
        tag = str(type(operator).__struct_config__.tag)
        source = tag.startswith("read_")
        schemas = () if source else tuple(schema_of_table(table) for table in inputs)
        if not self.runs(operator, schemas) or self.too_long(tag, size):
            return
        payloads = () if source else tuple(self.entered(table) for table in inputs)
        frames = {"rows": inputs[0]}

        def job() -> tuple[Payload, ...]:
            return self.engine.apply(operator, payloads, schemas, frames, "here")

        made = job()
        out = sum(self.engine.count(one) for one in made)
        (schema, *_) = [one for one in operator.outputs(schemas) if isinstance(one, Schema)]
        rows = sum(table.num_rows for table in inputs)
        read = self.read(operator, payloads, schemas) if tag in _HANDED_ON else ()
        every, exact = operations_of(operator, schemas)
        self.record(tag, (rows, out, bytes_), self.took(job, schema, read), size, (every * rows, exact * rows))


def reads(bench: Bench, size: int) -> None:
    """Measure the sources: files of two formats and two widths, a table in memory, a table in a database."""
    from jupyter_wayang.execution import workload

    for wide in (False, True):
        table = workload.rows(size, wide=wide)
        schema = schema_of_table(table)
        for path in workload.csv_and_parquet(table, bench.folder, f"rows-{size}-{wide}"):
            operator = ReadFile(path=str(path), format=path.suffix[1:], schema=schema)  # type: ignore[arg-type]
            bench.operator(operator, size, (table,), path.stat().st_size)
        bench.operator(workload.frame(table), size, (table,), size * schema.row_bytes)
        if "read_table" in bench.platform.operators:
            _table(bench, size, table, schema, bench.folder / f"rows-{size}-{wide}.duckdb")


def _table(bench: Bench, size: int, table: pa.Table, schema: Schema, path: Path) -> None:
    import duckdb

    with duckdb.connect(str(path)) as connection:
        connection.register("made", table)
        connection.execute("CREATE OR REPLACE TABLE rows AS SELECT * FROM made")
    with suppress(WayangError):  # a platform that reads other databases only
        operator = ReadTable(database=str(path), table="rows", schema=schema)
        bench.operator(operator, size, (table,), size * schema.row_bytes)


def operators(bench: Bench, size: int) -> None:
    """Measure everything that takes rows and makes rows."""
    from jupyter_wayang.execution import workload

    for wide in (False, True):
        table, other = workload.rows(size, wide=wide), workload.lookup(size)
        for case in workload.operators(schema_of_table(table), size):
            inputs = (table, table) if case.twice else (table, other)[: case.inputs]
            bytes_ = sum(one.num_rows * schema_of_table(one).row_bytes for one in inputs)
            bench.operator(case.operator, size, inputs, bytes_)
    money = workload.money(size)
    for case in workload.sums():
        bench.operator(case.operator, size, (money,), size * schema_of_table(money).row_bytes)


def functions(bench: Bench, size: int) -> None:
    """Measure operators that call functions of the notebook, with functions that do next to nothing."""
    from jupyter_wayang.execution import calls_measured, workload

    if not bench.platform.operators & set(FUNCTION_TAGS):
        return
    for wide in (False, True):
        tables = workload.rows(size, wide=wide), workload.lookup(size)
        for case in calls_measured.cases():
            inputs = tables[: case.inputs]
            schemas = tuple(schema_of_table(table) for table in inputs)
            if not bench.runs(cast("AnyOperator", case.operator), schemas):
                continue
            job = partial(called, bench.engine, case, tuple(bench.entered(one) for one in inputs), schemas)
            rows, bytes_ = (
                sum(t.num_rows for t in inputs),
                sum(t.num_rows * schema_of_table(t).row_bytes for t in inputs),
            )
            tag = str(type(case.operator).__struct_config__.tag)
            bench.record(tag, (rows, bench.engine.count(job()), bytes_), bench.fastest({"job": job})["job"], size)


def called(engine: Engine, case: Case, inputs: tuple[Payload, ...], schemas: tuple[Schema, ...]) -> Payload:
    """Call a function over tables, as a run does."""
    import pickle

    from jupyter_wayang.platforms.functions import Call, Function, FunctionEngine

    call = Call(function=Function(name="measured", pickled=pickle.dumps(case.function)))
    return cast("FunctionEngine", engine).call(case.operator, inputs, schemas, call)


def graphs(bench: Bench, size: int) -> None:
    """Measure operators over edges.."""
    from jupyter_wayang.execution import workload

    if not bench.platform.operators & set(GRAPH_OPERATORS):
        return
    table = workload.edges(size)
    for case in workload.graphs():
        bench.operator(case.operator, size, (table,), size * schema_of_table(table).row_bytes)


def learning(bench: Bench, size: int) -> None:
    """Measure training for one and for several epochs, and scoring. An epoch is what comes out of an update."""
    from jupyter_wayang.execution import workload

    if "local_update" not in bench.platform.operators or bench.too_long("local_update", size):
        return
    table = workload.training_rows(size)
    bytes_ = size * schema_of_table(table).row_bytes
    payload = workload.entered(bench.engine, bench.platform, table)
    jobs: dict[str, Callable[[], object]] = {"score": partial(bench.engine.score, payload, workload.scoring())}
    for epochs in _EPOCHS:
        jobs[str(epochs)] = partial(bench.engine.update, payload, workload.training(epochs))
    times = bench.fastest(jobs)
    bench.record("score", (size, 20, bytes_), times["score"], size)
    for epochs in _EPOCHS:
        bench.record("local_update", (size * epochs, epochs, bytes_), times[str(epochs)], size)


def conversions(bench: Bench, size: int) -> None:
    """Measure the platform's own conversions, at two widths."""
    from jupyter_wayang.execution import workload
    from jupyter_wayang.platforms import channels

    if not bench.platform.conversions:
        return
    for wide in (False, True):
        table = workload.rows(size, wide=wide)
        schema = schema_of_table(table)
        held = {ARROW: table, PARQUET: channels.convert(table, ARROW, PARQUET, bench.folder)}
        held[bench.platform.channel] = workload.entered(bench.engine, bench.platform, table)
        for one in bench.platform.conversions:
            if one.source in held:
                _conversion(bench, one.source, one.target, held[one.source], schema, size)


def _conversion(bench: Bench, source: str, target: str, payload: Payload, schema: Schema, size: int) -> None:
    def job() -> tuple[Payload, ...]:
        return (bench.engine.convert(payload, source, target, schema),)

    inside = target == bench.platform.channel
    took = bench.took(job, schema) if inside else bench.fastest({"job": job})["job"]
    bench.record(f"{source}>{target}", (size, size, size * schema.row_bytes), took, size)


def stages(bench: Bench, size: int) -> None:
    """Measure several operators together, which nothing is fitted on."""
    from jupyter_wayang.execution import workload

    table, other = workload.rows(size), workload.lookup(size)
    for number, jobs in enumerate(workload.pipelines(schema_of_table(table), size)):
        with suppress(WayangError):  # a platform that runs one of the operators, but not on these columns
            _stage(bench, jobs, (table, other), f"stage {number} of {size:,}")


def _stage(bench: Bench, jobs: tuple[object, ...], tables: tuple[pa.Table, pa.Table], group: str) -> None:
    from jupyter_wayang.execution.workload import Job

    steps = [job for job in jobs if isinstance(job, Job)]
    schemas = (schema_of_table(tables[0]),)
    payloads = tuple(bench.entered(table) for table in tables)
    parts: list[Work] = []
    made, schema = payloads[0], schemas[0]
    for step in steps:
        inputs = ((made, schema), (payloads[1], schema_of_table(tables[1])))[: step.inputs]
        if not bench.runs(step.operator, tuple(one for _, one in inputs)):
            return
        counts = [bench.engine.count(one) for one, _ in inputs]
        bytes_ = sum(n * one.row_bytes for n, (_, one) in zip(counts, inputs, strict=True))
        made, schema = _applied(bench, step.operator, inputs)
        every, exact = operations_of(step.operator, tuple(one for _, one in inputs))
        work = Work(
            platform=bench.platform.name,
            tag=step.tag,
            rows=sum(counts),
            out=bench.engine.count(made),
            bytes=bytes_,
            operations=every * sum(counts),
            decimals=exact * sum(counts),
        )
        parts.append(work)

    def job() -> tuple[Payload, ...]:
        rows, columns = payloads[0], schemas[0]
        for step in steps:
            given = ((rows, columns), (payloads[1], schema_of_table(tables[1])))[: step.inputs]
            rows, columns = _applied(bench, step.operator, given)
        return (rows,)

    read = list(zip(payloads, map(schema_of_table, tables), strict=True))[: max(step.inputs for step in steps)]
    took = bench.took(job, schema, read if all(step.tag in _HANDED_ON for step in steps) else ())
    bench.stages.append(Observation(parts=tuple(parts), seconds=took, group=group))


def _applied(bench: Bench, operator: AnyOperator, inputs: tuple[tuple[Payload, Schema], ...]) -> tuple[Payload, Schema]:
    schemas = tuple(schema for _, schema in inputs)
    (made, *_) = bench.engine.apply(operator, tuple(payload for payload, _ in inputs), schemas, {}, "here")
    (schema, *_) = [one for one in operator.outputs(schemas) if isinstance(one, Schema)]
    return made, schema


def schema_of_table(table: pa.Table) -> Schema:
    """Return the columns of a table."""
    from jupyter_wayang.plan.rows import schema_of

    return schema_of(table.schema)
