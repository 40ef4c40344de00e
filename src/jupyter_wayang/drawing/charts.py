"""The charts of a run, one function each: lines with names at their ends, cells per site and round, bytes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from jupyter_wayang.drawing import units
from jupyter_wayang.drawing.axes import Scale, spread, ticks
from jupyter_wayang.drawing.marks import rect, spans, text, titled
from jupyter_wayang.drawing.measure import cut, width
from jupyter_wayang.drawing.series import GLOBAL, Goal, MetricName, Series

__all__ = ["CHART_CSS", "MANY", "Frame", "byte_bars", "cells", "heat_map", "lines", "round_axis"]

MANY = 12
"""Above it sites are shown as a band and a heat map, by rank, with the three worst by name."""

CHART_CSS = """& text{font-family:%FONT%;font-size:11px;fill:var(--wy-ink-3);font-variant-numeric:tabular-nums}
& .ground{fill:var(--wy-surface)}& text.ti,& tspan.ti{font-size:12px;font-weight:600;fill:var(--wy-ink)}
& text.v,& tspan.v{fill:var(--wy-ink-2)}& text.b,& tspan.b{font-weight:600;fill:var(--wy-ink)}
& .grid{stroke:var(--wy-grid);stroke-width:1;fill:none}& .axis{stroke:var(--wy-line);fill:none}
& .goal{stroke:var(--wy-ink-3);stroke-dasharray:4 3;fill:none}
& .g{fill:none;stroke:var(--wy-ink);stroke-width:2.5;stroke-linejoin:round;stroke-linecap:round}
& .s{fill:none;stroke:var(--wy-edge);stroke-width:1.25;stroke-linejoin:round;stroke-linecap:round}
& .lead{fill:none;stroke:var(--wy-edge);stroke-width:1}& .dot{fill:var(--wy-edge)}& .gdot{fill:var(--wy-ink)}
& .cell{fill:var(--wy-lane)}& .bar{fill:var(--wy-edge)}& .cf{fill:var(--wy-failed-wash);stroke:var(--wy-failed)}
& .cross{stroke:var(--wy-failed);stroke-width:1.7;stroke-linecap:round;fill:none}& .gone{stroke:var(--wy-ink-3);stroke-width:1.6;fill:none}
& .bad{fill:var(--wy-failed)}& .up{fill:var(--wy-ink-2)}& .dn{fill:var(--wy-cost-in)}
& .band{fill:var(--wy-lane-strong)}& .band2{fill:var(--wy-line)}& .worst{fill:none;stroke:var(--wy-accent-ink);stroke-width:1.5}
& text.wl{fill:var(--wy-accent-ink);font-weight:600}
""" + "".join(f"& .h{n}{{fill:var(--wy-heat-{n})}}" for n in range(6))

_STEP = 13.5


@dataclass(frozen=True, kw_only=True)
class Frame:
    """Where a chart is: its rounds' scale, its top and height."""

    x: Scale
    top: float
    height: float

    @property
    def bottom(self) -> float:
        """The lower side."""
        return self.top + self.height


def lines(series: Series, metric: MetricName, frame: Frame, title: str, goal: Goal | None) -> str:
    """Draw a metric by round: sites thin, the global one thick, a gap where there is no value."""
    first = 0 if metric == "log_loss" else 1  # AUC and accuracy of a model without weights say nothing
    shown = {site: _known(series.line(metric, site), first) for site in (*series.sites, GLOBAL)}
    values = [value for points in shown.values() for _, value in points]
    parts = [_head(frame.top - 16, title, _said(series, metric))]
    if not values:
        return "".join([*parts, text(frame.x.start, frame.top + 14, "nothing that may be shown was measured", "v")])
    aims = [goal.threshold] if goal is not None and goal.metric == metric else []
    marks = ticks(min(values + aims), max(values + aims), 6 if frame.height > 120 else 3)
    y = Scale(marks[0], marks[-1], frame.bottom, frame.top)
    decimals = max(len(f"{mark:g}".partition(".")[2]) for mark in marks)
    for mark in marks:
        parts.append(level(frame.x.start, y(mark), frame.x.end, "grid"))
        parts.append(text(frame.x.start - 8, y(mark) + 4, f"{mark:.{decimals}f}", anchor="end"))
    if aims and goal is not None:
        parts += [
            level(frame.x.start, y(aims[0]), frame.x.end, "goal"),
            text(frame.x.start + 4, y(aims[0]) - 5, goal.words, "v"),
        ]
    if len(series.sites) <= MANY:
        return "".join([*parts, *_few(series, shown, frame, y)])
    return "".join([*parts, *_many(series, metric, shown, frame, y)])


