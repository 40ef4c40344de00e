"""Time federated rounds, operators, planning, running and widgets on this machine, and print tables.

Repeats of what is compared are interleaved and medians are shown, so that what else the machine does meets all alike.
``--store`` writes what was printed into ``benchmarks/RESULTS.md``.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import choices
import fed_heart
import papers
import planning
import replanning
import rounds
import simulation
import widgets

import jupyter_wayang as wy
from jupyter_wayang.execution.scheduler import Engines
from jupyter_wayang.execution.timing import interleaved
from jupyter_wayang.execution.timing import seconds as timed
from jupyter_wayang.execution.workload import Job, operators, rows
from jupyter_wayang.language.cell import read_cell
from jupyter_wayang.language.scope import Scope
from jupyter_wayang.plan.rows import schema_of
from jupyter_wayang.platforms.machine import machine_class

SIZES = (1_000, 30_000, 1_000_000)
QUICK_SIZES = (20, 100, 1_000)
_RESULTS = Path(__file__).with_name("RESULTS.md")
_IMPORT = (
    "from time import perf_counter as now; began = now(); import jupyter_wayang; import json; "
    "print(json.dumps(now() - began))"
)
_CELL = """\
visits = read("visits.csv")
wards = read("wards.csv")
adults = visits.filter(age >= 18 and cost > 0)
priced = adults.with_columns(rate=cost / 7.0, old=age > 60)
slim = priced.select(ward, age, rate, old).rename(rate="price")
joined = slim.join(wards, on="ward")
joined.group_by(ward).agg(n=count(), price=mean(price)).sort(price).limit(10)
"""


def before(repeats: int) -> list[str]:
    """Time the planning of a cell of ten operators with all platforms, and the import of the package."""
    with TemporaryDirectory() as scratch:
        folder = Path(scratch)
        lines = "".join(f"{i % 5},{20 + i % 60},{i % 9}.5\n" for i in range(200))
        (folder / "visits.csv").write_text("ward,age,cost\n" + lines, encoding="utf-8")
        (folder / "wards.csv").write_text("ward,beds\n0,5\n1,6\n2,7\n", encoding="utf-8")
        session = wy.Session(folder)

        def plan() -> int:
            cell = read_cell(_CELL, Scope(), session)
            made = session.plan(cell.ports, names=cell.names, platforms=None, name="", captured=cell.captured)
            return len(made.execution.operators)

        first = timed(plan)
        count, usable = plan(), sum(why is None for why in session.usable.values())
        times = interleaved({"plan": plan}, repeats)["plan"]
        session.close()
    imports = [_fresh_import() for _ in range(max(1, repeats // 3))]
    return [
        "| before anything runs | ms |",
        "|---|---:|",
        f"| a cell of {count} operators read and planned for {usable} platforms | {median(times) * 1e3:.1f} |",
        f"| the same for the first time in a session | {first * 1e3:.1f} |",
        f"| `import jupyter_wayang` in a fresh process | {median(imports) * 1e3:.1f} |",
    ]


def overhead(repeats: int) -> list[str]:
    """Time a small job as a person runs it, as a site runs it, and on the engine alone."""
    table = rows(1_000)
    job: Job = operators(schema_of(table.schema), table.num_rows)[0]
    usable = choices.platforms(without_spark=True)
    taken = choices.planned(job, {"rows": table}, list(usable.values()))
    name = next(operator.decision.platform for operator in taken.execution.operators if operator.id == "job")
    with TemporaryDirectory() as scratch:
        session = wy.Session(scratch)
        kept = session.read(table).filter(wy.col.x0 > 0.0)
        engines = Engines({name: usable[name]}, Path(scratch) / "engine")
        jobs: dict[str, Callable[[], object]] = {
            "run": lambda: kept.run(platforms=[name]).to_arrow(),
            "executor": lambda: choices.run(taken, engines, {"rows": table}),
        }
        times = {which: median(found) * 1e3 for which, found in interleaved(jobs, repeats).items()}
        session.close()
        engines.close()
    ratio = times["run"] / times["executor"]
    return [
        f"| filter of {table.num_rows:,} rows on {usable[name].title} | ms | ratio |",
        "|---|---:|---:|",
        f"| the engine, by its executor | {times['executor']:.2f} | 1.0 |",
        f"| run as in a notebook, with plan, journal and stored result | {times['run']:.2f} | {ratio:.1f} |",
    ]


def _fresh_import() -> float:
    answer = subprocess.run([sys.executable, "-c", _IMPORT], check=True, capture_output=True, text=True)
    return float(json.loads(answer.stdout))


def main(arguments: list[str] | None = None) -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="small sizes, few repeats, without Spark")
    parser.add_argument("--without-spark", action="store_true")
    parser.add_argument("--without-browser", action="store_true", help="time no widgets")
    parser.add_argument("--store", action="store_true", help="write what is printed into benchmarks/RESULTS.md")
    parser.add_argument("--rivals", default=sys.executable, help="a Python that has pfl-research and Flower")
    options = parser.parse_args(arguments)
    quick = options.quick
    made: list[str] = []

    def show(lines: list[str]) -> None:
        made.extend(lines)
        print("\n".join(lines), flush=True)

    sizes = QUICK_SIZES if quick else SIZES
    show([f"Measured on {dt.date.today()}, {machine_class()}.", "", "## Federated rounds", ""])  # noqa: DTZ011
    show(rounds.table(3 if quick else 30, 1 if quick else 7))
    show(["", "## Simulated clients", ""])
    show(
        simulation.table(
            3 if quick else 50, 1 if quick else 7, (10, 100) if quick else simulation.SIZES, options.rivals
        )
    )
    show(["", "## Fed-Heart, as FLamby trains it", ""])
    show(fed_heart.table(fed_heart.SEEDS[:2] if quick else fed_heart.SEEDS))
    show(["", "## Before and around a run", ""])
    show(before(3 if quick else 15))
    show(["", *overhead(3 if quick else 31)])
    show(["", "## Planning", ""])
    show(planning.table(planning.QUICK_SIZES if quick else planning.SIZES, 1 if quick else 3))
    show(["", "## Plans that are made again while they run", ""])
    show(replanning.table(2_000 if quick else 100_000, 1 if quick else 5))
    show(["", "## Operators: from an Arrow table to an Arrow table, platforms started"])
    show(choices.tables(sizes, 1 if quick else 5, without_spark=options.without_spark or quick))
    show(["", "## The tasks of the papers: planned freely, and every platform alone", ""])
    alone = papers.ALONE[:3] if quick else papers.ALONE
    named = [name for name in alone if name != "spark" or not (quick or options.without_spark)]
    show(papers.table(named, repeats=1 if quick else papers.REPEATS, sizes=1 if quick else 3))
    show(["", "## Widgets in Chromium", ""])
    show(["Widgets are not timed: --without-browser."] if options.without_browser else widgets.table(quick=quick))
    if options.store:
        head = (
            "# Results\n\nMade by `make bench`; `.venv/bin/python benchmarks/run.py --store` writes them down here.\n\n"
        )
        _RESULTS.write_text(head + "\n".join(made) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
