"""Which way every edge takes: chosen before anything has a place, so that gaps and floors get the room that they need.

Lines run in gaps between columns, along rows where no card is in the way, and else along the floor below a row. Edges
between one operator of the kernel and many sites share a trunk in a gap.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Literal

from jupyter_wayang.drawing.captions import caption, moves
from jupyter_wayang.drawing.measure import width
from jupyter_wayang.plan.execution import Edge, ExecutionPlan

__all__ = ["Back", "Bundle", "Floor", "Needs", "Route", "Straight", "Turn", "choose"]

Zone = Literal["post", "out", "in", "pre"]
Side = Literal["left", "right", "bottom"]


@dataclass(frozen=True, kw_only=True)
class Straight:
    """Along the row."""

    edge: int
    source: str
    target: str
    labelled: bool


@dataclass(frozen=True, kw_only=True)
class Turn:
    """Along one row, through a gap, along another; ``early`` turns in the gap after the source."""

    edge: int
    source: str
    target: str
    gap: int
    track: int
    early: bool
    labelled: bool


@dataclass(frozen=True, kw_only=True)
class Floor:
    """Down, along the floor of the source's row, and up into the target, or through the gap before it."""

    edge: int
    source: str
    target: str
    track: int
    turn: tuple[int, int] | None


@dataclass(frozen=True, kw_only=True)
class Back:
    """Back to the left, above the cards of the lane."""

    edge: int
    source: str
    target: str
    post: int
    pre: int
    track: int


@dataclass(frozen=True, kw_only=True)
class Bundle:
    """Edges between one operator (the hub) and operators of other lanes, along one trunk."""

    hub: str
    side: Side
    gap: int
    zone: Zone
    track: int
    floor: int | None
    members: tuple[tuple[int, str, bool], ...]
    """Index of the edge, the operator, and whether it flows to the hub."""


Route = Straight | Turn | Floor | Back | Bundle


@dataclass
class Needs:
    """The room that lines and labels ask for, counted while routes are chosen."""

    tracks: dict[tuple[int, Zone], int] = field(default_factory=lambda: defaultdict(int))
    turns: dict[tuple[int, Zone, str], int] = field(default_factory=lambda: defaultdict(int))
    label: dict[int, float] = field(default_factory=lambda: defaultdict(float))
    floors: dict[tuple[str, int], list[list[tuple[int, int]]]] = field(default_factory=lambda: defaultdict(list))
    tops: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    labelled: set[tuple[int, str, int]] = field(default_factory=set)

    def trunk(self, gap: int, zone: Zone) -> int:
        """Take a track that goes through all lanes."""
        self.tracks[gap, zone] += 1
        return self.tracks[gap, zone] - 1

    def turn(self, gap: int, zone: Zone, lane: str) -> int:
        """Take a track that is one lane's own: other lanes use the same place."""
        self.turns[gap, zone, lane] += 1
        self.tracks[gap, zone] = max(self.tracks[gap, zone], self.turns[gap, zone, lane])
        return self.turns[gap, zone, lane] - 1

    def floor(self, lane: str, row: int, start: int, end: int) -> int:
        """Take the first track below a row that is free between two columns."""
        tracks = self.floors[lane, row]
        span = (min(start, end), max(start, end))
        for index, spans in enumerate(tracks):
            if all(span[1] < other[0] or span[0] > other[1] for other in spans):
                spans.append(span)
                return index
        tracks.append([span])
        return len(tracks) - 1

    def write(self, gap: int, lane: str, row: int, room: float) -> bool:
        """Ask for room for a label; the first one gets it."""
        if (gap, lane, row) in self.labelled or room <= 0:
            return False
        self.labelled.add((gap, lane, row))
        self.label[gap] = max(self.label[gap], room)
        return True


