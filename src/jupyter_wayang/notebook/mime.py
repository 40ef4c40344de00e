"""What a notebook keeps of a plan and of a run: data to draw, a picture, and text.

JupyterLab with our extension draws the data as the widgets do; other readers, and notebooks that are not trusted, show
the picture; what shows neither has the text.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from jupyter_wayang.drawing.comparison import comparison_html, comparison_text
from jupyter_wayang.drawing.html import curves_html, plan_html
from jupyter_wayang.drawing.measured import measured
from jupyter_wayang.drawing.text import outline
from jupyter_wayang.events import (
    AnyEvent,
    FactsLearned,
    MetricsMeasured,
    OperatorFinished,
    Paused,
    Resumed,
    RoundFinished,
    RoundStarted,
    RunFinished,
    RunStarted,
    SiteLeftOut,
    SiteReported,
)
from jupyter_wayang.notebook.widgets.display import comparison_display, plan_display
from jupyter_wayang.plan.execution import ExecutionPlan
from jupyter_wayang.session import Run
from jupyter_wayang.session.comparing import Comparison

__all__ = [
    "MIME_TYPE",
    "WIDGET_TYPE",
    "Bundle",
    "comparison_bundle",
    "plan_bundle",
    "plan_data",
    "run_bundle",
    "with_widget",
]

MIME_TYPE = "application/vnd.wayang+json"
WIDGET_TYPE = "application/vnd.jupyter.widget-view+json"

Bundle = dict[str, Any]
"""By MIME type, what is shown."""


def plan_bundle(plan: ExecutionPlan, events: Sequence[AnyEvent] = ()) -> Bundle:
    """Return a plan as a notebook keeps it, with what events of its run counted and measured.

    Examples
    --------
    >>> from jupyter_wayang.plan.execution import Interval
    >>> sorted(plan_bundle(ExecutionPlan(lanes=(), operators=(), edges=(), cost_s=Interval.exact(0))))
    ['application/vnd.wayang+json', 'text/html', 'text/plain']
    """
    shown = measured(plan, events) if events else plan
    return {
        MIME_TYPE: plan_data(plan, events),
        "text/html": plan_html(shown),
        "text/plain": outline(shown),
    }


def plan_data(plan: ExecutionPlan, events: Sequence[AnyEvent] = ()) -> dict[str, Any]:
    """Return the data that a plan is drawn from, with the events that tell what its operators did."""
    return {**plan_display(measured(plan, events)), "events": msgspec.to_builtins(_told(events))}


def comparison_bundle(comparison: Comparison) -> Bundle:
    """Return two plans side by side as a notebook keeps them."""
    before, after, names = comparison.before, comparison.after, comparison.names
    return {
        MIME_TYPE: comparison_display(before, after, names),
        "text/html": comparison_html(before, after, names),
        "text/plain": comparison_text(before, after, names),
    }


def _told(events: Sequence[AnyEvent]) -> list[AnyEvent]:
    """Return the events that say in which state an operator is: of many of a kind the last one that counts."""
    last: dict[object, AnyEvent] = {}
    for event in events:
        match event:
            case OperatorFinished():
                before = last.get(event.operator)
                seconds = before.seconds if isinstance(before, OperatorFinished) else 0.0
                last[event.operator] = msgspec.structs.replace(event, seconds=seconds + event.seconds)
            case FactsLearned() | SiteLeftOut():
                last[event.seq] = event
            case SiteReported():
                last["reported", event.site] = event
            case RunStarted() | RoundStarted() | RoundFinished() | Paused() | Resumed() | RunFinished():
                last[type(event)] = event
    return sorted(last.values(), key=lambda event: event.seq)


def run_bundle(run: Run, plan: ExecutionPlan) -> Bundle:
    """Return the curves of a run as a notebook keeps them.

    Parameters
    ----------
    run
        The run.
    plan
        Its plan, which has the goal of the loop and the titles of the sites.
    """
    from jupyter_wayang.notebook.widgets.run import run_display

    events = run.events()
    until = plan.loop.until if plan.loop is not None else None
    titles = {lane.id: lane.title for lane in plan.lanes}
    return {
        MIME_TYPE: run_display(run),
        "text/html": curves_html(events, until=until, titles=titles),
        "text/plain": _said(run.id, events),
    }


def with_widget(bundle: Bundle, model_id: str) -> Bundle:
    """Return a bundle that a live view stands for as long as the kernel has it."""
    return {WIDGET_TYPE: {"version_major": 2, "version_minor": 0, "model_id": model_id}, **bundle}


def _said(run: str, events: Sequence[AnyEvent]) -> str:
    rounds = sum(isinstance(event, RoundFinished) for event in events)
    parts = [f"run {run}: {rounds} round{'s' if rounds != 1 else ''}"]
    measured_last = [event for event in events if isinstance(event, MetricsMeasured) and event.site == "global"][-1:]
    parts += [f"log loss {event.log_loss:.3f}" for event in measured_last if event.log_loss is not None]
    parts += [f"AUC {event.auc:.3f}" for event in measured_last if event.auc is not None]
    if events and isinstance(events[-1], RunFinished):
        parts.append(f"{events[-1].state}: {events[-1].reason}")
    return ", ".join(parts)
