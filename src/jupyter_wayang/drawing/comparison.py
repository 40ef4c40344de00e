"""Two plans, or two runs, side by side: in words, as a table, and as a picture."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass
from html import escape

from jupyter_wayang.drawing import units
from jupyter_wayang.drawing.captions import inputs_of, moves
from jupyter_wayang.drawing.changes import changes
from jupyter_wayang.drawing.svg import plan_svg
from jupyter_wayang.drawing.text import aligned_table, cut, one_line
from jupyter_wayang.drawing.tokens import PlatformLook, Theme, look_of
from jupyter_wayang.plan.execution import Edge, ExecutionOperator, ExecutionPlan

__all__ = ["Compared", "compared", "comparison_html", "comparison_svg", "comparison_text"]

_GAP = 24
_HEAD = 28
_SIDE = 30
_SAME = 0.1  # counts that differ by less are told in the table only
_TOLD = 4


@dataclass(frozen=True, kw_only=True)
class Compared:
    """An operator in both plans; None where one does not have it."""

    before: ExecutionOperator | None
    after: ExecutionOperator | None

    @property
    def either(self) -> ExecutionOperator:
        """The newer one, if both are there."""
        found = self.after or self.before
        if found is None:
            raise ValueError("an operator is in at least one of two plans")
        return found


def compared(before: ExecutionPlan, after: ExecutionPlan) -> tuple[Compared, ...]:
    """Pair the operators of two plans: those of one id, and of the rest those that say the same at the same place.

    Examples
    --------
    >>> from jupyter_wayang.plan.execution import ExecutionPlan, Interval
    >>> empty = ExecutionPlan(lanes=(), operators=(), edges=(), cost_s=Interval.exact(0))
    >>> compared(empty, empty)
    ()
    """
    old = {operator.id: operator for operator in before.operators}
    pairs: dict[str, ExecutionOperator] = {op.id: old[op.id] for op in after.operators if op.id in old}
    left = [operator for operator in before.operators if operator.id not in pairs]
    for operator in after.operators:
        if operator.id in pairs:
            continue
        same = next((one for one in left if _says(one) == _says(operator)), None)
        if same is not None:
            pairs[operator.id] = same
            left.remove(same)
    both = [Compared(before=pairs.get(operator.id), after=operator) for operator in after.operators]
    return (*both, *(Compared(before=operator, after=None) for operator in left))


def comparison_text(
    before: ExecutionPlan,
    after: ExecutionPlan,
    names: tuple[str, str] = ("A", "B"),
    *,
    looks: Mapping[str, PlatformLook] | None = None,
) -> str:
    """Say what changed from one plan to another: platforms, moves, costs, rows; and show both side by side.

    Examples
    --------
    >>> from jupyter_wayang.plan.execution import ExecutionPlan, Interval
    >>> empty = ExecutionPlan(lanes=(), operators=(), edges=(), cost_s=Interval.exact(0))
    >>> print(comparison_text(empty, empty))
    The plan is the same as before.
    estimated  A 0 s, B 0 s
    """
    pairs = compared(before, after)
    lines = _words(before, after, names, pairs)
    if not pairs:
        return "\n".join(lines)
    inputs = inputs_of(before), inputs_of(after)
    head = ["", names[0], "", "", names[1], "", "", ""]
    rows = [head, ["", *(("platform", "rows", "time") * 2), ""]]
    for pair in pairs:
        first, second = _side(pair.before, inputs[0], looks), _side(pair.after, inputs[1], looks)
        rows.append([cut(_called(pair.either), _SIDE), *first, *second, _mark(pair)])
    return "\n".join([*lines, "", *aligned_table(rows, right=(2, 3, 5, 6))])


def comparison_svg(
    before: ExecutionPlan,
    after: ExecutionPlan,
    names: tuple[str, str] = ("A", "B"),
    *,
    theme: Theme = "light",
    looks: Mapping[str, PlatformLook] | None = None,
) -> str:
    """Draw two plans side by side, as one picture that loads nothing.

    Examples
    --------
    >>> from jupyter_wayang.plan.execution import ExecutionPlan, Interval
    >>> empty = ExecutionPlan(lanes=(), operators=(), edges=(), cost_s=Interval.exact(0))
    >>> comparison_svg(empty, empty).count("<image")
    2
    """
    drawn = [plan_svg(plan, theme=theme, looks=looks) for plan in (before, after)]
    sizes = [_size(one) for one in drawn]
    width = sum(wide for wide, _ in sizes) + _GAP
    height = max(high for _, high in sizes) + _HEAD
    said = changes(before, after).sentence
    parts, left = [], 0.0
    for name, svg, (wide, high) in zip(names, drawn, sizes, strict=True):
        parts.append(
            f'<text x="{left + 8:g}" y="18" font-family="sans-serif" font-size="13" font-weight="600" fill="gray">'
            f"{escape(name)}</text>"
            f'<image x="{left:g}" y="{_HEAD}" width="{wide:g}" height="{high:g}" href="{_data(svg)}"/>'
        )
        left += wide + _GAP
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:g}" height="{height:g}" '
        f'viewBox="0 0 {width:g} {height:g}" role="img"><title>{escape(said)}</title>{"".join(parts)}</svg>'
    )


def comparison_html(
    before: ExecutionPlan,
    after: ExecutionPlan,
    names: tuple[str, str] = ("A", "B"),
    *,
    looks: Mapping[str, PlatformLook] | None = None,
) -> str:
    """Return what changed in words, both plans side by side, and the table of operators, for a notebook."""
    words, _, table = comparison_text(before, after, names, looks=looks).partition("\n\n")
    figures = "".join(
        f'<figure style="margin:0;flex:1 1 24em;min-width:0"><figcaption><b>{escape(name)}</b></figcaption>'
        f'<img style="max-width:100%" alt="the plan {escape(name, quote=True)}" '
        f'src="{_data(plan_svg(plan, theme="auto", looks=looks))}"></figure>'
        for name, plan in zip(names, (before, after), strict=True)
    )
    said = "".join(f"<p>{escape(line.strip())}</p>" for line in words.splitlines())
    rows = f"<details open><summary>Operators</summary><pre>{escape(table)}</pre></details>" if table else ""
    return f'<div class="wy-compare">{said}<div style="display:flex;flex-wrap:wrap;gap:1em">{figures}</div>{rows}</div>'


def _words(
    before: ExecutionPlan, after: ExecutionPlan, names: tuple[str, str], pairs: tuple[Compared, ...]
) -> list[str]:
    told = changes(before, after)
    lines = [" ".join(part for part in (told.sentence, told.more) if part)]
    lines.append(_pair("estimated", names, units.duration(before.cost_s.mean), units.duration(after.cost_s.mean)))
    took = [_measured(plan) for plan in (before, after)]
    if took[0] is not None and took[1] is not None:
        lines.append(_pair("measured", names, units.duration(took[0]), units.duration(took[1])))
    if before.movements or after.movements:
        lines.append(_pair("converted", names, _converted(before), _converted(after)))
    starts = [", ".join(look_of(name).title for name, _ in plan.start_up_s) or "nothing" for plan in (before, after)]
    if starts[0] != starts[1]:
        lines.append(_pair("started", names, starts[0], starts[1]))
    lines += _rows_changed(pairs)
    return lines


def _pair(what: str, names: tuple[str, str], first: str, second: str) -> str:
    return f"{what}  {names[0]} {first}, {names[1]} {second}"


def _measured(plan: ExecutionPlan) -> float | None:
    seconds = [operator.measured_s for operator in plan.operators if operator.measured_s is not None]
    return sum(seconds) if seconds else None


def _converted(plan: ExecutionPlan) -> str:
    amount = len(plan.movements)
    moved = sum(edge.movement.bytes.mean for edge in plan.movements if edge.movement is not None)
    return f"{amount} conversion{'' if amount == 1 else 's'} of {units.size(moved)}" if amount else "nothing"


def _rows_changed(pairs: tuple[Compared, ...]) -> list[str]:
    """Say of which operators the rows differ, the largest difference first."""
    found = []
    for pair in pairs:
        if pair.before is None or pair.after is None:
            continue
        old, new = _rows(pair.before), _rows(pair.after)
        if old is None or new is None:
            continue
        factor = max(max(new, 1) / max(old, 1), max(old, 1) / max(new, 1))
        if factor > 1 + _SAME:
            found.append((factor, f"{one_line(_called(pair.either))} {units.compact(old)} → {units.compact(new)}"))
    found.sort(key=lambda one: -one[0])
    rest = f", and {len(found) - _TOLD} more" if len(found) > _TOLD else ""
    return [cut("rows  " + ", ".join(text for _, text in found[:_TOLD]) + rest, 120)] if found else []


def _rows(operator: ExecutionOperator) -> float | None:
    if operator.counted is not None:
        return operator.counted
    return operator.rows.mean if operator.rows is not None else None


def _side(
    operator: ExecutionOperator | None,
    inputs: Mapping[str, list[Edge]],
    looks: Mapping[str, PlatformLook] | None,
) -> list[str]:
    if operator is None:
        return ["–", "", ""]
    title = look_of(operator.decision.platform, looks).title + (" (pinned)" if operator.decision.pinned else "")
    moved = "‖ " if any(moves(edge) for edge in inputs.get(operator.id, ())) else ""
    rows = units.compact(operator.counted) if operator.counted is not None else units.estimate(operator.rows)
    if operator.measured_s is not None:
        return [moved + title, rows, units.duration(operator.measured_s)]
    return [
        moved + title,
        rows,
        f"~{units.duration(operator.compute_s.mean)}" if operator.compute_s is not None else "",
    ]


def _mark(pair: Compared) -> str:
    if pair.before is None:
        return "new"
    if pair.after is None:
        return "gone"
    return "" if pair.before.decision.platform == pair.after.decision.platform else "moved"


def _called(operator: ExecutionOperator) -> str:
    return one_line(f"{operator.verb} {operator.text}".strip())


def _says(operator: ExecutionOperator) -> tuple[str, str, str]:
    return operator.lane, operator.verb, operator.text


def _size(svg: str) -> tuple[float, float]:
    found = re.search(r'viewBox="0 0 ([\d.]+) ([\d.]+)"', svg)
    return (float(found[1]), float(found[2])) if found is not None else (0.0, 0.0)


def _data(svg: str) -> str:
    # Apart from each other, as each has its own rules for the same classes.
    return "data:image/svg+xml;base64," + base64.b64encode(svg.encode()).decode()
