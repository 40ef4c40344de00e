"""The card of an operator: badge and verb, a short text, rows estimated and counted, share of time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from jupyter_wayang.drawing import units
from jupyter_wayang.drawing.captions import mismatch
from jupyter_wayang.drawing.marks import badge, icon, rect, spans, text, titled
from jupyter_wayang.drawing.measure import cut, width
from jupyter_wayang.drawing.places import Box
from jupyter_wayang.drawing.tokens import PlatformLook, heat, look_of
from jupyter_wayang.plan.execution import ExecutionOperator, ExecutionPlan

__all__ = ["CARD_CSS", "State", "Styled", "card", "states_of", "tooltip"]

State = Literal["queued", "running", "done", "failed", "skipped"]

CARD_CSS = "\n".join(
    [
        "& .card{stroke:var(--wy-line);stroke-width:1}",
        "& .factcard{stroke:var(--wy-edge);stroke-dasharray:2.5 2.5}",
        "& .verb{font-size:12px;font-weight:600}",
        "& .cnt,& .bt{font-weight:600}",
        "& .icon{fill:none;stroke-width:1.6;stroke-linecap:round;stroke-linejoin:round}",
        "& .flag{fill:var(--wy-stall-wash);stroke:var(--wy-stall-mark)}",
        "& text.flagt{fill:var(--wy-stall);font-weight:600}",
        *(
            f"& .h{n}{{fill:var(--wy-heat-{n})}}& text.t{n},& tspan.t{n}{{fill:var(--wy-heat-{n}-ink)}}& .s{n}{{stroke:var(--wy-heat-{n}-ink)}}"
            for n in range(6)
        ),
        "& .icon.bad{stroke:var(--wy-failed)}",
    ]
)


@dataclass(frozen=True, kw_only=True)
class Styled:
    """What drawing needs besides the plan: the platforms' places in the style, and their looks."""

    platforms: tuple[str, ...]
    looks: Mapping[str, PlatformLook] | None

    def look(self, name: str) -> tuple[PlatformLook, int]:
        """Return how a platform is shown, and its place in the style."""
        return look_of(name, self.looks), self.platforms.index(name)


def states_of(plan: ExecutionPlan) -> dict[str, State]:
    """Return what a plan says about the state of its operators: nothing before anything ran."""
    if all(operator.measured_s is None and operator.counted is None for operator in plan.operators):
        return {}
    running = plan.loop is not None and plan.loop.round is not None and plan.loop.round < plan.loop.rounds
    looped = set(plan.loop.operators) if plan.loop is not None and running else set()
    found: dict[str, State] = {}
    for operator in plan.operators:
        ran = operator.measured_s is not None or operator.counted is not None
        found[operator.id] = "running" if operator.id in looped else ("done" if ran else "queued")
    return found


def tooltip(operator: ExecutionOperator, title: str, state: State | None, share: float | None) -> str:
    """Return all that a card has no room for, a fact a line; ``title`` is that of the platform."""
    pinned = " (pinned)" if operator.decision.pinned else ""
    lines = [
        f"{operator.verb} {operator.text}".strip(),
        f"{title}{pinned}: {operator.decision.reason}",
    ]
    if operator.rows is not None:
        rows = f"{units.count(operator.rows.low)} to {units.count(operator.rows.high)} rows estimated"
        lines.append(rows + (f", {units.count(operator.counted)} counted" if operator.counted is not None else ""))
    if operator.compute_s is not None:
        time = f"{units.duration(operator.compute_s.low)} to {units.duration(operator.compute_s.high)} estimated"
        lines.append(
            time + (f", {units.duration(operator.measured_s)} measured" if operator.measured_s is not None else "")
        )
    if share is not None:
        lines.append(f"{units.share(share)} of the time")
    return "\n".join([*lines, state] if state else lines)


def card(
    operator: ExecutionOperator, box: Box, styled: Styled, *, share: float | None, state: State | None, third: str
) -> str:
    """Return the SVG of a card.

    Parameters
    ----------
    operator, box, styled
        What is drawn, where, and how platforms look.
    share
        Its share of all time, 0 to 1.
    state
        Its state, where something runs or ran.
    third
        What stands in the third line of an operator without rows.
    """
    x, y = box.x, box.y
    step = heat(share)
    if operator.kind == "aggregate" and step == 1:
        step = 0
    look, index = styled.look(operator.decision.platform)
    soft = "" if step < 2 else f"t{step}"
    dashed = " factcard" if operator.kind == "aggregate" and step == 0 else ""
    parts = [rect(x + 0.5, y + 0.5, box.width - 1, box.height - 1, f"card h{step}{dashed}", radius=5)]
    parts.append(badge(x + 6, y + 6, look.badge, index))
    start = x + (26 if len(look.badge) == 1 else 30)
    room = box.right - start - (18 if operator.decision.pinned else 3)
    parts.append(
        text(
            start,
            y + 17.5,
            cut(operator.verb.replace("_", " ") if operator.verb == "local_update" else operator.verb, room, 12),
            f"verb t{step}",
        )
    )
    if operator.decision.pinned:
        parts.append(icon(box.right - 17, y + 6, "pin", f"s{step}"))
    if state is not None:
        parts.append(icon(box.right - 17, y + 22, state, "bad" if state == "failed" else f"s{step}"))
    parts.append(text(x + 7, y + 32, cut(operator.text, box.width - (25 if state else 12)), soft))
    parts += _numbers(operator, box, step, share, third)
    flag = mismatch(operator)
    if flag is not None:
        parts.append(_flag(operator, box, flag))
    return titled("".join(parts), tooltip(operator, look.title, state, share))


def _numbers(operator: ExecutionOperator, box: Box, step: int, share: float | None, third: str) -> list[str]:
    y, at, soft = box.y + 49, box.x + 7, "" if step < 2 else f"t{step}"
    shown = "" if not share else units.share(share)
    bold = "cnt " if (share or 0) >= 0.03 else ""
    parts = [text(box.right - 7, y, shown, bold + soft, anchor="end")]
    room = box.width - 14 - (width(shown, bold=bool(bold)) + 4 if shown else 0)
    if operator.rows is None and operator.counted is None:
        return [*parts, text(at, y, cut(third, room), soft)]
    guess = units.estimate(operator.rows)
    counted = units.compact(operator.counted) if operator.counted is not None else ""
    if guess and counted and width(guess) + 4 + width(counted, bold=True) > room:
        guess = ""
    return [*parts, spans(at, y, ((guess, soft), (counted, f"cnt t{step}")))]


def _flag(operator: ExecutionOperator, box: Box, flag: str) -> str:
    wide = width(flag, bold=True) + 14
    x, y = box.right - wide + 4, box.bottom - 5
    words = f"estimated {units.estimate(operator.rows)[1:]} rows, counted {units.count(operator.counted or 0)}"
    shape = rect(x, y, wide, 17, "flag", radius=8.5)
    return titled(shape + text(x + wide / 2, y + 12.3, flag, "flagt", anchor="middle"), words)
