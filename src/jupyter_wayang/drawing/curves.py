"""The curves of a federated run as a stand-alone SVG: one round axis, all that belongs to a round below each other."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from jupyter_wayang.drawing import units
from jupyter_wayang.drawing.axes import Scale
from jupyter_wayang.drawing.charts import CHART_CSS, MANY, Frame, byte_bars, cells, heat_map, lines, round_axis
from jupyter_wayang.drawing.marks import escaped, rect, spans
from jupyter_wayang.drawing.measure import cut
from jupyter_wayang.drawing.series import GLOBAL, Series, goal_of, series_of
from jupyter_wayang.drawing.tokens import FONT, Theme, css, resolve
from jupyter_wayang.events import AnyEvent

__all__ = ["curves_svg"]

_WIDTH, _START, _END = 980.0, 112.0, 812.0


def curves_svg(
    events: Iterable[AnyEvent],
    *,
    until: str | None = None,
    on: str = "test",
    theme: Theme = "light",
    titles: Mapping[str, str] | None = None,
) -> str:
    """Draw log loss and AUC by round, a cell per site and round, and the bytes of every round.

    Parameters
    ----------
    events
        Events of a run; what is not about metrics, rounds, sites or bytes is passed over.
    until
        The goal of the loop, as in ``log_loss < 0.4``: a dashed line.
    on
        Which rows' metrics are shown, ``test`` or ``train``.
    theme
        ``light``, ``dark``, or ``auto`` for a picture that follows the system's.
    titles
        What people call the sites, by the names in the events.

    Returns
    -------
    str
        An SVG document.

    Examples
    --------
    >>> from jupyter_wayang.events import MetricsMeasured
    >>> event = MetricsMeasured(round=0, site="global", on="test", rows=9, log_loss=0.69, accuracy=None, auc=None)
    >>> "Log loss on test rows" in curves_svg([event])
    True
    """
    series = series_of(events, on=on, titles=titles)
    body, height = _body(series, until)
    scope = f".wy-curves.wy-{theme}"
    style = [css(scope)] if theme == "auto" else []
    style.append(resolve(CHART_CSS.replace("%FONT%", FONT), theme).replace("&", scope))
    size = f'viewBox="0 0 {_WIDTH:.0f} {height:.0f}" width="{_WIDTH:.0f}" height="{height:.0f}"'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="wy-curves wy-{theme}" {size} role="img">'
        f"<title>Curves of a run</title><desc>{escaped(_description(series))}</desc>"
        f"<style>{escaped(chr(10).join(style))}</style>{rect(0, 0, _WIDTH, height, 'ground')}{body}</svg>"
    )


def _body(series: Series, until: str | None) -> tuple[str, float]:
    x, many, goal = Scale(0, max(series.rounds, 1), _START, _END), len(series.sites) > MANY, goal_of(until)
    y, parts = 34.0, []
    # Of several classes there is no AUC.
    ranked = any(series.last("auc", site) for site in (GLOBAL, *series.sites)) or series.last("accuracy") is None
    second = ("auc", "AUC", 92.0) if ranked else ("accuracy", "Accuracy", 92.0)
    for metric, title, height in (("log_loss", f"Log loss on {series.on} rows", 228.0), second):
        frame = Frame(x=x, top=y, height=height)
        parts.append(lines(series, metric, frame, title, goal))  # type: ignore[arg-type]
        y = frame.bottom + 40
    frame = Frame(x=x, top=y - 4, height=4.0 * len(series.sites) if many else 23.0 * len(series.sites))
    # Simulated clients that are summed up are no sites that could have answered.
    if series.cells or (series.sites and any(series.asked.values())):
        parts.append(heat_map(series, "log_loss", frame) if many else cells(series, frame))
        y = frame.bottom + 26
    if series.up or series.down:
        frame = Frame(x=x, top=y + 6, height=44)
        parts.append(byte_bars(series, frame))
        y = frame.bottom
    parts.append(round_axis(series, x, y + 18))
    noted, y = _notes(series, y + 40)
    return "".join([*parts, noted]), y


def _notes(series: Series, y: float) -> tuple[str, float]:
    """Say why values are missing, a line a reason; of many sites with one reason their number."""
    reasons: dict[str, list[str]] = {}
    for site, note in series.notes.items():
        reasons.setdefault(note, []).append(site)
    for site, reason in series.left_out.items():
        reasons.setdefault(f"left out: {reason}", []).append(site)
    parts = []
    for note, sites in list(reasons.items())[:6]:
        who = ", ".join(series.title(site) for site in sites) if len(sites) <= 3 else f"{len(sites)} sites"
        parts.append(spans(12, y, ((cut(who, 260), "b"), (cut(note, _WIDTH - 300), "v")), gap=8))
        y += 16
    return "".join(parts), y + (0 if parts else -10)


def _description(series: Series) -> str:
    loss, auc = series.last("log_loss"), series.last("auc")
    parts = [f"{series.reached} rounds, {len(series.sites)} sites."]
    if loss is not None:
        first = series.first("log_loss", GLOBAL)
        since = f" from {units.metric(first[1])}" if first is not None else ""
        parts.append(f"Global log loss{since} to {units.metric(loss[1])}.")
    if auc is not None:
        parts.append(f"Global AUC {units.metric(auc[1])}.")
    return " ".join(parts)
