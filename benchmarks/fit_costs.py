"""Measure what platforms cost on this machine, and write it down as the coefficients that the optimizer plans with.

Operators go through the seam that plans run through. Where a platform only puts operators together, an operator costs
what computing its rows takes longer than computing the same rows from rows that are there. Of repeats the shortest
counts: whatever else the machine does makes a job slower, never faster.

``python benchmarks/fit_costs.py`` writes ``costs.py`` of every platform and ``platforms/channel_costs.py``;
``--into FOLDER`` writes them elsewhere, ``--quick`` tries out small sizes and writes nothing unless told where.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from fitting import Fitted, Measurement, channel_file, cost_file, estimated, fit, replaced
from workload import (
    computed,
    csv_and_parquet,
    entered,
    frame,
    interleaved,
    lazy,
    lookup,
    machine_class,
    operators,
    rows,
    scoring,
    training,
    training_rows,
)

from jupyter_wayang.plan.operators import AnyOperator, ReadFile, ReadTable
from jupyter_wayang.plan.rows import schema_of
from jupyter_wayang.plan.schema import Schema
from jupyter_wayang.platforms import channels
from jupyter_wayang.platforms.platform import (
    ARROW,
    BASE_OPERATORS,
    LEARNING_OPERATORS,
    PARQUET,
    Engine,
    Payload,
    Platform,
)
from jupyter_wayang.platforms.registry import installed

if TYPE_CHECKING:
    import pyarrow as pa

SIZES = (100, 10_000, 300_000)
QUICK_SIZES = (50, 2_000)
EPOCHS = (1, 5)
_LEAST_SHARE = 0.02  # of a whole job: a difference below is noise
_PLATFORMS = Path(channels.__file__).parent


@dataclass
class Bench:
    """A running platform, and what was measured of it, by tag of the operator or name of the conversion."""

    platform: Platform
    engine: Engine
    folder: Path
    repeats: int
    found: dict[str, list[Measurement]] = field(default_factory=dict)

    def record(self, tag: str, point: Measurement) -> None:
        """Add a measurement."""
        self.found.setdefault(tag, []).append(point)

    def held(self, payload: Payload, schema: Schema) -> Payload:
        """Return rows computed, where a lazy platform scans them best: in a Parquet file if it writes such."""
        ours, engine = self.platform.channel, self.engine
        if any((c.source, c.target) == (ours, PARQUET) for c in self.platform.conversions):
            return engine.convert(engine.convert(payload, ours, PARQUET, schema), PARQUET, ours, schema)
        return computed(engine, payload, schema)

    def took(self, job: Callable[[], tuple[Payload, ...]], schema: Schema) -> float:
        """Return the seconds of a job that makes payloads, without those of computing them from what is there."""
        if not lazy(self.platform):
            return min(interleaved({"job": lambda: [self.engine.keep(one) for one in job()]}, self.repeats)["job"])
        held = [self.held(one, schema) for one in job()]
        times = interleaved(
            {
                "job": lambda: [computed(self.engine, one, schema) for one in job()],
                "again": lambda: [computed(self.engine, one, schema) for one in held],
            },
            self.repeats,
        )
        whole = min(times["job"])
        return max(whole - min(times["again"]), _LEAST_SHARE * whole)

    def operator(self, tag: str, operator: AnyOperator, size: int, inputs: tuple[pa.Table, ...], bytes_: int) -> None:
        """Measure an operator over tables; for a source, bytes are what it reads."""
        if tag not in self.platform.operators:
            return
        source = tag.startswith("read_")
        schemas = () if source else tuple(schema_of(table.schema) for table in inputs)
        payloads = () if source else tuple(entered(self.engine, self.platform, table) for table in inputs)
        if lazy(self.platform):
            payloads = tuple(self.held(*each) for each in zip(payloads, schemas, strict=True))
        frames = {"rows": inputs[0]}

        def job() -> tuple[Payload, ...]:
            return self.engine.apply(operator, payloads, schemas, frames, "here")

        made = job()
        out = sum(self.engine.count(one) for one in made)
        (schema, *_) = [one for one in operator.outputs(schemas) if isinstance(one, Schema)]
        took = self.took(job, schema)
        rows_in = sum(table.num_rows for table in inputs)
        self.record(tag, Measurement(size=size, rows=rows_in, out=out, bytes=bytes_, seconds=took))


def measure_reads(bench: Bench, size: int) -> None:
    """Measure the sources: files of two formats and two widths, a table in memory, a table in a database."""
    for wide in (False, True):
        table = rows(size, wide=wide)
        schema = schema_of(table.schema)
        for path in csv_and_parquet(table, bench.folder, f"rows-{size}-{wide}"):
            operator = ReadFile(path=str(path), format=path.suffix[1:], schema=schema)  # type: ignore[arg-type]
            bench.operator("read_file", operator, size, (table,), path.stat().st_size)
        bench.operator("read_frame", frame(table), size, (table,), size * schema.row_bytes)
        if "read_table" in bench.platform.operators:
            import duckdb

            path = bench.folder / f"rows-{size}-{wide}.duckdb"
            with duckdb.connect(str(path)) as connection:
                connection.register("made", table)
                connection.execute("CREATE OR REPLACE TABLE rows AS SELECT * FROM made")
            operator = ReadTable(database=str(path), table="rows", schema=schema)
            bench.operator("read_table", operator, size, (table,), size * schema.row_bytes)


def measure_operators(bench: Bench, size: int) -> None:
    """Measure everything that takes rows and makes rows."""
    for wide in (False, True):
        table, other = rows(size, wide=wide), lookup(size)
        schema = schema_of(table.schema)
        for case in operators(schema, size):
            inputs = (table, other)[: case.inputs]
            bytes_ = sum(one.num_rows * schema_of(one.schema).row_bytes for one in inputs)
            bench.operator(case.tag, case.operator, size, inputs, bytes_)


def measure_learning(bench: Bench, size: int) -> None:
    """Measure training for one and for several epochs, and scoring. An epoch is what comes out of an update."""
    table = training_rows(size)
    bytes_ = size * schema_of(table.schema).row_bytes
    payload = entered(bench.engine, bench.platform, table)
    jobs: dict[str, Callable[[], object]] = {"score": partial(bench.engine.score, payload, scoring())}
    for epochs in EPOCHS:
        jobs[str(epochs)] = partial(bench.engine.update, payload, training(epochs))
    times = {name: min(found) for name, found in interleaved(jobs, bench.repeats).items()}
    bench.record("score", Measurement(size=size, rows=size, out=20, bytes=bytes_, seconds=times["score"]))
    for epochs in EPOCHS:
        point = Measurement(size=size, rows=size * epochs, out=epochs, bytes=bytes_, seconds=times[str(epochs)])
        bench.record("local_update", point)


def measure_conversions(bench: Bench, size: int) -> None:
    """Measure the platform's own conversions, at two widths."""
    for wide in (False, True):
        table = rows(size, wide=wide)
        schema = schema_of(table.schema)
        held = {ARROW: table, PARQUET: channels.convert(table, ARROW, PARQUET, bench.folder)}
        if bench.platform.conversions:
            held[bench.platform.channel] = entered(bench.engine, bench.platform, table)
        for conversion in bench.platform.conversions:
            _conversion(bench, conversion.source, conversion.target, held[conversion.source], schema, size)


