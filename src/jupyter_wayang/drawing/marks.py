"""SVG by the piece: text, lines with round corners, arrows, badges, icons. All text is escaped here."""

from __future__ import annotations

from collections.abc import Sequence
from xml.sax.saxutils import escape, quoteattr

from jupyter_wayang.drawing.places import Head, Point

__all__ = ["arrow", "badge", "escaped", "icon", "path", "rect", "spans", "text", "titled"]

_RADIUS = 5.0
_ICONS = {
    "queued": '<circle cx="6" cy="6" r="4.2" stroke-dasharray="1.2 2.6"/>',
    "running": '<circle cx="6" cy="6" r="4.4" opacity=".35"/><path d="M6 1.6a4.4 4.4 0 1 1-4.2 5.7"/>',
    "done": '<path d="M2.2 6.6 4.9 9.2 10 3.2"/>',
    "failed": '<path d="M2.5 2.5l7 7M9.5 2.5l-7 7"/>',
    "skipped": '<path d="M2.5 6h7"/>',
    "pin": '<path d="M4 1.8h4M4.6 1.8v3.6L3 7.4h6L7.4 5.4V1.8M6 7.4v3.4"/>',
}
_HEADS = {
    "right": "M{x} {y}l-6-3.5v7z",
    "left": "M{x} {y}l6-3.5v7z",
    "up": "M{x} {y}l-3.5 6h7z",
    "down": "M{x} {y}l-3.5-6h7z",
}


def escaped(text: str) -> str:
    r"""Escape text for SVG, leaving out characters that XML cannot hold.

    Examples
    --------
    >>> escaped("<b> & \x00")
    '&lt;b&gt; &amp; '
    """
    return escape(
        "".join(
            c for c in text if c in "\t\n\r" or (c >= " " and not "\ud800" <= c <= "\udfff" and c not in "\ufffe\uffff")
        )
    )


def _number(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")


def text(x: float, y: float, words: str, kind: str = "", *, anchor: str = "start") -> str:
    """Return a text with its baseline at a point; ``kind`` is its class."""
    if not words:
        return ""
    attributes = (f" class={quoteattr(kind)}" if kind else "") + (
        f' text-anchor="{anchor}"' if anchor != "start" else ""
    )
    return f'<text x="{_number(x)}" y="{_number(y)}"{attributes}>{escaped(words)}</text>'


def spans(x: float, y: float, parts: Sequence[tuple[str, str]], *, gap: float = 4) -> str:
    """Return texts of several classes behind each other: what follows needs no measuring."""
    shown = [(words, kind) for words, kind in parts if words]
    inner = "".join(
        f"<tspan class={quoteattr(kind)}" + (f' dx="{_number(gap)}"' if index else "") + f">{escaped(words)}</tspan>"
        for index, (words, kind) in enumerate(shown)
    )
    return f'<text x="{_number(x)}" y="{_number(y)}">{inner}</text>' if shown else ""


def rect(x: float, y: float, width: float, height: float, kind: str, *, radius: float = 0) -> str:
    """Return a rectangle of a class."""
    round_ = f' rx="{_number(radius)}"' if radius else ""
    size = f'width="{_number(max(width, 0))}" height="{_number(max(height, 0))}"'
    return f'<rect x="{_number(x)}" y="{_number(y)}" {size}{round_} class={quoteattr(kind)}/>'


def path(points: Sequence[Point], kind: str, *, width: float | None = None, short: Sequence[Head] = ()) -> str:
    """Return a line through points, its corners rounded and its ends drawn back from arrows."""
    ends = {head.at for head in short}
    shown = [_drawn_back(points, index, ends) for index in range(len(points))]
    parts = [f"M{_number(shown[0][0])} {_number(shown[0][1])}"]
    for before, corner, after in zip(shown, shown[1:], shown[2:], strict=False):
        start, end = _towards(corner, before), _towards(corner, after)
        parts.append(f"L{_number(start[0])} {_number(start[1])}")
        parts.append(f"Q{_number(corner[0])} {_number(corner[1])} {_number(end[0])} {_number(end[1])}")
    parts.append(f"L{_number(shown[-1][0])} {_number(shown[-1][1])}")
    stroke = f' stroke-width="{_number(width)}"' if width is not None else ""
    return f'<path d="{"".join(parts)}"{stroke} class={quoteattr(kind)}/>'


def _drawn_back(points: Sequence[Point], index: int, ends: set[Point]) -> Point:
    point = points[index]
    if point not in ends or index not in (0, len(points) - 1) or len(points) < 2:
        return point
    return _towards(point, points[1] if index == 0 else points[-2])


def _towards(corner: Point, other: Point) -> Point:
    dx, dy = other[0] - corner[0], other[1] - corner[1]
    length = max(abs(dx), abs(dy), 1e-9)
    step = min(_RADIUS, length / 2)
    return corner[0] + dx / length * step, corner[1] + dy / length * step


def arrow(head: Head, kind: str) -> str:
    """Return the tip of an arrow."""
    d = _HEADS[head.to].format(x=_number(head.at[0]), y=_number(head.at[1]))
    return f'<path d="{d}" class={quoteattr(kind)}/>'


def badge(x: float, y: float, letters: str, index: int) -> str:
    """Return the badge of a platform: its letters on its hue. ``index`` is the platform's place in the style."""
    wide = 14.5 if len(letters) == 1 else 18.5
    box = f'<rect x="{_number(x + 0.75)}" y="{_number(y + 0.75)}" width="{wide}" height="13.5" rx="3" class="b{index}" stroke-width="1.5"/>'
    return box + text(x + 0.75 + wide / 2, y + 11.5, letters, f"bt o{index}", anchor="middle")


def icon(x: float, y: float, name: str, kind: str) -> str:
    """Return the icon of a state, with its word as a tooltip."""
    return (
        f'<g transform="translate({_number(x)} {_number(y)})" class={quoteattr("icon " + kind)}>'
        f"<title>{escaped(name)}</title>{_ICONS[name]}</g>"
    )


def titled(content: str, title: str, attributes: str = "") -> str:
    """Return a group with a tooltip."""
    return f"<g{' ' + attributes if attributes else ''}><title>{escaped(title)}</title>{content}</g>"
