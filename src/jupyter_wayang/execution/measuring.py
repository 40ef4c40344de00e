"""Measuring a platform on this machine, in a process of its own: ``python -m jupyter_wayang.execution.measuring duckdb``.

Operators go through the seam that plans run through. Where a platform only puts operators together, an operator costs
what computing its rows takes longer than computing the same rows from rows that are there. Of repeats the shortest
counts: whatever else the machine does makes a job slower, never faster. The start-up is how much longer the first job
takes than the second; so little is imported before it, for what is there already costs a platform nothing.

Every line of the output is JSON: how far it is, and at the end a :class:`Measured`.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from io import BytesIO
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, cast

import msgspec

from jupyter_wayang.errors import WayangError
from jupyter_wayang.plan.observation import Observation, Work
from jupyter_wayang.plan.operators import AnyOperator, PageRank, ReadFile, ReadTable
from jupyter_wayang.plan.schema import Schema
from jupyter_wayang.platforms.platform import ARROW, FUNCTION_TAGS, GRAPH_OPERATORS, PARQUET, Engine, Payload, Platform

if TYPE_CHECKING:
    import pyarrow as pa

    from jupyter_wayang.execution.calls_measured import Case

__all__ = [
    "NO_ENGINE",
    "QUICK",
    "THOROUGH",
    "USUAL",
    "Effort",
    "Measured",
    "Progress",
    "interleaved",
    "measure",
    "seconds",
]

NO_ENGINE = "channels"
"""In place of a platform: the conversions that need no engine."""

_EPOCHS = (1, 5)
_LEAST_SHARE = 0.02  # of a whole job: a difference below is noise
_ENOUGH_S = 0.4  # of one job: no more repeats
_QUICK, _QUICK_S = 5, 0.03  # times the repeats, while all take no longer
_LONG_S = 1.0  # of one job, as the sizes before tell: it is left out


class Effort(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How thoroughly is measured: numbers of rows, repeats, the rows of stages that are held out, and seconds at most.

    What there was no time for is left out, the largest sizes first.
    """

    sizes: tuple[int, ...]
    repeats: int
    held_out: tuple[int, ...]
    budget_s: float | None = None


QUICK = Effort(sizes=(50, 2_000), repeats=1, held_out=(500,))
USUAL = Effort(sizes=(100, 10_000, 60_000), repeats=3, held_out=(1_000, 30_000))
THOROUGH = Effort(sizes=(100, 10_000, 300_000), repeats=5, held_out=(1_000, 40_000))


class Progress(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag=True):
    """How far it is: the share that is done, and what is next."""

    share: float
    text: str


class Measured(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag=True):
    """What was measured of a platform.

    ``observations`` are of one operator or conversion each; ``stages`` are of several operators together, for seeing
    how well what was fitted on the others does.
    """

    platform: str
    start_up_s: float
    observations: tuple[Observation, ...]
    stages: tuple[Observation, ...]


def seconds(job: Callable[[], object]) -> float:
    """Return how long a job takes, once."""
    began = perf_counter()
    job()
    return perf_counter() - began


def interleaved(
    jobs: Mapping[str, Callable[[], object]], repeats: int, *, enough_s: float = float("inf")
) -> dict[str, list[float]]:
    """Time several jobs in turns, so that what else the machine does meets all of them; each runs once before.

    No more turns are taken after ``enough_s`` seconds; of jobs that take longer than that, the first run counts. Quick
    jobs get more turns than they were promised: others on the machine disturb them most.
    """
    first = {name: seconds(job) for name, job in jobs.items()}
    if sum(first.values()) > enough_s:
        return {name: [took] for name, took in first.items()}
    times: dict[str, list[float]] = {name: [] for name in jobs}
    began, turn = perf_counter(), 0
    while turn < repeats or (turn < _QUICK * repeats and perf_counter() - began < min(_QUICK_S, enough_s)):
        if turn and perf_counter() - began > enough_s:
            break
        for name, job in jobs.items():
            times[name].append(seconds(job))
        turn += 1
    return times


