"""From routes to lines: the points of every edge, its arrows, and where its label stands."""

from __future__ import annotations

from collections import defaultdict

from jupyter_wayang.drawing.captions import moves
from jupyter_wayang.drawing.grid import Grid
from jupyter_wayang.drawing.places import Box, EdgePlace, Head, Point
from jupyter_wayang.drawing.routes import Back, Bundle, Floor, Route, Straight, Turn
from jupyter_wayang.plan.execution import ExecutionPlan

__all__ = ["lines"]

_INPUT_STEP = 13.0
_STUB_FIRST, _STUB_STEP = 6.0, 7.0


class _Ports:
    """Where lines meet a card: rows in the middle of a side, what has no rows above or below it."""

    def __init__(self, routes: list[Route]) -> None:
        self._used: dict[tuple[str, str], int] = defaultdict(int)
        self._has_rows = {r.source for r in routes if isinstance(r, (Straight, Turn))}

    def next(self, id_: str, place: str) -> int:
        self._used[id_, place] += 1
        return self._used[id_, place] - 1

    def enters(self, card: Box, id_: str, *, above: bool) -> float:
        """Return the height at which a further input enters on the left."""
        step = self.next(id_, "above" if above else "below") + 1
        return card.centre[1] + (-_INPUT_STEP if above else _INPUT_STEP) * min(step, 2)

    def stub(self, card: Box, id_: str, side: str) -> float:
        """Return the height at which a stub of a trunk meets a card."""
        index = min(self.next(id_, "stub " + side), 2)
        if side == "right" and id_ not in self._has_rows:
            return card.centre[1] + _STUB_STEP * index
        return card.y + _STUB_FIRST + _STUB_STEP * index

    def bottom(self, card: Box, id_: str, *, leaving: bool) -> float:
        """Return where a line meets the lower side of a card."""
        step = min(self.next(id_, "bottom out" if leaving else "bottom in"), 3)
        return card.x + (card.width / 2 + 12 * step if leaving else 26 - 6 * step)


