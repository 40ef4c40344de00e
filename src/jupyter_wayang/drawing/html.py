"""A run as one HTML file, and plans for notebook cells. Nothing is loaded from anywhere; nothing runs."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape

from jupyter_wayang.drawing import units
from jupyter_wayang.drawing.captions import platforms_of
from jupyter_wayang.drawing.cards import State, states_of
from jupyter_wayang.drawing.curves import curves_svg
from jupyter_wayang.drawing.details import operator_details
from jupyter_wayang.drawing.measured import measured
from jupyter_wayang.drawing.page import report_css
from jupyter_wayang.drawing.series import GLOBAL, MetricName, Series, series_of
from jupyter_wayang.drawing.svg import plan_svg
from jupyter_wayang.drawing.tables import grid, rows_html, table_html
from jupyter_wayang.drawing.text import outline
from jupyter_wayang.drawing.tokens import PlatformLook
from jupyter_wayang.events import AnyEvent
from jupyter_wayang.plan.execution import ExecutionPlan

__all__ = [
    "PageProgram",
    "ReportTable",
    "curves_html",
    "picture_html",
    "plan_html",
    "report",
    "rows_html",
    "table_html",
]

ReportTable = tuple[str, Sequence[str], Sequence[Sequence[object]], str]
"""Title, names of columns, rows, and notes below, one a line."""


@dataclass(frozen=True)
class PageProgram:
    """A program that draws plan and run in a page that is only opened, and the data that it draws.

    Parameters
    ----------
    script
        JavaScript that draws every ``<script type="application/vnd.wayang+json">`` in place of the picture beside it.
    style
        Its CSS.
    plan, run
        The display JSON of plan and run.
    """

    script: str
    style: str
    plan: Mapping[str, object]
    run: Mapping[str, object]


_HEAD: tuple[MetricName, ...] = ("auc", "log_loss", "accuracy")
_ROUND: tuple[MetricName, ...] = ("log_loss", "auc", "accuracy")


def report(
    plan: ExecutionPlan,
    events: Iterable[AnyEvent],
    *,
    title: str,
    tables: Sequence[ReportTable] = (),
    looks: Mapping[str, PlatformLook] | None = None,
    program: PageProgram | None = None,
) -> str:
    """Return a run as one HTML file: figures, plan, curves, every round, and tables of results.

    Parameters
    ----------
    plan
        The execution plan; what the events count and measure is put into it.
    events
        The run's events.
    title
        What stands on top.
    tables
        Tables of results; floats are written with three decimals.
    looks
        Title, badge and hue of platforms, besides those that are known.
    program
        What draws plan and curves so that they answer to the hand; None: pictures only.

    Returns
    -------
    str
        A whole document; it opens without a server and follows the system's theme.

    Examples
    --------
    >>> from jupyter_wayang.plan.execution import ExecutionPlan, Interval
    >>> empty = ExecutionPlan(lanes=(), operators=(), edges=(), cost_s=Interval.exact(0))
    >>> report(empty, [], title="A run")[:15]
    '<!doctype html>'
    """
    happened = list(events)
    plan = measured(plan, happened)
    titles = {lane.id: lane.title for lane in plan.lanes}
    series, names = series_of(happened, titles=titles), platforms_of(plan)
    until = plan.loop.until if plan.loop is not None else None
    curves = curves_svg(happened, until=until, theme="auto", titles=titles)
    parts = [
        f"<h1>{escape(title)}</h1>",
        _subtitle(plan, series),
        _figures(series),
        "<h2>Plan</h2>",
        _picture(
            "plan",
            plan_svg(plan, theme="auto", looks=looks, states=_states(plan, series)),
            program.plan if program else None,
        ),
        _notes(plan),
        _learned(series),
        operator_details(plan, looks),
        f"<h2>Curves</h2>{_picture('', curves, program.run if program else None)}"
        if series.reached or series.values
        else "",
        _rounds(series),
        *(_table(table) for table in tables),
        f"<footer>Made by jupyter-wayang. This file loads nothing{'' if program else ' and runs no script'}.</footer>",
    ]
    style = report_css(".wy-report", names, looks) + (program.style if program else "")
    script = f"<script>{program.script}</script>" if program else ""
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1"><meta name="color-scheme" content="light dark">'
        f"<title>{escape(title)}</title><style>{style}</style></head>"
        f'<body class="wy-report"><main>{"".join(parts)}</main>{script}</body></html>\n'
    )


def _picture(kind: str, svg: str, display: Mapping[str, object] | None) -> str:
    """Return a picture; with data beside it, the page's program draws them in its place."""
    if display is None:
        return f'<div class="picture {kind}">{svg}</div>'
    # A script element ends at its end tag and nowhere else.
    data = json.dumps(display, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")
    source = f'<script type="application/vnd.wayang+json">{data}</script>'
    return f'<div class="picture {kind}">{source}<div data-wayang-picture>{svg}</div></div>'


def _subtitle(plan: ExecutionPlan, series: Series) -> str:
    sites = sum(lane.kind == "site" for lane in plan.lanes)
    said = [f"{len(plan.operators)} operators"]
    said += [f"{sites} sites"] if sites else []
    changes = len(plan.movements)
    said += [f"{changes} conversion{'s' if changes != 1 else ''}"] if changes else []
    if series.end is not None:
        said.append(f"{series.end.state} in {units.duration(series.end.seconds)}: {series.end.reason}")
    return f'<p class="sub">{escape(", ".join(said))}</p>'


def _figures(series: Series) -> str:
    found: list[tuple[str, str]] = []
    if series.reached or series.rounds:
        found.append((f"{series.reached} of {series.rounds}", "rounds"))
    auc, loss, accuracy = (series.last(metric) for metric in _HEAD)
    if auc is not None:
        error = f"AUC, at worst ± {units.metric(series.auc_error)}" if series.auc_error is not None else "AUC"
        found.append((units.metric(auc[1]), f"{error}, {series.on} rows"))
    if loss is not None:
        first = series.first("log_loss")
        found.append((units.metric(loss[1]), f"log loss, from {units.metric(first[1] if first else None)}"))
    if accuracy is not None:
        found.append((units.metric(accuracy[1]), "accuracy"))
    if series.left:
        each = ", ".join(f"{series.title(site)} {units.size(amount)}" for site, amount in series.sent()[:8])
        more = f" and {len(series.left) - 8} more" if len(series.left) > 8 else ""
        found.append((units.size(sum(series.left.values())), f"left the sites: {each}{more}"))
        found.append((f"{units.count(series.rows_moved)} rows", "moved between sites"))
    cells = "".join(f"<div><b>{escape(number)}</b><span>{escape(words)}</span></div>" for number, words in found)
    return f'<div class="figures">{cells}</div>' if found else ""


def _states(plan: ExecutionPlan, series: Series) -> dict[str, State]:
    # What the kernel combines is not timed: after a run that is done, all of it is done.
    if series.end is not None and series.end.state == "done":
        return dict.fromkeys((operator.id for operator in plan.operators), "done")
    return states_of(plan)


def _learned(series: Series) -> str:
    items = "".join(f"<dt>{escape(step)}</dt><dd>{escape(text)}</dd>" for step, text in series.facts.items())
    return f"<h2>What the steps learned from all sites</h2><dl>{items}</dl>" if items else ""


def _notes(plan: ExecutionPlan) -> str:
    said = [*plan.notes, *([f"From the notebook: {', '.join(plan.captured)}"] if plan.captured else [])]
    items = "".join(f"<li>{escape(note)}</li>" for note in said)
    return f'<ul class="notes">{items}</ul>' if items else ""


def _rounds(series: Series) -> str:
    if not series.reached and not series.values:
        return ""
    columns = [("round", "int"), ("log loss", "float"), ("AUC", "float"), ("accuracy", "float")]
    columns += [("time", "float"), ("sites", "float"), ("up", "float"), ("down", "float")]
    rows = []
    for number in range(series.reached + 1):
        metrics = [series.line(metric, GLOBAL).get(number) for metric in _ROUND]
        asked = series.asked.get(number, ())
        there = sum(
            (found := series.cells.get((site, number))) is not None and found.error is None for site in series.sites
        )
        rest = [
            units.duration(series.seconds[number]) if number in series.seconds else None,
            f"{there} of {len(asked)}" if asked else None,
            units.size(series.up[number]) if number in series.up else None,
            units.size(series.down[number]) if number in series.down else None,
        ]
        rows.append([number, *metrics, *rest])
    return f'<h2>Rounds</h2><div class="scroll">{grid(columns, rows, decimals=3, typed=False)}</div>'


def _table(table: ReportTable) -> str:
    title, columns, rows, notes = table
    below = "".join(f'<p class="note">{escape(note)}</p>' for note in notes.splitlines())
    inner = grid([(name, "") for name in columns], rows, decimals=3)
    return f'<h2>{escape(title)}</h2><div class="scroll whole">{inner}</div>{below}'


def plan_html(plan: ExecutionPlan, *, looks: Mapping[str, PlatformLook] | None = None) -> str:
    """Return a plan for a notebook cell: its picture, and below it the same as text.

    The picture is an ``<img>`` of data, which an untrusted notebook shows too.

    Examples
    --------
    >>> from jupyter_wayang.plan.execution import ExecutionPlan, Interval
    >>> plan_html(ExecutionPlan(lanes=(), operators=(), edges=(), cost_s=Interval.exact(0)))[:4]
    '<div'
    """
    words = f"Plan {plan.name}: {len(plan.operators)} operators. The text below says the same."
    text = f"<details><summary>as text</summary><pre>{escape(outline(plan, looks=looks))}</pre></details>"
    return picture_html(plan_svg(plan, theme="auto", looks=looks), words) + text


def curves_html(
    events: Iterable[AnyEvent], *, until: str | None = None, titles: Mapping[str, str] | None = None
) -> str:
    """Return the curves of a run for a notebook cell, as an ``<img>`` of data.

    Examples
    --------
    >>> curves_html([])[:4]
    '<div'
    """
    return picture_html(curves_svg(events, until=until, theme="auto", titles=titles), "Curves of the run")


def picture_html(svg: str, words: str) -> str:
    """Return an SVG for a notebook cell, as an ``<img>`` of data; ``words`` are for those who do not see it.

    Examples
    --------
    >>> picture_html("<svg/>", "curves")[:4]
    '<div'
    """
    data = base64.b64encode(svg.encode()).decode()
    # In its own size: text of 11 px cannot be read if a wide plan is made to fit; it scrolls instead.
    image = f'<img style="max-width:none" alt="{escape(words)}" src="data:image/svg+xml;base64,{data}">'
    return f'<div style="overflow-x:auto">{image}</div>'
