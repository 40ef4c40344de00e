"""Coordinates: columns and gaps from left to right, lanes, rows and floors from top to bottom."""

from __future__ import annotations

from jupyter_wayang.drawing.measure import width
from jupyter_wayang.drawing.places import Box, FramePlace, LanePlace
from jupyter_wayang.drawing.routes import Needs, Zone
from jupyter_wayang.plan.execution import ExecutionPlan, Lane

__all__ = ["CARD_HEIGHT", "CARD_WIDTH", "Grid", "header_width"]

CARD_WIDTH, CARD_HEIGHT = 120.0, 58.0
_MARGIN = 10.0
_LANE_GAP = 6.0
_HEADER = 27.0
_TRACK, _TURN = 9.0, 8.0
_BORDER = 15.0
_ARROW = 8.0
_LEAST_GAP, _LEAST_WIDTH = 30.0, 420.0
_FIRST_FLOOR, _NEXT_FLOOR, _BELOW = 19.0, 16.0, 12.0
_TOP = 24.0


def header_width(lane: Lane) -> float:
    """Return how wide the text on top of a lane is, about."""
    wide = width(lane.title, 12, bold=True) + width(lane.note) + sum(width(name) + 36 for name in lane.platforms)
    return wide + (width(f"{lane.rows} rows") + 12 if lane.rows is not None else 0) + 40


class Grid:
    """Turns columns, rows, tracks and floors into pixels."""

    def __init__(self, plan: ExecutionPlan, columns: dict[str, int], rows: dict[str, int], needs: Needs) -> None:
        self._needs = needs
        self._columns, self._rows = columns, rows
        self._count = max(columns.values(), default=-1) + 1
        looped = [columns[id_] for id_ in plan.loop.operators if id_ in columns] if plan.loop else []
        self._loop = (min(looped), max(looped)) if looped else None
        self._lanes = tuple(sorted(plan.lanes, key=lambda lane: lane.kind != "kernel"))
        self._lane_of = {operator.id: operator.lane for operator in plan.operators}
        self._left: dict[int, float] = {}
        self._zones: dict[tuple[int, str], float] = {}
        self.width = self._measure_columns()
        self._row_y: dict[tuple[str, int], float] = {}
        self.lanes = self._measure_lanes()
        self.height = max((lane.box.bottom for lane in self.lanes), default=0.0)

    def _measure_columns(self) -> float:
        x = 0.0
        for gap in range(self._count + 1):
            x += self._gap(gap, x)
            self._left[gap] = x
            x += CARD_WIDTH if gap < self._count else 0
        widest = max((header_width(lane) for lane in self._lanes), default=0.0)
        return max(x, widest, _LEAST_WIDTH)

    def _gap(self, gap: int, start: float) -> float:
        """Set the zones of a gap, from left to right, and return its width."""
        outer = gap in (0, self._count)
        x = start
        for zone, count in (("post", self._needs.tracks[gap, "post"]), ("right border", 0), ("out", 0), ("label", 0)):
            x = self._zone(gap, zone, count, x)
        for zone, count in (("in", self._needs.tracks[gap, "in"]), ("left border", 0), ("pre", 0)):
            x = self._zone(gap, zone, count, x)
        used = x - start + (0 if gap == self._count else _ARROW)
        return max(used, _MARGIN if outer else _LEAST_GAP)

    def _zone(self, gap: int, zone: str, count: int, x: float) -> float:
        loop = self._loop
        if zone in ("post", "pre"):
            count = self._needs.tracks[gap, zone]  # type: ignore[index]
            self._zones[gap, zone] = x + (10 if zone == "post" else 5)
            return x + (_TRACK * count + (6 if zone == "post" else 0) if count else 0)
        if zone in ("out", "in"):
            count = self._needs.tracks[gap, zone]  # type: ignore[index]
            self._zones[gap, zone] = x + 6
            return x + (_TURN * count + 4 if count else 0)
        if zone == "label":
            room = self._needs.label[gap] or (8 if 0 < gap < self._count else 0)
            self._zones[gap, zone] = x + room / 2
            return x + room
        border = loop is not None and gap == (loop[0] if zone == "left border" else loop[1] + 1)
        self._zones[gap, zone] = x + _BORDER / 2
        return x + (_BORDER if border else 0)

    def _measure_lanes(self) -> tuple[LanePlace, ...]:
        places, y = [], 0.0
        for index, lane in enumerate(self._lanes):
            top = y
            y += _HEADER + self.crowded(index) + _TOP * min(self._needs.tops[lane.id], 1)
            y += 12.0 * max(0, self._needs.tops[lane.id] - 1)
            count = max((self._rows[id_] for id_, of in self._lane_of.items() if of == lane.id), default=-1) + 1
            for row in range(count):
                self._row_y[lane.id, row] = y
                floors = len(self._needs.floors.get((lane.id, row), ()))
                y += CARD_HEIGHT + (_FIRST_FLOOR + _NEXT_FLOOR * (floors - 1) if floors else 0)
                y += _BELOW if floors or row == count - 1 else 2 * _BELOW
            if count == 0:
                y += _BELOW
            places.append(LanePlace(id=lane.id, box=Box(x=0, y=top, width=self.width, height=y - top)))
            y += _LANE_GAP
        return tuple(places)

    def crowded(self, index: int) -> float:
        """Return the height of a second line of a header, needed where the loop's title would meet the first."""
        frame = self._frame_left()
        if frame is None or index > 1 or header_width(self._lanes[index]) < frame:
            return 0.0
        return 22.0

    def _frame_left(self) -> float | None:
        return None if self._loop is None else self._zones[self._loop[0], "left border"]

    def card(self, id_: str) -> Box:
        """Return the box of a card."""
        x, y = self._left[self._columns[id_]], self._row_y[self._lane_of[id_], self._rows[id_]]
        return Box(x=x, y=y, width=CARD_WIDTH, height=CARD_HEIGHT)

    def x(self, gap: int, zone: Zone, track: int) -> float:
        """Return the place of a track in a gap."""
        return self._zones[gap, zone] + track * (_TRACK if zone in ("post", "pre") else _TURN)

    def label_x(self, gap: int) -> float:
        """Return the middle of the place for labels in a gap."""
        return self._zones[gap, "label"]

    def floor_y(self, id_: str, track: int) -> float:
        """Return the height of a track below a card's row."""
        return self.card(id_).bottom + _FIRST_FLOOR + _NEXT_FLOOR * track

    def top_y(self, lane: str, track: int) -> float:
        """Return the height of a track above a lane's cards."""
        first = self._row_y.get((lane, 0), 0.0)
        return first - 10 - 12 * track

    def frame(self) -> FramePlace | None:
        """Return the frame of the loop: through all lanes, around its columns."""
        if self._loop is None:
            return None
        left, right = self._zones[self._loop[0], "left border"], self._zones[self._loop[1] + 1, "right border"]
        top = 4 + self.crowded(0)
        box = Box(x=left, y=top, width=right - left, height=self.height - top - 4)
        title = top + 16
        second = self.lanes[1 if len(self.lanes) > 1 else 0]
        pill = second.box.y + 14 + self.crowded(1) if len(self.lanes) > 1 else title + 18
        return FramePlace(box=box, title=(left + 10, title), pill=(left + 7, pill))
