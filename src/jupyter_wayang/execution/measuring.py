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
from collections.abc import Callable
from functools import partial
from io import BytesIO
from pathlib import Path
from time import perf_counter

import msgspec

from jupyter_wayang.execution import bench as benches
from jupyter_wayang.execution.bench import ENOUGH_S, Bench, called, schema_of_table
from jupyter_wayang.execution.timing import interleaved
from jupyter_wayang.plan.observation import Observation, Work
from jupyter_wayang.platforms.platform import ARROW, PARQUET, Engine, Platform

__all__ = [
    "NO_ENGINE",
    "QUICK",
    "THOROUGH",
    "USUAL",
    "Effort",
    "Measured",
    "Progress",
    "measure",
]

NO_ENGINE = "channels"
"""In place of a platform: the conversions that need no engine."""


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
    schema = schema_of_table(table)
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
        called(engine, calls_measured.FIRST, (rows,), (schema,))
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


def _steps(platform: Platform, effort: Effort) -> list[tuple[Callable[[Bench, int], None], int]]:
    """Return what is measured, in an order in which the end can be left out: two sizes, a stage, and then the rest."""
    few, many = effort.sizes[:2], effort.sizes[2:]
    held = effort.held_out if "read_frame" in platform.operators else ()
    kinds = (
        benches.reads,
        benches.operators,
        benches.functions,
        benches.graphs,
        benches.learning,
        benches.conversions,
    )
    return [
        *((what, size) for size in few for what in kinds),
        *((benches.stages, size) for size in held[:1]),
        *((what, size) for size in many for what in kinds),
        *((benches.stages, size) for size in held[1:]),
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
        bench = Bench(platform=platform, engine=engine, folder=Path(scratch), repeats=effort.repeats)
        if effort.budget_s is not None:
            bench.deadline = began + effort.budget_s
        steps = _steps(platform, effort)
        needed = [(benches.stages, size) for size in effort.held_out[:1]]
        for number, (what, size) in enumerate(steps):
            # The first stages are small, and without them nobody knows how good the costs are.
            if perf_counter() > bench.deadline and (what, size) not in needed:
                continue
            name = what.__name__
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
                    times = interleaved({"job": job}, effort.repeats, enough_s=ENOUGH_S)
                    bytes_ = size * schema_of_table(table).row_bytes
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