def _conversion(bench: Bench, source: str, target: str, payload: Payload, schema: Schema, size: int) -> None:
    def job() -> tuple[Payload, ...]:
        return (bench.engine.convert(payload, source, target, schema),)

    inside = target == bench.platform.channel
    took = bench.took(job, schema) if inside else min(interleaved({"job": job}, bench.repeats)["job"])
    point = Measurement(size=size, rows=size, out=size, bytes=size * schema.row_bytes, seconds=took)
    bench.record(f"{source}>{target}", point)


def measure_channels(sizes: tuple[int, ...], repeats: int, folder: Path) -> dict[str, list[Measurement]]:
    """Measure the conversions that no engine does."""
    found: dict[str, list[Measurement]] = {}
    for size in sizes:
        for wide in (False, True):
            table = rows(size, wide=wide)
            held = {ARROW: table, PARQUET: channels.convert(table, ARROW, PARQUET, folder)}
            for conversion in channels.CONVERSIONS:
                ends = (conversion.source, conversion.target)
                job = partial(channels.convert, held[ends[0]], *ends, folder)
                times = interleaved({"job": job}, repeats)
                bytes_ = size * schema_of(table.schema).row_bytes
                point = Measurement(size=size, rows=size, out=size, bytes=bytes_, seconds=min(times["job"]))
                found.setdefault(">".join(ends), []).append(point)
    return found


