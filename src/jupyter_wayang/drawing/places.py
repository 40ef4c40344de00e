"""Where the parts of a picture of a plan are: plain values, in pixels from the top left."""

from __future__ import annotations

from typing import Literal

import msgspec

__all__ = ["Box", "CardPlace", "Direction", "EdgePlace", "FramePlace", "Head", "LanePlace", "Layout", "Point"]

Point = tuple[float, float]
Direction = Literal["right", "left", "up", "down"]


class Box(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A rectangle."""

    x: float
    y: float
    width: float
    height: float

    @property
    def right(self) -> float:
        """The right side."""
        return self.x + self.width

    @property
    def bottom(self) -> float:
        """The lower side."""
        return self.y + self.height

    @property
    def centre(self) -> Point:
        """The middle."""
        return self.x + self.width / 2, self.y + self.height / 2


class LanePlace(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A lane's band."""

    id: str
    box: Box


class CardPlace(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An operator's card, its column (the same in all lanes) and its row within the lane."""

    id: str
    lane: str
    column: int
    row: int
    box: Box


class Head(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The tip of an arrow, and where it points."""

    at: Point
    to: Direction


class EdgePlace(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The line of an edge.

    ``edge`` is its index in the plan. Edges between a kernel's operator and many sites share one trunk: only one has
    the trunk in its ``points``, the others name it as ``via`` and have the stub that is theirs. ``label`` is the middle
    of the text about what flows (None where there is no room), ``mark`` the middle of a conversion's two bars, both on
    the line; ``inline`` says that the text stands on a line of its own below the cards.
    """

    edge: int
    points: tuple[Point, ...]
    heads: tuple[Head, ...] = ()
    label: Point | None = None
    mark: Point | None = None
    inline: bool = False
    via: int | None = None


class FramePlace(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The frame of a loop: its box, the baseline start of its title, the left middle of the pill on the back edge."""

    box: Box
    title: Point
    pill: Point


class Layout(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The places of everything in a plan."""

    width: float
    height: float
    lanes: tuple[LanePlace, ...]
    cards: tuple[CardPlace, ...]
    edges: tuple[EdgePlace, ...]
    frame: FramePlace | None = None
    engine: Literal["graphviz", "layers"] = "layers"
