"""The tasks of the papers at three sizes each: planned freely against every platform alone.

Runs of a case are interleaved and medians are compared. A platform that takes far longer than the best in its first run
is not asked again; what it took then is shown, and it is left out of larger sizes. Platforms run before anything is
timed, as in a session that goes on.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import TYPE_CHECKING

from tasks.papers import TASKS, Task

import jupyter_wayang as wy
from jupyter_wayang.errors import WayangError

if TYPE_CHECKING:
    from jupyter_wayang.language.builder import Collection
    from jupyter_wayang.session.plans import Plan

ALONE = ("duckdb", "polars", "pandas", "sqlite", "postgres", "spark")
"""The platforms that are tried alone."""
REPEATS = 7
_NEAR, _NEAR_S = 1.25, 0.05
"""A free plan is as good as the best if it takes at most so many times, or seconds more."""
_HOPELESS, _HOPELESS_S = 8.0, 4.0
"""A platform that takes so many times the best, and so many seconds, is timed once."""
FREE = "free"


@dataclass(frozen=True)
class Case:
    """A task at a size: seconds by platform, and where the free plan ran."""

    task: str
    rows: int
    seconds: dict[str, float]
    chosen: tuple[str, ...]

    @property
    def alone(self) -> dict[str, float]:
        """Seconds of each platform alone."""
        return {name: took for name, took in self.seconds.items() if name != FREE}

    @property
    def free(self) -> float:
        """Seconds of the free plan."""
        return self.seconds[FREE]

    @property
    def best(self) -> str | None:
        """The platform that is best alone; None where none can."""
        return min(self.alone, key=self.alone.__getitem__, default=None)

    @property
    def near(self) -> bool:
        """Whether the free plan is as good as the best platform alone, nearly."""
        return self.best is None or self.free <= max(self.alone[self.best] * _NEAR, self.alone[self.best] + _NEAR_S)

    @property
    def hopeless(self) -> tuple[str, ...]:
        """The platforms that take far longer than the best."""
        least = min(self.seconds.values())
        return tuple(name for name, took in self.alone.items() if took > max(_HOPELESS * least, _HOPELESS_S / 4))

    @property
    def wins(self) -> bool:
        """Whether the free plan is faster than every platform alone."""
        return all(self.free < took for took in self.alone.values())


def table(
    platforms: Iterable[str], *, repeats: int = REPEATS, sizes: int = 3, tasks: Iterable[Task] = TASKS
) -> list[str]:
    """Time all tasks, and return Markdown lines."""
    names = tuple(platforms)
    found = []
    for task in tasks:
        with TemporaryDirectory() as folder:
            session = wy.Session(folder)
            try:
                left = names
                for rows in task.sizes[:sizes]:
                    found.append(_case(session, task, rows, Path(folder), left, repeats))
                    left = tuple(name for name in left if name not in found[-1].hopeless)
            finally:
                session.close()
    return [*_rows(found, names), "", *_verdict(found)]


def _case(session: wy.Session, task: Task, rows: int, folder: Path, names: tuple[str, ...], repeats: int) -> Case:
    where = folder / f"{task.name}-{rows}"
    where.mkdir()
    made = task.make(session, where, rows)
    plans = {}
    for name in names:
        with suppress(WayangError):  # a plan says that a platform cannot before anything runs
            plans[name] = _alone(made, name, task.beside)
    first: dict[str, float] = {}
    for name, plan in plans.items():
        _timed(plan)  # starts the platform
        first[name] = _timed(plan)
    plans[FREE] = made.plan()
    _timed(plans[FREE])
    first[FREE] = _timed(plans[FREE])
    least = min(first.values())
    again = [name for name, took in first.items() if name == FREE or took < max(_HOPELESS * least, _HOPELESS_S)]
    times: dict[str, list[float]] = {name: [took] for name, took in first.items()}
    for _ in range(repeats - 1):
        for name in again:
            times[name].append(_timed(plans[name]))
    chosen = sorted({one.decision.platform for one in made.plan().execution.operators if one.decision is not None})
    return Case(task.name, rows, {name: median(took) for name, took in times.items()}, tuple(chosen))


def _alone(made: Collection, name: str, beside: tuple[str, ...]) -> Plan:
    """Plan for one platform; what it cannot run is left to those that stand beside it, all else is pinned to it."""
    try:
        return made.plan(platforms=[name])
    except WayangError:
        if not set(beside) - {name}:
            raise
    plan = made.plan(platforms=[name, *beside])
    possible = [
        one.id
        for one in plan.execution.operators
        if one.decision is not None
        and any(other.platform == name and other.impossible is None for other in one.decision.alternatives)
    ]
    for operator in possible:
        with suppress(WayangError):  # what the optimizer added goes with what it was added to, and may be gone
            plan = plan.pinned(operator, name)
    return plan


def _timed(plan: Plan) -> float:
    began = perf_counter()
    plan.run(wait=True).to_arrow()
    return perf_counter() - began


def _rows(found: list[Case], names: tuple[str, ...]) -> list[str]:
    lines = [
        f"| task | rows | free ms | {' | '.join(names)} | best alone | free / best | the free plan ran on |",
        f"|---|---:|---:|{'---:|' * len(names)}---|---:|---|",
    ]
    for case in found:
        alone = " | ".join(f"{case.alone[name] * 1e3:,.0f}" if name in case.alone else "–" for name in names)
        best = case.best or "none can"
        ratio = "–" if case.best is None else f"{case.free / case.alone[case.best]:.2f}"
        lines.append(
            f"| {case.task} | {case.rows:,} | {case.free * 1e3:,.0f} | {alone} | {best} | {ratio} |"
            f" {', '.join(case.chosen)} |"
        )
    return lines


def _verdict(found: list[Case]) -> list[str]:
    near = sum(case.near for case in found)
    wins = [f"{case.task} ({case.rows:,})" for case in found if case.wins]
    spark = {f"{c.task} ({c.rows:,})": c.alone["spark"] / c.free for c in found if "spark" in c.alone}
    lines = [
        f"Within 25 % or 50 ms of the best platform alone: {near} of {len(found)}.",
        f"Faster than every platform alone: {', '.join(wins) or 'nowhere'}.",
    ]
    if spark:
        most = max(spark, key=spark.__getitem__)
        lines.append(f"Most over Spark alone: {spark[most]:.0f} times, {most}.")
    return lines
