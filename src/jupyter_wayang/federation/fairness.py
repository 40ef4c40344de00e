"""How evenly a model serves sites: the worst of them, and how far they lie apart, from the events of a run."""

from __future__ import annotations

import statistics
from collections.abc import Iterable

import msgspec

from jupyter_wayang.events import AnyEvent, ClientsMeasured, MetricsMeasured

__all__ = ["METRICS", "Fairness", "fairness", "spread_of"]

METRICS = ("log_loss", "accuracy", "auc")
"""Metrics that a site has; of ``log_loss`` small is good."""


class Fairness(msgspec.Struct, frozen=True, kw_only=True):
    """A metric of one round over sites that count the same: their mean, the worst, and their standard deviation."""

    round: int
    on: str
    metric: str
    sites: int
    mean: float
    worst: float
    spread: float


def spread_of(metric: str, values: list[float]) -> tuple[float, float, float]:
    """Return mean, worst and standard deviation of a metric over sites.

    Examples
    --------
    >>> spread_of("accuracy", [0.5, 1.0]), spread_of("log_loss", [0.5, 1.0])
    ((0.75, 0.5, 0.25), (0.75, 1.0, 0.25))
    """
    worst = max(values) if metric == "log_loss" else min(values)
    return statistics.fmean(values), worst, statistics.pstdev(values)


def fairness(events: Iterable[AnyEvent]) -> tuple[Fairness, ...]:
    """Return how every metric is spread over sites in every round.

    A site whose metric may not be shown, or cannot be computed, does not count. Of too many simulated clients an event
    says it for all.

    Examples
    --------
    >>> def event(site, accuracy):
    ...     return MetricsMeasured(
    ...         round=1, site=site, on="test", rows=9, log_loss=None, accuracy=accuracy, auc=None
    ...     )
    >>> (found,) = fairness([event("global", 0.8), event("a", 0.9), event("b", 0.7)])
    >>> found.metric, found.sites, found.worst, round(found.spread, 6)
    ('accuracy', 2, 0.7, 0.1)
    """
    found: list[Fairness] = []
    values: dict[tuple[int, str, str], list[float]] = {}
    for event in events:
        if isinstance(event, ClientsMeasured):
            found.append(
                Fairness(
                    round=event.round,
                    on=event.on,
                    metric=event.metric,
                    sites=event.clients,
                    mean=event.mean,
                    worst=event.worst,
                    spread=event.spread,
                )
            )
        elif isinstance(event, MetricsMeasured) and event.site != "global":
            for metric in METRICS:
                value = getattr(event, metric)
                if value is not None:
                    values.setdefault((event.round, event.on, metric), []).append(value)
    for (number, on, metric), some in values.items():
        mean, worst, spread = spread_of(metric, some)
        found.append(
            Fairness(round=number, on=on, metric=metric, sites=len(some), mean=mean, worst=worst, spread=spread)
        )
    return tuple(sorted(found, key=lambda one: (one.round, METRICS.index(one.metric))))