@dataclass
class _Bench:
    """A running platform, and what was measured of it."""

    platform: Platform
    engine: Engine
    folder: Path
    repeats: int
    deadline: float = float("inf")
    found: list[Observation] = field(default_factory=list)
    stages: list[Observation] = field(default_factory=list)

    def record(self, tag: str, sizes: tuple[float, float, float], took: float, size: int) -> None:
        rows, out, bytes_ = sizes
        work = Work(platform=self.platform.name, tag=tag, rows=rows, out=out, bytes=bytes_)
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
        return {name: min(took) for name, took in interleaved(jobs, self.repeats, enough_s=_ENOUGH_S).items()}

    def entered(self, table: pa.Table) -> Payload:
        from jupyter_wayang.execution import workload

        payload = workload.entered(self.engine, self.platform, table)
        return self.held(payload, _schema(table)) if self.lazy else payload

    def held(self, payload: Payload, schema: Schema) -> Payload:
        """Return rows computed, where a lazy platform scans them best: in a Parquet file if it writes such."""
        from jupyter_wayang.execution import workload

        ours, engine = self.platform.channel, self.engine
        if any((c.source, c.target) == (ours, PARQUET) for c in self.platform.conversions):
            return engine.convert(engine.convert(payload, ours, PARQUET, schema), PARQUET, ours, schema)
        return workload.computed(engine, payload, schema)

    @property
    def lazy(self) -> bool:
        from jupyter_wayang.execution import workload

        return workload.lazy(self.platform)

    def took(self, job: Callable[[], tuple[Payload, ...]], schema: Schema) -> float:
        """Return the seconds of a job that makes payloads, without those of computing them from what is there."""
        from jupyter_wayang.execution.workload import computed

        if not self.lazy:
            return self.fastest({"job": lambda: [self.engine.keep(one) for one in job()]})["job"]
        held = [self.held(one, schema) for one in job()]
        times = self.fastest(
            {
                "job": lambda: [computed(self.engine, one, schema) for one in job()],
                "again": lambda: [computed(self.engine, one, schema) for one in held],
            }
        )
        return max(times["job"] - times["again"], _LEAST_SHARE * times["job"])

    def runs(self, operator: AnyOperator, schemas: tuple[Schema, ...]) -> bool:
        tag = str(type(operator).__struct_config__.tag)
        return tag in self.platform.operators and self.platform.refuses(operator, schemas) is None

    def operator(self, operator: AnyOperator, size: int, inputs: tuple[pa.Table, ...], bytes_: int) -> None:
        """Measure an operator over tables; for a source, bytes are what it reads."""
        tag = str(type(operator).__struct_config__.tag)
        source = tag.startswith("read_")
        schemas = () if source else tuple(_schema(table) for table in inputs)
        if not self.runs(operator, schemas) or self.too_long(tag, size):
            return
        payloads = () if source else tuple(self.entered(table) for table in inputs)
        frames = {"rows": inputs[0]}

        def job() -> tuple[Payload, ...]:
            return self.engine.apply(operator, payloads, schemas, frames, "here")

        made = job()
        out = sum(self.engine.count(one) for one in made)
        (schema, *_) = [one for one in operator.outputs(schemas) if isinstance(one, Schema)]
        turns = operator.iterations if isinstance(operator, PageRank) else 1
        rows = sum(table.num_rows for table in inputs) * turns
        self.record(tag, (rows, out, bytes_), self.took(job, schema), size)


def _reads(bench: _Bench, size: int) -> None:
    """Measure the sources: files of two formats and two widths, a table in memory, a table in a database."""
    from jupyter_wayang.execution import workload

    for wide in (False, True):
        table = workload.rows(size, wide=wide)
        schema = _schema(table)
        for path in workload.csv_and_parquet(table, bench.folder, f"rows-{size}-{wide}"):
            operator = ReadFile(path=str(path), format=path.suffix[1:], schema=schema)  # type: ignore[arg-type]
            bench.operator(operator, size, (table,), path.stat().st_size)
        bench.operator(workload.frame(table), size, (table,), size * schema.row_bytes)
        if "read_table" in bench.platform.operators:
            _table(bench, size, table, schema, bench.folder / f"rows-{size}-{wide}.duckdb")


def _table(bench: _Bench, size: int, table: pa.Table, schema: Schema, path: Path) -> None:
    import duckdb

    with duckdb.connect(str(path)) as connection:
        connection.register("made", table)
        connection.execute("CREATE OR REPLACE TABLE rows AS SELECT * FROM made")
    with suppress(WayangError):  # a platform that reads other databases only
        operator = ReadTable(database=str(path), table="rows", schema=schema)
        bench.operator(operator, size, (table,), size * schema.row_bytes)


