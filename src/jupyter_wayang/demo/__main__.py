"""``python -m jupyter_wayang.demo``: four hospitals, four platforms, one model, from a notebook to a report."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from jupyter_wayang.demo import notebooks, storing
from jupyter_wayang.demo.comparison import Comparison
from jupyter_wayang.demo.summary import final_plan, rounds, summary
from jupyter_wayang.demo.tables import COLUMNS, as_text, caption, table, verdicts
from jupyter_wayang.errors import WayangError

if TYPE_CHECKING:
    from jupyter_wayang.events import AnyEvent

__all__ = ["main"]

_TITLE = "Four hospitals, four platforms, one model"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the demo, or store the notebooks with their outputs; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m jupyter_wayang.demo", description=__doc__)
    parser.add_argument("--folder", type=Path, default=Path("demo"), help="where to write (default: %(default)s)")
    parser.add_argument("--store", action="store_true", help="execute all notebooks and store them with their outputs")
    options = parser.parse_args(arguments)
    try:
        if options.store:
            storing.store(sys.stdout)
        else:
            demonstrate(options.folder)
    except WayangError as error:
        _complain(error.message + (f" ({error.hint})" if error.hint else ""))
        return 1
    except OSError as error:
        _complain(f"{error.strerror or error}: {error.filename}" if error.filename else str(error))
        return 1
    except KeyboardInterrupt:
        _complain("stopped")
        return 130
    return 0


def _complain(text: str) -> None:
    sys.stderr.write(f"make demo: {' '.join(text.split())}\n")


def demonstrate(folder: Path) -> None:
    """Execute the notebook in a folder; print and write what came of it.

    Raises
    ------
    WayangError
        If the notebook does not come to its end.
    """
    began = time.perf_counter()
    notebook = notebooks.find(storing.HOSPITALS)
    folder.mkdir(parents=True, exist_ok=True)
    _say_what_is_missing()
    print(f"Executing notebooks/{storing.HOSPITALS} in {folder}/ …", flush=True)
    executed = notebooks.execute(notebook, folder.resolve(), sys.stdout)
    storing.write(executed, folder / storing.HOSPITALS)
    events = notebooks.journalled(folder / ".wayang", "heart")
    found = Comparison.read(folder / "comparison.json")
    _print_run(events)
    print(f"\n{as_text(found)}\n")
    _write(folder, events, found)
    print(f"plan and curves     {folder / 'heart.html'} (opens without a server)")
    print(f"all figures         {folder / 'summary.json'}")
    print(f"executed notebook   {folder / storing.HOSPITALS}")
    print(f"That took {time.perf_counter() - began:.0f} s. The same by hand, in JupyterLab: make lab")


def _say_what_is_missing() -> None:
    from jupyter_wayang.datasets import postgres
    from jupyter_wayang.platforms import registry

    no_spark, no_server = registry.named(("spark",))[0].missing(), postgres.missing()
    if no_spark is not None:
        print(f"No Spark here ({' '.join(no_spark.split())}): Switzerland is planned on pandas.")
    if no_server is not None:
        print(f"No PostgreSQL server here ({no_server}): Cleveland's records stay in a DuckDB file.")


def _print_run(events: Sequence[AnyEvent]) -> None:
    from jupyter_wayang.drawing.text import outline

    print(f"\n{outline(final_plan(events))}\n")
    print(
        "round  log loss    AUC  accuracy  seconds  bytes up  bytes down    metrics on the rows that all sites held back"
    )
    for one in rounds(events):
        figures = [_figure(one.get("log_loss"), 8, 4), _figure(one.get("auc"), 5), _figure(one.get("accuracy"), 8)]
        rest = [_figure(one["seconds"], 7, 2), f"{one['up']:>8}", f"{one['down']:>10}"]
        print("  ".join([f"{one['round']:>5}", *figures, *rest]))


def _figure(value: float | None, wide: int, decimals: int = 3) -> str:
    return ("–" if value is None else f"{value:.{decimals}f}").rjust(wide)


def _write(folder: Path, events: Sequence[AnyEvent], found: Comparison) -> None:
    from jupyter_wayang.app import Session
    from jupyter_wayang.drawing.html import ReportTable, report
    from jupyter_wayang.notebook.page import program_of

    plan = final_plan(events)
    session = Session(folder)
    program = program_of(session.attach(events[0].run), plan)
    session.close()
    notes = "\n".join([caption(found), *verdicts(found)])
    tables: list[ReportTable] = [("Compared with other ways", COLUMNS, table(found), notes)]
    (folder / "heart.html").write_text(
        report(plan, events, title=_TITLE, tables=tables, program=program), encoding="utf-8"
    )
    figures = {**summary(events), "comparison": json.loads((folder / "comparison.json").read_text(encoding="utf-8"))}
    (folder / "summary.json").write_text(json.dumps(figures, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
