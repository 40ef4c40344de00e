"""A run as one HTML file, drawn by the widgets' own program where it was built, by pictures where it was not."""

from __future__ import annotations

from collections.abc import Sequence

from jupyter_wayang.drawing.html import PageProgram, ReportTable, report
from jupyter_wayang.notebook.mime import plan_data
from jupyter_wayang.notebook.widgets.bundle import bundled, is_built
from jupyter_wayang.plan.execution import ExecutionPlan
from jupyter_wayang.session import Run

__all__ = ["page_of", "program_of"]


def page_of(run: Run, *, title: str, tables: Sequence[ReportTable] = ()) -> str:
    """Return a run as one HTML file, see :func:`jupyter_wayang.drawing.html.report`."""
    plan = run.plan().execution
    return report(plan, run.events(), title=title, tables=tables, program=program_of(run, plan))


def program_of(run: Run, plan: ExecutionPlan) -> PageProgram | None:
    """Return the program that draws a run in a page, with its data, or None if the widgets were not built."""
    from jupyter_wayang.notebook.widgets.run import run_display

    if not is_built():
        return None
    return PageProgram(
        script=bundled("page.js"),
        style=bundled("wayang.css"),
        plan=plan_data(plan, run.events()),
        run=run_display(run),
    )