def _operators(bench: _Bench, size: int) -> None:
    """Measure everything that takes rows and makes rows."""
    from jupyter_wayang.execution import workload

    for wide in (False, True):
        table, other = workload.rows(size, wide=wide), workload.lookup(size)
        for case in workload.operators(_schema(table), size):
            inputs = (table, table) if case.twice else (table, other)[: case.inputs]
            bytes_ = sum(one.num_rows * _schema(one).row_bytes for one in inputs)
            bench.operator(case.operator, size, inputs, bytes_)


def _functions(bench: _Bench, size: int) -> None:
    """Measure operators that call functions of the notebook, with functions that do next to nothing."""
    from jupyter_wayang.execution import calls_measured, workload

    if not bench.platform.operators & set(FUNCTION_TAGS):
        return
    for wide in (False, True):
        tables = workload.rows(size, wide=wide), workload.lookup(size)
        for case in calls_measured.cases():
            inputs = tables[: case.inputs]
            schemas = tuple(_schema(table) for table in inputs)
            if not bench.runs(cast("AnyOperator", case.operator), schemas):
                continue
            job = partial(_called, bench.engine, case, tuple(bench.entered(one) for one in inputs), schemas)
            rows, bytes_ = sum(t.num_rows for t in inputs), sum(t.num_rows * _schema(t).row_bytes for t in inputs)
            tag = str(type(case.operator).__struct_config__.tag)
            bench.record(tag, (rows, bench.engine.count(job()), bytes_), bench.fastest({"job": job})["job"], size)


def _called(engine: Engine, case: Case, inputs: tuple[Payload, ...], schemas: tuple[Schema, ...]) -> Payload:
    import pickle

    from jupyter_wayang.platforms.functions import Call, Function, FunctionEngine

    call = Call(function=Function(name="measured", pickled=pickle.dumps(case.function)))
    return cast("FunctionEngine", engine).call(case.operator, inputs, schemas, call)


def _graphs(bench: _Bench, size: int) -> None:
    """Measure operators over edges. The rows of PageRank come in once a step."""
    from jupyter_wayang.execution import workload

    if not bench.platform.operators & set(GRAPH_OPERATORS):
        return
    table = workload.edges(size)
    for case in workload.graphs():
        bench.operator(case.operator, size, (table,), size * _schema(table).row_bytes)


def _learning(bench: _Bench, size: int) -> None:
    """Measure training for one and for several epochs, and scoring. An epoch is what comes out of an update."""
    from jupyter_wayang.execution import workload

    if "local_update" not in bench.platform.operators or bench.too_long("local_update", size):
        return
    table = workload.training_rows(size)
    bytes_ = size * _schema(table).row_bytes
    payload = workload.entered(bench.engine, bench.platform, table)
    jobs: dict[str, Callable[[], object]] = {"score": partial(bench.engine.score, payload, workload.scoring())}
    for epochs in _EPOCHS:
        jobs[str(epochs)] = partial(bench.engine.update, payload, workload.training(epochs))
    times = bench.fastest(jobs)
    bench.record("score", (size, 20, bytes_), times["score"], size)
    for epochs in _EPOCHS:
        bench.record("local_update", (size * epochs, epochs, bytes_), times[str(epochs)], size)


def _conversions(bench: _Bench, size: int) -> None:
    """Measure the platform's own conversions, at two widths."""
    from jupyter_wayang.execution import workload
    from jupyter_wayang.platforms import channels

    if not bench.platform.conversions:
        return
    for wide in (False, True):
        table = workload.rows(size, wide=wide)
        schema = _schema(table)
        held = {ARROW: table, PARQUET: channels.convert(table, ARROW, PARQUET, bench.folder)}
        held[bench.platform.channel] = workload.entered(bench.engine, bench.platform, table)
        for one in bench.platform.conversions:
            if one.source in held:
                _conversion(bench, one.source, one.target, held[one.source], schema, size)


