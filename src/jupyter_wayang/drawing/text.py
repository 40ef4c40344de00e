"""A plan as text: an outline with a lane per site, and every decision with its alternatives as a table."""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from jupyter_wayang.drawing import units
from jupyter_wayang.drawing.captions import inputs_of, mismatch, moves, shares
from jupyter_wayang.drawing.rowtext import table_text
from jupyter_wayang.drawing.tokens import PlatformLook, look_of
from jupyter_wayang.drawing.whys import Wins, misses_text, rows_text, wins_text
from jupyter_wayang.plan.execution import Alternative, Edge, ExecutionOperator, ExecutionPlan, Interval, Lane

__all__ = ["aligned_table", "cut", "explain", "one_line", "outline", "table_text"]

_WIDTH = 120
_SIDE = 26


def outline(plan: ExecutionPlan, *, looks: Mapping[str, PlatformLook] | None = None) -> str:
    """Write a plan as text: a lane per site, a line per operator with platform, rows, time and the reason.

    Parameters
    ----------
    plan
        The plan.
    looks
        Titles and badges of platforms, besides those that are known.

    Returns
    -------
    str
        Lines of at most 120 columns. ``‖`` marks a conversion of rows from one form to another.

    Examples
    --------
    >>> from jupyter_wayang.plan.execution import ExecutionPlan, Interval
    >>> print(outline(ExecutionPlan(name="empty", lanes=(), operators=(), edges=(), cost_s=Interval.exact(0))))
    empty  0 operators, estimated 0 s
    """
    lines = [_cut(_head(plan))]
    if plan.loop is not None:
        until = f", until {plan.loop.until}" if plan.loop.until else ""
        state = f", round {plan.loop.round}" if plan.loop.round is not None else ""
        lines.append(_cut(f"↻ marks the loop: {plan.loop.rounds} rounds, planned as one{until}{state}"))
    parts, inputs = shares(plan), inputs_of(plan)
    looped = set(plan.loop.operators) if plan.loop is not None else set()
    for lane in plan.lanes:
        lines += ["", _cut(_lane_line(lane, looks))]
        members = [operator for operator in plan.operators if operator.lane == lane.id]
        rows = [_cells(op, inputs.get(op.id, ()), parts.get(op.id), looks, looped=op.id in looped) for op in members]
        lines += _table(rows, members)
    lines += ["", *_takes(plan)] if plan.takes else []
    if plan.start_up_s:
        times = Counter(plan.start_up_s)
        started = ", ".join(
            f"{look_of(name, looks).title} {f'{n} × ' if n > 1 else ''}{units.duration(seconds)}"
            for (name, seconds), n in times.items()
        )
        lines += ["", *_wrapped("to start: ", started)]
    lines += [line for note in plan.notes for line in _wrapped("note: ", note)]
    if plan.captured:
        lines += _wrapped("from the notebook: ", ", ".join(plan.captured))
    return "\n".join(lines)


def _head(plan: ExecutionPlan) -> str:
    sites, changes = sum(lane.kind == "site" for lane in plan.lanes), len(plan.movements)
    parts = [f"{len(plan.operators)} operators"]
    parts += [f"{sites} sites"] if sites else []
    parts += [f"{changes} conversion{'s' if changes > 1 else ''}"] if changes else []
    parts.append(f"estimated {_interval(plan.cost_s)}")
    return f"{plan.name or 'plan'}  {', '.join(parts)}"


def _interval(time: Interval) -> str:
    if time.low == time.high:
        return units.duration(time.low)
    return f"{units.duration(time.mean)} [{units.duration(time.low)} to {units.duration(time.high)}]"


def _takes(plan: ExecutionPlan) -> list[str]:
    """Write what a task takes of each site, and what it took."""
    titles = {lane.id: one_line(lane.title) for lane in plan.lanes}
    ran = any(one.left_bytes is not None for one in plan.takes)
    head = ["takes of each site", "leaves a round", "leaves in all", *(["left"] * ran), "memory", "time"]
    head += ["took"] * ran + ["budget a round"] * any(one.budget is not None for one in plan.takes)
    rows = []
    for one in plan.takes:
        each = "" if one.round_bytes is None else _sizes(one.round_bytes)
        row = [cut(titles.get(one.site, one.site), _SIDE), each, _sizes(one.bytes)]
        row += ["" if one.left_bytes is None else units.size(one.left_bytes)] * ran
        row += [_sizes(one.memory_bytes), _interval(one.seconds)]
        row += ["" if one.took_s is None else units.duration(one.took_s)] * ran
        row += ["" if one.budget is None else f"{one.budget:.3g}"] * (len(head) - len(row))
        rows.append(row)
    return [_cut(line) for line in aligned_table([head, *rows], right=range(1, len(head)))]


