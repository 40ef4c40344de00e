"""What aggregates that look at several values, and windows, mean: by their definitions, without any thought of speed."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable
from functools import cmp_to_key
from typing import Any

from jupyter_wayang.plan.expressions import Literal, Window

__all__ = ["Row", "compare", "correlation", "covariance", "extreme", "quantile", "windowed"]

Row = dict[str, Any]


def quantile(values: list[float], part: float) -> float | None:
    """Interpolate between the two values beside the place."""
    if not values:
        return None
    ordered, place = sorted(values), (len(values) - 1) * part
    low, rest = math.floor(place), place - math.floor(place)
    made = ordered[low] if not rest else ordered[low] * (1 - rest) + ordered[low + 1] * rest
    return None if math.isnan(made) else made


def extreme(pairs: list[tuple[Any, Any]], *, greatest: bool) -> Any:
    """Return the value at the least or greatest other value; among equals the least or greatest."""
    best = (max if greatest else min)(((by, value) for value, by in pairs), default=None)
    return None if best is None else best[1]


def covariance(pairs: list[tuple[float, float]]) -> float | None:
    """Return the covariance over n - 1."""
    if len(pairs) < 2 or not all(math.isfinite(x) for pair in pairs for x in pair):
        return None
    return statistics.covariance([a for a, _ in pairs], [b for _, b in pairs])


def correlation(pairs: list[tuple[float, float]]) -> float | None:
    """Return Pearson's correlation; of what does not vary there is none."""
    if covariance(pairs) is None:
        return None
    try:
        made = statistics.correlation([a for a, _ in pairs], [b for _, b in pairs])
    except statistics.StatisticsError:
        return None
    return None if math.isnan(made) else made


def compare(a: list[Any], b: list[Any], descending: tuple[bool, ...]) -> int:
    """Order two keys; nulls come last both ways."""
    for first, second, down in zip(a, b, descending, strict=True):
        if first is None or second is None:
            if (first is None) != (second is None):
                return 1 if first is None else -1
        elif first != second:
            return -1 if (first < second) != down else 1
    return 0


def windowed(
    window: Window,
    row: Row,
    rows: list[Row],
    value: Callable[[Any, Row], Any],
    aggregate: Callable[[str, list[Any]], Any],
) -> Any:
    """Return the value of a window at a row."""
    key = lambda each: [value(part, each) for part in window.order]  # noqa: E731
    part = [each for each in rows if all(value(p, each) == value(p, row) for p in window.partition)]
    ordered = sorted(part, key=cmp_to_key(lambda a, b: compare(key(a), key(b), window.descending)))
    place = next(index for index, each in enumerate(ordered) if each is row)
    before = [each for each in ordered if compare(key(each), key(row), window.descending) < 0]
    upto = [each for each in ordered if compare(key(each), key(row), window.descending) <= 0]
    if window.function == "rank":
        return len(before) + 1
    if window.function == "dense_rank":
        return len({tuple(key(each)) for each in before}) + 1
    if window.function == "row_number":
        return place + 1
    if window.function in ("lag", "lead"):
        steps, default = ([*(a.value if isinstance(a, Literal) else None for a in window.args[1:]), None, None])[:2]
        steps = 1 if steps is None else int(steps)  # type: ignore[arg-type]
        target = place + (steps if window.function == "lead" else -steps)
        return value(window.args[0], ordered[target]) if 0 <= target < len(ordered) else default
    if not window.args:
        return len(upto)
    values = [value(window.args[0], each) for each in upto]
    if window.function in ("first", "last"):
        return values[0 if window.function == "first" else -1]
    return aggregate("sum" if window.function == "cum_sum" else window.function, [v for v in values if v is not None])