class _Drawer:
    def __init__(self, plan: ExecutionPlan, grid: Grid, columns: dict[str, int], routes: list[Route]) -> None:
        self.plan = plan
        self.grid = grid
        self.columns = columns
        self.lanes = {operator.id: operator.lane for operator in plan.operators}
        self.ports = _Ports(routes)

    def place(self, route: Route) -> list[EdgePlace]:
        match route:
            case Straight():
                return [self.straight(route)]
            case Turn():
                return [self.turn(route)]
            case Floor():
                return [self.floor(route)]
            case Back():
                return [self.back(route)]
            case Bundle():
                return self.bundle(route)

    def label(self, edge: int, gap: int, y: float, *, labelled: bool) -> tuple[Point | None, Point | None]:
        """Return the places of a label and of a conversion's mark."""
        at = (self.grid.label_x(gap), y)
        return at if labelled else None, at if moves(self.plan.edges[edge]) else None

    def straight(self, route: Straight) -> EdgePlace:
        source, target = self.grid.card(route.source), self.grid.card(route.target)
        y = source.centre[1]
        label, mark = self.label(route.edge, self.columns[route.source] + 1, y, labelled=route.labelled)
        end = (target.x, y)
        return EdgePlace(
            edge=route.edge, points=((source.right, y), end), heads=(Head(at=end, to="right"),), label=label, mark=mark
        )

    def turn(self, route: Turn) -> EdgePlace:
        source, target = self.grid.card(route.source), self.grid.card(route.target)
        start, above = source.centre[1], source.y < target.y
        # A fan-out arrives in the middle of its row, a further input beside the first one.
        end = target.centre[1] if route.early else self.ports.enters(target, route.target, above=above)
        x = self.grid.x(route.gap, "out" if route.early else "in", route.track)
        label, mark = self.label(
            route.edge, self.columns[route.source] + 1, end if route.early else start, labelled=route.labelled
        )
        tip = (target.x, end)
        points = ((source.right, start), (x, start), (x, end), tip)
        return EdgePlace(edge=route.edge, points=points, heads=(Head(at=tip, to="right"),), label=label, mark=mark)

    def floor(self, route: Floor) -> EdgePlace:
        source, target = self.grid.card(route.source), self.grid.card(route.target)
        y, x = self.grid.floor_y(route.source, route.track), self.ports.bottom(source, route.source, leaving=True)
        start: tuple[Point, ...] = ((x, source.bottom), (x, y))
        if route.turn is None:
            end = self.ports.bottom(target, route.target, leaving=False)
            tip, way, to = (end, target.bottom), ((end, y),), "up"
        else:
            bend = self.grid.x(route.turn[0], "in", route.turn[1])
            height = self.ports.enters(target, route.target, above=y < target.y)
            tip, way, to = (target.x, height), ((bend, y), (bend, height)), "right"  # type: ignore[assignment]
        mark = (x + 22, y) if moves(self.plan.edges[route.edge]) else None
        return EdgePlace(
            edge=route.edge,
            points=(*start, *way, tip),
            heads=(Head(at=tip, to=to),),  # type: ignore[arg-type]
            label=(x + (34 if mark else 14), y),
            mark=mark,
            inline=True,
        )

    def back(self, route: Back) -> EdgePlace:
        source, target = self.grid.card(route.source), self.grid.card(route.target)
        lane = self.lanes[route.source]
        out = self.grid.x(self.columns[route.source] + 1, "post", route.post)
        into = self.grid.x(self.columns[route.target], "pre", route.pre)
        leave, arrive = source.y + _STUB_FIRST, target.y + _STUB_FIRST
        y, tip = self.grid.top_y(lane, route.track), (target.x, arrive)
        points = ((source.right, leave), (out, leave), (out, y), (into, y), (into, arrive), tip)
        return EdgePlace(edge=route.edge, points=points, heads=(Head(at=tip, to="right"),))

    def bundle(self, route: Bundle) -> list[EdgePlace]:
        x, hub = self.grid.x(route.gap, route.zone, route.track), self.grid.card(route.hub)
        root, tip = self.root(route, hub, x)
        level = root[-1][1]
        cards = {member: self.grid.card(member) for _, member, _ in route.members}
        far = max(route.members, key=lambda item: abs(cards[item[1]].y - level))
        arrow = Head(at=root[0], to=tip)  # type: ignore[arg-type]
        places, pointed = [], False
        for index, member, inward in (far, *(item for item in route.members if item is not far)):
            card = cards[member]
            right = card.right < x
            y = self.ports.stub(card, member, "right" if right else "left")
            end = (card.right if right else card.x, y)
            heads = () if inward else (Head(at=end, to="left" if right else "right"),)
            if inward and not pointed:
                heads, pointed = (*heads, arrow), True
            own = (*root, (x, y), end) if index == far[0] else ((x, y), end)
            via = None if index == far[0] else far[0]
            places.append(EdgePlace(edge=index, points=own, heads=heads, via=via))
        return places

    def root(self, route: Bundle, hub: Box, x: float) -> tuple[tuple[Point, ...], str]:
        """Return the way from the hub to its trunk, and where an arrow at the hub points."""
        if route.side == "bottom":
            at = self.ports.bottom(hub, route.hub, leaving=False)
            y = self.grid.floor_y(route.hub, route.floor or 0)
            return ((at, hub.bottom), (at, y), (x, y)), "up"
        y = hub.centre[1] + 10 + _STUB_STEP * min(self.ports.next(route.hub, "hub " + route.side), 2)
        return (((hub.x if route.side == "left" else hub.right), y), (x, y)), (
            "right" if route.side == "left" else "left"
        )


def lines(plan: ExecutionPlan, grid: Grid, columns: dict[str, int], routes: list[Route]) -> tuple[EdgePlace, ...]:
    """Return the line of every edge, in the order of the plan's edges."""
    drawer = _Drawer(plan, grid, columns, routes)
    places = [place for route in routes for place in drawer.place(route)]
    return tuple(sorted(places, key=lambda place: place.edge))