def _sizes(amount: Interval) -> str:
    low, high = units.size(amount.low), units.size(amount.high)
    return low if low == high else f"{low} to {high}"


def _lane_line(lane: Lane, looks: Mapping[str, PlatformLook] | None) -> str:
    platforms = ", ".join(look_of(name, looks).title for name in lane.platforms)
    rows = f"{units.count(lane.rows)} rows" if lane.rows is not None else ""
    return "  ".join(part for part in (one_line(lane.title), platforms, rows, one_line(lane.note)) if part)


def _cells(
    operator: ExecutionOperator,
    inputs: Iterable[Edge],
    share: float | None,
    looks: Mapping[str, PlatformLook] | None,
    *,
    looped: bool,
) -> list[str]:
    look = look_of(operator.decision.platform, looks)
    guess = operator.compute_s.mean if operator.compute_s is not None else None
    seconds = operator.measured_s if operator.measured_s is not None else guess
    moved = [edge.movement for edge in inputs if edge.movement is not None and moves(edge)]
    return [
        ("↻ " if looped else "  ") + cut(f"{operator.verb} {one_line(operator.text)}".strip(), _SIDE),
        f"{look.badge} {look.title}" + (" (pinned)" if operator.decision.pinned else ""),
        " ".join(f"‖ {units.size(movement.bytes.mean)}" for movement in moved),
        _rows(operator),
        "" if seconds is None else units.duration(seconds),
        "" if share is None else units.share(share),
    ]


def _rows(operator: ExecutionOperator) -> str:
    counted = "" if operator.counted is None else units.compact(operator.counted)
    flag = mismatch(operator)
    return " ".join(part for part in (units.estimate(operator.rows), counted, flag or "") if part)


def _table(rows: Sequence[Sequence[str]], members: Sequence[ExecutionOperator]) -> list[str]:
    """Align the cells and write the reason behind them, or below where there is no room."""
    if not rows:
        return []
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    longest = max(len(one_line(operator.decision.reason)) for operator in members)
    beside = sum(wide + 2 for wide in widths if wide) + longest <= _WIDTH
    lines = []
    for row, operator in zip(rows, members, strict=True):
        aligned = [
            cell.rjust(wide) if index >= 3 else cell.ljust(wide)
            for index, (cell, wide) in enumerate(zip(row, widths, strict=True))
            if wide
        ]
        left = "  ".join(aligned).rstrip()
        full = "  ".join(aligned)
        reason = one_line(operator.decision.reason)
        if beside:
            lines.append(f"{full}  {reason}".rstrip())
        else:
            lines += [_cut(left), *_wrapped("      ", reason)]
    return lines


def explain(plan: ExecutionPlan, *, looks: Mapping[str, PlatformLook] | None = None, wins: Wins | None = None) -> str:
    """Write every decision: the platforms that were considered, what each would cost, why some are impossible.

    Of a plan that ran, the estimates that were off come first.

    Parameters
    ----------
    plan
        The plan.
    looks
        Titles of platforms, besides those that are known.
    wins
        When other platforms would win, by operator, if that was looked for.

    Returns
    -------
    str
        Lines of at most 120 columns. ``difference`` compares the best whole plan with that platform to the chosen one.

    Examples
    --------
    >>> from jupyter_wayang.plan.execution import ExecutionPlan, Interval
    >>> explain(ExecutionPlan(name="empty", lanes=(), operators=(), edges=(), cost_s=Interval.exact(0)))
    'empty  0 operators, estimated 0 s'
    """
    lines, inputs = [_cut(_head(plan))], inputs_of(plan)
    off = misses_text(plan)
    lines += ["", *(line for one in off for line in _wrapped("", one))] if off else []
    lines += ["", *_takes(plan)] if plan.takes else []
    for lane in plan.lanes:
        for operator in (op for op in plan.operators if op.lane == lane.id):
            lines += ["", _cut(f"{one_line(lane.title)}: {operator.verb} {one_line(operator.text)}".rstrip())]
            lines += _wrapped("  ", one_line(operator.decision.reason))
            lines += [f"  {rows}"] if (rows := rows_text(operator)) else []
            lines += (
                ["  kept for the turns of its loop: to make it anew in each would cost more"] if operator.kept else []
            )
            lines += _alternatives(operator, looks)
            won = wins_text(operator, wins.get(operator.id, ()), looks) if wins is not None else ""
            lines += _wrapped("  ", won) if won else []
            lines += [line for edge in inputs.get(operator.id, ()) if moves(edge) for line in _moved(edge)]
    lines += [line for note in plan.notes for line in ("", *_wrapped("note: ", note))]
    return "\n".join(lines)


