"""What curves show, taken from the events of a run: metrics, a cell per site and round, bytes."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from jupyter_wayang.events import (
    AnyEvent,
    BytesMoved,
    ClientsMeasured,
    FactsLearned,
    MetricsMeasured,
    RoundFinished,
    RoundStarted,
    RunFinished,
    RunStarted,
    SiteLeftOut,
    SiteReported,
)

__all__ = ["GLOBAL", "Goal", "MetricName", "Series", "goal_of", "series_of"]

GLOBAL = "global"
MetricName = Literal["log_loss", "auc", "accuracy"]
_GOAL = re.compile(r"(?:metric\.)?(\w+)\s*([<>]=?)\s*([0-9.eE+-]+)")


@dataclass(kw_only=True)
class Series:
    """The numbers of a run, by site and round. A value that may not be shown is missing; ``notes`` says why."""

    rounds: int = 0
    reached: int = 0
    sites: list[str] = field(default_factory=list)
    titles: Mapping[str, str] = field(default_factory=dict)
    on: str = "test"
    values: dict[tuple[str, str], dict[int, float | None]] = field(default_factory=lambda: defaultdict(dict))
    notes: dict[str, str] = field(default_factory=dict)
    cells: dict[tuple[str, int], SiteReported] = field(default_factory=dict)
    asked: dict[int, tuple[str, ...]] = field(default_factory=dict)
    seconds: dict[int, float] = field(default_factory=dict)
    up: dict[int, int] = field(default_factory=lambda: defaultdict(int))
    down: dict[int, int] = field(default_factory=lambda: defaultdict(int))
    left: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    came: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    rows_moved: int = 0
    auc_error: float | None = None
    facts: dict[str, str] = field(default_factory=dict)
    end: RunFinished | None = None
    left_out: dict[str, str] = field(default_factory=dict)

    def title(self, site: str) -> str:
        """Return what people call a site."""
        return self.titles.get(site, site)

    def sent(self) -> list[tuple[str, int]]:
        """Return the bytes that left each site."""
        return [(site, self.left[site]) for site in self.sites if site in self.left]

    def line(self, metric: MetricName, site: str) -> dict[int, float | None]:
        """Return a metric of a site (or ``global``) by round."""
        return self.values.get((metric, site), {})

    def last(self, metric: MetricName, site: str = GLOBAL) -> tuple[int, float] | None:
        """Return the last round in which a metric has a value, and the value."""
        known = [(number, value) for number, value in sorted(self.line(metric, site).items()) if value is not None]
        return known[-1] if known else None

    def first(self, metric: MetricName, site: str = GLOBAL) -> tuple[int, float] | None:
        """Return the first round in which a metric has a value, and the value."""
        known = [(number, value) for number, value in sorted(self.line(metric, site).items()) if value is not None]
        return known[0] if known else None


@dataclass(frozen=True, kw_only=True)
class Goal:
    """When a loop stops: a metric, a comparison, a threshold."""

    metric: str
    op: str
    threshold: float

    @property
    def words(self) -> str:
        """The goal as text."""
        return f"until {self.metric} {self.op} {self.threshold:g}"


def goal_of(until: str | None) -> Goal | None:
    """Read the text of a loop's goal; None where there is none that a curve can show.

    Examples
    --------
    >>> goal_of("metric.log_loss < 0.40").words
    'until log_loss < 0.4'
    """
    found = _GOAL.fullmatch((until or "").strip())
    if found is None:
        return None
    try:
        return Goal(metric=found[1], op=found[2], threshold=float(found[3]))
    except ValueError:
        return None


def series_of(events: Iterable[AnyEvent], *, on: str = "test", titles: Mapping[str, str] | None = None) -> Series:
    """Collect the numbers of a run from its events.

    Parameters
    ----------
    events
        Events in their order.
    on
        Which rows' metrics are shown, ``test`` or ``train``.
    titles
        What people call the sites.
    """
    series = Series(on=on, titles=titles or {})
    for event in events:
        _take(series, event)
    order = list(series.titles)
    series.sites.sort(key=lambda site: order.index(site) if site in order else len(order))
    seen = [round_ for line in series.values.values() for round_ in line] + [round_ for _, round_ in series.cells]
    series.reached = max([0, *seen, *series.seconds])
    series.rounds = max(series.rounds, series.reached, *series.asked, 0)
    return series


def _take(series: Series, event: AnyEvent) -> None:
    match event:
        case RunStarted():
            series.rounds = event.rounds
            _know(series, event.sites)
        case SiteLeftOut():
            series.left_out[event.site] = event.reason
        case RoundStarted():
            series.asked[event.round] = event.sites
            _know(series, event.sites)
        case SiteReported():
            series.cells[event.site, event.round] = event
            _know(series, (event.site,))
        case RoundFinished():
            series.seconds[event.round] = event.seconds
        case BytesMoved():
            _moved(series, event)
        case MetricsMeasured() if event.on == series.on:
            _measured(series, event)
        case ClientsMeasured() if event.on == series.on:
            _summed_up(series, event)
        case FactsLearned():
            series.facts[event.operator] = event.text
        case RunFinished():
            series.end = event
        case _:
            pass


def _know(series: Series, sites: Iterable[str]) -> None:
    series.sites += [site for site in sites if site not in series.sites and site != GLOBAL]


def _moved(series: Series, event: BytesMoved) -> None:
    _know(series, (event.site,))
    series.rows_moved += event.rows
    (series.left if event.direction == "up" else series.came)[event.site] += event.bytes
    if event.round is not None:
        (series.up if event.direction == "up" else series.down)[event.round] += event.bytes


def _measured(series: Series, event: MetricsMeasured) -> None:
    _know(series, (event.site,))
    pairs = (("log_loss", event.log_loss), ("auc", event.auc), ("accuracy", event.accuracy))
    for name, value in pairs:
        series.values[name, event.site][event.round] = value
    if event.note:
        series.notes[event.site] = event.note
    if event.site == GLOBAL and event.auc_error is not None:
        series.auc_error = event.auc_error


def _summed_up(series: Series, event: ClientsMeasured) -> None:
    """Take what is said of too many clients to be drawn: lines for the worst, the middle and the best of them."""
    lines = {"worst tenth": event.worst_tenth, "median client": event.median, "best tenth": event.best_tenth}
    _know(series, lines)
    for name, value in lines.items():
        series.values[event.metric, name][event.round] = value
