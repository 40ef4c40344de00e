"""Moving rows between platforms: the cheapest tree of conversions from one channel to those of all readers.

A directed Steiner arborescence over a handful of channels, found exactly by dynamic programming over subsets of readers
(Dreyfus and Wagner). It branches at reusable channels only: whoever reads rows in another form runs again all that
makes them, back to the last reusable channel, or to the operator itself.

References
----------
S. Kruse et al., "RHEEMix in the data jungle", VLDB Journal 29 (2020), section 4.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from jupyter_wayang.optimizer.costs import NOTHING, Sizes, seconds, total
from jupyter_wayang.optimizer.objective import TIME, Objective
from jupyter_wayang.plan.execution import Interval
from jupyter_wayang.platforms.channels import CHANNELS, CONVERSIONS, COSTS
from jupyter_wayang.platforms.platform import Channel, Coefficient, Platform

__all__ = ["ChannelGraph", "CostedGraph", "Demand", "Route", "Tree"]

_INFINITE = float("inf")
_State = tuple[str, bool]
"""A channel, and whether what leads to it is paid once per iteration of the reader."""


@dataclass(frozen=True)
class Demand:
    """A reader: the channel that it takes, and how often it reads."""

    channel: str
    times: int = 1


@dataclass(frozen=True)
class Step:
    """A conversion, the platform whose engine does it, what it costs in seconds, and ``mean_s``: by the objective."""

    source: str
    target: str
    platform: str | None
    cost: Interval
    mean_s: float


@dataclass(frozen=True, kw_only=True)
class Route:
    """How rows reach one reader. What it shares with readers before it is paid by them."""

    channels: tuple[str, ...]
    cost: Interval


@dataclass(frozen=True, kw_only=True)
class Tree:
    """A route per reader, in their order, and what all cost by the objective: the means of the steps, added up."""

    routes: tuple[Route, ...]
    mean_s: float


class ChannelGraph:
    """All channels and conversions of some platforms, and those that belong to none."""

    def __init__(self, platforms: Iterable[Platform]) -> None:
        all_ = tuple(platforms)
        self.reusable = {channel.name: channel.reusable for channel in CHANNELS}
        for platform in all_:
            for channel in (*platform.channels, Channel(name=platform.channel)):
                self.reusable.setdefault(channel.name, channel.reusable)
        self._conversions: list[tuple[str, str, str | None, Coefficient]] = [
            (c.source, c.target, None, _between(f"{c.source}>{c.target}", all_)) for c in CONVERSIONS
        ]
        for platform in all_:
            for c in platform.conversions:
                coefficient = platform.costs.conversions.get(f"{c.source}>{c.target}") or COSTS.get(
                    f"{c.source}>{c.target}"
                )
                if coefficient is not None:
                    self._conversions.append((c.source, c.target, c.platform, coefficient))

    def costed(self, rows: Interval, bytes_: Interval, objective: Objective = TIME) -> CostedGraph:
        """Return the graph with what each conversion costs for so many rows and bytes, in seconds and by an objective."""
        steps = []
        for source, target, platform, coefficient in self._conversions:
            cost = seconds(coefficient, Sizes(rows, rows, bytes_))
            amount = objective.of_move(platform, cost.mean, bytes_.mean)
            steps.append(Step(source, target, platform, cost, amount))
        return CostedGraph(self.reusable, tuple(steps))


def _between(name: str, platforms: tuple[Platform, ...]) -> Coefficient:
    """Return what a conversion costs that needs no engine: as measured on the machine of the platforms, if it was."""
    return next((p.costs.conversions[name] for p in platforms if name in p.costs.conversions), COSTS[name])


class CostedGraph:
    """Channels and conversions for the rows of one output."""

    def __init__(self, reusable: dict[str, bool], steps: tuple[Step, ...]) -> None:
        self.reusable = reusable
        self._into: dict[str, list[Step]] = {}
        for step in steps:
            self._into.setdefault(step.target, []).append(step)
        self._by_engines: dict[frozenset[str], dict[str, list[Step]]] = {}
        self._searches: dict[tuple[tuple[Demand, ...], frozenset[str]], _Search] = {}

    @classmethod
    def of(
        cls, channels: Mapping[str, bool], conversions: Mapping[tuple[str, str] | tuple[str, str, str], float]
    ) -> CostedGraph:
        """Make a graph of given costs.

        Parameters
        ----------
        channels
            Channels, and whether they are reusable.
        conversions
            Costs by (source, target), or by (source, target, platform) where only that platform's engine can do it: it
            must be one of those at the ends.

        Examples
        --------
        >>> graph = CostedGraph.of({"a": True, "b": False, "c": True}, {("a", "b"): 1.0, ("b", "c"): 2.0})
        >>> graph.cost_s("a", (Demand("b"), Demand("c")), frozenset())
        4.0
        """
        steps = tuple(
            Step(ends[0], ends[1], ends[2] if len(ends) > 2 else None, Interval.exact(cost), cost)
            for ends, cost in conversions.items()
        )
        return cls(dict(channels), steps)

    def cost_s(
        self, source: str, demands: tuple[Demand, ...], engines: frozenset[str], production_s: float = 0.0
    ) -> float:
        """Return what the tree of :meth:`tree` costs; infinite if there is none."""
        if not demands:
            return 0.0
        groups = self._search(demands, engines).groups(source, production_s)
        return _INFINITE if groups is None else groups[0] - production_s

    def tree(
        self,
        source: str,
        demands: tuple[Demand, ...],
        engines: frozenset[str],
        production: Interval = NOTHING,
        again: float | None = None,
    ) -> Tree | None:
        """Find the cheapest conversion tree.

        Parameters
        ----------
        source
            The channel that the producer makes.
        demands
            The readers.
        engines
            Platforms whose engines may convert; others would have to be started for it.
        production
            What it costs to make the rows once more, where ``source`` is not reusable.
        again
            The same by the objective; by default the seconds.

        Returns
        -------
        Tree or None
            None if a reader cannot be reached.
        """
        if not demands:
            return Tree(routes=(), mean_s=0.0)
        search = self._search(demands, engines)
        price = production.mean if again is None else again
        groups = search.groups(source, price)
        if groups is None:
            return None
        ways = search.ways(source, groups[1], production)
        routes, served = [], set[str]()
        for demand in demands:
            routes.append(ways[demand.channel].route(demand.times, first=demand.channel not in served))
            served.add(demand.channel)
        return Tree(routes=tuple(routes), mean_s=groups[0] - price)

    def _search(self, demands: tuple[Demand, ...], engines: frozenset[str]) -> _Search:
        # Readers of one channel are as good as one that reads as often as all of them; where rows stay, as one.
        times: dict[str, int] = {}
        for demand in demands:
            times[demand.channel] = times.get(demand.channel, 0) + demand.times
        merged = tuple(Demand(c, 1 if self.reusable[c] else n) for c, n in sorted(times.items()))
        key = (merged, engines)
        if key not in self._searches:
            self._searches[key] = _Search(self.reusable, self._possible(engines), merged)
        return self._searches[key]

    def _possible(self, engines: frozenset[str]) -> dict[str, list[Step]]:
        """Return the steps into every channel that some engines can do."""
        if engines not in self._by_engines:
            self._by_engines[engines] = {
                target: [step for step in steps if step.platform is None or step.platform in engines]
                for target, steps in self._into.items()
            }
        return self._by_engines[engines]


_Group = tuple[int, _State]
"""Readers that are served by one production, as a bit mask, and how."""


@dataclass(frozen=True)
class _Way:
    """A path to a channel, and its costs: each with whether every reading pays it, or only the first reader."""

    channels: tuple[str, ...]
    costs: tuple[tuple[Interval, bool], ...]

    def route(self, times: int, *, first: bool) -> Route:
        """Return the part of one reader."""
        return Route(
            channels=self.channels,
            cost=total(cost.times(times) if each else cost for cost, each in self.costs if each or first),
        )


class _Search:
    """The cheapest way to serve every subset of channels from every channel; subsets are bit masks."""

    def __init__(self, reusable: dict[str, bool], into: dict[str, list[Step]], demands: tuple[Demand, ...]) -> None:
        self._reusable = reusable
        self._into = into
        self._demands = demands
        self._cost: dict[int, dict[_State, float]] = {}
        self._hops: dict[int, dict[_State, tuple[Step, _State]]] = {}
        self._splits: dict[tuple[int, str], tuple[int, int]] = {}
        # A subset is a smaller number than whatever contains it.
        for mask in range(1, 1 << len(demands)):
            self._spread(mask, self._seeds(mask))

    def _seeds(self, mask: int) -> dict[_State, float]:
        if mask & (mask - 1) == 0:
            demand = self._demands[mask.bit_length() - 1]
            return {(demand.channel, demand.times > 1 and not self._reusable[demand.channel]): 0.0}
        seeds: dict[_State, float] = {}
        for one, other in _halves(mask):
            for state, cost in self._cost[one].items():
                channel = state[0]
                if not self._reusable[channel] or state not in self._cost[other]:
                    continue
                both = cost + self._cost[other][state]
                if both < seeds.get(state, _INFINITE):
                    seeds[state] = both
                    self._splits[mask, channel] = (one, other)
        return seeds

    def _spread(self, mask: int, seeds: dict[_State, float]) -> None:
        """Dijkstra against the direction of the conversions, from where the readers are served."""
        times = self._demands[mask.bit_length() - 1].times
        best, hops = dict(seeds), dict[_State, tuple[Step, _State]]()
        queue = [(cost, state) for state, cost in seeds.items()]
        heapq.heapify(queue)
        while queue:
            cost, state = heapq.heappop(queue)
            if cost > best[state]:
                continue
            channel, owed = state
            for step in self._into.get(channel, ()):
                before = (step.source, owed and not self._reusable[step.source])
                price = cost + (times if owed else 1) * step.mean_s
                if price < best.get(before, _INFINITE):
                    best[before] = price
                    hops[before] = (step, state)
                    heapq.heappush(queue, (price, before))
        self._cost[mask], self._hops[mask] = best, hops

    def groups(self, source: str, again_s: float) -> tuple[float, list[_Group]] | None:
        """Cut the readers into groups, each served by a production of its own, and return the cost with all of these.

        Only rows that are not reusable are made more than once.
        """
        return self._groups(source, (1 << len(self._demands)) - 1, again_s, {})

    def _groups(
        self, source: str, mask: int, again_s: float, known: dict[int, tuple[float, list[_Group]] | None]
    ) -> tuple[float, list[_Group]] | None:
        if mask == 0:
            return 0.0, []
        if mask in known:
            return known[mask]
        best: tuple[float, list[_Group]] | None = None
        for group in (mask,) if self._reusable[source] else _with_lowest(mask):
            rest = self._groups(source, mask ^ group, again_s, known)
            for state in ((source, False), (source, True)):
                if rest is None or state not in self._cost[group]:
                    continue
                price = self._cost[group][state] + self._times(group, state) * again_s + rest[0]
                if best is None or price < best[0]:
                    best = price, [(group, state), *rest[1]]
        known[mask] = best
        return best

    def _times(self, mask: int, state: _State) -> int:
        return self._demands[mask.bit_length() - 1].times if state[1] else 1

    def ways(self, source: str, groups: list[_Group], production: Interval) -> dict[str, _Way]:
        """Return the way to every channel that is asked for."""
        ways: dict[str, _Way] = {}
        own: tuple[tuple[Interval, bool], ...] = (
            (production.times(-1), False),
        )  # the first production is the operator's own
        for mask, state in groups:
            paid = ((production, state[1]), *own)
            own = ()
            for index, way in self._ways(mask, state, (source,), paid):
                ways[self._demands[index].channel] = way
        return ways

    def _ways(
        self, mask: int, state: _State, path: tuple[str, ...], paid: tuple[tuple[Interval, bool], ...]
    ) -> Iterator[tuple[int, _Way]]:
        """Follow the tree; the first reader of a shared part pays for it."""
        while (hop := self._hops[mask].get(state)) is not None:
            step, state = hop
            path = (*path, step.target)
            paid = (*paid, (step.cost, state[1]))
        if mask & (mask - 1) == 0:
            yield mask.bit_length() - 1, _Way(path, paid)
            return
        one, other = self._splits[mask, state[0]]
        yield from self._ways(one, state, path, paid)
        yield from self._ways(other, state, path, ())


def _halves(mask: int) -> Iterator[tuple[int, int]]:
    """Yield the ways to cut a set in two; the first part has the lowest member."""
    for part in _with_lowest(mask):
        if part != mask:
            yield part, mask ^ part


def _with_lowest(mask: int) -> Iterator[int]:
    lowest = mask & -mask
    others = mask ^ lowest
    part = others
    while True:
        yield part | lowest
        if part == 0:
            return
        part = (part - 1) & others