def _alternatives(operator: ExecutionOperator, looks: Mapping[str, PlatformLook] | None) -> list[str]:
    possible = [one for one in operator.decision.alternatives if one.impossible is None]
    if not operator.decision.alternatives:
        return []
    chosen = operator.decision.platform
    possible.sort(key=lambda one: (one.platform != chosen, one.difference_s if one.difference_s is not None else 0.0))
    head = ["", "compute", "move in", "move out", "difference"]
    rows = [[_marked(one, chosen, looks), *_costs(one, chosen)] for one in possible]
    names = [_marked(one, chosen, looks) for one in operator.decision.alternatives]
    first = max(len(name) for name in names)
    widths = [first, *(max(len(row[i]) for row in [head, *rows]) for i in range(1, 5))]
    lines = [_aligned(row, widths) for row in [head, *rows]] if rows else []
    for one in operator.decision.alternatives:
        if one.impossible is not None:
            lines += _wrapped(f"  {_marked(one, chosen, looks).ljust(first)}  impossible: ", one_line(one.impossible))
    return lines


def _marked(one: Alternative, chosen: str, looks: Mapping[str, PlatformLook] | None) -> str:
    return ("→ " if one.platform == chosen and one.impossible is None else "  ") + look_of(one.platform, looks).title


def _costs(one: Alternative, chosen: str) -> list[str]:
    parts = [one.compute_s, one.move_in_s, one.move_out_s]
    said = ["" if part is None else units.duration(part.mean) for part in parts]
    if one.platform == chosen:
        return [*said, "chosen"]
    return [*said, "" if one.difference_s is None else units.signed_duration(one.difference_s)]


def _aligned(row: Sequence[str], widths: Sequence[int]) -> str:
    cells = [row[0].ljust(widths[0]), *(cell.rjust(wide) for cell, wide in zip(row[1:], widths[1:], strict=True))]
    return "  " + "  ".join(cells).rstrip()


def _moved(edge: Edge) -> Iterable[str]:
    if edge.movement is None:
        return []
    way = " → ".join(edge.movement.channels)
    cost = f"{units.size(edge.movement.bytes.mean)}, {units.duration(edge.movement.cost_s.mean)}"
    return _wrapped("  ‖ ", f"{cost} from {edge.source.node}: {way}")


def aligned_table(rows: Sequence[Sequence[str]], right: Sequence[int] = ()) -> list[str]:
    """Align cells in columns, some of them to the right.

    Examples
    --------
    >>> aligned_table([["a", "10"], ["bb", "5"]], right=(1,))
    ['a   10', 'bb   5']
    """
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    aligned = (
        [cell.rjust(wide) if index in right else cell.ljust(wide) for index, (cell, wide) in enumerate(pairs)]
        for row in rows
        for pairs in [list(zip(row, widths, strict=True))]
    )
    return ["  ".join(cells).rstrip() for cells in aligned]


def one_line(text: str) -> str:
    """Return text without line breaks and wide gaps."""
    return " ".join(text.split())


def cut(text: str, room: int) -> str:
    """Return text that fits; what is cut off is marked."""
    return text if len(text) <= room else text[: room - 1].rstrip() + "…"


def _cut(line: str) -> str:
    return cut(line, _WIDTH)


def _wrapped(lead: str, text: str) -> list[str]:
    lead += text[: len(text) - len(text.lstrip())]
    indent = " " * min(len(lead), 40)
    return textwrap.wrap(text, _WIDTH, initial_indent=lead, subsequent_indent=indent) or [lead.rstrip()]
