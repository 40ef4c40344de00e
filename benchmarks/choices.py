"""Every platform's time for the operators, and what the optimizer would take."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from jupyter_wayang.execution.scheduler import Engines, LaneExecutor
from jupyter_wayang.execution.timing import interleaved
from jupyter_wayang.execution.workload import Job, frame, lookup, operators, rows
from jupyter_wayang.optimizer.context import PlanningContext
from jupyter_wayang.optimizer.pipeline import Optimized, optimize
from jupyter_wayang.plan.execution import Interval, Lane
from jupyter_wayang.plan.logical import LogicalPlan, Node, Port
from jupyter_wayang.plan.rows import schema_of
from jupyter_wayang.plan.statistics import SourceStatistics
from jupyter_wayang.platforms.platform import Platform
from jupyter_wayang.platforms.registry import installed

if TYPE_CHECKING:
    import pyarrow as pa

_HERE = Lane(id="here", title="This machine", kind="here")
_FEW = 1_000_000  # from so many rows on, two repeats do


def platforms(*, without_spark: bool) -> dict[str, Platform]:
    """Return the platforms that run relational operators and can be used here."""
    return {
        name: platform
        for name, platform in installed().items()
        if "select" in platform.operators and platform.missing() is None and not (without_spark and name == "spark")
    }


def tables(sizes: Iterable[int], repeats: int, *, without_spark: bool) -> list[str]:
    """Time all operators at all sizes, and return a Markdown table for each size."""
    lines: list[str] = []
    usable = platforms(without_spark=without_spark)
    with TemporaryDirectory() as scratch:
        engines = Engines(usable, Path(scratch))
        for size in sizes:
            few = repeats if size < _FEW else min(repeats, 2)
            lines += ["", *_table(size, engines, few)]
        engines.close()
    return lines


def planned(job: Job, tables_: Mapping[str, pa.Table], usable: Iterable[Platform]) -> Optimized:
    """Plan one operator over tables in memory, on platforms that run already."""
    read = tuple(tables_)
    names = read[:1] * job.inputs if job.twice else read[: job.inputs]
    nodes = [Node(id=name, operator=frame(tables_[name], name)) for name in dict.fromkeys(names)]
    nodes.append(Node(id="job", operator=job.operator, inputs=tuple(Port(node=name) for name in names)))
    ports = len(job.operator.outputs(tuple(schema_of(tables_[name].schema) for name in names)))
    plan = LogicalPlan(nodes=tuple(nodes), results=tuple(Port(node="job", port=index) for index in range(ports)))
    context = PlanningContext(
        lane=_HERE,
        platforms=tuple(usable),
        statistics={name: SourceStatistics(rows=Interval.exact(tables_[name].num_rows)) for name in names},
        running=frozenset(platform.name for platform in usable),
    )
    return optimize(plan, context)


def run(found: Optimized, engines: Engines, tables_: Mapping[str, pa.Table]) -> None:
    """Run a plan and take its results as Arrow tables."""
    executor = LaneExecutor(
        found.logical, found.execution, engines, frames=tables_, salt="here", finished=lambda *_: None
    )
    for port in found.logical.results:
        executor.table(port)


def _table(size: int, engines: Engines, repeats: int) -> list[str]:
    usable = engines.platforms
    tables_ = {"rows": rows(size), "lookup": lookup(size)}
    heads = [platform.title for platform in usable.values()]
    lines = [
        f"| {size:,} rows, ms | " + " | ".join(heads) + " | taken | times the best |",
        "|---|" + "---:|" * len(heads) + "---|---:|",
    ]
    for job in operators(schema_of(tables_["rows"].schema), size):
        plans = {name: planned(job, tables_, [platform]) for name, platform in usable.items()}
        jobs: dict[str, Callable[[], object]] = {
            name: partial(run, found, engines, tables_) for name, found in plans.items()
        }
        times = {name: median(found) for name, found in interleaved(jobs, repeats).items()}
        choice = planned(job, tables_, list(usable.values())).execution
        taken = next(operator.decision.platform for operator in choice.operators if operator.id == "job")
        best = min(times, key=lambda name: times[name])
        shown = [f"**{times[name] * 1e3:.1f}**" if name == best else f"{times[name] * 1e3:.1f}" for name in usable]
        ratio = f"{times[taken] / times[best]:.1f}"
        lines.append(f"| {job.title} | " + " | ".join(shown) + f" | {usable[taken].title} | {ratio} |")
    return lines