def _conversion(bench: _Bench, source: str, target: str, payload: Payload, schema: Schema, size: int) -> None:
    def job() -> tuple[Payload, ...]:
        return (bench.engine.convert(payload, source, target, schema),)

    inside = target == bench.platform.channel
    took = bench.took(job, schema) if inside else bench.fastest({"job": job})["job"]
    bench.record(f"{source}>{target}", (size, size, size * schema.row_bytes), took, size)


def _stages(bench: _Bench, size: int) -> None:
    """Measure several operators together, which nothing is fitted on."""
    from jupyter_wayang.execution import workload

    table, other = workload.rows(size), workload.lookup(size)
    for number, jobs in enumerate(workload.pipelines(_schema(table), size)):
        with suppress(WayangError):  # a platform that runs one of the operators, but not on these columns
            _stage(bench, jobs, (table, other), f"stage {number} of {size:,}")


def _stage(bench: _Bench, jobs: tuple[object, ...], tables: tuple[pa.Table, pa.Table], group: str) -> None:
    from jupyter_wayang.execution.workload import Job

    steps = [job for job in jobs if isinstance(job, Job)]
    schemas = (_schema(tables[0]),)
    payloads = tuple(bench.entered(table) for table in tables)
    parts: list[Work] = []
    made, schema = payloads[0], schemas[0]
    for step in steps:
        inputs = ((made, schema), (payloads[1], _schema(tables[1])))[: step.inputs]
        if not bench.runs(step.operator, tuple(one for _, one in inputs)):
            return
        counts = [bench.engine.count(one) for one, _ in inputs]
        bytes_ = sum(n * one.row_bytes for n, (_, one) in zip(counts, inputs, strict=True))
        made, schema = _applied(bench, step.operator, inputs)
        work = Work(
            platform=bench.platform.name, tag=step.tag, rows=sum(counts), out=bench.engine.count(made), bytes=bytes_
        )
        parts.append(work)

    def job() -> tuple[Payload, ...]:
        rows, columns = payloads[0], schemas[0]
        for step in steps:
            given = ((rows, columns), (payloads[1], _schema(tables[1])))[: step.inputs]
            rows, columns = _applied(bench, step.operator, given)
        return (rows,)

    bench.stages.append(Observation(parts=tuple(parts), seconds=bench.took(job, schema), group=group))


def _applied(
    bench: _Bench, operator: AnyOperator, inputs: tuple[tuple[Payload, Schema], ...]
) -> tuple[Payload, Schema]:
    schemas = tuple(schema for _, schema in inputs)
    (made, *_) = bench.engine.apply(operator, tuple(payload for payload, _ in inputs), schemas, {}, "here")
    (schema, *_) = [one for one in operator.outputs(schemas) if isinstance(one, Schema)]
    return made, schema


def _schema(table: pa.Table) -> Schema:
    from jupyter_wayang.plan.rows import schema_of

    return schema_of(table.schema)


def _first_job(engine: Engine, platform: Platform) -> None:
    """Filter a few rows, or train on them where a platform does nothing else."""
    import numpy as np
    from pyarrow import csv

    from jupyter_wayang.execution import calls_measured
    from jupyter_wayang.plan.expressions import Binary, ColumnRef, Literal
    from jupyter_wayang.plan.models import LogisticRegression, named_array
    from jupyter_wayang.plan.operators import Filter, ReadFrame
    from jupyter_wayang.plan.tasks import TARGET, LocalTask

    # By way of CSV, since Arrow loads pandas where it makes arrays.
    table = csv.read_csv(BytesIO(f"x,{TARGET}\n1.5,1.0\n-0.5,0.0\n2.5,1.0\n0.5,1.0\n-1.5,0.0\n".encode()))
    schema = _schema(table)
    if "read_frame" not in platform.operators:
        if "local_update" in platform.operators:
            start = (named_array("weights", np.zeros(1)), named_array("intercept", np.zeros(1)))
            engine.update(table, LocalTask(model=LogisticRegression(), features=("x",), parameters=start))
        return
    (rows,) = engine.apply(ReadFrame(key="rows", label="rows", schema=schema), (), (), {"rows": table}, "here")
    if "filter" in platform.operators:
        condition = Binary(op=">", left=ColumnRef(name="x"), right=Literal.of(0.0))
        (rows,) = engine.apply(Filter(condition=condition), (rows,), (schema,), {}, "here")
    elif "filter_by" in platform.operators:
        _called(engine, calls_measured.FIRST, (rows,), (schema,))
    if platform.channel != ARROW:
        engine.convert(rows, platform.channel, ARROW, schema)


