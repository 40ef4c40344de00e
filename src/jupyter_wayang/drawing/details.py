"""What is behind a card, as HTML: the reason, a bar for every platform, what is impossible and why, generated code."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

from jupyter_wayang.drawing import units
from jupyter_wayang.drawing.captions import inputs_of, moves, platforms_of, shares
from jupyter_wayang.drawing.tokens import PlatformLook, look_of
from jupyter_wayang.drawing.whys import TOLD, misses, misses_text, rows_text, starts_text
from jupyter_wayang.plan.execution import Alternative, ExecutionOperator, ExecutionPlan, Lane

__all__ = ["operator_details"]

_KEY = (
    '<p class="sub key"><span><i class="c1"></i>compute</span><span><i class="c2"></i>move in</span>'
    '<span><i class="c3"></i>move out</span>Each bar is the operator in the best whole plan with that platform; the '
    "difference is between the whole plans of the place.</p>"
)


def operator_details(plan: ExecutionPlan, looks: Mapping[str, PlatformLook] | None) -> str:
    """Return every operator of a plan, by lane, each behind a line that opens."""
    if not plan.operators:
        return ""
    writer = _Writer(plan, looks)
    lanes = "".join(writer.lane(lane) for lane in plan.lanes)
    return f"{_off(plan)}<h2>Why each platform</h2>{_KEY}{lanes}"


def _off(plan: ExecutionPlan) -> str:
    """Return the estimates that were off most; that none was, if so; nothing of a plan that did not run."""
    said = misses_text(plan)
    if not said:
        return ""
    items = "".join(f"<dt>{miss.times}</dt><dd>{escape(miss.told)}</dd>" for miss in misses(plan)[:TOLD])
    shown = f"<dl>{items}</dl>" if items else f'<p class="sub">{said[0].capitalize()}.</p>'
    starts = "".join(f'<p class="sub">{escape(line[0].upper() + line[1:])}.</p>' for line in starts_text(plan))
    return f"<h2>Which estimates were off most</h2>{shown}{starts}"


class _Writer:
    def __init__(self, plan: ExecutionPlan, looks: Mapping[str, PlatformLook] | None) -> None:
        self.plan = plan
        self.looks = looks
        self.names = platforms_of(plan)
        self.shares = shares(plan)
        self.inputs = inputs_of(plan)

    def lane(self, lane: Lane) -> str:
        members = [operator for operator in self.plan.operators if operator.lane == lane.id]
        if not members:
            return ""
        inner = "".join(self.operator(operator) for operator in members)
        count = f"{len(members)} operator{'s' if len(members) != 1 else ''}"
        title = f'{escape(lane.title)} <span class="sub">{count}</span>'
        return f'<details class="lane"><summary>{title}</summary><div>{inner}</div></details>'

    def badge(self, name: str) -> str:
        return f'<span class="pb p{self.names.index(name)}">{escape(look_of(name, self.looks).badge)}</span>'

    def operator(self, operator: ExecutionOperator) -> str:
        name = operator.decision.platform
        facts = [look_of(name, self.looks).title + (", pinned" if operator.decision.pinned else "")]
        facts += [self.rows(operator)] if operator.rows is not None or operator.counted is not None else []
        facts += [self.time(operator)] if operator.compute_s is not None or operator.measured_s is not None else []
        head = f"{self.badge(name)} <b>{escape(operator.verb)}</b> {escape(operator.text)}"
        end = f'<span class="end">{escape(", ".join(facts))}</span>'
        inner = [f"<p>{escape(operator.decision.reason)}</p>", self.alternatives(operator), *self.movements(operator)]
        if known := rows_text(operator):
            inner.insert(1, f'<p class="sub">{escape(known)}</p>')
        if operator.code:
            inner.append(f"<pre>{escape(operator.code)}</pre>")
        if operator.schema is not None and len(operator.schema):
            columns = ", ".join(f"{column.name} {column.type}" for column in operator.schema)
            inner.append(f'<p class="sub">{len(operator.schema)} columns: {escape(columns)}</p>')
        return f'<details class="op"><summary>{head}{end}</summary><div>{"".join(inner)}</div></details>'

    def rows(self, operator: ExecutionOperator) -> str:
        counted = units.count(operator.counted) if operator.counted is not None else ""
        return " ".join(part for part in (units.estimate(operator.rows), counted, "rows") if part)

    def time(self, operator: ExecutionOperator) -> str:
        seconds = operator.measured_s
        if seconds is None:
            return f"~{units.duration(operator.compute_s.mean)}" if operator.compute_s is not None else ""
        share = f" ({units.share(self.shares[operator.id])})" if operator.id in self.shares else ""
        return units.duration(seconds) + share

    def movements(self, operator: ExecutionOperator) -> list[str]:
        found = []
        for edge in self.inputs.get(operator.id, ()):
            if edge.movement is not None and moves(edge):
                cost = f"{units.size(edge.movement.bytes.mean)}, {units.duration(edge.movement.cost_s.mean)}"
                way = " → ".join(edge.movement.channels)
                found.append(f'<p class="sub">‖ {escape(cost)} from {escape(edge.source.node)}: {escape(way)}</p>')
        return found

    def alternatives(self, operator: ExecutionOperator) -> str:
        chosen = operator.decision.platform
        possible = [one for one in operator.decision.alternatives if one.impossible is None]
        possible.sort(key=lambda one: (one.platform != chosen, one.difference_s or 0.0))
        longest = max((sum(_parts(one)) for one in possible), default=0.0)
        rows = [self.bar(one, longest, chosen=one.platform == chosen) for one in possible]
        rows += [self.impossible(one) for one in operator.decision.alternatives if one.impossible is not None]
        if not rows:
            return ""
        head = '<span class="head">platform</span><span></span><span class="head r">own cost</span><span class="head r">difference</span>'
        return f'<div class="alts">{head if possible else ""}{"".join(rows)}</div>'

    def bar(self, one: Alternative, longest: float, *, chosen: bool) -> str:
        parts, mark = _parts(one), " chosen" if chosen else ""
        widths = [part / longest * 100 if longest > 0 else 0.0 for part in parts]
        track = "".join(
            f'<i class="c{index}" style="width:{wide:.2f}%"></i>' for index, wide in enumerate(widths, 1) if wide > 0
        )
        said = ", ".join(
            f"{name} {units.duration(part)}"
            for name, part in zip(("compute", "move in", "move out"), parts, strict=True)
        )
        difference = (
            "chosen" if chosen else ("" if one.difference_s is None else units.signed_duration(one.difference_s))
        )
        return (
            f'<span class="{mark.strip()}">{self.badge(one.platform)} {escape(look_of(one.platform, self.looks).title)}</span>'
            f'<span class="track" title="{escape(said)}">{track}</span>'
            f'<span class="r{mark}">{units.duration(sum(parts))}</span><span class="r{mark}">{difference}</span>'
        )

    def impossible(self, one: Alternative) -> str:
        title = escape(look_of(one.platform, self.looks).title)
        return f'<span class="sub">{self.badge(one.platform)} {title}</span><span class="no">{escape(one.impossible or "")}</span>'


def _parts(one: Alternative) -> tuple[float, float, float]:
    parts = (one.compute_s, one.move_in_s, one.move_out_s)
    first, second, third = (0.0 if part is None else part.mean for part in parts)
    return first, second, third
