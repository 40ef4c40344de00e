"""Several runs in one picture: a panel for each metric, a line for each run, with its name at the end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from jupyter_wayang.drawing.axes import Scale, spread, ticks
from jupyter_wayang.drawing.charts import CHART_CSS, Frame, curve, level, names
from jupyter_wayang.drawing.marks import escaped, rect, text
from jupyter_wayang.drawing.tokens import FONT, Theme, css, resolve

__all__ = ["DASHES", "Panel", "runs_svg"]

DASHES = ("", "7 3", "2 3", "9 3 2 3", "5 2 1 2 1 2", "12 4")
"""Runs differ by how their lines are dashed: hue means platform, and nothing else."""

_WIDTH, _START, _END, _HEIGHT = 980.0, 72.0, 740.0, 150.0


@dataclass(frozen=True, kw_only=True)
class Panel:
    """A metric of several runs: by run and round, and levels that have no rounds, by name."""

    title: str
    lines: Mapping[str, Mapping[int, float]]
    levels: Mapping[str, float] = field(default_factory=dict)


def runs_svg(panels: Sequence[Panel], theme: Theme = "light") -> str:
    """Draw metrics of several runs by round.

    Parameters
    ----------
    panels
        What is drawn, from above; one without values is left out.
    theme
        ``light``, ``dark``, or ``auto`` for a picture that follows the system's.

    Examples
    --------
    >>> svg = runs_svg([Panel(title="Accuracy", lines={"fedavg": {1: 0.7, 2: 0.8}}, levels={"pooled": 0.9})])
    >>> all(word in svg for word in ("Accuracy", "fedavg", "pooled"))
    True
    """
    shown = [panel for panel in panels if any(panel.lines.values())]
    most = max((number for panel in shown for line in panel.lines.values() for number in line), default=1)
    x, y, parts = Scale(0, max(most, 1), _START, _END), 34.0, []
    for panel in shown:
        frame = Frame(x=x, top=y, height=_HEIGHT)
        parts.append(_panel(panel, frame))
        y = frame.bottom + 42
    marks = sorted({round(mark) for mark in ticks(0, max(most, 1), 8)})
    parts += [
        text(x(mark), y - 22, "round 0" if mark == 0 else str(mark), anchor="middle") for mark in marks if mark <= most
    ]
    scope = f".wy-runs.wy-{theme}"
    style = [css(scope)] if theme == "auto" else []
    style.append(resolve(_css().replace("%FONT%", FONT), theme).replace("&", scope))
    height = max(y - 8, 60.0)
    said = ", ".join(dict.fromkeys(name for panel in shown for name in panel.lines))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="wy-runs wy-{theme}" viewBox="0 0 {_WIDTH:.0f} {height:.0f}" '
        f'width="{_WIDTH:.0f}" height="{height:.0f}" role="img"><title>Runs by round</title>'
        f"<desc>{escaped(said)}</desc><style>{escaped(chr(10).join(style))}</style>"
        f"{rect(0, 0, _WIDTH, height, 'ground')}{''.join(parts)}</svg>"
    )


def _css() -> str:
    dashed = "".join(
        f"& .run{at}{{fill:none;stroke:var(--wy-ink);stroke-width:1.75;stroke-dasharray:{dash or 'none'}}}\n"
        for at, dash in enumerate(DASHES)
    )
    return CHART_CSS + dashed


def _panel(panel: Panel, frame: Frame) -> str:
    points = {name: sorted(line.items()) for name, line in panel.lines.items()}
    values = [value for line in points.values() for _, value in line] + list(panel.levels.values())
    marks = ticks(min(values), max(values), 4)
    y = Scale(marks[0], marks[-1], frame.bottom, frame.top)
    decimals = max(len(f"{mark:g}".partition(".")[2]) for mark in marks)
    parts = [text(12, frame.top - 16, panel.title, "ti")]
    for mark in marks:
        parts.append(level(frame.x.start, y(mark), frame.x.end, "grid"))
        parts.append(text(frame.x.start - 8, y(mark) + 4, f"{mark:.{decimals}f}", anchor="end"))
    heights = [y(value) for value in panel.levels.values()]
    places = spread([height - 5 for height in heights], 12, frame.top - 5, frame.bottom - 5)
    for name, height, place in zip(panel.levels, heights, places, strict=True):
        parts.append(level(frame.x.start, height, frame.x.end, "goal"))
        parts.append(text(frame.x.start + 4, place, name, "v"))
    for at, line in enumerate(points.values()):
        parts.append(curve(line, frame, y, f"run{at % len(DASHES)}"))
    return "".join([*parts, *names([(name, *line[-1], "v") for name, line in points.items() if line], frame, y)])