def _started(platform: Platform, folder: Path) -> tuple[Engine, float]:
    """Open a platform; how much longer its first job takes than its second is its start-up."""
    began = perf_counter()
    engine = platform.open(folder)
    _first_job(engine, platform)
    opened = perf_counter()
    _first_job(engine, platform)
    again = perf_counter() - opened
    return engine, max(0.0, opened - began - again)


def _steps(platform: Platform, effort: Effort) -> list[tuple[Callable[[_Bench, int], None], int]]:
    """Return what is measured, in an order in which the end can be left out: two sizes, a stage, and then the rest."""
    few, many = effort.sizes[:2], effort.sizes[2:]
    held = effort.held_out if "read_frame" in platform.operators else ()
    kinds = (_reads, _operators, _functions, _graphs, _learning, _conversions)
    return [
        *((what, size) for size in few for what in kinds),
        *((_stages, size) for size in held[:1]),
        *((what, size) for size in many for what in kinds),
        *((_stages, size) for size in held[1:]),
    ]


def measure(platform: Platform, effort: Effort, told: Callable[[Progress], None]) -> Measured:
    """Measure everything that a platform does.

    Parameters
    ----------
    platform
        A platform that can be used here.
    effort
        How thoroughly.
    told
        Told how far it is.
    """
    began = perf_counter()
    with tempfile.TemporaryDirectory() as scratch:
        told(Progress(share=0.0, text=f"{platform.title}: starting"))
        engine, start_up_s = _started(platform, Path(scratch))
        bench = _Bench(platform=platform, engine=engine, folder=Path(scratch), repeats=effort.repeats)
        if effort.budget_s is not None:
            bench.deadline = began + effort.budget_s
        steps = _steps(platform, effort)
        for number, (what, size) in enumerate(steps):
            if perf_counter() > bench.deadline:
                break
            name = what.__name__.strip("_")
            told(Progress(share=(number + 0.5) / (len(steps) + 1), text=f"{platform.title}: {name}, {size:,} rows"))
            what(bench, size)
        engine.close()
    return Measured(
        platform=platform.name, start_up_s=start_up_s, observations=tuple(bench.found), stages=tuple(bench.stages)
    )


def measure_channels(effort: Effort, told: Callable[[Progress], None]) -> Measured:
    """Measure the conversions that need no engine."""
    from jupyter_wayang.execution import workload
    from jupyter_wayang.platforms import channels

    found: list[Observation] = []
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        for number, size in enumerate(effort.sizes):
            told(Progress(share=number / len(effort.sizes), text=f"Arrow and Parquet: {size:,} rows"))
            for wide in (False, True):
                table = workload.rows(size, wide=wide)
                held = {ARROW: table, PARQUET: channels.convert(table, ARROW, PARQUET, folder)}
                for one in channels.CONVERSIONS:
                    job = partial(channels.convert, held[one.source], one.source, one.target, folder)
                    times = interleaved({"job": job}, effort.repeats, enough_s=_ENOUGH_S)
                    bytes_ = size * _schema(table).row_bytes
                    work = Work(platform=None, tag=f"{one.source}>{one.target}", rows=size, out=size, bytes=bytes_)
                    found.append(Observation(parts=(work,), seconds=min(times["job"]), group=f"{size:,}"))
    return Measured(platform=NO_ENGINE, start_up_s=0.0, observations=tuple(found), stages=())


def main(arguments: list[str] | None = None) -> None:
    """Measure a platform and write what was found."""
    from jupyter_wayang.platforms.registry import named

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("platform", help=f"the name of a platform, or {NO_ENGINE}")
    parser.add_argument("effort", help="an effort as JSON")
    options = parser.parse_args(arguments)
    effort = msgspec.json.decode(options.effort, type=Effort)

    def told(line: Progress | Measured) -> None:
        sys.stdout.write(msgspec.json.encode(line).decode() + "\n")
        sys.stdout.flush()

    if options.platform == NO_ENGINE:
        told(measure_channels(effort, told))
    else:
        (platform,) = named([options.platform])
        told(measure(platform, effort, told))


if __name__ == "__main__":
    main()