def _head(y: float, title: str, said: str) -> str:
    return spans(12, y, ((title, "ti"), (said, "v")), gap=8)


def _known(line: dict[int, float | None], first: int) -> list[tuple[int, float]]:
    return [(number, value) for number, value in sorted(line.items()) if value is not None and number >= first]


def _said(series: Series, metric: MetricName) -> str:
    last, first = series.last(metric), series.first(metric)
    if last is None or first is None:
        return ""
    error = f", at worst ± {series.auc_error:.3f}" if metric == "auc" and series.auc_error is not None else ""
    since = f", from {units.metric(first[1])}" if metric == "log_loss" else ""
    return f"{units.metric(last[1])}{error} at round {last[0]}{since}"


def level(x: float, y: float, end: float, kind: str) -> str:
    return f'<path d="M{x:.1f} {round(y) + 0.5}H{end:.1f}" class="{kind}"/>'


def curve(points: list[tuple[int, float]], frame: Frame, y: Scale, kind: str) -> str:
    """Draw a line that is broken where rounds are missing; a lone point is a dot."""
    parts, dots, before = [], "", None
    numbers = [number for number, _ in points]
    for number, value in points:
        at = f"{frame.x(number):.1f} {y(value):.1f}"
        parts.append(f"{'L' if before == number - 1 else 'M'}{at}")
        if number - 1 not in numbers and number + 1 not in numbers:
            dots += f'<circle cx="{frame.x(number):.1f}" cy="{y(value):.1f}" r="2" class="{"gdot" if kind == "g" else "dot"}"/>'
        before = number
    return (f'<path d="{"".join(parts)}" class="{kind}"/>' if parts else "") + dots


def _few(series: Series, shown: dict[str, list[tuple[int, float]]], frame: Frame, y: Scale) -> list[str]:
    parts = [titled(curve(shown[site], frame, y, "s"), series.title(site)) for site in series.sites if shown[site]]
    parts.append(titled(curve(shown[GLOBAL], frame, y, "g"), GLOBAL))
    ends = [(name, points[-1]) for name, points in shown.items() if points]
    return [
        *parts,
        *names([(series.title(name), *end, "b" if name == GLOBAL else "v") for name, end in ends], frame, y),
    ]


def names(ends: list[tuple[str, int, float, str]], frame: Frame, y: Scale) -> list[str]:
    """Write the name and the value at the end of every line, moved apart and led to."""
    places = spread([y(value) for _, _, value, _ in ends], _STEP, frame.top, frame.bottom)
    x = max((frame.x(number) for _, number, _, _ in ends), default=0.0)
    widest = max((width(cut(name, 100), bold=True) for name, _, _, _ in ends), default=0.0)
    parts = []
    for (name, number, value, kind), place in zip(ends, places, strict=True):
        way = f"M{frame.x(number) + 3:.1f} {y(value):.1f}" + (f"H{x + 3:.1f}" if frame.x(number) < x - 1 else "")
        parts.append(f'<path d="{way}L{x + 12:.1f} {place:.1f}" class="lead"/>')
        parts.append(text(x + 16, place + 4, cut(name, 100), kind))
        parts.append(text(x + 22 + widest, place + 4, units.metric(value), kind))
    return parts


