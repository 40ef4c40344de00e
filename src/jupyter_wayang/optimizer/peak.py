"""The most bytes that a plan holds at once, and the same plan elsewhere where that is more than there is room for.

Rows that were made stay until the run ends, since they may be asked for again. So what is held grows: with every
operator by what it makes, and by what is moved to it in another form; and while an operator runs that must see all rows
first, by what that takes. Rows that are only a recipe take nothing, and neither do files.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from jupyter_wayang.errors import PlanError
from jupyter_wayang.optimizer.costs import NOTHING, total
from jupyter_wayang.optimizer.enumeration import Assignment, Enumeration, enumerate_plans
from jupyter_wayang.optimizer.inflation import base_tag
from jupyter_wayang.optimizer.memory import beyond, size, working
from jupyter_wayang.plan.execution import Interval
from jupyter_wayang.plan.logical import Port
from jupyter_wayang.platforms.channels import CHANNELS
from jupyter_wayang.platforms.platform import PARQUET

if TYPE_CHECKING:
    from jupyter_wayang.optimizer.lane import Lane

__all__ = ["Peak", "peak", "with_room"]

_NAMED = 3


@dataclass(frozen=True)
class Peak:
    """The most that is held at once, and for every node that has run by then what is held because of it."""

    bytes: Interval
    holders: Mapping[int, Interval]


def peak(lane: Lane, assignment: Assignment) -> Peak:
    """Return the most bytes that a plan holds at once.

    Parameters
    ----------
    lane
        What is planned.
    assignment
        A platform for every node.
    """
    forms = _Forms(lane)
    copies = _copies(lane, assignment, forms)
    holders: dict[int, Interval] = {}
    most = Peak(NOTHING, {})
    for index, node in enumerate(lane.plan.nodes):
        for producer, moved in copies.get(index, ()):
            holders[producer] = holders.get(producer, NOTHING) + moved
        holders[index] = holders.get(index, NOTHING) + forms.made(index, assignment[index])
        entering = total(lane.estimates[port].bytes for port in node.inputs if port in lane.estimates)
        own = working(base_tag(node.operator), entering).times(forms.factor(index, assignment[index]))
        now = total(holders.values()) + own
        if now.mean > most.bytes.mean:
            most = Peak(now, {**holders, index: holders[index] + own})
    return most


def with_room(lane: Lane, found: Enumeration) -> tuple[Lane, Enumeration]:
    """Return a plan that has room, the cheapest of those in which what holds most is done elsewhere.

    What the operators that hold most may not be done with says why, in the lane that is returned.

    Raises
    ------
    PlanError
        If there is no room for any plan.
    """
    limit = lane.context.memory_bytes
    while limit is not None and (most := peak(lane, found.best)).bytes.mean > limit:
        smaller = _lightened(lane, found.best, most, limit)
        other = enumerate_plans(smaller.problem(pinned=True)) if smaller is not None else None
        if smaller is None or other is None:
            if most.bytes.low > limit:
                raise _no_room(lane, most, limit)
            break
        lane, found = smaller, other
    return lane, found


class _Forms:
    """How much memory the forms take that rows have in a lane."""

    def __init__(self, lane: Lane) -> None:
        self._lane = lane
        known = (*CHANNELS, *(channel for one in lane.context.platforms for channel in one.channels))
        self._held = {c.name: c.held if c.at_rest and c.name != PARQUET else 0.0 for c in known}
        self._ports: dict[str, list[Port]] = {}
        for port in lane.estimates:
            self._ports.setdefault(port.node, []).append(port)

    def of(self, channel: str) -> float:
        return self._held.get(channel, 1.0)

    def factor(self, index: int, platform: str) -> float:
        return self.of(self._lane.candidates[index].possible[platform].channel)

    def made(self, index: int, platform: str) -> Interval:
        ports = self._ports.get(self._lane.plan.nodes[index].id, ())
        return total(self._lane.estimates[port].bytes for port in ports).times(self.factor(index, platform))


def _copies(lane: Lane, assignment: Assignment, forms: _Forms) -> dict[int, list[tuple[int, Interval]]]:
    """Return, by reader, what is moved to it for the first time: whose rows, and how many bytes in the new form."""
    found: dict[int, list[tuple[int, Interval]]] = {}
    for number, flow in enumerate(lane.moves.flows):
        # A result is asked for in the end whatever the plan: of routes, its is the last, and left out.
        routes = zip(flow.readers, lane.moves.chosen(number, assignment).routes, strict=False)
        ways: set[tuple[str, ...]] = set()
        for (reader, _), route in sorted(routes, key=lambda pair: pair[0]):
            # A value of the turn before comes to a reader that stands before who made it.
            at = max(reader, flow.producer)
            for length in range(2, len(route.channels) + 1):
                way = route.channels[:length]
                if way not in ways:
                    ways.add(way)
                    moved = lane.estimates[flow.port].bytes.times(forms.of(way[-1]))
                    found.setdefault(at, []).append((flow.producer, moved))
    return found


def _lightened(lane: Lane, best: Assignment, most: Peak, limit: int) -> Lane | None:
    """Return the lane without the choices that hold most, as many of them as are too much; None if all must stay."""
    forms, excess = _Forms(lane), most.bytes.mean - limit
    reason = f"the whole plan would then hold about {size(most.bytes.mean)} at once, and {size(limit)} is the limit"
    refused: dict[int, dict[str, str]] = {}
    for index, held in sorted(most.holders.items(), key=lambda item: -item[1].mean):
        one = lane.candidates[index]
        now = forms.factor(index, best[index])
        heavy = {name: reason for name in one.possible if forms.factor(index, name) >= now}
        if excess <= 0 or held.mean <= 0:
            break
        if one.pinned is None and lane.plan.nodes[index].id not in lane.context.done and len(heavy) < len(one.possible):
            refused[index] = heavy
            excess -= held.mean
    return lane.without(refused) if refused else None


def _no_room(lane: Lane, most: Peak, limit: int) -> PlanError:
    first = sorted(most.holders.items(), key=lambda item: -item[1].mean)[:_NAMED]
    return PlanError(
        f"the plan cannot be run: {beyond(most.bytes, limit)}",
        facts=tuple((lane.plan.nodes[index].id, size(held.mean)) for index, held in first),
        hint="filter or aggregate sooner, allow a platform that works on disk (DuckDB, SQLite, Spark), "
        "or raise the limit: Preferences(memory_bytes=…)",
    )
