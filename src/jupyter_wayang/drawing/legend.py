"""The line below a plan that says what its signs mean: only those that occur."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from jupyter_wayang.drawing.captions import moves
from jupyter_wayang.drawing.cards import State
from jupyter_wayang.drawing.marks import icon, path, rect, spans, text
from jupyter_wayang.drawing.measure import width
from jupyter_wayang.plan.execution import ExecutionPlan

__all__ = ["legend"]

_LINE = 20.0
_STATES: tuple[State, ...] = ("queued", "running", "done", "failed", "skipped")


@dataclass(frozen=True)
class _Entry:
    drawing: str
    width: float


def legend(
    plan: ExecutionPlan, states: Iterable[State], bars: tuple[int, int], room: float, y: float
) -> tuple[str, float]:
    """Return the legend as SVG, and its height.

    Parameters
    ----------
    plan, states
        What is shown above.
    bars
        Two platforms' places in the style, for the sample of a conversion.
    room
        The width of the picture; entries that do not fit start a new line.
    y
        Where the legend begins.
    """
    parts, x, line = [], 10.0, 0
    for entry in _entries(plan, set(states), bars):
        if x > 10 and x + entry.width > room:
            x, line = 10.0, line + 1
        parts.append(f'<g transform="translate({x:.1f} {y + 6 + line * _LINE:.1f})">{entry.drawing}</g>')
        x += entry.width + 18
    return "".join(parts), 10 + (line + 1) * _LINE


def _entries(plan: ExecutionPlan, states: set[State], bars: tuple[int, int]) -> list[_Entry]:
    found = [_heat()]
    counted = any(operator.counted is not None for operator in plan.operators)
    found.append(_Entry(text(0, 11, "~242 estimated"), width("~242 estimated")))
    if counted:
        found.append(_Entry(spans(0, 11, (("242", "cnt"), ("counted", ""))), width("242 counted", bold=True)))
    if any(edge.kind == "rows" for edge in plan.edges):
        found.append(_line("edge", "rows, thickness = bytes", 3))
    if any(moves(edge) for edge in plan.edges):
        found.append(_conversion(bars))
    if any(edge.kind != "rows" for edge in plan.edges):
        found.append(_line("fact", "aggregates only", 1))
    known = [state for state in _STATES if state in states]
    found += [_Entry(icon(0, 1, state, "plain") + text(17, 11, state), 17 + width(state)) for state in known]
    if any(operator.decision.pinned for operator in plan.operators):
        found.append(_Entry(icon(0, 1, "pin", "plain") + text(17, 11, "pinned"), 17 + width("pinned")))
    return found


def _heat() -> _Entry:
    at = width("share of time") + 4
    boxes = "".join(rect(at + 14 * step, 2, 14, 10, f"swatch h{step}") for step in range(6))
    return _Entry(
        text(0, 11, "share of time") + boxes + text(at + 90, 11, "0, 1, 3, 10, 30 %"),
        at + 90 + width("0, 1, 3, 10, 30 %"),
    )


def _line(kind: str, words: str, thick: float) -> _Entry:
    return _Entry(path(((0, 7), (20, 7)), kind, width=thick) + text(26, 11, words), 26 + width(words))


def _conversion(bars: tuple[int, int]) -> _Entry:
    marks = f'<path d="M8.5 1v12" class="bar m{bars[0]}"/><path d="M15.5 1v12" class="bar m{bars[1]}"/>'
    words = "conversion"
    return _Entry(path(((0, 7), (24, 7)), "edge", width=1.5) + marks + text(30, 11, words), 30 + width(words))