def _many(
    series: Series, metric: MetricName, shown: dict[str, list[tuple[int, float]]], frame: Frame, y: Scale
) -> list[str]:
    by_round: dict[int, list[float]] = {}
    for site in series.sites:
        for number, value in shown[site]:
            by_round.setdefault(number, []).append(value)
    numbers = sorted(by_round)
    ranked = {number: sorted(values) for number, values in by_round.items()}

    def at(number: int, share: float) -> float:
        values = ranked[number]
        return values[min(len(values) - 1, round(share * (len(values) - 1)))]

    def area(low: float, high: float, kind: str) -> str:
        there = [f"{frame.x(n):.1f} {y(at(n, low)):.1f}" for n in numbers]
        back = [f"{frame.x(n):.1f} {y(at(n, high)):.1f}" for n in reversed(numbers)]
        return f'<path d="M{"L".join(there + back)}Z" class="{kind}"/>' if numbers else ""

    worst = _worst_sites(series, metric, shown)
    parts = [area(0, 1, "band"), area(0.25, 0.75, "band2")]
    parts += [titled(curve(shown[site], frame, y, "worst"), series.title(site)) for site in worst]
    parts.append(titled(curve(shown[GLOBAL], frame, y, "g"), GLOBAL))
    ends = [(series.title(site), *shown[site][-1], "wl") for site in worst]
    ends += [(GLOBAL, *shown[GLOBAL][-1], "b")] if shown[GLOBAL] else []
    parts.append(
        text(
            frame.x.end, frame.top - 16, "pale: minimum to maximum, darker: middle half of the sites", "v", anchor="end"
        )
    )
    return [*parts, *names(ends, frame, y)]


def _worst_sites(series: Series, metric: MetricName, shown: dict[str, list[tuple[int, float]]]) -> list[str]:
    ends = {site: shown[site][-1][1] for site in series.sites if shown[site]}
    return sorted(ends, key=lambda site: ends[site], reverse=metric == "log_loss")[:3]


def cells(series: Series, frame: Frame) -> str:
    """Draw a cell per site and round: its length is time, its mark is what happened."""
    longest = max((cell.seconds for cell in series.cells.values()), default=0.0)
    full = _nice(longest)
    pitch, row = (frame.x.end - frame.x.start) / max(series.rounds, 1), frame.height / max(len(series.sites), 1)
    note = f"length = time, full cell = {units.duration(full)}" if full else "nothing was reported"
    parts = [_head(frame.top - 9, "Sites by round", note)]
    for index, site in enumerate(series.sites):
        y = frame.top + index * row
        parts.append(text(12, y + row / 2 + 2, cut(series.title(site), frame.x.start - 20), "v"))
        parts += [
            _cell(series, site, number, (frame.x(number - 1) + 1, y, pitch - 2, row - 4), full)
            for number in range(1, series.rounds + 1)
        ]
    return "".join(parts)


def _nice(longest: float) -> float:
    if longest <= 0:
        return 0.0
    return ticks(0, longest, 4)[-1]


def _cell(series: Series, site: str, number: int, box: tuple[float, float, float, float], full: float) -> str:
    x, y, wide, high = box
    found = series.cells.get((site, number))
    if found is None and number > series.reached:
        return f'<circle cx="{x + wide / 2:.1f}" cy="{y + high / 2:.1f}" r="1.4" class="bar"/>'
    if found is None:
        mark = f'<path d="M{x + wide * 0.3:.1f} {y + high / 2:.1f}h{wide * 0.4:.1f}" class="gone"/>'
        return titled(mark, f"{series.title(site)}, round {number}: took no part")
    if found.error is not None:
        size, cx, cy = min(3.5, wide / 3), x + wide / 2, y + high / 2
        cross = f"M{cx - size:.1f} {cy - size:.1f}l{2 * size:.1f} {2 * size:.1f}m0 {-2 * size:.1f}l{-2 * size:.1f} {2 * size:.1f}"
        mark = rect(x + 0.5, y + 0.5, wide - 1, high - 1, "cf", radius=2) + f'<path d="{cross}" class="cross"/>'
        return titled(
            mark, f"{series.title(site)}, round {number}, failed after {units.duration(found.seconds)}: {found.error}"
        )
    inner = min(wide, found.seconds / full * wide) if full else wide
    mark = rect(x, y, wide, high, "cell", radius=2) + rect(x, y + 4, max(inner, 1), high - 8, "bar", radius=1.5)
    return titled(mark, f"{series.title(site)}, round {number}: {units.duration(found.seconds)}")