class _Chooser:
    def __init__(self, plan: ExecutionPlan, columns: dict[str, int], rows: dict[str, int]) -> None:
        self.plan = plan
        self.columns = columns
        self.rows = rows
        self.operators = {operator.id: operator for operator in plan.operators}
        self.lanes = {lane.id: index for index, lane in enumerate(plan.lanes)}
        self.kernels = {lane.id for lane in plan.lanes if lane.kind == "kernel"}
        self.cards = {(op.lane, rows[op.id], columns[op.id]) for op in plan.operators}
        self.needs = Needs()

    def lane(self, id_: str) -> str:
        return self.operators[id_].lane

    def room(self, edge: Edge) -> float:
        if edge.kind != "rows":
            return 0
        text = caption(edge, self.operators[edge.source.node])
        wide = max(width(text.above, bold=text.counted), width(text.below))
        return max(wide + 8, 24 if moves(edge) else 0) if wide else 0

    def free(self, lane: str, row: int, start: int, end: int) -> bool:
        return all((lane, row, column) not in self.cards for column in range(start + 1, end))

    def within(self, index: int, edge: Edge) -> Route:
        """Route an edge inside a lane."""
        source, target, lane = edge.source.node, edge.target, self.lane(edge.target)
        start, end, row, below = self.columns[source], self.columns[target], self.rows[source], self.rows[target]
        if edge.back or start >= end:
            track, self.needs.tops[lane] = self.needs.tops[lane], self.needs.tops[lane] + 1
            post, pre = self.needs.trunk(start + 1, "post"), self.needs.trunk(end, "pre")
            return Back(edge=index, source=source, target=target, post=post, pre=pre, track=track)
        if row == below and self.free(lane, row, start, end):
            labelled = self.needs.write(start + 1, lane, row, self.room(edge))
            return Straight(edge=index, source=source, target=target, labelled=labelled)
        if row != below and (turn := self.turn(index, edge)):
            return turn
        track = self.needs.floor(lane, row, start, end)
        gap = None if row == below else (end, self.needs.turn(end, "in", lane))
        return Floor(edge=index, source=source, target=target, track=track, turn=gap)

    def turn(self, index: int, edge: Edge) -> Turn | None:
        source, target, lane = edge.source.node, edge.target, self.lane(edge.target)
        start, end, row, below = self.columns[source], self.columns[target], self.rows[source], self.rows[target]
        late, early = self.free(lane, row, start, end), self.free(lane, below, start, end)
        shared = sum(e.source.node == source for e in self.plan.edges) > 1
        if not (late or early):
            return None
        early = early and (shared or not late)
        gap, zone, at = (start + 1, "out", below) if early else (end, "in", row)
        track = self.needs.turn(gap, zone, lane)  # type: ignore[arg-type]
        labelled = self.needs.write(start + 1, lane, at, self.room(edge))
        return Turn(edge=index, source=source, target=target, gap=gap, track=track, early=early, labelled=labelled)

    def across(self, edges: list[tuple[int, Edge]]) -> list[Route]:
        """Route the edges between lanes, bundled by hub and gap."""
        groups: dict[tuple[str, Side, int, Zone, bool, bool], list[tuple[int, str, bool]]] = defaultdict(list)
        for index, edge in edges:
            inward = self.is_hub(edge.target, edge.source.node)
            hub, member = (edge.target, edge.source.node) if inward else (edge.source.node, edge.target)
            side, gap, zone = self.approach(self.columns[hub], self.columns[member], inward=inward)
            lower = self.lanes[self.lane(member)] > self.lanes[self.lane(hub)]
            groups[hub, side, gap, zone, edge.back, lower].append((index, member, inward))
        routes: list[Route] = []
        for (hub, side, gap, zone, _, _), members in groups.items():
            start, lane = self.columns[hub], self.lane(hub)
            floor = self.needs.floor(lane, self.rows[hub], start, gap) if side == "bottom" else None
            track = self.needs.trunk(gap, zone)
            routes.append(
                Bundle(hub=hub, side=side, gap=gap, zone=zone, track=track, floor=floor, members=tuple(members))
            )
        return routes

    def is_hub(self, one: str, other: str) -> bool:
        ours, theirs = self.lane(one) in self.kernels, self.lane(other) in self.kernels
        return ours if ours != theirs else self.lanes[self.lane(one)] < self.lanes[self.lane(other)]

    @staticmethod
    def approach(hub: int, member: int, *, inward: bool) -> tuple[Side, int, Zone]:
        if member == hub:
            return ("right", hub + 1, "post") if inward else ("left", hub, "pre")
        if inward:
            return ("left", hub, "pre") if member == hub - 1 else ("bottom", member + 1, "post")
        return ("right", member, "pre") if member == hub + 1 else ("bottom", member, "pre")


def choose(plan: ExecutionPlan, columns: dict[str, int], rows: dict[str, int]) -> tuple[list[Route], Needs]:
    """Return the way of every edge and the room that all of them need."""
    chooser = _Chooser(plan, columns, rows)
    inside: list[tuple[int, Edge]] = []
    outside: list[tuple[int, Edge]] = []
    for index, edge in enumerate(plan.edges):
        same = chooser.lane(edge.source.node) == chooser.lane(edge.target)
        (inside if same else outside).append((index, edge))
    # Conversions ask for their label's place first: a bar without its bytes would say nothing.
    inside.sort(key=lambda item: (not moves(item[1]), rows[item[1].source.node] != rows[item[1].target], item[0]))
    routes = [chooser.within(index, edge) for index, edge in inside]
    return [*routes, *chooser.across(outside)], chooser.needs