def started_afresh(name: str, repeats: int) -> float:
    """Return the start-up of a platform in processes of their own."""
    command = [sys.executable, str(Path(__file__).with_name("start_up.py")), name]
    times = [
        json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()[-1])
        for _ in range(repeats)
    ]
    return min(times)


def measure(platform: Platform, sizes: tuple[int, ...], repeats: int) -> dict[str, list[Measurement]]:
    """Measure everything that a platform does."""
    with tempfile.TemporaryDirectory() as scratch:
        bench = Bench(platform=platform, engine=platform.open(Path(scratch)), folder=Path(scratch), repeats=repeats)
        for size in sizes:
            print(f"  {platform.title}, {size:,} rows …", file=sys.stderr, flush=True)
            measure_reads(bench, size)
            measure_operators(bench, size)
            measure_learning(bench, size)
            measure_conversions(bench, size)
        bench.engine.close()
        return bench.found


def report(title: str, fitted: dict[str, Fitted], found: dict[str, list[Measurement]], sizes: tuple[int, ...]) -> None:
    """Print a line a coefficient: itself, and by how much it misses sizes that it was not fitted on."""
    print(f"\n{title}")
    print(f"{'':30}{'fixed_s':>9}{'row_s':>9}{'out_row_s':>10}{'byte_s':>9}{'spread':>7}   held out, factor")
    for tag, one in fitted.items():
        c = one.coefficient
        worst = max(max(a / b, b / a) for a, b in ((estimated(c, p) or 1e-9, p.seconds) for p in found[tag]))
        held = "  ".join(f"{size:,}: {one.held_out[size]:.1f}" for size in sizes if size in one.held_out)
        numbers = f"{c.fixed_s:>9.2g}{c.row_s:>9.2g}{c.out_row_s:>10.2g}{c.byte_s:>9.2g}{c.spread:>7.1f}"
        print(f"{tag:30}{numbers}   {held}   worst of all {worst:.1f}")


def _in_order(fitted: dict[str, Fitted]) -> tuple[dict[str, Fitted], dict[str, Fitted]]:
    operators_ = {tag: fitted[tag] for tag in (*BASE_OPERATORS, *LEARNING_OPERATORS) if tag in fitted}
    return operators_, {name: one for name, one in fitted.items() if ">" in name}


def fit_platform(platform: Platform, how: str, options: argparse.Namespace) -> None:
    """Measure a platform, print what was fitted, and write it."""
    # Spark is asked rarely: each of its jobs takes about as long as all of another platform.
    repeats = 1 if options.quick else 2 if platform.name == "spark" else 5
    found = measure(platform, options.sizes, repeats)
    fitted = {tag: fit(tag, points) for tag, points in found.items()}
    started = started_afresh(platform.name, 1 if options.quick else 2 if platform.name == "spark" else 3)
    operators_, conversions = _in_order(fitted)
    report(f"{platform.title}: start-up {started:.2g} s", operators_ | conversions, found, options.sizes)
    if options.into is not None:
        text = cost_file(platform.title, how, started, operators_, conversions)
        replaced(options.into / platform.name / "costs.py", text)


def main(arguments: list[str] | None = None) -> None:
    """Measure, fit, print, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="small sizes, one repeat, without Spark")
    parser.add_argument("--without-spark", action="store_true")
    parser.add_argument("--platforms", help="only these, as in pandas,duckdb")
    parser.add_argument("--into", type=Path, help="the folder that the files are written into")
    options = parser.parse_args(arguments)
    options.sizes = QUICK_SIZES if options.quick else SIZES
    options.into = options.into or (None if options.quick else _PLATFORMS)
    how = f"written by ``benchmarks/fit_costs.py`` on {dt.date.today()}, {machine_class()}."  # noqa: DTZ011
    for name, platform in installed().items():
        wanted = name in options.platforms.split(",") if options.platforms else True
        left_out = name == "spark" and (options.quick or options.without_spark)
        if wanted and not left_out and platform.missing() is None:
            fit_platform(platform, how, options)
    if not options.platforms:
        with tempfile.TemporaryDirectory() as scratch:
            found = measure_channels(options.sizes, 1 if options.quick else 5, Path(scratch))
        fitted = {name: fit(name, points) for name, points in found.items()}
        report("without an engine", fitted, found, options.sizes)
        if options.into is not None:
            replaced(options.into / "channel_costs.py", channel_file(how, fitted))


if __name__ == "__main__":
    main()