def heat_map(series: Series, metric: MetricName, frame: Frame) -> str:
    """Draw many sites by round, the worst first: stronger is a higher loss."""
    shown = {site: dict(_known(series.line(metric, site), 1)) for site in series.sites}
    order = sorted(series.sites, key=lambda site: -(list(shown[site].values()) or [-1.0])[-1])
    values = sorted(value for points in shown.values() for value in points.values())
    bounds = [values[int(len(values) * share)] for share in (0.1, 0.3, 0.5, 0.7, 0.9)] if values else []
    pitch, row = (frame.x.end - frame.x.start) / max(series.rounds, 1), frame.height / max(len(order), 1)
    said = "worst first, stronger = higher log loss; steps at " + ", ".join(units.metric(bound) for bound in bounds)
    parts = [_head(frame.top - 9, f"{len(order)} sites by round", said)]
    parts.append(rect(frame.x.start, frame.top, frame.x.end - frame.x.start, frame.height, "cell"))
    paths: dict[str, list[str]] = {}
    for index, site in enumerate(order):
        for number in range(1, series.reached + 1):
            found, value = series.cells.get((site, number)), shown[site].get(number)
            kind = "bad" if found is not None and found.error is not None else ""
            kind = kind or (f"h{sum(value >= bound for bound in bounds)}" if value is not None else "")
            box = f"M{frame.x(number - 1):.1f} {frame.top + index * row:.1f}h{pitch - 0.8:.1f}v{row - 0.6:.1f}h{0.8 - pitch:.1f}z"
            if kind:
                paths.setdefault(kind, []).append(box)
    parts += [f'<path d="{"".join(boxes)}" class="{kind}"/>' for kind, boxes in paths.items()]
    for index, name in ((0, "worst"), (len(order) // 2, "median"), (len(order) - 1, "best")):
        parts.append(text(frame.x.start - 8, frame.top + (index + 0.5) * row + 4, name, anchor="end"))
    return "".join(parts)


def byte_bars(series: Series, frame: Frame) -> str:
    """Draw the bytes of every round, up and down from one line."""
    up, down = sum(series.left.values()), sum(series.came.values())
    parts = [_head(frame.top - 9, "Bytes by round", f"up {units.size(up)}, down {units.size(down)} in all")]
    highest = max([*series.up.values(), *series.down.values(), 1])
    middle, half = frame.top + frame.height / 2, frame.height / 2
    pitch = (frame.x.end - frame.x.start) / max(series.rounds, 1)
    inset = min(4.0, pitch / 5)
    for number in range(1, series.rounds + 1):
        x, sent, got = frame.x(number - 1) + inset, series.up.get(number, 0), series.down.get(number, 0)
        if not sent and not got:
            continue
        bars = rect(x, middle - sent / highest * half, pitch - 2 * inset, sent / highest * half, "up")
        bars += rect(x, middle + 1, pitch - 2 * inset, got / highest * half, "dn")
        parts.append(titled(bars, f"round {number}: up {units.size(sent)}, down {units.size(got)}"))
    parts.append(level(frame.x.start, middle, frame.x.end, "axis"))
    parts.append(
        text(frame.x.start - 8, middle - 5, f"up {units.size(max(series.up.values(), default=0))}", anchor="end")
    )
    parts.append(
        text(frame.x.start - 8, middle + 14, f"down {units.size(max(series.down.values(), default=0))}", anchor="end")
    )
    return "".join(parts)


def round_axis(series: Series, x: Scale, y: float) -> str:
    """Write the numbers of rounds."""
    whole = sorted({round(mark) for mark in ticks(0, max(series.rounds, 1), 6)})
    shown: Iterable[int] = (mark for mark in whole if 0 <= mark <= series.rounds)
    return "".join(text(x(mark), y, "round 0" if mark == 0 else str(mark), anchor="middle") for mark in shown)
