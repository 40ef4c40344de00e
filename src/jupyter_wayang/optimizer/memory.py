"""Memory: how many bytes an operator holds at once on a platform. The limit is hard: what is above it is not planned.

That a whole plan has room is a matter of :mod:`jupyter_wayang.optimizer.peak`.
"""

from __future__ import annotations

from collections.abc import Mapping

from jupyter_wayang.plan.execution import Interval
from jupyter_wayang.platforms.platform import Platform

__all__ = ["beyond", "held", "size", "working"]

_COPIES: Mapping[str, float] = {"join": 1.0, "sort": 1.0, "group_by": 0.5, "split": 2.0, "local_update": 1.0}
"""Of what comes in, an operator that must see all rows first holds so much a second time."""


def held(tag: str, platform: Platform, bytes_in: Interval, bytes_out: Interval) -> Interval:
    """Return the bytes that an operator holds: what comes in and goes out, in the form of the platform.

    Rows that are only a recipe take none: the engine passes them through, or writes them to disk when there is no room.
    """
    form = next((channel for channel in platform.channels if channel.name == platform.channel), None)
    if form is not None and not form.at_rest:
        return Interval.exact(0.0)
    factor = form.held if form is not None else 1.0
    return (bytes_in + working(tag, bytes_in) + bytes_out).times(factor)


def working(tag: str, bytes_in: Interval) -> Interval:
    """Return the bytes that an operator holds beside what comes in and goes out.

    Examples
    --------
    >>> working("group_by", Interval.exact(100)).mean, working("filter", Interval.exact(100)).mean
    (50.0, 0.0)
    """
    return bytes_in.times(_COPIES.get(tag, 0.0))


def beyond(bytes_: Interval, limit: int | None) -> str | None:
    """Return why so many bytes cannot be held, or None.

    Examples
    --------
    >>> beyond(Interval.exact(3 * 2**30), 2**30)
    'it would hold about 3.0 GiB at once, and 1.0 GiB is the limit'
    """
    if limit is None or bytes_.mean <= limit:
        return None
    return f"it would hold about {size(bytes_.mean)} at once, and {size(limit)} is the limit"


def size(bytes_: float) -> str:
    """Write bytes for people.

    Examples
    --------
    >>> [size(b) for b in (12, 2000, 3.2e6, 5e10)]
    ['12 B', '2.0 KiB', '3.1 MiB', '46.6 GiB']
    """
    value = float(bytes_)
    for unit in ("B", "KiB", "MiB", "GiB"):
        if value < 1024 or unit == "GiB":
            break
        value /= 1024
    return f"{value:,.1f} {unit}" if unit != "B" else f"{value:.0f} B"
